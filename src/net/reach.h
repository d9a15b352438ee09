/* reach.h - which hosts a domain has, and which of their addresses can be
 * reached, each by itself.
 *
 * A connection uses the first address that answers; this tries all of them, of
 * both families, and disconnects at once.  To find out why a connection fails,
 * never for mail. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/error.h"

#define REACH_MAX 16 /* addresses; more are counted and not tried */

struct reach_address {
	struct sockaddr_storage place; /* with a port */
	socklen_t length;
	char text[64]; /* "192.0.2.1" */
	bool is_open;
	bool no_source; /* the source address is not one of ours */
	int error;	/* errno of the connection; ETIMEDOUT also after our own
			   timeout */
	unsigned milliseconds; /* until it succeeded or failed */
};

struct reach {
	struct reach_address addresses[REACH_MAX];
	size_t count, more;
	char canonical[256]; /* what the name is an alias of (CNAME), or "" */
	char host[256];	     /* as given */
	unsigned port;
};

/* Fills in the addresses.  ERROR_NOHOST or ERROR_TEMPORARY as dial_open. */
int reach_look_up(struct reach *r, const char *host, unsigned port,
		  struct error *f);
/* Connects to all of them at once, from `source` if that is not NULL, and waits
 * until each has succeeded or failed, or the timeout; at a terminal the wait is
 * shown.  Returns the number of open ones. */
size_t reach_connect(struct reach *r, const char *source,
		     unsigned milliseconds);
/* The same addresses at another port. */
void reach_set_port(struct reach *r, unsigned port);

/* ---- SRV and MX ---- */

/* Where a domain says that its services are (RFC 2782), and its mail
 * exchangers.  Only used for suggestions to a person: DNS is not authenticated,
 * and nothing is sent to a server on its word alone.  Names in an answer have
 * to be host names: letters, digits, '-', '_' and dots. */

#define SRV_NAME_MAX 256
#define SRV_MAX	     32 /* more are ignored */

enum srv_type { SRV_MX = 15, SRV_SRV = 33 };

struct srv_target {
	unsigned priority, weight, port; /* an MX has no weight and port: 0 */
	char host[SRV_NAME_MAX];	 /* lower case, without the last dot */
};

struct srv_list {
	struct srv_target targets[SRV_MAX]; /* in the order of use */
	size_t count;
};

/* Asks the name servers of the system.  0 with the records, possibly none;
 * ERROR_TEMPORARY if no name server answers. */
int srv_look_up(struct srv_list *list, const char *name, enum srv_type type,
		struct error *f);

/* Parses an answer of any server: the list has the records before an error. -1
 * with an error. */
int srv_parse(struct srv_list *list, const unsigned char *packet, size_t n,
	      enum srv_type type);

#endif
