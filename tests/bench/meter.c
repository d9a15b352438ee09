/* meter.c - what a command costs, with all that it leaves running.
 *
 *	meter FILE COMMAND ...
 *
 * Writes into FILE, as JSON: seconds until the command and whatever it has
 * started have ended, CPU seconds of all of them, and the most memory that one
 * of them had, in KiB.  It is small itself, since a child's peak begins with
 * that of the process that it was forked from.  The status is the command's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Until nobody is left; the status is the command's. */
static int wait_for_all(pid_t command)
{
	int status, own = 1;
	pid_t pid;

	while ((pid = wait(&status)) > 0 || errno == EINTR)
		if (pid == command)
			own = WIFEXITED(status) ? WEXITSTATUS(status)
						: 128 + WTERMSIG(status);
	return own;
}

int main(int argc, char **argv)
{
	struct rusage used;
	double start;
	pid_t command;
	FILE *file;
	int status;

	if (argc < 3)
		return 64;
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	start = now();
	command = fork();
	if (command == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	status = wait_for_all(command);
	start = now() - start;
	getrusage(RUSAGE_CHILDREN, &used);
	file = fopen(argv[1], "w");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	fprintf(file, "{\"wall\": %.6f, \"cpu\": %.6f, \"memory\": %ld}\n",
		start, seconds(used.ru_utime) + seconds(used.ru_stime),
		used.ru_maxrss);
	return fclose(file) == 0 ? status : 1;
}
