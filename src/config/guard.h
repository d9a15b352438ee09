/* guard.h - the owner of a file, and who else can read or write it.
 *
 * Asked of the open descriptor, so that the answer is about the file that was
 * read.  A file of root's is the administrator's choice for everyone else. */
#ifndef CONFIG_GUARD_H
#define CONFIG_GUARD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

enum guard_owner {
	GUARD_USER,   /* a user's own file, root's too when root asks */
	GUARD_SYSTEM, /* root's files are the administrator's choice */
};

/* The file holds a password.  ERROR_CONFIG, with the chmod that helps, when
 * people who need not know it can read it.  Below /run/secrets that is the
 * choice of the container's engine: there is nobody else in a container, and
 * its files are read-only and 0444 as a rule.  `place` begins the error:
 * "FILE:LINE" or the name alone. */
int guard_secret(const char *path, const struct stat *st,
		 enum guard_owner owner, const char *place, struct error *f);
/* The file says what to run: it must be the user's own or root's, and nobody
 * else may be able to write it. */
int guard_commands(const char *path, const struct stat *st, const char *place,
		   struct error *f);

#endif
