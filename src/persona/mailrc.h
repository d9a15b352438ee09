/* mailrc.h - what of mailx's start-up files (POSIX mailx, s-nail) concerns
 * the sending of mail: aliases, variables, and accounts that set some. */
#ifndef PERSONA_MAILRC_H
#define PERSONA_MAILRC_H

#include <stdbool.h>

#include "base/arena.h"
#include "compose/personal_aliases.h"
#include "persona/rcfile.h"

struct mailrc_variable {
	const char *name;
	const char *value; /* "" where there was none; NULL: unset */
	const char *file;  /* where it was set */
	/* why it may be another one, which cannot be told here; or NULL */
	const char *doubt;
	struct mailrc_variable *next;
};

struct mailrc_block;

struct mailrc {
	struct arena *arena;
	struct personal_aliases *nicknames;
	struct mailrc_variable *variables;
	const struct mailrc_variable *typed; /* by -S: these prevail */
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
/* Why that is not certain: it hangs on an "if" that only the other program can
 * answer; NULL: it is. */
const char *mailrc_doubt(const struct mailrc *rc, const char *name);
/* What "$name" stands for in a file, NULL for what is not set; the environment
 * is looked at, too.  false: it cannot be told. */
bool mailrc_look_up(const struct mailrc *rc, const char *name,
		    const char **value);
/* mailrc_if.c: the condition of an "if" or "elif".  POSIX has "s" and "r",
 * others "t"; s-nail compares words as well, in which it expands variables. */
enum truth mailrc_condition(const struct mailrc *rc, const char *text);

#endif
