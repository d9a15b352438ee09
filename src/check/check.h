/* check.h - all steps of sending a mail, without a mail.
 *
 * Configuration, name, connection, greeting, EHLO, TLS, certificate, login,
 * sender and recipients: each step is reported as soon as it is done, with its
 * time.  The code is the one that sends (smarthost.h), up to RSET.  After the
 * first step that fails nothing else is tried, and what is known about its
 * cause is in `why` and `way_out`, clauses as in glossary.h. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/compose.h"
#include "compose/request.h"
#include "config/config.h"
#include "deliver/smarthost.h"
#include "net/chain.h"
#include "net/reach.h"
#include "smtp/dry_run.h"

#define CHECK_SETTINGS_MAX 8
#define CHECK_WARN_DAYS	   21
#define CHECK_CRIT_DAYS	   7

struct check_options {
	bool is_server_only; /* up to the capabilities, without login */
	unsigned warn_days, crit_days; /* minimum validity of the certificate */
};

enum check_mark { CHECK_NOTE, CHECK_GOOD, CHECK_WARNING, CHECK_BAD };

struct check_line {
	enum check_mark mark;
	const char *text;
	struct check_line *next;
};

struct check_step {
	const char *name;  /* for programs: "lookup" */
	const char *title; /* for people */
	const char *text;  /* the result, in about a line */
	enum check_mark mark;
	bool is_timed;
	unsigned milliseconds;
	struct check_line *lines, **last_line; /* details */
	struct check_step *next;
};

/* A setting that the advice is about. */
struct check_setting {
	const char *name;
	const char *value;  /* NULL: secret, or none */
	const char *origin; /* "FILE:LINE", "--host", "default" */
};

struct check;
struct check_listener {
	void (*step)(void *context, const struct check_step *step);
	void *context;
	const struct trace *trace; /* the dialogue, or NULL */
};

struct check {
	struct arena *arena;
	const struct request *request;
	const struct check_options *options;
	const struct check_listener *listener;
	struct config config;
	struct account *account; /* NULL: could not be determined */
	struct check_step *steps, **last_step;

	/* results */
	struct composition composition;
	struct reach reach;
	unsigned other_ports[3]; /* that answer where the right one does not; 0
				  */
	struct chain chain;
	struct smarthost server;
	struct dry_run dry_run;
	const char *greeting;	   /* without its code; or NULL */
	const char **capabilities; /* of the last EHLO; ends with NULL */
	bool has_days;
	int days; /* until the certificate expires; negative after that */

	/* why the check failed */
	const struct check_step *failed;
	struct error error;
	const char *cause; /* for programs: "gmail-app-password"; NULL */
	const char *why, *way_out; /* NULL: the error message is enough */
	struct check_setting settings[CHECK_SETTINGS_MAX];
	size_t settings_count;
};

/* Borrows all arguments until check_free.  0 if no step failed. */
int check_run(struct check *c, struct arena *a, const struct request *r,
	      const struct check_options *options,
	      const struct check_listener *listener);
void check_free(struct check *c);
/* The exit status that sending would have. */
int check_exit(const struct check *c);

/* ---- for the files that make the steps ---- */

struct check_step *check_begin(struct check *c, const char *name,
			       const char *title);
void check_add(struct check *c, struct check_step *step, enum check_mark mark,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
void check_time(struct check_step *step, unsigned milliseconds);
/* Ends a step with its text, and reports it. */
void check_end(struct check *c, struct check_step *step, enum check_mark mark,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "FILE:LINE" of a setting of the account, or "default". */
const char *check_origin(const struct check *c, const char *setting);
/* For a failed step: fills in cause, why, way_out and settings, as far as they
 * are known, from the server's reply, or without one from what was observed.
 * The texts are the glossary's. */
void check_find_cause(struct check *c);

/* ---- check_report.c: for people and for programs ---- */

#define CHECK_REPORT_MAX (16 * 1024 * 1024)

struct check_look {
	bool has_ticks; /* a terminal that shows UTF-8 */
	bool has_colour;
};

/* The properties of stdout. */
struct check_look check_look(void);
void check_text_step(const struct check_look *look,
		     const struct check_step *step, struct buf *out);
/* The text after the last step. */
void check_text_end(const struct check_look *look, const struct check *c,
		    struct buf *out);

/* One JSON object and a newline. */
int check_json(const struct check *c, struct buf *out);

/* One line with performance data; the status is 0 OK, 1 WARNING, 2 CRITICAL or,
 * if the cause is on this machine, 3 UNKNOWN. */
int check_nagios(const struct check *c, struct buf *out);

/* In the format of msmtp --serverinfo. */
void check_serverinfo(const struct check *c, struct buf *out);

#endif
