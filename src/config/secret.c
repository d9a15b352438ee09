/* secret.c - eight sources, in order. */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/evaluate.h"
#include "config/guard.h"
#include "config/mechanism.h"
#include "config/netrc.h"
#include "config/settings.h"

struct lookup {
	struct arena *arena;
	const struct account *account;
	const char *user;
	struct buf *out;
};

/* "FILE:LINE: passwordeval", the prefix of an error. */
static const char *place_of(const struct lookup *q, const char *name)
{
	size_t row = setting_row(setting_find(name));

	return arena_format(q->arena, "%s: %s", q->account->origins[row].text,
			    name);
}

/* Keeps the first line only. */
static int keep_line(struct buf *b, const char *place, const char *what,
		     struct error *f)
{
	char *end = memchr(b->data, '\n', b->len);

	if (end)
		buf_truncate(b, (size_t)(end - b->data));
	while (b->len && b->data[b->len - 1] == '\r')
		buf_truncate(b, b->len - 1);
	if (!b->len)
		return error_set(f, ERROR_CONFIG,
				 "%s: %s has nothing in its first line", place,
				 what);
	if (strlen(b->data) != b->len)
		return error_set(f, ERROR_CONFIG, "%s: %s has a NUL in it",
				 place, what);
	return 0;
}

/* Reads to the end or a line end: the other end of a pipe may stay open. */
static int read_text(int fd, bool one_line, struct buf *out, const char *place,
		     const char *what, struct error *f)
{
	char piece[1024];
	ssize_t n;
	int r = 0;

	do {
		n = io_read(fd, piece, sizeof(piece));
		if (n < 0)
			r = error_errno(f, ERROR_CONFIG, errno,
					"%s: cannot read %s", place, what);
		else if (n > 0 && buf_put(out, piece, (size_t)n) < 0)
			r = error_set(f, ERROR_CONFIG,
				      "%s: %s has more than %zu octets", place,
				      what, out->max);
		else if (n > 0 && one_line && memchr(piece, '\n', (size_t)n))
			break;
	} while (r == 0 && n != 0);
	explicit_bzero(piece, sizeof(piece));
	return r;
}

/* ---- the places: 1 found, 0 not configured, -1 the error ---- */

static int from_config(struct lookup *q, struct error *f)
{
	if (!q->account->password)
		return 0;
	if (buf_puts(q->out, q->account->password) < 0)
		return error_set(f, ERROR_CONFIG, "%s has more than %d octets",
				 place_of(q, "password"), SECRET_MAX);
	return 1;
}

static int from_command(struct lookup *q, struct error *f)
{
	if (!q->account->passwordeval)
		return 0;
	if (evaluate_first_line(q->account->passwordeval,
				place_of(q, "passwordeval"),
				(unsigned)q->account->command_timeout, q->out,
				f) < 0)
		return -1;
	return 1;
}

/* Its first line. */
static int from_path(struct lookup *q, const char *path, const char *place,
		     struct error *f)
{
	struct stat st;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(f, ERROR_CONFIG, errno, "%s: cannot read %s",
				   place, path);
	if (fstat(fd, &st) < 0)
		r = error_errno(f, ERROR_CONFIG, errno, "%s: cannot stat %s",
				place, path);
	else
		r = guard_secret(path, &st, GUARD_SYSTEM, path, f);
	if (r == 0)
		r = read_text(fd, true, q->out, place, path, f);
	close(fd);
	if (r == 0)
		r = keep_line(q->out, place, path, f);
	return r < 0 ? -1 : 1;
}

static int from_file(struct lookup *q, struct error *f)
{
	const char *path = q->account->password_file;

	return path ? from_path(q, path, place_of(q, "password_file"), f) : 0;
}

