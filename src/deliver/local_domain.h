/* local_domain.h - which domains are this machine.
 *
 * The one definition of "here": for the caller's own mail, for aliases, and
 * for what has to be qualified before it may leave.  /etc/mailname does not
 * count: the mail of that domain may well be somewhere else. */
#ifndef DELIVER_LOCAL_DOMAIN_H
#define DELIVER_LOCAL_DOMAIN_H

enum here {
	LOCAL_DOMAIN_NOT,
	LOCAL_DOMAIN_BARE, /* none, "localhost", the host's name without its
		      domain: words that mean nothing elsewhere */
	LOCAL_DOMAIN_FULL, /* the host's full name */
};

enum here local_domain_of(const char *domain);
/* The host's name without its domain, for people; `n` is its length. */
const char *local_domain_name(int *n);

#endif
