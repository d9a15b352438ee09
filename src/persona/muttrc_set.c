/* muttrc_set.c - mutt's variables and how they are set. */
#include <string.h>

#include "base/log.h"
#include "persona/muttrc_inside.h"
#include "persona/setters.h"
#include "persona/validate.h"

struct assignment {
	const struct muttrc_command *command;
	const char *name, *value; /* "" if empty, also "yes" and "no" */
	const char *setting;
};

static bool is_on(const char *value)
{
	return strcmp(value, "no") != 0 && *value;
}

static const char *or_null(const char *value)
{
	return *value ? value : NULL;
}

static int as_from(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->from = or_null(a->value);
	return 0;
}

static int as_full_name(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->full_name = or_null(a->value);
	return 0;
}

static int as_use_from(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->skip_from = !is_on(a->value);
	return 0;
}

static int as_envelope_from(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->envelope_from = or_null(a->value);
	return 0;
}

static int as_use_envelope_from(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->use_envelope_from = is_on(a->value);
	return 0;
}

static int as_body_type(const struct assignment *a, struct error *f)
{
	(void)f;
	a->command->rc->body_type = or_null(a->value);
	return 0;
}

/* The server is set by the configuration, unless -e sets it. */
static int as_setting(const struct assignment *a, struct error *f)
{
	if (!muttrc_is_typed(a->command))
		return 0;
	return override_setting(a->command->rc->run, a->setting, a->value, f);
}

static int as_server(const struct assignment *a, struct error *f)
{
	struct options_run *run = a->command->rc->run;
	bool is_implicit, has_scheme;

	if (!muttrc_is_typed(a->command) || !*a->value)
		return 0;
	if (validate_server(run, a->value, &is_implicit, &has_scheme, f) < 0)
		return -1;
	if (!is_implicit)
		return 0;
	return override_setting(run, "tls", "on", f) < 0
		       ? -1
		       : override_setting(run, "tls_starttls", "off", f);
}

static int as_starttls(const struct assignment *a, struct error *f)
{
	if (!muttrc_is_typed(a->command) || is_on(a->value))
		return 0;
	return override_setting(a->command->rc->run, "tls", "off", f);
}

static int as_program(const struct assignment *a, struct error *f)
{
	(void)f;
	if (muttrc_is_typed(a->command))
		log_note("-e: set %s is ignored: the mail is sent as "
			 "configured in mailsend",
			 a->name);
	return 0;
}

static int as_copy(const struct assignment *a, struct error *f)
{
	(void)f;
	if (muttrc_is_typed(a->command) && is_on(a->value))
		log_warning("-e: set %s is ignored: no copy is saved, add "
			    "yourself with -b",
			    a->name);
	return 0;
}

static int as_secret(const struct assignment *a, struct error *f)
{
	if (!muttrc_is_typed(a->command))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s on the command line can be read by others: put "
			 "the password into the configuration",
			 a->name);
}

static int as_crypt(const struct assignment *a, struct error *f)
{
	if (!muttrc_is_typed(a->command) || !is_on(a->value))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s is not supported, so nothing was sent", a->name);
}

static int as_nothing(const struct assignment *a, struct error *f)
{
	(void)a;
	(void)f;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(const struct assignment *a, struct error *f);
	const char *setting;
} variables[] = {
	{ "from", as_from, NULL },
	{ "realname", as_full_name, NULL },
	{ "real_name", as_full_name, NULL },
	{ "use_from", as_use_from, NULL },
	{ "envelope_from_address", as_envelope_from, NULL },
	{ "use_envelope_from", as_use_envelope_from, NULL },
	{ "envelope_from", as_use_envelope_from, NULL },
	{ "content_type", as_body_type, NULL },
	{ "hostname", as_setting, "qualify_domain" },
	{ "smtp_url", as_server, NULL },
	{ "smtp_pass", as_secret, NULL },
	{ "ssl_starttls", as_starttls, NULL },
	{ "ssl_force_tls", as_nothing, NULL },
	{ "ssl_ca_certificates_file", as_setting, "tls_trust_file" },
	{ "certificate_file", as_nothing, NULL },
	{ "sendmail", as_program, NULL },
	{ "sendmail_wait", as_nothing, NULL },
	{ "smtp_authenticators", as_nothing, NULL },
	{ "copy", as_copy, NULL },
	{ "record", as_copy, NULL },
	{ "save_name", as_copy, NULL },
	{ "force_name", as_copy, NULL },
	{ "crypt_autosign", as_crypt, NULL },
	{ "crypt_auto_sign", as_crypt, NULL },
	{ "crypt_autoencrypt", as_crypt, NULL },
	{ "crypt_auto_encrypt", as_crypt, NULL },
	{ "crypt_opportunistic_encrypt", as_crypt, NULL },
	{ "pgp_autosign", as_crypt, NULL },
	{ "pgp_autoencrypt", as_crypt, NULL },
	{ "charset", as_nothing, NULL },
	{ "send_charset", as_nothing, NULL },
	{ "assumed_charset", as_nothing, NULL },
	{ "attach_charset", as_nothing, NULL },
	{ "abort_nosubject", as_nothing, NULL },
	{ "abort_unmodified", as_nothing, NULL },
	{ "allow_8bit", as_nothing, NULL },
	{ "use_8bitmime", as_nothing, NULL },
	{ "edit_headers", as_nothing, NULL },
	{ "autoedit", as_nothing, NULL },
	{ "editor", as_nothing, NULL },
	{ "folder", as_nothing, NULL },
	{ "spoolfile", as_nothing, NULL },
	{ "spool_file", as_nothing, NULL },
	{ "user_agent", as_nothing, NULL },
	{ "use_domain", as_nothing, NULL },
};
#define VARIABLES (sizeof(variables) / sizeof(*variables))

