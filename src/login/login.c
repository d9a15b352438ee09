/* login.c - three ways to get a grant; each ends with the reply of the token
 * endpoint and the store. */
#include "login/login.h"

#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "net/jwt.h"
#include "net/oauth.h"
#include "net/oauth_grant.h"

#define URL_MAX	     8192
#define FORM_MAX     ((size_t)64 * 1024)
#define VERIFIER     32 /* random octets; RFC 7636 4.1 */
#define STATE	     16
#define DEVICE_STEP  5 /* seconds, RFC 8628 3.5 */
#define DEVICE_MOST  1800
#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"

struct attempt {
	struct arena *arena;
	const struct account *account;
	const struct login_person *person;
	struct oauth_provider provider;
	struct buf state, verifier, challenge;
	const char *redirect_uri;
	struct oauth_answer answer;
};

static void say(struct attempt *t, const char *text)
{
	t->person->say(t->person->context, text);
}

/* ---- the registration of a client ---- */

/* RFC 7591: a public client, kept as long as the provider likes. */
static const char registration[] =
	"{\"client_name\":\"mailsend\","
	"\"redirect_uris\":[\"http://127.0.0.1/\"],"
	"\"application_type\":\"native\","
	"\"token_endpoint_auth_method\":\"none\","
	"\"grant_types\":[\"authorization_code\",\"refresh_token\"],"
	"\"response_types\":[\"code\"]}";

static int register_client(struct attempt *t, struct error *f)
{
	struct slice body =
		slice_of_memory(registration, sizeof(registration) - 1);
	struct http_request request;
	struct http_reply reply;
	const char *id = NULL;
	json_t *o = NULL;
	int r;

	oauth_provider_request(t->arena, t->account, t->provider.registration,
			       &request);
	request.type = "application/json";
	request.body = &body;
	r = http_send(&request, &reply, f);
	if (r == 0 && (reply.status == 201 || reply.status == 200))
		o = json_loadb(reply.body.data, reply.body.len, 0, NULL);
	id = json_string_value(json_object_get(o, "client_id"));
	if (r == 0 && !id)
		r = error_set(f, ERROR_CONFIG,
			      "%s registers no client (status %d): register "
			      "one there, and set oauth_client_id",
			      t->provider.name, reply.status);
	if (r == 0)
		t->provider.client_id = arena_dup(t->arena, id);
	json_decref(o);
	buf_wipe(&reply.body);
	return r;
}

static int check_settings(struct attempt *t, struct error *f)
{
	const struct oauth_provider *p = &t->provider;

	if (p->client_id)
		return 0;
	if (p->registration)
		return register_client(t, f);
	if (p->console && p->advice)
		return error_set(f, ERROR_CONFIG,
				 "account %s has no oauth_client_id yet. At "
				 "%s: %s. Then set oauth_client_id",
				 t->account->name, p->console, p->advice);
	return error_set(f, ERROR_CONFIG,
			 "account %s has no oauth_client_id: register a "
			 "public client with the redirect URI "
			 "http://127.0.0.1 at the provider, and set it",
			 t->account->name);
}

static const char *scope_of(const struct attempt *t)
{
	return t->account->oauth_scope ? t->account->oauth_scope
				       : t->provider.scope;
}

static void put_chance(struct buf *out, size_t n)
{
	unsigned char octets[VERIFIER];

	sysenv_random(octets, n);
	jwt_base64url(out, octets, n);
	explicit_bzero(octets, sizeof(octets));
}

/* ---- the authorization code ---- */

static int authorization_url(struct attempt *t, struct buf *url,
			     struct error *f)
{
	const struct oauth_provider *p = &t->provider;
	struct buf query = BUF_INIT(URL_MAX);

