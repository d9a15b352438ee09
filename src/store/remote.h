/* remote.h - a mailbox on a server: what POP3 and IMAP have in common over a
 * connection (net/conn.h), and a session of each. */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "flow/sink.h"
#include "net/conn.h"
#include "store/mailbox.h"

/* Longer messages are refused.  Sizes that servers announce are often inexact:
 * without CRs or dots, or before a conversion. */
#define REMOTE_MESSAGE_MAX   (UINT64_C(4) * 1024 * 1024 * 1024)
#define REMOTE_MESSAGE_SLACK (UINT64_C(1024) * 1024)

/* Borrows the login and the URL's text. */
struct remote {
	struct arena *arena;
	struct mailbox_url url;
	const struct mailbox_login *login;
	struct sasl_offer offer;     /* the server's */
	struct sasl_options options; /* during the login */
};

void remote_init(struct remote *r, struct arena *a,
		 const struct mailbox_url *url,
		 const struct mailbox_login *login);
/* `context` for the protocol's functions. */
int remote_open(struct remote *r, struct conn *c,
		const struct conn_protocol *protocol, void *context,
		struct error *f);
/* With the best mechanism that both sides support, as sasl_by_best.
 * ERROR_CONFIG on an unencrypted connection. */
int remote_log_in(struct remote *r, const struct conn *c,
		  int (*by)(void *context, const struct mechanism *m,
			    struct error *f),
		  void *context, struct error *f);
/* By SASL. */
int remote_by_sasl(const struct remote *r, struct conn *c,
		   const struct mechanism *m,
		   const struct sasl_carrier *carrier, struct error *f);

/* The maximum length of a message with that announced size (0: none). */
uint64_t remote_message_max(uint64_t announced);
int remote_too_long(struct conn *c, uint64_t announced, struct error *f);

/* A window of requested messages, for pipelining.
 *
 * Replies are read in the order of the requests.  Messages from mailbox_expect
 * are requested in advance, up to the size of the window; any other message is
 * requested by itself. */
#define PREFETCH_WINDOW 32 /* maximum number of requests without a reply */

struct prefetch {
	const size_t *list; /* m->expected, or &one, or NULL */
	size_t count, answered, asked;
	int lines; /* of mailbox_top; -1: complete */
	size_t one;
};

/* Is the next reply for this message? */
bool prefetch_is_next(const struct prefetch *a, const struct mailbox *m,
		      size_t number, int lines);
/* Number of pending replies. */
static inline size_t prefetch_pending(const struct prefetch *a)
{
	return a->asked - a->answered;
}
/* Restarts with this message; no reply may be pending. */
void prefetch_begin(struct prefetch *a, const struct mailbox *m, size_t number,
		    int lines);
/* Should more be requested now?  True when nothing is pending. */
bool prefetch_is_low(const struct prefetch *a, size_t window);
/* The number to request, 0 when the window is full or all were requested. */
size_t prefetch_take(struct prefetch *a, size_t window);
static inline void prefetch_answered(struct prefetch *a)
{
	a->answered++;
}

/* ---- pop3_talk.c: a POP3 session from the connection to QUIT (RFC 1939) ----
 */

struct pop3_talk {
	struct remote remote;
	struct conn *conn;
	/* what it can do */
	bool has_capa, has_top, has_pipelining;
};

/* Connects and logs in.  Call pop3_hang_up in any case. */
int pop3_begin(struct pop3_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f);
/* Commands with their line ends. */
int pop3_send(struct pop3_talk *t, const char *commands, struct error *f);
/* Reads a status line: 0 for "+OK".  `what` names the action, for the error of
 * a "-ERR". */
int pop3_reply(struct pop3_talk *t, const char *what, struct error *f);
/* Sends QUIT and reads the reply, once. */
int pop3_quit(struct pop3_talk *t, struct error *f);
void pop3_hang_up(struct pop3_talk *t);

/* ---- imap_talk.c: an IMAP session (RFC 3501), commands with tags, responses
 * with literals ---- */

/* The kind of a response. */
enum imap_kind { IMAP_DONE, IMAP_UNTAGGED, IMAP_GO_ON };

struct imap_talk {
	struct remote remote;
	struct conn *conn;
	unsigned tag; /* of the last command */
	/* what it can do */
	bool has_preauth, has_uidplus, has_sasl_ir;
	uint64_t lines; /* of the current command */
};

/* Connects and logs in.  Call imap_hang_up in any case. */
int imap_begin(struct imap_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f);
/* One command without its tag and line end; `shown` as for conn_send_text. */
int imap_send(struct imap_talk *t, const char *command, const char *shown,
	      struct error *f);
/* The next response during the command with that tag; its line is in
 * remote->line.  IMAP_DONE is its "OK"; a "NO" or "BAD" is -1, and `what` names
 * the action, for the error. */
int imap_next(struct imap_talk *t, unsigned tag, const char *what,
	      struct error *f);
/* The next response, to any command: for IMAP_DONE, *tag is the command that is
 * done, and imap_check_result tells the result. */
int imap_any(struct imap_talk *t, unsigned *tag, struct error *f);
int imap_check_result(struct imap_talk *t, const char *what, struct error *f);
/* Skips all untagged responses. */
int imap_finish(struct imap_talk *t, unsigned tag, const char *what,
		struct error *f);
/* Octets of the literal that the current line announces, -1: none. */
int64_t imap_literal(const struct imap_talk *t);
/* Streams that many octets; NULL drops them. */
int imap_copy(struct imap_talk *t, uint64_t n, struct sink *to,
	      struct error *f);
/* The rest of an untagged response: literals are dropped. */
int imap_skip_rest(struct imap_talk *t, struct error *f);
/* Asks for the capabilities again: there may be more after the login. */
int imap_request_capabilities(struct imap_talk *t, struct error *f);

/* Appends the name of a mailbox, which is UTF-8 without control characters, in
 * modified UTF-7 (RFC 3501 5.1.3); -1 where it is not, or too long. */
int imap_put_mutf7(struct buf *out, const char *name);
void imap_logout(struct imap_talk *t);
void imap_hang_up(struct imap_talk *t);

/* The items of "* 3 FETCH (UID 7 RFC822.SIZE 12 BODY[] {12}". */
struct imap_item {
	const char *name, *value; /* a value can be {n}, (...), "..." */
	size_t name_length, value_length;
};
/* Start of the items of a FETCH; NULL if the line is not one. */
const char *imap_fetch(const char *line);
bool imap_item_next(const char **at, struct imap_item *item);
bool imap_item_is(const struct imap_item *item, const char *name);
/* False, and 0, if it is not a number. */
bool imap_number(const char *text, size_t n, uint64_t *value);

/* ---- a mailbox over it (imap.c) ---- */

struct imap {
	struct imap_talk talk;
	const char *folder;
	struct buf name;   /* of the folder, as reported */
	uint64_t validity; /* of the UIDs, when listed */
	uint64_t *uids;	   /* rising */
	struct prefetch prefetch;
	unsigned open_tags; /* requests for messages that are not done */
	bool is_unordered; /* the server reorders replies: request one at a time
			    */
	uint64_t largest;  /* message, from the list */
	unsigned dropped;  /* messages, since the request */
	/* of the folder that was opened last */
	uint64_t seen_validity, exists;
};

/* `verb` is EXAMINE or SELECT. */
int imap_open_folder(struct imap *own, const char *verb, struct error *f);
/* Deletes all of them, or none: flags that were set are removed again if the
 * rest fails. */
int imap_delete_marked(struct mailbox *m, struct error *f);

#endif
