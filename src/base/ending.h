/* ending.h - what is true if the process has to end right now.
 *
 * Memory may be out at any moment, and a library may end us by a signal.  Then
 * nothing can be worked out any more, so it is recorded beforehand: code that
 * changes the state of the work (a server accepted the mail, it is in the
 * queue) says so here, and the exit path reports that, with that status, and
 * nothing else.  Setting and reading are safe in a signal handler. */
#ifndef BASE_ENDING_H
#define BASE_ENDING_H

#include <stdbool.h>

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
