/* oauth.c - use, refresh, keep.
 *
 *	the store's token		what is done
 *	valid for a while		used, no lock
 *	(nearly) over, or refused	lock, read again, and if it is still so:
 *	   granted			keep it, then use it
 *	   no answer, 429, 5xx		use what is valid, else temporary
 *	   refused for good		read once more; else log in again
 *
 * A clock that went back is told by the time at which the token was got. */
#include "net/oauth.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/secret.h"
#include "net/oauth_grant.h"

#define MARGIN	   60  /* seconds before its end */
#define MARGIN_HVE 600 /* Microsoft's high volume mail wants as much */
#define HOST_HVE   "smtp.hve.mx.microsoft"

bool oauth_is_used(const struct account *account)
{
	return account->oauth && ((account->transport &&
				   ascii_equal(account->transport, "graph")) ||
				  !strcmp(account->auth, "OAUTH") ||
				  !strcmp(account->auth, "OAUTHBEARER") ||
				  !strcmp(account->auth, "XOAUTH2"));
}

/* ---- use, refresh, keep ---- */

static int64_t left(const struct oauth_record *r)
{
	int64_t now = sysenv_now();

	if (!r->access_token || now < r->obtained)
		return 0;
	if (!r->expires)
		return INT64_MAX;
	return r->expires > now ? r->expires - now : 0;
}

static int64_t margin(const struct account *account)
{
	bool is_hve = account->host && ascii_equal(account->host, HOST_HVE);

	return is_hve ? MARGIN_HVE : MARGIN;
}

static bool is_good(const struct account *account, const struct oauth_record *r,
		    const char *refused)
{
	if (refused && r->access_token && !strcmp(refused, r->access_token))
		return false;
	return left(r) > margin(account);
}

/* Somebody without our lock may have logged in meanwhile. */
static bool has_changed(struct oauth_store *s, struct oauth_record *r)
{
	struct error unimportant = ERROR_INIT;
	struct oauth_record again;

	if (oauth_store_read(s, &again, &unimportant) <= 0 ||
	    !again.refresh_token || !r->refresh_token ||
	    !strcmp(again.refresh_token, r->refresh_token))
		return false;
	*r = again;
	return true;
}

static int renew(struct oauth_store *s, struct oauth_record *r,
		 struct oauth_token *token, struct error *f)
{
	struct arena *a = s->arena;
	struct oauth_answer answer;
	struct error why = ERROR_INIT;
	int result = oauth_grant(a, s->account, r, &answer, &why);

	if (result < 0 && why.cause == ERROR_PERMISSION && has_changed(s, r)) {
		oauth_answer_free(&answer);
		error_clear(&why);
		result = oauth_grant(a, s->account, r, &answer, &why);
	}
	oauth_answer_free(&answer);
	if (result < 0)
		return error_copy(f, &why);
	token->is_new = true;
	/* what was granted is used, even where it cannot be kept */
	if (oauth_store_write(s, r, &why) < 0)
		log_warning("the new token is not kept: %s", why.text);
	return 0;
}

static int get_locked(struct oauth_store *s, struct oauth_record *r,
		      const char *refused, struct oauth_token *token,
		      struct error *f)
{
	const struct account *account = s->account;
	struct error why = ERROR_INIT;

	if (oauth_store_lock(s, f) < 0 || oauth_store_read(s, r, f) < 0)
		return -1;
	if (is_good(account, r, refused) || renew(s, r, token, &why) == 0)
		return 0;
	if (why.temporary && !refused && left(r) > 0)
		return 0;
	return error_copy(f, &why);
}

int oauth_get(struct arena *a, const struct account *account,
	      const char *refused, struct oauth_token *token, struct error *f)
{
	struct oauth_store s;
	struct oauth_record r;
	int found, result = 0;

	*token = (struct oauth_token){ .access = NULL };
	if (oauth_store_open(&s, a, account, f) < 0)
		return -1;
	found = oauth_store_read(&s, &r, f);
	if (found < 0)
		result = -1;
	else if (found == 0 && !oauth_is_app(account))
		result = oauth_nobody(account, f);
	else if (found == 0 || !is_good(account, &r, refused))
		result = get_locked(&s, &r, refused, token, f);
	oauth_store_close(&s);
	token->access = r.access_token;
	token->scope = r.scope;
	token->expires = r.expires;
	token->user = account->user ? account->user : r.user;
	return result;
}

/* ---- as a password ---- */

static int put_token(const struct oauth_token *token, struct buf *password,
		     struct error *f)
{
	buf_reset(password);
	if (buf_puts(password, token->access) < 0)
		return error_set(f, ERROR_DATA,
				 "the access token has more than %zu octets",
				 password->max);
	return 0;
}

int oauth_secret(struct arena *a, const struct account *account,
		 const char **user, struct buf *password, bool *is_cached,
		 struct error *f)
{
	struct oauth_token token;

	if (is_cached)
		*is_cached = false;
	if (!oauth_is_used(account))
		return secret_get(a, account, user, password, f);
	buf_init(password, SECRET_MAX);
	if (oauth_get(a, account, NULL, &token, f) < 0)
		return -1;
	*user = token.user;
	if (!token.user)
		return error_set(f, ERROR_CONFIG,
				 "account %s: a token says who may log in to "
				 "what, and \"user\" to whose mailbox: set it",
				 account->name);
	if (is_cached)
		*is_cached = !token.is_new;
	return put_token(&token, password, f);
}

int oauth_again(struct arena *a, const struct account *account,
		struct buf *password, struct error *f)
{
	struct error why = ERROR_INIT;
	struct oauth_token token;

	if (oauth_get(a, account, password->data, &token, &why) < 0 ||
	    put_token(&token, password, &why) < 0) {
		*f = why;
		return -1;
	}
	error_clear(f);
	return 0;
}
