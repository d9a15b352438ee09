/* oauth_provider.c - a table for providers that only document their endpoints
 * on a web page, and discovery for all others. */
#include "net/oauth.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define GRAPH	  "https://graph.microsoft.com/"
#define MICROSOFT "https://login.microsoftonline.com/%s/oauth2/v2.0/"

static const struct oauth_provider known[] = {
	{
		.name = "google",
		.issuer = "https://accounts.google.com",
		.authorize = "https://accounts.google.com/o/oauth2/v2/auth",
		.token = "https://oauth2.googleapis.com/token",
		.revoke = "https://oauth2.googleapis.com/revoke",
		.scope = "https://mail.google.com/",
		/* without it there is no refresh token */
		.more = "access_type=offline&prompt=consent",
		.console = "https://console.cloud.google.com/apis/credentials",
		.advice =
			"make an OAuth client of the type \"Desktop app\" and "
			"publish its consent screen (or make it internal: in "
			"\"Testing\" a login ends after 7 days); the client's "
			"secret goes into oauth_client_secret_file",
	},
	{
		.name = "microsoft",
		.authorize = MICROSOFT "authorize",
		.device = MICROSOFT "devicecode",
		.token = MICROSOFT "token",
		.scope = "https://outlook.office.com/SMTP.Send "
			 "https://outlook.office.com/IMAP.AccessAsUser.All "
			 "https://outlook.office.com/POP.AccessAsUser.All "
			 "offline_access",
		.app_scope = "https://outlook.office365.com/.default",
		.console = "https://entra.microsoft.com (App registrations)",
		.advice = "register an application with the redirect URI "
			  "http://localhost (platform \"Mobile and desktop\"), "
			  "and turn on \"Allow public client flows\" for "
			  "--device",
	},
	{
		.name = "fastmail",
		.issuer = "https://api.fastmail.com",
		.authorize = "https://api.fastmail.com/oauth/authorize",
		.token = "https://api.fastmail.com/oauth/refresh",
		.revoke = "https://api.fastmail.com/oauth/revoke",
		.scope = "https://www.fastmail.com/dev/protocol-smtp "
			 "https://www.fastmail.com/dev/protocol-imap "
			 "https://www.fastmail.com/dev/protocol-pop "
			 "offline_access",
		.console = "partnerships@fastmail.com",
		.advice = "a client id has to be requested; an app "
			  "password (Settings, Privacy & Security) needs "
			  "none",
	},
	{
		.name = "yahoo",
		.issuer = "https://api.login.yahoo.com",
		.authorize = "https://api.login.yahoo.com/oauth2/request_auth",
		.token = "https://api.login.yahoo.com/oauth2/get_token",
		.revoke = "https://api.login.yahoo.com/oauth2/revoke",
		.scope = "mail-w",
		.console = "https://senders.yahooinc.com",
		.advice = "a client id has to be requested; an app "
			  "password (Account security) needs none",
	},
};

/* ---- by name ---- */

static const char *with_tenant(struct arena *a, const char *url,
			       const char *tenant)
{
	const char *at = url ? strstr(url, "%s") : NULL;

	if (!at)
		return url;
	return arena_format(a, "%.*s%s%s", (int)(at - url), url, tenant,
			    at + 2);
}

static bool is_tenant(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")] ==
	       '\0';
}

static int find_known(struct arena *a, const struct account *account,
		      struct oauth_provider *p, struct error *f)
{
	const char *tenant = account->oauth_tenant;

	if (!tenant || !*tenant)
		tenant = "common";
	if (!is_tenant(tenant))
		return error_set(f, ERROR_CONFIG,
				 "oauth_tenant \"%.100s\" is neither an id nor "
				 "a domain",
				 tenant);
	if (account->transport && strcmp(p->name, "microsoft") == 0) {
		p->scope = GRAPH "Mail.Send offline_access";
		p->app_scope = GRAPH ".default";
	}
	p->authorize = with_tenant(a, p->authorize, tenant);
	p->device = with_tenant(a, p->device, tenant);
	p->token = with_tenant(a, p->token, tenant);
	return 0;
}

