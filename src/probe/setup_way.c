/* setup_way.c - which server, which user, where the password is.
 *
 * What the command line says is not asked. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/world.h"
#include "probe/setup_inside.h"

const char *setup_given(const struct setup *s, const char *name)
{
	static const char *const answers[] = { "host",	       "port", "tls",
					       "tls_starttls", "user", NULL };
	const char *value = NULL;

	for (size_t i = 0; s->is_mended && answers[i]; i++)
		if (strcmp(answers[i], name) == 0)
			return NULL;
	for (const struct override *o = s->request->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			value = o->value;
	return value;
}

/* ---- server ---- */

const char *setup_tls_words(enum dial_tls tls)
{
	return tls == DIAL_TLS_IMPLICIT ? "TLS from the first byte"
	       : tls == DIAL_TLS_NONE	? "without TLS"
					: "TLS by STARTTLS";
}

static unsigned usual_port(enum dial_tls tls)
{
	return tls == DIAL_TLS_IMPLICIT ? 465 : tls == DIAL_TLS_NONE ? 25 : 587;
}

static const char *judge_port(struct setup *s, const char *answer)
{
	char *end;
	unsigned long port = strtoul(answer, &end, 10);

	(void)s;
	if (ascii_is_digit(*answer) && !*end && port >= 1 && port <= 65535)
		return NULL;
	return "a port is a number up to 65535";
}

static const char *judge_host(struct setup *s, const char *answer)
{
	if (provider_named(s->providers, answer))
		return NULL;
	if (answer[strcspn(answer, " \t#\"'@/\\,;")])
		return "a server is a name like smtp.example.org";
	answer = strchr(answer, ':');
	return !answer || strchr(answer + 1, ':') ? NULL
						  : judge_port(s, answer + 1);
}

static enum dial_tls given_tls(const struct setup *s, enum dial_tls otherwise)
{
	const char *tls = setup_given(s, "tls");
	const char *starttls = setup_given(s, "tls_starttls");

	if (tls && strcmp(tls, "off") == 0)
		return DIAL_TLS_NONE;
	if (!starttls)
		return otherwise;
	return strcmp(starttls, "off") == 0 ? DIAL_TLS_IMPLICIT
					    : DIAL_TLS_STARTTLS;
}

static int ask_tls(struct setup *s, struct fault *f)
{
	static const char *const words[] = { "implicit", "starttls", "off",
					     NULL };
	static const enum dial_tls kinds[] = { DIAL_TLS_IMPLICIT,
					       DIAL_TLS_STARTTLS,
					       DIAL_TLS_NONE };
	const char *port = setup_given(s, "port");
	size_t choice =
		s->port ? s->port != 465 : port && strcmp(port, "587") == 0;

	if (setup_given(s, "tls") || setup_given(s, "tls_starttls")) {
		s->server.tls = given_tls(s, DIAL_TLS_STARTTLS);
		return 0;
	}
	if (setup_choose(s, "TLS: implicit, starttls or off", words, choice,
			 "With implicit, TLS comes before anything else, most "
			 "often on port 465; with starttls the server is asked "
			 "for it first, most often on port 587. Off is for a "
			 "relay on this machine or in the house: nobody logs "
			 "in without TLS.",
			 &choice, f) < 0)
		return -1;
	s->server.tls = kinds[choice];
	return 0;
}

static int ask_port(struct setup *s, struct fault *f)
{
	struct setup_question q = {
		.text = "Port",
		.fallback =
			arena_format(s->arena, "%u", usual_port(s->server.tls)),
		.help = "465 is for TLS from the first byte, 587 for STARTTLS, "
			"25 for relays that know this machine.",
		.judge = judge_port,
	};
	const char *answer = setup_given(s, "port");

	if (!answer && s->port)
		answer = arena_format(s->arena, "%u", s->port);
	if (!answer && setup_ask(s, &q, &answer, f) < 0)
		return -1;
	s->server.port = (unsigned)strtoul(answer, NULL, 10);
	return 0;
}

