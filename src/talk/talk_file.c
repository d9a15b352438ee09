/* talk_file.c - \file: a file becomes the message.
 *
 * A file that cannot be read to its end must not be taken for a message, so
 * that ends the connection before the end is said. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "codec/dot.h"
#include "flow/crlf.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "talk/talk_inside.h"

/* The connection as a sink. */
struct sink_line {
	struct sink sink;
	struct talk *talk;
};

static int line_put(struct sink *s, const void *data, size_t n)
{
	struct sink_line *l = (struct sink_line *)s;

	return talk_send(l->talk, data, n, s->error);
}

static const struct sink_ops line_ops = { .put = line_put };

static int open_file(const char *path, struct error *f)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		error_errno(f, ERROR_NOINPUT, errno, "cannot read %s", path);
	return fd;
}

static int pour(const char *path, struct sink *end, struct error *f)
{
	struct source from;
	struct crlf crlf;
	int fd = open_file(path, f), r;

	if (fd < 0)
		return -1;
	source_of_stream(&from, fd, path);
	crlf_init(&crlf, end, true, true);
	r = pump(&from, &crlf.sink);
	if (r == 0)
		r = sink_close(&crlf.sink);
	close(fd);
	return r;
}

int talk_measure_file(const char *path, uint64_t *octets, struct error *f)
{
	struct sink_count count;

	sink_count_init(&count, NULL, f);
	if (pour(path, &count.sink, f) < 0)
		return -1;
	*octets = count.count;
	return 0;
}

int talk_send_file(struct talk *t, const char *path, struct error *f)
{
	struct sink_line line = { .sink = { .ops = &line_ops, .error = f },
				  .talk = t };
	bool is_dotted = t->state.input == TALK_BODY;
	struct sink_count count;
	struct dot dot;
	int r;

	dot_init(&dot, &line.sink);
	sink_count_init(&count, is_dotted ? &dot.sink : &line.sink, f);
	r = pour(path, &count.sink, f);
	if (r == 0 && !is_dotted)
		r = count.count == t->state.octets
			    ? talk_send(t, "\r\n", 2, f)
			    : error_set(f, ERROR_IO, "%s has changed meanwhile",
					path);
	if (r == 0 && is_dotted)
		r = sink_close(&dot.sink);
	if (r < 0) {
		t->is_over = t->is_lost = true;
		return -1;
	}
	talk_end_message(t);
	talk_remark(t, "%" PRIu64 " octets of %s%s", count.count, path,
		    is_dotted ? ", and the dot" : "");
	return 0;
}
