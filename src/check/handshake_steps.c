/* handshake_steps.c - a stage is what we are waiting for; the event that ends
 * it becomes a step, with the time since the previous one.  After a negative
 * reply libcurl may try something else, so a step is reported as failed only
 * when the whole connection has failed. */
#include "check/handshake_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/settings.h"
#include "net/glossary.h"

/* ---- capabilities ---- */

static bool is_offered(const struct check *c, const char *keyword)
{
	size_t n = strlen(keyword);

	for (size_t i = 0; c->capabilities[i]; i++)
		if (ascii_begins(c->capabilities[i], keyword) &&
		    strchr(" =", c->capabilities[i][n]))
			return true;
	return false;
}

static const char *size_text(struct arena *a, uint64_t size)
{
	if (!size)
		return "no size limit is announced";
	if (size < 1000000)
		return arena_format(a, "mails up to %.1f kB",
				    (double)size / 1e3);
	return arena_format(a, "mails up to %.1f MB", (double)size / 1e6);
}

static const char *auth_text(const struct account *account)
{
	return strcmp(account->auth, "off")
		       ? "mechanisms to log in with"
		       : "mechanisms to log in with; not used, as auth is off";
}

const char *handshake_capability(struct arena *a, const char *line,
				 const struct caps *caps,
				 const struct account *account)
{
	const char *keyword = arena_dup_n(a, line, strcspn(line, " ="));
	const char *meaning = glossary_extension("smtp", line);

	if (ascii_equal(keyword, "SIZE"))
		meaning = size_text(a, caps->size);
	else if (ascii_equal(keyword, "AUTH"))
		meaning = auth_text(account);
	else if (!meaning)
		meaning = "unknown, and not used";
	else if (glossary_is_unused("smtp", line))
		meaning = arena_format(a, "%s; not used", meaning);
	return arena_format(a, "%s: %s", line, meaning);
}

/* A line for each important extension that is missing. */
static void tell_missing(struct check *c, struct check_step *step)
{
	const char *at = NULL;
	struct glossary_missing missing;

	while (glossary_next_missing("smtp", &at, &missing))
		if (!is_offered(c, missing.name))
			check_add(c, step, CHECK_NOTE, "no %s: %s",
				  missing.name, missing.about);
}

/* ---- the certificate ---- */

#define DAY 86400

const char *handshake_day(struct arena *a, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm day;

	if (!gmtime_r(&when, &day))
		return "?";
	return arena_format(a, "%04d-%02d-%02d", day.tm_year + 1900,
			    day.tm_mon + 1, day.tm_mday);
}

/* Rounds down, also after the expiry. */
static int days_from_now(int64_t seconds)
{
	int64_t left = seconds - sysenv_now();

	return (int)(left < 0 ? (left - DAY + 1) / DAY : left / DAY);
}

static const char *duration(struct arena *a, const struct chain_certificate *x)
{
	int days = days_from_now(x->until);

	if (x->since > sysenv_now())
		return arena_format(a, "valid from %s",
				    handshake_day(a, x->since));
	return arena_format(a,
			    days < 0 ? "expired on %s, %d day%s ago"
				     : "until %s, %d day%s left",
			    handshake_day(a, x->until), days < 0 ? -days : days,
			    days == 1 || days == -1 ? "" : "s");
}

static const char *wanted_name(const struct account *account)
{
	return account->tls_host_override ? account->tls_host_override
					  : account->host;
}

/* Which certificate the error of the chain is probably about. */
static enum check_mark mark_of(const struct check *c, size_t i)
{
	return c->chain.verify && c->chain.at == i && !c->chain.is_accepted
		       ? CHECK_BAD
		       : CHECK_NOTE;
}

static void add_chain(struct check *c, struct check_step *step)
{
	struct arena *a = c->arena;

	for (size_t i = 0; i < c->chain.count; i++) {
		const struct chain_certificate *x = &c->chain.certificates[i];

		check_add(c, step, mark_of(c, i), "%zu. %s; %s; %s", i + 1,
			  x->subject, duration(a, x), x->key);
		if (i == 0 && *x->names)
			check_add(c, step, CHECK_NOTE, "for %s", x->names);
		if (i + 1 == c->chain.count && strcmp(x->subject, x->issuer))
			check_add(c, step, CHECK_NOTE, "issued by %s",
				  x->issuer);
	}
	/* the fingerprint that can be set if no trusted CA signed the
	 * certificate */
	if (c->chain.verify || c->account->tls_fingerprint)
		check_add(c, step, CHECK_NOTE, "sha256 %s",
			  c->chain.certificates[0].sha256);
}