/* One that nothing was found of; "host:port", too. */
static int describe_server(struct setup *s, const char *host, struct fault *f)
{
	const char *colon = strchr(host, ':');

	s->port = 0;
	/* more colons than one are an IPv6 address */
	if (colon && !strchr(colon + 1, ':') && !judge_port(s, colon + 1)) {
		s->port = (unsigned)strtoul(colon + 1, NULL, 10);
		host = arena_dup_n(s->arena, host, (size_t)(colon - host));
	}
	s->server =
		(struct setup_server){ .host = host, .origin = "as you say" };
	return ask_tls(s, f) < 0 ? -1 : ask_port(s, f);
}

/* 1: a provider was named, its servers are proposed. */
static int ask_server(struct setup *s, struct fault *f)
{
	struct setup_question q = {
		.text = "Server",
		.help = "The server that takes your mail, as your provider's "
			"pages tell it below \"SMTP\" or \"outgoing mail\": "
			"smtp.example.org. Or the name of a large provider: "
			"gmail, fastmail, sendgrid, mailgun, \"amazon ses\".",
		.judge = judge_host,
	};
	const struct provider *named;
	const char *answer;

	if (setup_ask(s, &q, &answer, f) < 0)
		return -1;
	named = provider_named(s->providers, answer);
	if (!named)
		return describe_server(s, answer, f);
	s->count = s->next = 0;
	setup_propose(s, named);
	return 1;
}

static int tell_provider(struct setup *s, struct fault *f)
{
	const struct provider *known =
		provider_of_host(s->providers, s->server.host);

	if (!s->provider || known)
		s->provider = known;
	if (!s->provider || !*s->provider->hint)
		return 0;
	return setup_tell(s,
			  arena_format(s->arena, "%s: %s.", s->provider->name,
				       s->provider->hint),
			  f);
}

/* 1 taken, 0 none of them. */
static int propose(struct setup *s, struct fault *f)
{
	while (s->next < s->count) {
		const struct setup_server *one = &s->found[s->next++];
		int r;

		if (one->is_elsewhere &&
		    setup_tell(s,
			       arena_format(s->arena,
					    "%s is not below %s, and the DNS "
					    "can be forged: take it only if "
					    "you know it.",
					    one->host, s->domain),
			       f) < 0)
			return -1;
		r = setup_confirm(
			s,
			arena_format(s->arena, "Use %s, port %u, %s (%s)?",
				     one->host, one->port,
				     setup_tls_words(one->tls), one->origin),
			!one->is_elsewhere,
			"Your mail is handed to this server, and the password "
			"is shown to it, after its certificate was checked. "
			"With no, the next one is proposed, or you are asked.",
			f);
		if (r < 0)
			return -1;
		if (!r)
			continue;
		s->server = *one;
		return 1;
	}
	return 0;
}

static int find_server(struct setup *s, struct fault *f)
{
	int r = 1;

	if (s->provider && !s->provider->server_count &&
	    setup_tell(s, s->provider->hint, f) < 0)
		return -1;
	while (r == 1) {
		r = propose(s, f);
		if (r != 0)
			return r < 0 ? -1 : 0;
		r = ask_server(s, f);
	}
	return r;
}

int setup_choose_server(struct setup *s, struct fault *f)
{
	const char *host = setup_given(s, "host");

	if (host ? describe_server(s, host, f) : find_server(s, f))
		return -1;
	return tell_provider(s, f);
}

/* ---- user ---- */

static const char *proposed_user(const struct setup *s)
{
	if (s->user)
		return s->user;
	if (!s->provider)
		return s->address;
	switch (s->provider->user) {
	case PROVIDER_LOCAL:
		return s->local;
	case PROVIDER_FIXED:
		return s->provider->fixed_user;
	case PROVIDER_ASK:
		return NULL;
	default:
		return s->address;
	}
}

