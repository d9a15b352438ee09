/* collect.h - reads all mails of all sources, once each, into an assembly.
 *
 * A round opens each source, reads the mails that no earlier round read, and
 * leaves the mailboxes open, so that mails whose sets were joined can be
 * deleted at its end.  A mail is deleted only when all fragments in it are
 * valid and their sets are joined, and when it has no other content.
 *
 * A local mail that cannot be read is reported and skipped; an error of a
 * server ends the round. */
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
	/* Opens a source; the mailbox lives in the given arena. */
	int (*open)(void *context, struct mailbox *m, struct arena *a,
		    const char *source, struct error *f);
	/* Called before each mail; may be NULL. */
	void (*step)(void *context, const char *source, size_t number,
		     size_t count);
	/* Called with a message about one mail. */
	void (*note)(void *context, const char *text);
	void *context;
	bool is_repeated; /* there will be another round */
	bool deletes; /* joined mails may be deleted at the end of a round */

	/* results, of all rounds */
	size_t messages, deleted;
	/* Local mails that could not be read: each is reported with `note`, is
	 * not deleted and does not stop the others; the first error. */
	size_t unread;
	struct error first_unread;

	struct collect_source *sources, **last;
	struct sighting **slots;
};

void collect_init(struct collect *c, struct arena *a,
		  struct assembly *assembly);
void collect_add(struct collect *c, const char *source);
int collect_begin(struct collect *c, struct error *f);
/* Closes the mailboxes; with `deletes`, deletes the mails as above. */
int collect_end(struct collect *c, bool deletes, struct error *f);
/* Can any source be read again?  Is any a server? */
bool collect_can_repeat(const struct collect *c);
bool collect_is_remote(const struct collect *c);

#endif
