/* route.c - one account after the other, until each recipient has a verdict.
 *
 * Does the verdict of a fallback replace the previous one?
 *
 *	accepted, or its server replied		yes
 *	connection lost during the mail		yes: that is temporary
 *	not asked (too large for it)		no: the first may accept it
 *	not reached				no, unless that is temporary
 *						and the previous was permanent
 *
 * so a mail that waits for the first account is never given up because of a
 * limit of its fallback. */
#include "deliver/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "deliver/local.h"
#include "deliver/transport.h"

/* The state of a recipient while accounts are tried. */
struct standing {
	bool is_asked;	 /* had no verdict when we began */
	bool is_offered; /* to the current account */
	bool is_way;	 /* the verdict is about the connection, not the mail */
	/* the verdict of the previous accounts */
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
	const struct config_query query = { .account = name,
					    .sender = first->from };
	struct error wrong = ERROR_INIT;
	struct account *account;

	if (has_account(r, name))
		return 0;
	if (r->count == ROUTE_MAX)
		return error_set(f, ERROR_CONFIG,
				 "account %s has more than %d fallbacks",
				 first->name, ROUTE_MAX - 1);
	if (config_choose(config, &query, &account, &wrong) < 0)
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

	/* not zeroed as a whole: the hosts are large, and most stay unused */
	r->arena = a;
	r->config_path = config_path;
	r->trace = trace;
	r->count = 1;
	r->first = r->last = NULL;
	r->on_way = 0;
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

/* Offers the current account all recipients without a verdict at first, then
 * those who were deferred or for whom no server could be asked. */
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

/* No server could be asked for the remaining recipients. */
static void decide_way(struct envelope *e, struct standing *all,
		       const struct error *why)
{
	for (size_t i = 0; i < e->count; i++)
		all[i].is_way |= !e->recipients[i].decided;
	envelope_decide_rest(e, why);
}

/* ---- on a connection ---- */

static void put_on_way(struct smarthost *h, struct route_mail *m)
{
	struct error f = ERROR_INIT;

	m->mail = (struct session_mail){ .envelope = m->envelope,
					 .progress = m->progress };
	m->round_trips = h->session.round_trips;
	m->is_on_way = smarthost_begin(h, &m->mail, m->load, &f) == 0;
	m->is_to_go = false;
	m->out->size = m->load->content.bytes.length;
}

static bool is_to_ask(const struct route_mail *m, size_t i)
{
	return m->all[i].is_offered &&
	       m->envelope->recipients[i].verdict.temporary;
}

static bool has_any_to_ask(const struct route_mail *m)
{
	size_t i = 0;

	while (i < m->envelope->count && !is_to_ask(m, i))
		i++;
	return i < m->envelope->count;
}

/* Reopens the recipients that got a temporary verdict when the connection was
 * closed; false if there are none. */
static bool ask_again(struct route_mail *m)
{
	bool is_any = has_any_to_ask(m);

	for (size_t i = 0; i < m->envelope->count; i++)
		if (is_to_ask(m, i)) {
			envelope_reopen(&m->envelope->recipients[i]);
			m->all[i].is_way = false;
		}
	return is_any;
}

/* After the content could not be read: can it be replaced by a copy? */
static bool renew(const struct route *r, struct route_mail *m)
{
	struct load *load = m->load;
	struct error f = ERROR_INIT;
	int renewed;

	if (!load->renew || !has_any_to_ask(m))
		return false;
	renewed = load->renew(load->context, &load->content, &f);
	if (!renewed)
		return false;
	ask_again(m);
	if (renewed < 0)
		envelope_decide_rest(m->envelope, &f);
	else
		trace_remark(r->trace, "a file changed while it was sent; a "
				       "copy of it is sent");
	return renewed > 0;
}

static void collect_over(const struct route *r, struct smarthost *h,
			 struct route_mail *first)
{
	smarthost_collect(h);
	for (struct route_mail *m = first; m; m = m->next) {
		struct outcome *out = m->out;

		if (!m->is_on_way)
			continue;
		m->is_on_way = false;
		out->round_trips += h->session.round_trips - m->round_trips;
		snprintf(out->reply, sizeof(out->reply), "%s", m->mail.reply);
		/* the server need not wait for what a copy may take */
		if (m->mail.is_unreadable)
			smarthost_close(h);
		m->is_to_go = m->mail.is_unreadable
				      ? renew(r, m)
				      : m->mail.may_go_again && ask_again(m);
	}
}

static struct route_mail *find_to_go(struct route_mail *first)
{
	while (first && !first->is_to_go)
		first = first->next;
	return first;
}

/* As many as the connection has room for. */
static void begin_again(struct smarthost *h, struct route_mail *m)
{
	unsigned on_way = 0;

	for (; m && (!on_way || smarthost_has_room(h, on_way));
	     m = find_to_go(m->next)) {
		put_on_way(h, m);
		on_way++;
	}
}

/* Mails that did not cause the connection to break are sent over a new one.
 * Each connection accepts at least one mail, or its first mail is not sent
 * again: so this ends. */
static void go_again(const struct route *r, struct smarthost *h,
		     struct route_mail *first)
{
	struct route_mail *m;

