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

#endif
