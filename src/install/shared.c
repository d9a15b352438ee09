/* shared.c - an account without what is private to a user.
 *
 * Its settings are written again one by one, as --show-config prints them.  Its
 * password, wherever it is stored, becomes a credential; so does a file that
 * only root can read, or that is in a home directory, which the service does
 * not see. */
#include "install/shared.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "config/config.h"
#include "config/mechanism.h"
#include "config/secret.h"
#include "config/settings.h"

#define TEXT_MAX 65536

/* Written even if default: msmtp's files have other defaults. */
static const char *const always[] = { "auth", "port", "tls", "tls_starttls",
				      NULL };

static bool is_always_written(const char *name)
{
	for (const char *const *x = always; *x; x++)
		if (strcmp(*x, name) == 0)
			return true;
	return false;
}

static void put_line(struct buf *out, const struct setting *s, const char *text)
{
	buf_printf(out, s->flags & SETTING_FREE ? "%s \"%s\"\n" : "%s %s\n",
		   s->name, text);
}

/* ---- credentials ---- */

static struct shared_credential *
add_credential(struct shared *p, const char *name, struct error *f)
{
	struct shared_credential *c = &p->credentials[p->count];
	size_t same = 0;

	if (p->count == SHARED_CREDENTIALS_MAX) {
		error_set(f, ERROR_CONFIG,
			  "the accounts have more than %d secrets",
			  SHARED_CREDENTIALS_MAX);
		return NULL;
	}
	for (size_t i = 0; i < p->count; i++)
		same += strncmp(p->credentials[i].name, name, strlen(name)) ==
			0;
	p->count++;
	*c = (struct shared_credential){ .secret = BUF_INIT(SECRET_MAX) };
	c->name =
		same ? arena_format(p->arena, "%s-%zu", name, same + 1) : name;
	return c;
}

/* Can every user read it? */
static bool is_public(const char *path)
{
	static const char *const homes[] = { "/home/", "/root/", "/run/user/",
					     "/tmp/", "/var/tmp/" };
	struct stat st;

	for (size_t i = 0; i < sizeof(homes) / sizeof(*homes); i++)
		if (strncmp(path, homes[i], strlen(homes[i])) == 0)
			return false;
	return stat(path, &st) == 0 && st.st_mode & S_IROTH;
}

static int put_path(struct shared *p, struct buf *out, const struct setting *s,
		    const char *path, struct error *f)
{
	struct shared_credential *c;
	struct stat st;

	/* the service reports a missing file */
	if (is_public(path) || stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
		put_line(out, s, path);
		return 0;
	}
	c = add_credential(p, s->name, f);
	if (!c)
		return -1;
	c->path = path;
	put_line(out, s,
		 arena_format(p->arena, "%s/%s", SHARED_CREDENTIALS, c->name));
	return 0;
}

static int put_secret(struct shared *p, struct buf *out,
		      const struct account *account, bool only_shown,
		      struct error *f)
{
	struct buf password = BUF_INIT(SECRET_MAX);
	struct shared_credential *c;
	const char *user = account->user;
	bool has_one = strcmp(account->auth, "off") != 0 && user &&
		       mechanism_needs_password(account->auth);
	int r = 0;

	if (!only_shown)
		r = secret_get(p->arena, account, &user, &password, f);
	if (user)
		buf_printf(out, "user \"%s\"\n", user);
	if (r == 0 && (password.len || (only_shown && has_one))) {
		c = add_credential(p, "password", f);
		r = c ? 0 : -1;
		if (c) {
			c->secret = password;
			buf_printf(out, "password_credential %s\n", c->name);
			return 0;
		}
	}
	buf_wipe(&password);
	return r;
}

/* ---- accounts ---- */

static int put_account(struct shared *p, struct buf *out,
		       const struct account *account, bool only_shown,
		       struct error *f)
{
	buf_printf(out, "\naccount %s\n", account->name);
	for (const struct setting *s = settings; s->name; s++) {
		const char *text = setting_text(p->arena, s, account);

		if (s->kind == SETTING_NONE || !text || !*text ||
		    s->flags & SETTING_PRIVATE ||
		    (!setting_is_given(account, s->name) &&
		     !is_always_written(s->name)))
			continue;
		if (!setting_is_path(s) || *text != '/')
			put_line(out, s, text);
		else if (put_path(p, out, s, text, f) < 0)
			return -1;
	}
	return put_secret(p, out, account, only_shown, f);
}

static int put_named(struct shared *p, struct buf *out, struct config *config,
		     const struct config_query *query, const char *name,
		     bool only_shown, struct error *f)
{
	struct config_query other = *query;
	struct account *account;

	other.account = name;
	if (config_choose(config, &other, &account, f) < 0)
		return -1;
	return put_account(p, out, account, only_shown, f);
}

