/* report.c - the same outcome, three ways. */
#include "submit/report.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/world.h"
#include "deliver/local.h"
#include "deliver/smarthost.h"

/* Did the recipients fail each in its own way? */
static bool differ(const struct envelope *e, const struct fault *f)
{
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->recipients[i].verdict.text, f->text) != 0)
			return true;
	return false;
}

void report_failure(const struct outcome *out, const struct fault *f)
{
	const struct envelope *e = out->envelope;
	size_t accepted = e ? envelope_accepted(e) : 0;
	bool each = e && e->count > 1 && differ(e, f);

	if (!each)
		log_error("%s", f->text);
	for (size_t i = 0; each && i < e->count; i++)
		if (fault_is_set(&e->recipients[i].verdict))
			log_error("%s", e->recipients[i].verdict.text);
	if (accepted)
		log_error("%zu of %zu recipients were accepted", accepted,
			  e->count);
	if (out->dead_letter)
		log_error("the message was kept in %s", out->dead_letter);
}

static const char *recipient_status(const struct recipient *r)
{
	if (!r->decided)
		return "undecided";
	if (!fault_is_set(&r->verdict))
		return "accepted";
	return r->verdict.temporary ? "deferred" : "refused";
}

/* "250 2.1.5 Ok" in its three parts; what is not there is null. */
static void set_reply(json_t *object, const char *reply)
{
	const char *text = reply;
	size_t n;

	if (strspn(text, "0123456789") == 3 && (text[3] == ' ' || !text[3])) {
		json_object_set_new(object, "code",
				    json_integer(strtol(text, NULL, 10)));
		text += text[3] ? 4 : 3;
	} else {
		json_object_set_new(object, "code", json_null());
	}
	n = strspn(text, "0123456789.");
	if (n >= 5 && isdigit((unsigned char)text[0]) && text[1] == '.' &&
	    (text[n] == ' ' || !text[n])) {
		json_object_set_new(object, "enhanced", json_stringn(text, n));
		text += text[n] ? n + 1 : n;
	} else {
		json_object_set_new(object, "enhanced", json_null());
	}
	json_object_set_new(object, "text", json_string(text));
}

/* A server may say what is not UTF-8: then the octets stand for Latin-1. */
static json_t *any_string(const char *text)
{
	struct buf utf8 = BUF_INIT(8192);
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	for (; !value && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 128)
			buf_putc(&utf8, *text);
		else
			buf_printf(&utf8, "%c%c", 0xC0 | c >> 6,
				   0x80 | (c & 0x3F));
	}
	if (!value)
		value = json_string(utf8.data);
	buf_free(&utf8);
	return value;
}

static json_t *recipient_json(const struct recipient *r)
{
	json_t *object = json_object();

	json_object_set_new(object, "address", any_string(r->address));
	json_object_set_new(object, "status", json_string(recipient_status(r)));
	set_reply(object, r->reply);
	if (fault_is_set(&r->verdict)) {
		json_object_set_new(object, "cause",
				    json_string(fault_name(r->verdict.cause)));
		json_object_set_new(object, "error",
				    any_string(r->verdict.text));
	}
	return object;
}

static const char *whole_status(const struct outcome *out,
				const struct fault *f)
{
	if (!fault_is_set(f))
		return "sent";
	return out->envelope && envelope_accepted(out->envelope) ? "partial"
								 : "failed";
}

int report_json(const struct outcome *out, const struct fault *f,
		struct buf *to)
{
	const struct envelope *e = out->envelope;
	json_t *object = json_object(), *list = json_array();
	char *text;

	for (size_t i = 0; e && i < e->count; i++)
		json_array_append_new(list, recipient_json(&e->recipients[i]));
	json_object_set_new(object, "status",
			    json_string(whole_status(out, f)));
	json_object_set_new(object, "exit", json_integer(outcome_exit(out, f)));
	json_object_set_new(object, "message_id", any_string(out->message_id));
	json_object_set_new(object, "account", any_string(out->account));
	json_object_set_new(object, "host", any_string(out->host));
	json_object_set_new(object, "size",
			    json_integer((json_int_t)out->size));
	json_object_set_new(object, "reply", any_string(out->reply));
	json_object_set_new(object, "error",
			    fault_is_set(f) ? any_string(f->text)
					    : json_null());
	json_object_set_new(object, "dead_letter",
			    any_string(out->dead_letter));
	json_object_set_new(object, "round_trips",
			    json_integer(out->round_trips));
	json_object_set_new(object, "milliseconds",
			    json_integer((json_int_t)out->milliseconds));
	json_object_set_new(object, "recipients", list);
	text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (text)
		buf_puts(to, text);
	free(text);
	return text ? buf_putc(to, '\n') : -1;
}

static const char *tls_words(const struct account *account)
{
	if (!account->tls)
		return "no TLS";
	return account->tls_starttls ? "STARTTLS" : "TLS from the start";
}

static void put_commands(const struct composition *c, struct buf *to)
{
	const struct account *account = c->account;
	const struct envelope *e = &c->envelope;
	bool log_in = strcmp(account->auth, "off") != 0;

	buf_printf(to, "would say:\n");
	buf_printf(to, "  EHLO %s\n",
		   account->domain ? account->domain : world_domain());
	if (account->tls && account->tls_starttls)
		buf_puts(to, "  STARTTLS\n");
	if (log_in)
		buf_printf(to, "  AUTH %s\n",
			   strcmp(account->auth, "on")
				   ? account->auth
				   : "(the best that both have)");
	buf_printf(to, "  MAIL FROM:<%s> SIZE=%" PRIu64 "\n", e->reverse_path,
		   c->stage.size);
	for (size_t i = 0; i < e->count; i++)
		buf_printf(to, "  RCPT TO:<%s>\n", e->recipients[i].address);
	buf_puts(to, "  DATA\n  QUIT\n");
}

int report_dry_run(const struct composition *c, struct buf *to)
{
	const struct account *account = c->account;
	const struct envelope *e = &c->envelope;
	bool has_server = account->host || account->socket;

	buf_printf(to, "account:    %s\n", account->name);
	if (has_server)
		buf_printf(to, "server:     %s, %s\n",
			   smarthost_name(c->arena, account),
			   tls_words(account));
	else
		buf_puts(to,
			 "server:     none: mail to oneself on this machine\n");
	if (account->user)
		buf_printf(to, "user:       %s\n", account->user);
	buf_printf(to, "from:       <%s>\n", e->reverse_path);
	for (size_t i = 0; i < e->count; i++)
		buf_printf(to, "to:         <%s>%s\n", e->recipients[i].address,
			   has_server || local_is_caller(
						 e->recipients[i].address)
				   ? ""
				   : " (no server is configured for it)");
	buf_printf(to, "message-id: %s\n",
		   c->message_id ? c->message_id : "(none)");
	buf_printf(to, "size:       %" PRIu64 " octets\n", c->stage.size);
	if (has_server)
		put_commands(c, to);
	return to->overflow ? -1 : 0;
}
