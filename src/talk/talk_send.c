/* talk_send.c - sending lines.
 *
 *	kind of line	how it is sent
 *	COMMAND		with its tag; the protocol sets the next kind
 *	BODY		dot-stuffed, no reply expected before the lone dot
 *	ANSWER		unchanged, shown as ***
 *	OCTETS		unchanged, counted; then the command continues
 *	LINE		unchanged
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/dot.h"
#include "flow/crlf.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "talk/talk_inside.h"

#define SEND_SECONDS 300

static int report_lost(struct talk *t, const struct error *why, struct error *f)
{
	t->is_lost = true;
	return error_set(f, ERROR_TEMPORARY, "%s accepts no more%s%s",
			 t->line->place, error_is_set(why) ? ": " : "",
			 why->text);
}

static int send_all(struct talk *t, const void *data, size_t n, struct error *f)
{
	const struct talk_line *l = t->line;
	struct error why = ERROR_INIT;
	const char *at = data;
	struct wait w;

	wait_begin_stream(&w, SEND_SECONDS * UINT64_C(1000));
	while (n) {
		struct pollfd p = { .fd = l->socket, .events = POLLOUT };
		ssize_t sent = l->send(l->context, at, n, &why);

		if (sent < 0 ||
		    (sent == 0 && wait_poll(&w, &p, 1, &why) != WAIT_READY))
			return report_lost(t, &why, f);
		if (sent > 0)
			wait_progress(&w, (size_t)sent);
		at += sent;
		n -= (size_t)sent;
	}
	return 0;
}

static int send_line(struct talk *t, const char *line, const char *before,
		     struct error *f)
{
	struct buf out = BUF_INIT(2 * TALK_LINE_MAX);
	int r;

	buf_printf(&out, "%s%s\r\n", before, line);
	r = send_all(t, out.data, out.len, f);
	buf_wipe(&out);
	return r;
}

static void expect_reply(struct talk *t)
{
	t->state.is_awaited = true;
	t->deadline = sysenv_ticks() + t->options->seconds * UINT64_C(1000);
}

/* libcurl does not start TLS on an open connection. */
static bool is_starttls(struct talk *t)
{
	const char *verb = t->state.verb;

	if (strcmp(verb, "STARTTLS") != 0 && strcmp(verb, "STLS") != 0)
		return false;
	talk_remark(t, "TLS begins before the dialogue: leave out --tls off");
	if (!t->options->is_terminal)
		error_set(&t->refusal, ERROR_USAGE,
			  "%s cannot be sent here: TLS begins before the "
			  "dialogue",
			  verb);
	return true;
}

/* The last word of a login command is the secret. */
static void remember_command(struct talk *t, const char *line)
{
	const char *last = strrchr(line, ' ');

	if (!last)
		return;
	last++;
	if (*last == '"' && strlen(last) > 2) {
		struct buf inner = BUF_INIT(TALK_LINE_MAX);

		buf_put(&inner, last + 1, strlen(last) - 2);
		talk_remember(t, inner.data);
		buf_wipe(&inner);
	}
	talk_remember(t, last);
}

int talk_send_command(struct talk *t, const char *line, struct error *f)
{
	struct buf out = BUF_INIT(TALK_LINE_MAX + 64);
	struct buf shown = BUF_INIT(TALK_LINE_MAX + 64);
	struct talk_state *s = &t->state;
	int r = 0;

	s->input = TALK_COMMAND;
	s->has_announced = false;
	t->options->protocol->parse_command(s, line, &out, &shown);
	t->may_be_secret = false;
	if (!is_starttls(t)) {
		talk_show(t, 'C', shown.data, shown.len);
		if (s->is_login && !t->line->is_safe)
			talk_remark(t, "this line is not encrypted: others can "
				       "read that");
		if (s->is_login && strcmp(shown.data, out.data) != 0)
			remember_command(t, out.data);
		r = send_line(t, out.data, "", f);
		if (r == 0 && s->input != TALK_OCTETS)
			expect_reply(t);
	}
	buf_wipe(&out);
	buf_wipe(&shown);
	return r;
}

/* All announced octets were sent; `tail` follows them on their line. */
static void end_octets(struct talk *t, const char *tail)
{
	struct talk_state *s = &t->state;
	bool asks;

	s->octets = 0;
	s->input = TALK_COMMAND;
	s->has_announced = talk_announces(tail, &s->announced, &asks);
	if (s->has_announced && !asks) {
		s->input = TALK_OCTETS;
		s->octets = s->announced;
		s->has_announced = false;
	} else {
		expect_reply(t);
	}
}

/* The whole message, or all announced octets, were sent. */
static void end_message(struct talk *t)
{
	if (t->state.input == TALK_OCTETS) {
		end_octets(t, "");
		return;
	}
	memcpy(t->state.verb, ".", 2);
	t->state.input = TALK_COMMAND;
	expect_reply(t);
}

