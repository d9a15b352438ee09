/* mbox.c - "From " lines, and the ">" that quotes them in a body: mboxrd also
 * quotes quoted lines, so that it is reversible.
 *
 * Symbolic links are not followed, and a file of another user or with several
 * links is not written to: others may be able to write to the directory. */
#include "store/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "flow/crlf.h"

/* Puts a ">" before every line that matches ">*From ".  The start of a line is
 * held until that is known. */
struct from_quote {
	struct sink sink;
	bool deciding;	/* at the start of a line */
	size_t quotes;	/* ">" seen since then */
	size_t matched; /* octets of "From " seen after them */
};

static const char from_word[] = "From ";

#define REOPEN_MAX 100

static int flush_start(struct from_quote *s, bool quote)
{
	size_t matched = s->matched;

	if (quote)
		sink_put(s->sink.next, ">", 1);
	for (; s->quotes; s->quotes--)
		sink_put(s->sink.next, ">", 1);
	s->deciding = false;
	s->matched = 0;
	return sink_put(s->sink.next, from_word, matched);
}

/* 1 when the octet was used, 0 when it belongs to the rest of the line. */
static int decide(struct from_quote *s, char c)
{
	if (c == '>' && s->matched == 0) {
		s->quotes++;
		return 1;
	}
	if (c != from_word[s->matched])
		return flush_start(s, false);
	if (++s->matched == strlen(from_word) && flush_start(s, true) < 0)
		return -1;
	return 1;
}

static int quote_put(struct sink *sink, const void *data, size_t n)
{
	struct from_quote *s = (struct from_quote *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		int taken = s->deciding ? decide(s, *p) : 0;
		const char *lf;

		if (taken < 0)
			return -1;
		if (taken) {
			p++;
			continue;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf ? lf + 1 : end) - p);
		if (sink_put(sink->next, p, n) < 0)
			return -1;
		s->deciding = lf != NULL;
		p += n;
	}
	return 0;
}

/* Completes the line end of the last line. */
static int quote_close(struct sink *sink)
{
	struct from_quote *s = (struct from_quote *)sink;
	bool is_ended = s->deciding && !s->quotes && !s->matched;

	if (s->deciding && flush_start(s, false) < 0)
		return -1;
	return is_ended ? 0 : sink_put(sink->next, "\n", 1);
}

static const struct sink_ops quote_ops = { .put = quote_put,
					   .close = quote_close };

/* "From sender Sun Nov 22 05:30:00 2026" in UTC, as RFC 4155 has it. */
static void put_separator(struct sink *to, const char *reverse_path)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
					    "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)sysenv_now();
	struct tm t = { 0 };

	gmtime_r(&now, &t);
	sink_puts(to, "From ");
	sink_puts(to, *reverse_path ? reverse_path : "MAILER-DAEMON");
	sink_printf(to, " %s %s %2d %02d:%02d:%02d %d\n", days[t.tm_wday],
		    months[t.tm_mon], t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec,
		    t.tm_year + 1900);
}

static int write_message(int fd, const char *path, const char *reverse_path,
			 const struct header *extra,
			 const struct slice *message, struct error *f)
{
	struct from_quote quote;
	struct sink_fd out;
	struct lf lf;

	sink_fd_init(&out, fd, path, f);
	put_separator(&out.sink, reverse_path);
	quote = (struct from_quote){
		.sink = { .ops = &quote_ops, .next = &out.sink, .error = f },
		.deciding = true,
	};
	lf_init(&lf, &quote.sink);
	header_write(&lf.sink, extra);
	pump_slice(message, &lf.sink);
	sink_close(&lf.sink);
	sink_close(&quote.sink);
	sink_puts(&out.sink, "\n");
	sink_close(&out.sink);
	sink_fd_free(&out);
	return error_is_set(f) ? -1 : 0;
}

/* Must be our own file, with a single link. */
static int check_file(const char *path, const struct stat *st, struct error *f)
{
	if (S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    st->st_uid == sysenv_file_uid())
		return 0;
	return error_set(f, ERROR_CANTCREAT,
			 "%s is not a regular file of yours with a "
			 "single name; move it away",
			 path);
}

