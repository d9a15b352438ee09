/* check_nagios.c - the line of a monitoring plugin: what it is, then
 * 'label'=value;warning;critical;least. */
#include <string.h>

#include "check/check_report.h"

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
	/* the way is good, and a recipient is to wait */
	if (is_step(bad, "rcpt") && c->error.temporary)
		return WARNING;
	return CRITICAL;
}

/* A bar begins the performance data. */
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
	buf_puts(out, " takes mail from ");
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
