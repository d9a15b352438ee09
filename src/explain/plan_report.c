/* plan_report.c - for people (including the lines of --dry-run) and for
 * programs. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/settings.h"
#include "deliver/jsonify.h"
#include "explain/plan.h"
#include "submit/enqueue.h"
#include "submit/report.h"
#include "submit/split_frame.h"

#define COLUMN 44 /* the column of the origins, as in --show-config */

/* Is the setting shown: was it given, or is it needed for every mail? */
static bool is_told(const struct plan *p, const struct setting *s)
{
	static const char *const always[] = { "host", "port",	      "tls",
					      "auth", "from",	      "queue",
					      "user", "tls_starttls", NULL };

	if (s->kind == SETTING_NONE)
		return false;
	return text_is_among(s->name, always) ||
	       setting_is_given(p->composition->account, s->name);
}

/* ---- for people ---- */

static void put_origin(const struct plan *p, struct buf *out)
{
	const struct config *c = p->config;
	const struct account *account = p->composition->account;
	bool is_called = strcmp(p->called, p->persona) != 0;

	buf_printf(out, "called as:  %s%s%s\n", p->called,
		   is_called ? ", with the options of " : "",
		   is_called ? p->persona : "");
	for (int i = 0; i < 2; i++)
		if (c->files[i])
			buf_printf(out, "read:       %s\n", c->files[i]);
	if (!c->files[0] && !c->files[1])
		buf_puts(out, "read:       no configuration file\n");
	if (sysenv_home_note())
		buf_printf(out, "not read:   %s\n", sysenv_home_note());
	if (c->unreadable)
		buf_printf(out, "not read:   %s(permission denied)\n",
			   c->unreadable);
	buf_printf(out, "account:    %s (%s): %s\n", account->name,
		   account->origin, p->reason);
}

static void put_settings(const struct plan *p, struct buf *out)
{
	const struct account *account = p->composition->account;

	buf_puts(out, "\nsettings:\n");
	for (const struct setting *s = settings; s->name; s++) {
		const char *text = config_shown(p->arena, s, account);
		size_t start = out->len;
		int pad;

		if (!is_told(p, s))
			continue;
		buf_printf(out, "  %-20s %s", s->name, text ? text : "(none)");
		pad = COLUMN - (int)(out->len - start);
		buf_printf(out, "%*s# %s\n", pad > 0 ? pad : 1, "",
			   account->origins[setting_row(s)].text);
	}
}

static void put_step(const char *name, const char *text, struct buf *out)
{
	if (text)
		buf_printf(out, "    %-10s %s\n", name, text);
}

static void put_rewrites(const struct plan *p, struct buf *out)
{
	buf_puts(out, "\naddresses:\n");
	for (const struct plan_rewrite *x = p->rewrites; x; x = x->next) {
		buf_printf(out, "  %s: %s\n", x->role,
			   *x->typed ? x->typed : "(not given)");
		put_step("nickname", x->nickname, out);
		put_step("alias", x->alias, out);
		put_step("header", x->header, out);
		put_step("envelope", x->envelope, out);
		put_step("because", x->why, out);
	}
	if (p->rewrites_left)
		buf_printf(out, "  and %zu more\n", p->rewrites_left);
}

static void put_entities(const struct plan *p, struct buf *out)
{
	if (p->mails)
		buf_printf(out, "\nmail 1 of %u:\n", p->mails);
	else if (p->split)
		buf_printf(out, "\nmail 1 of %u:\n", p->split->total);
	else
		buf_puts(out, "\nmail:\n");
	for (const struct plan_entity *e = p->entities; e; e = e->next) {
		buf_printf(out, "  %*s%s", (int)e->depth * 2, "", e->type);
		if (e->charset)
			buf_printf(out, ", %s", e->charset);
		if (e->name)
			buf_printf(out, ", \"%s\"", e->name);
		if (e->is_leaf)
			buf_printf(out, ", %s, %" PRIu64 " octets",
				   e->encoding ? e->encoding : "7bit", e->size);
		buf_putc(out, '\n');
	}
	if (p->entities_left)
		buf_printf(out, "  and %zu parts more\n", p->entities_left);
}

