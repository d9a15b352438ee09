/* submit.h - from a composition to a verdict for each recipient.
 *
 * With a smarthost everything goes there, over one connection.  Without one,
 * recipients that are the caller on this machine go to the caller's Maildir
 * and the others are told what to configure.  What could not be delivered is
 * kept in the dead letter, complete; each message leaves one log line. */
#ifndef SUBMIT_SUBMIT_H
#define SUBMIT_SUBMIT_H

#include "base/fault.h"
#include "smtp/dial.h"
#include "smtp/session.h"
#include "submit/compose.h"
#include "deliver/outcome.h"

/* Whose is a mail that did not go? */
enum submit_keeping {
	SUBMIT_KEEP,	  /* ours: the dead letter has it */
	SUBMIT_KEEP_REST, /* the caller's, who hears of it and has the mail
			     still; ours where some have got it */
};

/* The composition is rendered already.  -1 with the fault of the whole when
 * not every recipient was accepted. */
int submit_send(struct composition *c, const struct trace *trace,
		const struct session_progress *progress,
		enum submit_keeping keeping, struct outcome *out,
		struct fault *f);
/* Keeps what can be kept of a mail that failed before it could be sent: the
 * message if it was rendered, else what came from standard input. */
void submit_keep(struct composition *c, struct outcome *out,
		 const struct fault *why);
#endif
