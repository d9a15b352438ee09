/* file.c - from lines to settings.
 *
 * The text is split in place, in one buffer that is wiped: the only copy of a
 * password is the account's.  As in msmtp, settings before the first `account`
 * make an account "default"; `defaults` changes the defaults of the accounts
 * after it; an account inherits from those that it names only what was set in
 * them.
 *
 * An error in a line makes its account unusable, and those that inherit from
 * it: a missing setting, of TLS say, must not go unnoticed.  An error in an
 * `account` line, and a secret that others can read, stop everything. */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/text.h"
#include "config/evaluate.h"
#include "config/settings.h"

struct reading {
	struct config *config;
	const char *path;
	struct stat st;
	enum guard_owner owner;
	bool is_msmtp;
	unsigned line;
	bool evaluated;		  /* the line came from an `eval` */
	struct account *defaults; /* the defaults of new accounts */
	struct account *current;  /* the account of the current line, or NULL */
	struct account *first;	  /* of this file */
	const struct account *implied; /* "default", from settings before the
					  first `account` line; NULL */
	struct account **last;
	unsigned count;
};

static const char *here(const struct reading *r)
{
	return arena_format(r->config->arena, "%s:%u", r->path, r->line);
}

static int wrong(const struct reading *r, struct error *f, const char *format,
		 ...) __attribute__((format(printf, 3, 4)));
static int wrong(const struct reading *r, struct error *f, const char *format,
		 ...)
{
	va_list ap;
	const char *text;

	va_start(ap, format);
	text = arena_vformat(r->config->arena, format, ap);
	va_end(ap);
	return error_set(f, ERROR_CONFIG, "%s: %s", here(r), text);
}

static void set_flaw(struct reading *r, struct account *account,
		     const struct error *why)
{
	struct error *own;

	if (!account || account->flaw)
		return;
	own = arena_alloc(r->config->arena, sizeof(*own));
	*own = *why;
	account->flaw = own;
}

/* ---- the pieces of a line ---- */

/* Removes a comment after blanks. */
static void cut_comment(char *s)
{
	for (char *p = s; *p; p++)
		if (text_is_blank(*p) && p[strspn(p, " \t")] == '#') {
			*p = '\0';
			return;
		}
}

/* The same after the closing quote of a free value. */
static void cut_comment_after_quote(char *s)
{
	char *cut = NULL;

	for (char *p = s + 1; *s == '"' && *p; p++)
		if (*p == '"' && text_is_blank(p[1]) &&
		    p[1 + strspn(p + 1, " \t")] == '#')
			cut = p + 1;
	if (cut)
		*cut = '\0';
}

static char *unquote(char *s)
{
	size_t n = strlen(s);

	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return s;
	s[n - 1] = '\0';
	return s + 1;
}

static char *argument_of(const char *name, char *rest)
{
	const struct setting *s = setting_find(name);

	rest = text_trim(rest);
	if (!s || !(s->flags & SETTING_FREE))
		cut_comment(rest);
	else if (!(s->flags & SETTING_SECRET))
		cut_comment_after_quote(rest);
	return unquote(rest);
}

/* ---- accounts ---- */

