/* plan.h - what a sending command would do, and why.
 *
 * Gathered from the same composition that would be sent: nothing is reckoned
 * twice in another way.  No server is asked, so what depends on one is told as
 * the best and the worst case.  Of lists no more is kept than PLAN_SHOWN. */
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

/* What became of one address; NULL where that step did nothing. */
struct plan_rewrite {
	const char *role; /* "to", "from"; of a draft the field's name */
	const char *typed;
	const char *nickname, *alias;
	const char *header, *envelope; /* how it ends; NULL: not there */
	const char *why;	       /* a sentence; NULL */
	struct plan_rewrite *next;
};

/* One entity of the message as it goes out (RFC 2045). */
struct plan_entity {
	unsigned depth;
	bool is_leaf;
	const char *type, *charset, *encoding, *name; /* NULL: none */
	uint64_t size;				      /* octets, encoded */
	struct plan_entity *next;
};

/* Times that the server is waited for. */
struct plan_trips {
	bool is_known;			    /* there is a server */
	unsigned dial_best, dial_worst;	    /* to the log-in and with it */
	unsigned both, pipelining, neither; /* the mail, by what is offered */
};

struct plan {
	struct arena *arena;
	const char *called,
		*persona; /* the name, and whose options those are */
	struct config *config;
	struct composition *composition; /* rendered; of many the first */
	const struct split *split;	 /* NULL: it is one mail */
	unsigned mails;			 /* of --each and --batch; 0: neither */
	bool asks_limit; /* --split auto: the server is asked first */

	const char *reason; /* for the account, a clause */
	struct plan_rewrite *rewrites;
	size_t rewrites_left;
	struct plan_entity *entities;
	size_t entities_left;
	struct route route; /* never dials */
	struct plan_trips trips;
};

/* The upper part was filled in by the caller and is borrowed. */
int plan_make(struct plan *p, struct error *f);
void plan_free(struct plan *p);

int plan_text(const struct plan *p, struct buf *out);
int plan_json(const struct plan *p, struct buf *out);

#endif
