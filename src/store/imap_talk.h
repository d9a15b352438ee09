/* imap_talk.h - an IMAP session: commands with tags, responses with literals
 * (RFC 3501). */
#ifndef STORE_IMAP_TALK_H
#define STORE_IMAP_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/sink.h"
#include "store/mailbox.h"
#include "store/remote.h"

/* What a response is. */
enum imap_kind { IMAP_DONE, IMAP_UNTAGGED, IMAP_GO_ON };

struct imap_talk {
	struct remote remote;
	struct conn *conn;
	unsigned tag; /* of the last command */
	/* what it can do */
	bool has_preauth, has_uidplus, has_sasl_ir;
	uint64_t lines; /* of the command at hand */
};

/* Dials and logs in.  imap_hang_up in any case. */
int imap_begin(struct imap_talk *t, struct arena *a,
	       const struct mailbox_url *url, const struct mailbox_login *login,
	       struct error *f);
/* One command without its tag and line end; `shown` as for conn_say. */
int imap_say(struct imap_talk *t, const char *command, const char *shown,
	     struct error *f);
/* The next response while the command of that tag is carried out; its line is
 * in remote->line.  IMAP_DONE is its "OK"; a "NO" or "BAD" is -1, `what` names
 * what it refuses. */
int imap_next(struct imap_talk *t, unsigned tag, const char *what,
	      struct error *f);
/* The next response, whatever it answers: of IMAP_DONE *tag tells which command
 * is done, and imap_judge how. */
int imap_any(struct imap_talk *t, unsigned *tag, struct error *f);
int imap_judge(struct imap_talk *t, const char *what, struct error *f);
/* Passes over all untagged responses. */
int imap_finish(struct imap_talk *t, unsigned tag, const char *what,
		struct error *f);
/* Octets of the literal that the line at hand ends with, -1: none. */
int64_t imap_literal(const struct imap_talk *t);
/* Streams so many octets; NULL drops them. */
int imap_pass(struct imap_talk *t, uint64_t n, struct sink *to,
	      struct error *f);
/* The rest of an untagged response: literals are dropped. */
int imap_pass_rest(struct imap_talk *t, struct error *f);
/* Asks anew what it can do: more, once somebody has logged in. */
int imap_ask_abilities(struct imap_talk *t, struct error *f);

/* Appends the name of a mailbox, which is UTF-8 without control characters, in
 * modified UTF-7 (RFC 3501 5.1.3); -1 where it is not, or too long. */
int imap_put_mutf7(struct buf *out, const char *name);
void imap_farewell(struct imap_talk *t);
void imap_hang_up(struct imap_talk *t);

/* The items of "* 3 FETCH (UID 7 RFC822.SIZE 12 BODY[] {12}". */
struct imap_item {
	const char *name, *value; /* a value may be {n}, (...), "..." */
	size_t name_length, value_length;
};
/* Where the items of a FETCH begin; NULL when the line is none. */
const char *imap_fetch(const char *line);
bool imap_item_next(const char **at, struct imap_item *item);
bool imap_item_is(const struct imap_item *item, const char *name);
/* False, and 0, where it is no number. */
bool imap_number(const char *text, size_t n, uint64_t *value);

/* ---- a mailbox over it (imap.c) ---- */

struct imap {
	struct imap_talk talk;
	const char *folder;
	struct buf name;   /* of the folder, as it is said */
	uint64_t validity; /* of the UIDs, when they were listed */
	uint64_t *uids;	   /* rising */
	struct prefetch ahead;
	unsigned open_tags; /* questions about messages that are not done */
	bool is_muddled;    /* one came before its turn: one at a time, now */
	uint64_t largest;   /* message, as the list said */
	unsigned dropped;   /* messages, since the question */
	/* of the folder that was opened last */
	uint64_t seen_validity, exists;
};

/* `verb` is EXAMINE or SELECT. */
int imap_open_folder(struct imap *own, const char *verb, struct error *f);
/* All of them, or none: flags that were set are taken back where the rest could
 * not be done. */
int imap_delete_marked(struct mailbox *m, struct error *f);

#endif