int setup_choose_user(struct setup *s, struct fault *f)
{
	struct setup_question q = {
		.text = "User name, or - for no log-in",
		.fallback = proposed_user(s),
		.help = "Whom the server knows you as, most often the whole "
			"address. A minus sign alone is for a relay that takes "
			"mail from this machine without a log-in.",
	};
	const char *answer = setup_given(s, "user");
	const char *auth = setup_given(s, "auth");

	if (auth && ascii_equal(auth, "off"))
		answer = "-";
	if (!answer && setup_ask(s, &q, &answer, f) < 0)
		return -1;
	s->user = strcmp(answer, "-") != 0 ? answer : NULL;
	s->auth = !s->user			     ? "off"
		  : auth			     ? auth
		  : s->provider && s->provider->auth ? s->provider->auth
						     : "on";
	return 0;
}

/* ---- password ---- */

static bool is_token(const struct setup *s)
{
	return ascii_equal(s->auth, "xoauth2") ||
	       ascii_equal(s->auth, "oauthbearer");
}

static bool needs_none(const struct setup *s)
{
	return ascii_equal(s->auth, "off") ||
	       ascii_equal(s->auth, "external") ||
	       ascii_equal(s->auth, "gssapi");
}

static int ask_command(struct setup *s, struct fault *f)
{
	const struct setup_question q = {
		.text = is_token(s) ? "Command that prints an access token"
				    : "Command that prints the password",
		.help = "The shell runs it whenever a mail is sent; the first "
			"line of what it prints counts. It stands in the "
			"configuration: let no password stand in it.",
	};

	return setup_ask(s, &q, &s->command, f);
}

