/* oauth_grant.c - requests to an endpoint, and what its replies mean.
 *
 *	granted				the tokens
 *	no reply, 429, 5xx, no JSON	a temporary error
 *	a person has to log in		exit status 77; mail stays queued
 *	any other refusal		a setting is wrong
 */
#include "net/oauth_grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/guard.h"
#include "net/jwt.h"

#define FORM_MAX       ((size_t)64 * 1024)
#define KEY_MAX	       ((size_t)64 * 1024)
#define ASSERTION_TIME 600
#define LIFETIME_MOST  (10 * INT64_C(365) * 86400) /* whatever it says */
#define SERVICE_TIME   3600
#define GRANT_JWT      "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

bool oauth_is_app(const struct account *account)
{
	return account->oauth_service_account ||
	       strcmp(account->oauth_flow, "app") == 0;
}

/* ---- the form ---- */

void oauth_encode(struct buf *out, const char *text)
{
	for (; *text; text++)
		if (ascii_is_alnum(*text) || strchr("-._~", *text))
			buf_putc(out, *text);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
}

void oauth_put(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len)
		buf_putc(form, '&');
	buf_printf(form, "%s=", name);
	oauth_encode(form, value);
}

/* A file named by the account that contains a secret. */
static int read_secret(struct arena *a, const char *setting, const char *path,
		       struct buf *out, struct error *f)
{
	const char *place = arena_format(a, "%s: %s", setting, path);
	struct stat st;
	int there = disk_stat(path, &st, f);

	if (there < 0)
		return -1;
	if (there == 0)
		return error_set(f, ERROR_CONFIG, "%s is not there", place);
	if (guard_secret(path, &st, GUARD_SYSTEM, place, f) < 0)
		return -1;
	return disk_read_file(path, out, false, f);
}

static int put_secret(struct buf *form, struct arena *a,
		      const struct account *account, struct error *f)
{
	const char *path = account->oauth_client_secret_file;
	struct buf text = BUF_INIT(4096);
	int r;

	if (!path)
		return 0;
	r = read_secret(a, "oauth_client_secret_file", path, &text, f);
	if (r == 0) {
		buf_truncate(&text, strcspn(text.data, "\r\n"));
		oauth_put(form, "client_secret", text.data);
	}
	buf_wipe(&text);
	return r;
}

static void put_claim(json_t *claims, const char *name, const char *value)
{
	json_object_set_new(claims, name, json_string(value));
}

/* The claims that are the same for every endpoint; frees them. */
static int sign_claims(struct buf *out, const struct jwt_key *key,
		       json_t *claims, int64_t lasts, struct error *f)
{
	unsigned char chance[16];
	char id[2 * sizeof(chance) + 1];
	int64_t now = sysenv_now();
	char *text;
	int r;

	sysenv_random(chance, sizeof(chance));
	text_hex(id, chance, sizeof(chance));
	put_claim(claims, "jti", id);
	json_object_set_new(claims, "iat", json_integer(now));
	json_object_set_new(claims, "nbf", json_integer(now));
	json_object_set_new(claims, "exp", json_integer(now + lasts));
	text = json_dumps(claims, JSON_COMPACT);
	json_decref(claims);
	if (!text)
		return error_set(f, ERROR_TEMPORARY, "out of memory");
	r = jwt_sign(out, key, text, f);
	free(text);
	return r;
}

static int put_assertion(struct buf *form, struct arena *a,
			 const struct account *account,
			 const struct oauth_provider *p, struct error *f)
{
	const char *path = account->oauth_client_key;
	struct buf pem = BUF_INIT(KEY_MAX), jwt = BUF_INIT(FORM_MAX);
	json_t *claims;
	int r;

	if (!path)
		return 0;
	r = read_secret(a, "oauth_client_key", path, &pem, f);
	if (r == 0) {
		struct jwt_key key = { pem.data, pem.len, path, true };

		claims = json_object();
		put_claim(claims, "aud",
			  p->assertion ? p->assertion : p->token);
		put_claim(claims, "iss", p->client_id);
		put_claim(claims, "sub", p->client_id);
		r = sign_claims(&jwt, &key, claims, ASSERTION_TIME, f);
	}
	if (r == 0) {
		oauth_put(form, "client_assertion_type", ASSERTION_TYPE);
		oauth_put(form, "client_assertion", jwt.data);
	}
	buf_wipe(&pem);
	buf_wipe(&jwt);
	return r;
}

int oauth_put_client(struct buf *form, struct arena *a,
		     const struct account *account,
		     const struct oauth_provider *p, struct error *f)
{
	if (!p->client_id)
		return error_set(f, ERROR_CONFIG,
				 "account %s: oauth_client_id is not set%s%s; "
				 "\"mailsend --login\" says how to get one",
				 account->name,
				 p->console ? ": it is made at " : "",
				 p->console ? p->console : "");
	oauth_put(form, "client_id", p->client_id);
	if (put_secret(form, a, account, f) < 0)
		return -1;
	return put_assertion(form, a, account, p, f);
}