	if (!p->authorize)
		return error_set(f, ERROR_CONFIG,
				 "%s has no browser login; try --device",
				 p->name);
	put_chance(&t->state, STATE);
	put_chance(&t->verifier, VERIFIER);
	if (jwt_sha256(&t->challenge, t->verifier.data, t->verifier.len, f) < 0)
		return -1;
	oauth_put(&query, "response_type", "code");
	oauth_put(&query, "client_id", p->client_id);
	oauth_put(&query, "redirect_uri", t->redirect_uri);
	oauth_put(&query, "scope", scope_of(t));
	oauth_put(&query, "state", t->state.data);
	oauth_put(&query, "code_challenge", t->challenge.data);
	oauth_put(&query, "code_challenge_method", "S256");
	oauth_put(&query, "login_hint", t->account->user);
	buf_printf(url, "%s%c%s%s%s", p->authorize,
		   strchr(p->authorize, '?') ? '&' : '?', query.data,
		   p->more ? "&" : "", p->more ? p->more : "");
	buf_free(&query);
	return url->overflow ? error_set(f, ERROR_DATA,
					 "the address is too "
					 "long")
			     : 0;
}

static int exchange_code(struct attempt *t, const struct redirect_answer *back,
			 struct error *f)
{
	struct buf form = BUF_INIT(FORM_MAX);
	int r;

	if (!back->code)
		return error_set(
			f, ERROR_PERMISSION,
			"no access was granted (%s%s%.300s)",
			text_dup_safe(t->arena, back->error,
				      strlen(back->error)),
			back->described ? ": " : "",
			back->described
				? text_dup_safe(t->arena, back->described,
						strlen(back->described))
				: "");
	oauth_put(&form, "grant_type", "authorization_code");
	oauth_put(&form, "code", back->code);
	oauth_put(&form, "redirect_uri", t->redirect_uri);
	oauth_put(&form, "code_verifier", t->verifier.data);
	r = oauth_put_client(&form, t->arena, t->account, &t->provider, f);
	if (r == 0)
		r = oauth_post(t->arena, t->account, t->provider.token, &form,
			       &t->answer, f);
	buf_wipe(&form);
	return r;
}

/* Microsoft registers public clients with "http://localhost". */
static const char *redirect_to(struct attempt *t, unsigned port)
{
	bool is_named = strcmp(t->provider.name, "microsoft") == 0;

	return arena_format(t->arena,
			    is_named ? "http://localhost:%u"
				     : "http://127.0.0.1:%u/",
			    port);
}

static int by_browser(struct attempt *t, struct error *f)
{
	struct buf url = BUF_INIT(URL_MAX);
	struct redirect_answer back;
	struct redirect redirect;
	int r;

	if (redirect_open(&redirect, f) < 0)
		return -1;
	t->redirect_uri = redirect_to(t, redirect.port);
	r = authorization_url(t, &url, f);
	if (r == 0) {
		say(t, "Log in with a browser on this machine, at:");
		t->person->open(t->person->context, url.data);
		r = redirect_wait(&redirect, t->arena, t->state.data,
				  t->provider.issuer, &back, f);
	}
	redirect_close(&redirect);
	buf_free(&url);
	return r == 0 ? exchange_code(t, &back, f) : -1;
}

static int by_paste(struct attempt *t, struct error *f)
{
	struct buf url = BUF_INIT(URL_MAX), line = BUF_INIT(URL_MAX);
	struct redirect_answer back;
	int r;

	/* nothing listens there: the browser only shows the address */
	t->redirect_uri = redirect_to(t, 1);
	r = authorization_url(t, &url, f);
	if (r == 0) {
		say(t, "Log in with a browser on any machine, at:");
		say(t, url.data);
		say(t, "It will end at a page of 127.0.0.1 or localhost that "
		       "cannot be opened. Copy that page's address.");
		r = t->person->ask(t->person->context, "Address", &line, f);
	}
	if (r == 0)
		r = redirect_read(t->arena, text_trim(line.data), t->state.data,
				  t->provider.issuer, &back, f);
	buf_free(&url);
	buf_wipe(&line);
	return r == 0 ? exchange_code(t, &back, f) : -1;
}

/* ---- the device flow (RFC 8628) ---- */

struct device {
	const char *code, *user_code, *uri;
	int64_t interval, lasts;
};

