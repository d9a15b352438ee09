/* caps.h - the extensions that a server offers (RFC 5321 4.1.1.1).
 *
 * Reset at each EHLO, so that what was offered before TLS does not count
 * afterwards. */
#ifndef SMTP_CAPS_H
#define SMTP_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/sasl.h"

enum caps_flag {
	CAPS_STARTTLS = 1 << 0,
	CAPS_SIZE = 1 << 1,
	CAPS_PIPELINING = 1 << 2,
	CAPS_CHUNKING = 1 << 3,
	CAPS_8BITMIME = 1 << 4,
	CAPS_DSN = 1 << 5,
	CAPS_SMTPUTF8 = 1 << 6,
	CAPS_ENHANCEDSTATUSCODES = 1 << 7,
	CAPS_AUTH = 1 << 8,
};

struct caps {
	unsigned flags;
	uint64_t size; /* octets; 0: no limit known */
	struct sasl_offer auth;
};

void caps_reset(struct caps *c);
/* One EHLO line without its code: "SIZE 10240000", "AUTH PLAIN LOGIN",
 * also the old "AUTH=PLAIN". */
void caps_add(struct caps *c, const char *line);
static inline bool caps_has(const struct caps *c, enum caps_flag flag)
{
	return (c->flags & flag) != 0;
}

#endif