static struct account *find_here(const struct reading *r, const char *name)
{
	for (struct account *a = r->first; a; a = a->next)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static int begin_account(struct reading *r, const char *name, struct error *f)
{
	struct arena *a = r->config->arena;
	struct account *account;

	if (!*name)
		return wrong(r, f, "account needs a name");
	if (r->implied && strcmp(r->implied->name, name) == 0)
		return wrong(r, f,
			     "account \"%s\" exists already: it is made by "
			     "the settings above the first account line (%s); "
			     "put the line \"defaults\" above them, or "
			     "\"account %s\"",
			     name, r->implied->origin, name);
	if (find_here(r, name))
		return wrong(r, f, "account \"%s\" exists already", name);
	if (++r->count > CONFIG_ACCOUNTS_MAX)
		return wrong(r, f, "there are more than %d accounts",
			     CONFIG_ACCOUNTS_MAX);
	account = setting_account_like(a, arena_dup(a, name), r->defaults);
	for (size_t i = 0; i < setting_count(); i++)
		account->origins[i].own = false;
	account->tokens = account->name;
	account->origin = here(r);
	account->is_msmtp = r->is_msmtp;
	account->flaw = r->defaults->flaw;
	*r->last = account;
	r->last = &account->next;
	r->current = account;
	return 0;
}

static int inherit(struct reading *r, const char *name, struct error *f)
{
	const struct account *from = find_here(r, name);
	struct nearest n;

	if (from && from != r->current) {
		setting_copy(r->current, from, true);
		if (from->oauth)
			r->current->tokens = from->tokens;
		if (from->flaw)
			set_flaw(r, r->current, from->flaw);
		return 0;
	}
	nearest_init(&n, name);
	for (const struct account *a = r->first; a; a = a->next)
		if (a != r->current)
			nearest_offer(&n, a->name);
	if (!n.best)
		return wrong(r, f,
			     "no account \"%s\" was defined above this line",
			     name);
	return wrong(r, f,
		     "no account \"%s\" was defined above this line; did you "
		     "mean \"%s\"?",
		     name, n.best);
}

/* NAME [: A[,B...]] */
static int read_account(struct reading *r, char *argument, struct error *f)
{
	char *list = strchr(argument, ':');
	char *save = NULL;

	if (list)
		*list++ = '\0';
	if (strchr(argument, ','))
		return wrong(r, f, "an account's name has no comma: \"%s\"",
			     argument);
	if (begin_account(r, text_trim(argument), f) < 0)
		return -1;
	if (!list)
		return 0;
	for (char *name = strtok_r(list, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		struct error unknown = ERROR_INIT;

		if (inherit(r, text_trim(name), &unknown) < 0)
			set_flaw(r, r->current, &unknown);
	}
	return 0;
}

/* ---- lines ---- */

static int read_setting(struct reading *r, const char *name, const char *value,
			struct error *f)
{
	const struct setting *s = setting_find(name);
	struct setting_place at = { .text = here(r), .cause = ERROR_CONFIG };
	struct error bad = ERROR_INIT;

	if (s && r->current &&
	    (!strncmp(name, "oauth", 5) || !strcmp(name, "user")))
		r->current->tokens = r->current->name;
	if (s && s->flags & SETTING_SECRET && *value && !r->evaluated &&
	    guard_secret(r->path, &r->st, r->owner, at.text, f) < 0)
		return -1;
	if (s && s->flags & SETTING_COMMAND && *value &&
	    guard_commands(r->path, &r->st, at.text, f) < 0)
		return -1;
	/* as in msmtp 1.2 and many files since */
	if (!r->current) {
		if (begin_account(r, "default", f) < 0)
			return -1;
		r->implied = r->current;
	}
	if (setting_assign(r->config->arena, r->current, name, value, &at,
			   &bad) < 0)
		set_flaw(r, r->current, &bad);
	return 0;
}

static int read_line(struct reading *r, char *line, struct error *f);

/* Parses the output of the command as a line. */
static int evaluate(struct reading *r, const char *command, struct error *f)
{
	struct buf line = BUF_INIT(CONFIG_FILE_MAX);
	const struct account *so_far = r->current ? r->current : r->defaults;
	const char *place = here(r);
	struct error failed = ERROR_INIT;
	int result;

	if (!*command)
		return wrong(r, f, "eval needs a command");
	if (r->evaluated)
		return wrong(r, f, "eval printed another eval");
	if (guard_commands(r->path, &r->st, place, f) < 0)
		return -1;
	result = evaluate_first_line(
		command, arena_format(r->config->arena, "%s: eval", place),
		(unsigned)so_far->command_timeout, &line, &failed);
	if (result < 0 && r->current) {
		set_flaw(r, r->current, &failed);
		result = 0;
	} else if (result < 0) {
		*f = failed;
	} else {
		r->evaluated = true;
		result = read_line(r, line.data, f);
		r->evaluated = false;
	}
	buf_wipe(&line);
	return result;
}

static int read_line(struct reading *r, char *line, struct error *f)
{
	char *name = text_trim(line);
	char *rest = name + strcspn(name, " \t");
	char *argument;

	if (!*name || *name == '#')
		return 0;
	if (*rest)
		*rest++ = '\0';
	/* the shell handles its own quotes and comments */
	if (strcmp(name, "eval") == 0)
		return evaluate(r, unquote(text_trim(rest)), f);
	argument = argument_of(name, rest);
	if (strcmp(name, "account") == 0)
		return read_account(r, argument, f);
	if (strcmp(name, "defaults") != 0)
		return read_setting(r, name, argument, f);
	if (*argument)
		return wrong(r, f, "defaults takes no value: \"%s\"", argument);
	if (r->implied && r->current == r->implied)
		config_remark(
			r->config,
			"%s: the settings above \"defaults\" are an account "
			"of their own, \"default\" (%s); move them below it "
			"if they are for all accounts",
			here(r), r->implied->origin);
	r->current = r->defaults;
	return 0;
}

static int read_lines(struct reading *r, char *text, struct error *f)
{
	if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
		text += 3; /* a byte order mark of some editors */
	while (text) {
		char *next = strchr(text, '\n');
		size_t n;

		if (next)
			*next++ = '\0';
		n = strlen(text);
		if (n && text[n - 1] == '\r')
			text[n - 1] = '\0';
		r->line++;
		if (read_line(r, text, f) < 0)
			return -1;
		text = next;
	}
	return 0;
}

/* ---- the file ---- */

static bool is_msmtp_name(const char *path)
{
	static const char tail[] = "/msmtp/config";
	const char *base = strrchr(path, '/');
	size_t n = strlen(path);

	base = base ? base + 1 : path;
	return strcmp(base, ".msmtprc") == 0 || strcmp(base, "msmtprc") == 0 ||
	       (n >= strlen(tail) &&
		strcmp(path + n - strlen(tail), tail) == 0);
}

static int read_text(struct reading *r, int fd, struct buf *text,
		     struct error *f)
{
	char piece[4096];
	ssize_t n;
	int result = 0;

	if (fstat(fd, &r->st) < 0)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s",
				   r->path);
	if (S_ISDIR(r->st.st_mode))
		return error_errno(f, ERROR_CONFIG, EISDIR,
				   "cannot read the configuration %s", r->path);
	while ((n = disk_read_full(fd, piece, sizeof(piece), r->path, f)) > 0 &&
	       result == 0)
		if (buf_put(text, piece, (size_t)n) < 0)
			result = error_set(f, ERROR_CONFIG,
					   "%s: a configuration has at most "
					   "%zu octets",
					   r->path, CONFIG_FILE_MAX);
	explicit_bzero(piece, sizeof(piece));
	if (n < 0 || result < 0)
		return -1;
	if (strlen(text->data) != text->len)
		return error_set(f, ERROR_CONFIG,
				 "%s: not a text file: it contains a NUL",
				 r->path);
	return 0;
}

static void append(struct config *c, struct account *accounts)
{
	struct account **end = &c->accounts;

	while (*end)
		end = &(*end)->next;
	*end = accounts;
}

/* As in msmtp, an unreadable system file is ignored. */
static int open_file(struct reading *r, bool missing_ok, struct error *f)
{
	const char *path = r->path;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (missing_ok && (errno == ENOENT || errno == ENOTDIR))
		return -1;
	if (missing_ok && errno == EACCES && r->owner == GUARD_SYSTEM) {
		r->config->unreadable = path;
		return -1;
	}
	return error_errno(f, ERROR_CONFIG, errno,
			   "cannot read the configuration %s", path);
}

int config_file_read(struct config *c, const char *path, enum guard_owner owner,
		     bool missing_ok, struct error *f)
{
	struct reading r = { .config = c,
			     .path = arena_dup(c->arena, path),
			     .owner = owner,
			     .is_msmtp = is_msmtp_name(path) };
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int fd = open_file(&r, missing_ok, f);
	int result;

	if (fd < 0)
		return error_is_set(f) ? -1 : 0;
	r.last = &r.first;
	r.defaults = setting_account(c->arena, "defaults");
	result = read_text(&r, fd, &text, f);
	close(fd);
	if (result == 0 &&
	    text.len) /* otherwise it is the shared empty string */
		result = read_lines(&r, text.data, f);
	buf_wipe(&text);
	append(c, r.first);
	return result < 0 ? -1 : 1;
}
