/* fetch.h - messages out of a mailbox: listed, shown, saved, deleted.
 *
 * An order is pure data, frozen once the command line was read: what to do,
 * with which messages, and where what comes of it goes.  fetch_run carries it
 * out; the rest of this page is for the files of this room. */
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

/* Files that are being written are called so until they are whole. */
#define FETCH_PREFIX ".mailget"

enum fetch_action {
	FETCH_LIST,
	FETCH_SHOW,	   /* one message, on standard output */
	FETCH_TOP,	   /* its header and some lines */
	FETCH_SAVE,	   /* one message, in a file */
	FETCH_ATTACHMENTS, /* of some messages, in a directory */
	FETCH_DELETE,
	FETCH_KEEP, /* "fetch": every message a file, once each */
	FETCH_RAW,  /* commands from standard input */
};

struct fetch_order {
	const char *source;
	enum fetch_action action;
	const char *const *words; /* of numbers; "all" where there is none */
	size_t word_count;
	unsigned lines;	  /* of FETCH_TOP */
	const char *path; /* of the file or directory; "-" is stdout */
	bool only_new, yes, force, json, is_maildir;
	bool goes_inside; /* of a mail that is attached: its attachments */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
	const struct config_query *config;
};

/* The exit status, or -1 with the error that is still to be told. */
int fetch_run(struct arena *a, const struct fetch_order *o, struct error *f);

/* Does the word name messages: "7", "3-9", "12-" (to the last), "last",
 * "all"? */
bool choice_is_word(const char *word);
struct choice {
	size_t *numbers; /* rising, each once */
	size_t count;
};

/* ---- listing.c ---- */

/* The messages of a mailbox, a line each.  For people: number, size, local
 * date, who, subject, nothing in it that a terminal would obey.  As JSON: one
 * object a line. */
int listing_print(struct mailbox *m, const struct choice *c, bool json,
		  struct error *f);

/* Text from elsewhere on its way to a terminal.
 *
 * Control bytes but LF and TAB become '?', those of C1 as UTF-8 too, so that a
 * mail can neither move the cursor nor set colours nor type for us.  Valid
 * UTF-8 passes where the terminal has it; other octets over 127 become '?'. */
struct screen {
	struct sink sink;
	bool is_utf8; /* the terminal's */
	unsigned char held[4];
	unsigned count, want;
};

void screen_init(struct screen *s, struct sink *next, bool is_utf8);

/* ---- save.c ---- */

/* The ids of messages that were taken with --new.
 *
 * One file for each mailbox, $XDG_STATE_HOME/mailsend/seen/NAME (else below
 * ~/.local/state), an id a line, replaced by rename.  Ids that the mailbox does
 * not have any more are forgotten.  Two runs on one mailbox take turns: the
 * file PATH.lock is locked from open to close. */
struct seen {
	struct arena *arena;
	const char *path;
	const char **ids; /* sorted */
	size_t count, room;
	const char **added;
	size_t added_count, added_room;
	int lock; /* -1: none */
};

/* `source` as the user wrote it: a file is known by where it really is. */
int seen_open(struct seen *s, struct arena *a, const char *source,
	      struct error *f);
bool seen_has(const struct seen *s, const char *id);
/* Copied; NULL, whose error is told already, is -1. */
int seen_add(struct seen *s, const char *id);
/* Writes what is seen now, of the messages that the mailbox has. */
int seen_keep(struct seen *s, struct mailbox *m, struct error *f);
void seen_close(struct seen *s);

/* Every message a file of a directory, once each.
 *
 * In a plain directory it is named by its id ("ID.eml"); what is there under
 * that name was fetched before.  In a Maildir it goes to new/, and the name has
 * a digest of the id, by which it is known in cur/ too.
 *
 * Messages that came are told to `seen`, which may be NULL; *is_unsafe: they
 * might be gone after a power failure.  One that cannot be read on this machine
 * is named, the others come, and the end is -1 with its error. */
int save_messages(struct arena *a, const struct fetch_order *o,
		  struct mailbox *m, const struct choice *c, struct seen *seen,
		  bool *is_unsafe, struct error *f);

/* ---- attachments.c ---- */

/* The files that a message carries, each in a file of its own.
 *
 * Every leaf that has a file name or is no text, a mail that is attached (as
 * it is, or with `goes_inside` its own attachments), and every uuencoded file
 * of a text.  The names are the message's, made harmless: no directory, no
 * control bytes, not hidden.  Where one is there already the new one is NAME.1,
 * and so on; or, with `force`, takes its place. */
struct detached {
	size_t count;
	size_t damaged; /* of them: kept as far as they could be read, and
			   warned of */
};

/* Names what it makes on standard output, a line each; adds to *found. */
int attachments_message(struct arena *a, const struct fetch_order *o,
			struct mailbox *m, size_t number,
			struct detached *found, struct error *f);

#endif