static int from_credential(struct lookup *q, struct error *f)
{
	const char *name = q->account->password_credential;
	const char *directory = sysenv_env("CREDENTIALS_DIRECTORY");
	const char *place;

	if (!name)
		return 0;
	place = place_of(q, "password_credential");
	if (!directory || *directory != '/')
		return error_set(f, ERROR_CONFIG,
				 "%s: only a systemd service has credentials, "
				 "and CREDENTIALS_DIRECTORY is not set; add "
				 "LoadCredential=%s:FILE to its unit",
				 place, name);
	return from_path(q, arena_format(q->arena, "%s/%s", directory, name),
			 place, f);
}

static int from_environment(struct lookup *q, struct error *f)
{
	const char *name = q->account->password_env;
	const char *value;

	if (!name)
		return 0;
	value = sysenv_env(name);
	if (!value)
		return error_set(f, ERROR_CONFIG,
				 "%s: the environment variable %s is not set",
				 place_of(q, "password_env"), name);
	if (buf_puts(q->out, value) < 0)
		return error_set(f, ERROR_CONFIG, "%s: %s is too long",
				 place_of(q, "password_env"), name);
	return 1;
}

static int from_descriptor(struct lookup *q, struct error *f)
{
	int fd = q->account->password_fd;
	const char *place, *what;

	if (fd < 0)
		return 0;
	place = place_of(q, "password_fd");
	what = arena_format(q->arena, "descriptor %d", fd);
	if (fcntl(fd, F_GETFD) < 0)
		return error_set(f, ERROR_CONFIG,
				 "%s: %s is not open; open it as in %d<FILE",
				 place, what, fd);
	if (read_text(fd, true, q->out, place, what, f) < 0 ||
	    keep_line(q->out, place, what, f) < 0)
		return -1;
	return 1;
}

/* Copies them, as the entry points into the text. */
static int use_entry(struct lookup *q, struct buf *text, const char *path,
		     const struct stat *st, struct error *f)
{
	struct netrc_entry entry;
	int r;

	if (!q->account->host ||
	    !netrc_find(text, q->account->host, q->user, &entry))
		return 0;
	r = guard_secret(path, st, GUARD_USER, path, f);
	if (r < 0)
		return -1;
	if (!q->user)
		q->user = arena_dup(q->arena, entry.login);
	if (buf_puts(q->out, entry.password) < 0)
		return error_set(f, ERROR_CONFIG,
				 "%s: the password is too long", path);
	return 1;
}

static int from_netrc(struct lookup *q, struct error *f)
{
	const char *path = disk_expand_home(q->arena, "~/.netrc");
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	struct stat st;
	int fd, r;

	if (!sysenv_home())
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0; /* the file is optional */
	if (fd < 0 || fstat(fd, &st) < 0) {
		r = error_errno(f, ERROR_CONFIG, errno, "cannot read %s", path);
	} else {
		r = read_text(fd, false, &text, path, "the file", f);
		if (r == 0)
			r = use_entry(q, &text, path, &st, f);
	}
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	return r;
}

static int from_terminal(struct lookup *q, struct error *f)
{
	const char *question;

	if (!q->user || !sysenv_has_terminal())
		return 0;
	question = arena_format(q->arena, "password for %s at %s: ", q->user,
				q->account->host ? q->account->host
						 : "the server");
	return secret_prompt(question, q->out, f) < 0 ? -1 : 1;
}

/* ---- the lookup ---- */

static int not_found(const struct lookup *q, struct error *f)
{
	const char *host = q->account->host ? q->account->host : "HOST";
	/* one that no file names is "(none)" (config_blank) */
	const char *place =
		*q->account->name == '('
			? ""
			: arena_format(q->arena,
				       "account %s: ", q->account->name);

	if (!q->user)
		return error_set(f, ERROR_CONFIG,
				 "%sauth is on and no user is named; add a "
				 "line \"user NAME\"",
				 place);
	return error_set(f, ERROR_CONFIG,
			 "%sno password for %s at %s; add a line "
			 "\"passwordeval COMMAND\" (for a keyring: "
			 "\"passwordeval secret-tool lookup host %s service "
			 "smtp user %s\") or \"password_file FILE\"",
			 place, q->user, host, host, q->user);
}

