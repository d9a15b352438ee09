/* series.h - the mails of one command.
 *
 * Each is made when its turn comes and freed when it has its verdict.  They are
 * sent over a route that stays open, several at a time (deliver/route.h).  Each
 * of several connections has its own process, which takes the next mail.  What
 * was accepted (by a server or by the queue) is recorded in the journal before
 * it is reported; if not all recipients were accepted, for each of them:
 *
 *	+KEY;		all recipients have it, or no other will get it
 *	+KEY <ADDRESS>;	this recipient has it
 *	+refused <ADDRESS>;
 *			parts of one mail: this recipient was permanently
 *			refused, others were not; it gets no further part */
#ifndef SUBMIT_SERIES_H
#define SUBMIT_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "compose/compose.h"
#include "config/config.h"
#include "queue/journal.h"
#include "smtp/dial.h"

#define SERIES_CONNECTIONS_MAX 20

/* Where the mails of a command come from. */
enum series_source {
	SERIES_ONE,   /* it is one mail, or the parts of one */
	SERIES_EACH,  /* each file is attached to a mail of its own */
	SERIES_BATCH, /* complete messages, each sent as it is */
};

/* The options for several mails. */
struct series_options {
	enum series_source source;
	const char **files; /* or what mailbox.h can open */
	size_t count;
	unsigned connections; /* 0: one */
	/* resuming a series that was begun */
	const char *resume; /* the id of the series; NULL: a new one */
	bool again;	    /* what was sent is sent again */
	const char *parts;  /* only these parts, "4,7-9"; NULL: all */
};

enum series_status { SERIES_SENT, SERIES_QUEUED, SERIES_FAILED };

/* The result of one; strings that are too long are cut. */
struct series_verdict {
	unsigned n;
	enum series_status status;
	int exit;	   /* its own exit status */
	bool is_held;	   /* it is queued, since a limit holds it */
	bool is_unwritten; /* it was sent or queued, but the journal could not
			      be written */
	uint64_t size;
	char name[256]; /* its name, by `make` */
	char message_id[256];
	char queue_id[32]; /* or "" */
	char text[768];	   /* of the error, or the server's reply */
	/* For parts of one mail: the recipients that a server permanently
	 * refused now, with its last reply in `text`; or "". */
	char refused[512];
};

/* "sent", "queued", "held" or "failed". */
const char *series_word(const struct series_verdict *v);

struct series_ops {
	/* Makes mail n, rendered, in `a`; what it opens is closed by
	 * composition_free.  `name` has 256 octets. */
	int (*make)(void *context, unsigned n, struct arena *a,
		    struct composition *out, char *name, struct error *f);
	/* Its key in the journal; in `a`. */
	const char *(*key)(void *context, unsigned n, struct arena *a);
	/* Called in this process for each result. */
	void (*on_verdict)(void *context, const struct series_verdict *v);
	/* NULL, or: may it be sent? */
	bool (*wanted)(void *context, unsigned n);
	/* NULL, or the progress of mail n, when there is one connection. */
	void (*on_progress)(void *context, unsigned n, uint64_t done,
			    uint64_t total);
};

struct series {
	struct arena *arena;
	struct config *config;
	const struct account *account; /* each mail may have another */
	const char *config_path;
	const struct trace *trace; /* or NULL */
	const struct series_ops *ops;
	void *context;
	unsigned total, connections;
	struct journal *journal; /* or NULL */
	/* For parts of one mail: their common envelope; the first failure ends
	 * the series.  Otherwise NULL. */
	const struct envelope *envelope;
	const struct limit *limit; /* the verdict for all parts, or NULL */
	bool again;		   /* send those in the journal, too */
	/* The mails are stored nowhere else (they came from a pipe): after a
	 * signal the rest is queued or saved. */
	bool is_rest_lost;
};

struct series_result {
	unsigned sent, queued, failed;
	unsigned held;	    /* of the queued: by a limit */
	unsigned unwritten; /* of the failed: sent, but not in the journal */
	unsigned wanted;    /* of all */
	unsigned before;    /* of these, already in the journal */
	unsigned refused;   /* recipients that do not get all of it */
	bool is_stopped;    /* by a signal (base/interrupt.h), before the end */
	int exit;	    /* of the first failure */
};

/* 0 when all were sent, or when a signal stopped it: then the current ones were
 * accepted, are queued, or are sent by the next run; else -1 with the error of
 * the first that was not sent, or of the series itself. */
int series_run(const struct series *s, struct series_result *out,
	       struct error *f);

#endif
