/* spool.h - where the queue is. */
#ifndef DELIVER_SPOOL_H
#define DELIVER_SPOOL_H

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* $MAILSEND_QUEUE, else the account's queue_folder, else root's is
 * /var/spool/mailsend and everybody else's $XDG_STATE_HOME/mailsend/queue
 * (~/.local/state).  NULL with ERROR_CONFIG when there is no home either.
 * `account` may be NULL.  Absolute.  Where we have other rights than the caller
 * his environment chooses nothing. */
const char *spool_queue(struct arena *a, const struct account *account,
			struct error *f);
#endif
