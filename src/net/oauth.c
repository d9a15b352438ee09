/* oauth.c - use, refresh, store.
 *
 *	stored token			action
 *	valid for long enough		use it, without a lock
 *	(nearly) expired, or refused	lock, read it again, and refresh it if
 *					that is still so:
 *	   granted			store the new one, then use it
 *	   no reply, 429, 5xx		use the old one while it is valid, else
 *					a temporary error
 *	   refused permanently		read it once more; then log in again
 *
 * A token that was obtained in the future counts as expired: the clock was set
 * back. */
#include "net/oauth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/command.h"
#include "base/crash.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/guard.h"
#include "config/secret.h"
#include "flow/atomic_file.h"
#include "net/http.h"
#include "net/oauth_grant.h"

#define MARGIN	   60  /* seconds before it expires */
#define MARGIN_HVE 600 /* for Microsoft's High Volume Email */
#define HOST_HVE   "smtp.hve.mx.microsoft"

bool oauth_is_used(const struct account *account)
{
	return account->oauth && ((account->transport &&
				   ascii_equal(account->transport, "graph")) ||
				  !strcmp(account->auth, "OAUTH") ||
				  !strcmp(account->auth, "OAUTHBEARER") ||
				  !strcmp(account->auth, "XOAUTH2"));
}

/* ---- use, refresh, store ---- */

static int64_t left(const struct oauth_record *r)
{
	int64_t now = sysenv_now();

	if (!r->access_token || now < r->obtained)
		return 0;
	if (!r->expires)
		return INT64_MAX;
	return r->expires > now ? r->expires - now : 0;
}

static int64_t margin(const struct account *account)
{
	bool is_hve = account->host && ascii_equal(account->host, HOST_HVE);

	return is_hve ? MARGIN_HVE : MARGIN;
}

static bool is_good(const struct account *account, const struct oauth_record *r,
		    const char *refused)
{
	if (refused && r->access_token && !strcmp(refused, r->access_token))
		return false;
	return left(r) > margin(account);
}

/* Another process, without our lock, may have logged in meanwhile. */
static bool has_changed(struct oauth_store *s, struct oauth_record *r)
{
	struct error unimportant = ERROR_INIT;
	struct oauth_record again;

	if (oauth_store_read(s, &again, &unimportant) <= 0 ||
	    !again.refresh_token || !r->refresh_token ||
	    !strcmp(again.refresh_token, r->refresh_token))
		return false;
	*r = again;
	return true;
}

static int renew(struct oauth_store *s, struct oauth_record *r,
		 struct oauth_token *token, struct error *f)
{
	struct arena *a = s->arena;
	struct oauth_answer answer;
	struct error why = ERROR_INIT;
	int result = oauth_grant(a, s->account, r, &answer, &why);

	if (result < 0 && why.cause == ERROR_PERMISSION && has_changed(s, r)) {
		oauth_answer_free(&answer);
		error_clear(&why);
		result = oauth_grant(a, s->account, r, &answer, &why);
	}
	oauth_answer_free(&answer);
	if (result < 0)
		return error_copy(f, &why);
	token->is_new = true;
	/* a granted token is used even if it cannot be stored */
	if (oauth_store_write(s, r, &why) < 0)
		log_warning("the new token could not be stored: %s", why.text);
	return 0;
}

static int get_locked(struct oauth_store *s, struct oauth_record *r,
		      const char *refused, struct oauth_token *token,
		      struct error *f)
{
	const struct account *account = s->account;
	struct error why = ERROR_INIT;

	if (oauth_store_lock(s, f) < 0 || oauth_store_read(s, r, f) < 0)
		return -1;
	if (is_good(account, r, refused) || renew(s, r, token, &why) == 0)
		return 0;
	if (why.temporary && !refused && left(r) > 0)
		return 0;
	return error_copy(f, &why);
}

int oauth_get(struct arena *a, const struct account *account,
	      const char *refused, struct oauth_token *token, struct error *f)
{
	struct oauth_store s;
	struct oauth_record r;
	int found, result = 0;

	*token = (struct oauth_token){ .access = NULL };
	if (oauth_store_open(&s, a, account, f) < 0)
		return -1;
	found = oauth_store_read(&s, &r, f);
	if (found < 0)
		result = -1;
	else if (found == 0 && !oauth_is_app(account))
		result = oauth_nobody(account, f);
	else if (found == 0 || !is_good(account, &r, refused))
		result = get_locked(&s, &r, refused, token, f);
	oauth_store_close(&s);
	token->access = r.access_token;
	token->scope = r.scope;
	token->expires = r.expires;
	token->user = account->user ? account->user : r.user;
	return result;
}

/* ---- the token as a password ---- */

