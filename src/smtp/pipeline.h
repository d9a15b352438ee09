/* pipeline.h - commands on their way, and the replies that are owed for them
 * (RFC 2920).
 *
 * What is said is gathered and goes out together when the room is full or
 * somebody waits.  Replies come back in the order of the commands; each is
 * handed to `answer` with what it answers, as soon as it is whole, also while
 * more is being sent: neither end can block the other.  A reply that nobody
 * asked for is handed over with VERB_NONE.
 *
 * Once anything here fails the line is broken: nothing more can be said. */
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

struct owed {
	enum verb verb;
	size_t index; /* of the recipient */
	void *mail;   /* the caller's: which of several */
};

struct pipeline;
/* -1 with the error: the line is of no use any more. */
typedef int pipeline_answer(void *context, const struct owed *owed,
			    const struct reply *reply, struct error *f);

struct pipeline {
	struct conn *conn; /* borrowed */
	pipeline_answer *answer;
	void *context;
	unsigned timeout; /* seconds for each reply; 0: by RFC 5321 4.5.3.2 */
	bool broken;
	unsigned round_trips; /* times that nothing could go on without a reply
			       */
	struct owed owed[PIPELINE_MAX];
	size_t first, count;
	struct reply reply; /* arriving */
	bool has_heard;	    /* something, since the last wait */
	char in[4096];
	char *out;
	size_t out_len, out_done;
	uint64_t gone; /* octets that have left us, before those in `out` */
};

void pipeline_init(struct pipeline *fl, struct conn *conn,
		   pipeline_answer *answer, void *context);
void pipeline_free(struct pipeline *fl);

/* One command without its CRLF.  With VERB_NONE no reply is owed for it (yet):
 * pipeline_owe says so when its octets have followed. */
int pipeline_say(struct pipeline *fl, const struct owed *owed,
		 const struct buf *command, struct error *f);
void pipeline_owe(struct pipeline *fl, const struct owed *owed);
/* Content: goes out as it is. */
int pipeline_put(struct pipeline *fl, const void *data, size_t n,
		 struct error *f);
/* The same without a copy: where the next octets may be written, at least
 * half of the room; then how many were. */
char *pipeline_room(struct pipeline *fl, size_t *room, struct error *f);
void pipeline_wrote(struct pipeline *fl, size_t n);
/* How far all is that was said, and has that much left us?  Also of a line
 * that is broken. */
uint64_t pipeline_mark(const struct pipeline *fl);
bool pipeline_has_sent(const struct pipeline *fl, uint64_t mark);

/* Sends all that was said, and takes in what has arrived. */
int pipeline_flush(struct pipeline *fl, struct error *f);
/* Takes in what has arrived, without waiting. */
int pipeline_listen(struct pipeline *fl, struct error *f);
/* Flushes, and waits until no more than `most` replies are owed. */
int pipeline_await(struct pipeline *fl, size_t most, struct error *f);
/* Flushes, and waits for all: 1, or 0 when nothing came for so long. */
int pipeline_await_briefly(struct pipeline *fl, unsigned seconds,
			   struct error *f);
/* As pipeline_await, for a line over which nothing more will be sent, as
 * something of ours was cut short: it is broken afterwards. */
int pipeline_hear_out(struct pipeline *fl, size_t most, struct error *f);

struct session_progress; /* session.h */

/* A message's octets onto the line, as BDAT or DATA wants them, in constant
 * memory.  The caller has said the command and says what is owed afterwards; a
 * failure, of the source too, leaves the content unfinished, so that no server
 * can take it for whole.  The progress may be NULL. */

/* As it is (RFC 3030 2). */
int pipeline_put_raw(struct pipeline *fl, const struct slice *bytes,
		     const struct session_progress *progress, struct error *f);
/* With dots, up to the last (RFC 5321 4.5.2). */
int pipeline_put_dotted(struct pipeline *fl, const struct slice *bytes,
			const struct session_progress *progress,
			struct error *f);

#endif
