/* mailvars.c - the table of s-nail's variables.
 *
 * A variable may end in "-HOST" or "-USER@HOST" (variable chains), for several
 * servers; a command has one server.  Like s-nail, smtp:// is used without TLS
 * unless told otherwise, but then never with a login.
 *
 * The same table is used for start-up files, for what concerns a mail or a
 * server.  Their server is used if neither the command line nor the
 * configuration has one, or if its account was selected by name. */
#include "persona/mailvars.h"

#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "config/guard.h"
#include "persona/setters.h"
#include "persona/validate.h"

struct variable;
struct setting_of {
	struct options_run *run;
	struct mailvars *vars;
	const struct variable *variable;
	const char *value; /* "" if it has none, NULL: unset */
	const char *file;  /* the start-up file; NULL: it was typed */
};

/* Is it used from a start-up file? */
enum in_file {
	NOT_IN_FILE, /* or mailx.c reads it */
	MAIL_IN_FILE,
	SERVER_IN_FILE,
};

struct variable {
	const char *name;
	/* NULL: it changes nothing here */
	int (*set)(const struct setting_of *s, struct error *f);
	const char *setting; /* of ours */
	bool is_chain;
	enum in_file in_file;
};

/* Marks those from `o` on as set by a start-up file. */
static void mark_rc(struct override *o)
{
	for (; o; o = o->next)
		o->is_rc = true;
}

static int as_setting(const struct setting_of *s, struct error *f)
{
	return override_setting(s->run, s->variable->setting, s->value, f);
}

static int as_auth(const struct setting_of *s, struct error *f)
{
	return override_setting(s->run, "auth",
				strcmp(s->value, "none") == 0 ? "off"
							      : s->value,
				f);
}

/* "ignore" and "warn" accept an invalid certificate. */
static int as_verify(const struct setting_of *s, struct error *f)
{
	bool off = strcmp(s->value, "ignore") == 0 ||
		   strcmp(s->value, "warn") == 0;

	return override_setting(s->run, "tls_certcheck", off ? "off" : "on", f);
}

/* "smtp://USER:PASSWORD@HOST": allowed in a file only. */
static const char *take_password(const struct setting_of *s)
{
	struct arena *a = s->run->arena;
	const char *sign = strstr(s->value, "://");
	char *url = arena_dup(a, s->value), *start, *at, *colon;

	start = sign ? url + (sign + 3 - s->value) : url;
	at = strrchr(start, '@');
	colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
	if (!colon)
		return s->value;
	*at = *colon = '\0';
	validate_percent_decode(colon + 1);
	request_override(a, s->run->request, "password", colon + 1)->origin =
		s->run->shown;
	return arena_format(a, "%s@%s", url, at + 1);
}

static int as_server(const struct setting_of *s, struct error *f)
{
	const char *url = s->file ? take_password(s) : s->value;
	bool has_scheme;

	s->vars->has_server = true;
	return validate_server(s->run, url, &s->vars->is_implicit, &has_scheme,
			       f);
}

/* A server, a program, or "test". */
static int as_mta(const struct setting_of *s, struct error *f)
{
	const char *mta = s->value;
	bool is_program = *mta == '/' || ascii_begins(mta, "file://");

	if (s->file && (is_program || ascii_begins(mta, "test")))
		return 0;
	if (strcmp(mta, "test") == 0) {
		cmdline_become(s->run->cmdline, COMMAND_PRINT);
		return 0;
	}
	if (ascii_begins(mta, "test://"))
		return error_set(f, ERROR_USAGE,
				 "no message is written to a file: use "
				 "--print >FILE");
	if (!is_program)
		return as_server(s, f);
	log_note("%s: the mail is sent through the server in the "
		 "configuration, not by %s",
		 s->run->shown, mta);
	return 0;
}

static int as_from(const struct setting_of *s, struct error *f)
{
	(void)f;
	s->vars->from = *s->value ? s->value : NULL;
	return 0;
}

static int as_list(const struct setting_of *s, struct error *f)
{
	const char *name = s->variable->setting;
	struct option_row row = { .name = name };

	row.value = strcmp(name, "cc") == 0    ? LIST_CC
		    : strcmp(name, "bcc") == 0 ? LIST_BCC
					       : LIST_REPLY_TO;
	return set_list(s->run, &row, s->value, f);
}

/* "A: x, B: y\, z" */
static int as_headers(const struct setting_of *s, struct error *f)
{
	const char *p = s->value;

	while (*p) {
		char *field = arena_alloc(s->run->arena, strlen(p) + 1);
		char *end = field;

		for (p += strspn(p, " \t"); *p && *p != ','; p++) {
			p += *p == '\\' && p[1];
			*end++ = *p;
		}
		*end = '\0';
		p += *p == ',';
		if (*field && set_header(s->run, NULL, field, f) < 0)
			return -1;
	}
	return 0;
}

