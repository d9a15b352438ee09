/* login.h - a person logs in at their provider, once (RFC 6749, 7636, 8252,
 * 8628); from then on net/oauth.h has tokens.
 *
 * With a browser on this machine, with one elsewhere (the person pastes the
 * address that it ended at), or with a code that is typed into one (the device
 * flow).  What is said and asked goes through the caller. */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

enum login_way {
	LOGIN_AS_SET,  /* oauth_flow */
	LOGIN_BROWSER, /* on this machine */
	LOGIN_PASTE,
	LOGIN_DEVICE,
};

struct login_person {
	void *context;
	/* A paragraph, for people. */
	void (*say)(void *context, const char *text);
	/* Shows a URL and opens it in a browser where that can be. */
	void (*open)(void *context, const char *url);
	/* A line that they type; -1 with the error at the end of input. */
	int (*ask)(void *context, const char *question, struct buf *line,
		   struct error *f);
};

/* Keeps the tokens.  ERROR_CONFIG with what is to be set, ERROR_PERMISSION
 * where no access was granted. */
int login_in(struct arena *a, const struct account *account, enum login_way way,
	     const struct login_person *person, struct error *f);
/* Revokes the grant where the provider offers it, and forgets the tokens; 1
 * when there were none. */
int login_out(struct arena *a, const struct account *account,
	      const struct login_person *person, struct error *f);

/* ---- redirect.c: the browser comes back to us (RFC 8252 7.3) ---- */

/* A port of this machine's loopback addresses, for one answer.  Any program
 * here may connect to it: what does not carry our `state` is answered with an
 * error page and forgotten.  The first that does ends the listening, so nothing
 * can be played again. */

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
