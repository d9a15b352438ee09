/* config.c - which files are read and which account is used.
 *
 * Files are read completely before an account is chosen, so that an error is
 * found the first time and not when its account is used.  What depends on the
 * run (%U, a pattern in `from`, the default port) is computed for the chosen
 * account only. */
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/file.h"
#include "config/settings.h"

void config_remark(struct config *c, const char *format, ...)
{
	const char **more =
		arena_array(c->arena, c->remark_count + 2, sizeof(*more));
	va_list ap;

	for (size_t i = 0; i < c->remark_count; i++)
		more[i] = c->remarks[i];
	va_start(ap, format);
	more[c->remark_count++] = arena_vformat(c->arena, format, ap);
	va_end(ap);
	c->remarks = more;
}

/* ---- the files ---- */

static const char *below_config_home(struct arena *a, const char *name)
{
	const char *directory = sysenv_env("XDG_CONFIG_HOME");
	const char *home = sysenv_home();

	if (directory && *directory == '/')
		return arena_format(a, "%s/%s", directory, name);
	return home ? arena_format(a, "%s/.config/%s", home, name) : NULL;
}

static const char *below_home(struct arena *a, const char *name)
{
	const char *home = sysenv_home();

	return home ? arena_format(a, "%s/%s", home, name) : NULL;
}

/* Reads the first file that exists. */
static int read_first(struct config *c, const char *const *paths, size_t count,
		      enum guard_owner owner, struct error *f)
{
	for (size_t i = 0; i < count; i++) {
		int r = paths[i] ? config_file_read(c, paths[i], owner, true, f)
				 : 0;

		if (r < 0)
			return -1;
		if (r > 0) {
			c->files[owner == GUARD_SYSTEM] = paths[i];
			return 0;
		}
	}
	return 0;
}

static int read_system(struct config *c, struct error *f)
{
	static const char *const paths[] = { "/etc/mailsend.conf",
					     "/etc/msmtprc" };

	return read_first(c, paths, 2, GUARD_SYSTEM, f);
}

static int read_named(struct config *c, const char *path, struct error *f)
{
	/* with --config too, a file of root's is the administrator's choice */
	enum guard_owner owner =
		strncmp(path, "/etc/", 5) == 0 ? GUARD_SYSTEM : GUARD_USER;

	c->files[0] = path;
	return config_file_read(c, path, owner, false, f) < 0 ? -1 : 0;
}

static int load(struct config *c, const struct config_query *w, struct error *f)
{
	struct arena *a = c->arena;
	const char *named = sysenv_env("MAILSEND_CONFIG");
	const char *own[] = { below_config_home(a, "mailsend/config"),
			      below_home(a, ".msmtprc"),
			      below_config_home(a, "msmtp/config") };

	if (w->path)
		return read_named(c, w->path, f);
	if (named && read_named(c, arena_dup(a, named), f) < 0)
		return -1;
	if (!named && read_first(c, own, 3, GUARD_USER, f) < 0)
		return -1;
	if (read_system(c, f) < 0)
		return -1;
	if (c->unreadable && !c->files[0] && !c->files[1])
		log_warning("%s is there, but user %s may not read it",
			    c->unreadable, sysenv_user());
	return 0;
}

/* An error in the only account is an error at once. */
static int check_only(const struct config *c, struct error *f)
{
	if (!c->accounts || c->accounts->next || !c->accounts->flaw)
		return 0;
	if (!error_is_set(f))
		*f = *c->accounts->flaw;
	return -1;
}

int config_load(struct config *c, struct arena *a, const struct config_query *w,
		struct error *f)
{
	*c = (struct config){ .arena = a };
	return load(c, w, f) < 0 ? -1 : check_only(c, f);
}

int config_load_system(struct config *c, struct arena *a, struct error *f)
{
	*c = (struct config){ .arena = a };
	return read_system(c, f) < 0 ? -1 : check_only(c, f);
}

/* ---- the account ---- */

static struct account *find_named(const struct config *c, const char *name)
{
	for (struct account *a = c->accounts; a; a = a->next)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

/* "user+detail@domain" without the detail, NULL if it has none. */
static const char *without_detail(struct arena *a, const char *address)
{
	size_t plus = strcspn(address, "+@");
	const char *at = strrchr(address, '@');

	if (address[plus] != '+' || !at)
		return NULL;
	return arena_format(a, "%.*s%s", (int)plus, address, at);
}

enum likeness { LIKE_SAME, LIKE_DETAIL, LIKE_PATTERN, LIKENESSES };

static bool is_like(struct arena *a, const char *from, const char *sender,
		    enum likeness how)
{
	const char *bare;

