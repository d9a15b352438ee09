/* upstream.h - routes to the accounts' servers, kept from one mail to the next.
 *
 * A route is kept for UPSTREAM_IDLE_MS after a mail, up to UPSTREAM_MAILS_MAX
 * mails and UPSTREAM_WHOLE_MS in all.  It is used only for mails of an account
 * whose settings, and those of its fallbacks, have not changed since it was
 * made, except the sender's name: so no mail is sent with another login than
 * its own.  Before it is used we check that the connection is alive
 * (smtp/session.h).
 *
 * Several mails may be sent over each at a time. */
#ifndef SERVER_UPSTREAM_H
#define SERVER_UPSTREAM_H

#include <stdint.h>

#include "compose/request.h"
#include "config/config.h"
#include "deliver/route.h"

#define UPSTREAM_ROUTES	   4
#define UPSTREAM_IDLE_MS   5000
#define UPSTREAM_WHOLE_MS  (5 * 60 * 1000)
#define UPSTREAM_MAILS_MAX 1000

struct upstream_route;

struct upstream {
	const struct trace *trace; /* or NULL */
	struct upstream_route *routes[UPSTREAM_ROUTES];
	unsigned count;
};

/* The route for a mail with that request and account of `config`.  NULL: none
 * can be kept, so the mail needs its own.  Valid until upstream_close_idle. */
struct route *upstream_route(struct upstream *u, const struct request *r,
			     struct config *config,
			     const struct account *account);
/* Collects all routes (route_collect).  The texts of the verdicts live in the
 * routes until upstream_close_idle. */
void upstream_collect(struct upstream *u);
/* Milliseconds until upstream_close_idle is due; UINT64_MAX: never. */
uint64_t upstream_wait(const struct upstream *u);
/* Closes routes that were idle for long, or that failed. */
void upstream_close_idle(struct upstream *u);
/* Closes all. */
void upstream_close(struct upstream *u);

#endif
