/* transcript.c - a line at a time, so that two runs may share a file. */
#include "submit/transcript.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"

#define LINE_MAX_OCTETS 8192

static void to_file(struct transcript *t, char direction, const char *text,
		    size_t n)
{
	struct buf line = BUF_INIT(LINE_MAX_OCTETS);

	if (n > LINE_MAX_OCTETS - 8)
		n = text_cut(text, LINE_MAX_OCTETS - 8);
	buf_printf(&line, "%c: ", direction);
	text_put_safe(&line, text, n);
	buf_putc(&line, '\n');
	if (!error_is_set(&t->error))
		disk_write_all(t->fd, line.data, line.len, t->path, &t->error);
	buf_free(&line);
}

static void take(void *context, const struct event *e)
{
	struct transcript *t = context;
	char prefix[4] = { e->mark, ':', ' ', '\0' };

	if (e->mark && t->on_standard_error)
		log_line(prefix, e->text, e->n);
	if (e->mark && t->fd >= 0)
		to_file(t, e->mark, e->text, e->n);
}

static int check_owner(const struct transcript *t, struct error *f)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot open %s",
				   t->path);
	if (S_ISREG(st.st_mode) && st.st_uid != sysenv_file_uid())
		return error_set(f, ERROR_CANTCREAT,
				 "%s belongs to somebody else: name a file of "
				 "your own for the transcript",
				 t->path);
	return 0;
}

int transcript_open(struct transcript *t, bool on_standard_error,
		    const char *path, struct error *f)
{
	*t = (struct transcript){
		.trace = { .take = take, .context = t },
		.on_standard_error = on_standard_error,
		.fd = -1,
		.path = path,
	};
	if (!path)
		return 0;
	t->fd = disk_open_append(path, f);
	if (t->fd < 0)
		return -1;
	if (check_owner(t, f) == 0)
		return 0;
	close(t->fd);
	t->fd = -1;
	return -1;
}

int transcript_close(struct transcript *t, struct error *f)
{
	if (t->fd < 0)
		return 0;
	disk_close(t->fd, t->path, &t->error);
	t->fd = -1;
	if (!error_is_set(&t->error))
		return 0;
	*f = t->error;
	return -1;
}

const struct trace *transcript_trace(const struct transcript *t)
{
	return t->on_standard_error || t->fd >= 0 ? &t->trace : NULL;
}
