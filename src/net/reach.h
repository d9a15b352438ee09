/* reach.h - which addresses of a host can be reached, each by itself.
 *
 * A dial takes the first address that answers and tells of no other; this asks
 * all of them, of both families, and hangs up without a word.  For finding out
 * why the way is bad, never for mail. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

#define REACH_MAX 16 /* addresses; more are counted and not asked */

struct reach_address {
	struct sockaddr_storage place; /* with a port */
	socklen_t length;
	char text[64]; /* "192.0.2.1" */
	bool is_open;
	bool no_source; /* the address to come from is none of ours */
	int error;	/* errno of the connection; ETIMEDOUT too where it
			   was we who did not wait longer */
	unsigned milliseconds; /* to the one or the other */
};

struct reach {
	struct reach_address addresses[REACH_MAX];
	size_t count, more;
	char canonical[256]; /* what the name is an alias of (CNAME), or "" */
	char host[256];	     /* as it was asked for */
	unsigned port;
};

/* Fills the addresses.  ERROR_NOHOST or ERROR_TEMPORARY as dial_open has it. */
int reach_look_up(struct reach *r, const char *host, unsigned port,
		  struct error *f);
/* Connects to all of them at once, from `source` if that is not NULL, and
 * waits until each has an answer or the time is up; at a terminal the wait is
 * told of.  The number that are open. */
size_t reach_connect(struct reach *r, const char *source,
		     unsigned milliseconds);
/* The same addresses at another port. */
void reach_set_port(struct reach *r, unsigned port);

#endif
