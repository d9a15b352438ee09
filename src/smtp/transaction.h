/* transaction.h - one mail of a session while it is on its way: what was asked,
 * what was replied, and what that comes to for each recipient.
 *
 * The inside of session.h: it says nothing to the server itself. */
#ifndef SMTP_TRANSACTION_H
#define SMTP_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "smtp/pipeline.h"
#include "smtp/session.h"

/* Of a recipient. */
enum standing {
	STANDING_UNASKED,
	STANDING_ASKED,
	STANDING_TAKEN, /* for as long as the content is */
	STANDING_REFUSED,
	STANDING_ONE_MORE, /* the server found it one too many */
};

struct transaction {
	struct session_mail *mail;
	struct envelope *envelope; /* the mail's */
	bool uses_smtputf8;
	unsigned char *standing; /* one for each recipient */
	/* since transaction_begin */
	size_t asked, taken; /* recipients */
	size_t owed, heard;  /* replies */
	bool is_chunked;     /* its content goes by BDAT */
	bool is_sending;     /* content, whose reply is not owed yet */
	bool is_said;	     /* nothing more is to be said of it */
	bool is_open;	     /* MAIL was accepted */
	bool may_send;	     /* 354 */
	bool has_content;    /* all of it was said, and ended at ... */
	uint64_t end;	     /* ... this mark of the pipeline */
	bool is_done;	     /* the server took it */
	bool is_sent_away;   /* by 421, which is the line's end if it is one */
	struct error mail_error, content_error;
	struct error final; /* code and enhanced code of a 2xx */
	char words[512];    /* of the reply that decided */
	struct transaction *next;
};

/* How a line ended. */
struct loss {
	struct error error; /* ERROR_NONE: it did not */
	bool is_confused;   /* replies and commands do not match: what stands
			       in the transactions is worth nothing */
};

struct transaction *transaction_new(struct session_mail *m);
void transaction_drop(struct transaction *t);
/* Anew, for those recipients who are still to be asked. */
void transaction_begin(struct transaction *t);
bool transaction_is_to_ask(const struct transaction *t, size_t recipient);
/* Has a recipient no verdict? */
bool transaction_has_more(const struct envelope *e);

/* What MAIL, RCPT, DATA or the content was answered. */
void transaction_answer(struct transaction *t, const struct owed *owed,
			const struct reply *reply);
/* Every command has its reply, and nothing more is to be said. */
bool transaction_is_whole(const struct transaction *t);
/* ... and it was yes each time. */
bool transaction_said_yes(const struct transaction *t);
/* Is there a recipient that was one too many? */
bool transaction_has_rest(const struct transaction *t);
/* Was it refused for some recipient, or as a whole, and not for each of them at
 * RCPT? */
bool transaction_is_mixed(const struct transaction *t);
/* A number for its sender and its recipients: the same for the same. */
uint64_t transaction_parties(const struct transaction *t);

/* Each recipient that was asked gets its verdict; only those who were one too
 * many may be left, when it is of use to ask again.  `is_sent`: all of the
 * content has left us.  Did the line decide it, for the want of a reply? */
bool transaction_settle(struct transaction *t, const struct loss *loss,
			bool is_sent);
/* Nobody is asked again. */
void transaction_give_up(struct transaction *t);

/* The same verdict for all who have none. */
void transaction_refuse(struct envelope *e, const struct error *verdict);
/* What is true of it while its content is on its way (base/interrupt.h). */
void transaction_tell_doubt(void);

#endif
