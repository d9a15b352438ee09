/* held_digest.h - mails that a limit held, as one message (RFC 2046 5.1.5).
 *
 *	multipart/mixed
 *		text/plain		what came how often, and of each kind
 *					the newest as an excerpt
 *		multipart/digest	each of them, as it would have been sent
 *		application/octet-stream
 *					those that message/rfc822 has no
 * encoding for (8 bits, overlong lines), octet for octet
 *
 * The digest has the recipients that each mail in it has.  Its To names those
 * that are in To or Cc of every mail, so that it reveals no Bcc.  It is 7bit,
 * so that any server accepts it.  Memory does not grow with the mails' size:
 * they are copied into a stage. */
#ifndef QUEUERUN_HELD_DIGEST_H
#define QUEUERUN_HELD_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "flow/sink.h"
#include "flow/stage.h"
#include "mail/address.h"
#include "queue/entry.h"
#include "queue/queue_limit.h"

struct held_mail {
	const char *id;
	int64_t arrived;
	char key[QUEUE_LIMIT_KEY]; /* its kind */
	const char *subject;	   /* UTF-8; "" when there is none */
	const char *from;	   /* the field; or NULL */
	struct address_list named; /* in To and Cc */
	const char *excerpt;	   /* lines, each with its line end; "": none */
	uint64_t offset, length;   /* in the stage of all */
	bool is_plain;		   /* it can be a message/rfc822 of 7 bits */
};

struct held_digest {
	/* given; borrowed */
	struct arena *arena;
	const char *const *folders; /* for stages */
	const struct account *account;
	const struct entry *like; /* whose sender and recipients it has */
	size_t more;		  /* that are held for another digest */
	int64_t more_until;
	/* by held_digest_read */
	struct held_mail *mails;
	size_t count, room;
	struct stage content; /* all mails, one after the other */
	/* what came of it */
	const char *message_id;
	bool has_8bit_header; /* an address that is not ASCII */
};

/* Begins the stage; `f` is for all that follows. */
void held_digest_init(struct held_digest *d, struct error *f);
void held_digest_free(struct held_digest *d);
/* Adds a mail, the oldest first. */
int held_digest_read(struct held_digest *d, const struct entry *e,
		     const struct slice *message, struct error *f);
/* The kind of a mail, as it is counted, alone or in a digest. */
int held_digest_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const struct entry *e, const struct slice *message,
		    struct error *f);
/* Writes the message and closes `to`. */
int held_digest_write(struct held_digest *d, struct sink *to, struct error *f);

/* ---- the text of a digest (held_text.c) ---- */

/* "63 mails in the past hour: disk full on db1 (41), backup failed (22)";
 * UTF-8. */
void held_text_subject(const struct held_digest *d, struct buf *out);
/* How many of which kind, from when to when; then for each kind an excerpt of
 * its newest mail, and when the others came.  UTF-8, CRLF. */
int held_text_write(const struct held_digest *d, struct sink *to);

#endif
