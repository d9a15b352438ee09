/* remote.h - a mailbox on a server: what POP3 and IMAP have alike over a
 * connection (net/conn.h). */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include "base/arena.h"
#include "net/conn.h"
#include "store/mailbox.h"

/* A message that is longer is not taken.  Sizes that servers announce are often
 * guesses, without CRs or dots, or before a conversion. */
#define REMOTE_MESSAGE_MAX   (UINT64_C(4) * 1024 * 1024 * 1024)
#define REMOTE_MESSAGE_SLACK (UINT64_C(1024) * 1024)

/* Borrows the login and the URL's text. */
struct remote {
	struct arena *arena;
	struct mailbox_url url;
	const struct mailbox_login *login;
	struct sasl_offer offer;     /* the server's */
	struct sasl_options options; /* while somebody logs in */
};

void remote_init(struct remote *r, struct arena *a,
		 const struct mailbox_url *url,
		 const struct mailbox_login *login);
/* `context` for the protocol's functions. */
int remote_open(struct remote *r, struct conn *c,
		const struct conn_protocol *protocol, void *context,
		struct error *f);
/* By the best that both have, as sasl_by_best.  ERROR_CONFIG on a line that
 * others can read: nobody logs in there. */
int remote_log_in(struct remote *r, const struct conn *c,
		  int (*by)(void *context, const struct mechanism *m,
			    struct error *f),
		  void *context, struct error *f);
/* By SASL. */
int remote_by_sasl(const struct remote *r, struct conn *c,
		   const struct mechanism *m,
		   const struct sasl_carrier *carrier, struct error *f);

/* How long a message may be, by the size that was announced (0: none). */
uint64_t remote_message_max(uint64_t announced);
int remote_too_long(struct conn *c, uint64_t announced, struct error *f);

/* Which messages a server was asked for, and which are next.
 *
 * Answers are read in the order of the questions.  What mailbox_expect
 * announced is asked for ahead, up to a window; any other message is asked for
 * alone. */
#define PREFETCH_WINDOW 32 /* questions without an answer, at most */

struct prefetch {
	const size_t *list; /* m->expected, or &one, or NULL */
	size_t count, answered, asked;
	int lines; /* of mailbox_top; -1: whole */
	size_t one;
};

/* Is the next answer about this one? */
bool prefetch_is_next(const struct prefetch *a, const struct mailbox *m,
		      size_t number, int lines);
/* Answers that are still to come. */
static inline size_t prefetch_pending(const struct prefetch *a)
{
	return a->asked - a->answered;
}
/* Starts anew with this one; nothing may be pending. */
void prefetch_begin(struct prefetch *a, const struct mailbox *m, size_t number,
		    int lines);
/* Is it time to ask?  True first of all when nothing is pending. */
bool prefetch_is_low(const struct prefetch *a, size_t window);
/* The number to ask for, 0 when the window is full or all was asked. */
size_t prefetch_take(struct prefetch *a, size_t window);
static inline void prefetch_answered(struct prefetch *a)
{
	a->answered++;
}

#endif
