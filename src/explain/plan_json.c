/* plan_json.c - the same for programs. */
#include <jansson.h>

#include "config/settings.h"
#include "deliver/jsonify.h"
#include "explain/plan.h"
#include "submit/enqueue.h"
#include "submit/report.h"
#include "submit/split_frame.h"

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

		if (!plan_tells(p, s))
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
	json_object_set_new(o, "face", jsonify_text(p->face));
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
