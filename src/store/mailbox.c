/* mailbox.c - determines the kind, and does what all kinds have in common. */
#include "store/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "flow/crlf.h"
#include "flow/digest.h"
#include "flow/source.h"
#include "store/kinds.h"
#include "store/mbox.h"

#define ID_DIGITS 32 /* SHA-256 in hex */

/* ---- input that can be read only once ---- */

static int open_spool(const char *const *spool, struct error *f)
{
	for (; spool && *spool; spool++) {
		struct error each = ERROR_INIT;
		int fd = disk_open_unnamed(*spool, &each);

		if (fd >= 0)
			return fd;
		if (!spool[1])
			*f = each;
	}
	return error_set(f, ERROR_CANTCREAT,
			 "there is no directory for the input; set TMPDIR");
}

/* A seekable descriptor, or -1. */
static int keep_stream(int from, const char *name, const char *const *spool,
		       struct error *f)
{
	struct source source;
	struct sink_fd out;
	int fd = open_spool(spool, f);
	int r;

	if (fd < 0)
		return -1;
	source_of_stream(&source, from, name);
	sink_fd_init(&out, fd, name, f);
	r = pump(&source, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

/* ---- which kind ---- */

/* 1, 0, or -1 with the error. */
static int is_directory(struct arena *a, const char *parent, const char *name,
			struct error *f)
{
	struct stat st;
	int r = disk_stat(arena_format(a, "%s/%s", parent, name), &st, f);

	return r > 0 ? S_ISDIR(st.st_mode) : r;
}

static int open_directory(struct mailbox *m, struct error *f)
{
	int is_maildir = is_directory(m->arena, m->name, "cur", f);

	if (is_maildir > 0)
		is_maildir = is_directory(m->arena, m->name, "new", f);
	if (is_maildir < 0)
		return -1;
	if (is_maildir) {
		m->kind = MAILBOX_MAILDIR;
		return maildir_open(m, f);
	}
	m->kind = MAILBOX_DIRECTORY;
	return maildirectory_open(m, f);
}

/* One message, or an mbox. */
static int open_bytes(struct mailbox *m, int fd, struct error *f)
{
	char start[MBOX_BEGIN_OCTETS];
	ssize_t n = disk_pread_full(fd, start, sizeof(start), 0, m->name, f);

	if (n < 0) {
		close(fd);
		return -1;
	}
	if (!mbox_begins(start, (size_t)n))
		return mailfile_open(m, fd, f);
	if (m->kind == MAILBOX_FILE)
		m->kind = MAILBOX_MBOX;
	return mbox_open(m, fd, f);
}

static int open_input(struct mailbox *m, int from, const char *const *spool,
		      struct error *f)
{
	int fd = keep_stream(from, m->name, spool, f);

	m->kind = MAILBOX_INPUT;
	return fd < 0 ? -1 : open_bytes(m, fd, f);
}

static int open_path(struct mailbox *m, const char *const *spool,
		     struct error *f)
{
	struct stat st;
	int fd, r;

	if (stat(m->name, &st) < 0)
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   m->name);
	if (S_ISDIR(st.st_mode))
		return open_directory(m, f);
	/* The process that writes to a pipe may not have started yet. */
	fd = open(m->name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   m->name);
	if (S_ISREG(st.st_mode)) {
		m->kind = MAILBOX_FILE;
		return open_bytes(m, fd, f);
	}
	r = open_input(m, fd, spool, f);
	close(fd);
	return r;
}

static int open_url(struct mailbox *m, const struct mailbox_login *login,
		    struct error *f)
{
	static const struct mailbox_login none;
	struct mailbox_url url;

	if (mailbox_parse_url(m->arena, m->name, &url, f) < 0)
		return -1;
	m->kind = url.kind;
	if (!login)
		login = &none;
	return url.kind == MAILBOX_POP3 ? pop3_open(m, &url, login, f)
					: imap_open(m, &url, login, f);
}

static int open_standard(struct mailbox *m, const char *const *spool,
			 struct error *f)
{
	struct stat st;

