/* conn.c - the open connection: octets through libcurl, and lines over them. */
#include "net/conn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "net/handle.h"

/* ---- octets ---- */

static int lost(struct conn *c, const char *how, struct error *f)
{
	c->is_broken = true;
	return error_set(f, ERROR_TEMPORARY,
			 "the connection to %s was lost%s%s", c->place,
			 *how ? ": " : "", how);
}

static int lost_with_code(struct conn *c, CURLcode code, struct error *f)
{
	return lost(c, c->words[0] ? c->words : curl.strerror(code), f);
}

static int check(struct conn *c, struct error *f)
{
	if (!c->is_broken)
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "the connection to %s is closed already", c->place);
}

ssize_t conn_send(struct conn *c, const void *data, size_t n, struct error *f)
{
	size_t sent = 0;
	CURLcode code;

	c->words[0] = '\0';
	code = curl.send(c->handle->curl, data, n, &sent);
	if (code == CURLE_AGAIN)
		return 0;
	return code ? lost_with_code(c, code, f) : (ssize_t)sent;
}

/* The buffered octets were received first. */
static size_t take_over(struct conn *c, void *data, size_t n)
{
	size_t got = c->have - c->at;

	got = got < n ? got : n;
	memcpy(data, c->room + c->at, got);
	c->at += got;
	return got;
}

ssize_t conn_receive(struct conn *c, void *data, size_t n, bool *end,
		     struct error *f)
{
	size_t got = 0;
	CURLcode code;

	*end = false;
	if (c->at < c->have)
		return (ssize_t)take_over(c, data, n);
	c->words[0] = '\0';
	code = curl.recv(c->handle->curl, data, n, &got);
	if (code == CURLE_AGAIN)
		return 0;
	if (code)
		return lost_with_code(c, code, f);
	*end = got == 0;
	return (ssize_t)got;
}

int conn_wait(struct conn *c, bool to_send, struct wait *w, struct error *f)
{
	short events = (short)(POLLIN | (to_send ? POLLOUT : 0));

	return wait_socket(w, c->socket, events, c->place, f);
}

/* ---- lines: time ---- */

void conn_expect(struct conn *c)
{
	c->talk = 0;
	if (c->limits_reply)
		wait_begin(&c->wait, c->milliseconds);
	else
		wait_begin_stream(&c->wait, c->milliseconds);
	c->wait.act = "answer";
}

void conn_limit_time(struct conn *c, unsigned milliseconds)
{
	if (c->milliseconds > milliseconds)
		c->milliseconds = milliseconds;
	c->limits_reply = true;
	conn_expect(c);
}

static int out_of_time(struct conn *c, struct error *f)
{
	unsigned seconds =
		c->shown_seconds ? c->shown_seconds : c->milliseconds / 1000;

	if (wait_was_slow(&c->wait))
		return error_set(f, ERROR_TEMPORARY,
				 "%s is too slow: timeout after %u seconds",
				 c->place, seconds * WAIT_SLOWNESS);
	return error_set(f, ERROR_TEMPORARY,
			 "%s did not answer within %u seconds", c->place,
			 seconds);
}

static int wait_for(struct conn *c, short events, struct error *f)
{
	enum wait_end end =
		wait_socket(&c->wait, c->socket, events, c->place, f);

	if (end == WAIT_READY)
		return 0;
	c->is_broken = true;
	return end == WAIT_TIME ? out_of_time(c, f) : -1;
}

/* ---- lines: sent ---- */

static void trace_sent(const struct conn *c, const char *text,
		       const char *shown)
{
	if (shown) {
		trace_line(c->trace, 'C', shown, strlen(shown));
		return;
	}
	while (*text) {
		size_t n = strcspn(text, "\n");

		trace_line(c->trace, 'C', text, n);
		text += n + (text[n] == '\n');
	}
}

int conn_send_text(struct conn *c, const char *text, const char *shown,
		   struct error *f)
{
	size_t n = strlen(text), done = 0;

