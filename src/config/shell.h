/* shell.h - a command of the user's own, handed to /bin/sh.
 *
 * For what stands in a configuration file whose owner was looked at (guard.h),
 * and nothing else. */
#ifndef CONFIG_SHELL_H
#define CONFIG_SHELL_H

#include <sys/types.h>

/* 0, or an error number.  -1 as input is /dev/null.  The child gets the
 * signals as a login shell has them, keeps standard error and the terminal,
 * and all copies of the text are overwritten here. */
int shell_spawn(pid_t *child, const char *command, int input, int output);

#endif
