/* smarthost.h - a connection to an account's server, for one mail after
 * another, or several at a time (smtp/session.h).
 *
 * It is made when the first mail needs it, and again when a mail has left it
 * broken.  A server that could not be reached is not tried again: its error is
 * the result for every further mail.
 *
 * Borrows the account, the arena and the trace. */
#ifndef DELIVER_SMARTHOST_H
#define DELIVER_SMARTHOST_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "mail/envelope.h"
#include "smtp/session.h"

/* What is to be sent. */
struct load {
	struct session_content content;
	/* Fills `content` with bytes for a server without 8BITMIME; NULL where
	 * there are no others. */
	int (*to_7bit)(void *context, struct session_content *content,
		       struct error *f);
	/* After the content could not be read: 1 with a new content, if a file
	 * has changed; 0: that was not the cause; -1.  NULL: there is no file.
	 *
	 * Either may fail without any content left to send: then the bytes of
	 * `content` are empty. */
	int (*renew)(void *context, struct session_content *content,
		     struct error *f);
	void *context;
};

enum smarthost_stage {
	SMARTHOST_PASSWORD, /* it had to be found first */
	SMARTHOST_SIGN_IN,  /* pop_before_smtp */
	SMARTHOST_DIAL,
};

struct smarthost {
	const struct account *account;
	const char *name; /* smarthost_name; NULL where it has no server */
	struct arena *arena;
	const struct trace *trace; /* or NULL */
	struct chain *chain;	   /* to be set before it is opened: records the
				      server's certificates; NULL */
	enum smarthost_stage stage; /* where the last dial ended */
	bool is_open;
	unsigned most; /* mails at a time: no more than the server accepted
			  before it ended a connection */
	/* why it could not be dialled; ERROR_NONE */
	struct error connect_error;
	struct dial dial;
	struct session session;
};

/* Does the account have a server at all? */
bool smarthost_is_set(const struct account *account);
/* "smtp.example.org:587", in the arena. */
const char *smarthost_name(struct arena *a, const struct account *account);

/* Loads the libraries for a connection, before processes are forked that make
 * one. */
void smarthost_prepare(const struct account *account);
/* Does not connect. */
void smarthost_init(struct smarthost *h, struct arena *a,
		    const struct account *account, const struct trace *trace);
/* Ready for a mail, as far as we know. */
int smarthost_open(struct smarthost *h, struct error *f);
/* On an open one: the mail's envelope is set, its content comes from the load.
 * -1 if it was not begun; then each recipient has the verdict. */
int smarthost_begin(struct smarthost *h, struct session_mail *m,
		    struct load *load, struct error *f);
bool smarthost_has_room(const struct smarthost *h, unsigned on_way);
/* All that were begun: session_collect. */
void smarthost_collect(struct smarthost *h);
/* Sends QUIT where possible; may be opened again. */
void smarthost_close(struct smarthost *h);

#endif
