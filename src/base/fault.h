/* fault.h - what went wrong, in a form that a program and a person can use.
 *
 * A fault names its cause; one table gives the cause its sysexits code and
 * says whether trying again later may help.  It is always the last argument.
 * The first fault wins: setting one that is set already changes nothing, so
 * that a chain of calls reports where it broke and not how it fell.  The
 * verdict on a recipient is a fault too: FAULT_NONE is "accepted".
 *
 * `text` is one sentence without a final stop: the thing, the cause, the way
 * out.  It never holds a secret; control bytes are replaced as it is set. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault_cause {
	FAULT_NONE,
	FAULT_USAGE,	   /* 64: the command line is wrong */
	FAULT_DATA,	   /* 65: the message or the input is not acceptable */
	FAULT_NOINPUT,	   /* 66: a file that was asked for cannot be read */
	FAULT_NOUSER,	   /* 67: the server does not know the mailbox */
	FAULT_NOHOST,	   /* 68: the host or mail domain does not exist */
	FAULT_UNAVAILABLE, /* 69: the service refused for good */
	FAULT_SOFTWARE,	   /* 70: a bug of ours */
	FAULT_OS,	   /* 71: fork, pipe and the like; may pass */
	FAULT_CANTCREAT,   /* 73: an output file cannot be made */
	FAULT_IO,	   /* 74: reading or writing failed half-way */
	FAULT_TEMPORARY,   /* 75: try again later */
	FAULT_INTERRUPTED, /* 75: a signal asked us to end (interrupt.h), and
			      the process ends by that */
	FAULT_PROTOCOL,	   /* 76: the server does not speak the protocol */
	FAULT_PERMISSION,  /* 77: not allowed: log-in, relay, policy */
	FAULT_CONFIG,	   /* 78: the configuration is wrong or missing */
};

/* Some recipients were accepted and some refused: ours, beyond sysexits.h. */
#define EXIT_SOME_REFUSED 79

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

/* Both return -1 always, so that a function can end with them. */
int fault_set(struct fault *f, enum fault_cause cause, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Appends ": " and what the error number means.  ENOSPC, EDQUOT, EMFILE,
 * ENFILE, ENOMEM, EAGAIN and EINTR make any cause temporary. */
int fault_errno(struct fault *f, enum fault_cause cause, int error,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

void fault_clear(struct fault *f);
static inline bool fault_is_set(const struct fault *f)
{
	return f->cause != FAULT_NONE;
}

int fault_exit(const struct fault *f);
/* The cause in a word for logs and JSON: "no-user", "temporary". */
const char *fault_name(enum fault_cause cause);
/* The other way; false when no cause has that name. */
bool fault_cause_of(const char *name, enum fault_cause *cause);

#endif
