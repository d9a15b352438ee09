/* setup_ask.c - a question, its default in brackets, an answer; and the
 * questions about the user, the password and the certificate.  Settings on the
 * command line are not asked for (setup_given). */
#include <stdarg.h>

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "setup/setup_inside.h"

#define COLUMNS 76

int setup_say(struct setup *s, struct error *f, const char *format, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, format);
	text = arena_vformat(s->arena, format, ap);
	va_end(ap);
	return s->hands->say(s->hands->context, text, f);
}

/* How much of the text fits on a line, at least one word. */
static size_t line_of(const char *text)
{
	size_t fits = 0;

	for (size_t i = 0;; i++) {
		if (text[i] != ' ' && text[i] != '\n' && text[i])
			continue;
		if (fits && text_width(text, i) > COLUMNS)
			return fits;
		fits = i;
		if (text[i] != ' ')
			return fits;
	}
}

int setup_tell(struct setup *s, const char *text, struct error *f)
{
	while (*text) {
		size_t n = line_of(text);

		if (setup_say(s, f, "  %.*s\n", (int)n, text) < 0)
			return -1;
		text += text[n] ? n + 1 : n;
	}
	return 0;
}

/* ---- an answer ---- */

static bool has_control(const char *text, size_t n)
{
	while (n && !text_is_control(*text))
		text++, n--;
	return n;
}

/* The answer is not repeated: it may be a password that was entered one
 * question too early. */
static int refuse(struct setup *s, const struct setup_question *q,
		  const char *why, struct error *f)
{
	if (s->hands->is_interactive)
		return setup_say(s, f, "  %s\n", why);
	return error_set(f, ERROR_DATA, "invalid answer to \"%s\": %s", q->text,
			 why);
}

static int read_answer(struct setup *s, const struct setup_question *q,
		       const char **answer, struct error *f)
{
	struct buf line = BUF_INIT(SETUP_ANSWER_MAX);
	int r = s->hands->answer(s->hands->context, &line, f);

	*answer = NULL;
	if (r == 0 && setup_say(s, f, "\n") == 0)
		r = error_set(f, ERROR_USAGE,
			      "no answer to \"%s\": nothing was written",
			      q->text);
	else if (r > 0 && (line.overflow || strlen(line.data) != line.len ||
			   has_control(line.data, strcspn(line.data, "\r"))))
		r = refuse(s, q, "it is not a line of text", f);
	else if (r > 0)
		*answer = text_trim(arena_dup(s->arena, line.data));
	buf_free(&line);
	return r < 0 ? -1 : 0;
}

int setup_ask(struct setup *s, const struct setup_question *q,
	      const char **answer, struct error *f)
{
	for (;;) {
		const char *text, *why;

		if (setup_say(s, f, "%s%s%s%s: ", q->text,
			      q->fallback ? " [" : "",
			      q->fallback ? q->fallback : "",
			      q->fallback ? "]" : "") < 0 ||
		    read_answer(s, q, &text, f) < 0)
			return -1;
		if (!s->hands->is_interactive && setup_say(s, f, "\n") < 0)
			return -1;
		if (!text)
			continue;
		if (strcmp(text, "?") == 0) {
			if (setup_tell(s, q->help, f) < 0)
				return -1;
			continue;
		}
		if (!*text && q->fallback)
			text = q->fallback;
		why = !*text	 ? "an answer is required; ? shows help"
		      : q->judge ? q->judge(s, text)
				 : NULL;
		*answer = text;
		if (!why)
			return 0;
		if (refuse(s, q, why, f) < 0)
			return -1;
	}
}

/* ---- words ---- */

/* The word itself, or the only one that begins with the text. */
static bool find_word(const char *const *words, const char *text, size_t *at)
{
	size_t hits = 0;

	for (size_t i = 0; words[i]; i++) {
		if (ascii_equal(words[i], text)) {
			*at = i;
			return true;
		}
		if (!ascii_begins(words[i], text))
			continue;
		*at = i;
		hits++;
	}
	return hits == 1;
}

