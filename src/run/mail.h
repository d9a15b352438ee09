/* mail.h - the mail of a run, from its report to where it waits or is kept.
 *
 * It goes as any mail of the account does.  One that is too large for a server
 * is split, and one that is refused for what it carries goes without that.  Of
 * output that is more than MAIL_SENT_MAX, compressed, or that takes more than
 * MAIL_PARTS_MAX mails where --split did not say their size, both ends are
 * attached.  Where the configuration is wrong, it is in the dead letter. */
#ifndef RUN_MAIL_H
#define RUN_MAIL_H

#include <stdint.h>

#include "run/report.h"
#include "run/run.h"

#define MAIL_SENT_MAX  ((uint64_t)100 * 1024 * 1024)
#define MAIL_PARTS_MAX 20
#define MAIL_END_SIZE  ((uint64_t)1024 * 1024) /* of each end then, at most */

/* The report is made again where less is sent than it says.  0 when it was
 * accepted or waits in the queue; else -1, run->mail_error tells why, and
 * run->outcome where it is kept. */
int mail_send(struct run_record *run, struct report *report);

#endif
