/* sasl.h - the server's side of AUTH PLAIN and LOGIN (RFC 4954, RFC 4616).
 *
 * Gathers a user and a password, whoever judges them.  What it holds is
 * overwritten when it is freed. */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include "base/buf.h"

#define SASL_OFFER    "PLAIN LOGIN"
#define SASL_LINE_MAX 12288 /* octets of an answer (RFC 4954 4) */

enum sasl_step {
	SASL_WHOLE,	/* user and password are there */
	SASL_MORE,	/* the challenge is to be sent */
	SASL_UNKNOWN,	/* no such mechanism */
	SASL_MALFORMED, /* no base64, or not of the mechanism's form */
	SASL_CANCELLED, /* "*" */
};

struct sasl {
	int state;
	const char *challenge; /* base64 */
	struct buf user, password;
};

void sasl_init(struct sasl *s);
void sasl_free(struct sasl *s);
/* `initial` is the response that came along, NULL for none. */
enum sasl_step sasl_begin(struct sasl *s, const char *mechanism,
			  const char *initial);
enum sasl_step sasl_answer(struct sasl *s, const char *line);

#endif
