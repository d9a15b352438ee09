/* imap_mark.h - imap's own state, and deleting what is marked. */
#ifndef STORE_IMAP_MARK_H
#define STORE_IMAP_MARK_H

#include <stdint.h>

#include "store/imap_talk.h"
#include "store/mailbox.h"
#include "store/remote.h"

struct imap {
	struct imap_talk talk;
	const char *folder;
	struct buf name;   /* of the folder, as it is said */
	uint64_t validity; /* of the UIDs, when they were listed */
	uint64_t *uids;	   /* rising */
	struct prefetch ahead;
	unsigned open_tags; /* questions about messages that are not done */
	bool is_muddled;    /* one came before its turn: one at a time, now */
	uint64_t largest;   /* message, as the list said */
	unsigned dropped;   /* messages, since the question */
	/* of the folder that was opened last */
	uint64_t seen_validity, exists;
};

/* `verb` is EXAMINE or SELECT. */
int imap_open_folder(struct imap *own, const char *verb, struct error *f);
/* All of them, or none: flags that were set are taken back where the rest could
 * not be done. */
int imap_delete_marked(struct mailbox *m, struct error *f);

#endif
