/* local.h - mail to oneself on a machine that has no smarthost. */
#ifndef DELIVER_LOCAL_H
#define DELIVER_LOCAL_H

#include "deliver/outcome.h"
#include "submit/compose.h"

/* Is the address the caller, here: its bare name, or at localhost or at this
 * host? */
bool local_is_caller(const char *address);
/* Each recipient gets its verdict: the caller's mail goes to the Maildir, for
 * anybody else FAULT_CONFIG says which lines to write where. */
int local_deliver(struct composition *c, struct outcome *out, struct fault *f);

#endif
