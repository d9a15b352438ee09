/* cid_links.h - "cid:" links in HTML, and the parts that they refer to (RFC
 * 2392).
 *
 * A Content-ID has an '@' (RFC 2045 7, RFC 5322 3.6.4), but people write
 * cid:logo.png: the domain of the message is appended to the id and to the
 * links. */
#ifndef MAIL_CID_LINKS_H
#define MAIL_CID_LINKS_H

#include <stddef.h>

#include "base/arena.h"
#include "flow/sink.h"

#define CID_LINK_MAX 255 /* octets of a link; longer ones are ignored */

struct cid_name {
	const char *name; /* as in the link, UTF-8 */
	const char *id;	  /* complete, without <> */
	struct cid_name *next;
};

/* The Content-ID for the given name: characters that are invalid in an id
 * become '_', and the domain is appended unless it has an '@'. */
const char *cid_of(struct arena *a, const char *name, const char *domain);

struct cid_links {
	struct sink sink;
	const struct cid_name *names;
	size_t matched; /* octets of "cid:" that were matched */
	size_t length;
	char link[CID_LINK_MAX + 1];
};

/* Copies HTML; links to one of the names are rewritten to its id.  Borrows the
 * names. */
void cid_links_init(struct cid_links *s, struct sink *next,
		    const struct cid_name *names);

#endif
