/* handshake_steps.c - a stage is what is awaited; a whole reply, or the remark
 * that TLS stands, ends it with a step.  Where a reply is a "no" libcurl may
 * know another way, so no step is told as failed before the dial has. */
#include "check/handshake_steps.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "check/certificate.h"
#include "check/meaning.h"
#include "config/settings.h"

static const struct {
	const char *name, *title;
} stages[] = {
	[HANDSHAKE_STEPS_CONNECTION] = { "dial", "way" },
	[HANDSHAKE_STEPS_TLS] = { "tls", "TLS" },
	[HANDSHAKE_STEPS_GREETING] = { "greeting", "greeting" },
	[HANDSHAKE_STEPS_EHLO] = { "ehlo", "EHLO" },
	[HANDSHAKE_STEPS_STARTTLS] = { "starttls", "STARTTLS" },
	[HANDSHAKE_STEPS_AUTH] = { "auth", "log-in" },
	[HANDSHAKE_STEPS_DONE] = { "dial", "way" },
};

static struct check_step *begin(struct handshake_steps *h)
{
	return check_begin(h->check, stages[h->stage].name,
			   stages[h->stage].title);
}

static bool is_implicit(const struct account *account)
{
	return account->tls && !account->tls_starttls;
}

static bool logs_in(const struct account *account)
{
	return strcmp(account->auth, "off") != 0;
}

static unsigned waited(const struct handshake_steps *h)
{
	return (unsigned)(sysenv_ticks() - h->asked);
}

/* ---- TLS ---- */

static void tell_tls(struct handshake_steps *h, const char *text)
{
	struct check *c = h->check;
	const struct dial *d = &c->server.dial;
	struct check_step *step = begin(h);

	check_time(step,
		   is_implicit(c->account)
			   ? d->conn.secured_after - d->conn.connected_after
			   : waited(h));
	check_end(c, step, CHECK_GOOD, "%s", text);
	if (c->chain.count)
		certificate_tell(c);
}

static void take_tls(struct handshake_steps *h, const char *text)
{
	if (h->stage != HANDSHAKE_STEPS_TLS)
		return;
	if (!h->is_again)
		tell_tls(h, text);
	h->in_tls = true;
	h->stage = is_implicit(h->check->account) ? HANDSHAKE_STEPS_GREETING
						  : HANDSHAKE_STEPS_EHLO;
	h->asked = sysenv_ticks();
}

/* ---- EHLO ---- */

static bool is_before_tls(const struct handshake_steps *h)
{
	return h->check->account->tls && !h->in_tls;
}

static void keep_capabilities(struct handshake_steps *h)
{
	struct check *c = h->check;

	c->capabilities = arena_array(c->arena, h->count + 1, sizeof(char *));
	caps_reset(&h->caps);
	for (size_t i = 1; i < h->count; i++) {
		const char *line = h->lines[i];

		c->capabilities[i - 1] = strlen(line) > 4 ? line + 4 : "";
		caps_add(&h->caps, c->capabilities[i - 1]);
	}
}