int setup_choose(struct setup *s, const char *text, const char *const *words,
		 size_t fallback, const char *help, size_t *choice,
		 struct error *f)
{
	const struct setup_question q = { .text = text,
					  .fallback = words[fallback],
					  .help = help };
	const char *answer;

	for (;;) {
		if (setup_ask(s, &q, &answer, f) < 0)
			return -1;
		if (find_word(words, answer, choice))
			return 0;
		if (refuse(s, &q,
			   "it is not one of the choices; ? shows "
			   "help",
			   f) < 0)
			return -1;
	}
}

int setup_confirm(struct setup *s, const char *text, bool fallback,
		  const char *help, struct error *f)
{
	static const char *const words[] = { "no", "yes", NULL };
	size_t choice;

	if (setup_choose(s, text, words, fallback, help, &choice, f) < 0)
		return -1;
	return (int)choice;
}

/* ---- settings that are not asked for ---- */

const char *setup_given(const struct setup *s, const char *name)
{
	static const char *const answers[] = { "host",	       "port", "tls",
					       "tls_starttls", "user", NULL };
	const char *value = NULL;

	for (size_t i = 0; s->is_corrected && answers[i]; i++)
		if (strcmp(answers[i], name) == 0)
			return NULL;
	for (const struct override *o = s->request->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			value = o->value;
	return value;
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

#define USERS_MAX 3

static void add_user(const char *users[USERS_MAX], size_t *n, const char *user)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(users[i], user) == 0)
			return;
	users[(*n)++] = user;
}

/* All likely ones; for a known provider only the right one. */
static size_t likely_users(struct setup *s, const char *first,
			   const char *users[USERS_MAX])
{
	size_t n = 0;

	if (!first)
		return 0;
	add_user(users, &n, first);
	if (!s->provider) {
		add_user(users, &n, s->address);
		add_user(users, &n, s->local);
	}
	return n;
}

static int ask_user(struct setup *s, const char **answer, struct error *f)
{
	struct setup_question q = {
		.text = "Login name, or - for no login",
		.fallback = proposed_user(s),
		.help = "Your name at the server, usually the whole address or "
			"the "
			"part before the @. Enter - for a relay that accepts "
			"mail "
			"from this machine without login.",
	};
	const char *users[USERS_MAX];
	size_t n = likely_users(s, q.fallback, users);

	if (n > 1) {
		q.text = "Login name or its number, or - for no login";
		if (setup_say(s, f, "Candidates:\n") < 0)
			return -1;
	}
	for (size_t i = 0; n > 1 && i < n; i++)
		if (setup_say(s, f, "  %zu  %s\n", i + 1, users[i]) < 0)
			return -1;
	if (setup_ask(s, &q, answer, f) < 0)
		return -1;
	for (size_t i = 0; n > 1 && i < n; i++)
		if (**answer == (char)('1' + i) && !(*answer)[1]) {
			*answer = users[i];
			break;
		}
	return 0;
}

/* Users without a client id can add it later. */
static int ask_client(struct setup *s, struct error *f)
{
	const struct setup_question q = {
		.text = "Client id, or - to add it later",
		.fallback = "-",
		.help = "OAuth 2 needs a client that you register once at the "
			"provider; mailsend-oauth(7) shows how. Its id is not "
			"secret. Without it the configuration is written, and "
			"you log in once it is complete.",
	};
	const char *answer = setup_given(s, "oauth_client_id");

	if (answer)
		return 0;
	if (setup_ask(s, &q, &answer, f) < 0)
		return -1;
	s->client_id = strcmp(answer, "-") != 0 ? answer : NULL;
	return 0;
}

