/* mailbox.c - which kind it is, and what all kinds have in common. */
#include "store/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "flow/crlf.h"
#include "flow/digest.h"
#include "flow/source.h"
#include "store/kinds.h"
#include "store/mbox.h"
#include "store/top_filter.h"

#define ID_DIGITS 32 /* of a SHA-256 in hex */

/* ---- what can be read only once ---- */

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

/* A descriptor that can be read at any place, or -1. */
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
static int is_folder(struct arena *a, const char *parent, const char *name,
		     struct error *f)
{
	struct stat st;
	int r = disk_stat(arena_format(a, "%s/%s", parent, name), &st, f);

	return r > 0 ? S_ISDIR(st.st_mode) : r;
}

static int open_folder(struct mailbox *m, struct error *f)
{
	int is_maildir = is_folder(m->arena, m->name, "cur", f);

	if (is_maildir > 0)
		is_maildir = is_folder(m->arena, m->name, "new", f);
	if (is_maildir < 0)
		return -1;
	if (is_maildir) {
		m->kind = MAILBOX_MAILDIR;
		return maildir_open(m, f);
	}
	m->kind = MAILBOX_FOLDER;
	return mailfolder_open(m, f);
}

/* A message, or many of them in an mbox. */
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
		return open_folder(m, f);
	/* Whoever feeds a pipe may not have come yet. */
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
	static const struct mailbox_login nobody;
	struct mailbox_url url;

	if (mailbox_parse_url(m->arena, m->name, &url, f) < 0)
		return -1;
	m->kind = url.kind;
	if (!login)
		login = &nobody;
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
			 "%s has no message %zu: it has %zu of them", m->name,
			 number, m->count);
}

/* The chain's error may be another than the caller's. */
static int settle(int r, const struct sink *to, struct error *f)
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
	return settle(r, to, f);
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
	return settle(r, to, f);
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
	/* of all of it: equal headers may stand above different texts */
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