static void tell_ehlo(struct handshake_steps *h)
{
	struct check *c = h->check;
	struct check_step *step =
		check_begin(c, is_before_tls(h) ? "ehlo_clear" : "ehlo",
			    "EHLO");
	const char *name = strlen(h->lines[0]) > 4 ? h->lines[0] + 4 : "";

	check_time(step, waited(h));
	if (is_before_tls(h)) {
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

static void tell_login(struct handshake_steps *h)
{
	struct check *c = h->check;
	struct check_step *step = begin(h);
	const char *user = c->account->user;

	check_time(step, waited(h));
	note_login(h, step);
	check_end(c, step, CHECK_GOOD, "%s%s%s", h->verb, user ? " as " : "",
		  user ? user : "");
}

/* ---- a whole reply ---- */

static void take_greeting(struct handshake_steps *h)
{
	struct check *c = h->check;
	const struct dial *d = &c->server.dial;
	uint64_t ready = d->conn.began + (d->conn.secured_after
						  ? d->conn.secured_after
						  : d->conn.connected_after);
	uint64_t now = sysenv_ticks();
	struct check_step *step;

	if (h->code / 100 != 2) /* as libcurl has it */
		return;
	if (!h->is_again) {
		step = begin(h);
		check_time(step, now > ready ? (unsigned)(now - ready) : 0);
		c->greeting = strlen(h->lines[0]) > 4 ? h->lines[0] + 4 : "";
		check_end(c, step, CHECK_GOOD, "%s", c->greeting);
	}
	h->stage = HANDSHAKE_STEPS_EHLO;
}

static void take_ehlo(struct handshake_steps *h)
{
	if (h->code / 100 != 2)
		return;
	keep_capabilities(h);
	if (!h->is_again)
		tell_ehlo(h);
	h->stage = is_before_tls(h)		? HANDSHAKE_STEPS_STARTTLS
		   : logs_in(h->check->account) ? HANDSHAKE_STEPS_AUTH
						: HANDSHAKE_STEPS_DONE;
}

static void take_starttls(struct handshake_steps *h)
{
	struct check_step *step;

	if (h->code != 220)
		return;
	if (!h->is_again) {
		step = begin(h);
		check_time(step, waited(h));
		check_end(h->check, step, CHECK_GOOD, "%s", h->lines[0]);
	}
	h->stage = HANDSHAKE_STEPS_TLS;
	h->asked = sysenv_ticks();
}

static void take_auth(struct handshake_steps *h)
{
	if (h->code != 235)
		return;
	tell_login(h);
	h->stage = HANDSHAKE_STEPS_DONE;
}

static void take_reply(struct handshake_steps *h)
{
	/* a TLS library that we cannot ask says nothing of itself */
	if (h->stage == HANDSHAKE_STEPS_TLS) {
		h->in_tls = true;
		h->stage = h->verb[0] ? HANDSHAKE_STEPS_EHLO
				      : HANDSHAKE_STEPS_GREETING;
	}
	switch (h->stage) {
	case HANDSHAKE_STEPS_GREETING:
		take_greeting(h);
		break;
	case HANDSHAKE_STEPS_EHLO:
		take_ehlo(h);
		break;
	case HANDSHAKE_STEPS_STARTTLS:
		take_starttls(h);
		break;
	case HANDSHAKE_STEPS_AUTH:
		take_auth(h);
		break;
	default:
		break;
	}
}

/* ---- lines ---- */

/* 0 where there is none, or the lines do not agree. */
static int code_of(const struct handshake_steps *h)
{
	const char *first = h->lines[0], *last = h->lines[h->count - 1];

	if (!isdigit((unsigned char)*first) || strncmp(first, last, 3) != 0)
		return 0;
	return (int)strtol(first, NULL, 10);
}

static void handshake_steps_server(struct handshake_steps *h, const char *text,
				   size_t n)
{
	bool is_last = n < 4 || text[3] != '-';

	if (h->is_whole) /* and was kept until now, for handshake_steps_failed
			  */
		h->count = 0;
	h->is_whole = is_last;
	if (h->count < HANDSHAKE_STEPS_LINES_MAX)
		h->lines[h->count++] = text_dup_safe(h->check->arena, text, n);
	if (!is_last)
		return;
	h->lines[h->count] = NULL;
	h->code = code_of(h);
	take_reply(h);
}

/* "AUTH PLAIN ***" is remembered by its mechanism. */
static void handshake_steps_client(struct handshake_steps *h, const char *text,
				   size_t n)
{
	size_t word;

	if (h->code == 334)
		return;
	h->asked = sysenv_ticks();
	h->code = 0;
	if (n > 5 && !memcmp(text, "AUTH ", 5)) {
		text += 5;
		n -= 5;
	}
	for (word = 0; word < n && text[word] != ' '; word++)
		;
	snprintf(h->verb, sizeof(h->verb), "%.*s", (int)word, text);
}

static void begin_connection(struct handshake_steps *h)
{
	/* the dial begins anew where AUTH is to be tried another way */
	h->is_again = h->stage > HANDSHAKE_STEPS_EHLO;
	h->stage = is_implicit(h->check->account) ? HANDSHAKE_STEPS_TLS
						  : HANDSHAKE_STEPS_GREETING;
	h->in_tls = false;
	h->verb[0] = '\0';
	h->count = 0;
	h->code = 0;
	h->asked = sysenv_ticks();
}

static void handshake_steps_line(void *context, char direction,
				 const char *text, size_t n)
{
	struct handshake_steps *h = context;
	const struct trace *outer = h->check->ears->trace;

	if (outer)
		outer->line(outer->context, direction, text, n);
	/* before it somebody may read his mail (pop_before_smtp) */
	if (h->check->server.stage != SMARTHOST_DIAL ||
	    h->stage == HANDSHAKE_STEPS_DONE)
		return;
	if (direction == '*' && n > 13 && !memcmp(text, "connected to ", 13))
		begin_connection(h);
	else if (direction == '*' && n > 4 && !memcmp(text, "TLSv", 4))
		take_tls(h, arena_dup_n(h->check->arena, text, n));
	else if (direction == 'C')
		handshake_steps_client(h, text, n);
	else if (direction == 'S')
		handshake_steps_server(h, text, n);
}

const struct trace *handshake_steps_init(struct handshake_steps *h,
					 struct check *c)
{
	const struct account *account = c->account;

	*h = (struct handshake_steps){ .check = c };
	h->trace.line = handshake_steps_line;
	h->trace.context = h;
	h->asked = sysenv_ticks();
	h->stage = account->socket || account->proxy_host
			   ? HANDSHAKE_STEPS_CONNECTION
		   : is_implicit(account) ? HANDSHAKE_STEPS_TLS
					  : HANDSHAKE_STEPS_GREETING;
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
	struct check_step *step;

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
		h->stage = HANDSHAKE_STEPS_STARTTLS;
		break;
	default:
		break;
	}
	step = begin(h);
	check_time(step, waited(h));
	return step;
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
	if (h->stage == HANDSHAKE_STEPS_AUTH)
		note_login(h, step);
	if (h->code >= 400)
		check_end(c, step, CHECK_BAD, "%s", h->lines[0]);
	else
		check_end(c, step, CHECK_BAD, "%s", c->error.text);
}

void handshake_steps_succeeded(struct handshake_steps *h)
{
	if (!logs_in(h->check->account))
		tell_no_login(h);
}
