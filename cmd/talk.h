/* talk.h - the command --talk of mailsend and of mailget. */
#ifndef CMD_TALK_H
#define CMD_TALK_H

#include "base/arena.h"
#include "base/error.h"
#include "persona/cmdline.h"

/* Both return the exit status, or -1 with an error that is still to be told.
 * SMTP with the account's server, or with the one that was named: an account's
 * password goes to no other host. */
int talk_with_server(struct arena *a, const struct cmdline *cmdline,
		     struct error *f);
/* POP3 or IMAP. */
int talk_with_mailbox(struct arena *a, const struct cmdline *cmdline,
		      const char *url, struct error *f);

#endif
