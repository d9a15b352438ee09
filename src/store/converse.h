/* converse.h - POP3 and IMAP by hand, once somebody is logged in.
 *
 * For people and scripts that know the commands; nothing here looks at what
 * they do. */
#ifndef STORE_CONVERSE_H
#define STORE_CONVERSE_H

#include "base/arena.h"
#include "base/fault.h"
#include "flow/sink.h"
#include "store/mailbox.h"

#define CONVERSE_LINE_MAX 8192 /* octets of a command */

enum converse_verdict {
	CONVERSE_YES, /* "+OK", "OK" */
	CONVERSE_NO,
	CONVERSE_MORE, /* "+": the server wants another line */
	CONVERSE_OVER, /* it has said good-bye */
};

struct converse;
/* Lives in the arena.  NULL with the fault. */
struct converse *converse_open(struct arena *a, const struct mailbox_url *url,
			       const struct mailbox_login *login,
			       struct fault *f);
/* One line, without its end; the reply goes to `to` as it comes, CRLF and all.
 * An IMAP command may lack its tag.  An enum converse_verdict, or -1. */
int converse_say(struct converse *c, const char *line, struct sink *to,
		 struct fault *f);
/* Is it a command of what was done already: USER, PASS, STLS, LOGIN...? */
bool converse_is_done(const struct converse *c, const char *line);
/* Ends it without deleting anything, unless that was said by QUIT. */
void converse_close(struct converse *c);

#endif
