/* error.c - the table of causes, and sentences that are safe to show. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

const struct error_row error_rows[] = {
	[ERROR_NONE] = { "ok", EX_OK, false, "It was done." },
	[ERROR_USAGE] = { "usage", EX_USAGE, false,
			  "The command line is wrong: an option, an argument, "
			  "an address, or no recipient." },
	[ERROR_DATA] = { "data", EX_DATAERR, false,
			 "The message or another input is not acceptable: its "
			 "size, its content or an address in it." },
	[ERROR_NOINPUT] = { "no-input", EX_NOINPUT, false,
			    "A file, directory or message does not exist or "
			    "cannot be read." },
	[ERROR_NOUSER] = { "no-user", EX_NOUSER, false,
			   "The server does not know a recipient." },
	[ERROR_NOHOST] = { "no-host", EX_NOHOST, false,
			   "The name of a server or the domain of a recipient "
			   "does not exist." },
	[ERROR_UNAVAILABLE] = { "unavailable", EX_UNAVAILABLE, false,
				"The server refused permanently for another "
				"reason, or something required is not "
				"available: a library, TLS, a login or a valid "
				"certificate." },
	[ERROR_SOFTWARE] = { "software", EX_SOFTWARE, false,
			     "An internal error of the program." },
	[ERROR_OS] = { "os", EX_OSERR, true,
		       "The operating system cannot create a process or "
		       "pipe." },
	[ERROR_CANTCREAT] = { "cannot-create", EX_CANTCREAT, false,
			      "A file cannot be created or already exists." },
	[ERROR_IO] = { "io", EX_IOERR, true, "Reading or writing failed." },
	[ERROR_TEMPORARY] = { "temporary", EX_TEMPFAIL, true,
			      "Temporary failure, try again later: a server "
			      "cannot be reached or asks for it, something is "
			      "locked, or disk space, memory or file "
			      "descriptors are exhausted." },
	/* the process ends by the signal: no status of its own */
	[ERROR_INTERRUPTED] = { "interrupted", EX_TEMPFAIL, true, NULL },
	[ERROR_PROTOCOL] = { "protocol", EX_PROTOCOL, false,
			     "The server violates the protocol." },
	[ERROR_PERMISSION] = { "permission", EX_NOPERM, false,
			       "Permission denied: by the login, by the policy "
			       "of the server, or because something belongs to "
			       "another user." },
	[ERROR_CONFIG] = { "config", EX_CONFIG, false,
			   "The configuration is wrong or missing, or the "
			   "certificate of the server is not trusted." },
	{ "some-refused", EXIT_SOME_REFUSED, false,
	  "Some recipients were accepted or queued, and some were refused; "
	  "stderr lists the refused ones." },
	{ NULL, 0, false, NULL },
};

static void set_sentence(struct error *f, enum error_cause cause,
			 const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));
static void set_sentence(struct error *f, enum error_cause cause,
			 const char *format, va_list ap)
{
	f->cause = cause;
	f->temporary = error_rows[cause].temporary;
	vsnprintf(f->text, sizeof(f->text), format, ap);
	/* it has a server's words and a file's name in it */
	text_drop_partial(f->text);
	text_sanitize(f->text);
}

int error_set(struct error *f, enum error_cause cause, const char *format, ...)
{
	va_list ap;

	if (error_is_set(f))
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

int error_errno(struct error *f, enum error_cause cause, int error,
		const char *format, ...)
{
	size_t n;
	va_list ap;

	if (error_is_set(f))
		return -1;
	va_start(ap, format);
	set_sentence(f, cause, format, ap);
	va_end(ap);
	n = strlen(f->text);
	snprintf(f->text + n, sizeof(f->text) - n, ": %s", strerror(error));
	if (may_pass(error)) {
		f->cause = ERROR_TEMPORARY;
		f->temporary = true;
	}
	if (error == ENOSPC || error == EDQUOT)
		snprintf(f->esc, sizeof(f->esc), "4.3.1"); /* RFC 3463 3.4 */
	return -1;
}

int error_copy(struct error *f, const struct error *from)
{
	if (!error_is_set(f))
		*f = *from;
	return -1;
}

void error_clear(struct error *f)
{
	*f = (struct error)ERROR_INIT;
}

struct small_error small_error_of(const struct error *f, const char *text)
{
	struct small_error v = { .cause = f->cause,
				 .temporary = f->temporary,
				 .reply = f->reply,
				 .text = text };

	memcpy(v.esc, f->esc, sizeof(v.esc));
	return v;
}

struct error small_error_whole(const struct small_error *v)
{
	struct error f = { .cause = v->cause,
			   .temporary = v->temporary,
			   .reply = v->reply };

	memcpy(f.esc, v->esc, sizeof(f.esc));
	snprintf(f.text, sizeof(f.text), "%s", small_error_text(v));
	text_drop_partial(f.text);
	return f;
}

int error_exit_of(enum error_cause cause)
{
	return error_rows[cause].exit;
}

int error_exit(const struct error *f)
{
	return error_exit_of(f->cause);
}

const char *error_name(enum error_cause cause)
{
	return error_rows[cause].name;
}

bool error_cause_of(const char *name, enum error_cause *cause)
{
	for (size_t i = 0; i <= ERROR_CONFIG; i++) {
		if (strcmp(name, error_rows[i].name) != 0)
			continue;
		*cause = (enum error_cause)i;
		return true;
	}
	return false;
}
