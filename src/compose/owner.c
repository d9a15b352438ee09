/* owner.c - see owner.h. */
#include "compose/owner.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "compose/compose.h"
#include "deliver/local.h"
#include "mail/domain.h"
#include "mail/header.h"
#include "mail/sealed.h"

#define VALUE_MAX (1024 * 1024) /* octets of one address field */

/* ---- addresses ---- */

/* "alice", "alice+list".  A name that needs quotes could be misread as another
 * address. */
static bool is_local_part(const struct owner *o, const char *local)
{
	const char *detail = local + strlen(o->name);

	if (!ascii_begins(local, o->name) || (*detail && *detail != '+'))
		return false;
	while (*detail && (ascii_is_atext(*detail) || *detail == '.'))
		detail++;
	return !*detail;
}

static bool is_here(struct resolver *r, const char *domain)
{
	struct error unused = ERROR_INIT;
	const char *ours;

	if (local_domain_of(domain) != LOCAL_DOMAIN_NOT)
		return true;
	ours = resolver_domain(r, &unused);
	return ours && domain_equal(domain, ours);
}

static bool fits(struct resolver *r, const struct owner *o, const char *rule,
		 const struct address *one)
{
	if (strcmp(rule, "any") == 0)
		return true;
	if (strcmp(rule, "own") == 0)
		return is_local_part(o, one->local) && is_here(r, one->domain);
	return ascii_equal(rule, one->spec) ||
	       (config_is_pattern(rule) &&
		config_pattern_fits(r->arena, rule, one->spec));
}

static bool may_use(struct resolver *r, const struct owner *o,
		    const struct address *one)
{
	for (const char *const *rule = o->senders; *rule; rule++)
		if (fits(r, o, *rule, one))
			return true;
	return false;
}

/* The display name of a masqueraded address, which is added again. */
static const char *without_mask(struct resolver *r, const struct owner *o,
				const char *name)
{
	int n;
	const char *host = local_domain_name(&n);
	const char *mask =
		arena_format(r->arena, "%s on %.*s", o->name, n, host);
	const char *tail = arena_format(r->arena, " (%s)", mask);
	size_t length = name ? strlen(name) : 0;

	if (!length || strcmp(name, mask) == 0)
		return NULL;
	if (length > strlen(tail) &&
	    strcmp(name + length - strlen(tail), tail) == 0)
		return arena_dup_n(r->arena, name, length - strlen(tail));
	return name;
}

void owner_address(struct resolver *r, const struct owner *o,
		   struct address *one)
{
	one->local = o->name;
	one->domain = "";
	one->needs_smtputf8 = false;
	one->name = without_mask(r, o, one->name);
	address_respell(r->arena, one);
}

bool owner_restrict(struct resolver *r, const struct owner *o,
		    struct address *one)
{
	if (one->group_only || !*one->local || may_use(r, o, one))
		return false;
	owner_address(r, o, one);
	return true;
}

/* ---- a header ---- */

struct settling {
	struct composition *composition;
	const char *reply_to; /* a From that was replaced; or NULL */
};

static bool is_author(const char *name)
{
	return ascii_equal(name, "From") || ascii_equal(name, "Resent-From");
}

static bool is_sender(const char *name)
{
	return ascii_equal(name, "Sender") ||
	       ascii_equal(name, "Resent-Sender");
}

static int refuse_signed(const struct composition *c, const struct field *x,
			 struct error *f)
{
	return error_set(f, ERROR_DATA,
			 "the field %s is signed (DKIM-Signature) and has a "
			 "sender that %s may not use",
			 x->name, c->request->owner->name);
}

/* Keeps the address for replies.  The account's own address belongs to nobody
 * in particular, and a bare one means nothing elsewhere. */
