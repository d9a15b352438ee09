/* mail.h - the mail of a run, from its report to where it waits or is kept.
 *
 * It goes as any mail of the account does.  One that is too large for a server
 * is split, and one that is refused for what it carries goes without that.
 * Where the configuration is wrong, it is in the dead letter. */
#ifndef RUN_MAIL_H
#define RUN_MAIL_H

#include "run/report.h"
#include "run/run.h"

/* 0 when it was accepted or waits in the queue; else -1, run->mail_error tells
 * why, and run->outcome where it is kept. */
int mail_send(struct run_record *run, const struct report *report);

#endif
