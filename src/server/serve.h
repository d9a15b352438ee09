/* serve.h - an SMTP server for the programs of this machine.
 *
 * On stdin and stdout, for one client that started us (-bs), or on
 * sockets: one process for each connection, so that nothing a client does is
 * felt by another.  A signal that asks us to end (base/interrupt.h) closes the
 * sockets and lets what has begun come to its end; a client that is within
 * nothing gets 421. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"
#include "smtp/dial.h"

struct serve_options {
	const char *address; /* "ADDRESS:PORT", as typed; NULL: stdin */
	bool is_open;	     /* who can reach it may use it */
};

struct serve {
	struct arena *arena;
	const struct serve_options *options;
	const struct request *request;
	const struct account *account; /* whose serve_ settings hold */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
};

int serve_stdio(const struct serve *s, struct error *f);
/* Returns in the processes of the connections too: the caller ends
 * soon after it.  ERROR_CONFIG where others than this machine could use it
 * without a log-in and that was not allowed. */
int serve_listen(const struct serve *s, struct error *f);

#endif
