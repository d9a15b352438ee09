/* transaction.h - one mail of a session while it is being sent: the commands,
 * the replies, and the verdict for each recipient.
 *
 * Private to session.h; it sends nothing itself. */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "smtp/pipeline.h"
#include "smtp/session.h"

/* Of a recipient. */
enum rcpt_state {
	RCPT_UNASKED,
	RCPT_ASKED,
	RCPT_ACCEPTED, /* for as long as the content is */
	RCPT_REFUSED,
	RCPT_TOO_MANY, /* too many in one transaction for the server */
};

struct transaction {
	struct session_mail *mail;
	struct envelope *envelope; /* the mail's */
	bool uses_smtputf8;
	unsigned char *rcpt; /* one for each recipient */
	/* since transaction_begin */
	size_t asked, accepted, refused; /* recipients */
	size_t pending, replies;	 /* replies */
	bool is_chunked;		 /* its content goes by BDAT */
	bool is_sending;      /* content, whose reply is not pending yet */
	bool has_early_reply; /* that reply, a refusal, came all the same */
	bool is_written;      /* all of it was put into the pipeline */
	bool is_open;	      /* MAIL was accepted */
	bool may_send;	      /* 354 */
	bool has_content;     /* all of it was put, and ended at ... */
	uint64_t end;	      /* ... this mark of the pipeline */
	bool is_done;	      /* the server accepted it */
	bool has_421; /* a reply 421: refused, if the server then closes */
	struct error mail_error, content_error;
	struct error final; /* code and enhanced code of a 2xx */
	char words[512];    /* of the reply that decided */
	struct transaction *next;
};

/* How a connection ended. */
struct loss {
	struct error error;  /* ERROR_NONE: it did not */
	bool is_out_of_sync; /* replies and commands do not match: the state
				of the transactions is void */
};

struct transaction *transaction_new(struct session_mail *m);
void transaction_drop(struct transaction *t);
/* Starts (again) with the recipients that are still to be asked. */
void transaction_begin(struct transaction *t);
bool transaction_is_to_ask(const struct transaction *t, size_t recipient);
/* Has a recipient no verdict? */
bool transaction_has_more(const struct envelope *e);

/* The reply to MAIL, RCPT, DATA or the content. */
void transaction_on_reply(struct transaction *t, const struct pending *pending,
			  const struct reply *reply);
/* All was sent, and every command has its reply. */
bool transaction_is_complete(const struct transaction *t);
/* ... and each reply was positive. */
bool transaction_all_accepted(const struct transaction *t);
/* Was MAIL refused, or each recipient?  That is final, whatever happens to the
 * content and the connection. */
bool transaction_is_refused(const struct transaction *t);
/* Does another transaction follow, for recipients that were too many? */
bool transaction_has_rest(const struct transaction *t);
/* Was it refused for some recipient, or as a whole, and not for each of them at
 * RCPT? */
bool transaction_is_mixed(const struct transaction *t);
/* A hash of its sender and its recipients. */
uint64_t transaction_parties(const struct transaction *t);

/* Each recipient that was asked gets its verdict; only those that were too many
 * may be left, when another transaction may succeed.  `is_sent`: all of the
 * content was sent.  True if a reply is missing, so that the verdict is the
 * error of the connection. */
bool transaction_decide(struct transaction *t, const struct loss *loss,
			bool is_sent);
/* Nobody is asked again. */
void transaction_give_up(struct transaction *t);

/* The same verdict for all recipients that have none. */
void transaction_refuse(struct envelope *e, const struct error *verdict);
/* What is reported if we have to end while content is being sent
 * (base/interrupt.h). */
void transaction_set_doubt(void);

#endif
