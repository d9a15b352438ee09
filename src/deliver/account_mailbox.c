/* account_mailbox.c - which account's password is used for a mailbox. */
#include "deliver/account_mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "config/config.h"
#include "config/secret.h"
#include "config/settings.h"
#include "mail/domain.h"
#include "net/oauth.h"
#include "net/trace.h"

/* ---- which account ---- */

/* The domain itself, or a host below it. */
static bool is_below(const char *host, const char *domain)
{
	size_t n = strlen(domain);

	return n >= 3 && strchr(domain, '.') &&
	       domain_is_above(domain, n, host);
}

static bool fits(const struct account *account, const struct mailbox_url *url,
		 const char *user)
{
	const char *at = account->from ? strrchr(account->from, '@') : NULL;

	if (user && account->user && strcmp(user, account->user) != 0)
		return false;
	if (account->host && ascii_equal(account->host, url->host))
		return true;
	return at && !config_is_pattern(at) && is_below(url->host, at + 1);
}

static int choose(struct arena *a, const struct config_query *query,
		  const struct mailbox_url *url, const char *user,
		  struct account **out, struct error *f)
{
	struct config_query named = *query;
	struct config config = { 0 };

	if (config_load(&config, a, query, f) < 0)
		return -1;
	for (struct account *each = config.accounts; each && !named.account;
	     each = each->next)
		if (fits(each, url, user))
			named.account = each->name;
	if (!named.account)
		return config_blank(a, query, out, f);
	return config_choose(&config, &named, out, f);
}

/* ---- the login ---- */

/* tls_fingerprint is that of the smarthost, so it is not used for another
 * server, unless the command line sets it. */
static void fill_login(struct arena *a, const struct account *account,
		       const char *host, bool is_pinned,
		       struct mailbox_login *login)
{
	is_pinned |= account->host && ascii_equal(account->host, host);
	*login = (struct mailbox_login){
		.skip_certificate = !account->tls_certcheck,
		.trust_file = account->tls_trust_file,
		.crl_file = account->tls_crl_file,
		.fingerprint = is_pinned ? account->tls_fingerprint : NULL,
		.ciphers = account->tls_priorities,
		.cert_file = account->tls_cert_file,
		.key_file = account->tls_key_file,
		.proxy = config_proxy(a, account),
		.source_address = account->source_ip,
		.timeout =
			account->timeout > 0 ? (unsigned)account->timeout : 0,
	};
	if (strcmp(account->auth, "on") != 0 &&
	    strcmp(account->auth, "off") != 0)
		login->mechanism = account->auth;
}

/* The password is looked up by the mailbox's host, not by the smarthost's. */
static int find_secret(struct arena *a, const struct account *account,
		       const char *host, const char *user,
		       struct mailbox_login *login, struct buf *password,
		       struct error *f)
{
	struct account own = *account;

	own.host = host;
	own.user = user;
	if (!strcmp(own.auth, "off"))
		own.auth = "on";
	if (oauth_secret(a, &own, &login->user, password, NULL, f) < 0)
		return -1;
	login->password = password->data;
	return 0;
}

/* The login that was found the first time. */
static void recall(struct arena *a, const struct account_mailbox_memory *memory,
		   struct mailbox_login *login, struct buf *password)
{
	buf_init(password, SECRET_MAX);
	buf_put(password, memory->password.data, memory->password.len);
	login->user = memory->user ? arena_dup(a, memory->user) : NULL;
	login->password = password->data;
}

static void remember(struct account_mailbox_memory *memory,
		     const struct mailbox_login *login,
		     const struct buf *password)
{
	buf_init(&memory->password, SECRET_MAX);
	buf_put(&memory->password, password->data, password->len);
	memory->user = login->user ? memory_dup(login->user) : NULL;
	memory->is_known = true;
}

void account_mailbox_forget(struct account_mailbox_memory *memory)
{
	if (!memory->is_known)
		return;
	buf_wipe(&memory->password);
	free(memory->user);
	memory->is_known = false;
}

/* Finds all that is needed to log in at the URL.  The caller wipes `password`
 * after the login; *token_of: the account whose token it is, or NULL. */
