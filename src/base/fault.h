/* fault.h - what went wrong, in a form that a program and a person can use.
 *
 * A fault names its cause; one table gives the cause its sysexits code and
 * says whether trying again later may help.  It is always the last argument.
 * The first fault wins: setting one that is set already changes nothing, so
 * that a chain of calls reports where it broke and not how it fell.  The
 * verdict on a recipient is a fault too, in the form for those that come by
 * the thousand: FAULT_NONE is "accepted".
 *
 * `text` is one sentence without a final stop: the thing, the cause, the way
 * out.  It never holds a secret; control bytes are replaced as it is set. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

/* What each means stands in fault_rows, and in the manual pages. */
enum fault_cause {
	FAULT_NONE,
	FAULT_USAGE,
	FAULT_DATA,
	FAULT_NOINPUT,
	FAULT_NOUSER,
	FAULT_NOHOST,
	FAULT_UNAVAILABLE,
	FAULT_SOFTWARE,
	FAULT_OS,
	FAULT_CANTCREAT,
	FAULT_IO,
	FAULT_TEMPORARY,
	FAULT_INTERRUPTED, /* a signal asked us to end (interrupt.h), and the
			      process ends by that */
	FAULT_PROTOCOL,
	FAULT_PERMISSION,
	FAULT_CONFIG,
};

/* Some recipients were accepted and some refused: ours, beyond sysexits.h. */
#define EXIT_SOME_REFUSED 79

struct fault_row {
	const char *name; /* in logs and JSON */
	int exit;
	bool temporary;
	const char *meaning; /* of the exit status, a sentence for people; NULL:
				it is never that of the process */
};

/* By cause; behind the causes stands EXIT_SOME_REFUSED.  Ends with a NULL name.
 * The pages' lists of exit statuses are held against it (manpage.bats). */
extern const struct fault_row fault_rows[];

struct fault {
	enum fault_cause cause;
	bool temporary; /* trying again later may help */
	int reply;	/* SMTP reply code, 0 when no server spoke */
	char esc[12];	/* enhanced status code (RFC 3463) or "" */
	char text[768]; /* cut at this length, on a character boundary */
};

#define FAULT_INIT                                                             \
	{                                                                      \
		.cause = FAULT_NONE                                            \
	}

/* A fault in 32 octets; its sentence is borrowed, from an arena as a rule. */
struct small_fault {
	enum fault_cause cause;
	bool temporary;
	int reply;
	char esc[12];
	const char *text; /* NULL is "" */
};

/* Both return -1 always, so that a function can end with them. */
int fault_set(struct fault *f, enum fault_cause cause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends ": " and what the error number means.  ENOSPC, EDQUOT, EMFILE,
 * ENFILE, ENOMEM, EAGAIN and EINTR make any cause temporary; a full disk is
 * 4.3.1. */
int fault_errno(struct fault *f, enum fault_cause cause, int error,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As if it had been set here: the first fault wins. */
int fault_copy(struct fault *f, const struct fault *from);
void fault_clear(struct fault *f);
static inline bool fault_is_set(const struct fault *f)
{
	return f->cause != FAULT_NONE;
}

static inline bool small_fault_is_set(const struct small_fault *v)
{
	return v->cause != FAULT_NONE;
}
static inline const char *small_fault_text(const struct small_fault *v)
{
	return v->text ? v->text : "";
}
/* The one form as the other.  `text` is what the verdict borrows: the fault's
 * own or a copy of it. */
struct small_fault small_fault_of(const struct fault *f, const char *text);
struct fault small_fault_whole(const struct small_fault *v);

int fault_exit(const struct fault *f);
int fault_exit_of(enum fault_cause cause);
/* The cause in a word for logs and JSON: "no-user", "temporary". */
const char *fault_name(enum fault_cause cause);
/* The other way; false when no cause has that name. */
bool fault_cause_of(const char *name, enum fault_cause *cause);

#endif
