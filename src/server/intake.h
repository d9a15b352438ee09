/* intake.h - a message received by SMTP is submitted like any other mail.
 *
 * The callbacks of protocol.h: the sender selects the account, each recipient
 * is resolved (resolve.h) and accepted only if there is a route for it, the
 * content is staged, and the message is composed as a draft and submitted
 * before the client gets the reply.  Mails that the client sends without
 * waiting for replies are sent together (upstream.h): each is begun as it
 * arrives, and all are collected when there is no room or a reply is due.
 *
 * The configuration is read again for each message, so changes apply at once.
 *
 * A user of this machine, whom the kernel names (peer.h), is limited by the
 * serve_ settings: which senders (compose/owner.h), how much (allowance.h).
 * They cannot choose the account, since the sender is checked before.  Internal
 * errors of the service are logged; the user is only told that there is one. */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include <stdbool.h>

#include "base/arena.h"
#include "compose/request.h"
#include "server/client_stream.h"
#include "server/listener.h"
#include "server/peer.h"
#include "server/protocol.h"
#include "server/upstream.h"

struct intake_mail; /* intake_inside.h */

struct intake {
	const struct request *base; /* where to find the configuration */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
	const char *auth_command;  /* or NULL */
	unsigned auth_seconds;	   /* that it may take */
	const char *peer;	   /* "127.0.0.1", for logs and Received */
	const struct peer *user;   /* whom the kernel names; or NULL */
	const struct listeners *sockets; /* ours: no mail goes out by them */
	unsigned reply_seconds;		 /* that a client has to take replies */
	struct client_stream *line;
	struct server *server;

	struct upstream *upstream;

	struct intake_mail *mail; /* the transaction's; or NULL */
	/* on their way, in order */
	struct intake_mail *sent[SERVER_LATER_MAX];
	unsigned count;
	uint64_t began;	 /* sysenv_ticks() of the first */
	uint64_t memory; /* octets of theirs, at most */
};

/* All but the transaction is filled by the caller; with an auth_command there
 * is a log-in. */
const struct server_ops *intake_ops(const struct intake *in);
/* Do mails wait for more that goes with them, and have they time? */
bool intake_may_wait(const struct intake *in);
/* Milliseconds until they have had it, or a route is due (upstream_wait);
 * UINT64_MAX: nothing is. */
uint64_t intake_wait(const struct intake *in);
/* The same without replies: for whoever has gone.  Nothing is on its way
 * afterwards. */
void intake_collect(struct intake *in);
/* Collects what is on its way, and sends the replies that wait. */
int intake_flush(struct intake *in, struct error *f);

#endif
