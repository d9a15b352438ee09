/* pop3_talk.h - a POP3 session from the dial to QUIT. */
#ifndef STORE_POP3_TALK_H
#define STORE_POP3_TALK_H

#include <stdbool.h>

#include "store/remote.h"

struct pop3_talk {
	struct remote remote;
	struct conn *conn;
	/* what it can do */
	bool has_capa, has_top, has_pipelining;
};

/* Dials and logs in.  pop3_hang_up in any case. */
int pop3_begin(struct pop3_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f);
/* Commands with their line ends. */
int pop3_say(struct pop3_talk *t, const char *commands, struct error *f);
/* A status line: 0 for "+OK".  `what` names what a "-ERR" refuses. */
int pop3_reply(struct pop3_talk *t, const char *what, struct error *f);
/* Says QUIT and hears the answer, once. */
int pop3_quit(struct pop3_talk *t, struct error *f);
void pop3_hang_up(struct pop3_talk *t);

#endif