	if (check(c, f) < 0)
		return -1;
	conn_expect(c);
	trace_sent(c, text, shown);
	while (done < n) {
		ssize_t sent = conn_send(c, text + done, n - done, f);

		if (sent < 0 || (sent == 0 && wait_for(c, POLLOUT, f) < 0))
			return -1;
		done += (size_t)sent;
		if (sent)
			wait_progress(&c->wait, (size_t)sent);
	}
	return 0;
}

/* ---- lines: received ---- */

/* Receives until there is an octet: TLS may have some buffered that poll does
 * not report. */
static int fill(struct conn *c, struct error *f)
{
	if (!c->room)
		c->room = memory_alloc(CONN_ROOM);
	c->at = c->have = 0;
	for (;;) {
		bool end = false;
		ssize_t n = conn_receive(c, c->room, CONN_ROOM, &end, f);

		if (n < 0)
			return -1;
		if (end)
			return lost(c, "", f);
		if (n > 0) {
			c->have = (size_t)n;
			wait_progress(&c->wait, c->have);
			return 0;
		}
		if (wait_for(c, POLLIN, f) < 0)
			return -1;
	}
}

int conn_peek(struct conn *c, const char **data, size_t *n, struct error *f)
{
	if (c->at == c->have && (check(c, f) < 0 || fill(c, f) < 0))
		return -1;
	*data = c->room + c->at;
	*n = c->have - c->at;
	return 0;
}

void conn_consume(struct conn *c, size_t n)
{
	c->at += n;
}

int conn_garbled(struct conn *c, const char *what, struct error *f)
{
	c->is_broken = true;
	return error_set(f, ERROR_PROTOCOL, "%s %s", c->place, what);
}

int conn_count(struct conn *c, size_t n, struct error *f)
{
	c->talk += n;
	if (c->talk <= CONN_TALK_MAX)
		return 0;
	return conn_garbled(c, "sends an overlong response", f);
}

static int read_piece(struct conn *c, struct error *f)
{
	const char *data, *lf;
	size_t n;

	do {
		if (conn_peek(c, &data, &n, f) < 0)
			return -1;
		lf = memchr(data, '\n', n);
		if (lf)
			n = (size_t)(lf - data) + 1;
		if (buf_put(&c->line, data, n) < 0)
			return conn_garbled(c, "sends a line without an end",
					    f);
		conn_consume(c, n);
		if (conn_count(c, n, f) < 0)
			return -1;
	} while (!lf);
	return 0;
}

static void trace_challenge(struct conn *c, const char *word,
			    const char *challenge)
{
	struct buf reason = BUF_INIT(1024);
	char shown[16];

	snprintf(shown, sizeof(shown), "%s ***", word);
	trace_line(c->trace, 'S', shown, strlen(shown));
	challenge += *challenge == ' ';
	if (sasl_reason(c->sasl, challenge, &reason))
		trace_remark(c->trace, "the log-in is refused: %s",
			     reason.data);
	buf_free(&reason);
}

/* A challenge is masked, and secrets that a refusal repeats are removed. */
static void trace_received(struct conn *c)
{
	struct buf *line = &c->line;

	if (c->sasl && line->data[0] == '+' && line->data[1] != 'O') {
		trace_challenge(c, "+", line->data + 1);
		return;
	}
	if (c->sasl && !strncmp(line->data, "334", 3)) {
		trace_challenge(c, "334", line->data + 3);
		return;
	}
	if (c->sasl) {
		sasl_hide(c->sasl, line->data);
		line->len = strlen(line->data);
	}
	trace_line(c->trace, 'S', line->data, line->len);
}

int conn_read_line(struct conn *c, struct error *f)
{
	struct buf *line = &c->line;

	buf_reset(line);
	if (read_piece(c, f) < 0)
		return -1;
	while (line->len && (line->data[line->len - 1] == '\n' ||
			     line->data[line->len - 1] == '\r'))
		buf_truncate(line, line->len - 1);
	for (size_t i = 0; i < line->len; i++)
		if (!line->data[i])
			line->data[i] = '?';
	trace_received(c);
	return 0;
}
