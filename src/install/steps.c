/* steps.c - see steps.h.
 *
 * The streams of a command are files in memory: no deadlock, however much is
 * written, and a secret that is passed to a program is never on disk. */
#include "install/steps.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "flow/atomic_file.h"

#define WORDS_MAX   4096
#define UNIT_PREFIX ".mailsend-setup"

int steps_say(struct steps *s, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = arena_vformat(s->arena, format, ap);
	va_end(ap);
	return disk_write_all(STDOUT_FILENO, text, strlen(text),
			      "standard output", s->f);
}

/* ---- files ---- */

enum steps_found steps_find(struct steps *s, const char *path, const char *text)
{
	struct buf there = BUF_INIT(STEPS_TEXT_MAX);
	struct error unread = ERROR_INIT;
	enum steps_found found = STEPS_FOREIGN;

	if (disk_read_file(path, &there, true, &unread) < 0)
		found = error_is_set(&unread) ? STEPS_FOREIGN : STEPS_MISSING;
	else if (strcmp(there.data, text) == 0)
		found = STEPS_SAME;
	else if (strncmp(there.data, s->mark, strlen(s->mark)) == 0)
		found = STEPS_OURS;
	buf_wipe(&there); /* it may have held a password */
	return found;
}

int steps_refuse_foreign(struct steps *s, const struct steps_file *file)
{
	if (file->found != STEPS_FOREIGN)
		return 0;
	return error_set(s->f, ERROR_CANTCREAT,
			 "%s exists and was not created by this command: move "
			 "it away first",
			 file->path);
}

/* A replaced file has kept its mode. */
static int set_mode(struct steps *s, const struct steps_file *file)
{
	struct stat st;

	if (stat(file->path, &st) == 0 && (st.st_mode & 07777) == file->mode)
		return 0;
	return chmod(file->path, file->mode) == 0
		       ? 0
		       : error_errno(s->f, ERROR_CANTCREAT, errno,
				     "cannot set the mode of %s", file->path);
}

static int replace_file(struct steps *s, const struct steps_file *to)
{
	struct atomic_file file;
	int r;

	tempfile_tidy(disk_dirname(s->arena, to->path), UNIT_PREFIX);
	r = atomic_file_open(&file, s->arena, to->path, UNIT_PREFIX, true,
			     to->mode == 0600 ? ATOMIC_FILE_PRIVATE
					      : ATOMIC_FILE_SHARED,
			     s->f);
	if (r == 0)
		r = sink_puts(&file.out.sink, to->text);
	if (r == 0)
		r = atomic_file_commit(&file, s->f);
	atomic_file_free(&file);
	if (r > 0)
		return error_set(s->f, ERROR_CANTCREAT,
				 "%s was created by another program meanwhile",
				 to->path);
	return r < 0 ? -1 : set_mode(s, to);
}

int steps_write(struct steps *s, const struct steps_file *file)
{
	if (s->is_shown)
		return steps_say(s, "would write %s:\n%s\n", file->path,
				 file->text);
	if (file->found == STEPS_SAME)
		return steps_say(s, "%s exists already\n", file->path);
	if (s->tells_text && file->mode & S_IROTH &&
	    steps_say(s, "writing %s:\n%s\n", file->path, file->text) < 0)
		return -1;
	if (disk_make_directory(disk_dirname(s->arena, file->path), s->f) < 0 ||
	    replace_file(s, file) < 0)
		return -1;
	return steps_say(s, "wrote %s\n", file->path);
}

int steps_delete(struct steps *s, const struct steps_file *file)
{
	if (file->found == STEPS_MISSING)
		return 0;
	if (file->found == STEPS_FOREIGN)
		return steps_say(s,
				 "left %s, which was not created by "
				 "mailsend\n",
				 file->path);
	if (unlink(file->path) < 0)
		return error_errno(s->f, ERROR_CANTCREAT, errno,
				   "cannot remove %s", file->path);
	return steps_say(s, "removed %s\n", file->path);
}

/* ---- words ---- */

