/* fault.c - the table of causes, and sentences that are safe to show. */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

static const struct {
	const char *name;
	int exit;
	bool temporary;
} causes[] = {
	[FAULT_NONE] = { "ok", EX_OK, false },
	[FAULT_USAGE] = { "usage", EX_USAGE, false },
	[FAULT_DATA] = { "data", EX_DATAERR, false },
	[FAULT_NOINPUT] = { "no-input", EX_NOINPUT, false },
	[FAULT_NOUSER] = { "no-user", EX_NOUSER, false },
	[FAULT_NOHOST] = { "no-host", EX_NOHOST, false },
	[FAULT_UNAVAILABLE] = { "unavailable", EX_UNAVAILABLE, false },
	[FAULT_SOFTWARE] = { "software", EX_SOFTWARE, false },
	[FAULT_OS] = { "os", EX_OSERR, true },
	[FAULT_CANTCREAT] = { "cannot-create", EX_CANTCREAT, false },
	[FAULT_IO] = { "io", EX_IOERR, true },
	[FAULT_TEMPORARY] = { "temporary", EX_TEMPFAIL, true },
	[FAULT_INTERRUPTED] = { "interrupted", EX_TEMPFAIL, true },
	[FAULT_PROTOCOL] = { "protocol", EX_PROTOCOL, false },
	[FAULT_PERMISSION] = { "permission", EX_NOPERM, false },
	[FAULT_CONFIG] = { "config", EX_CONFIG, false },
};

static void set_sentence(struct fault *f, enum fault_cause cause,
			 const char *format, va_list ap)
{
	f->cause = cause;
	f->temporary = causes[cause].temporary;
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
	return -1;
}

void fault_clear(struct fault *f)
{
	*f = (struct fault)FAULT_INIT;
}

int fault_exit(const struct fault *f)
{
	return causes[f->cause].exit;
}

const char *fault_name(enum fault_cause cause)
{
	return causes[cause].name;
}

bool fault_cause_of(const char *name, enum fault_cause *cause)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (strcmp(name, causes[i].name) != 0)
			continue;
		*cause = (enum fault_cause)i;
		return true;
	}
	return false;
}
