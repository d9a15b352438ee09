/* muttrc_inside.h - what the parts of muttrc.h share. */
#ifndef PERSONA_MUTTRC_INSIDE_H
#define PERSONA_MUTTRC_INSIDE_H

#include "persona/muttrc.h"

/* A command that is being run, and where it stands. */
struct muttrc_command {
	struct muttrc *rc;
	struct muttrc_words *words; /* behind its name */
	const char *file;	    /* NULL: it was typed, by -e */
	unsigned line;
	int depth;	   /* of files that read files */
	bool *is_finished; /* the file at hand */
	const char *doubt; /* why it may not be run; NULL: it is */
};

static inline struct arena *muttrc_arena(const struct muttrc_command *c)
{
	return c->rc->run->arena;
}

static inline bool muttrc_is_typed(const struct muttrc_command *c)
{
	return !c->file;
}

/* NULL as `why`: it is certain now. */
void muttrc_set_doubt(struct muttrc *rc, const char *name, const char *why);
/* "FILE:LINE: what", or what was typed. */
const char *muttrc_placed(const struct muttrc_command *c, const char *what);
/* Of a command that was typed it is told. */
void muttrc_say_unused(const struct muttrc_command *c, const char *what);

/* ---- muttrc_set.c */

enum muttrc_set { MUTTRC_SET, MUTTRC_UNSET, MUTTRC_TOGGLE };
int muttrc_run_set(const struct muttrc_command *c, enum muttrc_set set,
		   struct error *f);
/* A variable that says something here? */
bool muttrc_knows(const char *name);

#endif