	m->name = "standard input";
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISDIR(st.st_mode))
		return error_set(f, ERROR_NOINPUT,
				 "standard input is a directory: give its name "
				 "instead");
	return open_input(m, STDIN_FILENO, spool, f);
}

int mailbox_open(struct mailbox *m, struct arena *a, const char *source,
		 const struct mailbox_login *login, const char *const *spool,
		 struct error *f)
{
	int r;

	*m = (struct mailbox){ .arena = a, .name = arena_dup(a, source) };
	if (mailbox_is_url(source)) {
		r = open_url(m, login, f);
	} else if (strcmp(source, "-") != 0) {
		r = open_path(m, spool, f);
	} else {
		r = open_standard(m, spool, f);
	}
	if (r < 0)
		mailbox_abandon(m);
	return r;
}

struct mailbox_message *mailbox_add(struct mailbox *m, size_t *room,
				    struct error *f)
{
	if (m->count == MAILBOX_MESSAGES_MAX) {
		error_set(f, ERROR_DATA,
			  "%s has more than %d messages, which is more than "
			  "can be processed; move some to another place",
			  m->name, MAILBOX_MESSAGES_MAX);
		return NULL;
	}
	m->messages = arena_grow(m->arena, m->messages, m->count, room,
				 sizeof(*m->messages));
	return &m->messages[m->count++];
}

/* ---- reading ---- */

static int check_number(const struct mailbox *m, size_t number, struct error *f)
{
	if (number >= 1 && number <= m->count)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s has no message %zu: it has %zu messages", m->name,
			 number, m->count);
}

/* The error of the chain may be a different one than the caller's. */
static int take_sink_error(int r, const struct sink *to, struct error *f)
{
	if (r < 0 && !error_is_set(f))
		*f = *to->error;
	return r;
}

int mailbox_read(struct mailbox *m, size_t number, struct sink *to,
		 struct error *f)
{
	struct crlf crlf;
	int r;

	if (check_number(m, number, f) < 0)
		return -1;
	if (interrupt_is_due())
		return interrupt_error(f);
	crlf_init(&crlf, to, false, false);
	r = m->ops->read(m, number, &crlf.sink, f);
	if (r == 0)
		r = sink_close(&crlf.sink);
	return take_sink_error(r, to, f);
}

int mailbox_top(struct mailbox *m, size_t number, unsigned lines,
		struct sink *to, struct error *f)
{
	struct crlf crlf;
	struct top_filter cut;
	int r;

	if (check_number(m, number, f) < 0)
		return -1;
	if (interrupt_is_due())
		return interrupt_error(f);
	top_filter_init(&cut, to, lines);
	crlf_init(&crlf, &cut.sink, false, false);
	m->enough = &cut.is_over;
	if (m->ops->top)
		r = m->ops->top(m, number, lines, &crlf.sink, f);
	else
		r = m->ops->read(m, number, &crlf.sink, f);
	m->enough = NULL;
	if (r == 0)
		r = sink_close(&crlf.sink);
	return take_sink_error(r, to, f);
}

const char *mailbox_id(struct mailbox *m, size_t number, struct error *f)
{
	struct digest digest;
	int r;

	if (check_number(m, number, f) < 0)
		return NULL;
	if (m->messages[number - 1].id)
		return m->messages[number - 1].id;
	digest_init(&digest, NULL, f);
	/* of the complete message: different texts may have equal headers */
	r = mailbox_read(m, number, &digest.sink, f);
	if (r == 0 && sink_close(&digest.sink) == 0)
		m->messages[number - 1].id =
			arena_dup_n(m->arena, digest.hex, ID_DIGITS);
	digest_free(&digest);
	return m->messages[number - 1].id;
}

void mailbox_expect(struct mailbox *m, const size_t *numbers, size_t count,
		    int lines)
{
	m->expected = numbers;
	m->expected_count = count;
	m->expected_lines = lines;
}

/* ---- the end ---- */

