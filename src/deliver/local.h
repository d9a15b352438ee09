/* local.h - mail to oneself on a machine that has no smarthost. */
#ifndef DELIVER_LOCAL_H
#define DELIVER_LOCAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "flow/source.h"
#include "mail/envelope.h"

/* Is the address the caller, here: its bare name, or at localhost or at this
 * host? */
bool local_is_caller(const char *address);
/* Each recipient that had no verdict gets it: the caller's mail goes to the
 * Maildir, for anybody else ERROR_CONFIG says which lines to write where, in
 * `config_path` when one was named.  -1 with the error of the whole when not
 * all were accepted. */
int local_deliver(struct arena *a, const struct account *account,
		  const char *config_path, struct envelope *e,
		  const struct slice *message, struct outcome *out,
		  struct error *f);

#endif