/* As the shell reads it back. */
static const char *quote(struct arena *a, const char *word)
{
	struct buf out = BUF_INIT(SETUP_ANSWER_MAX * 4);
	const char *result;

	if (!word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789@./_+=:-")])
		return word;
	buf_putc(&out, '\'');
	for (; *word; word++)
		buf_puts(&out, *word == '\'' ? "'\\''" : (char[]){ *word, 0 });
	buf_putc(&out, '\'');
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

static const char *keyring_command(struct setup *s)
{
	return arena_format(s->arena,
			    "secret-tool lookup host %s service smtp user %s",
			    quote(s->arena, s->server.host),
			    quote(s->arena, s->user));
}

static const char *pass_command(struct setup *s)
{
	return arena_format(s->arena, "pass show %s",
			    quote(s->arena, arena_format(s->arena, "mail/%s",
							 s->address)));
}

/* What is there comes first; `words` ends with NULL. */
static void offer_places(struct setup *s, const char *words[6],
			 enum setup_place places[6])
{
	const struct setup_hands *h = s->hands;
	size_t n = 0;

	if (h->has_program(h->context, "secret-tool")) {
		places[n] = SETUP_KEYRING;
		words[n++] = "keyring";
	}
	if (h->has_program(h->context, "pass")) {
		places[n] = SETUP_PASS;
		words[n++] = "pass";
	}
	places[n] = SETUP_FILE;
	words[n++] = "file";
	places[n] = SETUP_COMMAND;
	words[n++] = "command";
	places[n] = SETUP_NONE;
	words[n++] = "none";
	words[n] = NULL;
}

const char *setup_pass_file(struct setup *s, const char *name)
{
	const char *folder = world_env("PASSWORD_STORE_DIR");
	const char *home = world_home();

	if (folder)
		return arena_format(s->arena, "%s/%s", folder, name);
	return home ? arena_format(s->arena, "%s/.password-store/%s", home,
				   name)
		    : NULL;
}

/* A key ring wants somebody logged in at a desktop, pass a store. */
static size_t best_place(struct setup *s, const enum setup_place *places)
{
	const char *store = setup_pass_file(s, ".gpg-id");
	size_t at = 0;

	if (places[at] == SETUP_KEYRING &&
	    !world_env("DBUS_SESSION_BUS_ADDRESS"))
		at++;
	if (places[at] == SETUP_PASS && (!store || access(store, F_OK) < 0))
		at++;
	return at;
}

static const char places_help[] =
	"keyring: the desktop's, by secret-tool; it opens when you log in. "
	"pass: the store of pass(1), which gpg opens. file: one of your own "
	"beside the configuration that nobody else can read; it works for cron "
	"too. command: one of your own that prints it. none: it is kept "
	"nowhere, and asked for on the terminal each time.";

static int ask_place(struct setup *s, struct fault *f)
{
	const char *words[6];
	enum setup_place places[6];
	const char *list;
	size_t choice;

	offer_places(s, words, places);
	list = words[0];
	for (size_t i = 1; words[i]; i++)
		list = arena_format(s->arena, "%s%s%s", list,
				    words[i + 1] ? ", " : " or ", words[i]);
	if (setup_choose(s,
			 arena_format(s->arena,
				      "Where shall the password be kept (%s)",
				      list),
			 words, best_place(s, places), places_help, &choice,
			 f) < 0)
		return -1;
	s->place = places[choice];
	return 0;
}

static bool is_place_given(const struct setup *s)
{
	return setup_given(s, "password_file") ||
	       setup_given(s, "password_env");
}

int setup_choose_place(struct setup *s, struct fault *f)
{
	s->command = NULL;
	if (needs_none(s))
		s->place = SETUP_NONE;
	else if (is_place_given(s))
		s->place = SETUP_GIVEN;
	else if (is_token(s))
		s->place = SETUP_COMMAND;
	else if (ask_place(s, f) < 0)
		return -1;
	if (s->place == SETUP_KEYRING)
		s->command = keyring_command(s);
	else if (s->place == SETUP_PASS)
		s->command = pass_command(s);
	else if (s->place == SETUP_COMMAND)
		return ask_command(s, f);
	return 0;
}

int setup_type_password(struct setup *s, struct fault *f)
{
	const struct setup_hands *h = s->hands;
	int r;

	if (needs_none(s) || s->place == SETUP_COMMAND ||
	    s->place == SETUP_GIVEN)
		return 0;
	buf_wipe(&s->password);
	buf_init(&s->password, SETUP_PASSWORD_MAX);
	r = h->password(
		h->context,
		arena_format(s->arena,
			     "Password for %s at %s (it is not shown): ",
			     s->user, s->server.host),
		&s->password, f);
	if (r == 0)
		return fault_set(f, FAULT_USAGE,
				 "no password was given: nothing was written");
	if (r > 0 && (!s->password.len || s->password.overflow ||
		      strlen(s->password.data) != s->password.len))
		return fault_set(f, FAULT_DATA,
				 "the password is empty, too long, or no line "
				 "of text: nothing was written");
	return r < 0 ? -1 : 0;
}

/* ---- whom to trust ---- */

static bool is_digest(const char *text)
{
	size_t digits = 0;

	for (; *text; text++) {
		bool is_hex =
			ascii_is_digit(*text) ||
			(ascii_is_letter(*text) && ascii_lower(*text) <= 'f');

		if (!is_hex && *text != ':')
			return false;
		digits += is_hex;
	}
	return digits == 32 || digits == 40 || digits == 64;
}

int setup_choose_trust(struct setup *s, struct fault *f)
{
	const struct setup_question q = {
		.text = "A file with the authority's certificate, or the "
			"fingerprint",
		.help = "For a server whose certificate no known authority "
			"signed: the file (PEM) of the one that did, or the "
			"certificate's own fingerprint, which must be "
			"compared with what the server's owner says.",
	};
	const char *answer;

	if (setup_ask(s, &q, &answer, f) < 0)
		return -1;
	s->trust_file = is_digest(answer) ? NULL : answer;
	s->fingerprint = is_digest(answer) ? answer : NULL;
	return 0;
}