/* ---- by discovery ---- */

void oauth_provider_request(struct arena *a, const struct account *account,
			    const char *url, struct http_request *request)
{
	*request = (struct http_request){
		.url = url,
		.trust_file = account->tls_trust_file,
		.crl_file = account->tls_crl_file,
		.proxy = config_proxy(a, account),
		.source_address = account->source_ip,
	};
}

static const char *member(struct arena *a, const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text && *text && http_is_safe(text) ? arena_dup(a, text) : NULL;
}

static bool is_same_issuer(const char *one, const char *other)
{
	size_t n = strlen(one), m = strlen(other);

	while (n && one[n - 1] == '/')
		n--;
	while (m && other[m - 1] == '/')
		m--;
	return n == m && memcmp(one, other, n) == 0;
}

/* 1 found, 0 no such document, -1 with the error. */
static int ask(struct arena *a, const struct account *account, const char *url,
	       struct oauth_provider *p, struct error *f)
{
	struct http_request request;
	struct http_reply reply;
	json_t *o = NULL;
	const char *issuer;
	int r;

	oauth_provider_request(a, account, url, &request);
	r = http_send(&request, &reply, f);
	if (r == 0 && reply.status >= 500)
		r = error_set(f, ERROR_TEMPORARY, "%s answers with status %d",
			      url, reply.status);
	if (r == 0 && reply.status == 200)
		o = json_loadb(reply.body.data, reply.body.len, 0, NULL);
	buf_wipe(&reply.body);
	issuer = json_string_value(json_object_get(o, "issuer"));
	if (issuer && !is_same_issuer(issuer, account->oauth))
		r = error_set(f, ERROR_CONFIG,
			      "oauth %s: the issuer there calls itself %s",
			      account->oauth,
			      text_dup_safe(a, issuer, strlen(issuer)));
	if (r == 0 && issuer) {
		p->issuer = arena_dup(a, issuer);
		p->authorize = member(a, o, "authorization_endpoint");
		p->device = member(a, o, "device_authorization_endpoint");
		p->token = member(a, o, "token_endpoint");
		p->revoke = member(a, o, "revocation_endpoint");
		p->registration = member(a, o, "registration_endpoint");
		r = p->token != NULL;
	}
	json_decref(o);
	return r;
}

/* RFC 8414 3.1 puts the well-known part before the path, OpenID after it. */
static int discover(struct arena *a, const struct account *account,
		    struct oauth_provider *p, struct error *f)
{
	const char *issuer = account->oauth;
	size_t n = strlen(issuer), host;
	int r;

	while (n && issuer[n - 1] == '/')
		n--;
	host = (size_t)(strstr(issuer, "://") - issuer) + 3;
	host += strcspn(issuer + host, "/");
	if (host > n)
		host = n;
	r = ask(a, account,
		arena_format(a,
			     "%.*s/.well-known/oauth-authorization-server%.*s",
			     (int)host, issuer, (int)(n - host), issuer + host),
		p, f);
	if (r == 0)
		r = ask(a, account,
			arena_format(a, "%.*s/.well-known/openid-configuration",
				     (int)n, issuer),
			p, f);
	if (r == 0)
		return error_set(f, ERROR_CONFIG,
				 "oauth %s: there is no document of its "
				 "endpoints (RFC 8414); is it the issuer's "
				 "address?",
				 issuer);
	return r < 0 ? -1 : 0;
}

int oauth_provider_find(struct arena *a, const struct account *account,
			struct oauth_provider *p, struct error *f)
{
	if (!account->oauth)
		return error_set(f, ERROR_CONFIG,
				 "account %s: \"auth oauth\" needs a provider: "
				 "set oauth to google, microsoft, fastmail, "
				 "yahoo or an issuer's address",
				 account->name);
	if (json_prepare(f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i].name, account->oauth) != 0)
			continue;
		*p = known[i];
		p->client_id = account->oauth_client_id;
		return find_known(a, account, p, f);
	}
	*p = (struct oauth_provider){
		.name = account->oauth,
		.client_id = account->oauth_client_id,
	};
	return discover(a, account, p, f);
}
