/* muttrc.c - a command line is cut at each ';', a comment begins with '#'.
 *
 * The rest of my_hdr's line is its value, quotes and all. */
#include "persona/muttrc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/world.h"
#include "persona/rcfile.h"
#include "persona/setters.h"
#include "persona/settle.h"

struct command {
	struct muttrc *rc;
	bool is_typed; /* by -e */
	int depth;     /* of files that read files */
};

static int run_line(const struct command *c, const char *text, struct fault *f);

static struct arena *arena_of(const struct command *c)
{
	return c->rc->run->arena;
}

static void say_unused(const struct command *c, const char *what)
{
	if (c->is_typed)
		log_warning("-e: %s has no meaning here; it is passed over",
			    what);
}

/* ---- set ---- */

struct assignment {
	const struct command *command;
	const char *name, *value; /* "" for nothing, "yes" and "no" as well */
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

static int as_from(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->from = or_null(a->value);
	return 0;
}

static int as_full_name(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->full_name = or_null(a->value);
	return 0;
}

static int as_use_from(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->skip_from = !is_on(a->value);
	return 0;
}

static int as_envelope_from(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->envelope_from = or_null(a->value);
	return 0;
}

static int as_use_envelope_from(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->use_envelope_from = is_on(a->value);
	return 0;
}

static int as_body_type(const struct assignment *a, struct fault *f)
{
	(void)f;
	a->command->rc->body_type = or_null(a->value);
	return 0;
}

/* The server is the configuration's matter, unless this command names one. */
static int as_setting(const struct assignment *a, struct fault *f)
{
	if (!a->command->is_typed)
		return 0;
	return override_setting(a->command->rc->run, a->setting, a->value, f);
}

static int as_server(const struct assignment *a, struct fault *f)
{
	struct options_run *run = a->command->rc->run;
	bool is_implicit, has_scheme;

	if (!a->command->is_typed || !*a->value)
		return 0;
	if (settle_server(run, a->value, &is_implicit, &has_scheme, f) < 0)
		return -1;
	if (!is_implicit)
		return 0;
	return override_setting(run, "tls", "on", f) < 0
		       ? -1
		       : override_setting(run, "tls_starttls", "off", f);
}

static int as_starttls(const struct assignment *a, struct fault *f)
{
	if (!a->command->is_typed || is_on(a->value))
		return 0;
	return override_setting(a->command->rc->run, "tls", "off", f);
}

static int as_program(const struct assignment *a, struct fault *f)
{
	(void)f;
	if (a->command->is_typed)
		log_note("-e: set %s is passed over: the mail goes the way "
			 "that the configuration says",
			 a->name);
	return 0;
}

static int as_copy(const struct assignment *a, struct fault *f)
{
	(void)f;
	if (a->command->is_typed && is_on(a->value))
		log_warning("-e: set %s is passed over: no copy is kept here, "
			    "add yourself by -b",
			    a->name);
	return 0;
}

static int as_secret(const struct assignment *a, struct fault *f)
{
	if (!a->command->is_typed)
		return 0;
	return fault_set(f, FAULT_USAGE,
			 "%s on the command line is seen by others: put the "
			 "password into the configuration",
			 a->name);
}

static int as_crypt(const struct assignment *a, struct fault *f)
{
	if (!a->command->is_typed || !is_on(a->value))
		return 0;
	return fault_set(f, FAULT_USAGE,
			 "%s cannot be had here: nothing was sent, since it "
			 "would have gone out without",
			 a->name);
}

static int as_nothing(const struct assignment *a, struct fault *f)
{
	(void)a;
	(void)f;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(const struct assignment *a, struct fault *f);
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

static int assign(const struct command *c, const char *name, const char *value,
		  struct fault *f)
{
	struct assignment a = { .command = c, .name = name, .value = value };

	for (size_t i = 0; i < VARIABLES; i++) {
		if (strcmp(variables[i].name, name) != 0)
			continue;
		a.setting = variables[i].setting;
		return variables[i].set(&a, f);
	}
	say_unused(c, arena_format(arena_of(c), "set %s", name));
	return 0;
}

/* "set a=b c nod", "unset a", with blanks around '=' as it may have them. */
static int run_set(const struct command *c, const char *rest, bool on,
		   struct fault *f)
{
	const char *name, *value;

	while ((name = rcfile_word(arena_of(c), &rest, "=;#"))) {
		value = on ? "yes" : "no";
		rest += strspn(rest, " \t");
		if (*rest == '=') {
			rest++;
			value = rcfile_word(arena_of(c), &rest, ";#");
			value = value ? value : "";
		} else if (on && strncmp(name, "no", 2) == 0) {
			name += 2;
			value = "no";
		}
		/* a program's output is not asked for */
		if (strchr(value, '`') || strchr(value, '$'))
			say_unused(c, arena_format(arena_of(c), "set %s=%s",
						   name, value));
		else if (assign(c, name, value, f) < 0)
			return -1;
	}
	return 0;
}

/* ---- the other commands ---- */

static const char *rest_of(const struct command *c, const char *rest)
{
	rest += strspn(rest, " \t");
	return arena_dup_n(arena_of(c), rest, strcspn(rest, ";#"));
}

/* Of two for one field the later holds. */
static int run_my_hdr(const struct command *c, const char *rest,
		      struct fault *f)
{
	struct header *fields = &c->rc->fields;
	struct header read;
	struct fault wrong = FAULT_INIT;

	header_init(&read);
	rest = rest_of(c, rest);
	if (header_add_line(arena_of(c), &read, rest, &wrong) < 0) {
		if (c->is_typed)
			return fault_set(f, FAULT_USAGE, "my_hdr: %s",
					 wrong.text);
		log_warning("my_hdr %s: %s", rest, wrong.text);
		return 0;
	}
	header_remove(fields, read.first->name);
	return header_add(arena_of(c), fields, read.first->name,
			  read.first->value, f);
}

static int run_unmy_hdr(const struct command *c, const char *rest)
{
	const char *name;

	while ((name = rcfile_word(arena_of(c), &rest, ";#")))
		if (strcmp(name, "*") == 0)
			header_init(&c->rc->fields);
		else
			header_remove(&c->rc->fields,
				      arena_dup_n(arena_of(c), name,
						  strcspn(name, ":")));
	return 0;
}

/* "alias [-group name] nick address, address" */
static int run_alias(const struct command *c, const char *rest)
{
	const char *name = rcfile_word(arena_of(c), &rest, ";#");

	while (name && strcmp(name, "-group") == 0) {
		rcfile_word(arena_of(c), &rest, ";#");
		name = rcfile_word(arena_of(c), &rest, ";#");
	}
	rest += strspn(rest, " \t");
	if (name && *rest)
		nicknames_add(arena_of(c), &c->rc->run->request->nicknames,
			      name, rest_of(c, rest), true);
	return 0;
}

static int run_file(const struct command *c, const char *path, struct fault *f)
{
	struct command inner = *c;
	char *text =
		c->depth < RCFILE_DEPTH ? rcfile_read(arena_of(c), path) : NULL;
	char *line;

	inner.is_typed = false;
	inner.depth++;
	while (text && (line = rcfile_line(&text)))
		if (run_line(&inner, line, f) < 0)
			return -1;
	return 0;
}

static int run_source(const struct command *c, const char *rest,
		      struct fault *f)
{
	const char *path = rcfile_word(arena_of(c), &rest, ";#");

	if (!path || strpbrk(path, "|`$")) {
		say_unused(c, "source of a program's output");
		return 0;
	}
	return run_file(c, path, f);
}

static int run_one(const struct command *c, const char *text, struct fault *f)
{
	const char *rest = text;
	const char *word = rcfile_word(arena_of(c), &rest, ";#");

	if (!word)
		return 0;
	if (strcmp(word, "set") == 0)
		return run_set(c, rest, true, f);
	if (strcmp(word, "unset") == 0)
		return run_set(c, rest, false, f);
	if (strcmp(word, "my_hdr") == 0)
		return run_my_hdr(c, rest, f);
	if (strcmp(word, "unmy_hdr") == 0)
		return run_unmy_hdr(c, rest);
	if (strcmp(word, "alias") == 0)
		return run_alias(c, rest);
	if (strcmp(word, "source") == 0)
		return run_source(c, rest, f);
	say_unused(c, word);
	return 0;
}

/* Where the first command of a line ends: at a ';' outside of quotes. */
static const char *end_of_command(const char *p)
{
	char quote = '\0';

	for (; *p; p++) {
		if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (*p == '\\' && p[1])
			p++;
		else if (*p == ';' && !quote)
			break;
	}
	return p;
}

static int run_line(const struct command *c, const char *text, struct fault *f)
{
	while (*text) {
		const char *end = end_of_command(text);

		if (run_one(c,
			    arena_dup_n(arena_of(c), text,
					(size_t)(end - text)),
			    f) < 0)
			return -1;
		text = *end ? end + 1 : end;
	}
	return 0;
}

void muttrc_init(struct muttrc *rc, struct options_run *run)
{
	*rc = (struct muttrc){ .run = run };
	header_init(&rc->fields);
}

int muttrc_read(struct muttrc *rc, const char *const *paths, struct fault *f)
{
	struct command c = { .rc = rc };

	for (; *paths; paths++) {
		char *text = rcfile_read(rc->run->arena, *paths);
		char *line;

		if (!text)
			continue;
		while ((line = rcfile_line(&text)))
			if (run_line(&c, line, f) < 0)
				return -1;
		break;
	}
	return 0;
}

int muttrc_command(struct muttrc *rc, const char *text, struct fault *f)
{
	struct command c = { .rc = rc, .is_typed = true };

	return run_line(&c, text, f);
}