static void put_parts(const struct plan *p, struct buf *out)
{
	const struct split *s = p->split;

	if (p->asks_limit)
		buf_puts(out, "\nparts: the server tells how large a mail "
			      "may be; what is larger is split\n");
	if (!s)
		return;
	buf_printf(out, "\nparts: %u mails, none over %" PRIu64 " octets\n",
		   s->total, s->limit);
	for (size_t i = 0; i < s->count; i++)
		buf_printf(out,
			   "  %s: %u parts of %" PRIu64
			   " octets (the first %" PRIu64 ")\n",
			   s->sets[i].name, s->sets[i].of, s->sets[i].step,
			   s->sets[i].first);
}

static void put_queue(const struct plan *p, struct buf *out)
{
	static const char *const words[] = {
		[ENQUEUE_NEVER] = "fail on a temporary failure",
		[ENQUEUE_DEFERRED] = "queue on a temporary failure, and retry",
		[ENQUEUE_ALL] = "queue; no server is contacted now",
		[ENQUEUE_BACKGROUND] = "queue, and deliver in the background",
	};
	const struct composition *c = p->composition;

	if (p->trips.is_known)
		buf_printf(out, "            %s\n",
			   words[enqueue_mode(c->request, c->account)]);
	for (unsigned i = 1; i < p->route.count; i++) {
		const struct smarthost *h = &p->route.hosts[i];

		buf_printf(out, "then:       account %s, %s%s%s\n",
			   h->account->name,
			   h->name ? h->name : "on this machine",
			   h->name ? ", " : "",
			   h->name ? report_tls(h->account) : "");
	}
}

static void put_trips(const struct plan *p, struct buf *out)
{
	const struct plan_trips *t = &p->trips;

	if (!t->is_known)
		return;
	buf_printf(out, "\nround trips: %u to %u%s\n", t->dial_best + t->both,
		   t->dial_worst + t->neither,
		   p->split || p->mails ? " for the first mail" : "");
	if (t->dial_best == t->dial_worst)
		buf_printf(out, "  %u until the server is ready for mail\n",
			   t->dial_best);
	else
		buf_printf(out,
			   "  %u to %u until the server is ready for mail, "
			   "depending on TLS and login\n",
			   t->dial_best, t->dial_worst);
	buf_printf(out,
		   "  %u for the mail where the server has PIPELINING and "
		   "CHUNKING, %u with PIPELINING alone, %u with neither\n",
		   t->both, t->pipelining, t->neither);
}

int plan_text(const struct plan *p, struct buf *out)
{
	put_origin(p, out);
	put_settings(p, out);
	put_rewrites(p, out);
	put_parts(p, out);
	put_entities(p, out);
	buf_putc(out, '\n');
	report_way(p->composition, out);
	put_queue(p, out);
	buf_putc(out, '\n');
	report_envelope(p->composition, out);
	put_trips(p, out);
	if (p->trips.is_known)
		buf_putc(out, '\n');
	report_commands(p->composition, out);
	return out->overflow ? -1 : 0;
}

/* ---- JSON ---- */

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *files_json(const struct config *c)
{
	json_t *list = json_array();

	for (int i = 0; i < 2; i++)
		if (c->files[i])
			json_array_append_new(list, jsonify_text(c->files[i]));
	return list;
}

static json_t *account_json(const struct plan *p)
{
	const struct account *account = p->composition->account;
	json_t *object = json_object();

	json_object_set_new(object, "name", jsonify_text(account->name));
	json_object_set_new(object, "origin", jsonify_text(account->origin));
	json_object_set_new(object, "reason", jsonify_text(p->reason));
	return object;
}