static int send_body(struct talk *t, const char *line, struct error *f)
{
	if (strcmp(line, ".") != 0)
		return send_line(t, line, *line == '.' ? "." : "", f);
	end_message(t);
	return send_line(t, ".", "", f);
}

static int send_octets(struct talk *t, const char *line, struct error *f)
{
	bool is_exact = t->options->protocol->counts_exactly;
	size_t n = strlen(line) + 2;
	uint64_t left = t->state.octets;
	struct buf out = BUF_INIT(2 * TALK_LINE_MAX);
	int r;

	buf_printf(&out, "%s\r\n", line);
	if (left < n && is_exact)
		buf_truncate(&out, (size_t)left);
	/* a command in IMAP still needs its own end */
	if (left == n && !is_exact)
		buf_puts(&out, "\r\n");
	r = send_all(t, out.data, out.len, f);
	buf_wipe(&out);
	if (left > n)
		t->state.octets -= n;
	else
		end_octets(t, left + 2 < n && !is_exact ? line + left : "");
	return r;
}

static int send_answer(struct talk *t, const char *line, struct error *f)
{
	talk_remember(t, line);
	t->state.input = TALK_COMMAND;
	expect_reply(t);
	return send_line(t, line, "", f);
}

int talk_send_line(struct talk *t, const char *line, const char *shown,
		   struct error *f)
{
	if (!shown)
		shown = t->state.input == TALK_ANSWER ||
					(t->state.input == TALK_OCTETS &&
					 t->state.is_login)
				? "***"
				: line;
	talk_show(t, 'C', shown, strlen(shown));
	switch (t->state.input) {
	case TALK_BODY:
		return send_body(t, line, f);
	case TALK_OCTETS:
		return send_octets(t, line, f);
	case TALK_ANSWER:
		return send_answer(t, line, f);
	default:
		t->state.input = TALK_COMMAND;
		expect_reply(t);
		return send_line(t, line, "", f);
	}
}

/* ---- a file as the message ---- */

/* A file that cannot be read completely must not be accepted as a message, so
 * the connection is closed before the final dot. */

/* The connection as a sink. */
struct sink_line {
	struct sink sink;
	struct talk *talk;
};

static int line_put(struct sink *s, const void *data, size_t n)
{
	struct sink_line *l = (struct sink_line *)s;

	return send_all(l->talk, data, n, s->error);
}

static const struct sink_ops line_ops = { .put = line_put };

static int open_file(const char *path, struct error *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		error_errno(f, ERROR_NOINPUT, errno, "cannot read %s", path);
	return fd;
}

static int pump_file(const char *path, struct sink *end, struct error *f)
{
	struct source from;
	struct crlf crlf;
	int fd = open_file(path, f), r;

	if (fd < 0)
		return -1;
	source_of_stream(&from, fd, path);
	crlf_init(&crlf, end, true, true);
	r = pump(&from, &crlf.sink);
	if (r == 0)
		r = sink_close(&crlf.sink);
	close(fd);
	return r;
}

int talk_measure_file(const char *path, uint64_t *octets, struct error *f)
{
	struct sink_count count;

	sink_count_init(&count, NULL, f);
	if (pump_file(path, &count.sink, f) < 0)
		return -1;
	*octets = count.count;
	return 0;
}

int talk_send_file(struct talk *t, const char *path, struct error *f)
{
	struct sink_line line = { .sink = { .ops = &line_ops, .error = f },
				  .talk = t };
	bool is_dotted = t->state.input == TALK_BODY;
	struct sink_count count;
	struct dot dot;
	int r;

	dot_init(&dot, &line.sink);
	sink_count_init(&count, is_dotted ? &dot.sink : &line.sink, f);
	r = pump_file(path, &count.sink, f);
	if (r == 0 && !is_dotted)
		r = count.count == t->state.octets
			    ? send_all(t, "\r\n", 2, f)
			    : error_set(f, ERROR_IO, "%s has changed meanwhile",
					path);
	if (r == 0 && is_dotted)
		r = sink_close(&dot.sink);
	if (r < 0) {
		t->is_over = t->is_lost = true;
		return -1;
	}
	end_message(t);
	talk_remark(t, "%" PRIu64 " octets of %s%s", count.count, path,
		    is_dotted ? ", and the dot" : "");
	return 0;
}

/* ---- the display ---- */

/* The screen, the transcript, and what neither may show.  Only printable text
 * of the server goes to a terminal; the rest, including the marks that change
 * the direction of writing, is shown as \xNN. */

#define SHOWN_MAX    (5 * TALK_LINE_MAX)
#define SECRET_LEAST 4 /* octets; shorter ones occur in any text */

/* ---- the screen ---- */