static const char *text_of(struct attempt *t, const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text_dup_safe(t->arena, text, strlen(text)) : NULL;
}

static int begin_device(struct attempt *t, struct device *d, struct error *f)
{
	struct buf form = BUF_INIT(FORM_MAX);
	const json_t *o;
	int r;

	if (!t->provider.device)
		return error_set(f, ERROR_CONFIG,
				 "%s has no device login for mail; use a "
				 "browser, or --paste",
				 t->provider.name);
	oauth_put(&form, "scope", scope_of(t));
	r = oauth_put_client(&form, t->arena, t->account, &t->provider, f);
	if (r == 0)
		r = oauth_post(t->arena, t->account, t->provider.device, &form,
			       &t->answer, f);
	buf_wipe(&form);
	if (r < 0)
		return -1;
	o = t->answer.json;
	*d = (struct device){
		.code = text_of(t, o, "device_code"),
		.user_code = text_of(t, o, "user_code"),
		.uri = text_of(t, o, "verification_uri"),
		.interval = json_integer_value(json_object_get(o, "interval")),
		.lasts = json_integer_value(json_object_get(o, "expires_in")),
	};
	oauth_answer_free(&t->answer);
	if (!d->uri) /* the name of the field at Google */
		d->uri = text_of(t, o, "verification_url");
	if (!d->code || !d->user_code || !d->uri)
		return error_set(f, ERROR_PROTOCOL,
				 "%s did not send a code and where to type it",
				 t->provider.device);
	if (d->interval < 1 || d->interval > 60)
		d->interval = DEVICE_STEP;
	if (d->lasts < 1 || d->lasts > DEVICE_MOST)
		d->lasts = DEVICE_MOST;
	return 0;
}

/* 1: not yet authorized. */
static int poll_device(struct attempt *t, struct device *d, struct error *f)
{
	struct buf form = BUF_INIT(FORM_MAX);
	struct error why = ERROR_INIT;
	int r;

	oauth_put(&form, "grant_type", GRANT_DEVICE);
	oauth_put(&form, "device_code", d->code);
	r = oauth_put_client(&form, t->arena, t->account, &t->provider, &why);
	if (r == 0)
		r = oauth_post(t->arena, t->account, t->provider.token, &form,
			       &t->answer, &why);
	buf_wipe(&form);
	if (r == 0)
		return 0;
	if (why.cause != ERROR_TEMPORARY)
		return error_copy(f, &why);
	if (strcmp(t->answer.error, "slow_down") == 0)
		d->interval += DEVICE_STEP;
	oauth_answer_free(&t->answer);
	return 1;
}

static int by_device(struct attempt *t, struct error *f)
{
	struct device d = { .code = NULL };
	uint64_t end;
	int r = 1;

	if (begin_device(t, &d, f) < 0)
		return -1;
	say(t, arena_format(t->arena,
			    "With a browser on any machine, open %s and type "
			    "the code %s",
			    d.uri, d.user_code));
	end = sysenv_ticks() + (uint64_t)d.lasts * 1000;
	while (r == 1 && sysenv_ticks() < end) {
		if (interrupt_sleep((unsigned)d.interval * 1000) < 0)
			return interrupt_error(f);
		r = poll_device(t, &d, f);
	}
	if (r == 1)
		return error_set(f, ERROR_DATA,
				 "the code %s was not typed in time",
				 d.user_code);
	return r;
}

/* ---- storing the tokens ---- */

static int keep(struct attempt *t, struct error *f)
{
	struct oauth_record r = {
		.provider = t->provider.name,
		.client_id = t->provider.client_id,
		.user = t->account->user,
		.token_endpoint = t->provider.token,
		.revocation_endpoint = t->provider.revoke,
	};
	struct oauth_store s;
	int result = oauth_take(t->arena, &t->answer, &r, f);

	if (result < 0 || oauth_store_open(&s, t->arena, t->account, f) < 0)
		return -1;
	result = oauth_store_lock(&s, f);
	if (result == 0)
		result = oauth_store_write(&s, &r, f);
	if (result == 0)
		say(t, arena_format(t->arena,
				    "Logged in for the account %s; the tokens "
				    "are in %s.",
				    t->account->name, oauth_store_place(&s)));
	oauth_store_close(&s);
	if (result == 0 && !r.refresh_token)
		say(t, "The provider gave no refresh token: this login ends "
		       "with the token. Ask for offline access (oauth_scope).");
	return result;
}