/* 1 when it is locked and usable; 0 when it was replaced by another file;
 * -1. */
static int lock_mine(int fd, const char *path, struct stat *st, struct error *f)
{
	struct error no_locks =
		ERROR_INIT; /* unsupported by this file system */
	int r;

	disk_lock(fd, DISK_LOCK_WAIT, path, &no_locks);
	r = disk_is_same(fd, path, f);
	if (r <= 0)
		return r;
	if (fstat(fd, st) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno, "cannot stat %s",
				   path);
	return check_file(path, st, f) < 0 ? -1 : 1;
}

/* The process that held the lock may have replaced the file (as mbox_rewrite
 * does): a message appended here would be lost. */
static int open_locked(const char *path, struct stat *st, struct error *f)
{
	for (int i = 0; i < REOPEN_MAX; i++) {
		int fd = open(path,
			      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
				      O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
			      0600);
		int r;

		if (fd < 0)
			return error_errno(f, ERROR_CANTCREAT, errno,
					   "cannot open %s", path);
		r = lock_mine(fd, path, st, f);
		if (r > 0)
			return fd;
		close(fd); /* nothing was written */
		if (r < 0)
			return -1;
	}
	return error_set(f, ERROR_TEMPORARY,
			 "%s is replaced repeatedly by another program", path);
}

/* A partial message would be taken for the start of the next one. */
static void cut_off(int fd, off_t size, struct error *f)
{
	struct error why = *f;

	if (ftruncate(fd, size) == 0)
		return;
	error_clear(f);
	error_set(f, why.cause,
		  "%s; what was written could not be truncated again and is at "
		  "its end",
		  why.text);
	f->temporary = why.temporary;
}

static int append_to_device(const char *path, const char *reverse_path,
			    const struct header *extra,
			    const struct slice *message, struct error *f)
{
	int fd = disk_open_append(path, f);
	int r;

	if (fd < 0)
		return -1;
	r = write_message(fd, path, reverse_path, extra, message, f);
	return disk_close(fd, path, f) < 0 ? -1 : r;
}

int mbox_append(const char *path, const char *reverse_path,
		const struct header *extra, const struct slice *message,
		struct error *f)
{
	struct stat st;
	int fd, r = disk_stat(path, &st, f);

	if (r < 0)
		return -1;
	if (r > 0 && (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)))
		return append_to_device(path, reverse_path, extra, message, f);
	fd = open_locked(path, &st, f);
	if (fd < 0)
		return -1;
	r = write_message(fd, path, reverse_path, extra, message, f);
	if (r == 0)
		r = disk_sync(fd, path, f);
	if (r < 0)
		cut_off(fd, st.st_size, f);
	if (disk_close(fd, path, f) < 0)
		r = -1;
	return r;
}

/* ---- reading ---- */

bool mbox_is_from(const char *line, size_t n)
{
	return n >= strlen(from_word) &&
	       memcmp(line, from_word, strlen(from_word)) == 0;
}

size_t mbox_preamble(const char *text, size_t n)
{
	size_t at = n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;

	while (at < n && (text[at] == '\n' || text[at] == '\r'))
		at++;
	return at;
}

bool mbox_begins(const char *text, size_t n)
{
	size_t at = mbox_preamble(text, n);

	return mbox_is_from(text + at, n - at);
}

/* Without the rest of the line: can it match ">*From ", or be empty? */
static bool may_matter(const struct mbox_message *s)
{
	size_t quotes = 0, n = s->held;

	while (quotes < n && s->line[quotes] == '>')
		quotes++;
	n -= quotes;
	if (!quotes && n == 1 && s->line[0] == '\r')
		return true;
	if (n > strlen(from_word))
		n = strlen(from_word);
	return memcmp(s->line + quotes, from_word, n) == 0;
}

static size_t digits_at_end(const char *line, size_t n)
{
	size_t count = 0;

	while (count < n && line[n - 1 - count] >= '0' &&
	       line[n - 1 - count] <= '9')
		count++;
	return count;
}

