/* transport.h - transports of an account that are not SMTP: Microsoft Graph, or
 * a command of the user's own.
 *
 * Either accepts the message for all recipients at once, or for none of them.
 */
#ifndef DELIVER_TRANSPORT_H
#define DELIVER_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "mail/envelope.h"
#include "smtp/session.h"

/* Does the account have one of these? */
bool transport_is_set(const struct account *account);
/* Can it send mail elsewhere, by a server or one of these? */
bool transport_leads_out(const struct account *account);
/* The server or what takes its place, for people; in the arena. */
const char *transport_name(struct arena *a, const struct account *account);
/* The largest message in octets; 0: unknown. */
uint64_t transport_size(const struct account *account);

/* Afterwards each recipient that had no verdict has one.  -1 with the error if
 * none could be asked: then they have none. */
int transport_send(struct arena *a, const struct account *account,
		   struct envelope *e, const struct slice *message,
		   struct outcome *out, struct error *f);

/* ---- graph.c ---- */

/* 0 when it was accepted. */
int graph_send(struct arena *a, const struct account *account,
	       const struct envelope *e, const struct slice *message,
	       struct outcome *out, bool *is_asked, struct error *f);
const char *graph_url(struct arena *a, const struct account *account);
#define GRAPH_SIZE_MAX 3000000 /* a request of 4 MB, in base64 */

#endif