static int put_token(const struct oauth_token *token, struct buf *password,
		     struct error *f)
{
	buf_reset(password);
	if (buf_puts(password, token->access) < 0)
		return error_set(f, ERROR_DATA,
				 "the access token has more than %zu octets",
				 password->max);
	return 0;
}

int oauth_secret(struct arena *a, const struct account *account,
		 const char **user, struct buf *password, bool *is_cached,
		 struct error *f)
{
	struct oauth_token token;

	if (is_cached)
		*is_cached = false;
	if (!oauth_is_used(account))
		return secret_get(a, account, user, password, f);
	buf_init(password, SECRET_MAX);
	if (oauth_get(a, account, NULL, &token, f) < 0)
		return -1;
	*user = token.user;
	if (!token.user)
		return error_set(
			f, ERROR_CONFIG,
			"account %s: with a token the setting \"user\" "
			"names the mailbox: set it",
			account->name);
	if (is_cached)
		*is_cached = !token.is_new;
	return put_token(&token, password, f);
}

int oauth_again(struct arena *a, const struct account *account,
		struct buf *password, struct error *f)
{
	struct error why = ERROR_INIT;
	struct oauth_token token;

	if (oauth_get(a, account, password->data, &token, &why) < 0 ||
	    put_token(&token, password, &why) < 0) {
		*f = why;
		return -1;
	}
	error_clear(f);
	return 0;
}

/* ---- where tokens are stored ---- */

#define SYSTEM_STATE "/var/lib/mailsend"
#define RECORD_MAX   COMMAND_INPUT_MAX
#define LOCK_MS	     ((HTTP_SECONDS + 30) * 1000)
#define TEMPORARY    ".oauth"

#define AT(member) offsetof(struct oauth_record, member)
/* The members, and where they are in the record. */
static const struct {
	const char *name;
	size_t at;
} members[] = {
	{ "provider", AT(provider) },
	{ "client_id", AT(client_id) },
	{ "user", AT(user) },
	{ "token_endpoint", AT(token_endpoint) },
	{ "revocation_endpoint", AT(revocation_endpoint) },
	{ "access_token", AT(access_token) },
	{ "refresh_token", AT(refresh_token) },
	{ "scope", AT(scope) },
};

static const char **text_at(const struct oauth_record *r, size_t i)
{
	return (const char **)((char *)r + members[i].at);
}

/* ---- the path ---- */

/* An account's name as a file name: other characters become %XX. */
static const char *file_name(struct arena *a, const char *account)
{
	struct buf out = BUF_INIT(3 * 1024);
	const char *name;

	for (const char *p = account; *p; p++)
		if (ascii_is_alnum(*p) || strchr("-_@+", *p) ||
		    (*p == '.' && p > account))
			buf_putc(&out, *p);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*p);
	name = arena_format(a, "%s.json", out.data);
	buf_free(&out);
	return name;
}

int oauth_store_open(struct oauth_store *s, struct arena *a,
		     const struct account *account, struct error *f)
{
	bool is_system = sysenv_uid() == 0 && !sysenv_env("XDG_STATE_HOME");
	const char *state = is_system ? SYSTEM_STATE : sysenv_state();

	*s = (struct oauth_store){ .arena = a, .account = account, .lock = -1 };
	if (json_prepare(f) < 0)
		return -1;
	if (!state && account->oauth_store_read && account->oauth_store_write)
		return 0; /* and nothing to lock */
	if (!state)
		return error_set(f, ERROR_CONFIG,
				 "there is no home directory to keep tokens "
				 "in; set HOME, or oauth_store_read and "
				 "oauth_store_write");
	s->directory = arena_format(a, "%s/oauth", state);
	s->name =
		file_name(a, account->tokens ? account->tokens : account->name);
	return 0;
}

static const char *path_of(const struct oauth_store *s, const char *suffix)
{
	return arena_format(s->arena, "%s/%s%s", s->directory, s->name, suffix);
}

const char *oauth_store_place(const struct oauth_store *s)
{
	return s->account->oauth_store_write ? "oauth_store_write"
					     : path_of(s, "");
}

int oauth_store_lock(struct oauth_store *s, struct error *f)
{
	const char *path;
	int locked;

	if (s->lock >= 0 || !s->directory)
		return 0;
	path = path_of(s, ".lock");
	if (disk_make_directory(s->directory, f) < 0)
		return -1;
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	locked = disk_lock(s->lock, LOCK_MS, path, f);
	if (locked == 0)
		error_set(f, ERROR_TEMPORARY,
			  "another process keeps the lock %s", path);
	return locked > 0 ? 0 : -1;
}

