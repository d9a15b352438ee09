/* envelope.h - reverse-path and recipients, as SMTP sees them (RFC 5321 2.3.1).
 *
 * Made by submit, read and answered by a session: each recipient's verdict is
 * ERROR_NONE once `decided` means accepted.  A recipient is small, since there
 * may be a hundred thousand: what was said of it lies in the envelope's arena,
 * once for all in a row of whom the same was said. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct recipient {
	const char *address; /* ASCII or, with needs_smtputf8, UTF-8 */
	/* RFC 3461, where it is another one than the envelope's; or NULL */
	const char *dsn_notify;
	const char *dsn_orcpt; /* "rfc822;" and xtext: goes out as it is */
	struct small_error verdict;
	const char *reply; /* the server's last words on it; NULL: none */
	bool needs_smtputf8;
	bool decided;	   /* the verdict is in */
	bool is_discarded; /* accepted, and an alias discards it */
	bool is_queued; /* deferred, and it waits in the queue for its turn */
};

#define ENVELOPE_RECENT 4

struct envelope {
	struct arena *arena;
	const char *reverse_path; /* "" is the null one */
	bool sender_needs_smtputf8;
	struct recipient *recipients;
	size_t count;
	/* RFC 3461; NULL where nothing is asked for */
	const char *dsn_notify; /* "never" or a list: "failure,delay,success" */
	const char *dsn_ret;	/* "full" or "hdrs" */
	const char *dsn_envid;	/* not yet xtext */
	/* what envelope_keep kept last */
	const char *recent[ENVELOPE_RECENT];
	unsigned kept;
};

/* A copy in the arena, or the one that is there of the same words. */
const char *envelope_keep(struct envelope *e, const char *words);
/* Both keep what they are given; `decided` is left to the caller. */
void envelope_judge(struct envelope *e, struct recipient *one,
		    const struct error *verdict);
void envelope_quote(struct envelope *e, struct recipient *one,
		    const char *reply);
/* As if no server had been asked about it yet. */
void envelope_reopen(struct recipient *one);
/* Never NULL. */
static inline const char *recipient_reply(const struct recipient *one)
{
	return one->reply ? one->reply : "";
}

/* Recipients with a verdict of ERROR_NONE. */
size_t envelope_accepted(const struct envelope *e);
/* Those among them whom an alias discards. */
size_t envelope_discarded(const struct envelope *e);
/* Recipients that wait in the queue. */
size_t envelope_queued(const struct envelope *e);
/* Has no verdict, or one that may be another tomorrow. */
bool envelope_is_deferred(const struct recipient *one);
size_t envelope_deferred(const struct envelope *e);
/* Gives each recipient that has none the same verdict. */
void envelope_decide_rest(struct envelope *e, const struct error *verdict);

/* -1 with the error of the whole where a recipient was neither accepted nor
 * waits in the queue: one that may pass comes first, for then it is worth
 * another try.
 * */
int envelope_sum_up(const struct envelope *e, struct error *f);

/* ---- xtext ---- */

/* Values in ESMTP parameters and delivery reports (RFC 3461 4): what is no
 * printable ASCII, and '+' and '=', as "+HH" in upper case. */

void xtext_put(struct buf *out, const char *text);
/* In the arena; NULL where it is no xtext or stands for a NUL. */
char *xtext_decode(struct arena *a, const char *text);

#endif