/* ---- the request ---- */

void oauth_answer_free(struct oauth_answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
}

/* The login is no longer valid: a person has to log in again. */
static bool needs_person(const char *error)
{
	static const char *const errors[] = {
		"invalid_grant",    "interaction_required",
		"consent_required", "login_required",
		"access_denied",    "authorization_declined",
		"expired_token",    NULL,
	};

	return text_is_among(error, errors);
}

static bool is_passing(const char *error)
{
	return !strcmp(error, "temporarily_unavailable") ||
	       !strcmp(error, "server_error") || !strcmp(error, "slow_down") ||
	       !strcmp(error, "authorization_pending");
}

/* A person has to log in again; meanwhile the mail stays queued. */
static int wants_login(struct error *f)
{
	f->temporary = true;
	return -1;
}

static int refusal(struct oauth_answer *answer, const struct account *account,
		   const char *host, struct error *f)
{
	const char *why = answer->described;
	const char *colon = *why ? ": " : "";

	if (needs_person(answer->error)) {
		error_set(f, ERROR_PERMISSION,
			  "%s refuses a token (%s%s%.300s); run \"mailsend "
			  "--login %s\"",
			  host, answer->error, colon, why, account->name);
		return wants_login(f);
	}
	if (is_passing(answer->error))
		return error_set(f, ERROR_TEMPORARY,
				 "%s has no token now (%s%s%.300s)", host,
				 answer->error, colon, why);
	return error_set(f, ERROR_CONFIG,
			 "%s refuses a token (%s%s%.300s); check the settings "
			 "that begin with oauth",
			 host, answer->error, colon, why);
}

static int judge(struct arena *a, const struct account *account,
		 const char *host, const struct http_reply *reply,
		 struct oauth_answer *answer, struct error *f)
{
	json_t *o = json_loadb(reply->body.data, reply->body.len, 0, NULL);
	const char *error, *why;

	answer->json = o;
	if (reply->status == 200 && json_is_object(o))
		return 0;
	error = json_string_value(json_object_get(o, "error"));
	why = json_string_value(json_object_get(o, "error_description"));
	answer->described = why ? text_dup_safe(a, why, strlen(why)) : "";
	if (reply->status == 429 || reply->status >= 500)
		return error_set(f, ERROR_TEMPORARY,
				 "%s answers with status %d: no token now",
				 host, reply->status);
	if (!error || !*error)
		return error_set(
			f, ERROR_TEMPORARY,
			"%s answers with status %d and not as an OAuth "
			"endpoint does",
			host, reply->status);
	snprintf(answer->error, sizeof(answer->error), "%s",
		 text_dup_safe(a, error, strlen(error)));
	return refusal(answer, account, host, f);
}

int oauth_post(struct arena *a, const struct account *account, const char *url,
	       const struct buf *form, struct oauth_answer *answer,
	       struct error *f)
{
	struct slice body = slice_of_memory(form->data, form->len);
	struct http_request request;
	struct http_reply reply;
	char host[256];
	int r;

	*answer = (struct oauth_answer){ .described = "" };
	if (form->overflow)
		return error_set(f, ERROR_DATA, "the request is too long");
	oauth_provider_request(a, account, url, &request);
	request.type = "application/x-www-form-urlencoded";
	request.body = &body;
	http_host(url, host, sizeof(host));
	r = http_send(&request, &reply, f);
	if (r == 0)
		r = judge(a, account, host, &reply, answer, f);
	buf_wipe(&reply.body);
	return r;
}

static const char *token_of(struct arena *a, const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text && *text && !text_has_control(text) ? arena_dup(a, text)
							: NULL;
}

/* Some servers send a number as a string. */
static int64_t seconds_of(const json_t *o)
{
	const json_t *in = json_object_get(o, "expires_in");
	uint64_t n = 0;

	if (json_is_integer(in))
		return json_integer_value(in);
	if (json_is_string(in) &&
	    text_number(json_string_value(in), INT32_MAX, &n))
		return (int64_t)n;
	return 0;
}

int oauth_take(struct arena *a, const struct oauth_answer *answer,
	       struct oauth_record *r, struct error *f)
{
	const char *access = token_of(a, answer->json, "access_token");
	const char *refresh = token_of(a, answer->json, "refresh_token");
	const char *scope = token_of(a, answer->json, "scope");
	int64_t lasts = seconds_of(answer->json);

	if (lasts > LIFETIME_MOST)
		lasts = LIFETIME_MOST;
	if (!access)
		return error_set(f, ERROR_TEMPORARY,
				 "the token endpoint sent no access token");
	r->access_token = access;
	if (refresh)
		r->refresh_token = refresh;
	if (scope)
		r->scope = scope;
	r->obtained = sysenv_now();
	r->expires = lasts > 0 ? r->obtained + lasts : 0;
	return 0;
}

