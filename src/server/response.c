/* response.c - converts errors into replies. */
#include "server/protocol_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int response_set(struct response *a, int code, const char *esc,
		 const char *format, ...)
{
	va_list ap;

	a->code = code;
	snprintf(a->esc, sizeof(a->esc), "%s", esc);
	va_start(ap, format);
	vsnprintf(a->text, sizeof(a->text), format, ap);
	va_end(ap);
	return code >= 400 ? -1 : 0;
}

/* Without a server's reply: an error in the mail itself is permanent, and
 * anything else is between us and the next server. */
static const struct {
	enum error_cause cause;
	int code;
	const char *esc;
} causes[] = {
	{ ERROR_USAGE, 554, "5.1.3" },	    { ERROR_DATA, 554, "5.6.0" },
	{ ERROR_NOUSER, 550, "5.1.1" },	    { ERROR_NOHOST, 451, "4.4.4" },
	{ ERROR_PERMISSION, 451, "4.3.5" }, { ERROR_UNAVAILABLE, 451, "4.4.0" },
	{ ERROR_PROTOCOL, 451, "4.5.0" },   { ERROR_TEMPORARY, 451, "4.4.0" },
	{ ERROR_CANTCREAT, 451, "4.3.0" },  { ERROR_SOFTWARE, 451, "4.3.0" },
	{ ERROR_NOINPUT, 451, "4.3.0" },    { ERROR_OS, 451, "4.3.0" },
	{ ERROR_IO, 451, "4.3.0" },
};

/* The server wants a log-in, or another one: that is between it and us. */
static bool is_our_login(const struct error *f)
{
	return f->reply == 530 || f->reply == 534 || f->reply == 535 ||
	       f->reply == 538;
}

/* Codes that a client may get at MAIL, RCPT and the end of DATA alike; 421
 * would say that we hang up. */
static int lawful_code(const struct error *f, bool temporary)
{
	if (temporary)
		return f->reply == 450 || f->reply == 452 ? f->reply : 451;
	return f->reply >= 550 && f->reply <= 554 ? f->reply : 554;
}

static void set_codes(struct response *a, const struct error *f)
{
	bool temporary = f->temporary;
	const char *esc = NULL;

	a->code = 0;
	if (f->cause == ERROR_CONFIG || is_our_login(f)) {
		a->code = 451;
		esc = "4.3.5";
	} else if (!f->reply && temporary && strcmp(f->esc, "4.3.1") == 0) {
		a->code = 452; /* no room: RFC 5321 4.2.3 */
		esc = f->esc;
	} else if (!f->reply) {
		for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
			if (causes[i].cause == f->cause &&
			    (causes[i].code < 500 || !temporary)) {
				a->code = causes[i].code;
				esc = causes[i].esc;
			}
	} else if (f->esc[0] == (temporary ? '4' : '5')) {
		esc = f->esc;
	}
	if (!a->code)
		a->code = lawful_code(f, temporary);
	if (!esc)
		esc = a->code < 500 ? "4.0.0" : "5.0.0";
	snprintf(a->esc, sizeof(a->esc), "%s", esc);
}

int response_error(struct response *a, const struct error *f)
{
	set_codes(a, f);
	snprintf(a->text, sizeof(a->text), "%.600s", f->text);
	return -1;
}

static bool is_about_mail(const struct error *f)
{
	return f->reply ? !is_our_login(f)
			: f->cause == ERROR_USAGE || f->cause == ERROR_DATA ||
				  f->cause == ERROR_NOUSER;
}

int response_error_outside(struct response *a, const struct error *f)
{
	set_codes(a, f);
	if (is_about_mail(f))
		snprintf(a->text, sizeof(a->text), "%.600s", f->text);
	else
		snprintf(a->text, sizeof(a->text), "%s",
			 a->code == 452
				 ? "the disk has no room for more mail now"
				 : "the mail service cannot take it; its log "
				   "tells why");
	return -1;
}

void response_put(struct buf *out, const struct response *a, bool more)
{
	char line[RESPONSE_LINE_MAX + 1];
	int n = snprintf(line, sizeof(line), "%d%c%s%s%s", a->code,
			 more ? '-' : ' ', a->esc, a->esc[0] ? " " : "",
			 a->text);

	if (n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < 32 || (unsigned char)line[i] > 126)
			line[i] = '?';
	buf_put(out, line, (size_t)n);
	buf_puts(out, "\r\n");
}

/* ---- what a session says, and what that costs it ---- */

void server_reply(struct server *s, const struct response *a, bool more)
{
	size_t before = s->out.len;

	response_put(&s->out, a, more);
	trace_line(s->trace, '>', s->out.data + before,
		   s->out.len - before - 2);
}

void server_say(struct server *s, int code, const char *esc, const char *format,
		...)
{
	struct response a = { .code = code };
	va_list ap;

	snprintf(a.esc, sizeof(a.esc), "%s", esc);
	va_start(ap, format);
	vsnprintf(a.text, sizeof(a.text), format, ap);
	va_end(ap);
	server_reply(s, &a, false);
}

void server_hang_up(struct server *s, const char *esc, const char *why)
{
	server_say(s, 421, esc, "%s %s", s->options->name, why);
	s->want = SERVER_CLOSE;
}

/* Since the last message; those whose answer is to come count as messages. */
static bool is_too_many(const struct server *s, unsigned count, size_t most)
{
	return count >= most * (s->later_count + 1);
}

void server_error(struct server *s, int code, const char *esc, const char *text)
{
	server_say(s, code, esc, "%s", text);
	if (is_too_many(s, ++s->errors, SERVER_ERRORS_MAX))
		server_hang_up(s, "4.7.0", "too many errors");
}

void server_junk(struct server *s)
{
	if (is_too_many(s, s->junk++, SERVER_JUNK_MAX) &&
	    is_too_many(s, ++s->errors, SERVER_ERRORS_MAX) &&
	    s->want == SERVER_READ)
		server_hang_up(s, "4.7.0", "too many commands and no message");
}

void server_refuse_lone(struct server *s)
{
	server_say(s, 521, "5.5.2",
		   "%s hangs up: bare CR or LF; a line ends in CR LF",
		   s->options->name);
	s->errors++;
	s->want = SERVER_CLOSE;
}

void server_accepted(struct server *s)
{
	s->errors = s->junk = 0;
	s->messages++;
}

/* ---- answers that come later ---- */

size_t server_ready(const struct server *s)
{
	return s->later_count ? s->later[0] : s->out.len;
}

static void move_later(struct server *s, size_t by)
{
	for (size_t i = 0; i < s->later_count; i++)
		s->later[i] += by;
}

void server_sent(struct server *s, size_t n)
{
	buf_shift(&s->out, n);
	move_later(s, -n);
}

/* Behind all of `out`, and from there into its place. */
void server_answer(struct server *s, const struct response *a)
{
	size_t at = s->later[0], end = s->out.len, n;
	char line[RESPONSE_LINE_MAX + 2];

	if (a->code < 400)
		server_accepted(s);
	server_reply(s, a, false);
	n = s->out.len - end;
	memcpy(line, s->out.data + end, n);
	memmove(s->out.data + at + n, s->out.data + at, end - at);
	memcpy(s->out.data + at, line, n);
	s->later_count--;
	memmove(s->later, s->later + 1, s->later_count * sizeof(*s->later));
	move_later(s, n);
}
