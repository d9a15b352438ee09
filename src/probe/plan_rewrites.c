/* plan_rewrites.c - each address that was typed, by the rule that the message
 * went by (resolve.h): asked once more, it says the same. */
#include <string.h>

#include "base/ascii.h"
#include "config/settings.h"
#include "mail/header.h"
#include "probe/plan.h"
#include "submit/resolve.h"
#include "submit/rewrite.h"

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

/* All that one address or nickname stands for. */
struct found {
	struct address_list named, alias, header, envelope;
	bool is_alias, is_list;
};

static int find(struct resolver *r, const struct address *typed,
		struct found *out, struct fault *f)
{
	struct address_list one = { 0 };

	address_append(r->arena, &one, typed);
	if (r->nicknames && r->nicknames->first) {
		if (nicknames_expand(r->arena, r->nicknames, &one, &out->named,
				     f) < 0)
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
			 bool is_sent, struct fault *f)
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
		one->why = "a list: whoever is on it is not shown to the "
			   "others";
	return 0;
}

static int add_recipients(struct list *l, const char *role,
			  const struct address_list *list, bool is_shown,
			  bool is_sent, struct fault *f)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only &&
		    add_recipient(l, role, &list->items[i], is_shown, is_sent,
				  f) < 0)
			return -1;
	return 0;
}

/* ---- the sender ---- */

static const char *why_sender(const struct plan *p, bool is_given)
{
	const struct account *account = p->composition->account;
	const char *origin =
		account->origins[setting_row(setting_find("from"))].text;

	if (is_given && account->from && !account->allow_from_override)
		return arena_format(p->arena,
				    "allow_from_override is off: the "
				    "account's `from` (%s) stands in its place",
				    origin);
	if (is_given)
		return NULL;
	return account->from ? arena_format(p->arena,
					    "the account's `from` (%s)", origin)
			     : "the user of this machine";
}

static const char *header_from(const struct composition *c)
{
	return header_get(c->is_draft ? &c->draft.header : &c->message.header,
			  "From");
}

/* In the header and in the envelope it may be two. */
static void add_sender(struct list *l, const char *draft_from)
{
	const struct composition *c = l->plan->composition;
	const struct request *r = c->request;
	struct arena *a = l->plan->arena;
	const char *typed = r->has_from ? spelled(a, &r->from) : draft_from;
	struct plan_rewrite *one;

	one = append(l, "from", typed ? typed : "");
	if (one) {
		one->header = header_from(c);
		one->why = why_sender(l->plan, typed != NULL);
	}
	typed = r->has_envelope_from	      ? spelled(a, &r->envelope_from)
		: r->has_from		      ? spelled(a, &r->from)
		: r->reverse_path_from_header ? draft_from
					      : NULL;
	one = append(l, "envelope-from", typed ? typed : "");
	if (one) {
		one->envelope = *c->envelope.reverse_path
					? c->envelope.reverse_path
					: "<>";
		one->why = why_sender(l->plan, typed != NULL);
	}
}

/* ---- a draft ---- */

/* Who is named in its own fields, before anything was done to them. */
static int add_fields(struct list *l, const struct header *h, struct fault *f)
{
	struct composition *c = l->plan->composition;
	bool is_read = c->request->recipients_from_header;

	for (const struct field *x = h->first; x; x = x->next) {
		struct address_list list = { 0 };
		struct fault unused = FAULT_INIT;
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

/* The composition has changed its own. */
static int read_again(struct plan *p, struct draft *d, struct fault *f)
{
	struct slice content = p->composition->draft.content;

	return draft_read(p->arena, &content, d, f);
}

int plan_rewrites(struct plan *p, struct fault *f)
{
	const struct request *r = p->composition->request;
	struct list l = { .plan = p, .last = &p->rewrites };
	const char *from = NULL;
	struct draft d = { .body = 0 };

	header_init(&d.header);
	if (r->draft_path || p->composition->draft.content.length) {
		if (read_again(p, &d, f) < 0)
			return -1;
		from = header_get(&d.header, "From");
	}
	add_sender(&l, from);
	if (add_recipients(&l, "to", &r->to, true, true, f) < 0 ||
	    add_recipients(&l, "cc", &r->cc, true, true, f) < 0 ||
	    add_recipients(&l, "bcc", &r->bcc, false, true, f) < 0 ||
	    add_recipients(&l, "reply-to", &r->reply_to, true, false, f) < 0)
		return -1;
	return add_fields(&l, &d.header, f);
}
