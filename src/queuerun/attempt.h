/* attempt.h - queued mails, tried once.
 *
 * The entry's waiting recipients go over the route, with those of other mails
 * (deliver/route.h); each verdict becomes the new state, which is on disk once
 * it is recorded.  A server's refusal is final for that recipient alone.
 * Whatever prevented us from asking a server at all (name lookup, connection,
 * certificate, login, configuration) is temporary and no verdict on the mail,
 * whatever the error says.  A recipient that no server has accepted for too
 * long has failed; but an error that a person has to fix (login, certificate,
 * name, configuration) fails nobody: the mail waits until it is fixed.
 *
 * A finished mail is removed here; one with failed recipients stays for
 * notice.h.  A notice that is refused, or not accepted in time, is kept on this
 * machine (notice_keep). */
#ifndef QUEUERUN_ATTEMPT_H
#define QUEUERUN_ATTEMPT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "deliver/route.h"
#include "queue/queue.h"
#include "queue/schedule.h"

enum attempt_result {
	ATTEMPT_SENT,	  /* nobody waits, nobody failed */
	ATTEMPT_DEFERRED, /* somebody waits */
	ATTEMPT_FAILED,	  /* nobody waits, somebody failed */
};

struct schedule attempt_schedule(const struct account *account);
/* Is a recipient waiting and, with `due_only`, due? */
bool attempt_is_wanted(const struct entry *e, const struct schedule *s,
		       bool due_only);

struct attempt;
/* Begins to try the waiting recipients, only the due ones with `due_only`. The
 * claim and the progress, which may be NULL, are borrowed until the end.  NULL,
 * logged by log_error, where the result could not be recorded (a full disk):
 * then it is not tried. */
struct attempt *attempt_begin(struct arena *a, struct queue_claim *c,
			      struct route *route, bool due_only,
			      const struct session_progress *progress,
			      struct error *f);
/* After the route was collected: records each result, with one sync for the
 * mails that all recipients have; the account's log gets a line for each. */
void attempt_record(struct attempt *const *all, size_t count);
/* -1, logged by log_error, when the result could not be written to the queue,
 * since a recipient may get the mail twice.  *unreachable as in struct
 * outcome. */
int attempt_end(struct attempt *at, enum attempt_result *result,
		bool *unreachable, struct error *f);
#define ATTEMPT_MAX SESSION_MAILS_MAX /* recorded at a time */
/* The same without a try: `why` is what happened instead, and it counts as a
 * try without a verdict.  Its words stay borrowed until the claim is released.
 */
int attempt_defer(struct queue_claim *c, const struct schedule *s,
		  bool due_only, const struct error *why, struct error *f);

#endif
