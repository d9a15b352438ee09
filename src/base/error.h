/* error.h - what went wrong, in a form that a program and a person can use.
 *
 * An error names its cause; one table gives the cause its sysexits code and
 * says whether trying again later may help.  It is always the last argument.
 * The first error wins: setting one that is set already changes nothing, so
 * that a chain of calls reports the original failure.  The verdict on a
 * recipient is an error, too, in a small form since there may be thousands:
 * ERROR_NONE is "accepted".
 *
 * `text` is one sentence without a final stop: the thing, the cause, the
 * remedy.  It never has a secret; control bytes are replaced when it is set. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/* What each means is in error_rows, and in the manual pages. */
enum error_cause {
	ERROR_NONE,
	ERROR_USAGE,
	ERROR_DATA,
	ERROR_NOINPUT,
	ERROR_NOUSER,
	ERROR_NOHOST,
	ERROR_UNAVAILABLE,
	ERROR_SOFTWARE,
	ERROR_OS,
	ERROR_CANTCREAT,
	ERROR_IO,
	ERROR_TEMPORARY,
	ERROR_INTERRUPTED, /* a signal asked us to end (interrupt.h), and the
			      process ends by that */
	ERROR_PROTOCOL,
	ERROR_PERMISSION,
	ERROR_CONFIG,
};

/* Some recipients were accepted and some refused: ours, beyond sysexits.h. */
#define EXIT_SOME_REFUSED 79

struct error_row {
	const char *name; /* in logs and JSON */
	int exit;
	bool temporary;
	const char *meaning; /* of the exit status, a sentence for people; NULL:
				it is never that of the process */
};

/* By cause; after the causes comes EXIT_SOME_REFUSED.  Ends with a NULL name.
 * The lists of exit statuses in the manual pages are compared with it
 * (manpage.bats). */
extern const struct error_row error_rows[];

struct error {
	enum error_cause cause;
	bool temporary; /* trying again later may help */
	int reply;	/* SMTP reply code, 0 without a reply */
	char esc[12];	/* enhanced status code (RFC 3463) or "" */
	char text[768]; /* cut at this length, on a character boundary */
};

#define ERROR_INIT                                                             \
	{                                                                      \
		.cause = ERROR_NONE                                            \
	}

/* An error in 32 octets; its sentence is borrowed, from an arena as a rule. */
struct small_error {
	enum error_cause cause;
	bool temporary;
	int reply;
	char esc[12];
	const char *text; /* NULL is "" */
};

/* Both return -1 always, so that a function can end with them. */
int error_set(struct error *f, enum error_cause cause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends ": " and what the error number means.  ENOSPC, EDQUOT, EMFILE,
 * ENFILE, ENOMEM, EAGAIN and EINTR make any cause temporary; a full disk is
 * 4.3.1. */
int error_errno(struct error *f, enum error_cause cause, int error,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As if it had been set here: the first error wins. */
int error_copy(struct error *f, const struct error *from);
void error_clear(struct error *f);
static inline bool error_is_set(const struct error *f)
{
	return f->cause != ERROR_NONE;
}

static inline bool small_error_is_set(const struct small_error *v)
{
	return v->cause != ERROR_NONE;
}
static inline const char *small_error_text(const struct small_error *v)
{
	return v->text ? v->text : "";
}
/* Converts one form to the other.  `text` is what the verdict borrows: the
 * error's own or a copy of it. */
struct small_error small_error_of(const struct error *f, const char *text);
struct error small_error_whole(const struct small_error *v);

int error_exit(const struct error *f);
int error_exit_of(enum error_cause cause);
/* The cause in a word for logs and JSON: "no-user", "temporary". */
const char *error_name(enum error_cause cause);
/* The reverse; false when no cause has that name. */
bool error_cause_of(const char *name, enum error_cause *cause);

#endif
