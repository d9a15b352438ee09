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
SETTER(set_charset);
SETTER(set_compression);

SETTER(set_dsn_notify);
SETTER(set_dsn_ret);
SETTER(set_dsn_envid);

SETTER(set_setting); /* the setting of the row's name, '-' read as '_' */
SETTER(set_tls);     /* on, off, starttls, implicit */
SETTER(set_any);     /* "name=value" */

SETTER(set_nothing); /* it is taken, and has no meaning here */

/* What the option being set says of a setting: ERROR_USAGE when it cannot. */
int override_setting(struct options_run *run, const char *name,
		     const char *value, struct error *f);

/* The same out of a program's habit: it does not lift a "never". */
int override_habit(struct options_run *run, const char *name, const char *value,
		   struct error *f);

SETTER(set_command); /* row value: an enum command_kind */
SETTER(set_help);    /* "all", joined or as the next argument, or nothing */

/* Which mails of the queue; row value: one of enum setter_words. */
enum setter_words { WORDS_IDS, WORDS_SENDERS, WORDS_RECIPIENTS };
SETTER(set_words);
/* The same without a row. */
int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f);
SETTER(set_login_way); /* row value: an enum login_way */
SETTER(set_flush);
SETTER(set_setup_queue);
SETTER(set_talk); /* the URL may stand behind it */
/* The server that the URL names, over the account. */
int settle_talk(struct options_run *run, struct error *f);
/* Alone, or with a file that is joined to it or, in a talk, stands behind. */
SETTER(set_transcript);
/* How much of the queue, for a monitor: a count and a time, each into a field
 * of command.queue.limits; row value: its offset there. */
SETTER(set_limit_count);
SETTER(set_limit_age);

/* A look at the way.  Days go into a field of command.check; row value: its
 * offset there. */
SETTER(set_serverinfo);
SETTER(set_days);

SETTER(set_roundtrip); /* the mailbox */
/* A time, into a field of command.roundtrip; row value: its offset there. */
SETTER(set_span);
/* Fills in what was left open; ERROR_USAGE for more or less than one address.
 */
int settle_roundtrip(struct cmdline *c, struct error *f);

SETTER(set_serve);
SETTER(set_serve_tls);

/* Many mails of one command. */
SETTER(set_split); /* a size, or auto */
SETTER(set_split_format);
SETTER(set_connections);
SETTER(set_sources); /* row value: REQUEST_EACH or REQUEST_BATCH */
SETTER(set_series);  /* row value: once more? */
SETTER(set_parts);

#endif
