/* route.c - one account after the other, until each recipient has its answer.
 *
 * What the next account says counts only where it says more than the one
 * before it did:
 *
 *	it accepted, or its server spoke	counts
 *	its server was lost during the mail	counts: that is temporary
 *	we did not ask it (too large for it)	does not: the first may take it
 *	it was not reached			does not, unless it may be
 *						tomorrow and the first may not
 *
 * so that a mail which waits for the first account is never given up for what
 * its understudy cannot do. */
#include "deliver/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "deliver/local.h"
#include "deliver/transport.h"

/* A recipient while accounts are tried. */
struct standing {
	bool is_asked;	 /* had no verdict when we began */
	bool is_offered; /* to the account at hand */
	bool is_way;	 /* what was said is about the way, not the mail */
	/* what counts of the accounts before */
	bool was_way;
	struct small_error before;
	const char *reply;
};

/* ---- the accounts ---- */

static bool has_account(const struct route *r, const char *name)
{
	for (unsigned i = 0; i < r->count; i++)
		if (strcmp(r->hosts[i].account->name, name) == 0)
			return true;
	return false;
}

static int add_fallback(struct route *r, struct config *config,
			const char *name, struct error *f)
{
	const struct account *first = r->hosts[0].account;
	const struct config_wish wish = { .account = name,
					  .sender = first->from };
	struct error wrong = ERROR_INIT;
	struct account *account;

	if (has_account(r, name))
		return 0;
	if (r->count == ROUTE_MAX)
		return error_set(f, ERROR_CONFIG,
				 "account %s has more than %d fallbacks",
				 first->name, ROUTE_MAX - 1);
	if (config_choose(config, &wish, &account, &wrong) < 0)
		return error_set(f, ERROR_CONFIG,
				 "the fallback of account %s: %s", first->name,
				 wrong.text);
	smarthost_init(&r->hosts[r->count++], r->arena, account, r->trace);
	return 0;
}

int route_open(struct route *r, struct arena *a, struct config *config,
	       const struct account *first, const char *config_path,
	       const struct trace *trace, struct error *f)
{
	const char *list = first->fallback;

	*r = (struct route){ .arena = a,
			     .config_path = config_path,
			     .trace = trace,
			     .count = 1 };
	smarthost_init(&r->hosts[0], a, first, trace);
	while (list && *list) {
		size_t n = strcspn(list, ", \t");

		if (n &&
		    add_fallback(r, config, arena_dup_n(a, list, n), f) < 0)
			return -1;
		list += n;
		list += strspn(list, ", \t");
	}
	return 0;
}

void route_close(struct route *r)
{
	for (unsigned i = 0; i < r->count; i++)
		smarthost_close(&r->hosts[i]);
	r->count = 0;
}

bool route_takes_8bit(const struct route *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (smarthost_is_set(r->hosts[i].account) &&
		    (!r->hosts[i].is_open ||
		     !caps_has(&r->hosts[i].dial.caps, CAPS_8BITMIME)))
			return false;
	return true;
}

/* ---- one mail ---- */

/* Whom the account at hand is offered: at first all who have no verdict, then
 * those who were deferred or whom nobody could be asked about. */
static size_t offer(struct envelope *e, struct standing *all)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *one = &e->recipients[i];
		struct standing *st = &all[i];

		st->is_offered =
			st->is_asked &&
			(!one->decided || one->verdict.temporary ||
			 (st->is_way && small_error_is_set(&one->verdict)));
		if (!st->is_offered)
			continue;
		st->was_way = st->is_way;
		st->before = one->verdict;
		st->reply = one->reply;
		st->is_way = false;
		envelope_reopen(one);
		n++;
	}
	return n;
}

/* Nobody could be asked about those who are left. */
static void decide_way(struct envelope *e, struct standing *all,
		       const struct error *why)
{
	for (size_t i = 0; i < e->count; i++)
		all[i].is_way |= !e->recipients[i].decided;
	envelope_decide_rest(e, why);
}

/* Takes back what was lost with a connection that was used up. */
static void ask_again(struct envelope *e, const struct standing *all)
{
	for (size_t i = 0; i < e->count; i++) {
		struct recipient *one = &e->recipients[i];

		if (!all[i].is_offered || !one->verdict.temporary)
			continue;
		envelope_reopen(one);
	}
}

static void send_over(struct smarthost *h, struct envelope *e,
		      struct standing *all, struct load *load,
		      const struct session_progress *progress,
		      struct outcome *out)
{
	struct error f = ERROR_INIT;

