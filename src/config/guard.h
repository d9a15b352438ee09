/* guard.h - checks who owns a file, and who else can read or write it.
 *
 * The open descriptor is checked, so the answer is about the file that was
 * read.  A file of root's is the administrator's choice for everyone else. */
#ifndef CONFIG_GUARD_H
#define CONFIG_GUARD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

enum guard_owner {
	GUARD_USER,   /* a user's file, also root's own */
	GUARD_SYSTEM, /* a system file */
};

/* The file has a password: ERROR_CONFIG, with the chmod to run, if others can
 * read it.  Below /run/secrets that is up to the container: it has no other
 * users, and such files are read-only and usually 0444.  `place` is the prefix
 * of the error: "FILE:LINE" or the name. */
int guard_secret(const char *path, const struct stat *st,
		 enum guard_owner owner, const char *place, struct error *f);
/* The file has a command: it must be the user's own or root's, and not writable
 * by others. */
int guard_commands(const char *path, const struct stat *st, const char *place,
		   struct error *f);

#endif