static int prepare(struct arena *a,
		   const struct account_mailbox_options *options,
		   struct mailbox_url *url, struct mailbox_login **out,
		   struct buf *password, const struct account **token_of,
		   struct error *f)
{
	struct mailbox_login *login = arena_alloc(a, sizeof(*login));
	const struct override *user = override_find(options->config->overrides,
						    "user"),
			      *tls = override_find(options->config->overrides,
						   "tls");
	struct account *account;
	const char *name;

	if (mailbox_parse_url(a, options->source, url, f) < 0)
		return -1;
	name = options->user ? options->user : user ? user->value : url->user;
	if (choose(a, options->config, url, name, &account, f) < 0)
		return -1;
	fill_login(a, account, url->host,
		   override_find(options->config->overrides,
				 "tls_fingerprint") != NULL,
		   login);
	login->no_tls = tls && !strcmp(tls->value, "off");
	login->trace = options->trace;
	login->skips_login = options->skips_login;
	*out = login;
	*token_of = NULL;
	if (options->skips_login)
		return 0;
	if (oauth_is_used(account))
		*token_of = account;
	if (options->memory && options->memory->is_known) {
		recall(a, options->memory, login, password);
		return 0;
	}
	if (find_secret(a, account, url->host, name ? name : account->user,
			login, password, f) < 0)
		return -1;
	if (options->memory)
		remember(options->memory, login, password);
	return 0;
}

static int open_url(struct mailbox *m, struct arena *a,
		    const struct account_mailbox_options *options,
		    struct error *f)
{
	struct buf password = BUF_INIT(SECRET_MAX);
	struct mailbox_login *login = NULL;
	const struct account *token_of = NULL;
	struct mailbox_url url;
	int r = prepare(a, options, &url, &login, &password, &token_of, f);

	if (r == 0)
		r = mailbox_open(m, a, options->source, login, options->spool,
				 f);
	if (r < 0 && token_of && f->cause == ERROR_PERMISSION) {
		trace_remark(options->trace, "%s; another token is fetched",
			     f->text);
		r = oauth_again(a, token_of, &password, f);
		login->password = password.data;
		if (r == 0)
			r = mailbox_open(m, a, options->source, login,
					 options->spool, f);
	}
	if (login)
		login->password = NULL;
	buf_wipe(&password);
	return r;
}

int account_mailbox_open(struct mailbox *m, struct arena *a,
			 const struct account_mailbox_options *options,
			 struct error *f)
{
	if (mailbox_is_url(options->source))
		return open_url(m, a, options, f);
	return mailbox_open(m, a, options->source, NULL, options->spool, f);
}

struct converse *
account_mailbox_converse(struct arena *a,
			 const struct account_mailbox_options *options,
			 struct error *f)
{
	struct buf password = BUF_INIT(SECRET_MAX);
	struct mailbox_login *login = NULL;
	const struct account *token_of = NULL;
	struct converse *c = NULL;
	struct mailbox_url url;

	if (prepare(a, options, &url, &login, &password, &token_of, f) == 0) {
		c = converse_open(a, &url, login, f);
		login->password = NULL;
	}
	buf_wipe(&password);
	return c;
}

int account_mailbox_secret(struct arena *a,
			   const struct account_mailbox_options *options,
			   const char *user, const char **whose,
			   struct buf *password, struct error *f)
{
	struct account_mailbox_options own = *options;
	struct mailbox_login *login = NULL;
	const struct account *token_of = NULL;
	struct mailbox_url url;
	int r;

	own.skips_login = false;
	if (user)
		own.user = user;
	r = prepare(a, &own, &url, &login, password, &token_of, f);
	*whose = r < 0 ? NULL : login->user;
	return r;
}

int account_mailbox_sign_in(struct arena *a, const struct account *account,
			    const char *user, const char *password,
			    const struct trace *trace, struct error *f)
{
	struct buf own = BUF_INIT(SECRET_MAX);
	struct mailbox_login login;
	struct mailbox_url url;
	int r = 0;

	if (mailbox_parse_url(a, account->pop_before_smtp, &url, f) < 0)
		return -1;
	fill_login(a, account, url.host, false, &login);
	login.no_tls = !account->tls;
	login.trace = trace;
	if (!user)
		user = account->user;
	login.user = url.user ? url.user : user;
	login.password = password;
	if (!password)
		r = find_secret(a, account, url.host, login.user, &login, &own,
				f);
	if (r == 0)
		r = mailbox_sign_in(a, &url, &login, f);
	buf_wipe(&own);
	return r;
}
