/* here.h - which domains are this machine.
 *
 * The one definition of "here": for the caller's own mail, for aliases, and
 * for what has to be qualified before it may leave.  /etc/mailname does not
 * count: the mail of that domain may well be somewhere else. */
#ifndef DELIVER_HERE_H
#define DELIVER_HERE_H

enum here {
	HERE_NOT,
	HERE_BARE, /* none, "localhost", the host's name without its domain:
		      words that mean nothing elsewhere */
	HERE_FULL, /* the host's full name */
};

enum here here_of(const char *domain);
/* The host's name without its domain, for people; `n` is its length. */
const char *here_name(int *n);

#endif
