/* dry_run.h - a transaction without content.
 *
 * MAIL and RCPT one after another, each with its reply and its time, then RSET:
 * the server has checked the addresses and received nothing.  Whether it would
 * accept the content remains unknown. */
#ifndef SMTP_DRY_RUN_H
#define SMTP_DRY_RUN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "mail/envelope.h"
#include "smtp/dial.h"

struct dry_run {
	struct error mail; /* ERROR_NONE: accepted */
	char reply[512];   /* to MAIL */
	unsigned milliseconds;
	unsigned *recipients; /* the milliseconds of each, in the arena */
};

/* Over an open dial.  `size` is announced as the mail's size; `seconds` is the
 * time for each reply (0: RFC 5321's).  Each recipient that was asked is
 * decided, none if MAIL was refused.  -1 with the error of a connection that
 * cannot be used any more, or of an address that must not be sent. */
int dry_run_session(struct dry_run *r, struct arena *a, struct dial *d,
		    struct envelope *e, uint64_t size, unsigned seconds,
		    struct error *f);

#endif
