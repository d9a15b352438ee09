/* talk.h - a conversation with a mail server, by hand.
 *
 * The old `telnet HOST 25`, over a connection that is open already, with TLS
 * and perhaps a log-in: lines of ours ("C:") and of the server ("S:") in the
 * order in which they go.  CRLF is made, so are the dots of a message; what is
 * secret is masked and what could steer the terminal is not shown as it
 * is.  Lines that begin with a backslash are for us (talk_input.c).
 *
 * With a terminal a line is edited while what the server says unasked is
 * shown.  Without, it is lockstep: each command waits for its reply, and a
 * reply that refuses is remembered for the end. */
#ifndef TALK_TALK_H
#define TALK_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/sasl.h"
#include "net/wait.h"
#include "smtp/dial.h"
#include "store/mailbox.h"
#include "submit/transcript.h"
#include "talk/edit.h"
#include "talk/talk_protocol.h"

#define TALK_LINE_MAX	 (64 * 1024) /* octets, ours and theirs */
#define TALK_SECRETS_MAX 16
#define TALK_INPUT_ROOM	 4096

/* The open connection; borrowed. */
struct talk_line {
	/* As dial_send and dial_receive. */
	ssize_t (*send)(void *context, const void *data, size_t n,
			struct error *f);
	ssize_t (*receive)(void *context, void *data, size_t n, bool *end,
			   struct error *f);
	void *context;
	int socket;
	const char *place; /* "host:port" */
	const char *host;
	unsigned port;
	bool is_safe; /* no one else can read it */
	const struct sasl_binding *binding;
	const struct sasl_offer *offer;
};

/* All of it borrowed. */
struct talk_options {
	const struct talk_protocol *protocol;
	bool is_terminal; /* standard input and output are */
	bool has_colour, is_utf8;
	unsigned seconds; /* for a reply, where no person waits */
	/* For \auth: whose, and the password (wiped afterwards).  `user` is
	 * NULL where none was named. */
	int (*credentials)(void *context, const char *user, const char **whose,
			   struct buf *password, struct error *f);
	void *context;
	struct transcript *transcript; /* an open one, or one without a file */
};

/* A log-in that \auth makes. */
struct talk_login {
	bool is_on;
	struct sasl sasl;
	struct sasl_options options;
	char *user;
	struct buf password;
	struct buf challenge; /* the server's last, base64 */
};

struct talk {
	const struct talk_options *options;
	const struct talk_line *line;
	struct talk_state state;
	struct trace trace; /* for the dial: shows what is said there */
	bool explains;
	bool is_over;
	bool is_lost;  /* the connection can be used no more */
	bool is_drawn; /* the line that is typed is on the screen */
	bool is_stale; /* ... as it was before the last key */
	struct edit edit;

	struct buf typed; /* what was read and not yet looked at */
	bool is_ended;	  /* nothing more will come */
	struct buf heard; /* of the server's line that is arriving */

	uint64_t deadline; /* sysenv_ticks, while a reply is due */
	struct wait wait;  /* for either side */
	bool skips_body;   /* a message that the server does not want */
	uint64_t skips_octets;
	bool may_be_secret; /* a log-in was refused: what follows may be it */

	struct talk_login login;
	char *file; /* to be sent when the server says go on; or NULL */
	char *secrets[TALK_SECRETS_MAX]; /* that were said, the last ones */
	size_t secret_count;

	char *transcript_path; /* of \transcript */

	struct error refusal;	   /* the last one */
	struct error output_error; /* of the output */
};

void talk_init(struct talk *t, const struct talk_options *options);
void talk_free(struct talk *t);
/* Until one of the two says goodbye, or the input ends.  -1 when the last reply
 * that was no yes (a farewell's aside) says so, the connection broke, or the
 * input was cut off in a message: that is not sent then. */
int talk_hold(struct talk *t, const struct talk_line *line, struct error *f);

#endif