static void take_days(struct check *c)
{
	int64_t least = c->chain.certificates[0].until;

	/* a CA certificate may expire first */
	for (size_t i = 1; i < c->chain.count; i++)
		if (c->chain.certificates[i].until < least)
			least = c->chain.certificates[i].until;
	c->days = days_from_now(least);
	c->has_days = true;
}

static void end_unchecked(struct check *c, struct check_step *step)
{
	check_end(c, step, CHECK_WARNING,
		  "not checked: tls_certcheck is off (%s)%s%s",
		  check_origin(c, "tls_certcheck"),
		  c->chain.verify ? "; it would be rejected: " : "",
		  c->chain.verify ? c->chain.why : "");
}

static void tell_certificate(struct check *c)
{
	struct check_step *step = check_begin(c, "certificate", "certificate");
	const struct account *account = c->account;
	unsigned least = c->options->warn_days;

	take_days(c);
	add_chain(c, step);
	if (account->tls_fingerprint)
		check_end(c, step, CHECK_GOOD,
			  "the one of tls_fingerprint (%s), %d days left",
			  check_origin(c, "tls_fingerprint"), c->days);
	else if (!account->tls_certcheck)
		end_unchecked(c, step);
	else
		check_end(c, step,
			  c->days < (int)least ? CHECK_WARNING : CHECK_GOOD,
			  "good for %s, %d days left",
			  account->socket && !account->host
				  ? "localhost"
				  : wanted_name(account),
			  c->days);
}

static void tell_bad_certificate(struct check *c)
{
	struct check_step *step = check_begin(c, "certificate", "certificate");
	const struct chain *chain = &c->chain;
	const char *name = wanted_name(c->account);

	take_days(c);
	add_chain(c, step);
	if (c->account->tls_fingerprint && !chain->is_accepted)
		check_end(c, step, CHECK_BAD,
			  "not the one of tls_fingerprint (%s)",
			  check_origin(c, "tls_fingerprint"));
	else if (chain->verify)
		check_end(c, step, CHECK_BAD, "%s", chain->why);
	else if (c->server.dial.conn.error == CONN_NAME)
		check_end(c, step, CHECK_BAD, "not for the name %s",
			  name ? name : "localhost");
	else
		check_end(c, step, CHECK_BAD, "%s", c->error.text);
}

/* ---- steps ---- */

static const struct {
	const char *name, *title;
} stages[] = {
	[HANDSHAKE_CONNECTION] = { "dial", "way" },
	[HANDSHAKE_TLS] = { "tls", "TLS" },
	[HANDSHAKE_GREETING] = { "greeting", "greeting" },
	[HANDSHAKE_EHLO] = { "ehlo", "EHLO" },
	[HANDSHAKE_STARTTLS] = { "starttls", "STARTTLS" },
	[HANDSHAKE_AUTH] = { "auth", "login" },
	[HANDSHAKE_DONE] = { "dial", "way" },
};

static bool is_implicit(const struct account *account)
{
	return account->tls && !account->tls_starttls;
}

static bool logs_in(const struct account *account)
{
	return strcmp(account->auth, "off") != 0;
}

/* A step for the stage that ended. */
static struct check_step *begin(struct handshake_steps *h, uint64_t now)
{
	struct check_step *step = check_begin(h->check, stages[h->stage].name,
					      stages[h->stage].title);

	check_time(step, now > h->since ? (unsigned)(now - h->since) : 0);
	h->since = now;
	return step;
}

static const char *text_of(struct handshake_steps *h, const struct event *e)
{
	return text_dup_safe(h->check->arena, e->text, e->n);
}

/* The text of a reply, without its code. */
static const char *words_of(struct handshake_steps *h, const struct event *e)
{
	const char *text = text_of(h, e);

	return strlen(text) > 4 ? text + 4 : "";
}

