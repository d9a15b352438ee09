/* plan.c - which account and why, which servers, how many round trips. */
#include "explain/plan.h"

#include <string.h>

#include "config/settings.h"

static const char *reason_of(struct arena *a, const struct composition *c)
{
	const struct account *account = c->account;
	const struct config_wish wish = request_config(c->request);
	const char *sender = wish.sender ? wish.sender : "";

	switch (account->reason) {
	case CONFIG_BY_NAME:
		return "--account names it";
	case CONFIG_BY_SENDER:
		return arena_format(a, "its `from` is the sender's address, %s",
				    sender);
	case CONFIG_BY_DETAIL:
		return arena_format(a,
				    "its `from` is the sender's address, %s, "
				    "without the +detail",
				    sender);
	case CONFIG_BY_PATTERN:
		return arena_format(a, "its `from` is a pattern that %s fits",
				    sender);
	case CONFIG_BY_DEFAULT:
		return *sender ? arena_format(a,
					      "it is the default, and no "
					      "account has %s as its `from`",
					      sender)
			       : "it is the default";
	case CONFIG_BY_LACK:
		return "it is the only one";
	case CONFIG_BY_NOTHING:
		break;
	}
	return "no account is configured";
}

bool plan_tells(const struct plan *p, const struct setting *s)
{
	static const char *const always[] = { "host", "port",	      "tls",
					      "auth", "from",	      "queue",
					      "user", "tls_starttls", NULL };

	if (s->kind == SETTING_NONE)
		return false;
	for (int i = 0; always[i]; i++)
		if (!strcmp(always[i], s->name))
			return true;
	return setting_is_given(p->composition->account, s->name);
}

/* ---- round trips ----
 *
 *	connection			1
 *	TLS from the start		1 or 2 (TLS 1.3 or 1.2)
 *	greeting, EHLO			2
 *	STARTTLS			1, TLS as above, EHLO again
 *	AUTH				1 to 3, as the mechanism goes
 *	the mail			smtp/session.c
 */

static void add(struct plan_trips *t, unsigned best, unsigned worst)
{
	t->dial_best += best;
	t->dial_worst += worst;
}

static void count_login(struct plan_trips *t, const char *auth)
{
	const struct mechanism *m = mechanism_find(auth);

	if (!strcmp(auth, "off"))
		return;
	if (m) {
		add(t, m->trips, m->trips);
		return;
	}
	add(t, 1, 3);
}

/* What goes with the envelope in one flight, at most (smtp/session.c). */
#define SMALL (64 * 1024)

static void count_trips(struct plan *p)
{
	const struct composition *c = p->composition;
	const struct account *account = c->account;
	struct plan_trips *t = &p->trips;

	t->is_known = smarthost_is_set(account);
	if (!t->is_known)
		return;
	add(t, 3, 3);
	if (account->tls)
		add(t, 1, 2);
	if (account->tls && account->tls_starttls)
		add(t, 2, 2);
	count_login(t, account->auth);
	t->both = c->stage.size <= SMALL ? 1 : 2;
	t->pipelining = 2;
	t->neither = 3 + (unsigned)c->envelope.count;
}

int plan_make(struct plan *p, struct error *f)
{
	struct composition *c = p->composition;

	p->reason = reason_of(p->arena, c);
	if (route_open(&p->route, p->arena, p->config, c->account,
		       c->request->config_path, NULL, f) < 0 ||
	    plan_rewrites(p, f) < 0 || plan_entities(p, f) < 0)
		return -1;
	count_trips(p);
	return 0;
}

void plan_free(struct plan *p)
{
	route_close(&p->route);
}
