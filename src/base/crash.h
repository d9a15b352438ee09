/* crash.h - named places at which a test build can be killed.
 *
 * Built with -DMAILSEND_CRASH_POINTS, the process that reaches the point named
 * in $MAILSEND_CRASH kills itself with SIGKILL; "NAME:3" is the third time.
 * With $MAILSEND_CRASH_LIST each point passed is written to that file, with a
 * line "killed" after the one at which a process was killed, and times are
 * counted there over all processes; without it in each process.  In other
 * builds a point does nothing. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef MAILSEND_CRASH_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif
