/* muttrc.h - mutt's configuration, as far as it affects sending.
 *
 * The same commands are read from a file and from -e: set, my_hdr, alias,
 * source and the like.  Unknown commands in a file are ignored, since most are
 * for reading mail; unknown ones of -e are ignored with a warning. */
#ifndef PERSONA_MUTTRC_H
#define PERSONA_MUTTRC_H

#include <stdbool.h>

#include "mail/header.h"
#include "persona/options.h"

struct muttrc_variable;

struct muttrc_variables {
	struct arena *arena;
	struct muttrc_variable *first;
};

struct muttrc {
	struct options_run *run; /* nicknames and settings go to its request */
	const char *from, *full_name, *envelope_from; /* NULL: not set */
	bool skip_from, use_envelope_from;
	struct header fields; /* of my_hdr */
	const char *body_type;
	struct muttrc_variables variables;
	struct muttrc_hook *hooks, **last_hook; /* of send-hook */
	struct muttrc_doubt *doubts;
};

/* A variable or field whose value is unknown: it is not guessed. */
struct muttrc_doubt {
	const char *name; /* "from", "my_hdr Bcc" */
	const char *why;  /* NULL: it has been set since */
	struct muttrc_doubt *next;
};

/* A command for matching mails, and its position. */
struct muttrc_hook {
	const char *pattern;	 /* NULL: unknown */
	const char *text, *file; /* file NULL: it was typed */
	const char *doubt;
	unsigned line;
	struct muttrc_hook *next;
};

void muttrc_init(struct muttrc *rc, struct options_run *run);
/* Reads the first file of the list that exists; the list ends with NULL. 1 if
 * there is none. */
int muttrc_read(struct muttrc *rc, const char *const *paths, struct error *f);
/* Runs one -e: ERROR_USAGE for a password, and for a request to sign or
 * encrypt, since the mail would be sent without. */
int muttrc_command(struct muttrc *rc, const char *text, struct error *f);
/* Why the value is uncertain; NULL: it is certain. */
const char *muttrc_doubt(const struct muttrc *rc, const char *name);
/* The value of a variable; false if it was not set here. */
bool muttrc_get(const struct muttrc_variables *all, const char *name,
		const char **value);
/* After all files and commands: runs the send-hooks that match this mail. */
int muttrc_hooks(struct muttrc *rc, struct error *f);

#endif
