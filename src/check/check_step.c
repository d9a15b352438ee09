/* check_step.c - how a step is reported, and why it failed. */
#include "check/check.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config/settings.h"
#include "net/glossary.h"

/* ---- a step ---- */

struct check_step *check_begin(struct check *c, const char *name,
			       const char *title)
{
	struct check_step *step = arena_alloc(c->arena, sizeof(*step));

	step->name = name;
	step->title = title;
	step->text = "";
	step->last_line = &step->lines;
	return step;
}

void check_add(struct check *c, struct check_step *step, enum check_mark mark,
	       const char *format, ...)
{
	struct check_line *line = arena_alloc(c->arena, sizeof(*line));
	va_list ap;

	va_start(ap, format);
	line->text = arena_vformat(c->arena, format, ap);
	va_end(ap);
	line->mark = mark;
	*step->last_line = line;
	step->last_line = &line->next;
}

void check_time(struct check_step *step, unsigned milliseconds)
{
	step->is_timed = true;
	step->milliseconds = milliseconds;
}

void check_end(struct check *c, struct check_step *step, enum check_mark mark,
	       const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	step->text = arena_vformat(c->arena, format, ap);
	va_end(ap);
	step->mark = mark;
	if (mark == CHECK_BAD && !c->failed)
		c->failed = step;
	*c->last_step = step;
	c->last_step = &step->next;
	if (c->listener->step)
		c->listener->step(c->listener->context, step);
}

const char *check_origin(const struct check *c, const char *setting)
{
	const struct setting *row = setting_find(setting);

	return row ? c->account->origins[setting_row(row)].text : "default";
}

/* ---- why a step failed: the step gives the possible causes, what was observed
 * selects one ---- */

/* Each returns the name of a cause in the glossary; NULL if unknown. */

static const char *of_connection(const struct check *c)
{
	unsigned port = (unsigned)c->account->port;
	int error = c->reach.count ? c->reach.addresses[0].error : 0;

	/* an address that is unreachable from this machine proves little */
	for (size_t i = 0; i < c->reach.count; i++)
		if (c->reach.addresses[i].error != ENETUNREACH &&
		    c->reach.addresses[i].error != EADDRNOTAVAIL)
			error = c->reach.addresses[i].error;
	if (c->error.cause == ERROR_CONFIG)
		return "source";
	if (error == EACCES || error == EPERM)
		return "barred-here";
	if (port == 25 && error == ETIMEDOUT)
		return "port-25-no-answer";
	if (c->other_ports[0])
		return "wrong-port";
	if (error == ECONNREFUSED)
		return "refused";
	if (error == ETIMEDOUT)
		return "no-answer";
	return error == ENETUNREACH || error == EHOSTUNREACH ? "unreachable"
							     : NULL;
}

static const char *of_lookup(const struct check *c)
{
	return c->error.cause == ERROR_NOHOST ? "no-such-host" : "lookup";
}

static bool find_of_certificate(const struct check *c, struct advice *out)
{
	if (c->account->tls_fingerprint && !c->chain.is_accepted)
		return glossary_cause("certificate-fingerprint", out);
	return glossary_cause_of_chain(c->chain.verify, out);
}

/* What was observed while connecting. */
static const char *of_dial(const struct check *c)
{
	bool is_first = !strcmp(c->failed->name, "greeting");

	switch (c->server.dial.conn.error) {
	case CONN_NO_LIBRARY:
		return "no-library";
	case CONN_INSECURE:
		return "login-without-tls";
	case CONN_SOURCE:
		return "source";
	case CONN_LOOKUP:
		return of_lookup(c);
	case CONN_NAME:
		return "certificate-name";
	case CONN_NO_STARTTLS:
		return "no-starttls";
	case CONN_NO_AUTH:
		return "no-auth";
	case CONN_MECHANISM:
		return "login";
	case CONN_SILENT:
		if (c->account->tls && !c->account->tls_starttls &&
		    !c->server.dial.conn.secured_after)
			return NULL;
		return c->account->tls && c->account->tls_starttls
			       ? "tls-at-once"
			       : "no-greeting";
	case CONN_REPLY:
		return is_first ? "not-smtp" : NULL;
	case CONN_LOST:
		return is_first ? "no-greeting" : NULL;
	default:
		return NULL;
	}
}

static bool find_of_dial(const struct check *c, struct advice *out)
{
	enum conn_error kind = c->server.dial.conn.error;
	const char *name = of_dial(c);

	if (name)
		return glossary_cause(name, out);
	if (kind == CONN_CERTIFICATE)
		return find_of_certificate(c, out);
	return (kind == CONN_HANDSHAKE || kind == CONN_LOST) &&
	       glossary_cause_of_handshake(c->error.text, out);
}

/* For a step before or after the connection. */
static const char *of_step(const struct check *c, const char *step)
{
	if (!strcmp(step, "configuration"))
		return "no-server";
	if (!strcmp(step, "lookup"))
		return of_lookup(c);
	if (!strcmp(step, "connect"))
		return of_connection(c);
	if (!strcmp(step, "password"))
		return "no-password";
	/* without a reply the error is not the server's */
	return !strcmp(step, "mail") && !c->error.temporary ? "sender" : NULL;
}

/* ---- where a setting is written ---- */

static void add_setting(struct check *c, const char *name)
{
	const struct setting *row = setting_find(name);
	struct check_setting *to;
	bool is_shown;

	if (!row || c->settings_count == CHECK_SETTINGS_MAX)
		return;
	is_shown = !(row->flags & (SETTING_SECRET | SETTING_COMMAND));
	to = &c->settings[c->settings_count++];
	*to = (struct check_setting){
		.name = row->name,
		.value = is_shown ? setting_text(c->arena, row, c->account)
				  : NULL,
		.origin = check_origin(c, row->name),
	};
}

/* Of the four settings for a password only the one in effect is shown. */
static bool is_idle(const struct check *c, const char *name)
{
	return !strncmp(name, "password", 8) &&
	       !setting_is_given(c->account, name);
}

static void add_settings(struct check *c, const char *names)
{
	if (!c->account)
		return;
	for (; *names; names += strspn(names, " ")) {
		size_t n = strcspn(names, " ");
		const char *one = arena_dup_n(c->arena, names, n);

		if (!is_idle(c, one))
			add_setting(c, one);
		names += n;
	}
}

static bool find(const struct check *c, struct advice *out)
{
	const char *name;

	if (c->error.reply)
		return glossary_advice_of(&c->error,
					  c->account ? c->account->host : NULL,
					  out);
	if (!c->failed || !c->account)
		return false;
	if (c->server.dial.conn.error)
		return find_of_dial(c, out);
	name = of_step(c, c->failed->name);
	return name && glossary_cause(name, out);
}

void check_find_cause(struct check *c)
{
	struct advice advice;

	if (!find(c, &advice))
		return;
	c->cause = arena_dup(c->arena, advice.name);
	c->why = advice.why;
	c->way_out = advice.way_out;
	add_settings(c, advice.settings);
}
