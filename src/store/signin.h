/* signin.h - which way to log in, and what is said (RFC 4422).
 *
 * Ways that are words alone (PLAIN, LOGIN, USER, bearer tokens, EXTERNAL) are
 * said here; what has to be computed is left to libcurl, on a connection of its
 * own.  Left alone we take PLAIN or LOGIN, as the line is TLS by then. */
#ifndef STORE_SIGNIN_H
#define STORE_SIGNIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/mailbox.h"

/* What the server offers. */
struct signin_offer {
	char mechanisms[512]; /* of SASL, " PLAIN LOGIN ", upper case */
	bool has_words;	      /* USER and PASS, or IMAP's LOGIN */
	bool has_apop;
};

enum signin_way { SIGNIN_SASL, SIGNIN_WORDS, SIGNIN_LIBCURL };

struct signin {
	enum signin_way way;
	const char *mechanism; /* as libcurl's "AUTH=" has it */
};

/* Takes the words behind SASL or AUTH=, as many as there is room for. */
void signin_offer(struct signin_offer *o, const char *word, size_t n);
/* ERROR_UNAVAILABLE or ERROR_CONFIG where there is no way. */
int signin_choose(struct signin *s, const struct signin_offer *o,
		  const struct mailbox_login *login, const char *place,
		  struct error *f);
/* What is said to the server's challenge number `step`, from 0, as one line
 * with its end; "*", which gives up, when there should be none. */
int signin_answer(const struct signin *s, const struct mailbox_login *login,
		  unsigned step, struct buf *out, struct error *f);

#endif
