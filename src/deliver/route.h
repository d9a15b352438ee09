/* route.h - the accounts that a mail may be sent by, in order, and the
 * connections to them.
 *
 * The first is the account that was chosen, then its fallbacks.  Each
 * connection is made when the first mail needs it and stays open for the next;
 * one that failed is not tried again by this route.  A mail goes to the first
 * that can be reached; those of its recipients that were deferred there are
 * offered to the next.  A permanent rejection is final.  An account without a
 * server means local delivery (local.h).
 *
 * Several mails may be sent to the first account at a time (smtp/session.h):
 * each is begun while there is room, then all are collected.
 *
 * Borrows all that it is given. */
#ifndef DELIVER_ROUTE_H
#define DELIVER_ROUTE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "deliver/smarthost.h"
#include "mail/envelope.h"
#include "smtp/dial.h"
#include "smtp/session.h"

#define ROUTE_MAX 8 /* accounts */

struct standing; /* route.c */

/* A mail on its way. */
struct route_mail {
	struct envelope *envelope;
	struct load *load;
	const struct session_progress *progress; /* or NULL */
	struct outcome *out;
	/* the route's own */
	struct session_mail mail;
	struct standing *all; /* one for each recipient */
	uint64_t began;
	unsigned round_trips;
	bool is_offered; /* to the first account */
	bool is_on_way;	 /* over the first account's connection */
	bool is_to_go;	 /* over a new one */
	struct route_mail *next;
};

struct route {
	struct arena *arena;
	const char *config_path; /* that was named, for error messages */
	const struct trace *trace;
	struct smarthost hosts[ROUTE_MAX]; /* one for each account */
	unsigned count;
	struct route_mail *first, *last; /* begun */
	unsigned on_way;
};

/* ERROR_CONFIG where a fallback is not an account.  Does not connect. */
int route_open(struct route *r, struct arena *a, struct config *config,
	       const struct account *first, const char *config_path,
	       const struct trace *trace, struct error *f);
/* May another mail be begun before route_collect?  One always may. */
bool route_has_room(const struct route *r);
/* It must not be moved or freed until route_collect, nor anything that it
 * points to. */
void route_begin(struct route *r, struct route_mail *m);
/* Afterwards every recipient of the begun mails has a verdict; out->unreachable
 * when no server could be asked: the verdicts are then about the connection and
 * not about the mail.  out->account and out->host are those of the last
 * reply. */
void route_collect(struct route *r);
/* Does every server of the route accept 8-bit text, and was each of them
 * asked? */
bool route_takes_8bit(const struct route *r);
/* The size limit (RFC 1870) of the first server that can be reached, the
 * account's before its fallbacks'; 0 when it does not tell.  Connects for
 * that. */
int route_size(struct route *r, uint64_t *size, struct error *f);
void route_close(struct route *r);

#endif
