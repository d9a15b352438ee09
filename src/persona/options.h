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
	OPTION_FILE,	 /* the same, never empty, and not converted to UTF-8: a
			    file name */
	OPTION_OPTIONAL, /* an argument only when joined ("--tls", "--tls=on")
			  */
	OPTION_HEADING,	 /* a heading in --help */
	OPTION_GROUP,	 /* the rows of another table, without groups */
};

struct options_run;
struct option_row {
	enum option_kind kind;
	char letter;	      /* 0: none */
	char other_letter;    /* another letter for it, or 0 */
	const char *name;     /* long, without "--"; NULL: none */
	const char *argument; /* what help calls it: "FILE" */
	/* possible values, separated by blanks, for completion; those of a
	 * setting are in its own table.  NULL: anything */
	const char *words;
	const char *help;
	/* A row has a refusal, why it is not supported (ERROR_USAGE); or a
	 * setter; or the offset of a field of struct cmdline that is a bool
	 * (FLAG) or a const char * (TEXT, FILE).  Some setters use the field.
	 * A setter's error does not name the option, the engine does; its value
	 * is NULL if none was given. */
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
/* For the struct of another program, which begins with a struct cmdline: rows
 * fill both, and a setter casts run->cmdline. */
#define OPTION_OWN(type, member) (offsetof(type, member) + 1)

struct persona {
	const char *name;
	const char *synopsis; /* "[options] address..." */
	const char *about;    /* one line at the top of --help */
	/* the options that --help shows, in this order: names, or letters for
	 * those without; NULL: all of them, as --help all */
	const char *common;
	const char *examples; /* lines; NULL: none */
	const char *notes;    /* lines at the end; NULL: none */
	bool takes_message;   /* standard input is a complete message */
	bool is_terse;	      /* an error does not print the usage line */
	const struct option_row
		*rows; /* ends with kind FLAG, no letter, no name */
	/* before the first argument: defaults; NULL: nothing */
	void (*start)(struct options_run *run);
	int (*argument)(struct options_run *run, const char *value,
			struct error *f);
	/* for everything after "--", unparsed: run->argv from run->at on; NULL:
	 * these are arguments */
	void (*rest)(struct options_run *run);
	/* after the last argument: defaults, conflicts; NULL: none */
	int (*finish)(struct options_run *run, struct error *f);
};

struct options_run {
	const struct persona *persona;
	struct cmdline *cmdline;
	struct request *request; /* of the command line */
	struct arena *arena;
	void *own; /* private to the persona */

	int argc;
	char **argv;
	int at;		      /* index of the next argument */
	bool is_past_options; /* "--" was read */
	const char *shown;    /* the current option, for error messages */
	bool done;	  /* stop: do not parse the rest, do not call finish */
	bool was_unknown; /* the last option was unknown: the next word may be
			     its value */
};

/* Parses the arguments into `c`, which was initialised.  Every value is checked
 * for CR and LF and converted to UTF-8 before a setter gets it.  Strings live
 * in the arena or in argv.  After an error the rest of the command line is
 * parsed as far as possible, so that `c` says what standard input would have
 * been. */
int options_parse(const struct persona *p, int argc, char **argv,
		  struct cmdline *c, struct arena *a, struct error *f);

/* --help all, in 80 columns; -1 if the buf is too small. */
int options_help(const struct persona *p, struct buf *out);
/* --help: the common options and the examples; -1 also if a common one does not
 * exist. */
int options_help_common(const struct persona *p, struct buf *out);
/* The usage line, printed on standard error after an ERROR_USAGE. */
int options_usage(const struct persona *p, struct buf *out);

/* Iterates over a table, with the rows of its groups in their place; NULL at
 * the end. */
struct option_walk {
	const struct option_row *at, *back;
};
const struct option_row *option_first(struct option_walk *w,
				      const struct option_row *rows);
const struct option_row *option_next(struct option_walk *w);
/* By its long name, or by its letter; NULL. */
const struct option_row *options_find(const struct persona *p,
				      const char *name);

/* Is the flag --NAME among the arguments?  For reporting errors of the others.
 */
bool options_have(const struct persona *p, int argc, char *const *argv,
		  const char *name);

#endif
