/* local.h - which domains are local, and mail to oneself where no smarthost is
 * configured. */
#ifndef DELIVER_LOCAL_H
#define DELIVER_LOCAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "flow/source.h"
#include "mail/envelope.h"

/* Is the address the caller on this machine: the bare name, or at localhost or
 * this host? */
bool local_is_caller(const char *address);
/* Each recipient that had no verdict gets it: the caller's mail goes to the
 * Maildir, for anyone else ERROR_CONFIG says which lines to write where, in
 * `config_path` when one was named.  -1 with the error of the whole when not
 * all were accepted. */
int local_deliver(struct arena *a, const struct account *account,
		  const char *config_path, struct envelope *e,
		  const struct slice *message, struct outcome *out,
		  struct error *f);

/* The one definition of a local domain: for the caller's own mail, for aliases,
 * and for addresses that have to be qualified before they are sent elsewhere.
 * /etc/mailname does not count: the mail of that domain may be stored
 * elsewhere. */
enum local_domain {
	LOCAL_DOMAIN_NOT,
	LOCAL_DOMAIN_BARE, /* none, "localhost", the host name without its
			      domain: not valid elsewhere */
	LOCAL_DOMAIN_FULL, /* the host's full name */
};

enum local_domain local_domain_of(const char *domain);
/* The host's name without its domain, for people; `n` is its length. */
const char *local_domain_name(int *n);

#endif
