/* finish.c - the effects of signals that were held back. */
#include "finish.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "deliver/jsonify.h"
#include "flow/source.h"

void finish_with_reader(const struct error *f)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (f->cause != ERROR_IO || poll(&p, 1, 0) <= 0 ||
	    !(p.revents & POLLERR))
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

void finish_input(void)
{
	struct error unused = ERROR_INIT;
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

void finish_json(const struct error *f)
{
	struct buf text = BUF_INIT(4096);
	struct error trouble = ERROR_INIT;

	if (json_prepare(&trouble) < 0 || jsonify_failure(f, &text) < 0 ||
	    disk_write_all(STDOUT_FILENO, text.data, text.len,
			   "standard output", &trouble) < 0)
		log_error("the report could not be written: %s", trouble.text);
	buf_free(&text);
}

int finish_process(int status)
{
	interrupt_release();
	return status;
}
