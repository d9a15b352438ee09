/* msgid.h - message identifiers (RFC 5322 3.6.4). */
#ifndef MAIL_MSGID_H
#define MAIL_MSGID_H

#include <stdbool.h>

#include "base/arena.h"

/* "<time.random@domain>", unique in the world: 80 random bits beside the
 * clock.  `domain` is real and has a dot; NULL takes the world's. */
const char *msgid_make(struct arena *a, const char *domain);
bool msgid_is_valid(const char *text);

#endif
