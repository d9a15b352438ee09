/* setup.h - a first configuration, by question and answer.
 *
 * Asks what it cannot find out, tries the log-in before anything is written,
 * and writes an account into the user's configuration: a new file, or behind
 * what is in the old one, of which a copy is kept.  Until the last question
 * is answered nothing on the disk is changed; an end of the answers, a "no" and
 * a signal leave it as it was.
 *
 * On a terminal a wrong answer is asked for again.  From a pipe it ends the
 * run: the lines behind it would answer other questions than they were written
 * for. */
#ifndef SETUP_SETUP_H
#define SETUP_SETUP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "smtp/dial.h"

/* What was written. */
struct setup_result {
	const char *path;    /* of the configuration */
	const char *account; /* its name there */
	const char *address;
	bool has_password; /* without a person to be asked */
};

/* What the process does for us. */
struct setup_hands {
	void *context;
	bool is_interactive; /* a person answers, on a terminal */
	const struct trace *trace;
	int (*say)(void *context, const char *text, struct error *f);
	/* Appends the line: 1, or 0 where there is no more. */
	int (*answer)(void *context, struct buf *out, struct error *f);
	/* The same, and it is not shown. */
	int (*password)(void *context, const char *question, struct buf *out,
			struct error *f);
	bool (*has_program)(void *context, const char *name);
	/* Runs it without a shell; it reads `input`. */
	int (*feed)(void *context, const char *const *argv,
		    const struct buf *input, int *status, struct error *f);
	/* A mail to the address; the exit status. */
	int (*send)(void *context, const struct setup_result *result,
		    struct error *f);
	/* --login; the exit status. */
	int (*login)(void *context, const struct setup_result *result,
		     struct error *f);
	/* --setup-queue; the exit status. */
	int (*queue)(void *context, struct error *f);
};

/* The exit status, or -1 with the error.  ERROR_USAGE: it was ended by the
 * person who answers; ERROR_DATA: an answer cannot be; what the last try said,
 * when it was ended after that. */
int setup_account(struct arena *a, const struct request *r,
		  const struct setup_hands *hands, struct error *f);

#endif
