/* completion.h - what a shell may offer behind a name, out of its table.
 *
 * A tool of the build, not installed: `completion SHELL NAME` writes a file
 * that such a shell reads, which Makefile puts behind what is the same for all
 * names (contrib/completion).  What excludes what is found by having each pair
 * of options read as a command line is read. */
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
	TAKES_COMMAND, /* another program's, with its arguments */
};

/* Lists are words with a blank between; none is NULL. */
struct completion_option {
	const struct option_row *row;
	const char *forms; /* "-s --subject" */
	enum completion_takes takes;
	const char *words;
	const char *after;   /* only behind one of these; "" for any place;
				"^": as the first word alone */
	const char *without; /* not with one of these; all their forms */
	bool is_optional;    /* a value that is there has to be joined */
	bool is_repeated;
	bool is_hidden; /* understood, and not offered */
	bool takes_many;
};

/* What is no option: the first that fits.  The last one fits always. */
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
	/* those that its first word chooses, as --mailq does */
	const struct completion *behind;
	size_t behind_count;
};

/* Each adds to `out`, which may overflow. */
void completion_bash(const struct completion *c, struct buf *out);
void completion_zsh(const struct completion *c, struct buf *out);
void completion_fish(const struct completion *c, struct buf *out);

#endif
