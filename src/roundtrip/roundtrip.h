/* roundtrip.h - sends a mail and waits until it arrives in a mailbox.
 *
 * It has a random token in its subject and in the field X-Mailsend-Roundtrip,
 * and is sent like any mail, but never queued: the current transport time is
 * measured.  Then the mailbox is polled, at growing intervals; only messages
 * that were not in it before are examined, and only their headers.  The
 * received trace fields are not trusted (received.h, authres.h). */
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
#define ROUNDTRIP_SPAM_MAX   8 /* header fields of spam filters */

#define ROUNDTRIP_WAIT 300

/* Times are in seconds. */
struct roundtrip_options {
	const char *source; /* a source for mailbox.h */
	bool keeps;	    /* do not delete it */
	int wait;
	int warn, crit; /* limits for a monitor; 0: none */
};

/* All members are borrowed. */
struct roundtrip_order {
	const struct roundtrip_options *options;
	const struct request *request; /* its one recipient, and the server */
	bool is_monitored;	       /* only the result is printed */
	struct config *config;
	const struct account *account;
	const char *const *spool;
	const struct trace *trace; /* or NULL */
};

enum roundtrip_end {
	ROUNDTRIP_NOT_SENT,
	ROUNDTRIP_NOT_SEEN, /* not within the timeout */
	ROUNDTRIP_ARRIVED,
};

/* The steps of a submission that are timed. */
enum timing_step {
	TIMING_CONNECT,	 /* name and connection */
	TIMING_GREETING, /* and each EHLO */
	TIMING_TLS,	 /* with STARTTLS */
	TIMING_LOGIN,
	TIMING_TRANSACTION,
	TIMING_STEPS,
};

/* A trace that records the times of events, and passes them on. */
struct timing {
	struct trace trace; /* for the connection */
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
	const char *address; /* as entered */
	enum roundtrip_end end;
	struct ending ending; /* while waiting for the mail */

	/* the sending */
	struct request request;
	struct account account;
	struct composition composition;
	struct timing timing;
	struct outcome outcome;
	int64_t sent_at, arrived_at; /* sysenv_now() */
	unsigned submission;	     /* milliseconds until it was accepted */

	/* the arrival */
	unsigned arrival; /* milliseconds from there until it was found */
	unsigned looks;
	struct error look_error; /* of the last poll, if it failed */
	bool is_deleted;
	struct error not_deleted;
	struct received hops;
	struct authres authres;
	struct roundtrip_spam spam[ROUNDTRIP_SPAM_MAX];
	size_t spam_count;
};

/* -1 with the error if the mail was not sent, or a mailbox could not be opened
 * before; otherwise 0, and `end` is the result. */
int roundtrip_run(struct roundtrip *t, struct arena *a,
		  const struct roundtrip_order *order, struct error *f);
void roundtrip_free(struct roundtrip *t);
unsigned roundtrip_total(const struct roundtrip *t); /* milliseconds */

/* ---- the result ---- */

#define ROUNDTRIP_REPORT_MAX (1024 * 1024)

/* `f` is roundtrip_run's, ERROR_NONE if the mail was sent. */
void roundtrip_text(const struct roundtrip *t, struct buf *out);
/* One object and a newline. */
int roundtrip_json(const struct roundtrip *t, const struct error *f,
		   struct buf *out);
/* One line with performance data; the plugin's status, 0 OK to 3 UNKNOWN: too
 * late is critical, and so is a rejected mail; UNKNOWN if the cause is on this
 * machine. */
int roundtrip_nagios(const struct roundtrip *t, const struct error *f,
		     struct buf *out);
/* 0 arrived, 75 not in time, otherwise the exit status of sending. */
int roundtrip_exit(const struct roundtrip *t, const struct error *f);
/* A sentence about the problem; NULL if there is none. */
const char *roundtrip_problem(const struct roundtrip *t);

/* ---- arrival.c: polling a mailbox for a new mail ---- */

/* Old mail and mail that was already examined are known by their ids: each
 * header is read once, up to ARRIVAL_HEADER_MAX. */

#define ARRIVAL_HEADER_MAX ((size_t)256 * 1024)

struct arrival {
	struct arena arena; /* of the ids */
	struct account_mailbox_options options;
	struct account_mailbox_memory memory;
	const char **ids; /* sorted */
	size_t count, room;
	struct buf header; /* of the mail that was found */
};

/* Records the current contents.  A file or directory that does not exist has no
 * mail: *is_missing; ERROR_NOINPUT if its parent directory does not exist
 * either.  ERROR_USAGE for stdin, which cannot be opened twice. */
int arrival_begin(struct arrival *w,
		  const struct account_mailbox_options *options,
		  bool *is_missing, struct error *f);
/* 1 if there is a mail whose header has the field with that value; it is
 * deleted unless it is to be kept, and `not_deleted` is the reason if that
 * failed.  0 if there is none yet, -1 if the mailbox could not be polled. */
int arrival_look(struct arrival *w, const char *field, const char *value,
		 bool deletes, struct error *not_deleted, struct error *f);
void arrival_end(struct arrival *w);

#endif
