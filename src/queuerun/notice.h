/* notice.h - notifying the sender of a mail that failed or is delayed (RFC
 * 3464, RFC 6522).
 *
 * A failure notice is a multipart/report from the null sender: a text with the
 * server's reply, the fields for programs, and the mail itself or its header
 * (the account's queue_notice).  It is in the queue, durable, before the mail
 * it is about is removed, and is sent by the same account.
 *
 * One sender gets at most one notice of a failure in an hour, and one of a
 * delay: what fails after it is reported later in one digest.  There is never a
 * notice about a notice, or one to the null sender.  A notice that cannot be
 * sent is delivered to the local Maildir.  A mail whose content was not
 * returned moves to failed/, where mailq shows it.
 *
 * A recipient whose NOTIFY is NEVER, or leaves the kind out, is not reported
 * (RFC 3461 4.1). */
#ifndef QUEUERUN_NOTICE_H
#define QUEUERUN_NOTICE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "queue/queue.h"

#define NOTICE_PERIOD	  3600 /* seconds between two to one sender */
#define NOTICE_DIGEST_MAX 100  /* mails in one digest */

/* Reports all failed recipients of the queue that may be reported now, and
 * removes finished mails.  Claims what it changes; a locked mail waits for the
 * next run, and so do all mails of a sender whose oldest failed mail is locked.
 * *made counts the notices that were queued. -1 with the first error; the
 * others were processed all the same. */
int notice_failures(struct queue *q, struct arena *a, unsigned *made,
		    struct error *f);
/* Does the sender of a mail with told recipients still need its content? Or is
 * it a notice of ours that reached nobody? Then the queue has the only copy,
 * which is kept. */
bool notice_needs_content(const struct entry *e);
/* Queues a delay warning for a claimed mail of the account; sets
 * c->entry.is_warned and writes the entry, also where nobody may be notified.
 * In the hour after another one nothing is done: ask again at the next try. */
int notice_delay(struct queue_claim *c, struct arena *a,
		 const struct account *account, struct error *f);
/* A claimed notice that cannot be sent: delivered to the Maildir of this user,
 * and removed; or moved to failed/ when that fails, too. */
int notice_keep(struct queue_claim *c, struct arena *a,
		const struct account *account, struct error *f);

#endif