/* An application without a person: getting a token is the whole login. */
static int by_app(struct attempt *t, struct error *f)
{
	struct oauth_token token;

	if (oauth_get(t->arena, t->account, NULL, &token, f) < 0)
		return -1;
	say(t, arena_format(t->arena,
			    "The account %s gets its tokens without a login.",
			    t->account->name));
	return 0;
}

static int run(struct attempt *t, enum login_way way, struct error *f)
{
	int r;

	if (way == LOGIN_AS_SET)
		way = strcmp(t->account->oauth_flow, "device") == 0
			      ? LOGIN_DEVICE
			      : LOGIN_BROWSER;
	if (check_settings(t, f) < 0)
		return -1;
	if (way == LOGIN_DEVICE)
		r = by_device(t, f);
	else
		r = way == LOGIN_PASTE ? by_paste(t, f) : by_browser(t, f);
	return r == 0 ? keep(t, f) : -1;
}

int login_in(struct arena *a, const struct account *account, enum login_way way,
	     const struct login_person *person, struct error *f)
{
	struct attempt t = {
		.arena = a,
		.account = account,
		.person = person,
		.state = BUF_INIT(64),
		.verifier = BUF_INIT(64),
		.challenge = BUF_INIT(64),
	};
	int r;

	if (oauth_is_app(account))
		return by_app(&t, f);
	r = oauth_provider_find(a, account, &t.provider, f);
	if (r == 0)
		r = run(&t, way, f);
	oauth_answer_free(&t.answer);
	buf_free(&t.state);
	buf_wipe(&t.verifier);
	buf_free(&t.challenge);
	return r;
}

/* ---- log out ---- */

static int revoke(struct arena *a, const struct account *account,
		  const struct oauth_record *r, struct error *f)
{
	struct oauth_provider p = { .token = r->token_endpoint,
				    .client_id = oauth_client(account, r) };
	struct buf form = BUF_INIT(FORM_MAX);
	struct slice body;
	struct http_request request;
	struct http_reply reply;
	bool has_refresh = r->refresh_token != NULL;
	int result;

	oauth_put(&form, "token",
		  has_refresh ? r->refresh_token : r->access_token);
	oauth_put(&form, "token_type_hint",
		  has_refresh ? "refresh_token" : "access_token");
	result = oauth_put_client(&form, a, account, &p, f);
	body = slice_of_memory(form.data, form.len);
	oauth_provider_request(a, account, r->revocation_endpoint, &request);
	request.type = "application/x-www-form-urlencoded";
	request.body = &body;
	if (result == 0) {
		result = http_send(&request, &reply, f);
		buf_wipe(&reply.body);
		if (result == 0 && reply.status != 200)
			result =
				error_set(f, ERROR_TEMPORARY,
					  "%s answers with status %d",
					  r->revocation_endpoint, reply.status);
	}
	buf_wipe(&form);
	return result;
}

int login_out(struct arena *a, const struct account *account,
	      const struct login_person *person, struct error *f)
{
	struct error why = ERROR_INIT;
	struct oauth_record r;
	struct oauth_store s;
	int found;

	if (oauth_store_open(&s, a, account, f) < 0)
		return -1;
	found = oauth_store_lock(&s, f) < 0 ? -1 : oauth_store_read(&s, &r, f);
	if (found > 0 && r.revocation_endpoint &&
	    revoke(a, account, &r, &why) < 0)
		person->say(person->context,
			    arena_format(a,
					 "The provider was not notified: %s.",
					 why.text));
	if (found > 0 && oauth_store_remove(&s, f) < 0)
		found = -1;
	oauth_store_close(&s);
	return found < 0 ? -1 : found == 0;
}
