/* plan.c - which account and why, which servers, how many round trips; and the
 * finished message, parsed as its receiver will do, to list its parts. */
#include "explain/plan.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "compose/resolve.h"
#include "compose/rewrite.h"
#include "config/settings.h"
#include "mail/header.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "mail/rawfield.h"
#include "mail/received.h"

#define HEADER_MAX (64 * 1024) /* of a part, that is parsed */
#define VALUE_MAX  1000

/* ---- each address that was given ---- */

/* Uses the same function as the message (resolve.h), which gives the same
 * result again. */

struct list {
	struct plan *plan;
	struct plan_rewrite **last;
	size_t count;
};

static const char *spelled(struct arena *a, const struct address *one)
{
	const char *bare = one->spec && *one->spec ? one->spec : one->local;

	if (one->group_only)
		return one->group ? one->group : "";
	if (!bare || !*bare)
		return "<>";
	return one->name && *one->name
		       ? arena_format(a, "%s <%s>", one->name, bare)
		       : bare;
}

/* NULL for none. */
static const char *joined(struct arena *a, const struct address_list *list,
			  bool with_names)
{
	struct buf text = BUF_INIT(PLAN_SHOWN * (ADDRESS_MAX + 2));
	const char *copy;
	size_t i;

	for (i = 0; i < list->count && i < PLAN_SHOWN; i++) {
		const struct address *one = &list->items[i];

		buf_printf(&text, "%s%s", i ? ", " : "",
			   with_names		     ? spelled(a, one)
			   : one->spec && *one->spec ? one->spec
						     : one->local);
	}
	if (i < list->count)
		buf_printf(&text, " and %zu more", list->count - i);
	copy = list->count ? arena_dup(a, text.data) : NULL;
	buf_free(&text);
	return copy;
}

static struct plan_rewrite *append(struct list *l, const char *role,
				   const char *typed)
{
	struct plan_rewrite *one;

	if (l->count == PLAN_SHOWN) {
		l->plan->rewrites_left++;
		return NULL;
	}
	one = arena_alloc(l->plan->arena, sizeof(*one));
	one->role = role;
	one->typed = typed;
	*l->last = one;
	l->last = &one->next;
	l->count++;
	return one;
}

/* ---- recipients ---- */

/* All addresses that one address or nickname expands to. */
struct found {
	struct address_list named, alias, header, envelope;
	bool is_alias, is_list;
};

static int find(struct resolver *r, const struct address *typed,
		struct found *out, struct error *f)
{
	struct address_list one = { 0 };

	address_append(r->arena, &one, typed);
	if (r->nicknames && (r->nicknames->first || r->nicknames->missing)) {
		if (personal_aliases_expand(r->arena, r->nicknames, &one,
					    &out->named, f) < 0)
			return -1;
	} else {
		out->named = one;
	}
	for (size_t i = 0; i < out->named.count; i++) {
		struct resolution step = { .final = { .count = 0 } };

		if (resolve_address(r, &out->named.items[i], &step, f) < 0)
			return -1;
		out->is_alias |= step.expansion.is_alias;
		out->is_list |= step.expansion.is_list;
		for (size_t k = 0; k < step.expansion.list.count; k++)
			address_append(r->arena, &out->alias,
				       &step.expansion.list.items[k]);
		for (size_t k = 0; k < step.final.count; k++)
			if (!step.final.items[k].group_only)
				address_append(r->arena, &out->envelope,
					       &step.final.items[k]);
	}
	return resolve_recipients(r, &one, &out->header, NULL, f);
}

static bool is_same(const struct address_list *list, const struct address *one)
{
	return list->count == 1 && !strcmp(list->items[0].local, one->local) &&
	       ascii_equal(list->items[0].domain, one->domain);
}

static int add_recipient(struct list *l, const char *role,
			 const struct address *typed, bool is_shown,
			 bool is_sent, struct error *f)
{
	struct composition *c = l->plan->composition;
	struct plan_rewrite *one =
		append(l, role, spelled(l->plan->arena, typed));
	struct found found = { .is_alias = false };

	if (!one)
		return 0;
	if (find(&c->resolver, typed, &found, f) < 0)
		return -1;
	if (!is_same(&found.named, typed))
		one->nickname = joined(l->plan->arena, &found.named, true);
	if (found.is_alias)
		one->alias = joined(l->plan->arena, &found.alias, true);
	if (is_shown)
		one->header = joined(l->plan->arena, &found.header, true);
	if (is_sent)
		one->envelope = joined(l->plan->arena, &found.envelope, false);
	if (found.is_list)
		one->why = "a list: its members are not echoed to the "
			   "others";
	return 0;
}

static int add_recipients(struct list *l, const char *role,
			  const struct address_list *list, bool is_shown,
			  bool is_sent, struct error *f)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only &&
		    add_recipient(l, role, &list->items[i], is_shown, is_sent,
				  f) < 0)
			return -1;
	return 0;
}

/* ---- the sender ---- */

static const char *origin_of(const struct plan *p, const char *setting)
{
	const struct account *account = p->composition->account;

	return account->origins[setting_row(setting_find(setting))].text;
}

