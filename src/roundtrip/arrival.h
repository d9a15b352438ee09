/* arrival.h - new mail of a mailbox, looked at until the right one is there.
 *
 * What was there before is known by its ids, and so is what was looked at: each
 * header is read once, cut at ARRIVAL_HEADER_MAX. */
#ifndef ROUNDTRIP_ARRIVAL_H
#define ROUNDTRIP_ARRIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "deliver/account_mailbox.h"

#define ARRIVAL_HEADER_MAX ((size_t)256 * 1024)

struct arrival {
	struct arena arena; /* of the ids */
	struct account_mailbox_wish wish;
	struct account_mailbox_memory memory;
	const char **ids; /* sorted */
	size_t count, room;
	struct buf header; /* of the mail that was found */
};

/* Remembers what is there now.  A file or folder that is not there yet has no
 * mail: *is_missing; ERROR_NOINPUT where the folder above it is not there, too.
 * ERROR_USAGE for standard input, which cannot be opened twice. */
int arrival_begin(struct arrival *w, const struct account_mailbox_wish *wish,
		  bool *is_missing, struct error *f);
/* 1 when one is there whose header has the field with that value; it is deleted
 * where that is wanted: where it cannot be, `not_deleted` says why.  0 when
 * there is none yet, -1 when the mailbox could not be looked at. */
int arrival_look(struct arrival *w, const char *field, const char *value,
		 bool deletes, struct error *not_deleted, struct error *f);
void arrival_end(struct arrival *w);

#endif
