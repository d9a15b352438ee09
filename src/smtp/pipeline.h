/* pipeline.h - commands that were sent, and the replies that are pending
 * (RFC 2920).
 *
 * Commands are buffered, and sent together when the buffer is full or the
 * caller waits.  Replies come back in the order of the commands.  Each complete
 * reply is passed to `on_reply` with the command it answers, also while more is
 * being sent: neither end can block the other.  A reply without a command is
 * passed with VERB_NONE.
 *
 * After any failure here the connection is broken: nothing more can be sent. */
#ifndef SMTP_PIPELINE_H
#define SMTP_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/source.h"
#include "net/conn.h"
#include "smtp/reply.h"

#define PIPELINE_ROOM ((size_t)128 * 1024) /* octets gathered */
#define PIPELINE_MAX  1024		   /* commands without their reply */

enum verb {
	VERB_NONE,
	VERB_RSET,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_CONTENT, /* the final dot, or BDAT LAST and its octets */
	VERB_QUIT,
};

struct pending {
	enum verb verb;
	size_t index; /* of the recipient */
	void *mail;   /* the caller's: the mail it belongs to */
};

struct pipeline;
/* -1 with the error: the connection cannot be used any more. */
typedef int pipeline_reply_handler(void *context, const struct pending *pending,
				   const struct reply *reply, struct error *f);

struct pipeline {
	struct conn *conn; /* borrowed */
	pipeline_reply_handler *on_reply;
	void *context;
	unsigned timeout; /* seconds for each reply; 0: by RFC 5321 4.5.3.2 */
	bool broken;
	unsigned round_trips; /* times that nothing could go on without a reply
			       */
	struct pending pending[PIPELINE_MAX];
	size_t first, count;
	struct reply reply; /* arriving */
	bool has_received;  /* something, since the last wait */
	char in[4096];
	char *out;
	size_t out_len, out_done;
	uint64_t flushed; /* octets that have left us, before those in `out` */
};

void pipeline_init(struct pipeline *p, struct conn *conn,
		   pipeline_reply_handler *on_reply, void *context);
void pipeline_free(struct pipeline *p);

/* One command without its CRLF.  With VERB_NONE no reply is expected yet: call
 * pipeline_expect when the octets that belong to it have followed. */
int pipeline_put_command(struct pipeline *p, const struct pending *pending,
			 const struct buf *command, struct error *f);
void pipeline_expect(struct pipeline *p, const struct pending *pending);
/* The position behind all that was put, and whether the socket has taken
 * everything up to there.  Also for a broken connection. */
uint64_t pipeline_mark(const struct pipeline *p);
bool pipeline_has_sent(const struct pipeline *p, uint64_t mark);

/* Sends all that was put, and reads what has arrived. */
int pipeline_flush(struct pipeline *p, struct error *f);
/* Reads what has arrived, without waiting. */
int pipeline_receive(struct pipeline *p, struct error *f);
/* Flushes, and waits until no more than `most` replies are pending. */
int pipeline_await(struct pipeline *p, size_t most, struct error *f);
/* Flushes, and waits for all: 1, or 0 when no reply came for that long. */
int pipeline_await_briefly(struct pipeline *p, unsigned seconds,
			   struct error *f);
/* As pipeline_await, where nothing more can be sent because a message was cut
 * short: the connection is broken afterwards. */
int pipeline_drain(struct pipeline *p, size_t most, struct error *f);

struct session_progress; /* session.h */

/* Sends a message's octets as BDAT or DATA requires them, in constant memory.
 * The caller puts the command before, and calls pipeline_expect afterwards.  A
 * failure (of the source, too) leaves the content unfinished, so that no server
 * can take it for complete.  The progress may be NULL. */

/* As it is (RFC 3030 2). */
int pipeline_put_raw(struct pipeline *p, const struct slice *bytes,
		     const struct session_progress *progress, struct error *f);
/* With dots, up to the last (RFC 5321 4.5.2). */
int pipeline_put_dotted(struct pipeline *p, const struct slice *bytes,
			const struct session_progress *progress,
			struct error *f);

#endif