static void put_screen(struct talk *t, const char *text, size_t n)
{
	static const char erase[] = "\r\033[K";

	if (error_is_set(&t->output_error))
		return;
	if (t->is_drawn)
		disk_write_all(STDOUT_FILENO, erase, sizeof(erase) - 1,
			       "standard output", &t->output_error);
	t->is_drawn = false;
	if (!error_is_set(&t->output_error))
		disk_write_all(STDOUT_FILENO, text, n, "standard output",
			       &t->output_error);
}

void talk_print(struct talk *t, const char *text)
{
	put_screen(t, text, strlen(text));
}

/* A negative reply stands out. */
static const char *colour_of(const struct talk *t, char direction,
			     const char *text)
{
	if (!t->options->has_colour)
		return "";
	switch (direction) {
	case 'C':
		return "\033[36m";
	case 'S':
		return *text == '4' || *text == '5' ||
				       ascii_begins(text, "-ERR")
			       ? "\033[31m"
			       : "\033[32m";
	default:
		return "\033[2m";
	}
}

static void to_screen(struct talk *t, char direction, const char *safe)
{
	const char *colour = colour_of(t, direction, safe);
	struct buf row = BUF_INIT(SHOWN_MAX + 64);

	if (direction == '=')
		buf_printf(&row, "%s   (%s)", colour, safe);
	else if (direction == ' ')
		buf_printf(&row, "   %s", safe);
	else
		buf_printf(&row, "%s%c:%s %s", colour, direction,
			   *colour && direction != '*' ? "\033[0m" : "", safe);
	buf_printf(&row, "%s\n", *colour ? "\033[0m" : "");
	put_screen(t, row.data, row.len);
	buf_free(&row);
}

/* ---- secrets ---- */

/* The text gets shorter. */
static void hide(char *text, const char *secret)
{
	size_t n = strlen(secret);
	char *at = text;

	while ((at = strstr(at, secret))) {
		memset(at, '*', 3);
		memmove(at + 3, at + n, strlen(at + n) + 1);
		at += 3;
	}
}

void talk_hide(const struct talk *t, char *text)
{
	for (size_t i = 0; i < t->secret_count; i++)
		hide(text, t->secrets[i]);
}

static void keep_secret(struct talk *t, const char *secret)
{
	size_t n = strlen(secret);
	char *copy;

	if (n < SECRET_LEAST)
		return;
	if (t->secret_count == TALK_SECRETS_MAX) {
		explicit_bzero(t->secrets[0], strlen(t->secrets[0]));
		free(t->secrets[0]);
		memmove(t->secrets, t->secrets + 1,
			(TALK_SECRETS_MAX - 1) * sizeof(*t->secrets));
		t->secret_count--;
	}
	copy = memory_alloc(n + 1);
	memcpy(copy, secret, n + 1);
	t->secrets[t->secret_count++] = copy;
}

/* The last of PLAIN's three parts is the password. */
static void keep_decoded(struct talk *t, const char *secret)
{
	struct buf plain = BUF_INIT(TALK_LINE_MAX);
	const char *last;

	if (unbase64_text(secret, &plain) == 0 && plain.len) {
		last = memrchr(plain.data, '\0', plain.len);
		if (last)
			keep_secret(t, last + 1);
	}
	buf_wipe(&plain);
}

void talk_remember(struct talk *t, const char *secret)
{
	keep_secret(t, secret);
	keep_decoded(t, secret);
}

void talk_forget(struct talk *t)
{
	while (t->secret_count) {
		char *secret = t->secrets[--t->secret_count];

		explicit_bzero(secret, strlen(secret));
		free(secret);
	}
}

/* ---- lines ---- */

/* In the transcript a challenge is masked as part of the login. */
static void show_line(struct talk *t, char direction, const char *text,
		      size_t n, bool is_challenge)
{
	struct buf safe = BUF_INIT(SHOWN_MAX);
	size_t code;

	text_put_escaped(&safe, text, n);
	if (direction == 'S')
		talk_hide(t, safe.data);
	safe.len = strlen(safe.data);
	to_screen(t, direction, safe.data);
	if (is_challenge) {
		code = strcspn(safe.data, " ");
		buf_truncate(&safe, code);
		buf_puts(&safe, " ***");
	}
	if (direction != '=' && direction != ' ' && t->options->transcript)
		trace_line(&t->options->transcript->trace, direction, safe.data,
			   safe.len);
	buf_wipe(&safe);
}

void talk_show(struct talk *t, char direction, const char *text, size_t n)
{
	show_line(t, direction, text, n, false);
}

void talk_show_received(struct talk *t, const char *line, size_t n)
{
	show_line(t, 'S', line, n, t->state.is_challenge);
}

void talk_printf(struct talk *t, char direction, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	talk_show(t, direction, text, strlen(text));
}
