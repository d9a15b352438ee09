/* timing.c - the time from one line to the next belongs to what was awaited. */
#include "roundtrip/timing.h"

#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"

static bool begins(const char *text, size_t n, const char *with)
{
	size_t length = strlen(with);

	return n >= length && memcmp(text, with, length) == 0;
}

/* From now on it is another leg's time. */
static void go_on(struct timing *l, enum leg leg)
{
	uint64_t now = sysenv_ticks();

	l->milliseconds[l->at] += (unsigned)(now - l->since);
	l->is_there[l->at] = true;
	l->at = leg;
	l->since = now;
}

static void hear(void *context, char direction, const char *text, size_t n)
{
	struct timing *l = context;

	if (l->outer)
		l->outer->line(l->outer->context, direction, text, n);
	if (l->at == LEG_TRANSACTION)
		return;
	if (direction == '*' && begins(text, n, "connected to ")) {
		go_on(l, LEG_GREETING);
		l->heard = l->since;
	} else if (direction == '*' && begins(text, n, "TLSv"))
		go_on(l, LEG_GREETING);
	else if (direction == 'C' && begins(text, n, "STARTTLS"))
		go_on(l, LEG_TLS);
	else if (direction == 'C' && begins(text, n, "AUTH "))
		go_on(l, LEG_LOGIN);
}

void timing_init(struct timing *l, const struct trace *outer)
{
	*l = (struct timing){ .outer = outer, .at = LEG_CONNECT };
	l->trace.line = hear;
	l->trace.context = l;
	l->since = l->start = sysenv_ticks();
}

/* That the connection stands, and TLS where it comes first, is heard only with
 * the greeting: libcurl knows better. */
static void part_connection(struct timing *l, const struct dial *d)
{
	bool is_implicit = !l->is_there[LEG_TLS] &&
			   d->conn.secured_after > d->conn.connected_after;
	unsigned ready =
		is_implicit ? d->conn.secured_after : d->conn.connected_after;
	unsigned greeted = (unsigned)(l->heard - d->conn.began);

	if (!l->heard || l->heard < d->conn.began || greeted < ready)
		return;
	l->milliseconds[LEG_CONNECT] = d->conn.connected_after;
	l->milliseconds[LEG_GREETING] += greeted - ready;
	if (!is_implicit)
		return;
	l->milliseconds[LEG_TLS] =
		d->conn.secured_after - d->conn.connected_after;
	l->is_there[LEG_TLS] = true;
}

void timing_connected(struct timing *l, const struct dial *d)
{
	go_on(l, LEG_TRANSACTION);
	l->is_dialled = true;
	part_connection(l, d);
	snprintf(l->tls, sizeof(l->tls), "%s", d->conn.tls_version);
	snprintf(l->mechanism, sizeof(l->mechanism), "%s", d->mechanism);
}

void timing_sent(struct timing *l)
{
	/* by another server, or here: its parts are not known */
	if (!l->is_dialled) {
		memset(l->is_there, 0, sizeof(l->is_there));
		memset(l->milliseconds, 0, sizeof(l->milliseconds));
		l->since = l->start;
	}
	l->at = LEG_TRANSACTION;
	go_on(l, LEG_TRANSACTION);
}

const char *timing_name(enum leg leg)
{
	static const char *const names[] = {
		[LEG_CONNECT] = "connection",
		[LEG_GREETING] = "greeting",
		[LEG_TLS] = "tls",
		[LEG_LOGIN] = "login",
		[LEG_TRANSACTION] = "transaction",
	};

	return names[leg];
}