	if (smarthost_open(h, &f) < 0) {
		decide_way(e, all, &f);
		return;
	}
	if (smarthost_send(h, e, load, progress, out, &f) == 0 ||
	    !smarthost_was_stale(h))
		return;
	ask_again(e, all);
	error_clear(&f);
	if (smarthost_open(h, &f) < 0)
		decide_way(e, all, &f);
	else
		smarthost_send(h, e, load, progress, out, &f);
}

/* No route: the recipient is not local. */
static void send_here(const struct route *r, const struct account *account,
		      struct envelope *e, struct standing *all,
		      const struct load *load, struct outcome *out)
{
	struct error ignored = ERROR_INIT;

	local_deliver(r->arena, account, r->config_path, e,
		      &load->content.bytes, out, &ignored);
	for (size_t i = 0; i < e->count; i++)
		all[i].is_way |= all[i].is_offered &&
				 e->recipients[i].verdict.cause == ERROR_CONFIG;
}

static void send_otherwise(const struct route *r, const struct account *account,
			   struct envelope *e, struct standing *all,
			   const struct load *load, struct outcome *out)
{
	struct error f = ERROR_INIT;

	if (transport_send(r->arena, account, e, &load->content.bytes, out,
			   &f) < 0)
		decide_way(e, all, &f);
}

static bool says_more(const struct small_error *now, const struct standing *st)
{
	if (!small_error_is_set(now) || !small_error_is_set(&st->before))
		return true;
	if (st->is_way)
		return now->temporary && !st->before.temporary;
	return now->reply || now->temporary;
}

/* Both sentences: each of the two may be what has to be fixed. */
static void add_words(struct envelope *e, struct small_error *to,
		      const char *account, const struct small_error *other)
{
	struct error both = ERROR_INIT;

	error_set(&both, to->cause, "%s; account %s: %s", small_error_text(to),
		  account, small_error_text(other));
	to->text = envelope_keep(e, both.text);
}

/* What the account at hand said, where it counts; was there any such? */
static bool weigh(const struct route *r, unsigned at, struct envelope *e,
		  struct standing *all)
{
	const char *name = r->hosts[at].account->name;
	bool counts = false;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *one = &e->recipients[i];
		struct standing *st = &all[i];

		if (!st->is_offered)
			continue;
		if (says_more(&one->verdict, st)) {
			counts = true;
			if (st->is_way && small_error_is_set(&st->before))
				add_words(e, &one->verdict,
					  r->hosts[at - 1].account->name,
					  &st->before);
			continue;
		}
		add_words(e, &st->before, name, &one->verdict);
		one->verdict = st->before;
		one->reply = st->reply;
		st->is_way = st->was_way;
	}
	return counts;
}

static void try_account(struct route *r, unsigned at, struct envelope *e,
			struct standing *all, struct load *load,
			const struct session_progress *progress,
			struct outcome *out)
{
	struct smarthost *h = &r->hosts[at];

	if (transport_is_set(h->account))
		send_otherwise(r, h->account, e, all, load, out);
	else if (smarthost_is_set(h->account))
		send_over(h, e, all, load, progress, out);
	else
		send_here(r, h->account, e, all, load, out);
	if (!weigh(r, at, e, all))
		return;
	out->account = h->account->name;
	out->host = transport_is_set(h->account)
			    ? transport_name(r->arena, h->account)
			    : h->name;
}

int route_send(struct route *r, struct envelope *e, struct load *load,
	       const struct session_progress *progress, struct outcome *out,
	       struct error *f)
{
	struct standing *all = memory_alloc(e->count * sizeof(*all) + 1);
	uint64_t start = sysenv_ticks();

	memset(all, 0, e->count * sizeof(*all));
	for (size_t i = 0; i < e->count; i++)
		all[i].is_asked = !e->recipients[i].decided;
	out->size = load->content.bytes.length;
	for (unsigned at = 0; at < r->count && offer(e, all); at++)
		try_account(r, at, e, all, load, progress, out);
	out->unreachable = false;
	for (size_t i = 0; i < e->count; i++)
		out->unreachable |= all[i].is_way;
	out->milliseconds += sysenv_ticks() - start;
	free(all);
	return envelope_sum_up(e, f);
}

int route_size(struct route *r, uint64_t *size, struct error *f)
{
	struct error first = ERROR_INIT;

	*size = 0;
	for (unsigned i = 0; i < r->count; i++) {
		struct smarthost *h = &r->hosts[i];
		struct error each = ERROR_INIT;

		if (transport_is_set(h->account)) {
			*size = transport_size(h->account);
			return 0;
		}
		if (!smarthost_is_set(h->account))
			return 0;
		if (smarthost_open(h, &each) == 0) {
			if (caps_has(&h->dial.caps, CAPS_SIZE))
				*size = h->dial.caps.size;
			return 0;
		}
		if (!error_is_set(&first))
			first = each;
	}
	*f = first;
	return -1;
}
