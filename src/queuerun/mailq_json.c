/* mailq_json.c - one array, an object for each mail. */
#include "queuerun/mailq.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/sysenv.h"
#include "deliver/jsonify.h"

static const char *state_name(enum entry_state state)
{
	static const char *const names[] = {
		[ENTRY_WAITING] = "waiting",
		[ENTRY_SENT] = "sent",
		[ENTRY_FAILED] = "failed",
		[ENTRY_TOLD] = "told",
	};

	return names[state];
}

static const char *kind_name(enum entry_kind kind)
{
	static const char *const names[] = {
		[ENTRY_MAIL] = "mail",
		[ENTRY_FAILURE_NOTICE] = "failure-notice",
		[ENTRY_DELAY_NOTICE] = "delay-notice",
	};

	return names[kind];
}

static const char *place_name(enum queue_place place)
{
	static const char *const names[] = {
		[QUEUE_WAITING] = "waiting",
		[QUEUE_GIVEN_UP] = "given-up",
		[QUEUE_BAD] = "unreadable",
	};

	return names[place];
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? jsonify_text(text) : json_null();
}

static json_t *recipient_json(const struct entry_recipient *r)
{
	json_t *o = json_object();
	bool failed = small_error_is_set(&r->last);

	json_object_set_new(o, "address", jsonify_text(r->address));
	json_object_set_new(o, "state", json_string(state_name(r->state)));
	json_object_set_new(o, "tries", json_integer(r->tries));
	json_object_set_new(o, "next",
			    r->state != ENTRY_WAITING
				    ? json_null()
				    : jsonify_time(r->next ? r->next
							   : sysenv_now()));
	json_object_set_new(o, "last_tried", jsonify_time(r->tried));
	jsonify_reply(o, r->reply ? r->reply : "");
	json_object_set_new(o, "cause",
			    failed ? json_string(error_name(r->last.cause))
				   : json_null());
	json_object_set_new(o, "error",
			    failed ? jsonify_text(small_error_text(&r->last))
				   : json_null());
	json_object_set_new(o, "host", text_or_null(r->host));
	return o;
}

static void put_entry(json_t *o, const struct entry *e)
{
	json_t *list = json_array();
	int64_t age = sysenv_now() - e->arrived;

	for (size_t i = 0; i < e->count; i++)
		json_array_append_new(list, recipient_json(&e->recipients[i]));
	json_object_set_new(o, "kind", json_string(kind_name(e->kind)));
	json_object_set_new(o, "arrived", jsonify_time(e->arrived));
	json_object_set_new(o, "age_seconds", json_integer(age > 0 ? age : 0));
	json_object_set_new(o, "size", json_integer((json_int_t)e->size));
	json_object_set_new(o, "held", json_boolean(e->is_held));
	json_object_set_new(o, "held_by", text_or_null(e->limit_by));
	json_object_set_new(o, "held_until", jsonify_time(e->limit_until));
	json_object_set_new(o, "sent_by", text_or_null(entry_owner_name(e)));
	json_object_set_new(o, "sender", jsonify_text(e->reverse_path));
	json_object_set_new(o, "message_id", text_or_null(e->message_id));
	json_object_set_new(o, "account", text_or_null(e->account));
	json_object_set_new(o, "recipients", list);
}

int mailq_json_put(struct mailq_view *v, const struct user *owner,
		   const struct record *r, struct error *f)
{
	json_t *o;
	char *text;
	int result;

	if (r->kind == RECORD_MORE)
		v->more += r->count;
	if (r->kind != RECORD_MAIL)
		return 0;
	o = json_object();
	json_object_set_new(o, "id", jsonify_text(r->id));
	json_object_set_new(o, "owner", jsonify_text(owner->name));
	json_object_set_new(o, "uid", json_integer(owner->uid));
	json_object_set_new(o, "place", json_string(place_name(r->place)));
	if (r->entry)
		put_entry(o, r->entry);
	else
		json_object_set_new(o, "error", jsonify_text(r->error.text));
	text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (!text)
		return error_set(f, ERROR_SOFTWARE,
				 "what is known of %s cannot be written as "
				 "JSON",
				 r->id);
	result = sink_puts(v->out, v->count++ ? ",\n" : "[\n");
	if (result == 0)
		result = sink_puts(v->out, text);
	free(text);
	return result;
}

int mailq_json_end(struct mailq_view *v)
{
	return sink_puts(v->out, v->count ? "\n]\n" : "[]\n");
}
