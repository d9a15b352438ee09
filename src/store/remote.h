/* remote.h - a connection to a mailbox server, and its lines.
 *
 * libcurl dials (net/handle.h): name look-up, proxy, greeting, what the server
 * can do, STLS or STARTTLS, the certificate; and the log-in where it takes more
 * than words (CRAM-MD5, APOP).  Then lines and octets go over its connection.
 * Nothing that a server says is without an end: a line, the lines of an answer,
 * a message, silence and slowness have their limits. */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "net/handle.h"
#include "net/wait.h"
#include "store/mailbox.h"

#define REMOTE_LINE_MAX	 (64 * 1024) /* octets of a line */
#define REMOTE_HEARD_MAX (16 * 1024) /* of what was said while dialling */
#define REMOTE_ROOM	 (64 * 1024)
/* Octets of an answer that are not a message's: lists, and what is dropped. */
#define REMOTE_TALK_MAX (UINT64_C(256) * 1024 * 1024)
/* A message that is longer is not taken.  Sizes that servers announce are often
 * guesses, without CRs or dots, or before a conversion. */
#define REMOTE_MESSAGE_MAX   (UINT64_C(4) * 1024 * 1024 * 1024)
#define REMOTE_MESSAGE_SLACK (UINT64_C(1024) * 1024)

/* A log-in that libcurl makes. */
struct remote_sasl {
	const char *mechanism; /* "CRAM-MD5", "+APOP" */
	const char *user, *password;
};

struct remote {
	struct arena *arena;
	const struct mailbox_url *url;
	const struct mailbox_login *login;
	const char *place; /* "host:port" */
	struct handle handle;
	struct handle_options wish;
	int socket;
	bool is_tls;
	bool is_here;	/* the peer is this very machine */
	bool is_broken; /* nothing more can be said */

	/* what was heard while dialling */
	struct buf heard;   /* the reply to the last command, its lines */
	char greeting[512]; /* without its line end */
	bool is_greeted, has_asked_tls, has_logged_in;
	const struct remote_sasl *sasl; /* while that lasts; or NULL */
	char error[CURL_ERROR_SIZE];

	unsigned milliseconds; /* without a word */
	bool is_ending;	       /* then that is the time of a whole answer */
	struct wait wait;
	uint64_t talk;	 /* octets of the answer that are no message's */
	struct buf line; /* of remote_line */
	size_t at, have; /* in room */
	char room[REMOTE_ROOM];
};

/* Dials; `sasl` may be NULL: nobody logs in then.  What was borrowed must last
 * until remote_close, which is to be called after a failure too. */
int remote_open(struct remote *r, struct arena *a,
		const struct mailbox_url *url,
		const struct mailbox_login *login,
		const struct remote_sasl *sasl, struct error *f);
void remote_close(struct remote *r);

/* ERROR_CONFIG on a line that others can read: nobody logs in there. */
int remote_may_log_in(const struct remote *r, struct error *f);

/* All of it, or -1 with ERROR_TEMPORARY.  `shown` stands in the transcript for
 * what is secret; NULL: it is shown as it is. */
int remote_send(struct remote *r, const char *text, const char *shown,
		struct error *f);
/* A new answer is due, with its time and its room.  remote_send does it, and so
 * does who asked for several at once. */
void remote_expect(struct remote *r);
/* Each wait but a short one is over: the farewell is all that is left. */
void remote_hurry(struct remote *r, unsigned milliseconds);
/* The next line without its end, in r->line until the next call. */
int remote_line(struct remote *r, struct error *f);
/* At least one octet that has arrived, *n of them at *data.  What is not
 * given to remote_taken comes again. */
int remote_more(struct remote *r, const char **data, size_t *n,
		struct error *f);
void remote_taken(struct remote *r, size_t n);
/* So many octets are dropped; -1 when it is too much for one answer. */
int remote_count(struct remote *r, size_t n, struct error *f);
/* How long a message may be, by the size that was announced (0: none). */
uint64_t remote_message_max(uint64_t announced);
int remote_too_long(struct remote *r, uint64_t announced, struct error *f);
/* For who waits by himself: as much as goes now, 0 when nothing does; *end:
 * the server closed. */
ssize_t remote_try_send(struct remote *r, const void *data, size_t n,
			struct error *f);
ssize_t remote_try_receive(struct remote *r, void *data, size_t n, bool *end,
			   struct error *f);
/* For what is said in other than lines. */
void remote_remark(const struct remote *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Tells that the line can be used no more, and why not; -1. */
int remote_garbled(struct remote *r, const char *what, struct error *f);

#endif