bool muttrc_knows(const char *name)
{
	for (size_t i = 0; i < VARIABLES; i++)
		if (strcmp(variables[i].name, name) == 0)
			return true;
	return false;
}

/* Old and new names of one variable share a doubt. */
static const char *one_name(const char *name)
{
	if (strcmp(name, "real_name") == 0)
		return "realname";
	return strcmp(name, "envelope_from") == 0 ? "use_envelope_from" : name;
}

static void doubt(const struct muttrc_command *c, const char *name,
		  const char *why)
{
	struct arena *a = muttrc_arena(c);

	if (why)
		why = muttrc_placed(c,
				    arena_format(a, "set %s: %s", name, why));
	muttrc_set_doubt(c->rc, one_name(name), why);
}

static int assign(const struct muttrc_command *c, const char *name,
		  const char *value, struct error *f)
{
	struct assignment a = { .command = c, .name = name, .value = value };

	for (size_t i = 0; i < VARIABLES; i++) {
		if (strcmp(variables[i].name, name) != 0)
			continue;
		a.setting = variables[i].setting;
		return variables[i].set(&a, f);
	}
	muttrc_say_unused(c, arena_format(muttrc_arena(c), "set %s", name));
	return 0;
}

/* In these "~" and "=" are expanded when they are set. */
static bool is_path(const char *name)
{
	static const char *const paths[] = {
		"alias_file",	    "folder",	 "mbox",
		"postponed",	    "record",	 "signature",
		"certificate_file", "spoolfile", "spool_file",
		"tmpdir",	    "tmp_dir",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (strcmp(paths[i], name) == 0)
			return true;
	return false;
}

/* "x += y" of neomutt. */
static const char *appended(const struct muttrc_command *c, const char *name,
			    const char *value)
{
	const char *before;

	if (!muttrc_get(&c->rc->variables, name, &before))
		return value;
	return before && value
		       ? arena_format(muttrc_arena(c), "%s%s", before, value)
		       : NULL;
}

/* The value after the name; NULL if it is unknown. */
static const char *read_value(const struct muttrc_command *c, const char *name)
{
	struct muttrc_words *w = c->words;
	bool is_more = *w->at == '+' && w->at[1] == '=';
	const char *value;

	w->at += is_more;
	if (*w->at == '+') { /* not valid in mutt */
		w->at++;
		return "";
	}
	w->at++;
	value = muttrc_word(w, MUTTRC_PLAIN);
	if (w->unknown)
		value = NULL;
	if (value && is_path(name))
		value = muttrc_path(&c->rc->variables, value);
	return is_more ? appended(c, name, value) : value;
}

static const char *toggled(const struct muttrc_command *c, const char *name)
{
	const char *before;

	return muttrc_get(&c->rc->variables, name, &before) && before &&
			       strcmp(before, "no") != 0
		       ? "no"
		       : "yes";
}

/* "no" and "inv" before a name, "&" and "?" before it or after it. */
static const char *strip_prefix(const char *name, enum muttrc_set *how)
{
	if (*name == '&') {
		*how = MUTTRC_UNSET;
		return name + 1;
	}
	if (*name == '?')
		return name + 1;
	if (strncmp(name, "no", 2) == 0) {
		*how = MUTTRC_UNSET;
		return name + 2;
	}
	if (strncmp(name, "inv", 3) == 0) {
		*how = MUTTRC_TOGGLE;
		return name + 3;
	}
	return name;
}

static const char *why_unknown(const struct muttrc_command *c,
			       const char *value)
{
	if (c->doubt || value)
		return c->doubt;
	return arena_format(muttrc_arena(c),
			    "the value of %s is unknown here; set it with -e",
			    c->words->unknown ? c->words->unknown : "it");
}

/* "set a=b c nod", "unset a"; blanks around '=' are allowed. */
int muttrc_run_set(const struct muttrc_command *c, enum muttrc_set set,
		   struct error *f)
{
	while (muttrc_has_more(c->words)) {
		enum muttrc_set how = set;
		const char *name = muttrc_word(c->words, MUTTRC_EQUAL);
		const char *value;

		name = strip_prefix(name, &how);
		value = how == MUTTRC_SET     ? "yes"
			: how == MUTTRC_UNSET ? "no"
					      : toggled(c, name);
		if (*c->words->at == '=' || *c->words->at == '+')
			value = read_value(c, name);
		muttrc_put(&c->rc->variables, name, c->doubt ? NULL : value);
		doubt(c, name, why_unknown(c, value));
		if (!value)
			muttrc_say_unused(c, arena_format(muttrc_arena(c),
							  "set %s=%s", name,
							  c->words->unknown));
		else if (!c->doubt && strncmp(name, "my_", 3) != 0 &&
			 assign(c, name, value, f) < 0)
			return -1;
	}
	return 0;
}