const char *oauth_client(const struct account *account,
			 const struct oauth_record *r)
{
	return account->oauth_client_id ? account->oauth_client_id
					: r->client_id;
}

/* ---- grants ---- */

static int grant_refresh(struct arena *a, const struct account *account,
			 struct oauth_record *r, struct oauth_answer *answer,
			 struct error *f)
{
	struct oauth_provider p = { .token = r->token_endpoint };
	struct buf form = BUF_INIT(FORM_MAX);
	int result = 0;

	oauth_put(&form, "grant_type", "refresh_token");
	oauth_put(&form, "refresh_token", r->refresh_token);
	if (!r->token_endpoint)
		result = oauth_provider_find(a, account, &p, f);
	p.client_id = oauth_client(account, r);
	if (result == 0)
		result = oauth_put_client(&form, a, account, &p, f);
	if (result == 0)
		result = oauth_post(a, account, p.token, &form, answer, f);
	buf_wipe(&form);
	return result;
}

/* Google's key file of a service account (RFC 7523 2.1).  *url is the
 * endpoint. */
static int sign_service(struct arena *a, const struct account *account,
			const struct oauth_provider *p, const json_t *o,
			struct buf *jwt, const char **url, struct error *f)
{
	const char *path = account->oauth_service_account;
	const char *mail =
		json_string_value(json_object_get(o, "client_email"));
	const char *pem = json_string_value(json_object_get(o, "private_key"));
	const char *told = json_string_value(json_object_get(o, "token_uri"));
	struct jwt_key key = { .pem = pem, .name = path };
	json_t *claims;

	if (!mail || !pem)
		return error_set(f, ERROR_CONFIG,
				 "%s is not the key of a service account: it "
				 "has no client_email or private_key",
				 path);
	key.length = strlen(pem);
	*url = told ? arena_dup(a, told) : p->token;
	claims = json_object();
	put_claim(claims, "iss", mail);
	put_claim(claims, "sub", account->user);
	put_claim(claims, "scope",
		  account->oauth_scope ? account->oauth_scope : p->scope);
	put_claim(claims, "aud", *url);
	return sign_claims(jwt, &key, claims, SERVICE_TIME, f);
}

static int grant_service(struct arena *a, const struct account *account,
			 const struct oauth_provider *p,
			 struct oauth_answer *answer, struct error *f)
{
	struct buf text = BUF_INIT(KEY_MAX), jwt = BUF_INIT(FORM_MAX);
	struct buf form = BUF_INIT(FORM_MAX);
	const char *url = NULL;
	json_t *o = NULL;
	int r = read_secret(a, "oauth_service_account",
			    account->oauth_service_account, &text, f);

	if (r == 0) {
		o = json_loadb(text.data, text.len, 0, NULL);
		r = sign_service(a, account, p, o, &jwt, &url, f);
	}
	if (r == 0) {
		oauth_put(&form, "grant_type", GRANT_JWT);
		oauth_put(&form, "assertion", jwt.data);
		r = oauth_post(a, account, url, &form, answer, f);
	}
	json_decref(o);
	buf_wipe(&text);
	buf_wipe(&jwt);
	buf_wipe(&form);
	return r;
}

static int grant_app(struct arena *a, const struct account *account,
		     struct oauth_answer *answer, struct error *f)
{
	struct oauth_provider p;
	struct buf form = BUF_INIT(FORM_MAX);
	const char *scope = account->oauth_scope;
	int r;

	if (oauth_provider_find(a, account, &p, f) < 0)
		return -1;
	if (account->oauth_service_account)
		return grant_service(a, account, &p, answer, f);
	oauth_put(&form, "grant_type", "client_credentials");
	oauth_put(&form, "scope", scope ? scope : p.app_scope);
	r = oauth_put_client(&form, a, account, &p, f);
	if (r == 0)
		r = oauth_post(a, account, p.token, &form, answer, f);
	buf_wipe(&form);
	return r;
}

int oauth_nobody(const struct account *account, struct error *f)
{
	error_set(f, ERROR_PERMISSION,
		  "there is no login for the account %s; run \"mailsend "
		  "--login %s\"",
		  account->name, account->name);
	return wants_login(f);
}

int oauth_grant(struct arena *a, const struct account *account,
		struct oauth_record *r, struct oauth_answer *answer,
		struct error *f)
{
	int result;

	*answer = (struct oauth_answer){ .described = "" };
	if (oauth_is_app(account))
		result = grant_app(a, account, answer, f);
	else if (!r->refresh_token)
		return oauth_nobody(account, f);
	else
		result = grant_refresh(a, account, r, answer, f);
	if (result == 0)
		result = oauth_take(a, answer, r, f);
	return result;
}