static int as_starttls(const struct setting_of *s, struct error *f)
{
	(void)f;
	s->vars->starttls = true;
	return 0;
}

static int as_dot(const struct setting_of *s, struct error *f)
{
	(void)f;
	s->vars->dot = true;
	return 0;
}

static int as_skip_empty(const struct setting_of *s, struct error *f)
{
	(void)f;
	s->run->request->skip_empty = true;
	return 0;
}

static int as_transcript(const struct setting_of *s, struct error *f)
{
	(void)f;
	s->run->request->transcript = true;
	return 0;
}

static int as_dry_run(const struct setting_of *s, struct error *f)
{
	(void)f;
	cmdline_become(s->run->cmdline, COMMAND_DRY_RUN);
	return 0;
}

static int as_secret(const struct setting_of *s, struct error *f)
{
	if (s->file) {
		request_override(s->run->arena, s->run->request, "password",
				 s->value)
			->origin = s->run->shown;
		return 0;
	}
	return error_set(f, ERROR_USAGE,
			 "a password on the command line can be read by "
			 "others: put it into the configuration, or use --set "
			 "password_env=NAME");
}

static int as_record(const struct setting_of *s, struct error *f)
{
	(void)f;
	log_note("%s: no copy of the mail is saved: add yourself with -b",
		 s->run->shown);
	return 0;
}

static const struct variable variables[] = {
	{ "append", NULL, NULL, false, NOT_IN_FILE },
	{ "ask", NULL, NULL, false, NOT_IN_FILE },
	{ "askbcc", NULL, NULL, false, NOT_IN_FILE },
	{ "askcc", NULL, NULL, false, NOT_IN_FILE },
	{ "asksub", NULL, NULL, false, NOT_IN_FILE },
	{ "autobcc", as_list, "bcc", false, MAIL_IN_FILE },
	{ "autocc", as_list, "cc", false, MAIL_IN_FILE },
	{ "charset-7bit", NULL, NULL, false, NOT_IN_FILE },
	{ "charset-8bit", NULL, NULL, false, NOT_IN_FILE },
	{ "crt", NULL, NULL, false, NOT_IN_FILE },
	{ "customhdr", as_headers, NULL, false, MAIL_IN_FILE },
	{ "debug", as_dry_run, NULL, false, NOT_IN_FILE },
	{ "dot", as_dot, NULL, false, NOT_IN_FILE },
	{ "emptystart", NULL, NULL, false, NOT_IN_FILE },
	{ "encoding", NULL, NULL, false, NOT_IN_FILE },
	{ "expandaddr", NULL, NULL, false, NOT_IN_FILE },
	{ "from", as_from, NULL, false, NOT_IN_FILE },
	{ "header", NULL, NULL, false, NOT_IN_FILE },
	{ "hold", NULL, NULL, false, NOT_IN_FILE },
	{ "hostname", as_setting, "qualify_domain", false, MAIL_IN_FILE },
	{ "ignore", NULL, NULL, false, NOT_IN_FILE },
	{ "metoo", NULL, NULL, false, NOT_IN_FILE },
	{ "mime-encoding", NULL, NULL, false, NOT_IN_FILE },
	{ "mta", as_mta, NULL, false, SERVER_IN_FILE },
	{ "outfolder", NULL, NULL, false, NOT_IN_FILE },
	{ "password", as_secret, NULL, true, SERVER_IN_FILE },
	{ "posix", NULL, NULL, false, NOT_IN_FILE },
	{ "quiet", NULL, NULL, false, NOT_IN_FILE },
	{ "record", as_record, NULL, false, NOT_IN_FILE },
	{ "reply-to", as_list, "reply-to", false, NOT_IN_FILE },
	{ "replyto", as_list, "reply-to", false, NOT_IN_FILE },
	{ "save", NULL, NULL, false, NOT_IN_FILE },
	{ "sendcharsets", NULL, NULL, false, NOT_IN_FILE },
	{ "sendcharsets-else-ttycharset", NULL, NULL, false, NOT_IN_FILE },
	{ "sendwait", NULL, NULL, false, NOT_IN_FILE },
	{ "skipemptybody", as_skip_empty, NULL, false, NOT_IN_FILE },
	{ "smtp", as_server, NULL, false, SERVER_IN_FILE },
	{ "smtp-auth", as_auth, NULL, true, SERVER_IN_FILE },
	{ "smtp-auth-password", as_secret, NULL, true, SERVER_IN_FILE },
	{ "smtp-auth-user", as_setting, "user", true, SERVER_IN_FILE },
	{ "smtp-hostname", as_setting, "domain", false, NOT_IN_FILE },
	{ "smtp-use-starttls", as_starttls, NULL, true, SERVER_IN_FILE },
	{ "socket-connect-timeout", as_setting, "timeout", false, NOT_IN_FILE },
	{ "ssl-ca-file", as_setting, "tls_trust_file", true, SERVER_IN_FILE },
	{ "ssl-verify", as_verify, NULL, true, SERVER_IN_FILE },
	{ "tls-ca-file", as_setting, "tls_trust_file", true, SERVER_IN_FILE },
	{ "tls-fingerprint", as_setting, "tls_fingerprint", true,
	  SERVER_IN_FILE },
	{ "tls-verify", as_verify, NULL, true, SERVER_IN_FILE },
	{ "ttycharset", NULL, NULL, false, NOT_IN_FILE },
	{ "user", as_setting, "user", true, SERVER_IN_FILE },
	{ "v15-compat", NULL, NULL, false, NOT_IN_FILE },
	{ "verbose", as_transcript, NULL, false, NOT_IN_FILE },
};
#define VARIABLES (sizeof(variables) / sizeof(*variables))

