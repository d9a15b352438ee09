/* submit.h - from a composition to a verdict for each recipient.
 *
 * A mail that is over a limit of its account is held in the queue (limit.h).
 * It is sent by the account's route (deliver/route.h).  What could not be sent
 * now waits in the queue, or all of it does before a server is contacted
 * (enqueue.h).  Permanent refusals are reported to the caller, and to the
 * sender by mail if the request asks for it.  A mail that was neither accepted
 * nor queued is saved in the dead letter, complete.  Each message makes one log
 * line. */
#ifndef SUBMIT_SUBMIT_H
#define SUBMIT_SUBMIT_H

#include "base/error.h"
#include "compose/compose.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "deliver/route.h"
#include "smtp/dial.h"
#include "smtp/session.h"
#include "submit/enqueue.h"
#include "submit/limit.h"

/* Who keeps a mail that was not sent? */
enum submit_keeping {
	SUBMIT_KEEP,	  /* we do: in the dead letter */
	SUBMIT_KEEP_REST, /* the caller's, who hears of it and has the mail
			     still; ours where some have got it, but not for
			     another user (request.owner), who could neither
			     read it nor be held to a quota */
	SUBMIT_KEEP_NONE, /* the caller's, who knows who has got it */
};

struct submission {
	struct composition *composition; /* rendered already */
	struct config *config;		 /* that the fallbacks are in */
	struct route *route; /* open, for one mail after another: whoever has it
				runs the queue after the last; or NULL */
	bool runs_queue;     /* after each, also with a route */
	const struct trace *trace;		 /* or NULL */
	const struct session_progress *progress; /* or NULL */
	enum submit_keeping keeping;
	const struct limit *limit; /* the answer for the set that it belongs to;
				      NULL: the limit is asked */
};

/* A mail that is being sent, with the submission's route. */
struct submit_mail {
	struct submission submission;
	struct outcome *out;
	/* submit.c's own */
	enum enqueue_mode mode;
	struct enqueue queue;
	struct load load;
	struct route_mail way;
	struct error error; /* there is no route */
	struct limit limit;
	bool is_held;  /* by it, in the queue */
	bool is_later; /* no server is asked now */
};

/* It stays where it is until submit_finish; route_collect comes in between, for
 * one or for several (deliver/route.h). */
void submit_begin(struct submit_mail *m, const struct submission *s,
		  struct outcome *out);
/* -1 with the error of the whole when a recipient was neither accepted nor
 * queued. */
int submit_finish(struct submit_mail *m, struct error *f);
/* Both, also without a route. */
int submit_send(const struct submission *s, struct outcome *out,
		struct error *f);
/* Keeps what can be kept of a mail that failed before it could be sent: the
 * message if it was rendered, else what there is of it (dead_letter.h), which
 * may be no more than a request, and an account that is NULL.  A standard input
 * that was to be read is read to its end, also where nothing is kept because
 * nothing was to be sent. */
void submit_keep(struct composition *c, struct outcome *out,
		 const struct error *why);
#endif
