/* identity.h - a process of root's becomes another user's, for good.
 *
 * What a user's files, configuration and commands may do to such a process is
 * what they may do to any of that user's.  It must have nothing left that the
 * user has not: process_isolate (command.h) comes first, for the descriptors
 * and the terminal. */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>

#include "base/error.h"

struct identity {
	unsigned uid, gid;
	const char *name; /* NULL: the uid has none, nor other groups */
	const char *home; /* NULL: none */
};

/* The groups, the gid and the uid are the user's; no capability is left, no
 * core is dumped, no process may trace it, and it was tried that there is no
 * way back.  -1: the process may be anything between the two and has to end.
 * ERROR_PERMISSION where we may not change the user (CAP_SETUID, or a user
 * namespace that has not that uid). */
int identity_take(const struct identity *who, struct error *f);
/* The same, and the environment is the user's, too (sysenv.h). */
int identity_become(const struct identity *who, struct error *f);

/* Only for what this process does to files, and only for a while: as the user
 * without other groups, and without root's right to pass a directory that is
 * closed to them (Linux; false elsewhere, or where it cannot be done).
 * identity_files_back ends it. */
bool identity_files_as(unsigned uid, unsigned gid);
void identity_files_back(void);

#endif