/* The row with the longest name that is the variable, or that it begins with as
 * a chain. */
static const struct variable *find(const char *name)
{
	const struct variable *found = NULL;
	size_t best = 0;

	for (size_t i = 0; i < VARIABLES; i++) {
		const struct variable *v = &variables[i];
		size_t n = strlen(v->name);

		if (strncmp(v->name, name, n) == 0 && n > best &&
		    (!name[n] || (v->is_chain && name[n] == '-'))) {
			found = v;
			best = n;
		}
	}
	return found;
}

static void note_typed(struct options_run *run, struct mailvars *vars,
		       const char *name, const char *value)
{
	struct mailrc_variable *new = arena_alloc(run->arena, sizeof(*new));

	new->name = name;
	new->value = value;
	new->next = vars->typed;
	vars->typed = new;
}

static bool was_typed(const struct mailvars *vars, const char *name)
{
	const struct mailrc_variable *x = vars->typed;

	while (x && strcmp(x->name, name) != 0)
		x = x->next;
	return x != NULL;
}

int mailvars_set(struct options_run *run, struct mailvars *vars,
		 const char *text, struct error *f)
{
	const char *equals = strchr(text, '=');
	const char *name =
		arena_dup_n(run->arena, text,
			    equals ? (size_t)(equals - text) : strlen(text));
	struct setting_of s = { .run = run, .vars = vars };

	s.variable = find(name);
	s.value = equals ? equals + 1 : "";
	if (!s.variable && strncmp(name, "no", 2) == 0) {
		note_typed(run, vars, name + 2, NULL);
		/* it is off by default */
		if (find(name + 2))
			return 0;
	}
	note_typed(run, vars, name, s.value);
	if (!*name)
		return error_set(f, ERROR_USAGE,
				 "write it as name=value, as in -S "
				 "from=ops@example.org");
	if (!s.variable) {
		log_note("%s: %s is not supported and is ignored", run->shown,
			 name);
		return 0;
	}
	return s.variable->set ? s.variable->set(&s, f) : 0;
}

/* ---- start-up files ---- */

/* An error in a file is ERROR_CONFIG. */
static int take(const struct setting_of *s, struct error *f)
{
	struct error wrong = ERROR_INIT;
	struct override **from = s->run->request->last_override;
	int r;

	s->run->shown = arena_format(s->run->arena, "%s: %s", s->file,
				     s->variable->name);
	r = s->variable->set(s, &wrong);
	if (s->variable->in_file == SERVER_IN_FILE)
		mark_rc(*from);
	if (r < 0)
		return error_set(f, ERROR_CONFIG, "%s: %s", s->run->shown,
				 wrong.text);
	return 0;
}