static json_t *settings_json(const struct plan *p)
{
	const struct account *account = p->composition->account;
	json_t *list = json_array();

	for (const struct setting *s = settings; s->name; s++) {
		json_t *one;

		if (!is_told(p, s))
			continue;
		one = json_object();
		json_object_set_new(one, "name", json_string(s->name));
		json_object_set_new(one, "value",
				    jsonify_text(config_shown(p->arena, s,
							      account)));
		json_object_set_new(
			one, "origin",
			jsonify_text(account->origins[setting_row(s)].text));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *addresses_json(const struct plan *p)
{
	json_t *list = json_array();

	for (const struct plan_rewrite *x = p->rewrites; x; x = x->next) {
		json_t *one = json_object();

		json_object_set_new(one, "role", jsonify_text(x->role));
		json_object_set_new(one, "typed",
				    jsonify_text(*x->typed ? x->typed : NULL));
		json_object_set_new(one, "nickname", jsonify_text(x->nickname));
		json_object_set_new(one, "alias", jsonify_text(x->alias));
		json_object_set_new(one, "header", jsonify_text(x->header));
		json_object_set_new(one, "envelope", jsonify_text(x->envelope));
		json_object_set_new(one, "why", jsonify_text(x->why));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *entities_json(const struct plan *p)
{
	json_t *list = json_array();

	for (const struct plan_entity *e = p->entities; e; e = e->next) {
		json_t *one = json_object();

		json_object_set_new(one, "depth", json_integer(e->depth));
		json_object_set_new(one, "type", jsonify_text(e->type));
		json_object_set_new(one, "charset", jsonify_text(e->charset));
		json_object_set_new(one, "encoding", jsonify_text(e->encoding));
		json_object_set_new(one, "name", jsonify_text(e->name));
		json_object_set_new(one, "size",
				    e->is_leaf ? integer(e->size)
					       : json_null());
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *parts_json(const struct plan *p)
{
	const struct split *s = p->split;
	json_t *object, *sets;

	if (!s)
		return json_null();
	object = json_object();
	sets = json_array();
	for (size_t i = 0; i < s->count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "name", jsonify_text(s->sets[i].name));
		json_object_set_new(one, "parts", json_integer(s->sets[i].of));
		json_object_set_new(one, "octets", integer(s->sets[i].step));
		json_object_set_new(one, "first_octets",
				    integer(s->sets[i].first));
		json_array_append_new(sets, one);
	}
	json_object_set_new(object, "mails", json_integer(s->total));
	json_object_set_new(object, "limit", integer(s->limit));
	json_object_set_new(object, "sets", sets);
	return object;
}

static json_t *route_json(const struct plan *p)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < p->route.count; i++) {
		const struct smarthost *h = &p->route.hosts[i];
		json_t *one = json_object();

		json_object_set_new(one, "account",
				    jsonify_text(h->account->name));
		json_object_set_new(one, "server", jsonify_text(h->name));
		json_object_set_new(one, "tls",
				    h->name ? json_string(
						      report_tls(h->account))
					    : json_null());
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *envelope_json(const struct composition *c)
{
	const struct envelope *e = &c->envelope;
	json_t *object = json_object(), *to = json_array();

	for (size_t i = 0; i < e->count; i++)
		json_array_append_new(to,
				      jsonify_text(e->recipients[i].address));
	json_object_set_new(object, "from", jsonify_text(e->reverse_path));
	json_object_set_new(object, "to", to);
	return object;
}

static json_t *trips_json(const struct plan_trips *t)
{
	json_t *object;

	if (!t->is_known)
		return json_null();
	object = json_object();
	json_object_set_new(object, "least",
			    json_integer(t->dial_best + t->both));
	json_object_set_new(object, "most",
			    json_integer(t->dial_worst + t->neither));
	json_object_set_new(object, "dial_least", json_integer(t->dial_best));
	json_object_set_new(object, "dial_most", json_integer(t->dial_worst));
	json_object_set_new(object, "mail_pipelining_chunking",
			    json_integer(t->both));
	json_object_set_new(object, "mail_pipelining",
			    json_integer(t->pipelining));
	json_object_set_new(object, "mail_lock_step", json_integer(t->neither));
	return object;
}

int plan_json(const struct plan *p, struct buf *out)
{
	const struct composition *c = p->composition;
	json_t *o = json_object();

	json_object_set_new(o, "called", jsonify_text(p->called));
	json_object_set_new(o, "program", jsonify_text(p->persona));
	json_object_set_new(o, "files", files_json(p->config));
	json_object_set_new(o, "account", account_json(p));
	json_object_set_new(o, "settings", settings_json(p));
	json_object_set_new(o, "addresses", addresses_json(p));
	json_object_set_new(o, "mails",
			    json_integer(p->mails   ? p->mails
					 : p->split ? p->split->total
						    : 1));
	json_object_set_new(o, "parts", parts_json(p));
	json_object_set_new(o, "message_id", jsonify_text(c->message_id));
	json_object_set_new(o, "size", integer(c->stage.size));
	json_object_set_new(o, "entities", entities_json(p));
	json_object_set_new(o, "envelope", envelope_json(c));
	json_object_set_new(o, "route", route_json(p));
	json_object_set_new(o, "queue",
			    json_string(enqueue_word(
				    enqueue_mode(c->request, c->account))));
	json_object_set_new(o, "round_trips", trips_json(&p->trips));
	return jsonify_put(o, out);
}
