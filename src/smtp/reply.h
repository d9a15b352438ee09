/* reply.h - what an SMTP server answers (RFC 5321 4.2, RFC 3463).
 *
 * Bytes are fed as they arrive; it consumes exactly one reply and no octet
 * more.  The server is not trusted: the length and number of lines are limited,
 * the codes in one reply must agree, and the text is sanitized: valid UTF-8
 * stays, any other octet and all controls become \xNN. */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

#define REPLY_LINE_MAX	4096
#define REPLY_TEXT_MAX	8192 /* kept; more is read and dropped */
#define REPLY_LINES_MAX 512

struct reply {
	int code;	 /* 0 until the first line is whole */
	char esc[12];	 /* enhanced status code of the first line, or "" */
	struct buf text; /* the lines' texts joined by " ", without codes and
			    repeated enhanced codes */
	size_t lines;
	struct buf line; /* the one that is arriving */
};

void reply_init(struct reply *r);
void reply_free(struct reply *r);
void reply_reset(struct reply *r);
/* Returns 1 when the reply is complete, 0 when it needs more, -1 with
 * ERROR_PROTOCOL.  *used is how much of data was consumed. */
int reply_feed(struct reply *r, const char *data, size_t n, size_t *used,
	       struct error *f);
/* "550 5.1.1 No such user", cut on a character boundary to fit. */
void reply_words(const struct reply *r, char *out, size_t size);

enum reply_phase {
	REPLY_GREETING,
	REPLY_EHLO,
	REPLY_STARTTLS,
	REPLY_AUTH,
	REPLY_MAIL,
	REPLY_RCPT,
	REPLY_DATA,
	REPLY_CONTENT, /* after the dot or BDAT LAST */
};

/* The one table from a refusal to its cause: by phase, code and enhanced
 * code.  A 4xx is always temporary and never anything else.  `what` names the
 * thing refused ("recipient bob@example.org").  Returns -1. */
int reply_error(const struct reply *r, enum reply_phase phase, const char *what,
		struct error *f);

#endif
