/* identity.h - the users of this machine, and a process of root's that becomes
 * one of them. */
#ifndef BASE_IDENTITY_H
#define BASE_IDENTITY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

/* ---- the password database ---- */

/* The name service may ask the network, and take its time.  Each function gives
 * a row in the arena; names are as the database has them, and not yet safe for
 * a terminal. */

struct passwd_row {
	unsigned uid, gid;
	const char *name;
	const char *home; /* NULL where it is no absolute path */
};

bool passwd_by_name(struct arena *a, const char *name, struct passwd_row *out);
bool passwd_by_uid(struct arena *a, unsigned uid, struct passwd_row *out);

/* All of them, in the order of the database: rewind, next until false, end.
 * One walk at a time in a process. */
void passwd_rewind(void);
bool passwd_next(struct arena *a, struct passwd_row *out);
void passwd_end(void);

/* ---- another user's process ---- */

/* For good.  What a user's files, configuration and commands can do to such a
 * process is what they can do to any process of that user.  It must have
 * nothing left that the user does not have: process_isolate (process.h) comes
 * first, for the descriptors and the terminal. */

struct identity {
	unsigned uid, gid;
	const char *name; /* NULL: the uid has none, nor other groups */
	const char *home; /* NULL: none */
};

/* The groups, the gid and the uid become the user's; no capability is left, no
 * core is dumped, no process may trace it, and it is checked that there is no
 * way back.  -1: the process may be anything between the two and has to end.
 * ERROR_PERMISSION where we may not change the user (no CAP_SETUID, or a user
 * namespace without that uid). */
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
