/* check_report.c - the results: for people, as JSON, as the line of a
 * monitoring plugin, and in the format of msmtp. */
#include "check/check.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/json.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "check/handshake_steps.h"
#include "deliver/jsonify.h"

/* ---- for people ---- */

#define WIDTH	    79
#define TITLE_WIDTH 14
#define TIME_WIDTH  9

struct check_look check_look(void)
{
	bool is_terminal = sysenv_is_terminal(STDOUT_FILENO);
	const char *terminal = sysenv_env("TERM");

	return (struct check_look){
		.has_ticks = is_terminal && !strcmp(sysenv_charset(), "utf-8"),
		.has_colour = is_terminal && !sysenv_env("NO_COLOR") &&
			      terminal && strcmp(terminal, "dumb") != 0,
	};
}

static const struct {
	const char *tick, *word, *colour;
} marks[] = {
	[CHECK_NOTE] = { "\302\267", "-", "" },
	[CHECK_GOOD] = { "\342\234\223", "ok", "\033[32m" },
	[CHECK_WARNING] = { "!", "WARN", "\033[33m" },
	[CHECK_BAD] = { "\342\234\227", "FAILED", "\033[31m" },
};

static size_t mark_width(const struct check_look *look)
{
	return look->has_ticks ? 1 : 6;
}

static void put_mark(const struct check_look *look, enum check_mark mark,
		     struct buf *out)
{
	const char *text =
		look->has_ticks ? marks[mark].tick : marks[mark].word;
	bool is_coloured = look->has_colour && *marks[mark].colour;

	buf_printf(out, "%s%s%s%*s", is_coloured ? marks[mark].colour : "",
		   text, is_coloured ? "\033[0m" : "",
		   (int)(mark_width(look) - text_width(text, strlen(text))),
		   "");
}

/* Wraps the text at the right margin; further lines are indented. */
static void put_wrapped(struct buf *out, const char *text, size_t indent,
			size_t hang)
{
	size_t column = indent;

	while (*text) {
		size_t n = strcspn(text, " ");
		size_t width = text_width(text, n);

		if (column > indent && column + 1 + width > WIDTH) {
			buf_printf(out, "\n%*s", (int)(indent + hang), "");
			column = indent + hang;
		} else if (column > indent) {
			buf_putc(out, ' ');
			column++;
		}
		buf_put(out, text, n);
		column += width;
		text += n;
		text += strspn(text, " ");
	}
	buf_putc(out, '\n');
}

static void put_time(const struct check_step *step, struct buf *out)
{
	char text[32] = "";

	if (step->is_timed && step->milliseconds < 10000)
		snprintf(text, sizeof(text), "%u ms", step->milliseconds);
	else if (step->is_timed)
		snprintf(text, sizeof(text), "%.1f s",
			 (double)step->milliseconds / 1000);
	buf_printf(out, "%*s", TIME_WIDTH, text);
}

void check_text_step(const struct check_look *look,
		     const struct check_step *step, struct buf *out)
{
	size_t indent = mark_width(look) + 1 + TITLE_WIDTH + TIME_WIDTH + 2;

	put_mark(look, step->mark, out);
	buf_printf(out, " %-*s", TITLE_WIDTH, step->title);
	put_time(step, out);
	buf_puts(out, "  ");
	put_wrapped(out, step->text, indent, 0);
	for (const struct check_line *line = step->lines; line;
	     line = line->next) {
		bool is_marked = look->has_ticks && line->mark != CHECK_NOTE;

		buf_printf(out, "%*s", (int)indent, "");
		if (is_marked) {
			put_mark(look, line->mark, out);
			buf_putc(out, ' ');
		}
		put_wrapped(out, line->text, indent + (is_marked ? 2 : 0), 2);
	}
}

static void put_clause(struct buf *out, const char *head, const char *clause)
{
	buf_printf(out, "%-8s", head);
	put_wrapped(out, clause, 8, 0);
}

static void put_settings(const struct check *c, struct buf *out)
{
	for (size_t i = 0; i < c->settings_count; i++) {
		const struct check_setting *s = &c->settings[i];
		bool is_default = !strcmp(s->origin, "default");

		buf_printf(out, "%-8s%s%s%s  (%s)\n", i ? "" : "Now:", s->name,
			   s->value && *s->value ? " " : "",
			   s->value ? s->value : "",
			   is_default ? "not set" : s->origin);
	}
	if (c->settings_count && c->account &&
	    strcmp(c->account->origin, "default") != 0)
		buf_printf(out, "%-8saccount %s begins at %s\n", "",
			   c->account->name, c->account->origin);
}