/* ---- the connection ---- */

static void take_connected(struct handshake_steps *h, const struct event *e)
{
	h->in_tls = is_implicit(h->check->account);
	h->stage = h->in_tls ? HANDSHAKE_TLS : HANDSHAKE_GREETING;
	h->since = e->at;
}

static void take_tls(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;

	if (h->stage != HANDSHAKE_TLS)
		return;
	check_end(c, begin(h, e->at), CHECK_GOOD, "%s", text_of(h, e));
	if (c->chain.count)
		tell_certificate(c);
	h->stage =
		is_implicit(c->account) ? HANDSHAKE_GREETING : HANDSHAKE_EHLO;
}

static void take_greeting(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;

	if (e->code / 100 != 2) /* the same test as libcurl's */
		return;
	h->stage = HANDSHAKE_GREETING;
	c->greeting = words_of(h, e);
	check_end(c, begin(h, e->at), CHECK_GOOD, "%s", c->greeting);
	h->stage = HANDSHAKE_EHLO;
}

/* ---- EHLO ---- */

/* Each EHLO begins a new list. */
static void take_capability(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;

	if (h->is_listed || !c->capabilities) {
		c->capabilities = arena_array(c->arena, HANDSHAKE_LINES_MAX + 1,
					      sizeof(char *));
		caps_reset(&h->caps);
		h->count = 0;
		h->is_listed = false;
	}
	if (h->count == HANDSHAKE_LINES_MAX)
		return;
	c->capabilities[h->count] = text_of(h, e);
	caps_add(&h->caps, c->capabilities[h->count++]);
}

static bool is_before_tls(const struct handshake_steps *h)
{
	return h->check->account->tls && !h->in_tls;
}

static void tell_hello(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;
	const char *name = words_of(h, e);
	struct check_step *step = begin(h, e->at);

	if (is_before_tls(h)) {
		step->name = "ehlo_clear";
		check_end(c, step, CHECK_GOOD, "%s%s", name,
			  caps_has(&h->caps, CAPS_STARTTLS)
				  ? "; STARTTLS is offered"
				  : "");
		return;
	}
	for (size_t i = 0; c->capabilities[i]; i++)
		check_add(c, step, CHECK_NOTE, "%s",
			  handshake_capability(c->arena, c->capabilities[i],
					       &h->caps, c->account));
	tell_missing(c, step);
	check_end(c, step, CHECK_GOOD, "%s", name);
}

static void take_hello(struct handshake_steps *h, const struct event *e)
{
	static const char *none[] = { NULL };
	struct check *c = h->check;

	if (e->code / 100 != 2)
		return;
	if (h->is_listed || !c->capabilities) { /* there was none */
		c->capabilities = none;
		caps_reset(&h->caps);
	}
	h->is_listed = true;
	h->stage = HANDSHAKE_EHLO;
	tell_hello(h, e);
	h->stage = is_before_tls(h)	 ? HANDSHAKE_STARTTLS
		   : logs_in(c->account) ? HANDSHAKE_AUTH
					 : HANDSHAKE_DONE;
}

static void take_starttls(struct handshake_steps *h, const struct event *e)
{
	if (e->code != 220)
		return;
	check_end(h->check, begin(h, e->at), CHECK_GOOD, "%s", text_of(h, e));
	h->stage = HANDSHAKE_TLS;
	h->in_tls = true; /* now, as there may be no more events */
}

/* ---- the login ---- */

static const char *password_place(const struct check *c)
{
	const char *name = setting_password(c->account);

	if (!name)
		return "password from ~/.netrc or the prompt";
	return arena_format(c->arena, "password from the setting %s (%s)", name,
			    check_origin(c, name));
}

static void note_login(struct handshake_steps *h, struct check_step *step)
{
	struct check *c = h->check;

	if (h->caps.auth.names[0])
		check_add(c, step, CHECK_NOTE, "offered: %s",
			  h->caps.auth.names);
	check_add(c, step, CHECK_NOTE, "%s", password_place(c));
}

