/* roundtrip.h - a mail that is sent and looked for where it is to arrive.
 *
 * It has a random token in its subject and in the field X-Mailsend-Roundtrip,
 * and goes as any mail does, but never into the queue: what is to be measured
 * is this moment's way.  Then the mailbox is opened again and again, with
 * growing pauses; only what was not in it before is looked at, and of that only
 * headers.  What the header tells of the way is read with mistrust (received.h,
 * authres.h). */
#ifndef ROUNDTRIP_ROUNDTRIP_H
#define ROUNDTRIP_ROUNDTRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "compose/compose.h"
#include "compose/request.h"
#include "config/config.h"
#include "deliver/account_mailbox.h"
#include "deliver/outcome.h"
#include "deliver/route.h"
#include "mail/received.h"
#include "smtp/dial.h"

#define ROUNDTRIP_FIELD	     "X-Mailsend-Roundtrip"
#define ROUNDTRIP_TOKEN_SIZE 33
#define ROUNDTRIP_SPAM_MAX   8 /* fields of spam filters */

#define ROUNDTRIP_WAIT 300

/* A mail that is looked for where it is to arrive; times in seconds. */
struct roundtrip_options {
	const char *source; /* as mailbox.h can open it */
	bool keeps;	    /* it stays there */
	int wait;
	int warn, crit; /* that it may take, for a monitor; 0: any */
};

/* All of it borrowed. */
struct roundtrip_order {
	const struct roundtrip_options *options;
	const struct request *request; /* its one recipient, and the way */
	bool is_monitored;	       /* nothing is said but the result */
	struct config *config;
	const struct account *account;
	const char *const *spool;
	const struct trace *trace; /* or NULL */
};

enum roundtrip_end {
	ROUNDTRIP_NOT_SENT,
	ROUNDTRIP_NOT_SEEN, /* in the time that it had */
	ROUNDTRIP_ARRIVED,
};

/* How long each part of a submission took. */
enum timing_step {
	TIMING_CONNECT,	 /* name and connection */
	TIMING_GREETING, /* and each EHLO */
	TIMING_TLS,	 /* with STARTTLS */
	TIMING_LOGIN,
	TIMING_TRANSACTION,
	TIMING_STEPS,
};

/* A trace that notes when something happened, and passes it on. */
struct timing {
	struct trace trace; /* for what dials */
	const struct trace *outer;
	bool is_there[TIMING_STEPS];
	unsigned milliseconds[TIMING_STEPS];
	char tls[64], mechanism[24];

	bool is_dialled;
	uint64_t start, since; /* sysenv_ticks: the last event */
};
const char *timing_name(enum timing_step step);

struct roundtrip_spam {
	const char *name, *value;
};

struct roundtrip {
	struct arena *arena;
	const struct roundtrip_order *order;
	char token[ROUNDTRIP_TOKEN_SIZE];
	const char *address; /* as it was typed */
	enum roundtrip_end end;
	struct ending ending; /* while the mail is looked for */

	/* the sending */
	struct request request;
	struct account account;
	struct composition composition;
	struct timing timing;
	struct outcome outcome;
	int64_t sent_at, arrived_at; /* sysenv_now() */
	unsigned submission;	     /* milliseconds until it was accepted */

	/* the arrival */
	unsigned arrival; /* milliseconds from there until it was seen */
	unsigned looks;
	struct error look_error; /* of the last look, where it failed */
	bool is_deleted;
	struct error not_deleted;
	struct received hops;
	struct authres authres;
	struct roundtrip_spam spam[ROUNDTRIP_SPAM_MAX];
	size_t spam_count;
};

/* -1 with the error of a mail that was not sent, or of a mailbox that could not
 * be opened before it was; else 0, and `end` tells the rest. */
int roundtrip_run(struct roundtrip *t, struct arena *a,
		  const struct roundtrip_order *order, struct error *f);
void roundtrip_free(struct roundtrip *t);
unsigned roundtrip_total(const struct roundtrip *t); /* milliseconds */

/* ---- what became of it ---- */

#define ROUNDTRIP_REPORT_MAX (1024 * 1024)

/* `f` is roundtrip_run's, ERROR_NONE where it was sent. */
void roundtrip_text(const struct roundtrip *t, struct buf *out);
/* One object and a newline. */
int roundtrip_json(const struct roundtrip *t, const struct error *f,
		   struct buf *out);
/* One line with performance data; the plugin's status, 0 OK to 3 UNKNOWN: too
 * late is critical, and so is a mail that was refused; UNKNOWN is what this
 * machine alone is to blame for. */
int roundtrip_nagios(const struct roundtrip *t, const struct error *f,
		     struct buf *out);
/* 0 arrived, 75 not in time, else as sending ended. */
int roundtrip_exit(const struct roundtrip *t, const struct error *f);
/* A sentence on what is wrong; NULL where nothing is. */
const char *roundtrip_problem(const struct roundtrip *t);

/* ---- arrival.c: new mail of a mailbox, until the right one is there ---- */

/* What was there before is known by its ids, and so is what was looked at: each
 * header is read once, cut at ARRIVAL_HEADER_MAX. */

#define ARRIVAL_HEADER_MAX ((size_t)256 * 1024)

struct arrival {
	struct arena arena; /* of the ids */
	struct account_mailbox_options options;
	struct account_mailbox_memory memory;
	const char **ids; /* sorted */
	size_t count, room;
	struct buf header; /* of the mail that was found */
};

/* Remembers what is there now.  A file or directory that is not there yet has
 * no mail: *is_missing; ERROR_NOINPUT where its parent directory is not there,
 * too. ERROR_USAGE for standard input, which cannot be opened twice. */
int arrival_begin(struct arrival *w,
		  const struct account_mailbox_options *options,
		  bool *is_missing, struct error *f);
/* 1 when one is there whose header has the field with that value; it is deleted
 * where that is wanted: where it cannot be, `not_deleted` says why.  0 when
 * there is none yet, -1 when the mailbox could not be looked at. */
int arrival_look(struct arrival *w, const char *field, const char *value,
		 bool deletes, struct error *not_deleted, struct error *f);
void arrival_end(struct arrival *w);

#endif