static const char *good_news(const struct check *c)
{
	const struct envelope *e = &c->composition.envelope;

	return arena_format(c->arena, "OK: %s accepts mail from <%s>%s.",
			    smarthost_name(c->arena, c->account),
			    e->reverse_path,
			    e->count ? " for the given recipients" : "");
}

void check_text_end(const struct check_look *look, const struct check *c,
		    struct buf *out)
{
	(void)look;
	if (!c->failed) {
		buf_putc(out, '\n');
		put_wrapped(out, good_news(c), 0, 0);
		return;
	}
	buf_putc(out, '\n');
	put_clause(out, "Error:", c->error.text);
	if (c->why)
		put_clause(out, "Why:", c->why);
	if (c->way_out)
		put_clause(out, "Do:", c->way_out);
	put_settings(c, out);
}

/* ---- JSON ---- */

static const char *const mark_words[] = {
	[CHECK_NOTE] = "note",
	[CHECK_GOOD] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_BAD] = "failed",
};

static json_t *step_json(const struct check_step *step)
{
	json_t *object = json_object(), *lines = json_array();

	for (const struct check_line *line = step->lines; line;
	     line = line->next)
		json_array_append_new(lines, jsonify_text(line->text));
	json_object_set_new(object, "name", json_string(step->name));
	json_object_set_new(object, "status",
			    json_string(mark_words[step->mark]));
	json_object_set_new(object, "milliseconds",
			    step->is_timed ? json_integer(step->milliseconds)
					   : json_null());
	json_object_set_new(object, "text", jsonify_text(step->text));
	json_object_set_new(object, "details", lines);
	return object;
}

static json_t *addresses_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->reach.count; i++) {
		const struct reach_address *one = &c->reach.addresses[i];
		json_t *object = json_object();

		json_object_set_new(object, "address", json_string(one->text));
		json_object_set_new(object, "family",
				    json_string(one->place.ss_family == AF_INET6
							? "ipv6"
							: "ipv4"));
		json_object_set_new(object, "open", json_boolean(one->is_open));
		json_object_set_new(object, "milliseconds",
				    json_integer(one->milliseconds));
		json_object_set_new(object, "error",
				    one->is_open ? json_null()
						 : jsonify_text(strerror(
							   one->error)));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *certificates_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->chain.count; i++) {
		const struct chain_certificate *x = &c->chain.certificates[i];
		json_t *object = json_object();

		json_object_set_new(object, "subject",
				    jsonify_text(x->subject));
		json_object_set_new(object, "issuer", jsonify_text(x->issuer));
		json_object_set_new(object, "names", jsonify_text(x->names));
		json_object_set_new(object, "since",
				    json_string(
					    handshake_day(c->arena, x->since)));
		json_object_set_new(object, "until",
				    json_string(
					    handshake_day(c->arena, x->until)));
		json_object_set_new(object, "key", jsonify_text(x->key));
		json_object_set_new(object, "sha256", json_string(x->sha256));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *settings_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->settings_count; i++) {
		const struct check_setting *s = &c->settings[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_string(s->name));
		json_object_set_new(object, "value", jsonify_text(s->value));
		json_object_set_new(object, "origin", jsonify_text(s->origin));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *failure_json(const struct check *c)
{
	const struct error *f = &c->error;
	json_t *object;

	if (!c->failed)
		return json_null();
	object = json_object();
	json_object_set_new(object, "step", json_string(c->failed->name));
	json_object_set_new(object, "error", jsonify_text(f->text));
	json_object_set_new(object, "kind", json_string(error_name(f->cause)));
	json_object_set_new(object, "temporary", json_boolean(f->temporary));
	json_object_set_new(object, "code",
			    f->reply ? json_integer(f->reply) : json_null());
	json_object_set_new(object, "enhanced",
			    f->esc[0] ? json_string(f->esc) : json_null());
	json_object_set_new(object, "cause", jsonify_text(c->cause));
	json_object_set_new(object, "why", jsonify_text(c->why));
	json_object_set_new(object, "way_out", jsonify_text(c->way_out));
	json_object_set_new(object, "settings", settings_json(c));
	return object;
}

static void put_server(const struct check *c, json_t *object)
{
	const struct account *account = c->account;
	const struct dial *d = &c->server.dial;
	json_t *capabilities = json_array();

	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++)
		json_array_append_new(capabilities,
				      jsonify_text(c->capabilities[i]));
	json_object_set_new(object, "account",
			    jsonify_text(account ? account->name : NULL));
	json_object_set_new(object, "host",
			    jsonify_text(account ? account->host : NULL));
	json_object_set_new(object, "port",
			    account && account->host
				    ? json_integer(account->port)
				    : json_null());
	json_object_set_new(object, "addresses", addresses_json(c));
	json_object_set_new(object, "greeting", jsonify_text(c->greeting));
	json_object_set_new(object, "capabilities", capabilities);
	json_object_set_new(object, "tls",
			    d->conn.tls_version[0]
				    ? json_string(d->conn.tls_version)
				    : json_null());
	json_object_set_new(object, "auth",
			    d->mechanism[0] ? json_string(d->mechanism)
					    : json_null());
	json_object_set_new(object, "certificates", certificates_json(c));
	json_object_set_new(object, "certificate_days",
			    c->has_days ? json_integer(c->days) : json_null());
}

