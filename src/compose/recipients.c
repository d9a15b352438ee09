/* recipients.c - see recipients.h. */
#include "compose/recipients.h"

#include "compose/compose.h"
#include "compose/sender.h"
#include "mail/envelope.h"

/* Adds each mailbox once. */
static void add_to_envelope(struct composition *c,
			    const struct address_list *list)
{
	address_reserve(c->arena, &c->recipients, list->count);
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only)
			address_append_once(c->arena, &c->recipients,
					    &c->recipient_index,
					    &list->items[i]);
}

static void note(struct composition *c, const struct address *one,
		 const struct error *why)
{
	struct unresolved *new = arena_alloc(c->arena, sizeof(*new));

	new->name = one->spec;
	if (why)
		new->why = *why;
	new->next = c->unresolved;
	c->unresolved = new;
}

/* Is an undeliverable alias the failure of this recipient alone, as if a server
 * had refused them? */
static bool is_alone_at_error(const struct composition *c,
			      const struct error *why)
{
	const struct request *r = c->request;

	return r->action == REQUEST_SEND && !r->fails_whole &&
	       why->cause == ERROR_CONFIG && !why->temporary;
}

static int take_recipient(struct composition *c, const struct address *one,
			  struct address_list *shown, struct error *f)
{
	struct address_list single = { 0 }, found = { 0 }, seen = { 0 };
	struct error why = ERROR_INIT;
	struct address qualified = *one;

	address_append(c->arena, &single, one);
	if (resolve_recipients(&c->resolver, &single, &seen, &found, &why) <
	    0) {
		if (!is_alone_at_error(c, &why)) {
			*f = why;
			return -1;
		}
		note(c, one, &why);
		error_clear(&why);
		resolve_domain(&c->resolver, &qualified, &why);
		address_append(c->arena, shown, &qualified);
		return 0;
	}
	if (!found.count && !one->group_only)
		note(c, one, NULL);
	add_to_envelope(c, &found);
	address_append_all(c->arena, shown, &seen);
	return 0;
}

int recipients_take(struct composition *c, const struct address_list *list,
		    struct address_list *shown, struct error *f)
{
	struct address_list seen = *shown, found = { 0 };
	struct error why = ERROR_INIT;

	c->resolver.has_discarded = false;
	if (resolve_recipients(&c->resolver, list, &seen, &found, &why) == 0 &&
	    !c->resolver.has_discarded) {
		*shown = seen;
		add_to_envelope(c, &found);
		return 0;
	}
	for (size_t i = 0; i < list->count; i++)
		if (take_recipient(c, &list->items[i], shown, f) < 0)
			return -1;
	return 0;
}

int recipients_take_request(struct composition *c, struct recipient_lists *l,
			    struct error *f)
{
	const struct request *r = c->request;

	*l = (struct recipient_lists){ .to = { .count = 0 } };
	if (recipients_take(c, &r->to, &l->to, f) < 0 ||
	    recipients_take(c, &r->cc, &l->cc, f) < 0)
		return -1;
	return recipients_take(c, &r->bcc, &l->bcc, f);
}

/* ---- the envelope ---- */

/* Recipients that failed before a server is asked come last. */
static void fill_unresolved(struct composition *c)
{
	struct envelope *e = &c->envelope;

	for (struct unresolved *x = c->unresolved; x; x = x->next) {
		struct recipient *one = &e->recipients[e->count++];

		one->address = x->name;
		one->decided = true;
		one->is_discarded = !error_is_set(&x->why);
		envelope_judge(e, one, &x->why);
	}
}

int recipients_fill_envelope(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct envelope *e = &c->envelope;
	size_t settled = 0;

	if (sender_choose(c, f) < 0)
		return -1;
	e->arena = c->arena;
	for (const struct unresolved *x = c->unresolved; x; x = x->next)
		settled++;
	e->count = c->recipients.count;
	e->recipients = arena_array(c->arena, e->count + settled,
				    sizeof(*e->recipients));
	for (size_t i = 0; i < e->count; i++) {
		const struct address *one = &c->recipients.items[i];

		e->recipients[i].address = one->spec;
		e->recipients[i].needs_smtputf8 = one->needs_smtputf8;
	}
	e->dsn_notify = r->dsn_notify ? r->dsn_notify : c->account->dsn_notify;
	e->dsn_ret = r->dsn_ret ? r->dsn_ret : c->account->dsn_return;
	e->dsn_envid = r->dsn_envid;
	fill_unresolved(c);
	if (!c->recipients.count && envelope_sum_up(e, f) < 0)
		return -1;
	if (e->count || r->action == REQUEST_PRINT ||
	    r->action == REQUEST_NO_MAIL)
		return 0;
	return error_set(f, ERROR_USAGE,
			 r->recipients_from_header
				 ? "no recipient: there is none in To, Cc or "
				   "Bcc of the message, nor on the command "
				   "line"
				 : "no recipient; give one: mailsend -s "
				   "subject user@example.org");
}
