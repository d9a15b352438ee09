/* compose.h - from a request to a message in the stage.
 *
 * Opens what the request names, reads standard input once, builds the tree
 * (or takes the draft), fills in the headers that are missing, and renders
 * it.  Nothing is sent from here and nothing of the network is needed: every
 * mistake in the input is found before a server hears of it.
 *
 * A file that is attached is read again as it is sent (flow/stage.h), so that
 * rendering copies nothing of it.  One that has changed by then is an error of
 * whoever reads the stage; composition_renew makes of it a message that cannot
 * fail so. */
#ifndef COMPOSE_COMPOSE_H
#define COMPOSE_COMPOSE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/input.h"
#include "compose/request.h"
#include "compose/resolve.h"
#include "compose/sender.h"
#include "config/config.h"
#include "flow/stage.h"
#include "mail/address.h"
#include "mail/draft.h"
#include "mail/envelope.h"
#include "mail/message.h"

/* A recipient with whom the addresses have done already. */
struct unresolved {
	const char *name;
	struct error why; /* ERROR_NONE: the aliases discard it */
	struct unresolved *next;
};

struct composition {
	struct arena *arena;
	const struct request *request;
	const struct account *account;
	struct inputs inputs;
	struct resolver resolver;

	bool is_draft;
	const struct slice *draft_content; /* NULL: the request's draft_path */
	struct stage *owned; /* what the draft is read from, where it goes with
				this; or NULL */
	bool is_from_mbox;   /* the draft, as a dead letter is */
	struct pseudo_header_copy *copies; /* that the draft wants kept */
	struct message message;		   /* its header serves a draft too */
	struct part *body;		   /* all of it that is no attachment */
	struct part *files;		   /* the attachments, or NULL; both are
					      in the message's tree */
	struct draft draft;

	/* the result */
	struct envelope envelope;
	struct address_list recipients; /* the envelope's, as addresses */
	struct address_index recipient_index;
	struct unresolved *unresolved; /* who are in it with a verdict */
	struct address sender;	       /* of the envelope, as an address */
	enum sender_source sender_source;
	struct address author; /* of a draft, as it was */
	bool has_author;
	const char *odd_from;	/* a From that was no address; or NULL */
	const char *message_id; /* with its <> */
	bool is_empty;		/* nothing to say and --skip-empty: no mail */
	bool copies_files;	/* of all files, so that none is read later */
	bool accepts_8bit;	/* it was rendered for such a server */
	struct stage stage;	/* the finished bytes */
	bool has_stage;
	bool is_rendered;     /* and the stage has all of it */
	bool has_8bit;	      /* in the body as rendered */
	bool has_8bit_header; /* an address that is not ASCII */
};

/* Of the draft, or of the message of ours. */
static inline struct header *composition_header(const struct composition *c)
{
	return (struct header *)(c->is_draft ? &c->draft.header
					     : &c->message.header);
}

/* Borrows all it is given until composition_free; without an account it can
 * only be kept (submit_keep).  `spool` is a
 * NULL-terminated list of folders for what does not fit in memory. */
void composition_init(struct composition *c, struct arena *a,
		      const struct request *r, const struct account *account,
		      const char *const *spool);
void composition_free(struct composition *c);
/* Reads the input, builds the tree and the envelope. */
int composition_build(struct composition *c, struct error *f);
/* Octets that it has at least, once it is rendered. */
uint64_t composition_least(const struct composition *c);
/* Has it octets over 127 that have to stay, since they are signed?  Then
 * rendering it in 7 bits is ERROR_DATA, and what was rendered before stays. */
bool composition_is_fixed_8bit(const struct composition *c);
/* Renders into the stage; again, with other needs, when a server asks. */
int composition_render(struct composition *c, bool accept_8bit,
		       struct error *f);
/* After the stage could not be read to its end, with that error or none: 1 when
 * a file has changed, which was copied, as it is now, and the message rendered
 * anew, and the error is none any more; 0 when no file has, and the error
 * stays; -1. */
int composition_renew(struct composition *c, struct error *f);
/* Can all of the stage be read, if need be after it was rendered anew? */
int composition_check(struct composition *c, struct error *f);

#endif