int check_json(const struct check *c, struct buf *out)
{
	json_t *object = json_object(), *steps = json_array();

	for (const struct check_step *s = c->steps; s; s = s->next)
		json_array_append_new(steps, step_json(s));
	json_object_set_new(object, "status",
			    json_string(c->failed ? "failed" : "ok"));
	json_object_set_new(object, "exit", jsonify_exit(check_exit(c)));
	put_server(c, object);
	json_object_set_new(object, "steps", steps);
	json_object_set_new(object, "failure", failure_json(c));
	return jsonify_put(object, out);
}

/* ---- a monitoring plugin: the state, then
 * 'label'=value;warning;critical;minimum ---- */

enum { OK, WARNING, CRITICAL, UNKNOWN };

static bool is_step(const struct check_step *step, const char *name)
{
	return strcmp(step->name, name) == 0;
}

static int status_of(const struct check *c)
{
	const struct check_step *bad = c->failed;

	if (!bad) {
		if (c->has_days && c->days < (int)c->options->crit_days)
			return CRITICAL;
		return c->has_days && c->days < (int)c->options->warn_days
			       ? WARNING
			       : OK;
	}
	if (is_step(bad, "configuration") || is_step(bad, "addresses") ||
	    is_step(bad, "password"))
		return UNKNOWN;
	/* the server works, but asks to try a recipient later */
	if (is_step(bad, "rcpt") && c->error.temporary)
		return WARNING;
	return CRITICAL;
}

/* A bar begins the performance data, so it is replaced. */
static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_putc(out, *text == '|' ? '/' : *text);
}

static void put_days(const struct check *c, struct buf *out)
{
	if (c->has_days)
		buf_printf(out, ", certificate %s%d days",
			   c->days < 0 ? "over since " : "",
			   c->days < 0 ? -c->days : c->days);
}

static void put_state(const struct check *c, struct buf *out)
{
	const struct dial *d = &c->server.dial;

	if (c->failed) {
		buf_printf(out, "%s: ", c->failed->title);
		put_text(out, c->error.text);
		if (c->why) {
			buf_puts(out, "; ");
			put_text(out, c->why);
		}
		return;
	}
	put_text(out, smarthost_name(c->arena, c->account));
	buf_puts(out, " accepts mail from ");
	put_text(out, c->composition.envelope.reverse_path);
	if (d->conn.tls_version[0])
		buf_printf(out, ", %.*s",
			   (int)strcspn(d->conn.tls_version, ","),
			   d->conn.tls_version);
	put_days(c, out);
}

static void put_seconds(struct buf *out, const char *label, unsigned number,
			unsigned milliseconds)
{
	buf_printf(out, " %s", label);
	if (number)
		buf_printf(out, "%u", number);
	buf_printf(out, "=%u.%03us;;;0", milliseconds / 1000,
		   milliseconds % 1000);
}