	while ((m = find_to_go(first))) {
		struct error f = ERROR_INIT;

		if (smarthost_open(h, &f) < 0) {
			m->is_to_go = false;
			decide_way(m->envelope, m->all, &f);
		} else {
			begin_again(h, m);
			collect_over(r, h, first);
		}
	}
}

/* No server: local delivery. */
static void send_here(const struct route *r, const struct account *account,
		      struct route_mail *m)
{
	struct envelope *e = m->envelope;
	struct error f = ERROR_INIT;

	while (local_deliver(r->arena, account, r->config_path, e,
			     &m->load->content.bytes, m->out, &f) < 0 &&
	       f.cause == ERROR_IO && renew(r, m))
		error_clear(&f);
	for (size_t i = 0; i < e->count; i++)
		m->all[i].is_way |=
			m->all[i].is_offered &&
			e->recipients[i].verdict.cause == ERROR_CONFIG;
}

static void send_otherwise(const struct route *r, const struct account *account,
			   struct route_mail *m)
{
	struct error f = ERROR_INIT;

	while (transport_send(r->arena, account, m->envelope,
			      &m->load->content.bytes, m->out, &f) < 0) {
		bool is_unread = f.cause == ERROR_IO;

		decide_way(m->envelope, m->all, &f);
		if (!is_unread || !renew(r, m))
			break;
		error_clear(&f);
	}
}

static bool says_more(const struct small_error *now, const struct standing *st)
{
	if (!small_error_is_set(now) || !small_error_is_set(&st->before))
		return true;
	if (st->is_way)
		return now->temporary && !st->before.temporary;
	return now->reply || now->temporary;
}

/* Combines both errors: either may be the one that has to be fixed. */
static void add_words(struct envelope *e, struct small_error *to,
		      const char *account, const struct small_error *other)
{
	struct error both = ERROR_INIT;

	error_set(&both, to->cause, "%s; account %s: %s", small_error_text(to),
		  account, small_error_text(other));
	to->text = envelope_keep(e, both.text);
}

/* Keeps the verdict of the current account where it counts; was there any? */
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

/* Everything except collecting, where the account has a server. */
static void begin_at(struct route *r, struct smarthost *h, struct route_mail *m)
{
	struct error f = ERROR_INIT;

	if (transport_is_set(h->account))
		send_otherwise(r, h->account, m);
	else if (!smarthost_is_set(h->account))
		send_here(r, h->account, m);
	else if (smarthost_open(h, &f) < 0)
		decide_way(m->envelope, m->all, &f);
	else
		put_on_way(h, m);
}

static void take_words(struct route *r, unsigned at, struct route_mail *m)
{
	struct smarthost *h = &r->hosts[at];

	if (!weigh(r, at, m->envelope, m->all))
		return;
	m->out->account = h->account->name;
	m->out->host = transport_is_set(h->account)
			       ? transport_name(r->arena, h->account)
			       : h->name;
}

/* After the first account; the others are tried for the remaining
 * recipients. */
static void finish(struct route *r, struct route_mail *m)
{
	struct envelope *e = m->envelope;

	if (m->is_offered)
		take_words(r, 0, m);
	for (unsigned at = 1;
	     at < r->count && m->load->content.bytes.length && offer(e, m->all);
	     at++) {
		struct smarthost *h = &r->hosts[at];

		begin_at(r, h, m);
		if (m->is_on_way) {
			collect_over(r, h, m);
			go_again(r, h, m);
		}
		take_words(r, at, m);
	}
	m->out->unreachable = false;
	for (size_t i = 0; i < e->count; i++)
		m->out->unreachable |= m->all[i].is_way;
	m->out->milliseconds += sysenv_ticks() - m->began;
	free(m->all);
	m->all = NULL;
}

/* ---- public functions ---- */

bool route_has_room(const struct route *r)
{
	return !r->first || (smarthost_is_set(r->hosts[0].account) &&
			     smarthost_has_room(&r->hosts[0], r->on_way));
}

void route_begin(struct route *r, struct route_mail *m)
{
	struct envelope *e = m->envelope;
	size_t size = e->count * sizeof(*m->all) + 1;

	m->all = memory_alloc(size);
	memset(m->all, 0, size);
	m->began = sysenv_ticks();
	m->is_on_way = m->is_to_go = false;
	m->next = NULL;
	for (size_t i = 0; i < e->count; i++)
		m->all[i].is_asked = !e->recipients[i].decided;
	m->out->size = m->load->content.bytes.length;
	m->is_offered = offer(e, m->all) > 0;
	if (m->is_offered)
		begin_at(r, &r->hosts[0], m);
	r->on_way += m->is_on_way;
	if (r->last)
		r->last->next = m;
	else
		r->first = m;
	r->last = m;
}

void route_collect(struct route *r)
{
	struct route_mail *m = r->first, *next;

	if (r->on_way) {
		collect_over(r, &r->hosts[0], m);
		go_again(r, &r->hosts[0], m);
	}
	r->first = r->last = NULL;
	r->on_way = 0;
	for (; m; m = next) {
		next = m->next;
		m->next = NULL;
		finish(r, m);
	}
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
