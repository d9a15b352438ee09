/* fetch.h - list, show, save and delete messages of a mailbox.
 *
 * An order is pure data, constant after the command line was read: what to do,
 * with which messages, and where the output goes.  fetch_run carries it out;
 * the rest of this header is for the files of this directory. */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "flow/sink.h"
#include "store/mailbox.h"

/* The prefix of temporary names, until a file is complete. */
#define FETCH_PREFIX ".mailget"

enum fetch_action {
	FETCH_LIST,
	FETCH_SHOW,	   /* one message, on stdout */
	FETCH_TOP,	   /* its header and some lines */
	FETCH_SAVE,	   /* one message, in a file */
	FETCH_ATTACHMENTS, /* of some messages, in a directory */
	FETCH_DELETE,
	FETCH_KEEP, /* "fetch": a file for each message, once */
	FETCH_RAW,  /* --raw */
};

struct fetch_order {
	const char *source;
	enum fetch_action action;
	const char *const *words; /* message numbers; "all" if there are none */
	size_t word_count;
	unsigned lines;	  /* of FETCH_TOP */
	const char *path; /* of the file or directory; "-" is stdout */
	bool only_new, yes, force, json, is_maildir;
	bool goes_inside; /* the attachments of attached messages */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
	const struct config_query *config;
};

/* The exit status, or -1 with an error that is not yet reported. */
int fetch_run(struct arena *a, const struct fetch_order *o, struct error *f);

/* Does the word select messages: "7", "3-9", "12-" (to the last), "last",
 * "all"? */
bool choice_is_word(const char *word);
struct choice {
	size_t *numbers; /* ascending, each once */
	size_t count;
};

/* ---- listing.c ---- */

/* The messages of a mailbox, one per line.  For people: number, size, local
 * date, sender, subject, sanitized for the terminal.  As JSON: one object per
 * line. */
int listing_print(struct mailbox *m, const struct choice *c, bool json,
		  struct error *f);

/* A sink for foreign text on a terminal.
 *
 * Control bytes except LF and TAB become '?', also those of C1 in UTF-8, so
 * that a mail cannot move the cursor, set colours or send input.  Valid UTF-8
 * is kept if the terminal supports it; other octets over 127 become '?'. */
struct screen {
	struct sink sink;
	bool is_utf8; /* the terminal's */
	unsigned char held[4];
	unsigned count, want;
};

void screen_init(struct screen *s, struct sink *next, bool is_utf8);

/* ---- save.c ---- */

/* The ids of messages that were retrieved with --new.
 *
 * One file for each mailbox, $XDG_STATE_HOME/mailsend/seen/NAME (the default is
 * ~/.local/state), one id per line, replaced by rename.  Ids that are no longer
 * in the mailbox are removed.  Only one run at a time uses a mailbox's file:
 * PATH.lock is locked from open to close. */
struct seen {
	struct arena *arena;
	const char *path;
	const char **ids; /* sorted */
	size_t count, room;
	const char **added;
	size_t added_count, added_room;
	int lock; /* -1: none */
};

/* `source` as the user wrote it: a file is identified by its real path. */
int seen_open(struct seen *s, struct arena *a, const char *source,
	      struct error *f);
bool seen_has(const struct seen *s, const char *id);
/* Copies the id.  -1 for NULL, whose error was already reported. */
int seen_add(struct seen *s, const char *id);
/* Writes the ids that were seen and are in the mailbox. */
int seen_keep(struct seen *s, struct mailbox *m, struct error *f);
void seen_close(struct seen *s);

/* Saves each message as a file in a directory, once.
 *
 * In a plain directory the file is named by the id ("ID.eml"), and an existing
 * file of that name was fetched before.  In a Maildir it goes to new/, and its
 * name contains a digest of the id, which is also recognized in cur/.
 *
 * Saved messages are added to `seen`, which may be NULL; *is_unsafe: they might
 * be lost in a power failure.  A message that cannot be read on this machine is
 * reported, the others are saved, and -1 is returned with its error. */
int save_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  bool *is_unsafe, struct error *f);

/* ---- attachments.c ---- */

/* The attachments of a message, each in a file.
 *
 * Every leaf that has a file name or is not text, an attached message
 * (unchanged, or with `goes_inside` its attachments), and every uuencoded file
 * in a text.  The names are the message's, sanitized: no directory, no control
 * bytes, not hidden.  If a file exists, the new one is named NAME.1, and so on;
 * with `force` the old one is replaced. */
struct detached {
	size_t count;
	size_t damaged; /* of them: kept as far as they could be read, and
			   warned of */
};

/* Prints the name of each file on stdout, one per line; adds to *found. */
int attachments_message(struct arena *a, const struct fetch_order *o,
			struct mailbox *m, size_t number,
			struct detached *found, struct error *f);

#endif
