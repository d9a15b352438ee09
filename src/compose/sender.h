/* sender.h - who a mail is from: in its envelope, in its header.
 *
 * The reverse-path is the first of these that there is:
 *
 *	-f; with --read-envelope-from, From; -r
 *	the account's `from`; with allow_from_override off it stands above all
 *	the first address in the message's Resent-From or From, where it has a
 *	domain that means something elsewhere
 *	`user`, where it is an address
 *	login@host
 *
 * From is -r, or what the message has; where it has none, the same list without
 * its third line.  With set_from_header on it is the reverse-path. */
#ifndef COMPOSE_SENDER_H
#define COMPOSE_SENDER_H

#include "base/error.h"
#include "mail/address.h"

struct composition;

enum sender_source {
	SENDER_NAMED, /* by the command */
	SENDER_FROM,  /* the setting */
	SENDER_MESSAGE,
	SENDER_USER, /* the setting */
	SENDER_LOGIN,
};

/* Fills the envelope's reverse-path and c->sender. */
int sender_choose(struct composition *c, struct error *f);
/* Who stands in a From that is made here; after sender_choose. */
int sender_header(struct composition *c, struct address *out, struct error *f);
/* Before anything is done to the header of a draft: who sent it is kept in
 * c->author, and a From that is no address is taken out, with a warning;
 * sender_header shows its text as the name. */
void sender_read_draft(struct composition *c);
/* Takes Sender out where the account alone says who sends. */
void sender_drop_other(struct composition *c);

#endif
