/* mail.h - the mail of a run, from the report until it is sent, queued or
 * saved.
 *
 * It is sent like any mail of the account.  One that is too large for a server
 * is split, and one that is rejected because of its attachment is sent without
 * it.  If the output is larger than MAIL_SENT_MAX, compressed, or requires more
 * than MAIL_PARTS_MAX mails and --split gives no size, both ends are attached.
 * If the configuration is wrong, the mail is saved as a dead letter. */
#ifndef RUN_MAIL_H
#define RUN_MAIL_H

#include <stdint.h>

#include "run/report.h"
#include "run/run.h"

#define MAIL_SENT_MAX  ((uint64_t)100 * 1024 * 1024)
#define MAIL_PARTS_MAX 20
#define MAIL_END_SIZE  ((uint64_t)1024 * 1024) /* maximum of each end */

/* Makes the report again if less is sent than it says.  0 if it was accepted or
 * queued; otherwise -1, with the reason in run->mail_error, and in run->outcome
 * where it was saved. */
int mail_send(struct run_record *run, struct report *report);

#endif
