/* graph.c - Microsoft Graph's sendMail with a whole message (MIME), for
 * mailboxes in which SMTP AUTH stays off.
 *
 *	POST /v1.0/me/sendMail, or /users/USER/sendMail of an application
 *	Content-Type: text/plain, the message in base64
 *	202 it was accepted
 *
 * Graph sends the mail to the addresses in its header only, and removes Bcc:
 * recipients that are only in the envelope are added as Bcc, and a header with
 * an address that is not in the envelope is refused. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "codec/base64.h"
#include "deliver/transport.h"
#include "flow/stage.h"
#include "mail/address.h"
#include "mail/draft.h"
#include "net/http.h"
#include "net/oauth.h"
#include "net/oauth_grant.h"

#define GRAPH_HOST "graph.microsoft.com"

/* The host of another cloud, if the setting host names it. */
const char *graph_url(struct arena *a, const struct account *account)
{
	const char *host = account->host ? account->host : GRAPH_HOST;
	struct buf user = BUF_INIT(1024);
	const char *url;

	if (oauth_is_app(account)) {
		buf_puts(&user, "users/");
		oauth_encode(&user, account->user ? account->user : "");
	} else {
		buf_puts(&user, "me");
	}
	if (account->host && !account->tls)
		url = arena_format(a, "http://%s:%d/v1.0/%s/sendMail", host,
				   account->port, user.data);
	else
		url = arena_format(a, "https://%s/v1.0/%s/sendMail", host,
				   user.data);
	buf_free(&user);
	return url;
}

/* ---- recipients ---- */

static bool is_in(const struct address_list *list, const char *spec)
{
	struct address one = { .spec = spec };
	struct arena a = ARENA_INIT;
	struct error unimportant = ERROR_INIT;
	bool found = false;

	if (address_parse(&a, spec, false, &one, &unimportant) == 0)
		for (size_t i = 0; i < list->count && !found; i++)
			found = address_equal(&list->items[i], &one);
	arena_free(&a);
	return found;
}

static int read_header(struct arena *a, const struct slice *message,
		       struct address_list *named, struct error *f)
{
	static const char *const fields[] = { "To", "Cc", "Bcc" };
	struct draft *draft = arena_alloc(a, sizeof(*draft));

	if (draft_read(a, message, draft, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *value = header_get(&draft->header, fields[i]);

		if (value && address_parse_list(a, value, named, f) < 0)
			return -1;
	}
	return 0;
}

static int check_named(const struct address_list *named,
		       const struct envelope *e, struct error *f)
{
	for (size_t i = 0; i < named->count; i++) {
		bool found = named->items[i].group_only;

		for (size_t j = 0; j < e->count && !found; j++) {
			struct address_list one = {
				.items = (struct address *)&named->items[i],
				.count = 1,
			};

			found = is_in(&one, e->recipients[j].address);
		}
		if (!found)
			return error_set(
				f, ERROR_DATA,
				"Graph sends to everybody named in the header, "
				"and %.200s is not one of the recipients",
				named->items[i].spec);
	}
	return 0;
}

static void put_bcc(const struct address_list *named, const struct envelope *e,
		    struct sink *to)
{
	bool has_some = false;

