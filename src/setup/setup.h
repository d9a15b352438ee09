/* setup.h - a first configuration, by questions and answers.
 *
 * Asks what it cannot find out, tests the login before anything is written, and
 * writes an account to the user's configuration: a new file, or at the end of
 * the existing one, of which a copy is kept.  Nothing on the disk is changed
 * before the last question is answered; the end of the input, a "no" and a
 * signal leave it unchanged.
 *
 * On a terminal, a wrong answer is asked for again.  From a pipe it ends the
 * run: the following lines would answer the wrong questions. */
#ifndef SETUP_SETUP_H
#define SETUP_SETUP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "smtp/dial.h"

/* The result. */
struct setup_result {
	const char *path;    /* of the configuration */
	const char *account; /* its name there */
	const char *address;
	bool has_password; /* without asking a person */
};

/* Functions of the caller. */
struct setup_hands {
	void *context;
	bool is_interactive; /* a person answers, on a terminal */
	const struct trace *trace;
	int (*say)(void *context, const char *text, struct error *f);
	/* Appends the line: 1, or 0 at the end of the input. */
	int (*answer)(void *context, struct buf *out, struct error *f);
	/* The same, without echo. */
	int (*password)(void *context, const char *question, struct buf *out,
			struct error *f);
	bool (*has_program)(void *context, const char *name);
	/* Runs the command without a shell, with `input` on its stdin. */
	int (*feed)(void *context, const char *const *argv,
		    const struct buf *input, int *status, struct error *f);
	/* Sends a mail to the address; the exit status. */
	int (*send)(void *context, const struct setup_result *result,
		    struct error *f);
	/* --login; the exit status. */
	int (*login)(void *context, const struct setup_result *result,
		     struct error *f);
	/* --setup-queue; the exit status. */
	int (*queue)(void *context, struct error *f);
};

/* The exit status, or -1 with the error.  ERROR_USAGE: the user stopped;
 * ERROR_DATA: an answer is invalid; the error of the last test, if the user
 * stopped after it. */
int setup_account(struct arena *a, const struct request *r,
		  const struct setup_hands *hands, struct error *f);

#endif