void oauth_store_close(struct oauth_store *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

/* ---- reading ---- */

static int run(struct oauth_store *s, const char *setting, const char *line,
	       const struct buf *in, struct buf *out, struct error *f)
{
	struct command c = {
		.what = setting,
		.setting = "command_timeout",
		.seconds = (unsigned)s->account->command_timeout,
	};
	int status = 0;

	if (command_exchange(&c, line, in ? in->data : NULL, in ? in->len : 0,
			     out, &status, f) < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(f, ERROR_TEMPORARY,
				 "%s failed (%s %d); try it in a shell",
				 setting,
				 WIFEXITED(status) ? "status" : "signal",
				 WIFEXITED(status) ? WEXITSTATUS(status)
						   : WTERMSIG(status));
	return 0;
}

/* 0: there is no file. */
static int read_file(struct oauth_store *s, struct buf *out, struct error *f)
{
	const char *path = path_of(s, "");
	struct stat st;
	int there = disk_stat(path, &st, f);

	if (there <= 0)
		return there;
	if (guard_secret(path, &st, GUARD_USER, path, f) < 0 ||
	    disk_read_file(path, out, false, f) < 0)
		return -1;
	return 1;
}

static int parse(struct oauth_store *s, const struct buf *text,
		 struct oauth_record *r, struct error *f)
{
	json_t *o = json_loadb(text->data, text->len, 0, NULL);
	const char *value;

	if (!json_is_object(o)) {
		json_decref(o);
		return error_set(f, ERROR_CONFIG,
				 "%s is damaged; run \"mailsend --login %s\"",
				 oauth_store_place(s), s->account->name);
	}
	*r = (struct oauth_record){
		.obtained = json_integer_value(json_object_get(o, "obtained")),
		.expires = json_integer_value(json_object_get(o, "expires")),
	};
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		value = json_string_value(json_object_get(o, members[i].name));
		if (value && *value)
			*text_at(r, i) = arena_dup(s->arena, value);
	}
	json_decref(o);
	return 1;
}

int oauth_store_read(struct oauth_store *s, struct oauth_record *r,
		     struct error *f)
{
	const char *command = s->account->oauth_store_read;
	struct buf text = BUF_INIT(RECORD_MAX);
	int found;

	*r = (struct oauth_record){ .provider = NULL };
	if (command) {
		found = run(s, "oauth_store_read", command, NULL, &text, f);
		if (found == 0)
			found = text.len != 0;
	} else {
		found = read_file(s, &text, f);
	}
	if (found > 0)
		found = parse(s, &text, r, f);
	buf_wipe(&text);
	return found;
}

/* ---- writing ---- */

static int format(const struct oauth_record *r, struct buf *out,
		  struct error *f)
{
	json_t *o = json_object();
	char *text;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (*text_at(r, i))
			json_object_set_new(o, members[i].name,
					    json_string(*text_at(r, i)));
	json_object_set_new(o, "obtained", json_integer(r->obtained));
	json_object_set_new(o, "expires", json_integer(r->expires));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		return error_set(f, ERROR_TEMPORARY, "out of memory");
	buf_puts(out, text);
	buf_putc(out, '\n');
	explicit_bzero(text, strlen(text));
	free(text);
	if (out->overflow)
		return error_set(f, ERROR_DATA,
				 "the tokens are longer than %zu octets",
				 out->max);
	return 0;
}

static int write_file(struct oauth_store *s, const struct buf *text,
		      struct error *f)
{
	struct atomic_file w;
	int r;

	tempfile_tidy(s->directory, TEMPORARY);
	crash_point("oauth-keep");
	if (atomic_file_begin(&w, s->arena, s->directory, TEMPORARY,
			      ATOMIC_FILE_PRIVATE, f) < 0)
		return -1;
	r = sink_put(&w.out.sink, text->data, text->len);
	crash_point("oauth-written");
	if (r == 0)
		r = atomic_file_finish(&w, f);
	crash_point("oauth-synced");
	if (r == 0)
		r = atomic_file_commit_as(&w, s->name, true, f);
	crash_point("oauth-named");
	atomic_file_free(&w);
	if (r == 0)
		atomic_file_sync(s->directory);
	return r;
}

int oauth_store_write(struct oauth_store *s, const struct oauth_record *r,
		      struct error *f)
{
	struct buf text = BUF_INIT(RECORD_MAX);
	int result = format(r, &text, f);

	if (result == 0)
		result = s->account->oauth_store_write
				 ? run(s, "oauth_store_write",
				       s->account->oauth_store_write, &text,
				       NULL, f)
				 : write_file(s, &text, f);
	buf_wipe(&text);
	return result;
}

int oauth_store_remove(struct oauth_store *s, struct error *f)
{
	const char *path;
	struct buf nothing = BUF_INIT(1);

	if (s->account->oauth_store_write)
		return run(s, "oauth_store_write",
			   s->account->oauth_store_write, &nothing, NULL, f);
	path = path_of(s, "");
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot remove %s", path);
	return 0;
}
