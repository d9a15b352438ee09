/* interrupt.h - SIGINT, SIGTERM or SIGHUP ask us to end; and what is reported
 * if we end at once.
 *
 * The signal is noted and the program ends by itself: waits are cut short
 * (interrupt_poll), so that the current mail is queued or saved before main
 * ends by the signal.  A signal that was ignored when we were started, as by
 * nohup, stays ignored.  One that comes a second after the first takes effect
 * at once; several together, as timeout(1) and a terminal that goes away send
 * them, count as one.
 *
 * A new process (fork) inherits the flag, and has its own pipe. */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>

#include "base/error.h"

/* From now on they are noted; false: they were already, and nothing changes. */
bool interrupt_catch(void);
/* From now on they have their usual effect; one that was noted has it now. */
void interrupt_release(void);
/* The same, but they are reported as they arrive, on stderr, with what is
 * true then (ending_now); temporary files are removed. */
void interrupt_tell(void);
/* The process is detached (process_detach): forgets what was noted. */
void interrupt_forget(void);

/* The one that was noted first; 0: none. */
int interrupt_signal(void);
/* The same, once it has its effect elsewhere: the next is noted as the first.
 */
int interrupt_take(void);
/* Does the current work have to stop?  At once after the signal, unless
 * interrupt_extend has given it time. */
bool interrupt_is_due(void);
/* Gives the current work that many milliseconds after a signal; returns what it
 * had before.  Less than before changes nothing. */
unsigned interrupt_extend(unsigned milliseconds);
void interrupt_restore(unsigned milliseconds);
/* Its name, "SIGTERM". */
const char *interrupt_name(void);
/* For callers that poll themselves: readable once a signal was noted, never to
 * be read; -1 where there is none. */
int interrupt_fd(void);

/* poll(), which ends when the work has to stop: -1 with EINTR, and with no
 * other error that a retry could fix.  A negative `milliseconds` is without
 * limit. */
int interrupt_poll(struct pollfd *p, nfds_t n, int milliseconds);
/* The same without descriptors: -1 when it was cut short. */
int interrupt_sleep(unsigned milliseconds);
/* ERROR_INTERRUPTED, "ended by SIGTERM"; -1. */
int interrupt_error(struct error *f);

/* ---- what is true if we end right now ---- */

/* Memory may run out at any moment, and a library may end us by a signal.  Then
 * nothing can be computed any more, so it is recorded in advance: code that
 * changes the state of the work (a server accepted the mail, it is in the
 * queue) sets it here, and the exit path reports that, with that status, and
 * nothing else.  Setting and reading are safe in a signal handler. */

struct ending {
	int status;	  /* with which the process is to end */
	const char *text; /* "nothing was sent": a clause, without a stop */
};

/* Borrowed for the life of the process: a static constant. */
void ending_set(const struct ending *now);
/* The last one set; at first 75, "nothing was done". */
const struct ending *ending_now(void);

/* The work is one mail: what becomes of it is what is true of all. */
void ending_await(bool is_one_mail);
/* ending_set, where that was awaited; of many mails it is true of one alone. */
void ending_reached(const struct ending *now);

/* A last attempt to keep the work when the process ends so: called once, with
 * words for the cause, in the process that asked for it, while nothing was
 * reached.  It may fail.  NULL: none. */
typedef void ending_rescuer(void *context, const char *why);
void ending_rescue(ending_rescuer *rescuer, void *context);
/* False if there is none. */
bool ending_run_rescue(const char *why);

#endif
