/* muttrc.h - what of mutt's configuration concerns the sending of mail.
 *
 * The same commands come from a file and from -e: set, my_hdr, alias, source
 * and their like.  In a file all else is passed over, since most of it is for
 * reading mail; of a command that was typed it is said. */
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

/* What a variable or field is to be cannot be told: it is not guessed. */
struct muttrc_doubt {
	const char *name; /* "from", "my_hdr Bcc" */
	const char *why;  /* NULL: it was set since */
	struct muttrc_doubt *next;
};

/* A command for the mails that fit, and where it stood. */
struct muttrc_hook {
	const char *pattern;	 /* NULL: it cannot be told */
	const char *text, *file; /* file NULL: it was typed */
	const char *doubt;
	unsigned line;
	struct muttrc_hook *next;
};

void muttrc_init(struct muttrc *rc, struct options_run *run);
/* The first of the files that is there; the list ends with NULL.  1 when there
 * is none. */
int muttrc_read(struct muttrc *rc, const char *const *paths, struct error *f);
/* One -e: ERROR_USAGE for a password, and for a wish to sign or encrypt, since
 * the mail would go out without. */
int muttrc_command(struct muttrc *rc, const char *text, struct error *f);
/* Why that is in doubt; NULL: it is not. */
const char *muttrc_doubt(const struct muttrc *rc, const char *name);
/* A variable: false when it was not set here. */
bool muttrc_get(const struct muttrc_variables *all, const char *name,
		const char **value);
/* Once all is read: what is to be set for this mail. */
int muttrc_hooks(struct muttrc *rc, struct error *f);

#endif