int mailbox_delete(struct mailbox *m, size_t number, struct error *f)
{
	if (check_number(m, number, f) < 0)
		return -1;
	if (!m->ops->commit)
		return error_set(f, ERROR_USAGE,
				 "nothing can be deleted from %s: it is %s",
				 m->name,
				 m->kind == MAILBOX_INPUT
					 ? "read once and not stored"
					 : "one message in a file of its own; "
					   "remove the file");
	m->messages[number - 1].is_deleted = true;
	return 0;
}

static bool is_marked(const struct mailbox *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->messages[i].is_deleted)
			return true;
	return false;
}

int mailbox_close(struct mailbox *m, struct error *f)
{
	int r = is_marked(m) ? m->ops->commit(m, f) : 0;

	mailbox_abandon(m);
	return r;
}

void mailbox_abandon(struct mailbox *m)
{
	if (m->ops && m->ops->free)
		m->ops->free(m);
	m->ops = NULL;
}

int mailbox_sign_in(struct arena *a, const struct mailbox_url *url,
		    const struct mailbox_login *login, struct error *f)
{
	return url->kind == MAILBOX_POP3 ? pop3_sign_in(a, url, login, f)
					 : imap_sign_in(a, url, login, f);
}

/* ---- URLs ---- */

/* RFC 3986; RFC 2384; RFC 5092 as far as a folder; and TLS from the first
 * byte. */

static const struct {
	const char *prefix;
	enum mailbox_kind kind;
	bool is_implicit_tls;
} schemes[] = {
	{ "pop3://", MAILBOX_POP3, false }, { "pop3s://", MAILBOX_POP3, true },
	{ "pop://", MAILBOX_POP3, false },  { "pops://", MAILBOX_POP3, true },
	{ "imap://", MAILBOX_IMAP, false }, { "imaps://", MAILBOX_IMAP, true },
};
#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

static size_t find_scheme(const char *source)
{
	size_t i = 0;

	while (i < SCHEMES && !ascii_begins(source, schemes[i].prefix))
		i++;
	return i;
}

