/* transcript.h - the dialogue with the server, written out.
 *
 * On standard error, in a file of the user's own, or both.  Secrets have been
 * masked before (net/conn.h). */
#ifndef SUBMIT_TRANSCRIPT_H
#define SUBMIT_TRANSCRIPT_H

#include <stdbool.h>

#include "base/error.h"
#include "smtp/dial.h"

struct transcript {
	struct trace trace; /* to be given to the connection */
	bool on_standard_error;
	int fd; /* -1: no file */
	const char *path;
	struct error error; /* of a file that stopped taking lines */
};

/* The file is appended to, or made for the user alone.  One that belongs to
 * another user or is a symbolic link is ERROR_CANTCREAT, since it may lead to
 * another place.  `path` may be NULL; t points into itself. */
int transcript_open(struct transcript *t, bool on_standard_error,
		    const char *path, struct error *f);
/* -1 with the error of a file that is incomplete. */
int transcript_close(struct transcript *t, struct error *f);
/* NULL where there is no transcript. */
const struct trace *transcript_trace(const struct transcript *t);

#endif
