/* wire.h - a dial without a network: a small SMTP server in memory.
 *
 * It defines the functions of net/conn.h that a session calls.  The server
 * shows its replies only when the client waits, so that waiting is counted as a
 * network would; it is good unless a script says otherwise. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/dial.h"

#define WIRE_DROP   "drop"   /* end of file behind what was said */
#define WIRE_SILENT "silent" /* never another word */

/* The first step whose `on` begins the command, and that was not used yet,
 * says what is replied: whole replies with their CRLF.  "." is the end of the
 * content, "+N" is that N octets of content have come. */
struct wire_step {
	const char *on, *say;
};

struct wire {
	const struct wire_step *steps;
	size_t send_most, receive_most; /* at a time; 0: all */
	bool balk;			/* every other send goes not at all */
	bool is_deaf;	   /* behind a message that it took, but to QUIT */
	size_t drop_after; /* octets from the client; 0: never */
	/* A BDAT that nobody is there to take is answered before its octets
	 * come; they are dropped, or taken for commands. */
	bool is_early, spills;

	struct dial dial;
	struct buf log;	 /* commands, each with LF */
	struct buf body; /* without dots */
	struct buf got;	 /* MAIL, and the RCPTs that were accepted, of each
			    message that was, with LF */
	struct buf mail; /* the same of the transaction */
	struct buf in, due, shown;
	bool used[64];
	enum { WIRE_COMMANDS, WIRE_DOTS, WIRE_CHUNK } mode;
	size_t chunk, taken, came, sends;
	bool is_open, is_answered, dropped, silent;
	unsigned waits;	   /* that were for a reply */
	unsigned accepted; /* messages that were answered with 2xx */
	const void *tried;
	size_t tried_n;
};

static inline void wire_init(struct wire *w, const struct wire_step *steps,
			     unsigned caps)
{
	memset(w, 0, sizeof(*w));
	w->steps = steps;
	w->dial.caps.flags = caps;
	buf_init(&w->log, 1 << 20);
	buf_init(&w->body, 1 << 24);
	buf_init(&w->got, 1 << 20);
	buf_init(&w->mail, 1 << 20);
	buf_init(&w->in, 1 << 24);
	buf_init(&w->due, 1 << 20);
	buf_init(&w->shown, 1 << 20);
}

static inline void wire_free(struct wire *w)
{
	buf_free(&w->log);
	buf_free(&w->body);
	buf_free(&w->got);
	buf_free(&w->mail);
	buf_free(&w->in);
	buf_free(&w->due);
	buf_free(&w->shown);
}

/* ---- the server */

static inline const char *wire_script(struct wire *w, const char *command)
{
	for (size_t i = 0; w->steps && w->steps[i].on; i++) {
		if (w->used[i] ||
		    strncmp(command, w->steps[i].on, strlen(w->steps[i].on)))
			continue;
		w->used[i] = true;
		return w->steps[i].say;
	}
	return NULL;
}

/* Returns the first digit of what was replied last. */
static inline char wire_say(struct wire *w, const char *command,
			    const char *otherwise)
{
	const char *say = wire_script(w, command), *drop;

	if (!say)
		say = otherwise;
	if (w->dropped || w->silent ||
	    (w->is_deaf && w->accepted && strcmp(command, "QUIT") != 0))
		return '0';
	if (!strcmp(say, WIRE_SILENT)) {
		w->silent = true;
		return '0';
	}
	drop = strstr(say, WIRE_DROP);
	buf_put(&w->due, say, drop ? (size_t)(drop - say) : strlen(say));
	w->dropped = drop != NULL;
	/* Half a reply, and then nothing. */
	w->silent = !drop && *say && say[strlen(say) - 1] != '\n';
	return w->silent ? '0' : *say;
}

/* What a failed BDAT leaves is as bad as may be: RFC 3030 2. */
static inline void wire_end_content(struct wire *w)
{
	bool is_chunk = w->mode == WIRE_CHUNK;
	bool is_good;

	w->mode = WIRE_COMMANDS;
	if (is_chunk && w->is_answered)
		return;
	is_good = wire_say(w, ".",
			   w->taken ? "250 2.0.0 queued as X\r\n"
				    : "554 5.5.1 nobody\r\n") == '2' &&
		  w->taken;
	w->accepted += is_good;
	if (is_good)
		buf_put(&w->got, w->mail.data, w->mail.len);
	if (is_good || !is_chunk) {
		w->is_open = false;
		w->taken = 0;
	}
}

static inline void wire_show(struct wire *w)
{
	buf_put(&w->shown, w->due.data, w->due.len);
	buf_reset(&w->due);
}

/* Nobody waits for a reply then: it is seen at once. */
static inline void wire_amid(struct wire *w)
{
	for (size_t i = 0; w->steps && w->steps[i].on; i++) {
		const char *on = w->steps[i].on;

		if (*on != '+' || w->used[i] ||
		    w->body.len < strtoul(on + 1, NULL, 10))
			continue;
		wire_say(w, on, "");
		wire_show(w);
	}
}

