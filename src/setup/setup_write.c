/* setup_write.c - the account as configuration text; storing the password and
 * writing the configuration.
 *
 * Each setting that matters is written, regardless of a `defaults` block above
 * it.  For the test, config_load reads the text from an unnamed file, so what
 * is tested is what will be read later.
 *
 * The new text is written to a temporary file, synced and renamed over the old
 * file; a new file is linked, so one that was created meanwhile is never
 * overwritten.  Signals are delayed until that is done.  A file that changed
 * since it was read is not replaced. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "base/tempfile.h"
#include "config/evaluate.h"
#include "config/secret.h"
#include "config/settings.h"
#include "flow/atomic_file.h"
#include "setup/setup_inside.h"

#define CONFIG_PREFIX ".mailsend-config"
#define NAMES_MAX     1000 /* of one kind: config.bak2, config.bak3 ... */

static void put(struct buf *out, const char *name, const char *value)
{
	const struct setting *s = setting_find(name);

	buf_printf(out,
		   s && s->flags & SETTING_FREE ? "%s \"%s\"\n" : "%s %s\n",
		   name, value);
}

static const char *today(struct arena *a)
{
	int64_t now = sysenv_now();
	time_t local = (time_t)(now + (int64_t)sysenv_zone(now) * 60);
	struct tm tm;

	if (!gmtime_r(&local, &tm))
		return "";
	return arena_format(a, ", %04d-%02d-%02d", tm.tm_year + 1900,
			    tm.tm_mon + 1, tm.tm_mday);
}

/* ---- the account ---- */

static void put_server(struct setup *s, struct buf *out)
{
	const struct setup_server *server = &s->server;

	if (s->provider)
		buf_printf(out, "# %s\n", s->provider->name);
	put(out, "host", server->host);
	buf_printf(out, "# %s\n", setup_tls_words(server->tls));
	buf_printf(out, "port %u\n", server->port);
	put(out, "tls", server->tls == CONN_TLS_NONE ? "off" : "on");
	if (server->tls != CONN_TLS_NONE)
		put(out, "tls_starttls",
		    server->tls == CONN_TLS_STARTTLS ? "on" : "off");
	if (s->trust_file)
		put(out, "tls_trust_file", s->trust_file);
	if (s->fingerprint)
		put(out, "tls_fingerprint", s->fingerprint);
}

/* The settings from the command line are among the others. */
static void put_oauth(struct setup *s, struct buf *out)
{
	const struct provider *p = s->provider;
	bool is_given = setup_given(s, "oauth") != NULL;

	if (!is_given && p && p->oauth)
		put(out, "oauth", p->oauth);
	if (!is_given && p && p->tenant)
		put(out, "oauth_tenant", p->tenant);
	if (s->client_id)
		put(out, "oauth_client_id", s->client_id);
	else if (!setup_given(s, "oauth_client_id"))
		buf_puts(out, "# oauth_client_id is missing: mailsend-oauth(7) "
			      "shows how to get one;\n"
			      "# then run mailsend --login\n");
}

static void put_login(struct setup *s, struct buf *out)
{
	put(out, "auth", s->auth);
	if (!s->user)
		return;
	put(out, "user", s->user);
	if (setup_is_oauth(s)) {
		put_oauth(s, out);
		return;
	}
	switch (s->place) {
	case SETUP_KEYRING:
		buf_puts(out, "# the password, from the key ring\n");
		break;
	case SETUP_PASS:
		buf_puts(out, "# the password, from pass(1)\n");
		break;
	case SETUP_COMMAND:
		buf_puts(out, "# a command whose first line is the password\n");
		break;
	case SETUP_FILE:
		buf_puts(out,
			 "# the password is the first line of this file\n");
		put(out, "password_file", s->password_path);
		break;
	case SETUP_NONE:
		buf_puts(out,
			 "# the password is asked for on the terminal;\n"
			 "# passwordeval or password_file could tell it\n");
		break;
	case SETUP_GIVEN:
		break;
	}
	if (s->command)
		put(out, "passwordeval", s->command);
}

/* Other settings from the command line are needed for later mail, too. */
static void put_others(const struct setup *s, struct buf *out)
{
	static const char *const known[] = { "host",	     "port", "tls",
					     "tls_starttls", "user", "auth",
					     "from",	     NULL };
	bool has_trust = s->trust_file || s->fingerprint;

	for (const struct override *o = s->request->overrides; o; o = o->next) {
		size_t i = 0;

		if (has_trust && (!strcmp(o->name, "tls_trust_file") ||
				  !strcmp(o->name, "tls_fingerprint")))
			continue;
		while (known[i] && strcmp(known[i], o->name) != 0)
			i++;
		if (!known[i] && setup_given(s, o->name) == o->value)
			put(out, o->name, o->value);
	}
}

