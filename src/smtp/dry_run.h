/* dry_run.h - a transaction as far as it goes without a mail.
 *
 * MAIL and RCPT one after another, each with its reply and its time, then
 * RSET: the server has judged the addresses and got nothing.  What it would
 * say of the content is not known by that. */
#ifndef SMTP_DRY_RUN_H
#define SMTP_DRY_RUN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "mail/envelope.h"
#include "smtp/dial.h"

struct rehearsal {
	struct error mail; /* ERROR_NONE: accepted */
	char reply[512];   /* to MAIL */
	unsigned milliseconds;
	unsigned *recipients; /* the milliseconds of each, in the arena */
};

/* Over an open dial; `size` is said to be the mail's, `seconds` is for each
 * reply (0: RFC 5321's).  Each recipient that was asked is decided, none where
 * MAIL was refused.  -1 with the error of a line that cannot be used any more
 * or an address that must not be sent. */
int dry_run_session(struct rehearsal *r, struct arena *a, struct dial *d,
		    struct envelope *e, uint64_t size, unsigned seconds,
		    struct error *f);

#endif
