/* handshake_steps.c - a stage is what is awaited; the event that ends it
 * becomes a step, with the time since the last one.  Where a reply is a "no"
 * libcurl may know another way, so no step is told as failed before the dial
 * has. */
#include "check/handshake_steps.h"

#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "check/certificate.h"
#include "check/meaning.h"
#include "config/settings.h"

static const struct {
	const char *name, *title;
} stages[] = {
	[HANDSHAKE_CONNECTION] = { "dial", "way" },
	[HANDSHAKE_TLS] = { "tls", "TLS" },
	[HANDSHAKE_GREETING] = { "greeting", "greeting" },
	[HANDSHAKE_EHLO] = { "ehlo", "EHLO" },
	[HANDSHAKE_STARTTLS] = { "starttls", "STARTTLS" },
	[HANDSHAKE_AUTH] = { "auth", "log-in" },
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

/* A step of what was awaited until now. */
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

/* Of a reply, without its code. */
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
		certificate_tell(c);
	h->stage =
		is_implicit(c->account) ? HANDSHAKE_GREETING : HANDSHAKE_EHLO;
}

static void take_greeting(struct handshake_steps *h, const struct event *e)
{
	struct check *c = h->check;

	if (e->code / 100 != 2) /* as libcurl has it */
		return;
	h->stage = HANDSHAKE_GREETING;
	c->greeting = words_of(h, e);
	check_end(c, begin(h, e->at), CHECK_GOOD, "%s", c->greeting);
	h->stage = HANDSHAKE_EHLO;
}

/* ---- EHLO ---- */

/* Each list begins anew. */
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
			  meaning_of(c->arena, c->capabilities[i], &h->caps,
				     c->account));
	meaning_of_missing(c, step);
	check_end(c, step, CHECK_GOOD, "%s", name);
}

static void take_hello(struct handshake_steps *h, const struct event *e)
{
	static const char *none[] = { NULL };
	struct check *c = h->check;

	if (e->code / 100 != 2)
		return;
	if (h->is_listed || !c->capabilities) { /* none was told */
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
	h->in_tls = true; /* or nothing more will come */
}

/* ---- the log-in ---- */

static const char *password_place(const struct check *c)
{
	static const char *const names[] = { "password", "passwordeval",
					     "password_file", "password_env",
					     "password_fd" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (setting_is_given(c->account, names[i]))
			return arena_format(c->arena,
					    "password from the setting %s (%s)",
					    names[i],
					    check_origin(c, names[i]));
	return "password from ~/.netrc or the prompt";
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
	struct check_step *step = check_begin(c, "auth", "log-in");

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

static void take_event(struct handshake_steps *h, const struct event *e)
{
	switch (e->kind) {
	case EVENT_CONNECTED:
		take_connected(h, e);
		break;
	case EVENT_TLS:
		take_tls(h, e);
		break;
	case EVENT_GREETING:
		take_greeting(h, e);
		break;
	case EVENT_CAPABILITY:
		take_capability(h, e);
		break;
	case EVENT_HELLO:
		take_hello(h, e);
		break;
	case EVENT_STARTTLS:
		take_starttls(h, e);
		break;
	case EVENT_LOGIN:
		take_login(h, e);
		break;
	default:
		break;
	}
}

static void take(void *context, const struct event *e)
{
	struct handshake_steps *h = context;

	trace_take(h->check->ears->trace, e);
	/* before it somebody may read their mail (pop_before_smtp) */
	if (h->check->server.stage != SMARTHOST_DIAL ||
	    h->stage == HANDSHAKE_DONE)
		return;
	if (e->code >= 400)
		h->no = text_of(h, e);
	else if (e->kind == EVENT_SENT)
		h->no = NULL;
	take_event(h, e);
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

/* Where the talk stood, unless nobody was dialled, or it is known better. */
static struct check_step *begin_failed(struct handshake_steps *h)
{
	struct check *c = h->check;

	switch (c->server.dial.conn.error) {
	case CONN_NO_LIBRARY:
		return check_begin(c, "library", "libraries");
	case CONN_INSECURE:
		return check_begin(c, "auth", "log-in");
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
		certificate_tell_bad(c);
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