static inline void wire_foresee(struct wire *w)
{
	w->is_answered = !w->taken && (w->is_early || w->spills);
	if (!w->is_answered)
		return;
	if (w->spills)
		w->mode = WIRE_COMMANDS;
	wire_say(w, ".", "503 5.5.1 nobody\r\n");
	wire_show(w);
}

static inline void wire_command(struct wire *w, const char *line)
{
	buf_printf(&w->log, "%s\n", line);
	if (!strncmp(line, "MAIL", 4)) {
		assert_false(w->is_open);
		w->taken = 0;
		buf_reset(&w->mail);
		buf_printf(&w->mail, "%s\n", line);
		w->is_open = wire_say(w, line, "250 2.1.0 ok\r\n") == '2';
	} else if (!strncmp(line, "RCPT", 4)) {
		if (wire_say(w, line,
			     w->is_open ? "250 2.1.5 ok\r\n"
					: "503 5.5.1 MAIL\r\n") == '2') {
			buf_printf(&w->mail, "%s\n", line);
			w->taken++;
		}
	} else if (!strncmp(line, "DATA", 4)) {
		if (wire_say(w, line,
			     w->taken ? "354 go\r\n"
				      : "554 5.5.1 nobody\r\n") == '3')
			w->mode = WIRE_DOTS;
	} else if (sscanf(line, "BDAT %zu LAST", &w->chunk) == 1) {
		w->mode = WIRE_CHUNK;
		wire_foresee(w);
	} else if (!strcmp(line, "RSET")) {
		w->is_open = false;
		w->taken = 0;
		wire_say(w, line, "250 2.0.0 ok\r\n");
	} else {
		wire_say(w, line,
			 strcmp(line, "QUIT") ? "500 5.5.2 what?\r\n"
					      : "221 2.0.0 bye\r\n");
		if (w->spills)
			wire_show(w);
	}
}

/* 1 when something was taken. */
static inline int wire_step_on(struct wire *w)
{
	struct buf *in = &w->in;
	size_t n = w->chunk < in->len ? w->chunk : in->len;
	char *end;

	if (w->mode == WIRE_CHUNK) {
		buf_put(&w->body, in->data, n);
		buf_shift(in, n);
		w->chunk -= n;
		wire_amid(w);
		if (!w->chunk)
			wire_end_content(w);
		return w->chunk == 0;
	}
	end = in->len ? memmem(in->data, in->len, "\r\n", 2) : NULL;
	if (!end)
		return 0;
	n = (size_t)(end - in->data);
	if (w->mode == WIRE_COMMANDS) {
		in->data[n] = '\0';
		wire_command(w, in->data);
	} else if (n == 1 && in->data[0] == '.') {
		wire_end_content(w);
	} else {
		size_t dot = n && in->data[0] == '.';

		buf_put(&w->body, in->data + dot, n + 2 - dot);
		wire_amid(w);
	}
	buf_shift(in, n + 2);
	return 1;
}

/* ---- the dial */

static inline struct wire *wire_of(const struct conn *c)
{
	return (struct wire *)((char *)(uintptr_t)c -
			       offsetof(struct wire, dial.conn));
}

ssize_t conn_send(struct conn *c, const void *data, size_t n, struct error *f)
{
	struct wire *w = wire_of(c);
	size_t some = w->send_most && w->send_most < n ? w->send_most : n;

	if (w->tried) {
		assert_ptr_equal(w->tried, data);
		assert_int_equal(w->tried_n, n);
		w->tried = NULL;
	} else if (w->balk && w->sends++ % 2) {
		w->tried = data;
		w->tried_n = n;
		return 0;
	}
	if (w->dropped) {
		wire_show(w); /* what was said before arrives before it */
		return error_set(f, ERROR_TEMPORARY, "broken pipe");
	}
	if (w->drop_after && w->came + some > w->drop_after)
		some = w->drop_after - w->came;
	w->came += some;
	buf_put(&w->in, data, some);
	if (w->drop_after == w->came && w->drop_after) {
		w->dropped = true;
		return (ssize_t)some;
	}
	while (wire_step_on(w))
		;
	return (ssize_t)some;
}

ssize_t conn_receive(struct conn *c, void *data, size_t n, bool *end,
		     struct error *f)
{
	struct wire *w = wire_of(c);
	size_t some = w->shown.len < n ? w->shown.len : n;

	(void)f;
	if (w->receive_most && some > w->receive_most)
		some = w->receive_most;
	*end = false;
	if (!some && !w->due.len)
		*end = w->dropped;
	memcpy(data, w->shown.data, some);
	buf_shift(&w->shown, some);
	return (ssize_t)some;
}

int conn_wait(struct conn *c, bool to_send, struct wait *limit, struct error *f)
{
	struct wire *w = wire_of(c);

	(void)limit;
	(void)f;
	assert_int_equal(w->shown.len, 0);
	if (to_send)
		return 1;
	w->waits++;
	if (!w->due.len && !w->dropped)
		return 0;
	wire_show(w);
	return 1;
}

#endif