static const char *last_value(const struct request *r, const char *name)
{
	const char *value = NULL;

	for (const struct override *o = r->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			value = o->value;
	return value;
}

/* How well the suffix of a chain matches: "-USER@HOST" or the sender's address
 * 3, "-HOST" 2, none 1; 0 not at all. */
static unsigned chain_fits(struct options_run *run, const struct mailrc *rc,
			   const char *suffix)
{
	const char *host = last_value(run->request, "host");
	const char *user = last_value(run->request, "user");
	const char *from = mailrc_get(rc, "from");

	if (!*suffix)
		return 1;
	suffix++;
	if (host && strcmp(suffix, host) == 0)
		return 2;
	if ((from && strcmp(suffix, from) == 0) ||
	    (host && user &&
	     strcmp(suffix, arena_format(run->arena, "%s@%s", user, host)) ==
		     0))
		return 3;
	return 0;
}

/* The variables of one kind: the server first, since the others may be about
 * it; the best match of a chain comes last and wins. */
static int take_all(struct options_run *run, struct mailvars *vars,
		    const struct mailrc *rc, enum in_file kind, bool is_server,
		    unsigned fit, struct error *f)
{
	struct setting_of s = { .run = run, .vars = vars };

	for (const struct mailrc_variable *x = rc->variables; x; x = x->next) {
		s.variable = find(x->name);
		s.value = x->value;
		s.file = x->file;
		if (!s.variable || s.variable->in_file != kind ||
		    was_typed(vars, x->name))
			continue;
		if (kind == SERVER_IN_FILE &&
		    (s.variable->set == as_server ||
		     s.variable->set == as_mta) != is_server)
			continue;
		if (chain_fits(run, rc, x->name + strlen(s.variable->name)) !=
		    fit)
			continue;
		if (x->doubt && is_server && !run->request->rc_overrides)
			continue; /* the server of the configuration may be used
				   */
		if (x->doubt)
			return error_set(f, ERROR_CONFIG, "%s; set it by -S",
					 x->doubt);
		if (!x->value)
			continue;
		if (take(&s, f) < 0)
			return -1;
	}
	return 0;
}

/* A password is refused in a file that others can read. */
static int guard(struct options_run *run, const struct mailrc *rc,
		 struct error *f)
{
	for (const struct mailrc_variable *x = rc->variables; x; x = x->next) {
		const struct variable *v = find(x->name);
		const char *path =
			x->value ? disk_expand_home(run->arena, x->file) : NULL;
		bool is_url = v && v->in_file == SERVER_IN_FILE &&
			      (v->set == as_server || v->set == as_mta) &&
			      x->value && strchr(x->value, '@') &&
			      strrchr(x->value, ':') > strstr(x->value, "://");
		struct stat st;
		int there;

		if (!path || !v || (v->set != as_secret && !is_url))
			continue;
		there = disk_stat(path, &st, f);
		if (there < 0)
			return -1;
		if (there && guard_secret(path, &st, GUARD_USER, path, f) < 0)
			return -1;
	}
	return 0;
}

int mailvars_read(struct options_run *run, struct mailvars *vars,
		  const struct mailrc *rc, struct error *f)
{
	const struct request *r = run->request;
	bool is_settled = vars->has_server ||
			  override_find(r->overrides, "host") ||
			  override_find(r->overrides, "socket") || r->account;

	if (take_all(run, vars, rc, MAIL_IN_FILE, false, 1, f) < 0)
		return -1;
	if (is_settled)
		return 0;
	if (take_all(run, vars, rc, SERVER_IN_FILE, true, 1, f) < 0)
		return -1;
	if (!vars->has_server)
		return 0;
	vars->is_from_file = true;
	for (unsigned fit = 1; fit <= 3; fit++)
		if (take_all(run, vars, rc, SERVER_IN_FILE, false, fit, f) < 0)
			return -1;
	return guard(run, rc, f);
}

/* ---- all of them ---- */

static int settle_tls(struct options_run *run, const struct mailvars *vars,
		      struct error *f)
{
	bool is_plain = vars->has_server &&
			!override_find(run->request->overrides, "user");

	if (override_find(run->request->overrides, "tls"))
		return 0;
	if (vars->is_implicit)
		return override_setting(run, "tls", "on", f) < 0
			       ? -1
			       : override_setting(run, "tls_starttls", "off",
						  f);
	if (vars->starttls)
		return override_setting(run, "tls", "on", f);
	return is_plain ? override_setting(run, "tls", "off", f) : 0;
}

int mailvars_finish(struct options_run *run, const struct mailvars *vars,
		    struct error *f)
{
	struct request *r = run->request;
	struct override **from = r->last_override;

	run->shown =
		vars->is_from_file ? "the server of the start-up file" : "-S";
	if (settle_tls(run, vars, f) < 0)
		return -1;
	if (!vars->is_from_file)
		return 0;
	/* with a user: log in; and never with the login of another server */
	if (!override_find(r->overrides, "auth") &&
	    override_setting(run, "auth",
			     override_find(r->overrides, "user") ? "on" : "off",
			     f) < 0)
		return -1;
	mark_rc(*from);
	return 0;
}
