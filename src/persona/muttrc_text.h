/* muttrc_text.h - the text of mutt's configuration: lines, words, variables.
 *
 * As mutt reads it: a line is continued by a backslash at its very end, '...'
 * is taken as it is, in "..." and outside of quotes count \x, $name, ${name}
 * and `command`.  A variable is the environment's, else what was set.  No
 * program is run for a word: such a word is not known, and neither is one with
 * a variable whose value we have no way to tell. */
#ifndef PERSONA_MUTTRC_TEXT_H
#define PERSONA_MUTTRC_TEXT_H

#include <stdbool.h>

#include "base/arena.h"

struct muttrc_variable;

struct muttrc_variables {
	struct arena *arena;
	struct muttrc_variable *first;
};

/* `value` is borrowed; NULL: it cannot be told. */
void muttrc_put(struct muttrc_variables *all, const char *name,
		const char *value);
/* As it counts for "+=" and "inv": false when it was not set here. */
bool muttrc_get(const struct muttrc_variables *all, const char *name,
		const char **value);
/* A path as mutt expands it: "~/x", "=x" and "+x" (below $folder).  NULL when
 * it cannot be told. */
const char *muttrc_path(const struct muttrc_variables *all, const char *path);

/* The next line, without its end; NULL at the end.  Cuts the text up; *number
 * becomes its first line's, *lines counts. */
char *muttrc_line(char **at, unsigned *number, unsigned *lines);

struct muttrc_words {
	const struct muttrc_variables *variables;
	const char *at;
	/* What stands in the last word that cannot be told, "$x" or "`x`"; or
	 * NULL. */
	const char *unknown;
};

/* How a word is read, by mutt's own names for it. */
enum {
	MUTTRC_PLAIN = 0,
	MUTTRC_EQUAL = 1,    /* '=' ends it, and so does "+=" */
	MUTTRC_SPACE = 2,    /* blanks are a part of it, but at its ends */
	MUTTRC_QUOTE = 4,    /* quotes are as any other sign */
	MUTTRC_SEMICOLON = 8 /* ';' is a part of it */
};

/* Is there more before a ';' or a comment? */
bool muttrc_has_more(struct muttrc_words *w);
/* "" where there is none. */
const char *muttrc_word(struct muttrc_words *w, int how);
/* Past the ';' that ends this command; false at the end of the line. */
bool muttrc_next_command(struct muttrc_words *w);

#endif
