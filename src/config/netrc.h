/* netrc.h - passwords of ~/.netrc, as ftp(1) and its heirs keep them.
 *
 * "machine NAME login USER password SECRET", "default ...", `macdef` skipped
 * to its blank line; a token may be quoted, with \" \\ \n \r \t inside.  A
 * line whose first character that is no blank is # is a comment. */
#ifndef CONFIG_NETRC_H
#define CONFIG_NETRC_H

#include <stdbool.h>

#include "base/buf.h"

struct netrc_entry {
	const char *login; /* NULL when it has none */
	const char *password;
};

/* The first entry for the host, or "default", that has a password and whose
 * login is `user` (any, but there must be one, when `user` is NULL).  Tokens
 * are cut out of `text` in place: it is changed, and the entry points into
 * it. */
bool netrc_find(struct buf *text, const char *host, const char *user,
		struct netrc_entry *out);

#endif
