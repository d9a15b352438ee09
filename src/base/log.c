/* log.c - lines for people, each written with one call so that they stay
 * whole. */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/sysenv.h"
#include "base/text.h"

#define LINE_MAX_OCTETS 4200 /* of a transcript */
#define WAIT_MS		2000 /* that need no message */

static struct {
	const char *name;
	bool quiet, silent;
	bool progress_shown;
	bool is_amid_line;				/* of stdout */
	enum { UNKNOWN, TERMINAL, NO_TERMINAL } errors; /* stderr */
} self = { .name = "mailsend" };

void log_open(const char *name)
{
	self.name = name;
	self.errors = UNKNOWN;
}

void log_quiet(bool quiet)
{
	self.quiet = quiet;
}

void log_silence(void)
{
	self.quiet = self.silent = true;
}

/* A closed standard error is no reason to fail: the mail is more important. */
static void emit(const char *text, size_t n)
{
	int r = io_write_all(STDERR_FILENO, text, n);

	(void)r;
}

static void emit_line(const char *kind, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
static void emit_line(const char *kind, const char *format, va_list ap)
{
	char line[2048];
	int head, n;

	log_progress_end();
	head = snprintf(line, 256, "%s: %s", self.name, kind);
	if (head > 255)
		head = 255;
	n = vsnprintf(line + head, sizeof(line) - 1 - (size_t)head, format, ap);
	if (n < 0)
		return;
	n = (int)text_sanitize(line);
	line[n++] = '\n';
	emit(line, (size_t)n);
}

void log_error(const char *format, ...)
{
	va_list ap;

	if (self.silent)
		return;
	va_start(ap, format);
	emit_line("", format, ap);
	va_end(ap);
}

void log_warning(const char *format, ...)
{
	va_list ap;

	if (self.quiet)
		return;
	va_start(ap, format);
	emit_line("warning: ", format, ap);
	va_end(ap);
}

void log_note(const char *format, ...)
{
	va_list ap;

	if (self.quiet)
		return;
	va_start(ap, format);
	emit_line("", format, ap);
	va_end(ap);
}

void log_line(const char *prefix, const char *text, size_t n)
{
	struct buf line = BUF_INIT(LINE_MAX_OCTETS);

	log_progress_end();
	text_puts_safe(&line, prefix);
	if (n > LINE_MAX_OCTETS - line.len - 1)
		n = text_cut(text, LINE_MAX_OCTETS - line.len - 1);
	text_put_safe(&line, text, n);
	buf_putc(&line, '\n');
	emit(line.data, line.len);
	buf_free(&line);
}

bool log_has_progress(void)
{
	if (self.quiet)
		return false;
	if (self.errors == UNKNOWN)
		self.errors = sysenv_is_terminal(STDERR_FILENO) ? TERMINAL
								: NO_TERMINAL;
	return self.errors == TERMINAL;
}

void log_stop_progress(void)
{
	self.errors = NO_TERMINAL;
	self.progress_shown = false;
}

void log_progress(const char *format, ...)
{
	char line[256] = "\r\033[K";
	size_t head = strlen(line);
	va_list ap;

	if (!log_has_progress() ||
	    (self.is_amid_line && sysenv_is_terminal(STDOUT_FILENO)))
		return;
	va_start(ap, format);
	vsnprintf(line + head, sizeof(line) - head, format, ap);
	va_end(ap);
	emit(line, head + text_sanitize(line + head));
	self.progress_shown = true;
}

void log_progress_end(void)
{
	if (self.progress_shown)
		emit("\r\033[K", 4);
	self.progress_shown = false;
}

uint64_t log_waiting(const char *place, const char *act, uint64_t lasted)
{
	if (!log_has_progress())
		return UINT64_MAX;
	if (lasted < WAIT_MS)
		return WAIT_MS - lasted;
	log_progress("waiting for %s to %s ... %" PRIu64 " s", place, act,
		     lasted / 1000);
	return 1000 - lasted % 1000;
}

void log_output(const char *data, size_t n)
{
	if (!n)
		return;
	log_progress_end();
	self.is_amid_line = data[n - 1] != '\n';
}
