/* finish.c - the effects of signals that were held back. */
#include "finish.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "flow/source.h"

void finish_with_reader(const struct fault *f)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (f->cause != FAULT_IO || poll(&p, 1, 0) <= 0 ||
	    !(p.revents & POLLERR))
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

void finish_input(void)
{
	struct fault unused = FAULT_INIT;
	struct source from;
	struct stat st;
	char room[4096];

	if (fstat(STDIN_FILENO, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return;
	source_of_stream(&from, STDIN_FILENO, "standard input");
	while (source_read(&from, room, sizeof(room), &unused) > 0)
		;
}

int finish_process(int status)
{
	interrupt_release();
	return status;
}
