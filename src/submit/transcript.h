/* transcript.h - who gets to see the conversation with the server.
 *
 * On standard error, in a file of the user's own, or both.  Secrets were
 * masked before they come here (dial.h). */
#ifndef SUBMIT_TRANSCRIPT_H
#define SUBMIT_TRANSCRIPT_H

#include <stdbool.h>

#include "base/error.h"
#include "smtp/dial.h"

struct transcript {
	struct trace trace; /* give this to whoever talks */
	bool on_standard_error;
	int fd; /* -1: no file */
	const char *path;
	struct error trouble; /* of a file that stopped taking lines */
};

/* The file is appended to, or made for the user alone.  One that belongs to
 * somebody else or is a symbolic link is ERROR_CANTCREAT: whoever made it may
 * want our lines in another place.  `path` may be NULL; t points into
 * itself. */
int transcript_open(struct transcript *t, bool on_standard_error,
		    const char *path, struct error *f);
/* -1 with the error of a file that is not complete. */
int transcript_close(struct transcript *t, struct error *f);
/* NULL where nobody wants to see it. */
const struct trace *transcript_trace(const struct transcript *t);

#endif
