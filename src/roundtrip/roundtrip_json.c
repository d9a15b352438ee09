/* roundtrip_json.c - all of it, for programs. */
#include <jansson.h>
#include <string.h>

#include "deliver/jsonify.h"
#include "roundtrip/roundtrip_report.h"

static json_t *text_or_null(const char *text)
{
	return *text ? jsonify_text(text) : json_null();
}

static json_t *legs_json(const struct timing *l)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < LEGS; i++)
		json_object_set_new(object, timing_name((enum leg)i),
				    l->is_there[i]
					    ? json_integer(l->milliseconds[i])
					    : json_null());
	return object;
}

static json_t *hop_json(const struct hop *h)
{
	json_t *object = json_object();

	json_object_set_new(object, "from", text_or_null(h->from));
	json_object_set_new(object, "by", text_or_null(h->by));
	json_object_set_new(object, "with", text_or_null(h->with));
	json_object_set_new(object, "tls",
			    h->tls == HOP_TLS_UNTOLD
				    ? json_null()
				    : json_boolean(h->tls == HOP_TLS_USED));
	json_object_set_new(object, "tls_version",
			    text_or_null(h->tls_version));
	json_object_set_new(object, "cipher", text_or_null(h->cipher));
	json_object_set_new(object, "login", json_boolean(h->is_login));
	json_object_set_new(object, "time",
			    h->has_date ? json_integer((json_int_t)h->when)
					: json_null());
	json_object_set_new(object, "delay",
			    h->has_delay ? json_integer((json_int_t)h->delay)
					 : json_null());
	json_object_set_new(object, "clock_skew",
			    h->has_date ? json_integer((json_int_t)h->skew)
					: json_null());
	return object;
}

static json_t *verdicts_json(const struct authres *r)
{
	json_t *object = json_object(), *list = json_array();

	for (size_t i = 0; i < r->count; i++) {
		json_t *one = json_object();

		json_object_set_new(one, "method",
				    jsonify_text(r->results[i].method));
		json_object_set_new(one, "result",
				    jsonify_text(r->results[i].result));
		json_object_set_new(one, "detail",
				    jsonify_text(r->results[i].detail));
		json_array_append_new(list, one);
	}
	json_object_set_new(object, "by", text_or_null(r->server));
	json_object_set_new(object, "results", list);
	json_object_set_new(object, "ignored",
			    json_integer((json_int_t)r->ignored));
	return object;
}

static void put_arrival(const struct roundtrip *t, json_t *object)
{
	json_t *hops = json_array(), *spam = json_object();

	for (size_t i = 0; i < t->hops.count; i++)
		json_array_append_new(hops, hop_json(&t->hops.items[i]));
	for (size_t i = 0; i < t->spam_count; i++)
		json_object_set_new(spam, t->spam[i].name,
				    jsonify_text(t->spam[i].value));
	json_object_set_new(object, "hops", hops);
	json_object_set_new(object, "authentication",
			    t->authres.server ? verdicts_json(&t->authres)
					      : json_null());
	json_object_set_new(object, "spam", spam);
	json_object_set_new(object, "deleted", json_boolean(t->is_deleted));
}

static json_t *milliseconds(bool is_there, unsigned value)
{
	return is_there ? json_integer(value) : json_null();
}

int roundtrip_json(const struct roundtrip *t, const struct error *f,
		   struct buf *out)
{
	static const char *const ends[] = { "not-sent", "not-seen", "arrived" };
	const char *trouble = roundtrip_trouble(t);
	bool has_arrived = t->end == ROUNDTRIP_ARRIVED;
	bool is_sent = t->end != ROUNDTRIP_NOT_SENT;
	json_t *o = json_object();

	json_object_set_new(o, "status", json_string(ends[t->end]));
	json_object_set_new(o, "exit", json_integer(roundtrip_exit(t, f)));
	json_object_set_new(o, "token", jsonify_text(t->token));
	json_object_set_new(o, "to", jsonify_text(t->address));
	json_object_set_new(o, "source",
			    jsonify_text(t->wish->options->source));
	json_object_set_new(o, "message_id",
			    jsonify_text(t->outcome.message_id));
	json_object_set_new(o, "account", jsonify_text(t->outcome.account));
	json_object_set_new(o, "host", jsonify_text(t->outcome.host));
	json_object_set_new(o, "reply", jsonify_text(t->outcome.reply));
	json_object_set_new(o, "tls", text_or_null(t->legs.tls));
	json_object_set_new(o, "legs", legs_json(&t->legs));
	json_object_set_new(o, "submission_milliseconds",
			    milliseconds(is_sent, t->submission));
	json_object_set_new(o, "arrival_milliseconds",
			    milliseconds(has_arrived, t->arrival));
	json_object_set_new(o, "milliseconds",
			    milliseconds(has_arrived, roundtrip_total(t)));
	if (has_arrived)
		put_arrival(t, o);
	json_object_set_new(o, "error",
			    error_is_set(f) ? jsonify_text(f->text)
					    : jsonify_text(trouble));
	return jsonify_put(o, out);
}
