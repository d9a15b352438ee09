/* credentials.h - is this the password of that user?
 *
 * A command of the configuration's judges: it gets two lines on standard
 * input, the user and the password, and ends with status 0 where they are
 * right.  75 and 111, a signal, or no end in time is "not now"; any other
 * status is "wrong". */
#ifndef CONFIG_CREDENTIALS_H
#define CONFIG_CREDENTIALS_H

#include "base/error.h"

/* 1 right, 0 wrong, -1 with the error, which is temporary. */
int credentials_check(const char *command, unsigned seconds, const char *user,
		      const char *password, struct error *f);

#endif
