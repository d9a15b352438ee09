/* trace.h - events on a connection, for observers: a transcript, the steps of
 * --check, the timing of a round trip.
 *
 * The code of the connection reports each event once, where it happens; an
 * observer has one callback.  Secrets are masked before.  An event with a mark
 * is a line of a transcript; the others summarize the lines before them, so
 * that nobody has to parse these again. */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_REMARK,
	EVENT_SENT,	 /* a line of ours */
	EVENT_RECEIVED,	 /* a line of the other side */
	EVENT_DIALING,	 /* from here on: a connection is made */
	EVENT_CONNECTED, /* text: "HOST:PORT, ADDRESS port PORT" */
	EVENT_TLS,	 /* text: "TLSv1.3, TLS_AES_256_GCM_SHA384" */
	EVENT_CERTIFICATE,
	/* a whole reply, `code` and the text of its first line: */
	EVENT_GREETING,
	EVENT_CAPABILITY, /* one of them, of the reply to come */
	EVENT_HELLO,	  /* to EHLO: all capabilities were told */
	EVENT_STARTTLS,
	EVENT_LOGIN, /* the last of it */
};

struct event {
	enum event_kind kind;
	char mark;	  /* 'C' we, 'S' the server, as a server '>' we and '<'
			     the client, '*' a remark; '\0': no line */
	const char *text; /* without a line end; not for a terminal as it is */
	size_t n;
	int code;    /* of a reply, else 0 */
	uint64_t at; /* sysenv_ticks() of when it happened */
};

struct trace {
	void (*take)(void *context, const struct event *e);
	void *context;
};

/* All of them accept NULL: no observer. */

void trace_take(const struct trace *t, const struct event *e);
/* A line with its mark; line ends are removed. */
void trace_line(const struct trace *t, char mark, const char *text, size_t n);
/* A remark of a kind; `at` is 0 for now. */
void trace_tell(const struct trace *t, enum event_kind kind, uint64_t at,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The summary of the lines before it, with the code of a reply or 0. */
void trace_mark(const struct trace *t, enum event_kind kind, int code,
		const char *text);
#define trace_remark(t, ...) trace_tell(t, EVENT_REMARK, 0, __VA_ARGS__)

#endif