/* Others are URLs too, and are refused as such rather than as missing files. */
bool mailbox_is_url(const char *source)
{
	size_t n = strspn(source, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 1 && strncmp(source + n, "://", 3) == 0;
}

/* Percent-decoded, in the arena; control bytes are refused. */
static const char *decode(struct arena *a, const char *text, size_t n,
			  const char *what, struct error *f)
{
	char *out = arena_alloc(a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		bool is_coded = text[i] == '%' && i + 2 < n;
		int octet = is_coded ? text_hex_octet(text + i + 1) : -1;

		if (text[i] == '%' && octet < 0) {
			error_set(
				f, ERROR_USAGE,
				"the %s in the URL has a %% that is not "
				"followed by two hex digits; write %%25 for it",
				what);
			return NULL;
		}
		*to = octet < 0 ? text[i] : (char)octet;
		i += octet < 0 ? 0 : 2;
		if (text_is_control(*to)) {
			error_set(f, ERROR_USAGE,
				  "the %s in the URL has a control character",
				  what);
			return NULL;
		}
		to++;
	}
	return out;
}

static int parse_port(const char *text, size_t n, unsigned *port,
		      struct error *f)
{
	uint64_t value;

	if (text_digits(text, 65535, &value) != n || !value)
		return error_set(
			f, ERROR_USAGE,
			"\"%.*s\" is not a port: a port is a number up "
			"to 65535",
			(int)(n > 64 ? 64 : n), text);
	*port = (unsigned)value;
	return 0;
}

/* "user@" before the host; ";AUTH=..." of RFC 2384 is ignored. */
static int parse_user(struct arena *a, const char *text, size_t n,
		      struct mailbox_url *out, struct error *f)
{
	if (memchr(text, ':', n))
		return error_set(f, ERROR_USAGE,
				 "a password in a URL can be read by everyone "
				 "on this machine; leave it out and give it by "
				 "the account's passwordeval, ~/.netrc or the "
				 "prompt");
	out->user = decode(a, text, n, "user", f);
	return out->user ? 0 : -1;
}

static int parse_host(struct arena *a, const char *text, size_t n,
		      struct mailbox_url *out, struct error *f)
{
	const char *end = text + n, *colon;

	if (n && *text == '[') {
		const char *close = memchr(text, ']', n);

		if (!close)
			return error_set(f, ERROR_USAGE,
					 "the URL's host lacks its ]");
		out->host = decode(a, text + 1, (size_t)(close - text) - 1,
				   "host", f);
		colon = close + 1;
	} else {
		colon = memchr(text, ':', n);
		if (!colon)
			colon = end;
		out->host = decode(a, text, (size_t)(colon - text), "host", f);
	}
	if (!out->host)
		return -1;
	if (!*out->host || strpbrk(out->host, "/@ ?#\"<>\\") ||
	    (colon < end && *colon != ':'))
		return error_set(f, ERROR_USAGE,
				 "the URL names no host: it is written "
				 "SCHEME://USER@HOST");
	if (colon == end)
		return 0;
	return parse_port(colon + 1, (size_t)(end - colon) - 1, &out->port, f);
}

static int parse_path(struct arena *a, const char *path,
		      struct mailbox_url *out, struct error *f)
{
	if (!*path || !path[1])
		return 0;
	if (out->kind == MAILBOX_POP3)
		return error_set(f, ERROR_USAGE,
				 "POP3 has no folders: leave '%.200s' out",
				 path);
	out->folder = decode(a, path + 1, strlen(path) - 1, "folder", f);
	return out->folder ? 0 : -1;
}

int mailbox_parse_url(struct arena *a, const char *source,
		      struct mailbox_url *out, struct error *f)
{
	size_t scheme = find_scheme(source), n;
	const char *text, *at = NULL;

	*out = (struct mailbox_url){ 0 };
	if (scheme == SCHEMES)
		return error_set(
			f, ERROR_USAGE,
			"\"%.*s\" is not a mailbox: use pop3://, "
			"pop3s://, imap:// or imaps://, a directory, a "
			"file, or -",
			(int)(strcspn(source, ":") + 3), source);
	out->kind = schemes[scheme].kind;
	out->is_implicit_tls = schemes[scheme].is_implicit_tls;
	text = source + strlen(schemes[scheme].prefix);
	n = strcspn(text, "/");
	for (size_t i = 0; i < n; i++)
		if (text[i] == '@')
			at = text + i;
	if (at) {
		if (parse_user(a, text, (size_t)(at - text), out, f) < 0)
			return -1;
		n -= (size_t)(at - text) + 1;
		text = at + 1;
	}
	if (parse_host(a, text, n, out, f) < 0)
		return -1;
	return parse_path(a, text + n, out, f);
}

/* ---- the top of a message ---- */

/* An empty line before the header does not end it. */
static void end_line(struct top_filter *s)
{
	if (s->in_body)
		s->lines--;
	else if (s->column == 0)
		s->in_body = s->has_header;
	else
		s->has_header = true;
	s->column = 0;
	if (s->in_body && s->lines == 0)
		s->is_over = true;
}

static bool is_bom(char c)
{
	return c == '\xEF' || c == '\xBB' || c == '\xBF';
}

static int top_filter_put(struct sink *sink, const void *data, size_t n)
{
	struct top_filter *s = (struct top_filter *)sink;
	const char *p = data, *end = p + n, *from = p;

	while (p < end && !s->is_over) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		const char *stop = lf ? lf : end;

		for (; p < stop && s->column == 0; p++)
			s->column +=
				*p != '\r' && (s->has_header || !is_bom(*p));
		p = lf ? lf + 1 : end;
		if (lf)
			end_line(s);
	}
	return sink_put(sink->next, from, (size_t)(p - from));
}

static const struct sink_ops ops = { .put = top_filter_put };

void top_filter_init(struct top_filter *s, struct sink *next, unsigned lines)
{
	*s = (struct top_filter){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.lines = lines,
	};
}
