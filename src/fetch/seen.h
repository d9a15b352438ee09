/* seen.h - the ids of messages that were taken with --new.
 *
 * One file for each mailbox, $XDG_STATE_HOME/mailsend/seen/NAME (else below
 * ~/.local/state), an id a line, replaced by rename.  Ids that the mailbox does
 * not have any more are forgotten.  Two runs on one mailbox take turns: the
 * file PATH.lock is locked from open to close. */
#ifndef FETCH_SEEN_H
#define FETCH_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/mailbox.h"

struct seen {
	struct arena *arena;
	const char *path;
	const char **ids; /* sorted */
	size_t count, room;
	const char **added;
	size_t added_count, added_room;
	int lock; /* -1: none */
};

/* `source` as the user wrote it: a file is known by where it really is. */
int seen_open(struct seen *s, struct arena *a, const char *source,
	      struct error *f);
bool seen_has(const struct seen *s, const char *id);
/* Copied; NULL, whose error is told already, is -1. */
int seen_add(struct seen *s, const char *id);
/* Writes what is seen now, of the messages that the mailbox has. */
int seen_keep(struct seen *s, struct mailbox *m, struct error *f);
void seen_close(struct seen *s);

#endif
