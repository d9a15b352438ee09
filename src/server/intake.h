/* intake.h - what comes in by SMTP becomes a mail like any other.
 *
 * The answers to a server's questions (server/protocol.h): the sender chooses
 * the account, each recipient goes through the rule of resolve.h and is
 * accepted only if there is a route for it, the content is staged, and the
 * message is composed as a draft and submitted before the client gets the
 * reply.
 *
 * The configuration is read anew for each message: a change counts at once.
 *
 * A user of this machine, whom the kernel names (peer.h), is held to what the
 * serve_ settings allow them: which senders (compose/owner.h), how much
 * (allowance.h).  They choose nothing else, least of all the account, for the
 * sender is settled before; and errors that are the service's own business are
 * told to its log, and to them only that there is one. */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include <stdbool.h>

#include "base/arena.h"
#include "compose/owner.h"
#include "compose/request.h"
#include "compose/resolve.h"
#include "config/config.h"
#include "flow/stage.h"
#include "server/allowance.h"
#include "server/client_stream.h"
#include "server/listener.h"
#include "server/peer.h"
#include "server/protocol.h"

struct destination; /* what was asked for one final address */

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

	/* the transaction */
	struct request request;
	struct config config;
	struct account *account;
	struct owner owner;
	struct allowance allowance;
	struct resolver resolver;
	struct destination *first, **last;
	struct sink gate; /* before the stage */
	bool has_begun;	  /* something went through it */
	struct stage stage;
	bool has_stage;
};

/* All but the transaction is filled by the caller; with an auth_command there
 * is a log-in. */
const struct server_ops *intake_ops(const struct intake *in);
/* Sends the replies that wait. */
int intake_flush(struct intake *in, struct error *f);

#endif
