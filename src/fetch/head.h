/* head.h - what a message's header says, for people and for JSON.
 *
 * Fields are decoded (RFC 2047) and made UTF-8 on one line; nothing of them is
 * believed.  A header beyond HEAD_MAX is looked at up to there. */
#ifndef FETCH_HEAD_H
#define FETCH_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "flow/sink.h"

#define HEAD_MAX ((size_t)256 * 1024)

struct head {
	struct sink sink; /* put the header here */
	struct buf text;
};

struct head_fields {
	const char *from, *to, *subject, *message_id; /* "" where there is
							   none */
	const char *name; /* of who wrote it, else the address */
	bool has_date;
	int64_t date;
};

void head_init(struct head *h, struct error *f);
void head_free(struct head *h);
/* In the arena. */
void head_read(const struct head *h, struct arena *a, struct head_fields *out);

#endif
