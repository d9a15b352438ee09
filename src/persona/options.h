/* options.h - the option table engine.
 *
 * A persona declares its options as rows; the engine parses them (short,
 * bundled, joined, separated, --long, --long=value, unambiguous prefixes of
 * long names, "--"), and makes --help, the usage line and, later, completions
 * from the same rows.  An unknown option is ERROR_USAGE and suggests the
 * nearest.  Bare arguments, before and between options too, go to the
 * persona's `argument`. */
#ifndef PERSONA_OPTIONS_H
#define PERSONA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "persona/cmdline.h"

enum option_kind {
	OPTION_FLAG,	 /* no argument */
	OPTION_TEXT,	 /* one argument, joined or separate */
	OPTION_FILE,	 /* the same, and never empty; the name of a file keeps
			    its octets, whatever the locale */
	OPTION_OPTIONAL, /* an argument only when joined ("--tls", "--tls=on")
			  */
	OPTION_HEADING,	 /* a line in --help, nothing else */
	OPTION_GROUP,	 /* the rows of another table, which has none */
};

struct options_run;
struct option_row {
	enum option_kind kind;
	char letter;	      /* 0: none */
	char other_letter;    /* a second spelling, or 0 */
	const char *name;     /* long, without "--"; NULL: none */
	const char *argument; /* what help calls it: "FILE" */
	/* what it may be, blanks between, for completions; a setting's words
	 * are in its own table.  NULL: anything */
	const char *words;
	const char *help;
	/* exactly one of: refusal, why it is not here, an ERROR_USAGE; set; or
	 * the offset of a field of struct cmdline that is a bool (FLAG) or a
	 * const char * (TEXT, FILE), which some setters use as well.  A
	 * setter's error need not name the option, the engine does; its value
	 * is NULL where none was given. */
	const char *refusal;
	int (*set)(struct options_run *run, const struct option_row *row,
		   const char *value, struct error *f);
	size_t field;			/* offsetof(...) + 1; 0: none */
	int value;			/* for the setter's own use */
	unsigned least, most;		/* of set_number */
	const struct option_row *group; /* of OPTION_GROUP */
};
#define OPTION_FIELD(member)  (offsetof(struct request, member) + 1)
#define COMMAND_FIELD(member) (offsetof(struct cmdline, member) + 1)
/* Of a program's own struct, which begins with its struct cmdline: rows fill
 * either, and a setter has the whole from run->cmdline by a cast. */
#define OPTION_OWN(type, member) (offsetof(type, member) + 1)

struct persona {
	const char *name;
	const char *synopsis; /* "[options] address..." */
	const char *about;    /* what it does, one line at the top of --help */
	/* the options that --help shows, in this order: names and, where an
	 * option has none, letters; NULL: all of them, as --help all */
	const char *common;
	const char *examples; /* lines; NULL: none */
	const char *notes;    /* lines below the options; NULL: none */
	bool takes_message;   /* on standard input, ready with its header */
	bool is_terse; /* a wrong command line is told without the usage */
	const struct option_row
		*rows; /* ends with kind FLAG, no letter, no name */
	/* before the first argument: what differs from an empty command;
	 * NULL: nothing */
	void (*start)(struct options_run *run);
	int (*argument)(struct options_run *run, const char *value,
			struct error *f);
	/* all that stands behind "--", as it is: run->argv from run->at on;
	 * NULL: these are arguments, too */
	void (*rest)(struct options_run *run);
	/* after the last argument: defaults, contradictions; NULL: none */
	int (*finish)(struct options_run *run, struct error *f);
};

struct options_run {
	const struct persona *persona;
	struct cmdline *cmdline;
	struct request *request; /* the command line's */
	struct arena *arena;
	void *own; /* the persona's working state */

	int argc;
	char **argv;
	int at;		      /* the argument that is read next */
	bool is_past_options; /* "--" was read */
	const char *shown;    /* the option being set, as errors name it */
	bool done; /* a setter's wish: neither the rest nor finish is run */
	bool was_unknown; /* the last one: what follows may be its value */
};

/* Fills the command, which was initialised.  Every value is checked for CR and
 * LF and made UTF-8 before a setter sees it.  What it stores lives in the
 * arena or in argv.  Where something is wrong, the rest of the command line is
 * read all the same: the command tells what the command would have done, as far
 * as that can be understood, and what standard input would have been. */
int options_parse(const struct persona *p, int argc, char **argv,
		  struct cmdline *c, struct arena *a, struct error *f);

/* --help all, 80 columns; -1 when the buf is too small. */
int options_help(const struct persona *p, struct buf *out);
/* --help: the common options and the examples; -1 also when a common one is
 * none. */
int options_help_common(const struct persona *p, struct buf *out);
/* One line, for standard error after a ERROR_USAGE. */
int options_usage(const struct persona *p, struct buf *out);

/* The table as others read it (help, completions): each row, and those of its
 * groups in their place; NULL at the end. */
struct option_walk {
	const struct option_row *at, *back;
};
const struct option_row *option_first(struct option_walk *w,
				      const struct option_row *rows);
const struct option_row *option_next(struct option_walk *w);
/* By its long name, or its letter where that is one character; NULL. */
const struct option_row *options_find(const struct persona *p,
				      const char *name);

/* Does the flag --NAME stand among the arguments?  For what is to be told of
 * others that are wrong. */
bool options_have(const struct persona *p, int argc, char *const *argv,
		  const char *name);

#endif