int secret_get(struct arena *a, const struct account *account,
	       const char **user, struct buf *password, struct error *f)
{
	static int (*const places[])(struct lookup * q, struct error * f) = {
		from_config,	  from_command,	   from_file,  from_credential,
		from_environment, from_descriptor, from_netrc, from_terminal,
	};
	struct lookup q = { .arena = a,
			    .account = account,
			    .user = account->user,
			    .out = password };
	int r = 0;

	buf_init(password, SECRET_MAX);
	*user = account->user;
	if (!strcmp(account->auth, "off") ||
	    !mechanism_needs_password(account->auth))
		return 0;
	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(*places); i++)
		r = places[i](&q, f);
	*user = q.user;
	if (r > 0 && q.user)
		return 0;
	return r < 0 ? -1 : not_found(&q, f);
}

/* ---- prompt ---- */

/* Echo off, a line, echo on; signals wait until echo is on.
 *
 * A handler only notes the signal and makes read() return.  Then the terminal
 * and the old handlers are restored and the signal is raised again: one that
 * ends us does so with the terminal restored, and after one that stopped us we
 * ask again. */

static const int watched[] = { SIGINT,	SIGTERM, SIGHUP,  SIGQUIT, SIGALRM,
			       SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU };
#define WATCHED (sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t caught;

static void note(int number)
{
	caught = number;
}

static void watch(struct sigaction before[WATCHED])
{
	struct sigaction action = { .sa_handler = note };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &action, &before[i]);
}

static void unwatch(const struct sigaction before[WATCHED])
{
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &before[i], NULL);
}

/* 1 with a complete line, 0 at the end or on a signal. */
static int read_line(int tty, struct buf *out, struct error *f)
{
	char c = '\0';
	int r = 0;

	while (r == 0 && !caught) {
		ssize_t n = read(tty, &c, 1);

		if (n == 0 || (n < 0 && errno == EINTR && caught))
			break;
		if (n < 0 && errno != EINTR)
			r = error_errno(f, ERROR_CONFIG, errno,
					"cannot read from /dev/tty");
		else if (n > 0 && (c == '\n' || c == '\r'))
			r = 1;
		else if (n > 0 && buf_putc(out, c) < 0)
			r = error_set(f, ERROR_CONFIG,
				      "a password is at most %zu octets",
				      out->max);
	}
	explicit_bzero(&c, sizeof(c));
	return r;
}

static int ask_once(int tty, const char *question, struct buf *out,
		    struct error *f)
{
	struct sigaction before[WATCHED];
	struct termios usual, silent;
	int r;

	caught = 0;
	if (tcgetattr(tty, &usual) < 0)
		return error_errno(f, ERROR_CONFIG, errno,
				   "cannot turn the echo of /dev/tty off");
	silent = usual;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	watch(before);
	r = 0;
	if (tcsetattr(tty, TCSAFLUSH, &silent) < 0 && !caught)
		r = error_errno(f, ERROR_CONFIG, errno,
				"cannot turn the echo of /dev/tty off");
	if (r == 0)
		r = disk_write_all(tty, question, strlen(question), "/dev/tty",
				   f);
	if (r == 0)
		r = read_line(tty, out, f);
	/* errors are ignored from here: the answer is what matters */
	disk_write_all(tty, "\n", 1, "/dev/tty", &(struct error)ERROR_INIT);
	while (tcsetattr(tty, TCSAFLUSH, &usual) < 0 && errno == EINTR)
		;
	unwatch(before);
	return r;
}

int secret_prompt(const char *question, struct buf *out, struct error *f)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t start = out->len;
	int r;

	if (tty < 0)
		return error_errno(f, ERROR_CONFIG, errno,
				   "cannot open /dev/tty");
	log_progress_end(); /* starts a new line */
	do {
		buf_truncate(out, start);
		r = ask_once(tty, question, out, f);
		if (caught)
			raise(caught);
	} while (r == 0 && caught);
	close(tty);
	if (r >= 0 && out->len == start)
		r = error_set(f, ERROR_CONFIG, "no password was entered");
	return r < 0 ? -1 : 0;
}
