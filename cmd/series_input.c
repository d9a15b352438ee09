/* series_input.c - see series_input.h. */
#include "series_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "flow/digest.h"
#include "submit/submit.h"

int series_input_keep(struct runner *run, const struct inputs *inputs,
		      struct error *f)
{
	char digest[DIGEST_HEX_SIZE] = "large";
	struct slice input;
	bool is_file;

	if (!inputs_read(inputs, &input, &is_file))
		return 0;
	if (!run->job->options->resume && !is_file &&
	    journal_keep_input(&run->journal, &input, f) < 0)
		return -1;
	if (input.length <= JOURNAL_INPUT_KEPT &&
	    digest_slice(&input, digest, f) < 0)
		return -1;
	return journal_fact(&run->journal, "input", digest, "standard input",
			    f);
}

int series_input_take(int input, struct error *f)
{
	int r = input < 0 ? 0 : dup2(input, STDIN_FILENO);

	if (input >= 0)
		close(input);
	return r < 0 ? error_errno(f, ERROR_OS, errno,
				   "no standard input for the series")
		     : 0;
}

/* What was read, as a file of its own that has no name; -1 where it has one. */
static int unnamed_input(const struct series_job *job,
			 const struct inputs *inputs, struct error *f)
{
	struct slice input;
	struct sink_fd out;
	bool is_file;
	int fd = -1, r;

	if (!inputs_read(inputs, &input, &is_file) || is_file)
		return -1;
	for (const char *const *at = job->spool; *at && fd < 0; at++) {
		error_clear(f);
		fd = disk_open_unnamed(*at, f);
	}
	if (fd < 0)
		return -1;
	sink_fd_init(&out, fd, "the messages", f);
	r = pump_slice(&input, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_errno(f, ERROR_IO, errno, "cannot read the messages");
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

int series_input_save(struct runner *run, struct error *f)
{
	const struct series_job *job = run->job;
	struct outcome out = { .dead_letter = NULL };
	struct composition c;
	struct slice content;
	struct input *in;
	int r, fd = -1;

	if (job->options->resume || !job->request->input_is_messages)
		return 0;
	composition_init(&c, job->arena, job->request, job->account,
			 job->spool);
	in = input_open(&c.inputs, "-", f);
	r = in ? input_slice(&c.inputs, in, true, &content, f) : -1;
	if (r == 0)
		r = series_input_keep(run, &c.inputs, f);
	if (r == 0)
		fd = journal_is_there(&run->journal)
			     ? journal_input(&run->journal, f)
			     : unnamed_input(job, &c.inputs, f);
	if (r < 0 || error_is_set(f))
		submit_keep(&c, &out, f);
	if (out.dead_letter)
		log_error("the messages were saved in %s", out.dead_letter);
	composition_free(&c);
	return r < 0 ? -1 : series_input_take(fd, f);
}
