/* setup_text.c - the account in the words of the configuration.
 *
 * Each setting that counts is said, whatever a `defaults` above it says.  The
 * text is read by config_load before it is tried, out of a file without a name:
 * what was tried is what will be read. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "config/settings.h"
#include "setup/setup_inside.h"

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

static void put_login(struct setup *s, struct buf *out)
{
	put(out, "auth", s->auth);
	if (!s->user)
		return;
	put(out, "user", s->user);
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
		buf_puts(out, "# the password is the first line of it\n");
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

/* What else the command line said is as good for the next mail. */
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
	buf_puts(out, "# the sender, who chooses this account too\n");
	put(out, "from", s->address);
	if (s->fallback)
		buf_printf(out,
			   "\n# the one that is used when nothing else "
			   "chooses\naccount default : %s\n",
			   s->fallback);
}

/* ---- the file ---- */

int setup_text(struct setup *s, struct buf *out, struct error *f)
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

static const char *scratch_folder(void)
{
	const char *wish = sysenv_env("TMPDIR");

	return wish ? wish : "/tmp";
}

static int choose(struct setup *s, const char *path, struct account **account,
		  struct error *f)
{
	struct config *config = arena_alloc(s->arena, sizeof(*config));
	const struct config_wish wish = { .path = path, .account = s->account };

	return config_load(config, s->arena, &wish, f) < 0
		       ? -1
		       : config_choose(config, &wish, account, f);
}

int setup_load(struct setup *s, struct account **account, struct error *f)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int fd = -1;
	int r = setup_text(s, &text, f);

	if (r == 0)
		r = fd = disk_open_unnamed(scratch_folder(), f);
	if (r >= 0)
		r = disk_write_all(fd, text.data, text.len,
				   "the configuration to be", f);
	if (r == 0)
		r = choose(s, arena_format(s->arena, "/dev/fd/%d", fd), account,
			   f);
	if (fd >= 0)
		close(fd);
	buf_wipe(&text);
	return r;
}
