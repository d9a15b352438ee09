/* route.h - the accounts that may take a mail, in order, and the connections
 * to them.
 *
 * The first is the account that was chosen, after it come its fallbacks.
 * Each is dialled when the first mail needs it and stays open for the next; one
 * that could not be dialled is not tried again by this route.  A mail goes to
 * the first that can be reached; those of its recipients that were deferred
 * there are offered to the next.  A permanent rejection is final.  An account
 * without a server is this machine's own delivery (local.h).
 *
 * Several mails may be on their way to the first account at a time
 * (smtp/session.h): each is begun while there is room, then all are collected.
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
	const char *config_path; /* that was named, for the words of errors */
	const struct trace *trace;
	struct smarthost hosts[ROUTE_MAX]; /* one for each account */
	unsigned count;
	struct route_mail *first, *last; /* begun */
	unsigned on_way;
};

/* ERROR_CONFIG where a fallback is no account.  Does not dial. */
int route_open(struct route *r, struct arena *a, struct config *config,
	       const struct account *first, const char *config_path,
	       const struct trace *trace, struct error *f);
/* May another mail be begun before route_collect?  One always may. */
bool route_has_room(const struct route *r);
/* It stays where it is, with all that it names, until route_collect. */
void route_begin(struct route *r, struct route_mail *m);
/* Every recipient of those begun that had no verdict has one afterwards;
 * out->unreachable when no server was there to ask: the verdicts are then about
 * the way and not about the mail.  out->account and out->host are those that
 * had the last word. */
void route_collect(struct route *r);
/* Both, for one mail.  -1 with the error of the whole when not all were
 * accepted. */
int route_send(struct route *r, struct envelope *e, struct load *load,
	       const struct session_progress *progress, struct outcome *out,
	       struct error *f);
/* Does every server of the route take 8-bit text, as far as is known: was each
 * of them asked? */
bool route_takes_8bit(const struct route *r);
/* How large a mail the server takes (RFC 1870) that is there, the first
 * account's before its fallbacks'; 0 when it does not say.  It is dialled for
 * that. */
int route_size(struct route *r, uint64_t *size, struct error *f);
void route_close(struct route *r);

#endif
