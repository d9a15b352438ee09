/* each.h - a mail for each file, and complete messages.
 *
 * Two sources of a series (series.h).  With files the requests differ in the
 * attachment and in the subject, where {name}, {n} and {of} are replaced by the
 * file's name, its number and the total; the text is read once.  Complete
 * messages are sent as drafts, each with the envelope of its own header unless
 * the request names recipients.  A mailbox on a server is ERROR_USAGE: its
 * connection would have to stay open while mail is sent. */
#ifndef SUBMIT_EACH_H
#define SUBMIT_EACH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/compose.h"
#include "compose/input.h"
#include "compose/request.h"
#include "config/config.h"
#include "store/mailbox.h"
#include "submit/series.h"

struct each {
	/* set by the caller, and borrowed until it is closed */
	struct arena *arena;
	const struct request *request;
	const struct series_options *options;
	const struct account *account;
	const char *const *spool;

	struct inputs inputs; /* of standard input */
	struct slice text;
	bool has_text;
	/* The id of the series, so that a mail that is made again has the same
	 * Message-ID; NULL: a new one each time. */
	const char *id;
};

/* ERROR_NOINPUT names the first file that cannot be read; standard input is
 * read here. */
int each_open(struct each *e, struct error *f);
void each_close(struct each *e);
/* For series_ops. */
int each_make(void *context, unsigned n, struct arena *a,
	      struct composition *out, char *name, struct error *f);

struct batch {
	/* as in struct each */
	struct arena *arena;
	const struct request *request;
	const struct series_options *options;
	const struct account *account;
	const char *const *spool;

	struct mailbox *boxes;
	size_t count;
	unsigned total; /* messages in all mailboxes */
	const char *id; /* as in struct each */
};

int batch_open(struct batch *b, struct error *f);
void batch_close(struct batch *b);
int batch_make(void *context, unsigned n, struct arena *a,
	       struct composition *out, char *name, struct error *f);
const char *batch_key(void *context, unsigned n, struct arena *a);

#endif
