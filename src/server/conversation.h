/* conversation.h - one client's session from its greeting to its end.
 *
 * Moves octets between a connection and the state machine of protocol.h, limits
 * the time of a client, starts TLS, and stops when asked to: a transaction that
 * has begun may still be finished. */
#ifndef SERVER_CONVERSATION_H
#define SERVER_CONVERSATION_H

#include "base/error.h"
#include "server/clients.h"
#include "server/intake.h"

/* What a wake of the line is about. */
enum talk_call {
	TALK_NOTHING,
	TALK_STOP, /* the server ends */
	TALK_GO,   /* the place is needed */
};

struct talk {
	struct intake *intake;
	struct client_state *client;	/* for the listener; or NULL */
	enum talk_call (*called)(void); /* NULL: TALK_STOP */
	const char *cert, *key;		/* NULL: no TLS */
	bool is_implicit;		/* TLS comes before the greeting */
	unsigned command_seconds; /* for one command; content keeps a pace */
	unsigned session_seconds;
	unsigned stop_seconds; /* for what has begun, once we are to stop */
};

/* 0 when the session ended as sessions do, by either side; the line and the
 * machine stay the caller's to free. */
int talk_run(const struct talk *t, struct error *f);

#endif
