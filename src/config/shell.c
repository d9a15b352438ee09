/* shell.c - posix_spawn, with the descriptors and signals that a command
 * expects. */
#include "config/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __GLIBC__ /* whose unistd.h has it */
extern char **environ;
#endif

static int add_actions(posix_spawn_file_actions_t *actions, int input,
		       int output)
{
	int error;

	if (input < 0)
		error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
							 "/dev/null", O_RDONLY,
							 0);
	else
		error = posix_spawn_file_actions_adddup2(actions, input,
							 STDIN_FILENO);
	if (error)
		return error;
	return posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
}

/* It gets the signals as a login shell has them, whatever we ignore. */
static int add_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, usual;
	int error;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	sigaddset(&usual, SIGXFSZ);
	sigaddset(&usual, SIGCHLD);
	error = posix_spawnattr_setflags(attributes,
					 POSIX_SPAWN_SETSIGDEF |
						 POSIX_SPAWN_SETSIGMASK);
	if (!error)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &usual);
	return error;
}

int shell_spawn(pid_t *child, const char *text, int input, int output)
{
	char name[] = "sh", option[] = "-c", *copy = strdup(text);
	char *argv[] = { name, option, copy, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	if (!copy)
		return ENOMEM;
	error = posix_spawn_file_actions_init(&actions);
	if (!error) {
		error = posix_spawnattr_init(&attributes);
		if (!error) {
			error = add_actions(&actions, input, output);
			if (!error)
				error = add_signals(&attributes);
			if (!error)
				error = posix_spawn(child, "/bin/sh", &actions,
						    &attributes, argv, environ);
			posix_spawnattr_destroy(&attributes);
		}
		posix_spawn_file_actions_destroy(&actions);
	}
	explicit_bzero(copy, strlen(copy));
	free(copy);
	return error;
}
