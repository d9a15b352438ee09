/* mailvars.c - one table.
 *
 * A variable may end in "-HOST" or "-USER@HOST": s-nail has such chains for
 * several servers, and one command has one server.  s-nail talks to smtp://
 * without TLS unless told to use it; so it is here, but never with a log-in. */
#include "persona/mailvars.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "persona/setters.h"
#include "persona/settle.h"

struct variable;
struct setting_of {
	struct options_run *run;
	struct mailvars *vars;
	const struct variable *variable;
	const char *value; /* "" where there was none, NULL: unset */
};

struct variable {
	const char *name;
	/* NULL: it means what happens anyway */
	int (*set)(const struct setting_of *s, struct fault *f);
	const char *setting; /* of ours */
	bool is_chain;
};

static int as_setting(const struct setting_of *s, struct fault *f)
{
	return override_setting(s->run, s->variable->setting, s->value, f);
}

static int as_auth(const struct setting_of *s, struct fault *f)
{
	return override_setting(s->run, "auth",
				strcmp(s->value, "none") == 0 ? "off"
							      : s->value,
				f);
}

/* "ignore" and "warn" go on with a certificate that nobody vouches for. */
static int as_verify(const struct setting_of *s, struct fault *f)
{
	bool off = strcmp(s->value, "ignore") == 0 ||
		   strcmp(s->value, "warn") == 0;

	return override_setting(s->run, "tls_certcheck", off ? "off" : "on", f);
}

static int as_server(const struct setting_of *s, struct fault *f)
{
	bool has_scheme;

	s->vars->has_server = true;
	return settle_server(s->run, s->value, &s->vars->is_implicit,
			     &has_scheme, f);
}

/* A server, a program, or "test". */
static int as_mta(const struct setting_of *s, struct fault *f)
{
	const char *mta = s->value;

	if (strcmp(mta, "test") == 0) {
		s->run->request->action = REQUEST_PRINT;
		return 0;
	}
	if (ascii_begins(mta, "test://"))
		return fault_set(f, FAULT_USAGE,
				 "no message is written to a file: use "
				 "--print >FILE");
	if (*mta != '/' && !ascii_begins(mta, "file://"))
		return as_server(s, f);
	log_note("%s: the mail goes the way that the configuration says, not "
		 "by %s",
		 s->run->shown, mta);
	return 0;
}

static int as_from(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->vars->from = *s->value ? s->value : NULL;
	return 0;
}

static int as_list(const struct setting_of *s, struct fault *f)
{
	const char *name = s->variable->setting;
	struct option_row row = { .name = name };

	row.value = strcmp(name, "cc") == 0    ? LIST_CC
		    : strcmp(name, "bcc") == 0 ? LIST_BCC
					       : LIST_REPLY_TO;
	return set_list(s->run, &row, s->value, f);
}

static int as_header(const struct setting_of *s, struct fault *f)
{
	return set_header(s->run, NULL, s->value, f);
}

static int as_starttls(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->vars->starttls = true;
	return 0;
}

static int as_dot(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->vars->dot = true;
	return 0;
}

static int as_skip_empty(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->run->request->skip_empty = true;
	return 0;
}

static int as_transcript(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->run->request->transcript = true;
	return 0;
}

static int as_dry_run(const struct setting_of *s, struct fault *f)
{
	(void)f;
	s->run->request->action = REQUEST_DRY_RUN;
	return 0;
}

static int as_secret(const struct setting_of *s, struct fault *f)
{
	(void)s;
	return fault_set(f, FAULT_USAGE,
			 "a password on the command line is seen by others: "
			 "put it into the configuration, or use --set "
			 "password_env=NAME");
}

static int as_record(const struct setting_of *s, struct fault *f)
{
	(void)f;
	log_note("%s: no copy of the mail is kept: add yourself by -b",
		 s->run->shown);
	return 0;
}

