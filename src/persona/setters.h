/* setters.h - functions that set what an option says, for the tables of all
 * personas.
 *
 * Each checks its value as far as that is possible without the configuration
 * and the network; its ERROR_USAGE shows the syntax. */
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

/* A field that has an option of its own is set like that; Content-* and fields
 * that must not be sent are refused. */
SETTER(set_header);
SETTER(set_date);
SETTER(set_message_id); /* with or without its <> */

SETTER(set_attach); /* row value: is it inline? */
SETTER(set_type);   /* of the last attachment */
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

/* ERROR_USAGE: "'x' is not a, b or c"; the words have blanks between them. */
int refuse_words(struct options_run *run, const char *value, const char *words,
		 struct error *f);

SETTER(set_nothing); /* accepted without effect */

SETTER(set_number); /* the row's field, an unsigned within its bounds */
SETTER(set_time);   /* the row's field, an int of seconds: "30m" */
int read_time(struct options_run *run, const char *text, int *seconds,
	      struct error *f);

/* Sets a setting for the current option: ERROR_USAGE if the value is wrong. */
int override_setting(struct options_run *run, const char *name,
		     const char *value, struct error *f);

/* The same for a program's standard option, such as sendmail -od: it does not
 * override "never". */
int override_weak(struct options_run *run, const char *name, const char *value,
		  struct error *f);

SETTER(set_command); /* row value: an enum command_kind */
SETTER(set_help);    /* "all", joined or as the next argument, or nothing */

/* Selects mails of the queue; row value: an enum setter_words. */
enum setter_words { WORDS_IDS, WORDS_SENDERS, WORDS_RECIPIENTS };
SETTER(set_words);
/* The same without a row. */
int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f);
/* Queue commands do not log in: --user is the owner of the queue. */
void choose_queue_user(struct options_run *run);
/* Applies the URL of --talk to the account. */
int finish_talk(struct options_run *run, struct error *f);
/* Defaults of --roundtrip; ERROR_USAGE unless there is exactly one address. */
int finish_roundtrip(struct cmdline *c, struct error *f);

/* With an optional file: joined, or in a talk as the next argument. */
SETTER(set_transcript);
SETTER(set_serverinfo); /* a check without login */

#endif
