/* selection.h - the mails of a queue that a run is about, grouped by account.
 *
 * A group has one account of one configuration, with the same settings laid
 * over it: its mails go over one connection.  Where an entry names no account
 * its sender selects one, as when it was queued.  A wrong configuration is an
 * error of its groups and stops no other.
 *
 * Read without locks: check a mail again when it is locked (selection_wants).
 */
#ifndef QUEUERUN_SELECTION_H
#define QUEUERUN_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "queue/queue.h"
#include "queue/schedule.h"

struct trace;

/* ---- what a run is about, and its result ---- */

/* Each list that is not empty must match, by any of its words, without regard
 * to case; "@domain" is any address there, and part of an address is enough, as
 * in sendmail. */
struct flush_words {
	const char **words;
	size_t count, room;
};

struct flush {
	struct arena *arena;
	const char *folder; /* of the queue; absolute for flush_start */
	struct flush_words ids, senders, recipients;
	bool due_only;		   /* only what is due */
	bool verbose;		   /* a note on standard error for each mail */
	const struct trace *trace; /* or NULL */
	unsigned silence; /* milliseconds of silence after which a process
			      counts as stuck; 0: an hour */
};

struct flush_result {
	unsigned sent, deferred, failed; /* mails; failed has those given up */
	unsigned busy;			 /* somebody else had them */
	unsigned held;			 /* asked for, but held */
	unsigned bad;			 /* set aside: they cannot be read */
};

/* ---- the groups ---- */

struct selection_group {
	const char *config_path; /* that its entries name, or NULL */
	struct config *config;
	const struct account *account;
	struct error error; /* why there is no account; ERROR_NONE */
	struct schedule schedule;
	const char **ids; /* oldest first */
	size_t count, room;
	struct selection_group *next;
};

/* Keys in order, each with what belongs to it. */
struct selection_row {
	const char *key;
	void *value;
};
struct selection_table {
	struct selection_row *rows;
	size_t count, room;
};

struct selection {
	const struct flush *flush;
	bool notices;  /* ours, that are chosen or due; else all but those */
	int64_t began; /* what was tried after it was not left to us */
	struct arena *arena;
	struct queue *queue;
	struct flush_result *result;	/* counts the held and the unreadable */
	bool saw_notices;		/* when they were not asked for */
	struct selection_group *groups; /* in the order of their oldest mail */
	struct selection_group **last;
	struct selection_table configs, queries, by_account;
};

/* Fills in the groups; all of it lives in the arena.  Entries that cannot
 * be read are set aside. */
int selection_make(struct selection *s, struct error *f);
/* The entry's account; where the configuration is wrong, one with nothing but
 * defaults, since a sender has to be notified all the same. */
const struct account *selection_account(struct arena *a, const struct entry *e);
/* The account by its name, so that the null sender of a notice does not choose
 * another; NULL where none has to be named. */
const char *selection_account_name(const struct entry *e,
				   const struct account *account);
/* Is it to be tried? */
bool selection_wants(const struct selection *s, const struct selection_group *g,
		     const struct entry *e);
/* ... and only those of its recipients that are due? */
bool selection_is_due_only(const struct selection *s, const struct entry *e);

/* Is one of the words a part of the id, without regard to case?  No words at
 * all mean any. */
bool selection_match_id(const struct flush_words *words, const char *id);
/* ... of the address?  "@domain" is the end of one, "<>" the null sender. */
bool selection_match_address(const struct flush_words *words,
			     const char *address);

#endif