static void tell_no_login(struct handshake_steps *h)
{
	struct check *c = h->check;
	struct check_step *step = check_begin(c, "auth", "login");

	if (h->caps.auth.names[0])
		check_add(c, step, CHECK_NOTE, "offered: %s",
			  h->caps.auth.names);
	check_end(c, step, CHECK_NOTE, "none: auth is off (%s)",
		  check_origin(c, "auth"));
}

static void take_login(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;
	const char *user = c->account->user;
	struct check_step *step;

	if (e->code != 235)
		return;
	step = begin(h, e->at);
	note_login(h, step);
	check_end(c, step, CHECK_GOOD, "%s%s%s", c->server.dial.mechanism,
		  user ? " as " : "", user ? user : "");
	h->stage = HANDSHAKE_DONE;
}

/* ---- events ---- */

static void (*const takers[])(struct handshake_steps *h,
			      const struct event *e) = {
	[EVENT_CONNECTED] = take_connected,   [EVENT_TLS] = take_tls,
	[EVENT_GREETING] = take_greeting,     [EVENT_HELLO] = take_hello,
	[EVENT_CAPABILITY] = take_capability, [EVENT_LOGIN] = take_login,
	[EVENT_STARTTLS] = take_starttls,
};

static void take(void *context, const struct event *e)
{
	struct handshake_steps *h = context;

	trace_take(h->check->listener->trace, e);
	/* before that, pop_before_smtp may log in to a mailbox */
	if (h->check->server.stage != SMARTHOST_DIAL ||
	    h->stage == HANDSHAKE_DONE)
		return;
	if (e->code >= 400)
		h->no = text_of(h, e);
	else if (e->kind == EVENT_SENT)
		h->no = NULL;
	if (e->kind < sizeof(takers) / sizeof(*takers) && takers[e->kind])
		takers[e->kind](h, e);
}

const struct trace *handshake_steps_init(struct handshake_steps *h,
					 struct check *c)
{
	const struct account *account = c->account;

	*h = (struct handshake_steps){
		.check = c,
		.trace = { .take = take, .context = h },
		.since = sysenv_ticks(),
		.stage = account->socket || account->proxy_host
				 ? HANDSHAKE_CONNECTION
			 : is_implicit(account) ? HANDSHAKE_TLS
						: HANDSHAKE_GREETING,
	};
	return &h->trace;
}

/* ---- the end ---- */

static void fail_before(struct handshake_steps *h)
{
	struct check *c = h->check;
	bool is_password = c->server.stage == SMARTHOST_PASSWORD;
	struct check_step *step =
		check_begin(c, is_password ? "password" : "pop",
			    is_password ? "password" : "POP first");

	check_end(c, step, CHECK_BAD, "%s", c->error.text);
}

/* How far the dialogue was, unless no server was contacted, or the step is
 * known more precisely. */
static struct check_step *begin_failed(struct handshake_steps *h)
{
	struct check *c = h->check;

	switch (c->server.dial.conn.error) {
	case CONN_NO_LIBRARY:
		return check_begin(c, "library", "libraries");
	case CONN_INSECURE:
		return check_begin(c, "auth", "login");
	case CONN_SETTING:
	case CONN_FILE:
	case CONN_SOURCE:
		return check_begin(c, "settings", "settings");
	case CONN_NO_STARTTLS:
		h->stage = HANDSHAKE_STARTTLS;
		break;
	default:
		break;
	}
	return begin(h, sysenv_ticks());
}

void handshake_steps_failed(struct handshake_steps *h)
{
	struct check *c = h->check;
	enum conn_error kind = c->server.dial.conn.error;
	struct check_step *step;

	if (c->server.stage != SMARTHOST_DIAL) {
		fail_before(h);
		return;
	}
	if ((kind == CONN_CERTIFICATE || kind == CONN_NAME) && c->chain.count) {
		tell_bad_certificate(c);
		return;
	}
	step = begin_failed(h);
	if (h->stage == HANDSHAKE_AUTH)
		note_login(h, step);
	check_end(c, step, CHECK_BAD, "%s", h->no ? h->no : c->error.text);
}

void handshake_steps_succeeded(struct handshake_steps *h)
{
	if (!logs_in(h->check->account))
		tell_no_login(h);
}
