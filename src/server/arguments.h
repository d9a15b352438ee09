/* arguments.h - parses the arguments of MAIL and RCPT (RFC 5321 4.1.2, 1870,
 * 3461, 4954, 6152, 6531), for a server.
 *
 * The path is one mailbox.  A source route is dropped, and the caller qualifies
 * a bare name.  The form without <> and a blank after the colon are accepted,
 * since old scripts write them.  Parameters that we do not offer are refused
 * and not ignored, because they change the meaning of the command. */
#ifndef SERVER_ARGUMENTS_H
#define SERVER_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "mail/address.h"
#include "server/response.h"

struct arguments_mail {
	struct address sender; /* spec "" is the null one */
	uint64_t size;	       /* as announced; 0: it was not */
	bool is_8bit, is_utf8;
	const char *ret;   /* "full", "hdrs" or NULL */
	const char *envid; /* decoded, or NULL */
};

struct arguments_rcpt {
	struct address address;
	const char *notify; /* "never" or "failure,delay", or NULL */
	const char *orcpt;  /* "rfc822;bob@example.org", still xtext, or NULL */
};

/* `text` is what follows the verb.  -1 with the answer filled; what is read
 * lives in the arena. */
int arguments_read_mail(struct arena *a, const char *text,
			struct arguments_mail *out, struct response *why);
/* UTF-8 where MAIL had SMTPUTF8. */
int arguments_read_rcpt(struct arena *a, const char *text, bool is_utf8,
			struct arguments_rcpt *out, struct response *why);

#endif
