/* mailq_busy.h - which mails somebody has just now, for those who look.
 *
 * To try a lock would keep it from whoever wants it in that moment: the
 * system's own list of locks is read instead, once.  Where there is none,
 * nobody is said to have anything. */
#ifndef QUEUERUN_MAILQ_BUSY_H
#define QUEUERUN_MAILQ_BUSY_H

#include <stdbool.h>

#include "base/buf.h"
#include "queue/queue.h"

struct mailq_busy {
	struct buf locks; /* " INODE " of each that is locked */
};

void mailq_busy_init(struct mailq_busy *b);
void mailq_busy_free(struct mailq_busy *b);
bool mailq_is_busy(const struct mailq_busy *b, const struct queue *q,
		   const char *id);

#endif
