/* record.h - one line in the log for each message. */
#ifndef DELIVER_RECORD_H
#define DELIVER_RECORD_H

#include "config/config.h"
#include "deliver/outcome.h"
#include "mail/envelope.h"

/* To the account's logfile, or syslog, or neither: id, from, to, size,
 * account, host, reply, time, where it waits or was kept.  A log that cannot be
 * written is an error that the caller tells as a warning: the mail's fate is
 * not changed by it.  `tag` is syslog's name for us, NULL for our own. */
int record_outcome(const struct account *account, const struct envelope *e,
		   const char *tag, const struct outcome *out,
		   const struct error *failure, struct error *f);

#endif
