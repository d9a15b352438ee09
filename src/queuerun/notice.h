/* notice.h - telling a sender what became of his mail (RFC 3464, RFC 6522).
 *
 * A failure notice is a multipart/report from the null sender: words for a
 * person with the server's own, the fields for programs, and the mail itself
 * or its header (the account's queue_notice).  It is put into the queue,
 * durable, before the mail it is about leaves it, and goes by the same account.
 *
 * One sender gets at most one notice of a failure in an hour, and one of a
 * delay: what fails after it waits and comes as one digest.  There is never a
 * notice about a notice, nor one to the null sender.  A notice that cannot be
 * sent is delivered to the local Maildir. A mail whose content nobody got back
 * moves to failed/, where mailq shows it.
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

#define NOTICE_FULL_MAX	  (256 * 1024) /* octets that "auto" returns whole */
#define NOTICE_PERIOD	  3600	       /* seconds between two to one sender */
#define NOTICE_DIGEST_MAX 100	       /* mails in one digest */

/* Reports all failed recipients of the queue that may be reported now, and ends
 * what is done with.  Claims what it touches; what is locked waits for the next
 * run, and a sender whose oldest failed mail is locked waits as a whole.  *made
 * counts the notices that were put into the queue.  -1 with the first error,
 * which stopped none of the others. */
int notice_failures(struct queue *q, struct arena *a, unsigned *made,
		    struct error *f);
/* Has the sender of a mail with told recipients not got its content back,
 * though he might want it?  Or is it a notice of ours that reached nobody? Then
 * what the queue has is all there is, and is to be kept. */
bool notice_owes_content(const struct entry *e);
/* A delay warning for a claimed mail of the account's, put into the queue; sets
 * c->entry.is_warned and writes the entry, also where nobody may be told.  In
 * the hour after another one nothing is done: ask again at the next try. */
int notice_delay(struct queue_claim *c, struct arena *a,
		 const struct account *account, struct error *f);
/* A claimed notice that cannot be sent: into the Maildir of this user, and
 * taken out; or to failed/ when that cannot be either. */
int notice_keep(struct queue_claim *c, struct arena *a,
		const struct account *account, struct error *f);

#endif