	if (how == LIKE_PATTERN)
		return config_is_pattern(from) &&
		       config_pattern_fits(a, from, sender);
	if (how == LIKE_SAME)
		return ascii_equal(from, sender);
	bare = without_detail(a, sender);
	return bare && ascii_equal(from, bare);
}

static struct account *find_sender(const struct config *c, const char *sender,
				   enum config_reason *why)
{
	for (int how = LIKE_SAME; how < LIKENESSES; how++)
		for (struct account *a = c->accounts; a; a = a->next) {
			struct error unused = ERROR_INIT;
			const char *from = a->from;

			if (from && config_expand(c->arena, &from, "", &unused))
				continue;
			if (from && is_like(c->arena, from, sender,
					    (enum likeness)how)) {
				*why = CONFIG_BY_SENDER +
				       (enum config_reason)how;
				return a;
			}
		}
	return NULL;
}

static int no_such_account(const struct config *c, const char *name,
			   struct error *f)
{
	const char *note = sysenv_home_note();
	struct nearest n;

	nearest_init(&n, name);
	for (const struct account *a = c->accounts; a; a = a->next)
		nearest_offer(&n, a->name);
	if (n.best)
		return error_set(f, ERROR_CONFIG,
				 "there is no account \"%s\"; did you mean "
				 "\"%s\"?",
				 name, n.best);
	if (!c->accounts)
		return error_set(f, ERROR_CONFIG,
				 "there is no account \"%s\": no configuration "
				 "was found%s%s",
				 name, note ? "; " : "", note ? note : "");
	return error_set(f, ERROR_CONFIG,
			 "there is no account \"%s\" in %s%s%s", name,
			 c->files[0] ? c->files[0] : c->files[1],
			 c->files[0] && c->files[1] ? " or " : "",
			 c->files[0] && c->files[1] ? c->files[1] : "");
}

static int no_default(const struct config *c, struct error *f)
{
	const char *first = c->accounts->name;

	return error_set(f, ERROR_CONFIG,
			 "no account is called default: select one with "
			 "--account, as in --account %s, or add a line "
			 "\"account default : %s\" at the end of %s",
			 first, first, c->files[0] ? c->files[0] : c->files[1]);
}

/* NULL without an error if there are none. */
static const struct account *find_account(const struct config *c,
					  const struct config_query *w,
					  enum config_reason *why,
					  struct error *f)
{
	const char *sender = w->sender;
	const struct account *found;

	if (w->account) {
		found = find_named(c, w->account);
		*why = CONFIG_BY_NAME;
		if (!found)
			no_such_account(c, w->account, f);
		return found;
	}
	found = sender ? find_sender(c, sender, why) : NULL;
	if (found)
		return found;
	found = find_named(c, "default");
	*why = found ? CONFIG_BY_DEFAULT : CONFIG_BY_NOTHING;
	if (!found && c->accounts && !c->accounts->next) {
		found = c->accounts;
		*why = CONFIG_BY_LACK;
	}
	if (!found && c->accounts)
		no_default(c, f);
	return found;
}

static int lay_over(struct arena *a, struct account *account,
		    const struct override *o, struct error *f)
{
	bool is_set = !o->origin || strcmp(o->origin, "--set") == 0;
	struct setting_place at = {
		.text = is_set ? arena_format(a, "--set %s", o->name)
			       : o->origin,
		.cause = o->is_rc ? ERROR_CONFIG : ERROR_USAGE,
		.in_argv = !o->is_rc,
	};

	return setting_assign(a, account, o->name, o->value, &at, f);
}

/* queue=never overrides -od: nothing would flush it. */
static bool is_forbidden(const struct account *account,
			 const struct override *o)
{
	return o->is_weak && strcmp(o->name, "queue") == 0 &&
	       strcmp(account->queue, "never") == 0;
}

/* Problems in other accounts are only reported. */
static void warn_rest(struct config *c, const struct account *found)
{
	for (size_t i = 0; !c->is_told && i < c->remark_count; i++)
		log_warning("%s", c->remarks[i]);
	for (const struct account *a = c->accounts; a && !c->is_told;
	     a = a->next)
		if (a->flaw && a != found)
			log_warning("%s; account %s cannot be used until that "
				    "is fixed",
				    a->flaw->text, a->name);
	c->is_told = true;
}

/* Is the server of a start-up file used?  Then the account's own server and
 * login are not. */
static bool rc_counts(struct arena *a, struct account *account,
		      const struct config_query *w)
{
	static const char *const connection[] = {
		"host",		  "port",
		"socket",	  "tls",
		"tls_starttls",	  "tls_host_override",
		"tls_trust_file", "tls_fingerprint",
		"tls_cert_file",  "tls_key_file",
		"auth",		  "user",
	};
	const struct override *o = w->overrides;

	while (o && !o->is_rc)
		o = o->next;
	if (!o || ((account->host || account->socket) && !w->rc_overrides))
		return false;
	for (size_t i = 0; i < sizeof(connection) / sizeof(*connection); i++)
		setting_reset(a, account, connection[i]);
	for (const struct setting *s = settings; s->name; s++)
		if (s->flags & SETTING_PASSWORD)
			setting_reset(a, account, s->name);
	return true;
}

const struct override *override_find(const struct override *list,
				     const char *name)
{
	const struct override *found = NULL;

	for (; list; list = list->next)
		if (!strcmp(list->name, name))
			found = list;
	return found;
}

int config_blank(struct arena *a, const struct config_query *w,
		 struct account **out, struct error *f)
{
	struct account *account = setting_account(a, "(none)");

