/* mailrc.h - what of mailx's start-up files (POSIX mailx, s-nail) concerns
 * the sending of mail: aliases, and a few variables. */
#ifndef PERSONA_MAILRC_H
#define PERSONA_MAILRC_H

#include <stdbool.h>

#include "base/arena.h"
#include "submit/nicknames.h"

struct mailrc {
	struct arena *arena;
	struct nicknames *nicknames;
	const char *from, *full_name, *reply_to; /* NULL: not set */
	bool dot;				 /* ends what is typed */
	bool skip_empty;
};

/* Adds to what is known; a file that is not there adds nothing. */
void mailrc_read(struct mailrc *rc, const char *path);

#endif
