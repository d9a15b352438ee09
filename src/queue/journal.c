/* journal.c - three small files in a folder of the series' own.
 *
 * Words of the command are percent-encoded, so that each has a line whatever is
 * in it.  `done` is only ever appended to, one write a line, by several
 * processes.  A line is "+KEY;": one that was cut short has no end, does not
 * count, and does not become another key together with the line after it. */
#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "flow/sink.h"

#define DAY_SECONDS	86400
#define LINE_MAX_OCTETS (JOURNAL_KEY_MAX + 64)
#define COMPLETE	"complete"

static const char *file_of(const struct journal *j, const char *name)
{
	return j->path ? arena_format(j->arena, "%s/%s", j->path, name) : NULL;
}

/* ---- the command ---- */

static void put_word(struct buf *out, const char *word)
{
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (c > 32 && c < 127 && c != '%')
			buf_putc(out, *word);
		else
			buf_printf(out, "%%%02X", c);
	}
	buf_putc(out, '\n');
}

/* In place; -1 when it is not encoded as above. */
static int decode_word(char *word)
{
	char *out = word;

	for (; *word; word++) {
		int octet;

		if (*word != '%') {
			*out++ = *word;
			continue;
		}
		octet = text_hex_octet(word + 1);
		if (octet < 0)
			return -1;
		*out++ = (char)octet;
		word += 2;
	}
	*out = '\0';
	return 0;
}

static int write_file(const char *path, const struct buf *text, struct error *f)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	r = disk_write_all(fd, text->data, text->len, path, f);
	if (r == 0)
		r = disk_sync(fd, path, f);
	if (disk_close(fd, path, f) < 0)
		r = -1;
	return r;
}

static int write_command(struct journal *j, const struct journal_command *c,
			 struct error *f)
{
	struct buf text = BUF_INIT(JOURNAL_COMMAND_MAX);
	int r;

	put_word(&text, c->folder);
	for (int i = 0; i < c->argc; i++)
		put_word(&text, c->argv[i]);
	r = text.overflow ? error_set(f, ERROR_USAGE,
				      "the command line is too long for a "
				      "series that can be resumed")
			  : write_file(file_of(j, "command"), &text, f);
	buf_free(&text);
	return r;
}

static int no_journal(const struct journal *j, struct error *f)
{
	return error_set(f, ERROR_NOINPUT,
			 "there is no series %s to continue: its journal would "
			 "be %s",
			 j->id, j->path);
}

static int read_command(struct journal *j, struct journal_command *c,
			struct error *f)
{
	struct buf text = BUF_INIT(JOURNAL_COMMAND_MAX);
	size_t lines = 0, at = 0;
	char **words;
	int r = disk_read_file(file_of(j, "command"), &text, true, f);

	if (r < 0 && !error_is_set(f))
		no_journal(j, f);
	for (size_t i = 0; r == 0 && i < text.len; i++)
		lines += text.data[i] == '\n';
	words = arena_array(j->arena, lines + 2, sizeof(*words));
	for (const char *line = text.data; r == 0 && at < lines; at++) {
		size_t n = strcspn(line, "\n");

		words[at] = arena_dup_n(j->arena, line, n);
		if (decode_word(words[at]) < 0)
			lines = 0;
		line += n + 1;
	}
	buf_free(&text);
	if (r == 0 && lines < 2)
		r = error_set(f, ERROR_DATA, "%s is damaged",
			      file_of(j, "command"));
	*c = (struct journal_command){
		.folder = words[0],
		.argc = lines < 2 ? 0 : (int)lines - 1,
		.argv = words + 1,
	};
	return r < 0 ? -1 : 0;
}

/* ---- what is done ---- */

/* NULL when it is not one of these lines, or is cut short. */
static char *key_of(struct arena *a, const char *line, size_t n)
{
	if (n < 2 || line[0] != '+' || line[n - 1] != ';')
		return NULL;
	return arena_dup_n(a, line + 1, n - 2);
}

