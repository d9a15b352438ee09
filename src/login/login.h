/* login.h - a person logs in at their provider, once (RFC 6749, 7636, 8252,
 * 8628); from then on net/oauth.h has tokens.
 *
 * With a browser on this machine, with one elsewhere (the person pastes the
 * address that it was redirected to), or with a code that is entered in one
 * (the device flow).  Text and questions go through the caller. */
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
	/* Shows a URL and opens it in a browser if there is one. */
	void (*open)(void *context, const char *url);
	/* A line that they type; -1 with the error at the end of input. */
	int (*ask)(void *context, const char *question, struct buf *line,
		   struct error *f);
};

/* Stores the tokens.  ERROR_CONFIG with the settings that are needed,
 * ERROR_PERMISSION if access was not granted. */
int login_in(struct arena *a, const struct account *account, enum login_way way,
	     const struct login_person *person, struct error *f);
/* Revokes the grant if the provider supports it, and deletes the tokens; 1 if
 * there were none. */
int login_out(struct arena *a, const struct account *account,
	      const struct login_person *person, struct error *f);

/* ---- redirect.c: the redirect of the browser to us (RFC 8252 7.3) ---- */

/* A port on this machine's loopback addresses, for one reply.  Any program here
 * may connect to it: requests without our `state` get an error page and are
 * ignored.  The first with it closes the port, so nothing can be replayed. */

#define REDIRECT_MAX	 16384 /* octets of a request */
#define REDIRECT_SECONDS 300   /* until the person has logged in */

struct redirect {
	int sockets[2]; /* 127.0.0.1 and ::1; -1: none */
	unsigned port;
};

/* The query of the address that the browser was redirected to; in the arena. */
struct redirect_answer {
	const char *code;
	const char *error, *described; /* NULL, or why there is no code */
};

int redirect_open(struct redirect *r, struct error *f);
void redirect_close(struct redirect *r);
/* Waits for a request with that `state`, or until the timeout (ERROR_DATA).
 * `issuer`: the required value of `iss` if there is one (RFC 9207); NULL:
 * any. */
int redirect_wait(struct redirect *r, struct arena *a, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f);
/* The same from an address that a person pasted, or from its query alone. */
int redirect_read(struct arena *a, const char *url, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f);

#endif
