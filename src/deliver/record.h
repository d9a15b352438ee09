/* record.h - one line in the log for each message. */
#ifndef DELIVER_RECORD_H
#define DELIVER_RECORD_H

#include "deliver/outcome.h"
#include "submit/compose.h"

/* To the account's logfile, or syslog, or neither: id, from, to, size,
 * account, host, reply, time.  A log that cannot be written is a fault that
 * the caller tells as a warning: the mail's fate is not changed by it. */
int record_outcome(const struct composition *c, const struct outcome *out,
		   const struct fault *failure, struct fault *f);

#endif
