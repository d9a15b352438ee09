/* netrc.h - passwords of ~/.netrc, as used by ftp(1) and curl.
 *
 * "machine NAME login USER password SECRET", "default ...", `macdef` up to its
 * empty line; a token may be quoted, with \" \\ \n \r \t inside.  A line that
 * begins with # after blanks is a comment. */
#ifndef CONFIG_NETRC_H
#define CONFIG_NETRC_H

#include <stdbool.h>

#include "base/buf.h"

struct netrc_entry {
	const char *login; /* NULL if it has none */
	const char *password;
};

/* The first entry for the host, or "default", that has a password and the login
 * `user` (if `user` is NULL: any login).  Tokens are terminated in `text` in
 * place, and the entry points into it. */
bool netrc_find(struct buf *text, const char *host, const char *user,
		struct netrc_entry *out);

#endif