int setup_choose_user(struct setup *s, struct error *f)
{
	const char *answer = setup_given(s, "user");
	const char *auth = setup_given(s, "auth");

	if (auth && ascii_equal(auth, "off"))
		answer = "-";
	if (!answer && ask_user(s, &answer, f) < 0)
		return -1;
	s->user = strcmp(answer, "-") != 0 ? answer : NULL;
	s->auth = !s->user			     ? "off"
		  : auth			     ? auth
		  : s->provider && s->provider->auth ? s->provider->auth
						     : "on";
	return ascii_equal(s->auth, "oauth") ? ask_client(s, f) : 0;
}

/* ---- password ---- */

static bool is_token(const struct setup *s)
{
	return ascii_equal(s->auth, "xoauth2") ||
	       ascii_equal(s->auth, "oauthbearer");
}

bool setup_is_oauth(const struct setup *s)
{
	return ascii_equal(s->auth, "oauth");
}

static bool needs_none(const struct setup *s)
{
	return ascii_equal(s->auth, "off") || setup_is_oauth(s) ||
	       ascii_equal(s->auth, "external") ||
	       ascii_equal(s->auth, "gssapi");
}

static int ask_command(struct setup *s, struct error *f)
{
	const struct setup_question q = {
		.text = is_token(s) ? "Command that prints an access token"
				    : "Command that prints the password",
		.help = "The shell runs it for each mail; its first line of "
			"output is used. It is stored in the configuration, so "
			"it must not contain the password.",
	};

	return setup_ask(s, &q, &s->command, f);
}

/* Quotes a word for the shell. */
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

/* The available ones come first; `words` ends with NULL. */
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
	const char *directory = sysenv_env("PASSWORD_STORE_DIR");
	const char *home = sysenv_home();

	if (directory)
		return arena_format(s->arena, "%s/%s", directory, name);
	return home ? arena_format(s->arena, "%s/.password-store/%s", home,
				   name)
		    : NULL;
}

/* A keyring needs a desktop session, pass needs a store. */
static size_t best_place(struct setup *s, const enum setup_place *places)
{
	const char *store = setup_pass_file(s, ".gpg-id");
	size_t at = 0;

	if (places[at] == SETUP_KEYRING &&
	    !sysenv_env("DBUS_SESSION_BUS_ADDRESS"))
		at++;
	if (places[at] == SETUP_PASS && (!store || access(store, F_OK) < 0))
		at++;
	return at;
}

static const char places_help[] =
	"keyring: the desktop's, by secret-tool; it opens when you log in. "
	"pass: the store of pass(1), which gpg opens. file: one of your own "
	"beside the configuration that no other user can read; it works for "
	"cron too. command: one of your own that prints it. none: it is not "
	"stored, and asked for on the terminal each time.";

static int ask_place(struct setup *s, struct error *f)
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
				      "Where to store the password (%s)", list),
			 words, best_place(s, places), places_help, &choice,
			 f) < 0)
		return -1;
	s->place = places[choice];
	return 0;
}

static bool is_place_given(const struct setup *s)
{
	return setup_given(s, "password_file") ||
	       setup_given(s, "password_credential") ||
	       setup_given(s, "password_env");
}

int setup_choose_place(struct setup *s, struct error *f)
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

int setup_type_password(struct setup *s, struct error *f)
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
			     "Password for %s at %s (it is not echoed): ",
			     s->user, s->server.host),
		&s->password, f);
	if (r == 0)
		return error_set(f, ERROR_USAGE,
				 "no password was given: nothing was written");
	if (r > 0 && (!s->password.len || s->password.overflow ||
		      strlen(s->password.data) != s->password.len))
		return error_set(f, ERROR_DATA,
				 "the password is empty, too long, or no line "
				 "of text: nothing was written");
	return r < 0 ? -1 : 0;
}

/* ---- the certificate ---- */

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

int setup_choose_trust(struct setup *s, struct error *f)
{
	const struct setup_question q = {
		.text = "File with the CA certificate, or the fingerprint of "
			"the server's certificate",
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
