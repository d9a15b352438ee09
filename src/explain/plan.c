/* plan.c - which account and why, which servers, how many round trips; and the
 * finished message read as its receiver will: what it says of its parts is what
 * they are. */
#include "explain/plan.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "config/settings.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "mail/rawfield.h"
#include "mail/received.h"

#define HEADER_MAX (64 * 1024) /* of a part, that is looked at */
#define VALUE_MAX  1000

/* ---- the parts ---- */

/* %1B is how a control byte gets past whoever looks at fields. */
static const char *parameter(struct arena *a, const char *field,
			     const char *name)
{
	struct buf value = BUF_INIT(VALUE_MAX);
	char *copy = parameter_get(&value, field, name)
			     ? arena_dup(a, value.data)
			     : NULL;

	if (copy)
		text_sanitize(copy);
	buf_free(&value);
	return copy;
}

static void read_field(struct arena *a, const struct rawfield *r,
		       struct plan_entity *out)
{
	const char *text;

	if (r->length > VALUE_MAX)
		return;
	text = rawfield_text(a, r);
	if (rawfield_is(r, "Content-Type")) {
		out->type = received_clean(a, text, parameter_main(text));
		out->charset = parameter(a, text, "charset");
		if (!out->name)
			out->name = parameter(a, text, "name");
	} else if (rawfield_is(r, "Content-Transfer-Encoding")) {
		out->encoding = received_clean(a, text, strlen(text));
	} else if (rawfield_is(r, "Content-Disposition")) {
		const char *name = parameter(a, text, "filename");

		if (name)
			out->name = name;
	}
}

/* A part of a slice. */
static struct slice cut(struct slice s, uint64_t from, uint64_t length)
{
	if (from > s.length)
		from = s.length;
	if (length > s.length - from)
		length = s.length - from;
	if (s.memory)
		s.memory += from;
	else
		s.offset += from;
	s.length = length;
	return s;
}

static int read_header(struct arena *a, const struct slice *header,
		       struct plan_entity *out, struct error *f)
{
	struct buf text = BUF_INIT(HEADER_MAX);
	struct rawfield r;
	struct sink_buf to;
	const char *p;
	size_t n;

	sink_buf_init(&to, &text, f);
	if (pump_slice(header, &to.sink) < 0 || sink_close(&to.sink) < 0) {
		buf_free(&text);
		return -1;
	}
	for (p = text.data, n = text.len; rawfield_read(p, n, &r);
	     p += r.length, n -= r.length)
		read_field(a, &r, out);
	buf_free(&text);
	return 0;
}

static int add_entity(struct plan *p, const struct entity *e,
		      struct plan_entity ***last, struct error *f)
{
	struct slice all = stage_slice(&p->composition->stage);
	struct plan_entity *new = arena_alloc(p->arena, sizeof(*new));
	uint64_t length = e->body - e->header;
	struct slice header =
		cut(all, e->header, length < HEADER_MAX ? length : HEADER_MAX);

	new->depth = e->depth;
	new->is_leaf = e->kind == ENTITY_LEAF;
	new->size = new->is_leaf && e->end > e->body ? e->end - e->body : 0;
	if (read_header(p->arena, &header, new, f) < 0)
		return -1;
	if (!new->type)
		new->type = "text/plain";
	**last = new;
	*last = &new->next;
	return 0;
}

static int read_entities(struct plan *p, struct error *f)
{
	struct slice all = stage_slice(&p->composition->stage);
	struct plan_entity **last = &p->entities;
	struct parser parser;
	size_t count = 0;
	int r;

	parser_init(&parser, p->arena, f);
	r = pump_slice(&all, &parser.sink);
	if (r == 0)
		r = sink_close(&parser.sink);
	for (const struct entity *e = parser.first; r == 0 && e; e = e->next) {
		if (e->kind == ENTITY_CLOSE)
			continue;
		if (count++ < PLAN_SHOWN)
			r = add_entity(p, e, &last, f);
		else
			p->entities_left++;
	}
	parser_free(&parser);
	return r;
}

/* ---- the account, the way ---- */

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
	    plan_rewrites(p, f) < 0 || read_entities(p, f) < 0)
		return -1;
	count_trips(p);
	return 0;
}

void plan_free(struct plan *p)
{
	route_close(&p->route);
}