	for (size_t i = 0; i < e->count; i++) {
		const char *address = e->recipients[i].address;

		if (e->recipients[i].decided || is_in(named, address))
			continue;
		sink_puts(to, has_some ? ",\r\n " : "Bcc: ");
		sink_puts(to, address);
		has_some = true;
	}
	if (has_some)
		sink_puts(to, "\r\n");
}

/* ---- the request ---- */

static int encode(const struct address_list *named, const struct envelope *e,
		  const struct slice *message, struct stage *body)
{
	struct base64 encoder;

	base64_init(&encoder, &body->sink);
	put_bcc(named, e, &encoder.sink);
	pump_slice(message, &encoder.sink);
	sink_close(&encoder.sink);
	return sink_close(&body->sink);
}

/* The code and message of an error reply, as far as it has them. */
static const char *words_of(struct arena *a, const struct http_reply *reply)
{
	json_t *o = json_loadb(reply->body.data, reply->body.len, 0, NULL);
	const json_t *error = json_object_get(o, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *text = json_string_value(json_object_get(error, "message"));
	const char *words;

	words = arena_format(a, "status %d%s%.100s%s%.300s", reply->status,
			     code ? ", " : "", code ? code : "",
			     text ? ": " : "", text ? text : "");
	json_decref(o);
	return text_dup_safe(a, words, strlen(words));
}

static int judge(struct arena *a, const struct http_reply *reply,
		 struct outcome *out, struct error *f)
{
	const char *words = words_of(a, reply);

	snprintf(out->reply, sizeof(out->reply), "%s", words);
	switch (reply->status) {
	case 202:
		return 0;
	case 400:
	case 413:
		return error_set(f, ERROR_DATA, "Graph refuses the mail (%s)",
				 words);
	case 401:
		error_set(f, ERROR_PERMISSION,
			  "Graph refuses the access token (%s)", words);
		f->temporary = true;
		return -1;
	case 403:
	case 404:
		return error_set(
			f, ERROR_CONFIG,
			"Graph does not let this account send (%s); it "
			"needs Mail.Send, and a mailbox",
			words);
	default:
		return error_set(f, ERROR_TEMPORARY, "Graph answers with %s",
				 words);
	}
}

static int post(struct arena *a, const struct account *account,
		const struct slice *body, const char *token,
		struct http_reply *reply, struct error *f)
{
	struct buf authorization = BUF_INIT(HTTP_REPLY_MAX);
	struct http_request request;
	int r;

	oauth_provider_request(a, account, graph_url(a, account), &request);
	request.type = "text/plain";
	request.body = body;
	if (account->timeout > 0)
		request.seconds = (unsigned)account->timeout;
	buf_printf(&authorization, "Bearer %s", token);
	request.authorization = authorization.data;
	r = http_send(&request, reply, f);
	buf_wipe(&authorization);
	return r;
}

/* A token may be refused before it expires: another one is requested once. */
static int post_with_token(struct arena *a, const struct account *account,
			   const struct slice *body, struct http_reply *reply,
			   struct error *f)
{
	struct oauth_token token;

	if (oauth_get(a, account, NULL, &token, f) < 0 ||
	    post(a, account, body, token.access, reply, f) < 0)
		return -1;
	if (reply->status != 401 || token.is_new)
		return 0;
	buf_wipe(&reply->body);
	if (oauth_get(a, account, token.access, &token, f) < 0)
		return -1;
	return post(a, account, body, token.access, reply, f);
}

int graph_send(struct arena *a, const struct account *account,
	       const struct envelope *e, const struct slice *message,
	       struct outcome *out, bool *is_asked, struct error *f)
{
	struct address_list named = { .count = 0 };
	struct http_reply reply = { .body = BUF_INIT(0) };
	struct slice slice;
	struct stage body;
	int r;

	*is_asked = true; /* then the mail was rejected, not the connection */
	if (message->length > GRAPH_SIZE_MAX)
		return error_set(f, ERROR_DATA,
				 "the mail has %llu octets, and Graph takes %d "
				 "at most; --split auto makes several of it",
				 (unsigned long long)message->length,
				 GRAPH_SIZE_MAX);
	if (read_header(a, message, &named, f) < 0 ||
	    check_named(&named, e, f) < 0)
		return -1;
	*is_asked = false;
	stage_init(&body, sysenv_spare(), "the request", f);
	r = encode(&named, e, message, &body);
	if (r == 0) {
		slice = stage_slice(&body);
		r = post_with_token(a, account, &slice, &reply, f);
	}
	if (r == 0) {
		r = judge(a, &reply, out, f);
		*is_asked = f->cause != ERROR_CONFIG &&
			    f->cause != ERROR_PERMISSION;
	}
	buf_wipe(&reply.body);
	stage_free(&body);
	return r;
}
