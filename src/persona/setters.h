/* setters.h - what options do to a request, for the tables of all personas.
 *
 * Each checks its value as far as that can be done without the configuration
 * and the network, and leaves a ERROR_USAGE that says how it is written. */
#ifndef PERSONA_SETTERS_H
#define PERSONA_SETTERS_H

#include "persona/options.h"

#define SETTER(name)                                                           \
	int name(struct options_run *run, const struct option_row *row,        \
		 const char *value, struct error *f)

/* Row value: one of enum setter_list. */
enum setter_list { LIST_TO, LIST_CC, LIST_BCC, LIST_REPLY_TO };
SETTER(set_list);
SETTER(set_from);
SETTER(set_envelope_from); /* "" and "<>" are the null sender */

/* A field that we make ourselves goes where its own option would put it;
 * Content-* and what must not leave are refused. */
SETTER(set_header);
SETTER(set_date);
SETTER(set_message_id); /* with or without its <> */

SETTER(set_attach); /* row value: is it inline? */
SETTER(set_type);   /* of the attachment named last */
SETTER(set_encoding);
SETTER(set_compression);
SETTER(set_split);
SETTER(set_charset);

SETTER(set_dsn_notify);
SETTER(set_dsn_ret);
SETTER(set_dsn_envid);

SETTER(set_setting); /* the setting of the row's name, '-' read as '_' */
SETTER(set_tls);     /* on, off, starttls, implicit */
SETTER(set_any);     /* "name=value" */

SETTER(set_nothing); /* it is taken, and has no meaning here */

SETTER(set_number); /* the row's field, an unsigned within its bounds */
SETTER(set_time);   /* the row's field, an int of seconds: "30m" */
int read_time(struct options_run *run, const char *text, int *seconds,
	      struct error *f);

/* What the option being set says of a setting: ERROR_USAGE when it cannot. */
int override_setting(struct options_run *run, const char *name,
		     const char *value, struct error *f);

/* The same out of a program's habit: it does not lift a "never". */
int override_weak(struct options_run *run, const char *name, const char *value,
		  struct error *f);

SETTER(set_command); /* row value: an enum command_kind */
SETTER(set_help);    /* "all", joined or as the next argument, or nothing */

/* Which mails of the queue; row value: one of enum setter_words. */
enum setter_words { WORDS_IDS, WORDS_SENDERS, WORDS_RECIPIENTS };
SETTER(set_words);
/* The same without a row. */
int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f);
/* A command about the queue logs in nowhere: there --user says whose it is. */
void choose_queue_user(struct options_run *run);
/* What --talk says of the server, over the account. */
int finish_talk(struct options_run *run, struct error *f);
/* Fills in what --roundtrip left open; ERROR_USAGE for more or less than one
 * address. */
int finish_roundtrip(struct cmdline *c, struct error *f);

/* Alone, or with a file that is joined to it or, in a talk, stands behind. */
SETTER(set_transcript);
SETTER(set_serverinfo); /* a check that ends before the log-in */

#endif