static const struct variable variables[] = {
	{ "append", NULL, NULL, false },
	{ "ask", NULL, NULL, false },
	{ "askbcc", NULL, NULL, false },
	{ "askcc", NULL, NULL, false },
	{ "asksub", NULL, NULL, false },
	{ "autobcc", as_list, "bcc", false },
	{ "autocc", as_list, "cc", false },
	{ "charset-7bit", NULL, NULL, false },
	{ "charset-8bit", NULL, NULL, false },
	{ "crt", NULL, NULL, false },
	{ "customhdr", as_header, NULL, false },
	{ "debug", as_dry_run, NULL, false },
	{ "dot", as_dot, NULL, false },
	{ "emptystart", NULL, NULL, false },
	{ "encoding", NULL, NULL, false },
	{ "expandaddr", NULL, NULL, false },
	{ "from", as_from, NULL, false },
	{ "header", NULL, NULL, false },
	{ "hold", NULL, NULL, false },
	{ "hostname", as_setting, "qualify_domain", false },
	{ "ignore", NULL, NULL, false },
	{ "metoo", NULL, NULL, false },
	{ "mime-encoding", NULL, NULL, false },
	{ "mta", as_mta, NULL, false },
	{ "outfolder", NULL, NULL, false },
	{ "password", as_secret, NULL, true },
	{ "posix", NULL, NULL, false },
	{ "quiet", NULL, NULL, false },
	{ "record", as_record, NULL, false },
	{ "reply-to", as_list, "reply-to", false },
	{ "replyto", as_list, "reply-to", false },
	{ "save", NULL, NULL, false },
	{ "sendcharsets", NULL, NULL, false },
	{ "sendcharsets-else-ttycharset", NULL, NULL, false },
	{ "sendwait", NULL, NULL, false },
	{ "skipemptybody", as_skip_empty, NULL, false },
	{ "smtp", as_server, NULL, false },
	{ "smtp-auth", as_auth, NULL, true },
	{ "smtp-auth-password", as_secret, NULL, true },
	{ "smtp-auth-user", as_setting, "user", true },
	{ "smtp-hostname", as_setting, "domain", false },
	{ "smtp-use-starttls", as_starttls, NULL, true },
	{ "socket-connect-timeout", as_setting, "timeout", false },
	{ "ssl-ca-file", as_setting, "tls_trust_file", true },
	{ "ssl-verify", as_verify, NULL, true },
	{ "tls-ca-file", as_setting, "tls_trust_file", true },
	{ "tls-fingerprint", as_setting, "tls_fingerprint", true },
	{ "tls-verify", as_verify, NULL, true },
	{ "ttycharset", NULL, NULL, false },
	{ "user", as_setting, "user", true },
	{ "v15-compat", NULL, NULL, false },
	{ "verbose", as_transcript, NULL, false },
};
#define VARIABLES (sizeof(variables) / sizeof(*variables))

/* The longest that the name is, or begins with as a chain. */
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

int mailvars_set(struct options_run *run, struct mailvars *vars,
		 const char *text, struct fault *f)
{
	const char *equals = strchr(text, '=');
	const char *name =
		arena_dup_n(run->arena, text,
			    equals ? (size_t)(equals - text) : strlen(text));
	struct setting_of s = { .run = run, .vars = vars };

	s.variable = find(name);
	s.value = equals ? equals + 1 : "";
	if (!s.variable && strncmp(name, "no", 2) == 0) {
		/* what is off unless it was set stays so */
		if (find(name + 2))
			return 0;
	}
	if (!*name)
		return fault_set(f, FAULT_USAGE,
				 "write it as name=value, as in -S "
				 "from=ops@example.org");
	if (!s.variable) {
		log_note("%s: %s has no meaning here; it is passed over",
			 run->shown, name);
		return 0;
	}
	return s.variable->set ? s.variable->set(&s, f) : 0;
}

static bool has_override(const struct request *r, const char *name)
{
	for (const struct override *o = r->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

int mailvars_finish(struct options_run *run, const struct mailvars *vars,
		    struct fault *f)
{
	const struct request *r = run->request;
	bool is_plain = vars->has_server && !has_override(r, "user");

	if (has_override(r, "tls"))
		return 0;
	run->shown = "-S";
	if (vars->is_implicit)
		return override_setting(run, "tls", "on", f) < 0
			       ? -1
			       : override_setting(run, "tls_starttls", "off",
						  f);
	if (vars->starttls)
		return override_setting(run, "tls", "on", f);
	return is_plain ? override_setting(run, "tls", "off", f) : 0;
}
