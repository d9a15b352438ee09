/* collect.h - all mails of all sources, once each, into an assembly.
 *
 * A round opens each source, reads what was not read in an earlier round, and
 * leaves the mailboxes open, so that what was joined can be deleted at its end.
 * A mail goes only when all the fragments in it are good ones of sets that are
 * joined, and when there is nothing else in it.
 *
 * A mail that cannot be read is told of and passed over where it is a file;
 * trouble with a server ends the round. */
#ifndef JOIN_COLLECT_H
#define JOIN_COLLECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "join/assemble.h"
#include "store/mailbox.h"

struct collect_source;
struct sighting;
struct collect {
	struct arena *arena;
	struct assembly *assembly;
	/* Opens a source; the mailbox lives in the arena that is passed. */
	int (*open)(void *context, struct mailbox *m, struct arena *a,
		    const char *source, struct error *f);
	/* Told before each mail; NULL: not told. */
	void (*step)(void *context, const char *source, size_t number,
		     size_t count);
	/* A sentence about one mail. */
	void (*note)(void *context, const char *text);
	void *context;
	bool is_repeated; /* there will be another round */
	bool deletes;	  /* what is joined may be deleted at a round's end */

	/* results, of all rounds */
	size_t messages, fragments, deleted;
	/* Mails on this machine that could not be read: each is named by
	 * `note`, stays where it is and stops no other; the first one's error.
	 */
	size_t unread;
	struct error first_unread;

	struct collect_source *sources, **last;
	struct sighting **slots;
};

void collect_init(struct collect *c, struct arena *a,
		  struct assembly *assembly);
void collect_add(struct collect *c, const char *source);
int collect_begin(struct collect *c, struct error *f);
/* Closes the mailboxes; `deletes` what may go. */
int collect_end(struct collect *c, bool deletes, struct error *f);
/* Is there one that can be read again, or is a server? */
bool collect_can_repeat(const struct collect *c);
bool collect_is_remote(const struct collect *c);

#endif
