/* muttrc.h - what of mutt's configuration concerns the sending of mail.
 *
 * The same commands come from a file and from -e: set, my_hdr, alias, source.
 * In a file all else is passed over, since most of it is for reading mail; of
 * a command that was typed it is said. */
#ifndef PERSONA_MUTTRC_H
#define PERSONA_MUTTRC_H

#include <stdbool.h>

#include "persona/options.h"

struct muttrc {
	struct options_run *run; /* nicknames and settings go to its request */
	const char *from, *full_name, *envelope_from; /* NULL: not set */
	bool skip_from, use_envelope_from;
	struct header fields; /* of my_hdr */
	const char *body_type;
};

void muttrc_init(struct muttrc *rc, struct options_run *run);
/* The first of the files that is there; the list ends with NULL. */
int muttrc_read(struct muttrc *rc, const char *const *paths, struct fault *f);
/* One -e: FAULT_USAGE for a password, and for a wish to sign or encrypt, since
 * the mail would go out without. */
int muttrc_command(struct muttrc *rc, const char *text, struct fault *f);

#endif
