/* check_json.c - all that was found out, as one object. */
#include <jansson.h>
#include <string.h>

#include "check/certificate.h"
#include "check/check_report.h"
#include "deliver/jsonify.h"

static const char *const mark_words[] = {
	[CHECK_NOTE] = "note",
	[CHECK_GOOD] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_BAD] = "failed",
};

static json_t *step_json(const struct check_step *step)
{
	json_t *object = json_object(), *lines = json_array();

	for (const struct check_line *line = step->lines; line;
	     line = line->next)
		json_array_append_new(lines, jsonify_text(line->text));
	json_object_set_new(object, "name", json_string(step->name));
	json_object_set_new(object, "status",
			    json_string(mark_words[step->mark]));
	json_object_set_new(object, "milliseconds",
			    step->is_timed ? json_integer(step->milliseconds)
					   : json_null());
	json_object_set_new(object, "text", jsonify_text(step->text));
	json_object_set_new(object, "details", lines);
	return object;
}

static json_t *addresses_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->reach.count; i++) {
		const struct reach_address *one = &c->reach.addresses[i];
		json_t *object = json_object();

		json_object_set_new(object, "address", json_string(one->text));
		json_object_set_new(object, "family",
				    json_string(one->place.ss_family == AF_INET6
							? "ipv6"
							: "ipv4"));
		json_object_set_new(object, "open", json_boolean(one->is_open));
		json_object_set_new(object, "milliseconds",
				    json_integer(one->milliseconds));
		json_object_set_new(object, "error",
				    one->is_open ? json_null()
						 : jsonify_text(strerror(
							   one->error)));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *certificates_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->chain.count; i++) {
		const struct chain_certificate *x = &c->chain.certificates[i];
		json_t *object = json_object();

		json_object_set_new(object, "subject",
				    jsonify_text(x->subject));
		json_object_set_new(object, "issuer", jsonify_text(x->issuer));
		json_object_set_new(object, "names", jsonify_text(x->names));
		json_object_set_new(object, "since",
				    json_string(certificate_day(c->arena,
								x->since)));
		json_object_set_new(object, "until",
				    json_string(certificate_day(c->arena,
								x->until)));
		json_object_set_new(object, "key", jsonify_text(x->key));
		json_object_set_new(object, "sha256", json_string(x->sha256));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *settings_json(const struct check *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->settings_count; i++) {
		const struct check_setting *s = &c->settings[i];
		json_t *object = json_object();

		json_object_set_new(object, "name", json_string(s->name));
		json_object_set_new(object, "value", jsonify_text(s->value));
		json_object_set_new(object, "origin", jsonify_text(s->origin));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *failure_json(const struct check *c)
{
	const struct error *f = &c->error;
	json_t *object;

	if (!c->failed)
		return json_null();
	object = json_object();
	json_object_set_new(object, "step", json_string(c->failed->name));
	json_object_set_new(object, "error", jsonify_text(f->text));
	json_object_set_new(object, "kind", json_string(error_name(f->cause)));
	json_object_set_new(object, "temporary", json_boolean(f->temporary));
	json_object_set_new(object, "code",
			    f->reply ? json_integer(f->reply) : json_null());
	json_object_set_new(object, "enhanced",
			    f->esc[0] ? json_string(f->esc) : json_null());
	json_object_set_new(object, "cause", jsonify_text(c->cause));
	json_object_set_new(object, "why", jsonify_text(c->why));
	json_object_set_new(object, "way_out", jsonify_text(c->way_out));
	json_object_set_new(object, "settings", settings_json(c));
	return object;
}

static void put_server(const struct check *c, json_t *object)
{
	const struct account *account = c->account;
	const struct dial *d = &c->server.dial;
	json_t *capabilities = json_array();

	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++)
		json_array_append_new(capabilities,
				      jsonify_text(c->capabilities[i]));
	json_object_set_new(object, "account",
			    jsonify_text(account ? account->name : NULL));
	json_object_set_new(object, "host",
			    jsonify_text(account ? account->host : NULL));
	json_object_set_new(object, "port",
			    account && account->host
				    ? json_integer(account->port)
				    : json_null());
	json_object_set_new(object, "addresses", addresses_json(c));
	json_object_set_new(object, "greeting", jsonify_text(c->greeting));
	json_object_set_new(object, "capabilities", capabilities);
	json_object_set_new(object, "tls",
			    d->conn.tls_version[0]
				    ? json_string(d->conn.tls_version)
				    : json_null());
	json_object_set_new(object, "auth",
			    d->mechanism[0] ? json_string(d->mechanism)
					    : json_null());
	json_object_set_new(object, "certificates", certificates_json(c));
	json_object_set_new(object, "certificate_days",
			    c->has_days ? json_integer(c->days) : json_null());
}

int check_json(const struct check *c, struct buf *out)
{
	json_t *object = json_object(), *steps = json_array();

	for (const struct check_step *s = c->steps; s; s = s->next)
		json_array_append_new(steps, step_json(s));
	json_object_set_new(object, "status",
			    json_string(c->failed ? "failed" : "ok"));
	json_object_set_new(object, "exit", json_integer(check_exit(c)));
	put_server(c, object);
	json_object_set_new(object, "steps", steps);
	json_object_set_new(object, "failure", failure_json(c));
	return jsonify_put(object, out);
}
