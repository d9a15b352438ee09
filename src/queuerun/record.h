/* record.h - what is reported of a queue, a record at a time.
 *
 * The code that reads a queue puts records, and the code that shows it takes
 * them: in one process, or over a pipe from a process of another user, whose
 * every octet is checked.  A record borrows what it points to until the next
 * one. */
#ifndef QUEUERUN_RECORD_H
#define QUEUERUN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "queue/queue.h"
#include "queuerun/flush.h"

enum record_kind {
	RECORD_MAIL,   /* place, id, is_busy; entry, or NULL and the error */
	RECORD_MORE,   /* place, count: mails without a record */
	RECORD_DATA,   /* data, size: octets of a message */
	RECORD_FOUND,  /* index: the id that was asked for is here; count of
			  the mails that were changed */
	RECORD_RAN,    /* ran */
	RECORD_ERROR,  /* error; index, or RECORD_NO_INDEX */
	RECORD_DENIED, /* the process could not become the user's: error */
	RECORD_END,    /* finished */
	RECORD_KINDS
};

#define RECORD_NO_INDEX UINT32_MAX

struct record {
	enum record_kind kind;
	enum queue_place place;
	const char *id;
	bool is_busy;
	const struct entry *entry;
	struct error error;
	uint64_t count;
	uint32_t index; /* of the id in the command */
	struct flush_result ran;
	const void *data;
	size_t size;
};

/* -1 with the error: no more records are taken, so stop. */
struct record_to {
	int (*put)(void *context, const struct record *r, struct error *f);
	void *context;
};

/* ---- over a pipe ---- */

#define RECORD_DATA_MAX 65536 /* octets in one record; the sender splits */

/* A record_to whose context is the descriptor's address (int *). */
int record_write(void *fd, const struct record *r, struct error *f);

struct record_reader {
	struct buf in;
	size_t done; /* octets of it that were taken */
};
void record_reader_init(struct record_reader *r);
void record_reader_free(struct record_reader *r);
/* Octets as they come, any number; -1 when they make no record. */
int record_feed(struct record_reader *r, const void *data, size_t n,
		struct error *f);
/* 1 with the next whole one; 0 where it is incomplete; -1 with the error where
 * it is invalid: nothing after it can be trusted.  Valid until the next call of
 * either; the entry is in the arena. */
int record_next(struct record_reader *r, struct arena *a, struct record *out,
		struct error *f);

#endif
