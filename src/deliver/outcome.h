/* outcome.h - the result of a mail. */
#ifndef DELIVER_OUTCOME_H
#define DELIVER_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "mail/envelope.h"

/* Borrows from the composition and its arena. */
struct outcome {
	const char *message_id;
	const char *account;
	const char *owner; /* as in queue/entry.h, or NULL */
	const char *host;  /* NULL: no server was needed */
	uint64_t size;
	const struct envelope *envelope;
	char reply[512];	 /* the server's reply to the content */
	bool unreachable;	 /* no server could be asked */
	const char *dead_letter; /* where it was saved, or NULL */
	const char *queue_id;	 /* under which it is queued, or NULL */
	const char *held_by;	 /* the limit that holds it there, or NULL */
	int64_t held_until;
	bool has_runner; /* something runs that queue by itself */
	bool is_told;	 /* ... or it was reported today that nothing does */
	bool is_tried;	 /* a run of the queue was started for it */
	bool has_notice; /* a bounce for the rejected recipients was made */
	unsigned round_trips;
	uint64_t milliseconds;
};

/* The exit status of the whole: 0 where every recipient was accepted or queued,
 * one of sysexits.h, or EXIT_SOME_REFUSED. */
int outcome_exit(const struct outcome *out, const struct error *f);

/* Logs one line for the message, to the account's logfile, syslog or neither:
 * id, from, to, size, account, host, reply, time, queue or dead letter.  A log
 * that cannot be written is an error that the caller reports as a warning; the
 * outcome does not change.  `tag` is the name in syslog, NULL for our own. */
int outcome_record(const struct account *account, const struct envelope *e,
		   const char *tag, const struct outcome *out,
		   const struct error *failure, struct error *f);
/* One line to syslog for the administrator, whatever the account logs. */
void outcome_warn(const struct account *account, const char *tag,
		  const char *text);

#endif