static int read_done(struct journal *j, struct error *f)
{
	struct buf text = BUF_INIT(JOURNAL_DONE_MAX);
	size_t lines = 0;
	char *line;

	if (disk_read_file(j->done_path, &text, true, f) < 0 &&
	    error_is_set(f)) {
		buf_free(&text);
		return -1;
	}
	for (size_t i = 0; i < text.len; i++)
		lines += text.data[i] == '\n';
	j->done = arena_array(j->arena, lines + 1, sizeof(*j->done));
	line = text.data;
	while (lines--) {
		size_t n = strcspn(line, "\n");
		char *key = key_of(j->arena, line, n);

		if (key)
			j->done[j->count++] = key;
		line += n + 1;
	}
	buf_free(&text);
	qsort(j->done, j->count, sizeof(*j->done), text_compare);
	return 0;
}

static int open_done(struct journal *j, struct error *f)
{
	const char *path = j->done_path;
	char last = '\n';
	off_t size;
	int r;

	j->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot write %s",
				   path);
	r = disk_lock(j->fd, 0, path, f);
	if (r < 0)
		return -1;
	if (r == 0)
		return error_set(f, ERROR_TEMPORARY,
				 "the series %s is being sent by another "
				 "process right now",
				 j->id);
	size = lseek(j->fd, 0, SEEK_END);
	if (size > 0 && pread(j->fd, &last, 1, size - 1) == 1 && last != '\n')
		return disk_write_all(j->fd, "\n", 1, path, f);
	return 0;
}

bool journal_has(const struct journal *j, const char *key)
{
	return j->count && bsearch(&key, j->done, j->count, sizeof(*j->done),
				   text_compare) != NULL;
}

static int put_line(struct journal *j, const char *format, const char *one,
		    const char *other, struct error *f)
	__attribute__((format(printf, 2, 0)));

static int put_line(struct journal *j, const char *format, const char *one,
		    const char *other, struct error *f)
{
	struct buf line = BUF_INIT(LINE_MAX_OCTETS);
	const char *path = j->done_path;
	int r = 0;

	if (!path)
		return 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(&line, format, one, other);
#pragma GCC diagnostic pop
	if (line.overflow ||
	    strchr(line.data, '\n') != line.data + line.len - 1)
		r = error_set(f, ERROR_SOFTWARE,
			      "a line of %s cannot be written", path);
	else
		r = disk_write_all(j->fd, line.data, line.len, path, f);
	buf_free(&line);
	return r;
}

int journal_sync(struct journal *j, struct error *f)
{
	return j->done_path ? disk_sync(j->fd, j->done_path, f) : 0;
}

int journal_put(struct journal *j, const char *key, struct error *f)
{
	return put_line(j, "+%s%s;\n", key, "", f);
}

const char *journal_value(const struct journal *j, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < j->count; i++)
		if (j->done[i][0] == '=' &&
		    strncmp(j->done[i] + 1, name, n) == 0 &&
		    j->done[i][n + 1] == ' ')
			return j->done[i] + n + 2;
	return NULL;
}

int journal_fact(struct journal *j, const char *name, const char *value,
		 const char *what, struct error *f)
{
	const char *before = journal_value(j, name);

	if (before && strcmp(before, value) == 0)
		return 0;
	if (before)
		return error_set(
			f, ERROR_DATA,
			"%s has changed since the series %s was begun: "
			"send it as a new series",
			what, j->id);
	if (put_line(j, "+=%s %s;\n", name, value, f) < 0)
		return -1;
	return journal_sync(j, f);
}

/* ---- standard input ---- */

/* Our own file, and all of it? */
static bool is_whole(const struct slice *input)
{
	struct stat st;

	return fstat(input->fd, &st) == 0 && st.st_nlink == 0 &&
	       input->offset == 0 && (uint64_t)st.st_size == input->length;
}

int journal_keep_input(struct journal *j, const struct slice *input,
		       struct error *f)
{
	const char *path = file_of(j, "input");
	struct sink_fd out;
	int fd, r;

	if (!path)
		return 0;
	if (!input->memory && is_whole(input) &&
	    disk_link_unnamed(input->fd, path) == 0)
		return disk_sync(input->fd, path, f);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	sink_fd_init(&out, fd, path, f);
	r = pump_slice(input, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return disk_finish_new(fd, path, r, f);
}

int journal_input(const struct journal *j, struct error *f)
{
	const char *path = file_of(j, "input");
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   path);
	return fd;
}