	for (const struct override *o = w->overrides; o; o = o->next) {
		struct setting_place at = { .text = o->origin,
					    .cause = ERROR_USAGE,
					    .in_argv = true };

		if (setting_assign(a, account, o->name, o->value, &at, f) < 0)
			return -1;
	}
	*out = account;
	return 0;
}

int config_choose(struct config *c, const struct config_query *w,
		  struct account **out, struct error *f)
{
	enum config_reason why = CONFIG_BY_NOTHING;
	const struct account *found = find_account(c, w, &why, f);
	struct account *account;
	bool has_rc;

	if (error_is_set(f))
		return -1;
	warn_rest(c, found);
	if (found && found->flaw) {
		*f = *found->flaw;
		return -1;
	}
	account = found ? setting_account_like(c->arena, found->name, found)
			: setting_account(c->arena, "default");
	account->origin = found ? found->origin : "default";
	account->is_msmtp = found && found->is_msmtp;
	account->tokens = found ? found->tokens : NULL;
	account->reason = why;
	has_rc = rc_counts(c->arena, account, w);
	for (const struct override *o = w->overrides; o; o = o->next)
		if ((has_rc || !o->is_rc) && !is_forbidden(account, o) &&
		    lay_over(c->arena, account, o, f) < 0)
			return -1;
	if (config_finish(c->arena, account, w->sender, f) < 0)
		return -1;
	*out = account;
	return 0;
}

int config_check(const char *name, const char *value, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct setting_place at = { .cause = ERROR_USAGE, .in_argv = true };
	int r = setting_check(&a, name, value, &at, f);

	arena_free(&a);
	return r;
}

const char *config_proxy(struct arena *a, const struct account *account)
{
	const char *host = account->proxy_host;

	if (!host)
		return NULL;
	if (strstr(host, "://"))
		return account->proxy_port ? arena_format(a, "%s:%d", host,
							  account->proxy_port)
					   : host;
	/* msmtp's proxies are SOCKS proxies. */
	return arena_format(a,
			    strchr(host, ':') ? "socks5h://[%s]:%d"
					      : "socks5h://%s:%d",
			    host, account->proxy_port);
}

/* ---- the queue: one for each user, whatever the working directory ---- */

#define SYSTEM_SPOOL "/var/spool/mailsend"
#define PATH_OCTETS  4096

/* The queue is run in another directory. */
static const char *absolute_path(struct arena *a, const char *path,
				 struct error *f)
{
	char here[PATH_OCTETS];

	if (*path == '/')
		return path;
	if (!getcwd(here, sizeof(here))) {
		error_errno(f, ERROR_CONFIG, errno,
			    "the queue %s is below a directory that is not "
			    "known",
			    path);
		return NULL;
	}
	return arena_format(a, "%s/%s", here, path);
}

/* Can files be created there?  Missing directories are created. */
static bool is_usable(const char *path)
{
	char part[PATH_OCTETS];
	int n = snprintf(part, sizeof(part), "%s", path);
	char *slash;

	if (n < 0 || (size_t)n >= sizeof(part))
		return false;
	while (access(part, F_OK) < 0 && errno == ENOENT) {
		slash = strrchr(part, '/');
		if (!slash)
			return false;
		slash[slash == part] = '\0'; /* "/" stays */
	}
	return access(part, W_OK | X_OK) == 0;
}

const char *config_home_queue(struct arena *a)
{
	const char *state = sysenv_state();

	return state ? arena_format(a, "%s/queue", state) : NULL;
}

const char *config_spool_queue(struct arena *a)
{
	const char *spool = sysenv_spool();

	if (sysenv_uid() == 0 && !spool)
		spool = SYSTEM_SPOOL;
	return spool ? arena_format(a, "%s/%u", spool, sysenv_uid()) : NULL;
}

/* A home directory that is missing, read-only or root's cannot hold a queue. */
static const char *user_queue(struct arena *a, struct error *f)
{
	const char *home = config_home_queue(a);
	const char *shared = config_spool_queue(a);

	if (home && is_usable(home))
		return home;
	/* queue_open refuses one that another user created */
	if (shared && (access(shared, F_OK) == 0 || is_usable(shared)))
		return shared;
	if (home)
		return home;
	error_set(f, ERROR_CONFIG,
		  "there is no home directory for a queue; set one with --set "
		  "queue_folder=DIRECTORY");
	return NULL;
}

const char *config_queue(struct arena *a, const struct account *account,
			 struct error *f)
{
	const char *named = sysenv_env("MAILSEND_QUEUE");

	if (!named && account)
		named = account->queue_folder;
	if (named)
		return absolute_path(a, named, f);
	return sysenv_uid() == 0 ? config_spool_queue(a) : user_queue(a, f);
}

bool config_home_is_unused(struct arena *a, const char *home)
{
	static const char *const names[] = { ".config/mailsend/config",
					     ".msmtprc", ".config/msmtp/config",
					     ".local/state/mailsend/queue" };
	struct error unknown = ERROR_INIT;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (disk_exists(arena_format(a, "%s/%s", home, names[i]),
				&unknown) != 0)
			return false;
	return true;
}
