/* mailrc.h - what of mailx's start-up files (POSIX mailx, s-nail) concerns
 * the sending of mail: aliases, variables, and accounts that set some. */
#ifndef PERSONA_MAILRC_H
#define PERSONA_MAILRC_H

#include <stdbool.h>

#include "base/arena.h"
#include "compose/personal_aliases.h"

struct mailrc_variable {
	const char *name;
	const char *value; /* "" where there was none; NULL: unset */
	const char *file;  /* where it was set */
	struct mailrc_variable *next;
};

struct mailrc_block;

struct mailrc {
	struct arena *arena;
	struct personal_aliases *nicknames;
	struct mailrc_variable *variables;
	struct mailrc_block
		*blocks; /* "account X { ... }", "define X { ... }" */
};

/* Adds to what is known; a file that is not there adds nothing.  Where an alias
 * may be hidden from us the nicknames are told. */
void mailrc_read(struct mailrc *rc, const char *path);
/* Runs what the account of that name has; false: there is none. */
bool mailrc_account(struct mailrc *rc, const char *name);
/* NULL when it is not set. */
const char *mailrc_get(const struct mailrc *rc, const char *name);

#endif
