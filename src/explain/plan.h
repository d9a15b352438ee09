/* plan.h - what a sending command would do, and why.
 *
 * Computed from the composition that would be sent, so that nothing is computed
 * in two ways.  No server is asked: what depends on one is given as the best
 * and the worst case.  At most PLAN_SHOWN items of a list are kept. */
#ifndef EXPLAIN_PLAN_H
#define EXPLAIN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/compose.h"
#include "config/config.h"
#include "deliver/route.h"
#include "submit/split.h"

#define PLAN_SHOWN                                                             \
	100 /* rewritten addresses, entities, addresses of a list              \
	     */
#define PLAN_MAX (64 * 1024 * 1024)

/* The steps of one address; NULL where a step did not change it. */
struct plan_rewrite {
	const char *role; /* "to", "from"; in a draft the name of the field */
	const char *typed;
	const char *nickname, *alias;
	const char *header, *envelope; /* the result; NULL: none */
	const char *why;	       /* a sentence; or NULL */
	struct plan_rewrite *next;
};

/* One entity of the message as it is sent (RFC 2045). */
struct plan_entity {
	unsigned depth;
	bool is_leaf;
	const char *type, *charset, *encoding, *name; /* NULL: none */
	uint64_t size;				      /* octets, encoded */
	struct plan_entity *next;
};

/* The number of round trips. */
struct plan_trips {
	bool is_known;			    /* there is a server */
	unsigned dial_best, dial_worst;	    /* up to and including the login */
	unsigned both, pipelining, neither; /* the mail, by extensions */
};

struct plan {
	struct arena *arena;
	const char *called, *persona; /* its name; whose options it has */
	struct config *config;
	struct composition *composition; /* rendered; of many the first */
	const struct split *split;	 /* NULL: it is one mail */
	unsigned mails;	 /* of --each and --batch; otherwise 0 */
	bool asks_limit; /* --split auto: the server is asked first */

	const char *reason; /* for the account, a clause */
	struct plan_rewrite *rewrites;
	size_t rewrites_left;
	struct plan_entity *entities;
	size_t entities_left;
	struct route route; /* never connects */
	struct plan_trips trips;
};

/* The caller fills in the upper fields, which are borrowed. */
int plan_make(struct plan *p, struct error *f);
void plan_free(struct plan *p);

int plan_text(const struct plan *p, struct buf *out);
int plan_json(const struct plan *p, struct buf *out);

#endif
