/* completion.h - the completion of a name, out of its option table.
 *
 * A build tool that is not installed: `completion SHELL NAME` writes a file for
 * that shell, which the Makefile appends to what is the same for all names
 * (contrib/completion).  Which options exclude each other is found by parsing
 * each pair. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "persona/options.h"

#define COMPLETION_MAX (1024 * 1024) /* octets of a file */

enum completion_takes {
	TAKES_NOTHING,
	TAKES_TEXT, /* anything */
	TAKES_WORDS,
	TAKES_FILE,
	TAKES_DIRECTORY,
	TAKES_HOST,
	TAKES_ADDRESS,
	TAKES_ACCOUNT,
	TAKES_SETTING, /* NAME=VALUE */
	TAKES_ID,      /* of a queued mail */
	TAKES_COMMAND, /* another program with its arguments */
};

/* Lists are separated by blanks; an empty one is NULL. */
struct completion_option {
	const struct option_row *row;
	const char *forms; /* "-s --subject" */
	enum completion_takes takes;
	const char *words;
	const char *after;   /* only after one of these; "" for any place; "^":
				only as the first word */
	const char *without; /* not together with these; all their forms */
	bool is_optional;    /* its value must be joined */
	bool is_repeated;
	bool is_hidden; /* accepted, but not offered */
	bool takes_many;
};

/* An argument that is not an option: the first row that matches.  The last one
 * always matches. */
struct completion_bare {
	const char *after; /* options, as above; "" for any */
	int place;	   /* 1 is the first; 0 for any */
	enum completion_takes takes;
	const char *words;
};

struct completion {
	const char *name;  /* "mailq" */
	const char *title; /* of the persona: "mailsend --mailq" */
	const char *first; /* "--mailq" there; NULL */
	struct completion_option *options;
	size_t count;
	const struct completion_bare *bare;
	size_t bare_count;
	/* those that its first word selects, as --mailq does */
	const struct completion *behind;
	size_t behind_count;
};

/* Each appends to `out`, which may overflow. */
void completion_bash(const struct completion *c, struct buf *out);
void completion_zsh(const struct completion *c, struct buf *out);
void completion_fish(const struct completion *c, struct buf *out);

#endif
