/* envelope.h - who it is from and for, as SMTP sees it (RFC 5321 2.3.1).
 *
 * Made by submit, read and answered by a session: each recipient's verdict is
 * a fault, FAULT_NONE once `decided` means accepted. */
#ifndef MAIL_ENVELOPE_H
#define MAIL_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct recipient {
	const char *address; /* ASCII or, with needs_smtputf8, UTF-8 */
	bool needs_smtputf8;
	/* RFC 3461, where it is another one than the envelope's; or NULL */
	const char *dsn_notify;
	const char *dsn_orcpt; /* "rfc822;" and xtext: goes out as it is */
	bool decided;	       /* the verdict is in */
	struct fault verdict;
	bool is_queued;	 /* deferred, and it waits in the queue for its turn */
	char reply[512]; /* the server's last words on it, cut */
};

struct envelope {
	const char *reverse_path; /* "" is the null one */
	bool sender_needs_smtputf8;
	struct recipient *recipients;
	size_t count;
	/* RFC 3461; NULL where nothing is asked for */
	const char *dsn_notify; /* "never" or a list: "failure,delay,success" */
	const char *dsn_ret;	/* "full" or "hdrs" */
	const char *dsn_envid;	/* not yet xtext */
};

/* Recipients with a verdict of FAULT_NONE. */
size_t envelope_accepted(const struct envelope *e);
/* Recipients that wait in the queue. */
size_t envelope_queued(const struct envelope *e);
/* Has no verdict, or one that may be another tomorrow. */
bool envelope_is_deferred(const struct recipient *one);
size_t envelope_deferred(const struct envelope *e);
/* Gives each recipient that has none the same verdict. */
void envelope_decide_rest(struct envelope *e, const struct fault *verdict);

/* -1 with the fault of the whole where somebody was neither accepted nor waits
 * in the queue: one that may pass comes first, for then it is worth another
 * try.
 */
int envelope_sum_up(const struct envelope *e, struct fault *f);

#endif