int journal_has_input(const struct journal *j, struct error *f)
{
	return j->path ? disk_exists(file_of(j, "input"), f) : 0;
}

/* ---- coming and going ---- */

static void take_away(struct journal *j)
{
	/* the command first: without it the series does not exist */
	static const char *const names[] = { "command", "input", "done" };

	if (!j->path)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(file_of(j, names[i]));
	rmdir(j->path);
}

static bool is_over(const char *path)
{
	struct error unsure = ERROR_INIT;
	struct stat st;

	return disk_lstat(path, &st, &unsure) > 0 && S_ISDIR(st.st_mode) &&
	       st.st_mtime + JOURNAL_DAYS * DAY_SECONDS < sysenv_now();
}

/* Done while nobody waits; what cannot be removed stays. */
static void prune(struct arena *a, const char *parent)
{
	struct error unsure = ERROR_INIT;
	struct directory d;
	const char *name;

	directory_open(&d, parent, &unsure);
	while ((name = directory_next(&d, &unsure))) {
		struct journal old = { .arena = a };

		old.path = arena_format(a, "%s/%s", parent, name);
		if (is_over(old.path))
			take_away(&old);
	}
	directory_close(&d);
}

static void start(struct journal *j, struct arena *a, const char *parent,
		  const char *id)
{
	*j = (struct journal){ .arena = a, .id = id, .fd = -1 };
	j->path = arena_format(a, "%s/%s", parent, id);
	j->done_path = file_of(j, "done");
}

/* Its own name, once all is in it. */
static int show(struct journal *j, const char *parent, const char *id,
		struct error *f)
{
	const char *path = arena_format(j->arena, "%s/%s", parent, id);

	if (disk_sync_directory(j->path, f) < 0)
		return -1;
	if (rename(j->path, path) < 0)
		return errno == EEXIST || errno == ENOTEMPTY
			       ? error_set(f, ERROR_DATA,
					   "the series %s exists already", id)
			       : error_errno(f, ERROR_CANTCREAT, errno,
					     "cannot create %s", path);
	j->id = id;
	j->path = path;
	j->done_path = file_of(j, "done");
	return disk_sync_directory(parent, f);
}

int journal_begin(struct journal *j, struct arena *a, const char *parent,
		  const char *id, const struct journal_command *command,
		  struct error *f)
{
	start(j, a, parent, arena_format(a, ".%s", id));
	prune(a, parent);
	if (disk_make_directory(j->path, f) < 0)
		return -1;
	if (open_done(j, f) == 0 && write_command(j, command, f) == 0 &&
	    show(j, parent, id, f) == 0)
		return 0;
	journal_discard(j);
	return -1;
}

void journal_without(struct journal *j, struct arena *a, const char *id)
{
	*j = (struct journal){ .arena = a, .id = id, .fd = -1 };
}

bool journal_is_there(const struct journal *j)
{
	return j->path != NULL;
}

int journal_open(struct journal *j, struct arena *a, const char *parent,
		 const char *id, struct journal_command *command,
		 struct error *f)
{
	start(j, a, parent, id);
	if (!*id || !text_is_hex(id, strlen(id)))
		return error_set(f, ERROR_USAGE,
				 "'%.64s' is not a series: its id has digits "
				 "and the letters a to f",
				 id);
	if (read_command(j, command, f) < 0 || open_done(j, f) < 0)
		return -1;
	return read_done(j, f);
}

int journal_complete(struct journal *j, struct error *f)
{
	const char *path = file_of(j, "input");
	struct error unsure = ERROR_INIT;
	struct stat st;

	if (!path)
		return 0;
	if (journal_fact(j, COMPLETE, "yes", "it", f) < 0)
		return -1;
	if (disk_lstat(path, &st, &unsure) > 0 &&
	    st.st_size > JOURNAL_INPUT_KEPT)
		unlink(path);
	return 0;
}

bool journal_is_complete(const struct journal *j)
{
	return journal_value(j, COMPLETE) != NULL;
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd); /* each line was synced */
	j->fd = -1;
}

void journal_discard(struct journal *j)
{
	take_away(j);
	journal_close(j);
}