/* Without " remote from HOST" and " +0100". */
static size_t without_tail(const char *line, size_t n)
{
	static const char remote[] = " remote from ";
	size_t word = n;

	while (word && line[word - 1] != ' ')
		word--;
	if (word >= strlen(remote) &&
	    !memcmp(line + word - strlen(remote), remote, strlen(remote)))
		n = word - strlen(remote);
	if (n > 6 && digits_at_end(line, n) == 4 && line[n - 6] == ' ' &&
	    (line[n - 5] == '+' || line[n - 5] == '-'))
		n -= 6;
	return n;
}

bool mbox_is_separator(const char *line, size_t n)
{
	while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	n = without_tail(line, n);
	return n >= 20 && mbox_begins(line, n) && memchr(line, ':', n) &&
	       digits_at_end(line, n) == 4 && line[n - 5] == ' ';
}

static int pass_blank(struct mbox_message *s)
{
	size_t n = s->blank;

	s->blank = 0;
	return sink_put(s->sink.next, n == 2 ? "\r\n" : "\n", n);
}

/* Passes on the held octets, without one ">" if there is one. */
static int pass_line(struct mbox_message *s)
{
	const char *line = s->line;
	size_t n = s->held, quotes = 0;

	s->held = 0;
	if (n && s->blank && pass_blank(s) < 0)
		return -1;
	while (quotes < n && line[quotes] == '>')
		quotes++;
	if (quotes && !s->is_raw && mbox_is_from(line + quotes, n - quotes)) {
		line++;
		n--;
	}
	return sink_put(s->sink.next, line, n);
}

/* ">From " above the header is a path from UUCP. */
static bool is_path(struct mbox_message *s)
{
	s->is_above = s->is_above && s->held && s->line[0] == '>' &&
		      mbox_is_from(s->line + 1, s->held - 1);
	return s->is_above;
}

static int end_line(struct mbox_message *s)
{
	bool is_blank =
		s->held <= 2 && (s->line[0] == '\n' || s->line[0] == '\r');

	if (is_path(s)) {
		s->held = 0;
		return 0;
	}
	if (!is_blank)
		return pass_line(s);
	if (s->blank && pass_blank(s) < 0)
		return -1;
	s->blank = s->held;
	s->held = 0;
	return 0;
}

/* One octet at the start of a line. */
static int start_line(struct mbox_message *s, char c)
{
	s->line[s->held++] = c;
	if (c == '\n')
		return end_line(s);
	if (may_matter(s) && s->held < sizeof(s->line))
		return 0;
	if (is_path(s)) {
		s->held = 0;
		s->state = MBOX_SEPARATOR; /* skipped to its end */
		return 0;
	}
	s->state = MBOX_REST;
	return pass_line(s);
}

static int message_put(struct sink *sink, const void *data, size_t n)
{
	struct mbox_message *s = (struct mbox_message *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *lf;

		if (s->state == MBOX_START) {
			if (start_line(s, *p++) < 0)
				return -1;
			continue;
		}
		if (s->state == MBOX_PREAMBLE) {
			if (strchr("\r\n\xEF\xBB\xBF", *p))
				p++;
			else
				s->state = MBOX_SEPARATOR;
			continue;
		}
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf ? lf + 1 : end) - p);
		if (s->state == MBOX_REST && sink_put(sink->next, p, n) < 0)
			return -1;
		if (lf)
			s->state = MBOX_START;
		p += n;
	}
	return 0;
}

/* The empty line at the end belongs to the mbox, not to the message. */
static int message_close(struct sink *sink)
{
	struct mbox_message *s = (struct mbox_message *)sink;

	return s->held ? pass_line(s) : 0;
}

static const struct sink_ops message_ops = { .put = message_put,
					     .close = message_close };

void mbox_message_init(struct mbox_message *s, bool is_raw, struct sink *next)
{
	*s = (struct mbox_message){
		.is_raw = is_raw,
		.is_above = true,
		.sink = { .ops = &message_ops,
			  .next = next,
			  .error = next->error },
	};
}
