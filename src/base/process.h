/* process.h - processes that we fork and that run our own code: how they are
 * detached from the caller, and ended. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stddef.h>
#include <stdnoreturn.h>

#include "base/error.h"

/* Only cmd ends a process, so main installs how.  The handler must not return,
 * and must not run exit handlers of the parent process.  Without one the
 * process is aborted. */
void process_on_end(void (*handler)(void));
/* Ends a process that we forked. */
noreturn void process_end(void);

/* In a new process, gives up everything that belongs to the caller:
 * out of the session and its terminal, standard streams at /dev/null, every
 * other descriptor but `keep` closed, signals as usual, the directory "/",
 * files mode 0600.  Returns what `keep` is now (-1 stays so); nothing is
 * printed from here on. */
int process_detach(int keep);
/* The same for one that still reports to its caller: `errors` becomes its
 * standard error, and only the progress is silenced. */
int process_isolate(int keep, int errors);
/* In a new process of `parent`: SIGTERM when that ends (Linux).  To be called
 * again after a change of the user. */
void process_follow(unsigned parent);

/* Memory, all zero, that the processes forked from now on have in common; as
 * long as this one lives.  NULL with the error. */
void *process_share(size_t size, struct error *f);

#endif