static bool is_worth_reply(struct composition *c,
			   const struct address_list *old)
{
	const char *own = resolver_own(&c->resolver);

	for (size_t i = 0; i < old->count; i++) {
		const struct address *one = &old->items[i];

		if (one->group_only ||
		    local_domain_of(one->domain) != LOCAL_DOMAIN_NOT ||
		    (own && ascii_equal(one->spec, own)))
			return false;
	}
	return old->count > 0;
}

static int replace(struct composition *c, struct field *x,
		   const struct address_list *now, struct error *f)
{
	struct buf value = BUF_INIT(VALUE_MAX);
	int r = address_put_list(&value, now);

	if (r == 0)
		x->value = arena_dup(c->arena, value.data);
	else
		r = error_set(f, ERROR_DATA, "the %s list is too long",
			      x->name);
	buf_free(&value);
	return r;
}

/* From with several authors is reduced to one. */
static int settle_author(struct settling *s, struct field *x,
			 const struct address_list *old, struct error *f)
{
	struct composition *c = s->composition;
	const struct owner *o = c->request->owner;
	struct address_list now = { 0 };
	bool is_changed = false, has_one = false;

	for (size_t i = 0; i < old->count && !is_changed; i++) {
		struct address one = old->items[i];

		has_one |= !one.group_only;
		is_changed = owner_restrict(&c->resolver, o, &one);
		if (is_changed)
			now.count = 0;
		one.group = NULL;
		address_append(c->arena, &now, &one);
	}
	if (!is_changed && has_one)
		return 0;
	if (dkim_covers(c->draft.dkim, x->name))
		return refuse_signed(c, x, f);
	if (!has_one) {
		struct address one = { .spec = "" };

		now.count = 0;
		owner_address(&c->resolver, o, &one);
		address_append(c->arena, &now, &one);
	}
	if (ascii_equal(x->name, "From") && is_worth_reply(c, old))
		s->reply_to = x->value;
	return replace(c, x, &now, f);
}

/* A field with another address or that cannot be parsed is removed: From names
 * the sender. */
static bool names_other(struct composition *c, const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct address one = list->items[i];

		if (owner_restrict(&c->resolver, c->request->owner, &one))
			return true;
	}
	return !list->count;
}

/* 1: remove the field. */
static int settle_field(struct settling *s, struct field *x, bool is_first,
			struct error *f)
{
	struct composition *c = s->composition;
	struct error unused = ERROR_INIT;
	struct address_list list = { 0 };

	if (ascii_equal(x->name, "Received")) {
		if (!is_first && strstr(x->value, "(mailsend)")) {
			x->name = OWNER_CLAIMED;
			/* a changed value is encoded again (draft.h) */
			x->value = arena_dup(c->arena, x->value);
		}
		return 0;
	}
	if (ascii_equal(x->name, "Authentication-Results") ||
	    ascii_begins(x->name, "X-Mailsend-"))
		return 1;
	if (!is_author(x->name) && !is_sender(x->name))
		return 0;
	if (address_parse_list(c->arena, x->value, &list, &unused) < 0) {
		list.count = 0;
		/* an invalid address becomes a display name (sender.h) */
		if (ascii_equal(x->name, "From") &&
		    !dkim_covers(c->draft.dkim, "From"))
			return 0;
	}
	if (is_author(x->name))
		return settle_author(s, x, &list, f);
	if (!names_other(c, &list))
		return 0;
	return dkim_covers(c->draft.dkim, x->name) ? refuse_signed(c, x, f) : 1;
}

int owner_restrict_header(struct composition *c, struct error *f)
{
	struct settling s = { .composition = c };
	struct header *h = &c->draft.header;

	for (struct field **x = &h->first; *x;) {
		int r = settle_field(&s, *x, *x == h->first, f);

		if (r < 0)
			return -1;
		if (r > 0)
			*x = (*x)->next;
		else
			x = &(*x)->next;
		h->last = x;
	}
	if (!s.reply_to || header_has(h, "Reply-To") ||
	    dkim_covers(c->draft.dkim, "Reply-To"))
		return 0;
	return header_add(c->arena, h, "Reply-To", s.reply_to, f);
}
