/* upstream.h - routes to the accounts' servers, kept from one mail to the next.
 *
 * A route is kept while it is in use: for UPSTREAM_IDLE_MS after a mail, and so
 * many mails and so long in all.  It is for mails of an account all of whose
 * settings, and those of its fallbacks, are what they were when it was made,
 * but for the sender's name: whoever sends, whatever changed meanwhile, no mail
 * goes with another login than its own.  Whether it is alive is looked at
 * before it is used (smtp/session.h).
 *
 * Several mails may be on their way by each. */
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

/* For a mail with that request and account; the configuration is the one that
 * the account is of.  NULL: there is none that can be kept, and the mail has to
 * have one of its own.  It is good until upstream_tend. */
struct route *upstream_route(struct upstream *u, const struct request *r,
			     struct config *config,
			     const struct account *account);
/* What is on its way by any of them (route_collect).  What is told of the mails
 * lies in the routes until upstream_tend. */
void upstream_collect(struct upstream *u);
/* Milliseconds until upstream_tend is due; UINT64_MAX: never. */
uint64_t upstream_wait(const struct upstream *u);
/* Closes those that nobody used for long, or that led nowhere. */
void upstream_tend(struct upstream *u);
/* Closes all. */
void upstream_close(struct upstream *u);

#endif
