/* serve.h - an SMTP server for the programs of this machine.
 *
 * On stdin and stdout, for one client that started us (-bs), or on sockets.
 * Each connection is served by a process, so that no client affects another.  A
 * signal that ends us (base/interrupt.h) closes the sockets; transactions that
 * have begun are finished, other clients get 421.
 *
 * A socket in the file system ("unix:PATH", or one of systemd's) makes it a
 * service for the users of this machine: the kernel names the user of each
 * client (peer.h), who needs no login; root becomes another user when the
 * socket is open; the queue is run from here (service.h); and SIGHUP reloads
 * the configuration. */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"
#include "server/listener.h"
#include "smtp/dial.h"

struct serve_options {
	const char *address; /* "ADDRESS:PORT", "unix:PATH"; NULL: stdin */
	bool is_open;	     /* who can reach it may use it */
};

struct serve {
	struct arena *arena;
	const struct serve_options *options;
	const struct request *request;
	const struct account *account; /* whose serve_ settings hold */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
	struct listeners sockets;  /* serve_open's */
};

int serve_stdio(const struct serve *s, struct error *f);
/* Opens the sockets.  1 where we became another user by it (service_become):
 * the account and the spool have to be found anew.  ERROR_CONFIG where others
 * than this machine could use it without a log-in and that was not allowed. */
int serve_open(struct serve *s, struct error *f);
/* After serve_open.  Returns in the processes of the connections too: the
 * caller ends soon after it. */
int serve_listen(struct serve *s, struct error *f);

#endif
