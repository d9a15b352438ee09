/* passwd.h - the users of this machine, as the password database has them.
 *
 * The name service may ask the network, and take its time.  Each function gives
 * a row in the arena; names are as the database has them, and not yet safe for
 * a terminal. */
#ifndef BASE_PASSWD_H
#define BASE_PASSWD_H

#include <stdbool.h>

#include "base/arena.h"

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

#endif
