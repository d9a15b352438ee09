/* srv.h - where a domain says that its services are (RFC 2782), and its mail
 * exchangers.
 *
 * Only for finding out what to propose to a person: what the DNS says is not
 * signed, and nothing is sent anywhere on its word alone.  Names in an answer
 * are host names or are not taken: letters, digits, '-', '_' and dots. */
#ifndef NET_SRV_H
#define NET_SRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define SRV_NAME_MAX 256
#define SRV_MAX	     32 /* more are not taken */

enum srv_type { SRV_MX = 15, SRV_SRV = 33 };

struct srv_target {
	unsigned priority, weight, port; /* weight and port: 0 of an MX */
	char host[SRV_NAME_MAX];	 /* lower case, without the last dot */
};

struct srv_list {
	struct srv_target targets[SRV_MAX]; /* in the order of use */
	size_t count;
	bool is_none; /* the target is ".": the service is not there */
};

/* Asks the name servers of the system.  0 with what there is, which may be
 * nothing; ERROR_TEMPORARY when none of them has an answer. */
int srv_look_up(struct srv_list *list, const char *name, enum srv_type type,
		struct error *f);

/* An answer as it came, from anybody: whatever is wrong with it, what could be
 * read before that is in the list.  -1 when something was. */
int srv_parse(struct srv_list *list, const unsigned char *packet, size_t n,
	      enum srv_type type);

#endif