/* The fallback accounts. */
static int put_fallback(struct shared *p, struct buf *out,
			struct config *config, const struct config_query *query,
			const struct account *account, bool only_shown,
			struct error *f)
{
	const char *list = account->fallback ? account->fallback : "";

	while (*(list += strspn(list, ", \t"))) {
		size_t n = strcspn(list, ",");
		const char *name = arena_dup_n(p->arena, list, n);

		list += n;
		if (put_named(p, out, config, query, name, only_shown, f) < 0)
			return -1;
	}
	return 0;
}

/* Makes it the default account, if there are several. */
static int put_default(struct buf *out, const struct account *account,
		       struct error *f)
{
	if (!account->fallback || strcmp(account->name, "default") == 0)
		return 0;
	if (strstr(out->data, "\naccount default\n"))
		return error_set(f, ERROR_CONFIG,
				 "account default is a fallback of %s: give "
				 "one of them another name",
				 account->name);
	buf_printf(out, "\naccount default : %s\n", account->name);
	return 0;
}

static const char *client_settings(struct arena *a,
				   const struct account *account)
{
	struct buf out = BUF_INIT(TEXT_MAX);
	const char *result;

	for (const struct setting *s = settings; s->name; s++) {
		const char *text = setting_text(a, s, account);

		if (text && *text && setting_is_given(account, s->name) &&
		    s->flags & SETTING_CLIENT &&
		    (!setting_is_path(s) || *text != '/' || is_public(text)))
			put_line(&out, s, text);
	}
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

static int check_account(const struct account *account, struct error *f)
{
	if (account->socket)
		return error_set(f, ERROR_CONFIG,
				 "account %s already sends by the socket %s; "
				 "name the configuration with the server: "
				 "--config FILE",
				 account->name, account->socket);
	if (!account->host && !account->transport)
		return error_set(f, ERROR_CONFIG,
				 "no server is configured for this machine: "
				 "run `mailsend --setup` as root first, or "
				 "name a file with --config");
	return 0;
}

int shared_make(struct shared *p, struct arena *a, const struct request *r,
		bool only_shown, struct error *f)
{
	const struct config_query query = request_config(r);
	struct config config = { .accounts = NULL };
	struct account *account = NULL;
	struct buf out = BUF_INIT(TEXT_MAX);
	int result = -1;

	*p = (struct shared){ .arena = a };
	if (config_load(&config, a, &query, f) < 0 ||
	    config_choose(&config, &query, &account, f) < 0 ||
	    check_account(account, f) < 0)
		return -1;
	p->account = account->name;
	p->source =
		arena_dup_n(a, account->origin, strcspn(account->origin, ":"));
	p->address = account->from ? account->from : account->user;
	if (p->address && !strchr(p->address, '@'))
		p->address = NULL;
	if (put_account(p, &out, account, only_shown, f) == 0 &&
	    put_fallback(p, &out, &config, &query, account, only_shown, f) == 0)
		result = out.overflow ? error_set(f, ERROR_CONFIG,
						  "the accounts are too long")
				      : 0;
	if (result == 0)
		result = put_default(&out, account, f);
	p->conf = arena_dup(a, out.data);
	p->client = client_settings(a, account);
	buf_wipe(&out);
	return result;
}

void shared_wipe(struct shared *p)
{
	for (size_t i = 0; i < p->count; i++)
		buf_wipe(&p->credentials[i].secret);
	p->count = 0;
}

/* ---- the secrets, as files of root's ---- */

/* Encrypts it by systemd-creds; false if that is missing or fails. */
static bool encrypt_secret(struct steps *s, const struct shared_credential *c,
			   struct buf *out)
{
	const char *argv[] = { "systemd-creds",
			       "encrypt",
			       arena_format(s->arena, "--name=%s", c->name),
			       "-",
			       "-",
			       NULL };
	struct error unused = ERROR_INIT;
	int status = 0;

	return steps_run(argv, COMMAND_LIMIT, &c->secret, out, NULL, &status,
			 &unused) == 0 &&
	       status == 0 && out->len && !out->overflow;
}

/* ---- which are ours ---- */

/* "" if there is none or it cannot be read. */
static const char *read_list(struct arena *a)
{
	struct buf list = BUF_INIT(STEPS_TEXT_MAX);
	struct error unused = ERROR_INIT;
	const char *text = "";

	if (disk_read_file(SECRETS_LIST, &list, true, &unused) == 0)
		text = arena_dup(a, list.data);
	buf_free(&list);
	return text;
}

static bool is_listed(struct arena *a, const char *list, const char *path)
{
	return strstr(arena_format(a, "\n%s", list),
		      arena_format(a, "\n%s\n", path)) != NULL;
}

static const char *path_of(struct arena *a, const struct shared_credential *c,
			   bool is_sealed)
{
	return arena_format(a, SECRETS "/%s%s", c->name,
			    is_sealed ? ".cred" : "");
}

/* Files are listed before they are written. */
static int note_paths(struct steps *s, const struct shared *p)
{
	const char *before = read_list(s->arena), *list = before;
	struct steps_file file = { .path = SECRETS_LIST, .mode = 0600 };

	for (size_t i = 0; i < 2 * p->count; i++) {
		const struct shared_credential *c = &p->credentials[i / 2];
		const char *path = path_of(s->arena, c, i % 2);

		if (c->path || is_listed(s->arena, before, path))
			continue;
		if (disk_exists(path, s->f) > 0)
			error_set(s->f, ERROR_CANTCREAT,
				  "%s exists and was not created by this "
				  "command: move it away first",
				  path);
		if (error_is_set(s->f))
			return -1;
		list = arena_format(s->arena, "%s%s\n", list, path);
	}
	file.text = list;
	file.found = strcmp(list, before) == 0 ? STEPS_SAME : STEPS_OURS;
	return *list && file.found != STEPS_SAME ? steps_write(s, &file) : 0;
}

/* ---- as files ---- */

/* Replaces the file, which is ours. */
static int write_secret(struct steps *s, const char *path, const char *text)
{
	const struct steps_file file = {
		.path = path, .text = text, .mode = 0600, .found = STEPS_OURS
	};

	return steps_write(s, &file);
}

static const char *line(struct steps *s, const char *key, const char *name,
			const char *path)
{
	return arena_format(s->arena, "%s=%s:%s\n", key, name,
			    steps_replace(s->arena, path, "%", "%%"));
}

/* Writes it; *out is its line in the unit. */
static int keep(struct steps *s, struct shared_credential *c, const char **out)
{
	struct buf sealed = BUF_INIT(STEPS_TEXT_MAX);
	const char *path = path_of(s->arena, c, false);
	const char *sealed_path = path_of(s->arena, c, true);
	int r;

	if (encrypt_secret(s, c, &sealed)) {
		r = write_secret(s, sealed_path, sealed.data);
		*out = line(s, "LoadCredentialEncrypted", c->name, sealed_path);
	} else {
		buf_putc(&c->secret, '\n');
		r = write_secret(s, path, c->secret.data);
		*out = line(s, "LoadCredential", c->name, path);
	}
	buf_wipe(&sealed);
	return r;
}

static int show(struct steps *s, const struct shared_credential *c,
		const char **out)
{
	*out = line(s, "LoadCredential", c->name, path_of(s->arena, c, false));
	return steps_say(s,
			 "would write the secret %s into " SECRETS
			 ", for root alone, encrypted where systemd-creds "
			 "can\n",
			 c->name);
}

int shared_write_secrets(struct steps *s, struct shared *p, const char **lines)
{
	*lines = "";
	if (!s->is_shown && note_paths(s, p) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		struct shared_credential *c = &p->credentials[i];
		const char *own = "";
		int r = 0;

		if (c->path)
			own = line(s, "LoadCredential", c->name, c->path);
		else
			r = s->is_shown ? show(s, c, &own) : keep(s, c, &own);
		if (r < 0)
			return -1;
		*lines = arena_format(s->arena, "%s%s", *lines, own);
	}
	return 0;
}

const char *shared_secret_lines(struct arena *a, const char *unit)
{
	const char *lines = "";

	for (const char *p = unit; (p = strstr(p, "\nLoadCredential"));) {
		size_t n = strcspn(++p, "\n");

		if (!strstr(arena_dup_n(a, p, n), "=service.conf:"))
			lines = arena_format(a, "%s%.*s\n", lines, (int)n, p);
	}
	return lines;
}

int shared_delete_secrets(struct steps *s)
{
	const char *list = read_list(s->arena);

	for (size_t n; (n = strcspn(list, "\n")); list += n + (list[n] != 0)) {
		const char *path = arena_dup_n(s->arena, list, n);

		if (unlink(path) == 0) {
			if (steps_say(s, "removed %s\n", path) < 0)
				return -1;
		} else if (errno != ENOENT) {
			return error_errno(s->f, ERROR_CANTCREAT, errno,
					   "cannot remove %s", path);
		}
	}
	if (unlink(SECRETS_LIST) < 0 && errno != ENOENT)
		return error_errno(s->f, ERROR_CANTCREAT, errno,
				   "cannot remove " SECRETS_LIST);
	return 0;
}
