/* process.h - processes that are made below cmd, and their end. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdnoreturn.h>

/* Only cmd ends a process; so it says how (main installs it).  The handler must
 * not return, and runs nothing of what the process we come from has still to
 * do.  Without one a process of ours is aborted. */
void process_on_end(void (*handler)(void));
/* A process that we made is done. */
noreturn void process_end(void);

/* In a new process, gives up everything that belongs to the caller:
 * out of the session and its terminal, standard streams at /dev/null, every
 * other descriptor but `keep` closed, signals as usual, the directory "/",
 * files mode 0600.  Returns what `keep` is now (-1 stays so); nothing is
 * printed from here on. */
int process_detach(int keep);

#endif
