/* notice_report.h - a notice as a message, before it is queued (RFC 3464,
 * RFC 6522, RFC 6533).
 *
 * A multipart/report of up to three parts: a text for people, fields for
 * programs, and for a single mail the mail or its header.  More than one mail
 * makes a digest, which returns none of them.  Memory does not grow with the
 * mails: their content is a slice, and what is written is staged. */
#ifndef QUEUERUN_NOTICE_REPORT_H
#define QUEUERUN_NOTICE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "flow/sink.h"
#include "mail/header.h"
#include "queue/queue.h"

#define NOTICE_FULL_MAX (256 * 1024) /* octets that "auto" returns whole */

enum notice_kind { NOTICE_FAILED, NOTICE_DELAYED };

/* One mail that is reported, and facts from its header; UTF-8. */
struct notice_mail {
	const struct entry *entry;
	struct slice message;	/* all of it */
	const char *subject;	/* "" when there is none */
	const char *message_id; /* with its <>, or NULL */
	uint64_t header;	/* octets of the header, no empty line */
};

struct notice_report {
	/* given; borrowed */
	struct arena *arena;
	const char *const *folders; /* for stages */
	enum notice_kind kind;
	const struct account *account;
	struct notice_mail *mails; /* entry and message are given */
	size_t count;
	size_t more; /* mails of this sender that another notice reports */

	/* what came of it */
	const char *message_id;
	bool is_whole;	      /* the mail is returned whole */
	bool has_8bit;	      /* in the body */
	bool has_8bit_header; /* an address that is not ASCII */
};

/* Does NOTIFY let the recipient be reported so (RFC 3461 4.1)? */
bool notice_report_may(const struct entry *e, const struct entry_recipient *r,
		       enum notice_kind kind);
/* Is the recipient one that the report is about? */
bool notice_report_concerns(const struct entry *e,
			    const struct entry_recipient *r,
			    enum notice_kind kind);
size_t notice_report_count(const struct entry *e, enum notice_kind kind);

/* Writes the message and closes `to`. */
int notice_report_write(struct notice_report *r, struct sink *to,
			struct error *f);

/* ---- the text of a notice, and foreign text in it (notice_text.c) ---- */

/* Appends the text in one line: what is not safe (base/text.h), and with
 * `ascii` all that is not ASCII, becomes \xNN.  More than `max` octets are cut
 * at a character's boundary, with "..." at the end. */
void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max);
/* One paragraph, indented and wrapped at spaces.  The text is a line as made by
 * notice_text_put. */
int notice_text_wrap(struct sink *to, size_t indent, const char *text);

/* The subject, UTF-8. */
void notice_text_subject(const struct notice_report *r, struct buf *out);
/* Which mail, to which recipients, the server's reply, and what can be done.
 * Of many recipients only the first ones; the fields have them all.  UTF-8. */
int notice_text_write(const struct notice_report *r, struct sink *to);

#endif
