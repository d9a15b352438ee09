/* envelope.h - reverse-path and recipients for SMTP (RFC 5321 2.3.1).
 *
 * Created by submit; a session reads it and sets the verdict of each recipient:
 * with `decided`, ERROR_NONE means accepted.  A recipient is small, since there
 * may be a hundred thousand: its reply is in the envelope's arena, shared by
 * consecutive recipients with the same reply. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

struct recipient {
	const char *address; /* ASCII or, with needs_smtputf8, UTF-8 */
	/* RFC 3461, if different from the envelope's; or NULL */
	const char *dsn_notify;
	const char *dsn_orcpt; /* "rfc822;" and xtext: sent as it is */
	struct small_error verdict;
	const char *reply; /* the last reply about it; NULL: none */
	bool needs_smtputf8;
	bool decided;	   /* it has a verdict */
	bool is_discarded; /* accepted, but an alias discards it */
	bool is_queued;	   /* deferred, and queued for a later attempt */
};

#define ENVELOPE_RECENT 4

struct envelope {
	struct arena *arena;
	const char *reverse_path; /* "": the null reverse-path */
	bool sender_needs_smtputf8;
	struct recipient *recipients;
	size_t count;
	/* RFC 3461; NULL: not requested */
	const char *dsn_notify; /* "never" or a list: "failure,delay,success" */
	const char *dsn_ret;	/* "full" or "hdrs" */
	const char *dsn_envid;	/* not yet xtext */
	/* the last string of envelope_keep */
	const char *recent[ENVELOPE_RECENT];
	unsigned kept;
};

/* A copy in the arena, or a recent one with the same text. */
const char *envelope_keep(struct envelope *e, const char *words);
/* Both store copies in the arena; the caller sets `decided`. */
void envelope_judge(struct envelope *e, struct recipient *one,
		    const struct error *verdict);
void envelope_quote(struct envelope *e, struct recipient *one,
		    const char *reply);
/* Resets the recipient to "no server was asked yet". */
void envelope_reopen(struct recipient *one);
/* Never NULL. */
static inline const char *recipient_reply(const struct recipient *one)
{
	return one->reply ? one->reply : "";
}

/* Recipients with a verdict of ERROR_NONE. */
size_t envelope_accepted(const struct envelope *e);
/* Those of them that an alias discards. */
size_t envelope_discarded(const struct envelope *e);
/* Recipients that are queued. */
size_t envelope_queued(const struct envelope *e);
/* Has no verdict, or a temporary one. */
bool envelope_is_deferred(const struct recipient *one);
size_t envelope_deferred(const struct envelope *e);
/* Sets the verdict of each recipient that has none. */
void envelope_decide_rest(struct envelope *e, const struct error *verdict);

/* -1 with the error for the whole envelope if a recipient was neither accepted
 * nor queued: a temporary error has precedence, since a retry makes sense. */
int envelope_sum_up(const struct envelope *e, struct error *f);

/* ---- xtext ---- */

/* Values in ESMTP parameters and delivery reports (RFC 3461 4): '+', '=' and
 * everything but printable ASCII as "+HH" in upper case. */

void xtext_put(struct buf *out, const char *text);
/* In the arena; NULL if it is not xtext or encodes a NUL. */
char *xtext_decode(struct arena *a, const char *text);

#endif