const char *steps_replace(struct arena *a, const char *text, const char *from,
			  const char *to)
{
	struct buf out = BUF_INIT(STEPS_TEXT_MAX);
	const char *found, *result;

	while ((found = strstr(text, from))) {
		buf_put(&out, text, (size_t)(found - text));
		buf_puts(&out, to);
		text = found + strlen(from);
	}
	buf_puts(&out, text);
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

bool steps_is_plain(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789/._-+=:,@")];
}

const char *steps_quote_unit(struct arena *a, const char *word)
{
	struct buf out = BUF_INIT(STEPS_TEXT_MAX);
	const char *result;

	if (steps_is_plain(word))
		return word;
	buf_putc(&out, '"');
	for (; *word; word++) {
		if (strchr("\"\\", *word))
			buf_putc(&out, '\\');
		if (strchr("%$", *word))
			buf_putc(&out, *word);
		buf_putc(&out, *word);
	}
	buf_putc(&out, '"');
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

/* ---- commands ---- */

enum { INPUT, OUTPUT, ERRORS, STREAMS };

static int open_streams(int fds[STREAMS], const struct buf *input,
			struct error *f)
{
	for (int i = 0; i < STREAMS; i++) {
		fds[i] = memfd_create("mailsend", MFD_CLOEXEC);
		if (fds[i] < 0)
			return error_errno(f, ERROR_OS, errno,
					   "cannot make a file in memory");
	}
	if (!input)
		return 0;
	if (disk_write_all(fds[INPUT], input->data, input->len,
			   "the input of a command", f) < 0)
		return -1;
	if (lseek(fds[INPUT], 0, SEEK_SET) < 0)
		return error_errno(f, ERROR_OS, errno, "cannot rewind a file");
	return 0;
}

static void close_streams(const int fds[STREAMS])
{
	for (int i = 0; i < STREAMS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int take(int fd, struct buf *to, struct error *f)
{
	char piece[4096];
	uint64_t done = 0;
	ssize_t n;

	while (to && (n = disk_pread_full(fd, piece, sizeof(piece), done,
					  "the output of a command", f)) != 0) {
		if (n < 0)
			return -1;
		done += (uint64_t)n;
		if (buf_put(to, piece, (size_t)n) < 0)
			return error_set(f, ERROR_DATA,
					 "a command wrote more than %zu octets",
					 to->max);
	}
	return 0;
}

static int run_streams(const struct identity *who, const char *const *argv,
		       unsigned seconds, const int fds[STREAMS], int *status,
		       struct error *f)
{
	struct command c = { .what = argv[0], .seconds = seconds, .as = who };
	int how = 0;

	if (command_start(&c, argv, fds[INPUT], fds[OUTPUT], fds[ERRORS], f) <
	    0) {
		if (c.error != ENOENT)
			return -1;
		error_clear(f);
		*status = STEPS_NO_PROGRAM;
		return 0;
	}
	if (command_finish(&c, &how, f) < 0)
		return -1;
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return 0;
}

int steps_run_as(const struct identity *who, const char *const *argv,
		 unsigned seconds, const struct buf *input, struct buf *out,
		 struct buf *err, int *status, struct error *f)
{
	int fds[STREAMS] = { -1, -1, -1 };
	int r = open_streams(fds, input, f);

	if (r == 0)
		r = run_streams(who, argv, seconds, fds, status, f);
	if (r == 0)
		r = take(fds[OUTPUT], out, f);
	if (r == 0)
		r = take(fds[ERRORS], err, f);
	close_streams(fds);
	return r;
}

int steps_run(const char *const *argv, unsigned seconds,
	      const struct buf *input, struct buf *out, struct buf *err,
	      int *status, struct error *f)
{
	return steps_run_as(NULL, argv, seconds, input, out, err, status, f);
}

/* ---- systemd ---- */

#define SYSTEMCTL_WORDS 8

/* systemctl, with --user for a user, and up to five words; ends with NULL. */
static void put_words(struct steps *s, const char *argv[SYSTEMCTL_WORDS],
		      const char *const *words)
{
	size_t n = 0;

	argv[n++] = "systemctl";
	if (!s->is_system)
		argv[n++] = "--user";
	while (*words && n < SYSTEMCTL_WORDS - 1)
		argv[n++] = *words++;
	argv[n] = NULL;
}

static const char *in_one(struct steps *s, const char *const *argv)
{
	const char *line = *argv;

	while (*++argv)
		line = arena_format(s->arena, "%s %s", line, *argv);
	return line;
}

/* Prints the command instead of running it, or after that. */
int steps_systemctl(struct steps *s, const char *const *words)
{
	const char *argv[SYSTEMCTL_WORDS];
	struct buf err = BUF_INIT(WORDS_MAX);
	const char *line;
	int status = 0, r;

	put_words(s, argv, words);
	line = in_one(s, argv);
	if (s->is_shown)
		return steps_say(s, "would run %s\n", line);
	r = steps_run(argv, COMMAND_LIMIT, NULL, NULL, &err, &status, s->f);
	if (r == 0 && status)
		r = error_set(s->f, ERROR_UNAVAILABLE, "`%s` failed: %.*s",
			      line, (int)strcspn(err.data, "\n"), err.data);
	buf_free(&err);
	return r < 0 ? -1 : steps_say(s, "ran %s\n", line);
}

bool steps_has_systemd(struct steps *s)
{
	static const char *const words[] = { "show", "--property=Version",
					     NULL };
	const char *argv[SYSTEMCTL_WORDS];
	struct error unused = ERROR_INIT;
	int status = 0;

	put_words(s, argv, words);
	return steps_run(argv, COMMAND_LIMIT, NULL, NULL, NULL, &status,
			 &unused) == 0 &&
	       status == 0;
}
