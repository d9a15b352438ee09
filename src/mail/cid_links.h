/* cid_links.h - "cid:" links of an HTML text, and the parts that they name
 * (RFC 2392).
 *
 * A Content-ID has an '@' (RFC 2045 7, RFC 5322 3.6.4), while people write
 * cid:logo.png: the part gets the domain of the message, and so do the links
 * to it. */
#ifndef MAIL_CID_LINKS_H
#define MAIL_CID_LINKS_H

#include <stddef.h>

#include "base/arena.h"
#include "flow/sink.h"

#define CID_LINK_MAX 255 /* octets of a link that is examined */

struct cid_name {
	const char *name; /* as the link has it, UTF-8 */
	const char *id;	  /* whole, without <> */
	struct cid_name *next;
};

/* The id of a part by the name that was given: what no id can hold becomes '_',
 * and without an '@' it gets the domain. */
const char *cid_of(struct arena *a, const char *name, const char *domain);

struct cid_links {
	struct sink sink;
	const struct cid_name *names;
	size_t matched; /* octets of "cid:" that are there */
	size_t length;
	char link[CID_LINK_MAX + 1];
};

/* Passes HTML on; links to one of the names become links to its id.  Borrows
 * the names. */
void cid_links_init(struct cid_links *s, struct sink *next,
		    const struct cid_name *names);

#endif
