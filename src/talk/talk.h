/* talk.h - an interactive session with a mail server.
 *
 * A replacement for `telnet HOST 25`, on a connection that is already open,
 * with TLS and maybe logged in: our lines ("C:") and the server's ("S:") in the
 * order in which they are sent.  It adds CRLF and the dots of a message, masks
 * secrets, and sanitizes output for the terminal.  Lines that begin with a
 * backslash are commands to this program (talk_input.c).
 *
 * With a terminal, a line is edited while unsolicited output of the server is
 * shown.  Without, it works in lockstep: each command waits for its reply, and
 * a negative reply is remembered for the exit status. */
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

#define TALK_LINE_MAX	 (64 * 1024) /* octets, of either side */
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
	bool is_safe; /* nobody else can read it */
	const struct sasl_binding *binding;
	const struct sasl_offer *offer;
};

/* All members are borrowed. */
struct talk_options {
	const struct talk_protocol *protocol;
	bool is_terminal; /* stdin and stdout are terminals */
	bool has_colour, is_utf8;
	unsigned seconds; /* for a reply, if no person is waiting */
	/* For \auth: the user and the password (wiped afterwards).  `user` is
	 * NULL if none was given. */
	int (*credentials)(void *context, const char *user, const char **whose,
			   struct buf *password, struct error *f);
	void *context;
	struct transcript *transcript; /* an open one, or one without a file */
};

/* A login by \auth. */
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
	struct trace trace; /* for connecting: shows the dialogue */
	bool explains;
	bool is_over;
	bool is_lost;  /* the connection is no longer usable */
	bool is_drawn; /* the input line is on the screen */
	bool is_stale; /* ... as it was before the last key */
	struct edit edit;

	struct buf typed;    /* input that is not yet processed */
	bool is_ended;	     /* end of input */
	struct buf received; /* the incomplete line of the server */

	uint64_t deadline; /* sysenv_ticks, while a reply is pending */
	struct wait wait;  /* for either side */
	bool skips_body;   /* of a message that the server refused */
	uint64_t skips_octets;
	bool may_be_secret; /* a login was refused: the next line may be a
			       secret */

	struct talk_login login;
	char *file; /* to be sent after a positive reply; or NULL */
	char *secrets[TALK_SECRETS_MAX]; /* the last ones that were sent */
	size_t secret_count;

	char *transcript_path; /* of \transcript */

	struct error refusal;	   /* the last one */
	struct error output_error; /* of the output */
};

void talk_init(struct talk *t, const struct talk_options *options);
void talk_free(struct talk *t);
/* Until one side ends the session, or the input ends.  -1 with the last
 * negative reply, if there was any (not counting the reply to the command that
 * ends the session); or if the connection failed, or the input ended in the
 * middle of a message, which is not sent then. */
int talk_hold(struct talk *t, const struct talk_line *line, struct error *f);

#endif
