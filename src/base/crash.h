/* crash.h - named places at which a test build can be killed.
 *
 * Built with -DMAILSEND_CRASH_POINTS, the process that comes to the point
 * named in $MAILSEND_CRASH kills itself with SIGKILL; "NAME:3" is the third
 * time.  With $MAILSEND_CRASH_LIST each point passed is written to that file, a
 * line "killed" after the one at which a process was, and times are counted by
 * it, over all processes; without it in each process.  Otherwise a point is
 * nothing at all. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef MAILSEND_CRASH_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif
