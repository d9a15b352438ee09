/* fault.c - the table of causes, and sentences that are safe to show. */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

const struct fault_row fault_rows[] = {
	[FAULT_NONE] = { "ok", EX_OK, false, "It was done." },
	[FAULT_USAGE] = { "usage", EX_USAGE, false,
			  "The command is wrong: an option, an argument, an "
			  "address, no recipient." },
	[FAULT_DATA] = { "data", EX_DATAERR, false,
			 "The message or another input is not acceptable: its "
			 "size, its content, an address in it." },
	[FAULT_NOINPUT] = { "no-input", EX_NOINPUT, false,
			    "A file, a folder or a message that was asked for "
			    "is not there or cannot be read." },
	[FAULT_NOUSER] = { "no-user", EX_NOUSER, false,
			   "The server does not know a recipient." },
	[FAULT_NOHOST] = { "no-host", EX_NOHOST, false,
			   "A server's name or a recipient's domain does not "
			   "exist." },
	[FAULT_UNAVAILABLE] = { "unavailable", EX_UNAVAILABLE, false,
				"The server refused for good, for another "
				"cause, or what is needed is not to be had: a "
				"library here, TLS, a log-in or a valid certificate "
				"there." },
	[FAULT_SOFTWARE] = { "software", EX_SOFTWARE, false,
			     "A mistake in the program itself." },
	[FAULT_OS] = { "os", EX_OSERR, true,
		       "The operating system has no process or pipe for "
		       "us." },
	[FAULT_CANTCREAT] = { "cannot-create", EX_CANTCREAT, false,
			      "A file cannot be made, or is there already." },
	[FAULT_IO] = { "io", EX_IOERR, true,
		       "Reading or writing failed half-way." },
	[FAULT_TEMPORARY] = { "temporary", EX_TEMPFAIL, true,
			      "Try again later: a server cannot be reached or "
			      "asks for that, something is locked, or the "
			      "disk, memory or descriptors are used up." },
	/* the process ends by the signal: no status of its own */
	[FAULT_INTERRUPTED] = { "interrupted", EX_TEMPFAIL, true, NULL },
	[FAULT_PROTOCOL] = { "protocol", EX_PROTOCOL, false,
			     "The server does not keep to the protocol." },
	[FAULT_PERMISSION] = { "permission", EX_NOPERM, false,
			       "Not permitted: by the log-in, by the server's "
			       "policy, or because something is somebody "
			       "else's." },
	[FAULT_CONFIG] = { "config", EX_CONFIG, false,
			   "The configuration is wrong or missing, or the "
			   "server's certificate is not to be trusted." },
	{ "some-refused", EXIT_SOME_REFUSED, false,
	  "Some recipients were accepted or wait in the queue, and some were "
	  "refused; standard error names these." },
	{ NULL, 0, false, NULL },
};

static void set_sentence(struct fault *f, enum fault_cause cause,
			 const char *format, va_list ap)
{
	f->cause = cause;
	f->temporary = fault_rows[cause].temporary;
	vsnprintf(f->text, sizeof(f->text), format, ap);
	/* a server's words and a file's name stand in it */
	text_drop_partial(f->text);
	text_sanitize(f->text);
}

int fault_set(struct fault *f, enum fault_cause cause, const char *format, ...)
{
	va_list ap;

	if (fault_is_set(f))
		return -1;
	va_start(ap, format);
	set_sentence(f, cause, format, ap);
	va_end(ap);
	return -1;
}

static bool may_pass(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
	case EINTR:
		return true;
	default:
		return false;
	}
}

int fault_errno(struct fault *f, enum fault_cause cause, int error,
		const char *format, ...)
{
	size_t n;
	va_list ap;

	if (fault_is_set(f))
		return -1;
	va_start(ap, format);
	set_sentence(f, cause, format, ap);
	va_end(ap);
	n = strlen(f->text);
	snprintf(f->text + n, sizeof(f->text) - n, ": %s", strerror(error));
	if (may_pass(error)) {
		f->cause = FAULT_TEMPORARY;
		f->temporary = true;
	}
	if (error == ENOSPC || error == EDQUOT)
		snprintf(f->esc, sizeof(f->esc), "4.3.1"); /* RFC 3463 3.4 */
	return -1;
}

int fault_copy(struct fault *f, const struct fault *from)
{
	if (!fault_is_set(f))
		*f = *from;
	return -1;
}

void fault_clear(struct fault *f)
{
	*f = (struct fault)FAULT_INIT;
}

struct small_fault small_fault_of(const struct fault *f, const char *text)
{
	struct small_fault v = { .cause = f->cause,
				 .temporary = f->temporary,
				 .reply = f->reply,
				 .text = text };

	memcpy(v.esc, f->esc, sizeof(v.esc));
	return v;
}

struct fault small_fault_whole(const struct small_fault *v)
{
	struct fault f = { .cause = v->cause,
			   .temporary = v->temporary,
			   .reply = v->reply };

	memcpy(f.esc, v->esc, sizeof(f.esc));
	snprintf(f.text, sizeof(f.text), "%s", small_fault_text(v));
	text_drop_partial(f.text);
	return f;
}

int fault_exit_of(enum fault_cause cause)
{
	return fault_rows[cause].exit;
}

int fault_exit(const struct fault *f)
{
	return fault_exit_of(f->cause);
}

const char *fault_name(enum fault_cause cause)
{
	return fault_rows[cause].name;
}

bool fault_cause_of(const char *name, enum fault_cause *cause)
{
	for (size_t i = 0; i <= FAULT_CONFIG; i++) {
		if (strcmp(name, fault_rows[i].name) != 0)
			continue;
		*cause = (enum fault_cause)i;
		return true;
	}
	return false;
}
