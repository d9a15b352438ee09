/* mailrc.h - the start-up files of mailx (POSIX mailx, s-nail), as far as they
 * affect sending: aliases, variables, and accounts that set some. */
#ifndef PERSONA_MAILRC_H
#define PERSONA_MAILRC_H

#include <stdbool.h>

#include "base/arena.h"
#include "compose/personal_aliases.h"
#include "persona/rcfile.h"

struct mailrc_variable {
	const char *name;
	const char *value; /* "" if it has none; NULL: unset */
	const char *file;  /* in which it was set */
	/* why the value is uncertain; or NULL */
	const char *doubt;
	struct mailrc_variable *next;
};

struct mailrc_block;

struct mailrc {
	struct arena *arena;
	struct personal_aliases *nicknames;
	struct mailrc_variable *variables;
	const struct mailrc_variable *typed; /* by -S: these win */
	struct mailrc_block
		*blocks; /* "account X { ... }", "define X { ... }" */
};

/* Adds to what was read before; a missing file adds nothing.  The nicknames are
 * told if an alias may have been missed. */
void mailrc_read(struct mailrc *rc, const char *path);
/* Runs the block of that account; false: there is none. */
bool mailrc_account(struct mailrc *rc, const char *name);

/* ---- mailrc_variable.c ---- */

/* `doubt` NULL: the value is certain; otherwise the previous one is kept. */
void mailrc_put(struct mailrc *rc, const char *name, const char *value,
		const char *file, const char *doubt);
/* NULL if it is not set. */
const char *mailrc_get(const struct mailrc *rc, const char *name);
/* Why the value is uncertain: it depends on an "if" that only the other program
 * can evaluate; NULL: it is certain. */
const char *mailrc_doubt(const struct mailrc *rc, const char *name);
/* The value of "$name" in a file, or of the environment; NULL if it is not set.
 * false: it is unknown. */
bool mailrc_look_up(const struct mailrc *rc, const char *name,
		    const char **value);

/* ---- mailrc_if.c ---- */

/* The condition of an "if" or "elif".  POSIX has "s" and "r",
 * others "t"; s-nail compares words as well, in which it expands variables. */
enum truth mailrc_condition(const struct mailrc *rc, const char *text);

#endif
