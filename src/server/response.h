/* response.h - a reply of our server (RFC 5321 4.2, RFC 3463).
 *
 * A code, an enhanced code and a sentence: one line of printable ASCII within
 * the RFC's 512 octets. */
#ifndef SERVER_RESPONSE_H
#define SERVER_RESPONSE_H

#include "base/buf.h"
#include "base/error.h"

#define RESPONSE_LINE_MAX 510 /* and its CRLF */

struct response {
	int code;     /* 0: none was set */
	char esc[12]; /* "" where the code has none (220, 334, 354) */
	char text[640];
};

/* Returns -1 for a code of 400 and more, so that a function can end with it. */
int response_set(struct response *a, int code, const char *esc,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The reply for a mail that failed: a server's own codes where a
 * server spoke, 4xx for all that may pass.  What is wrong with our own
 * configuration or log-in may pass too: it is going to be fixed, and the
 * mail is good.  Returns -1. */
int response_error(struct response *a, const struct error *f);
/* The same for somebody whom our configuration is no business of: what is said
 * of the mail, and by other servers of it, they hear; of what is wrong with us
 * only that it is. */
int response_error_outside(struct response *a, const struct error *f);
/* The line with its CRLF; `more` where others of this reply follow. */
void response_put(struct buf *out, const struct response *a, bool more);

#endif