/* Was the address of a local user replaced by the account's? */
static bool is_masked(struct plan *p, const struct address *typed)
{
	struct resolver *r = &p->composition->resolver;
	struct address as_is = *typed, as_sent = *typed;
	struct error unused = ERROR_INIT;

	return resolve_domain(r, &as_is, &unused) == 0 &&
	       resolve_sender(r, &as_sent, &unused) == 0 &&
	       !address_equal(&as_is, &as_sent);
}

/* The sender if none was given. */
static const char *why_own(struct plan *p)
{
	const struct composition *c = p->composition;

	if (c->account->from)
		return arena_format(p->arena, "the account's `from` (%s)",
				    origin_of(p, "from"));
	if (resolver_own(&p->composition->resolver))
		return arena_format(p->arena,
				    "the account's `user` (%s), since there "
				    "is no `from`",
				    origin_of(p, "user"));
	return "the user of this machine";
}

/* `typed` is NULL if none was given. */
static const char *why_sender(struct plan *p, const struct address *typed)
{
	const struct account *account = p->composition->account;
	const char *from = origin_of(p, "from");

	if (typed && account->from && !account->allow_from_override)
		return arena_format(p->arena,
				    "allow_from_override is off: the account's "
				    "`from` (%s) replaces it",
				    from);
	if (typed && is_masked(p, typed))
		return arena_format(p->arena,
				    "masquerade (%s): a user of this machine "
				    "is replaced by %s",
				    origin_of(p, "masquerade"), why_own(p));
	return typed ? NULL : why_own(p);
}

static const char *header_from(const struct composition *c)
{
	return header_get(composition_header(c), "From");
}

/* The sender in the header and in the envelope may differ. */
static void add_sender(struct list *l, const struct address *of_draft)
{
	const struct composition *c = l->plan->composition;
	const struct request *r = c->request;
	struct arena *a = l->plan->arena;
	const struct address *typed = r->has_from ? &r->from : of_draft;
	struct plan_rewrite *one =
		append(l, "from", typed ? spelled(a, typed) : "");

	if (one) {
		one->header = header_from(c);
		one->why =
			c->account->set_from_header == CONFIG_ON
				? arena_format(a, "set_from_header is on (%s)",
					       origin_of(l->plan,
							 "set_from_header"))
				: why_sender(l->plan, typed);
	}
	typed = r->has_envelope_from		     ? &r->envelope_from
		: r->has_from			     ? &r->from
		: c->sender_source == SENDER_MESSAGE ? of_draft
						     : NULL;
	one = append(l, "envelope-from", typed ? spelled(a, typed) : "");
	if (one) {
		one->envelope = *c->envelope.reverse_path
					? c->envelope.reverse_path
					: "<>";
		one->why = why_sender(l->plan, typed);
	}
}

/* ---- a draft ---- */

/* The addresses in its fields, before they were changed. */
static int add_fields(struct list *l, const struct header *h, struct error *f)
{
	struct composition *c = l->plan->composition;
	bool is_read = c->request->recipients_from_header;

	for (const struct field *x = h->first; x; x = x->next) {
		struct address_list list = { 0 };
		struct error unused = ERROR_INIT;
		bool is_bcc = header_is_bcc(x->name);

		if (!header_is_address(x->name) ||
		    ascii_equal(x->name, "From") ||
		    ascii_equal(x->name, "Sender") ||
		    rewrite_is_notice(x->value) ||
		    address_parse_list(l->plan->arena, x->value, &list,
				       &unused) < 0)
			continue;
		if (add_recipients(l, x->name, &list, !is_bcc,
				   is_read && (is_bcc ||
					       ascii_equal(x->name, "To") ||
					       ascii_equal(x->name, "Cc")),
				   f) < 0)
			return -1;
	}
	return 0;
}

/* The composition has modified its copy. */
static int read_again(struct plan *p, struct draft *d, struct error *f)
{
	struct slice content = p->composition->draft.content;

	return draft_read(p->arena, &content, d, f);
}

static int find_rewrites(struct plan *p, struct error *f)
{
	const struct request *r = p->composition->request;
	struct list l = { .plan = p, .last = &p->rewrites };
	struct draft d = { .body = 0 };
	const char *from;

	header_init(&d.header);
	if (p->composition->draft.content.length && read_again(p, &d, f) < 0)
		return -1;
	from = header_get(&d.header, "From");
	add_sender(&l, from ? address_first(p->arena, from) : NULL);
	if (add_recipients(&l, "to", &r->to, true, true, f) < 0 ||
	    add_recipients(&l, "cc", &r->cc, true, true, f) < 0 ||
	    add_recipients(&l, "bcc", &r->bcc, false, true, f) < 0 ||
	    add_recipients(&l, "reply-to", &r->reply_to, true, false, f) < 0)
		return -1;
	return add_fields(&l, &d.header, f);
}

/* ---- the parts ---- */

/* Sanitized after decoding: a control byte may be encoded as %1B. */
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

/* ---- the account and the server ---- */

static const char *reason_of(struct arena *a, const struct composition *c)
{
	const struct account *account = c->account;
	const struct config_query query = request_config(c->request);
	const char *sender = query.sender ? query.sender : "";

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

/* What is sent in one pipeline with the envelope, at most (smtp/session.c). */
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
	    find_rewrites(p, f) < 0 || read_entities(p, f) < 0)
		return -1;
	count_trips(p);
	return 0;
}

void plan_free(struct plan *p)
{
	route_close(&p->route);
}
