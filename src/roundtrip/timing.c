/* timing.c - each event ends the leg that it is the end of. */
#include "roundtrip/timing.h"

#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"

/* The time since the last event. */
static void add(struct timing *l, enum leg leg, uint64_t now)
{
	if (now > l->since)
		l->milliseconds[leg] += (unsigned)(now - l->since);
	l->is_there[leg] = true;
	l->since = now;
}

static void begin(struct timing *l, uint64_t now)
{
	memset(l->is_there, 0, sizeof(l->is_there));
	memset(l->milliseconds, 0, sizeof(l->milliseconds));
	l->since = now;
}

static void take(void *context, const struct event *e)
{
	struct timing *l = context;

	trace_take(l->outer, e);
	if (l->is_dialled)
		return;
	switch (e->kind) {
	case EVENT_DIALING:
		/* what came before was another server */
		begin(l, e->at);
		break;
	case EVENT_CONNECTED:
		add(l, LEG_CONNECT, e->at);
		break;
	case EVENT_GREETING:
	case EVENT_HELLO:
		add(l, LEG_GREETING, e->at);
		break;
	case EVENT_STARTTLS:
	case EVENT_TLS:
		add(l, LEG_TLS, e->at);
		break;
	case EVENT_LOGIN:
		add(l, LEG_LOGIN, e->at);
		break;
	default:
		break;
	}
}

void timing_init(struct timing *l, const struct trace *outer)
{
	*l = (struct timing){ .outer = outer };
	l->trace = (struct trace){ .take = take, .context = l };
	l->since = l->start = sysenv_ticks();
}

void timing_connected(struct timing *l, const struct dial *d)
{
	l->is_dialled = true;
	snprintf(l->tls, sizeof(l->tls), "%s", d->conn.tls_version);
	snprintf(l->mechanism, sizeof(l->mechanism), "%s", d->mechanism);
}

void timing_sent(struct timing *l)
{
	/* by another server, or here: its parts are not known */
	if (!l->is_dialled)
		begin(l, l->start);
	add(l, LEG_TRANSACTION, sysenv_ticks());
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
