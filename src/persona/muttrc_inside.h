/* muttrc_inside.h - what the parts of muttrc.h share.
 *
 * As mutt reads it: a line is continued by a backslash at its very end, '...'
 * is taken as it is, in "..." and outside of quotes count \x, $name, ${name}
 * and `command`.  A variable is the environment's, else what was set.  No
 * program is run for a word: such a word is not known, and neither is one with
 * a variable whose value we have no way to tell. */
#ifndef PERSONA_MUTTRC_INSIDE_H
#define PERSONA_MUTTRC_INSIDE_H

#include "persona/muttrc.h"
#include "persona/rcfile.h"

/* ---- muttrc_text.c: lines, words, variables ---- */

/* `value` is borrowed; NULL: it is unknown. */
void muttrc_put(struct muttrc_variables *all, const char *name,
		const char *value);
/* A path as mutt expands it: "~/x", "=x" and "+x" (below $folder).  NULL if
 * that is unknown. */
const char *muttrc_path(const struct muttrc_variables *all, const char *path);

/* The next line without its end; NULL at the end.  Modifies the text; *number
 * becomes the line number, *lines counts. */
char *muttrc_line(char **at, unsigned *number, unsigned *lines);

struct muttrc_words {
	const struct muttrc_variables *variables;
	const char *at;
	/* The part of the last word whose value is unknown, "$x" or "`x`"; or
	 * NULL. */
	const char *unknown;
};

/* How a word is read, named as in mutt. */
enum {
	MUTTRC_PLAIN = 0,
	MUTTRC_EQUAL = 1,    /* '=' ends it, and so does "+=" */
	MUTTRC_SPACE = 2,    /* blanks are part of it, except at the ends */
	MUTTRC_QUOTE = 4,    /* quotes are ordinary characters */
	MUTTRC_SEMICOLON = 8 /* ';' is part of it */
};

/* Is there more before a ';' or a comment? */
bool muttrc_has_more(struct muttrc_words *w);
/* "" if there is none. */
const char *muttrc_word(struct muttrc_words *w, int how);
/* Moves past the ';' that ends this command; false at the end of the line. */
bool muttrc_next_command(struct muttrc_words *w);

/* ---- also there: the command that is being run ---- */

/* A command that is being run, and its position. */
struct muttrc_command {
	struct muttrc *rc;
	struct muttrc_words *words; /* after its name */
	const char *file;	    /* NULL: it was typed, by -e */
	unsigned line;
	int depth;	   /* of nested files */
	bool *is_finished; /* the current file */
	const char
		*doubt; /* why it is unknown whether it runs; NULL: it runs */
};

static inline struct arena *muttrc_arena(const struct muttrc_command *c)
{
	return c->rc->run->arena;
}

static inline bool muttrc_is_typed(const struct muttrc_command *c)
{
	return !c->file;
}

/* NULL as `why`: the value is certain. */
void muttrc_set_doubt(struct muttrc *rc, const char *name, const char *why);
/* "FILE:LINE: what", or what alone if it was typed. */
const char *muttrc_placed(const struct muttrc_command *c, const char *what);
/* Warns of an unknown command of -e. */
void muttrc_say_unused(const struct muttrc_command *c, const char *what);

/* ---- muttrc.c: commands ---- */

/* Runs all the commands of a line. */
int muttrc_run(const struct muttrc_command *c, const char *text,
	       struct error *f);

/* ---- muttrc_hook.c ---- */

int muttrc_send_hook(const struct muttrc_command *c, struct error *f);
int muttrc_unhook(const struct muttrc_command *c, struct error *f);

/* ---- muttrc_set.c ---- */

enum muttrc_set { MUTTRC_SET, MUTTRC_UNSET, MUTTRC_TOGGLE };
int muttrc_run_set(const struct muttrc_command *c, enum muttrc_set set,
		   struct error *f);
/* Is it a variable that has a meaning here? */
bool muttrc_knows(const char *name);

#endif