static void put_data(const struct check *c, struct buf *out)
{
	unsigned recipients = 0, all = 0;

	for (const struct check_step *s = c->steps; s; s = s->next)
		all += s->is_timed ? s->milliseconds : 0;
	buf_puts(out, " |");
	put_seconds(out, "time", 0, all);
	for (const struct check_step *s = c->steps; s; s = s->next) {
		bool is_recipient = is_step(s, "rcpt");

		if (s->is_timed && recipients < 10)
			put_seconds(out, s->name,
				    is_recipient ? ++recipients : 0,
				    s->milliseconds);
	}
	if (c->has_days)
		buf_printf(out, " certificate_days=%d;%u:;%u:", c->days,
			   c->options->warn_days, c->options->crit_days);
	buf_putc(out, '\n');
}

int check_nagios(const struct check *c, struct buf *out)
{
	static const char *const words[] = { "OK", "WARNING", "CRITICAL",
					     "UNKNOWN" };
	int status = status_of(c);

	buf_printf(out, "MAILSEND %s - ", words[status]);
	put_state(c, out);
	put_data(c, out);
	return status;
}

/* ---- msmtp's format: headings, order and labels of the fingerprints are those
 * that its users' scripts look for ---- */

static const char *moment(struct arena *a, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm t;
	char text[64];

	if (!gmtime_r(&when, &t) ||
	    !strftime(text, sizeof(text), "%a %d %b %Y %H:%M:%S UTC", &t))
		return "?";
	return arena_dup(a, text);
}

static void put_parts(struct buf *out, const char *head,
		      const char *const *parts)
{
	static const char *const labels[CHAIN_PARTS] = {
		[CHAIN_COMMON_NAME] = "Common Name",
		[CHAIN_ORGANIZATION] = "Organization",
		[CHAIN_UNIT] = "Organizational unit",
		[CHAIN_LOCALITY] = "Locality",
		[CHAIN_STATE] = "State or Province",
		[CHAIN_COUNTRY] = "Country",
	};

	buf_printf(out, "    %s:\n", head);
	for (int i = 0; i < CHAIN_PARTS; i++)
		if (parts[i])
			buf_printf(out, "        %s: %s\n", labels[i],
				   parts[i]);
}

static void put_certificate(const struct check *c, struct buf *out)
{
	const struct chain_certificate *x = &c->chain.certificates[0];

	buf_puts(out, "TLS certificate information:\n");
	put_parts(out, "Owner", x->owner);
	put_parts(out, "Issuer", x->signer);
	buf_printf(out, "    Validity:\n        Activation time: %s\n",
		   moment(c->arena, x->since));
	buf_printf(out, "        Expiration time: %s\n",
		   moment(c->arena, x->until));
	buf_printf(out,
		   "    Fingerprints:\n        SHA256: %s\n"
		   "        SHA1 (deprecated): %s\n",
		   x->sha256, x->sha1);
}

static void put_capabilities(const struct check *c, struct buf *out)
{
	struct caps caps;

	caps_reset(&caps);
	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++)
		caps_add(&caps, c->capabilities[i]);
	buf_puts(out, c->capabilities && c->capabilities[0]
			      ? "Capabilities:\n"
			      : "No capabilities are announced.\n");
	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++) {
		const char *line = c->capabilities[i];
		const char *rest = strpbrk(line, " =");

		if (ascii_begins(line, "AUTH") && rest)
			buf_printf(out, "    AUTH:\n        %s\n",
				   caps.auth.names);
		else
			buf_printf(out, "    %s\n",
				   handshake_capability(c->arena, line, &caps,
							c->account));
	}
	if (!c->account->tls && caps_has(&caps, CAPS_STARTTLS))
		buf_puts(out, "With TLS it may offer others (--tls).\n");
}

void check_serverinfo(const struct check *c, struct buf *out)
{
	const struct dial *d = &c->server.dial;
	const struct account *account = c->account;

	if (account->socket)
		buf_printf(out, "SMTP server at %s:\n", account->socket);
	else
		buf_printf(out, "SMTP server at %s (%s), port %d:\n",
			   account->host,
			   c->reach.count ? c->reach.addresses[0].text
					  : "by a proxy",
			   account->port);
	buf_printf(out, "    %s\n", c->greeting ? c->greeting : "");
	if (d->conn.tls_version[0])
		buf_printf(out, "TLS session parameters:\n    %s\n",
			   d->conn.tls_version);
	if (c->chain.count)
		put_certificate(c, out);
	put_capabilities(c, out);
}
