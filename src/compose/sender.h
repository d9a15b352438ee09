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

/* Sets the envelope sender and c->sender. */
int sender_choose(struct composition *c, struct error *f);
/* The address for a generated From; after sender_choose. */
int sender_header(struct composition *c, struct address *out, struct error *f);
/* Before the header of a draft is changed: keeps its author in c->author, and
 * removes an invalid From, with a warning; sender_header uses its text as the
 * display name. */
void sender_read_draft(struct composition *c);
/* Removes Sender if the account alone sets the sender. */
void sender_drop_other(struct composition *c);

#endif