void setup_block(struct setup *s, struct buf *out)
{
	buf_printf(out, "# by mailsend --setup%s; man mailsend.conf has more\n",
		   today(s->arena));
	buf_printf(out, "account %s\n", s->account);
	put_server(s, out);
	put_login(s, out);
	put_others(s, out);
	buf_puts(out, "# the sender; it also selects this account\n");
	put(out, "from", s->address);
	if (s->fallback)
		buf_printf(out,
			   "\n# the account for all other senders\n"
			   "account default : %s\n",
			   s->fallback);
}

/* ---- the file ---- */

/* The complete new file. */
static int whole_text(struct setup *s, struct buf *out, struct error *f)
{
	if (s->is_there && !s->is_replaced && s->old.len) {
		buf_put(out, s->old.data, s->old.len);
		if (s->old.data[s->old.len - 1] != '\n')
			buf_putc(out, '\n');
		buf_putc(out, '\n');
	}
	setup_block(s, out);
	if (out->overflow)
		return error_set(f, ERROR_CONFIG,
				 "%s would be larger than a configuration may "
				 "be",
				 s->path);
	return 0;
}

static const char *scratch_directory(void)
{
	const char *query = sysenv_env("TMPDIR");

	return query ? query : "/tmp";
}

static int choose(struct setup *s, const char *path, struct account **account,
		  struct error *f)
{
	struct config *config = arena_alloc(s->arena, sizeof(*config));
	const struct config_query query = { .path = path,
					    .account = s->account };

	return config_load(config, s->arena, &query, f) < 0
		       ? -1
		       : config_choose(config, &query, account, f);
}

int setup_load(struct setup *s, struct account **account, struct error *f)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int fd = -1;
	int r = whole_text(s, &text, f);

	if (r == 0)
		r = fd = disk_open_unnamed(scratch_directory(), f);
	if (r >= 0)
		r = disk_write_all(fd, text.data, text.len,
				   "the new configuration", f);
	if (r == 0)
		r = choose(s, arena_format(s->arena, "/dev/fd/%d", fd), account,
			   f);
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	return r;
}

/* ---- the password ---- */

static int run_store(struct setup *s, const char *const *argv, bool has_newline,
		     struct error *f)
{
	struct buf input = BUF_INIT(SETUP_PASSWORD_MAX + 1);
	int status = 0, r;

	buf_put(&input, s->password.data, s->password.len);
	if (has_newline)
		buf_putc(&input, '\n');
	r = s->hands->feed(s->hands->context, argv, &input, &status, f);
	buf_wipe(&input);
	if (r == 0 && status)
		return error_set(f, ERROR_UNAVAILABLE,
				 "%s did not keep the password (status %d): "
				 "nothing was written",
				 argv[0], status);
	return r;
}

static int store_in_keyring(struct setup *s, struct error *f)
{
	const char *const argv[] = {
		"secret-tool",
		"store",
		arena_format(s->arena, "--label=mail of %s", s->address),
		"host",
		s->server.host,
		"service",
		"smtp",
		"user",
		s->user,
		NULL,
	};

	return run_store(s, argv, false, f);
}

/* pass(1) only asks before it overwrites on a terminal. */
static int ask_about_entry(struct setup *s, const char *entry, struct error *f)
{
	const char *file =
		setup_pass_file(s, arena_format(s->arena, "%s.gpg", entry));
	int r;

	r = file ? disk_exists(file, f) : 0;
	if (r <= 0)
		return r;
	r = setup_confirm(s,
			  arena_format(s->arena,
				       "pass has an entry %s. Overwrite it?",
				       entry),
			  false,
			  "With no, nothing is changed and nothing is written.",
			  f);
	if (r == 0)
		return error_set(f, ERROR_USAGE,
				 "pass keeps its entry %s: nothing was written",
				 entry);
	return r < 0 ? -1 : 0;
}

static int store_in_pass(struct setup *s, struct error *f)
{
	const char *entry = arena_format(s->arena, "mail/%s", s->address);
	const char *const insert[] = { "pass",	  "insert", "--echo",
				       "--force", entry,    NULL };

	if (ask_about_entry(s, entry, f) < 0)
		return -1;
	return run_store(s, insert, true, f);
}

static int check_command(struct setup *s, struct error *f)
{
	struct buf told = BUF_INIT(SECRET_MAX);
	int r = evaluate_first_line(s->command, s->command, COMMAND_LIMIT,
				    &told, f);

	if (r == 0 && strcmp(told.data, s->password.data) != 0)
		r = error_set(f, ERROR_CONFIG,
			      "`%s` prints a password that differs from the "
			      "one typed: nothing was written",
			      s->command);
	buf_wipe(&told);
	return r;
}

int setup_store(struct setup *s, struct error *f)
{
	int r = 0;

	if (!s->user || !s->password.len)
		return 0;
	if (s->place == SETUP_KEYRING)
		r = store_in_keyring(s, f);
	else if (s->place == SETUP_PASS)
		r = store_in_pass(s, f);
	else
		return 0;
	return r < 0 ? -1 : check_command(s, f);
}

