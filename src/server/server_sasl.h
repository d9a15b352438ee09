/* server_sasl.h - the server's side of AUTH PLAIN and LOGIN (RFC 4954, RFC
 * 4616).
 *
 * Collects a user and a password; the caller verifies them.  Both are
 * overwritten when it is freed. */
#ifndef SERVER_SERVER_SASL_H
#define SERVER_SERVER_SASL_H

#include "base/buf.h"

#define SERVER_SASL_OFFER    "PLAIN LOGIN"
#define SERVER_SASL_LINE_MAX 12288 /* octets of an answer (RFC 4954 4) */

enum server_sasl_step {
	SERVER_SASL_WHOLE,     /* user and password are there */
	SERVER_SASL_MORE,      /* the challenge is to be sent */
	SERVER_SASL_UNKNOWN,   /* no such mechanism */
	SERVER_SASL_MALFORMED, /* no base64, or not of the mechanism's form */
	SERVER_SASL_CANCELLED, /* "*" */
};

struct server_sasl {
	int state;
	const char *challenge; /* base64 */
	struct buf user, password;
};

void server_sasl_init(struct server_sasl *s);
void server_sasl_free(struct server_sasl *s);
/* `initial` is the response that came along, NULL for none. */
enum server_sasl_step server_sasl_begin(struct server_sasl *s,
					const char *mechanism,
					const char *initial);
enum server_sasl_step server_sasl_answer(struct server_sasl *s,
					 const char *line);

#endif
