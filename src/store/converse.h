/* converse.h - interactive POP3 and IMAP after the login.
 *
 * For people and scripts that know the commands; their effect is not
 * checked. */
#ifndef STORE_CONVERSE_H
#define STORE_CONVERSE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"
#include "store/mailbox.h"

#define CONVERSE_LINE_MAX 8192 /* octets of a command */

enum converse_verdict {
	CONVERSE_YES, /* "+OK", "OK" */
	CONVERSE_NO,
	CONVERSE_MORE, /* "+": the server wants another line */
	CONVERSE_OVER, /* the server ended the session */
};

struct converse;
/* Lives in the arena.  NULL with the error. */
struct converse *converse_open(struct arena *a, const struct mailbox_url *url,
			       const struct mailbox_login *login,
			       struct error *f);
/* Sends one line, given without its line end; the reply is written to `to` as
 * it arrives, with CRLF.  An IMAP command may lack its tag.  An enum
 * converse_verdict, or -1. */
int converse_command(struct converse *c, const char *line, struct sink *to,
		     struct error *f);
/* Is it a command that is not allowed any more after the login: USER, PASS,
 * STLS, LOGIN...? */
bool converse_is_done(const struct converse *c, const char *line);
/* For a caller that does the protocol itself: sends or receives as much as is
 * possible without blocking, 0 if nothing; the caller then waits for the
 * socket.  *end: the server closed the connection. */
ssize_t converse_send(void *converse, const void *data, size_t n,
		      struct error *f);
ssize_t converse_receive(void *converse, void *data, size_t n, bool *end,
			 struct error *f);
int converse_socket(const struct converse *c);
/* "host:port" */
const char *converse_place(const struct converse *c);
unsigned converse_seconds(const struct converse *c); /* to wait for a reply */
/* Is the connection encrypted, or on this machine? */
bool converse_is_safe(const struct converse *c);
const struct sasl_binding *converse_binding(const struct converse *c);
const struct sasl_offer *converse_offer(const struct converse *c);
/* Closes the connection without a command: without QUIT, POP3 deletes
 * nothing. */
void converse_drop(struct converse *c);
/* Ends the session; nothing is deleted unless the user sent QUIT. */
void converse_close(struct converse *c);

#endif