/* ---- writing ---- */

static int write_new(const char *path, const void *data, size_t n, mode_t mode,
		     struct error *f)
{
	int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	int r;

	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	r = disk_write_all(fd, data, n, path, f);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = error_errno(f, ERROR_CANTCREAT, errno,
				"cannot set the mode of %s", path);
	return disk_finish_new(fd, path, r, f);
}

static int write_password(const struct setup *s, struct error *f)
{
	struct buf line = BUF_INIT(SETUP_PASSWORD_MAX + 1);
	int r;

	if (s->place != SETUP_FILE || !s->user)
		return 0;
	buf_put(&line, s->password.data, s->password.len);
	buf_putc(&line, '\n');
	r = write_new(s->password_path, line.data, line.len, 0600, f);
	buf_wipe(&line);
	return r;
}

/* The user may be editing it. */
static int check_unchanged(struct setup *s, struct error *f)
{
	struct buf now = BUF_INIT(CONFIG_FILE_MAX);
	bool is_same;

	if (!s->is_there)
		return 0; /* link() checks that */
	if (disk_read_file(s->path, &now, false, f) < 0)
		return -1;
	is_same = now.len == s->old.len &&
		  memcmp(now.data, s->old.data, now.len) == 0;
	buf_wipe(&now);
	if (is_same)
		return 0;
	return error_set(f, ERROR_TEMPORARY,
			 "%s was changed meanwhile and stays as it is: run "
			 "this again",
			 s->path);
}

static int write_backup(struct setup *s, struct error *f)
{
	struct error unsure = ERROR_INIT;

	if (!s->is_there || !s->old.len)
		return 0;
	s->backup = arena_format(s->arena, "%s.bak", s->path);
	/* errors are ignored: the file is created with O_EXCL */
	for (int i = 2; disk_exists(s->backup, &unsure) != 0 && i < NAMES_MAX;
	     i++)
		s->backup = arena_format(s->arena, "%s.bak%d", s->path, i);
	return write_new(s->backup, s->old.data, s->old.len, s->mode, f);
}

static int write_config(struct setup *s, struct error *f)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	struct atomic_file file;
	int r = whole_text(s, &text, f);

	if (r < 0) {
		buf_wipe(&text);
		return -1;
	}
	tempfile_tidy(disk_dirname(s->arena, s->path), CONFIG_PREFIX);
	r = atomic_file_open(&file, s->arena, s->path, CONFIG_PREFIX,
			     s->is_there, ATOMIC_FILE_PRIVATE, f);
	if (r == 0)
		r = sink_put(&file.out.sink, text.data, text.len);
	if (r == 0)
		r = atomic_file_finish(&file, f);
	if (r == 0)
		r = check_unchanged(s, f);
	if (r == 0)
		r = atomic_file_commit(&file, f);
	atomic_file_free(&file);
	buf_wipe(&text);
	if (r > 0)
		return error_set(f, ERROR_CANTCREAT,
				 "%s was created by another program meanwhile "
				 "and stays as it is: run this again",
				 s->path);
	return r;
}

static int write_all(struct setup *s, struct error *f)
{
	struct error unused = ERROR_INIT;
	int r;

	if (disk_make_directory(disk_dirname(s->arena, s->path), f) < 0 ||
	    write_password(s, f) < 0)
		return -1;
	r = write_backup(s, f);
	if (r == 0) {
		r = write_config(s, f);
		if (r < 0 && s->backup)
			unlink(s->backup);
	}
	if (r == 0)
		return 0;
	if (s->place == SETUP_FILE && s->user)
		unlink(s->password_path);
	disk_sync_directory(disk_dirname(s->arena, s->path), &unused);
	return -1;
}

/* Reads the file as sending will. */
static int read_back(struct setup *s, struct error *f)
{
	const struct config_query query = { .path = s->path,
					    .account = s->account };
	struct account *account;
	struct config config;

	if (config_load(&config, s->arena, &query, f) < 0 ||
	    config_choose(&config, &query, &account, f) < 0)
		return -1;
	if (account->host && !strcmp(account->host, s->server.host) &&
	    account->port == (int)s->server.port && account->from &&
	    !strcmp(account->from, s->address) &&
	    (!s->user || (account->user && !strcmp(account->user, s->user))))
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "%s was written, but is read with other "
			 "values: check account %s there",
			 s->path, s->account);
}

int setup_write(struct setup *s, struct error *f)
{
	static const struct ending written = {
		EX_TEMPFAIL,
		"the configuration was written; the rest was not done"
	};
	sigset_t all, before;
	int r;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	r = write_all(s, f);
	if (r == 0)
		ending_set(&written);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return r < 0 ? -1 : read_back(s, f);
}
