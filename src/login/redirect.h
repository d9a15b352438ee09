/* redirect.h - the browser comes back to us (RFC 8252 7.3): a port of this
 * machine's loopback addresses, for one answer.
 *
 * Whoever can reach the port may knock: what does not carry our `state` is
 * answered with an error page and forgotten.  The first that does ends the
 * listening, so nothing can be played again. */
#ifndef LOGIN_REDIRECT_H
#define LOGIN_REDIRECT_H

#include "base/arena.h"
#include "base/error.h"

#define REDIRECT_MAX	 16384 /* octets of a request */
#define REDIRECT_SECONDS 300   /* until the person is back */

struct redirect {
	int sockets[2]; /* 127.0.0.1 and ::1; -1: none */
	unsigned port;
};

/* What the address says that the browser was sent to; in the arena. */
struct redirect_answer {
	const char *code;
	const char *error, *described; /* NULL, or why there is no code */
};

int redirect_open(struct redirect *r, struct error *f);
void redirect_close(struct redirect *r);
/* Until an answer with that `state` has come, or the time is up (ERROR_DATA).
 * `issuer`: what `iss` has to be where it is said (RFC 9207); NULL: whatever.
 */
int redirect_wait(struct redirect *r, struct arena *a, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f);
/* The same out of an address that a person pasted, or its query alone. */
int redirect_read(struct arena *a, const char *url, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f);

#endif
