/* interrupt.h - SIGINT, SIGTERM or SIGHUP: we are asked to end.
 *
 * The signal is noted and the program ends by itself: what waits stops waiting
 * (interrupt_poll), so that the mail at hand is queued or kept before main ends
 * with the signal's own effect.  A signal that was ignored when we were
 * started, as by nohup, stays so.  One that comes a second after the first has
 * its usual effect at once; those that come together, as timeout(1) and a
 * terminal that goes away send them, count as one.
 *
 * A new process (fork) has the flag of the old one, and a pipe of its own. */
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
 * true then (ending.h); temporary files are removed. */
void interrupt_tell(void);
/* The process goes its own way (process_detach): nothing was noted. */
void interrupt_forget(void);

/* The one that was noted first; 0: none. */
int interrupt_signal(void);
/* Has the work at hand to stop?  So long after the signal as the process has
 * patience: at once, unless somebody says otherwise. */
bool interrupt_is_due(void);
/* What is at hand gets so long, in milliseconds; returns what it had before.
 * Less than that changes nothing. */
unsigned interrupt_extend(unsigned milliseconds);
void interrupt_restore(unsigned milliseconds);
/* Its name, "SIGTERM". */
const char *interrupt_name(void);
/* For callers that poll themselves: readable once one was noted, and never
 * read; -1 where there is none. */
int interrupt_fd(void);

/* poll(), which is over when the work has to stop: -1 with EINTR, and with
 * nothing else that a retry could fix.  `milliseconds` below 0 is for
 * ever. */
int interrupt_poll(struct pollfd *p, nfds_t n, int milliseconds);
/* The same without descriptors: -1 when it was cut short. */
int interrupt_sleep(unsigned milliseconds);
/* ERROR_INTERRUPTED, "ended by SIGTERM"; -1. */
int interrupt_error(struct error *f);

#endif
