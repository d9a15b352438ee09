/* upstream.c - a few routes, each with its own copy of the configuration. */
#include "server/upstream.h"

#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "config/secret.h"
#include "config/settings.h"
#include "flow/digest.h"
#include "submit/enqueue.h"

struct upstream_route {
	struct arena arena;
	struct config config;
	struct route route;
	char secrets[ROUTE_MAX][DIGEST_HEX_SIZE]; /* of each account; "" */
	uint64_t made, used;			  /* sysenv_ticks() */
	unsigned mails;
};

/* ---- is it the same way? ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The sender's own are no matter of the way. */
static bool is_same_account(const struct account *a, const struct account *b)
{
	static const char *const except[] = { "from", "from_full_name", NULL };

	return is_same_text(a->name, b->name) &&
	       is_same_text(a->tokens, b->tokens) &&
	       setting_all_equal(a, b, except);
}

static bool is_same(const struct route *a, const struct route *b)
{
	if (a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++)
		if (!is_same_account(a->hosts[i].account, b->hosts[i].account))
			return false;
	return true;
}

/* ~/.netrc tells the user, too.  That there is none is no error. */
static int read_netrc(struct arena *a, struct buf *text, struct error *f)
{
	buf_init(text, CONFIG_FILE_MAX);
	if (sysenv_home() &&
	    disk_read_file(disk_expand_home(a, "~/.netrc"), text, true, f) <
		    0 &&
	    error_is_set(f))
		return -1;
	return 0;
}

/* A password in a file is read for each mail: it may be another by now, or open
 * to others.  A command is run when a connection is made. */
static int read_secret(struct arena *a, const struct account *account,
		       char hex[DIGEST_HEX_SIZE])
{
	bool is_file = account->password_file || account->password_credential;
	struct error ignored = ERROR_INIT;
	struct buf text;
	const char *user;
	int r;

	hex[0] = '\0';
	if (account->password || account->passwordeval ||
	    strcmp(account->auth, "off") == 0 ||
	    (!is_file && (account->password_env || account->password_fd >= 0)))
		return 0;
	r = is_file ? secret_get(a, account, &user, &text, &ignored)
		    : read_netrc(a, &text, &ignored);
	if (r == 0)
		r = digest_text(text.data, text.len, hex, &ignored);
	buf_wipe(&text);
	return r;
}

/* What a mail wants. */
struct wanted {
	struct route like;
	char secrets[ROUTE_MAX][DIGEST_HEX_SIZE];
};

static int look(struct wanted *w, const struct request *r,
		struct config *config, const struct account *account)
{
	struct error ignored = ERROR_INIT;

	if (route_open(&w->like, config->arena, config, account, r->config_path,
		       NULL, &ignored) < 0)
		return -1;
	for (unsigned i = 0; i < w->like.count; i++)
		if (read_secret(config->arena, w->like.hosts[i].account,
				w->secrets[i]) < 0)
			return -1;
	return 0;
}

/* ---- one of them ---- */

static void drop(struct upstream *u, unsigned n)
{
	struct upstream_route *one = u->routes[n];

	route_close(&one->route);
	arena_free(&one->arena);
	free(one);
	u->routes[n] = u->routes[--u->count];
}

static int open_route(struct upstream_route *one, const struct upstream *u,
		      const struct request *r, const struct route *like)
{
	struct request *own = request_copy(&one->arena, r);
	struct error ignored = ERROR_INIT;
	struct config_query query;
	struct account *account;

	own->envelope_from.spec = arena_dup(&one->arena, r->envelope_from.spec);
	query = request_config(own);
	if (config_load(&one->config, &one->arena, &query, &ignored) < 0)
		return -1;
	one->config.is_told = true;
	if (config_choose(&one->config, &query, &account, &ignored) < 0 ||
	    route_open(&one->route, &one->arena, &one->config, account,
		       like->config_path, u->trace, &ignored) < 0)
		return -1;
	/* else the configuration was changed just now */
	return is_same(&one->route, like) ? 0 : -1;
}

/* It outlives the mail that it is made for. */
static struct upstream_route *
make(const struct upstream *u, const struct request *r, const struct wanted *w)
{
	struct upstream_route *one = memory_alloc(sizeof(*one));

	*one = (struct upstream_route){ .arena = ARENA_INIT };
	if (open_route(one, u, r, &w->like) < 0) {
		arena_free(&one->arena);
		free(one);
		return NULL;
	}
	memcpy(one->secrets, w->secrets, sizeof(one->secrets));
	one->made = one->used = sysenv_ticks();
	return one;
}

static bool is_for(const struct upstream_route *one, const struct wanted *w)
{
	for (unsigned i = 0; i < w->like.count; i++)
		if (strcmp(one->secrets[i], w->secrets[i]) != 0)
			return false;
	return is_same(&one->route, &w->like);
}

static struct upstream_route *find(const struct upstream *u,
				   const struct wanted *w)
{
	for (unsigned i = 0; i < u->count; i++)
		if (is_for(u->routes[i], w))
			return u->routes[i];
	return NULL;
}

/* The one that was used least lately makes room, where nothing is on its way by
 * it. */
static bool make_room(struct upstream *u)
{
	unsigned oldest = UPSTREAM_ROUTES;

	if (u->count < UPSTREAM_ROUTES)
		return true;
	for (unsigned i = 0; i < u->count; i++)
		if (!u->routes[i]->route.first &&
		    (oldest == UPSTREAM_ROUTES ||
		     u->routes[i]->used < u->routes[oldest]->used))
			oldest = i;
	if (oldest == UPSTREAM_ROUTES)
		return false;
	drop(u, oldest);
	return true;
}

/* Mail that waits before any server is asked has its own look at the way. */
static bool is_kept(const struct request *r, const struct account *account)
{
	enum enqueue_mode mode = enqueue_mode(r, account);

	return smarthost_is_set(account) &&
	       (mode == ENQUEUE_NEVER || mode == ENQUEUE_DEFERRED);
}

struct route *upstream_route(struct upstream *u, const struct request *r,
			     struct config *config,
			     const struct account *account)
{
	struct upstream_route *one;
	struct wanted w;

	if (!is_kept(r, account) || look(&w, r, config, account) < 0)
		return NULL;
	one = find(u, &w);
	if (!one && make_room(u)) {
		one = make(u, r, &w);
		if (one)
			u->routes[u->count++] = one;
	}
	return one ? &one->route : NULL;
}

/* ---- all of them ---- */

/* A server that could not be dialled is dialled for the next mail. */
static bool has_failed(const struct route *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (error_is_set(&r->hosts[i].connect_error))
			return true;
	return false;
}

void upstream_collect(struct upstream *u)
{
	for (unsigned i = 0; i < u->count; i++) {
		struct upstream_route *one = u->routes[i];

		if (!one->route.first)
			continue;
		for (const struct route_mail *m = one->route.first; m;
		     m = m->next)
			one->mails++;
		route_collect(&one->route);
		one->used = sysenv_ticks();
	}
}

static uint64_t end_of(const struct upstream_route *one)
{
	uint64_t idle = one->used + UPSTREAM_IDLE_MS;
	uint64_t whole = one->made + UPSTREAM_WHOLE_MS;

	return idle < whole ? idle : whole;
}

uint64_t upstream_wait(const struct upstream *u)
{
	uint64_t now = sysenv_ticks(), first = UINT64_MAX;

	for (unsigned i = 0; i < u->count; i++)
		if (!u->routes[i]->route.first && end_of(u->routes[i]) < first)
			first = end_of(u->routes[i]);
	if (first == UINT64_MAX)
		return first;
	return first > now ? first - now : 0;
}

static bool is_over(const struct upstream_route *one, uint64_t now)
{
	return end_of(one) <= now || one->mails >= UPSTREAM_MAILS_MAX ||
	       has_failed(&one->route);
}

void upstream_close_idle(struct upstream *u)
{
	uint64_t now = sysenv_ticks();

	for (unsigned i = u->count; i-- > 0;)
		if (!u->routes[i]->route.first && is_over(u->routes[i], now))
			drop(u, i);
}

void upstream_close(struct upstream *u)
{
	while (u->count)
		drop(u, u->count - 1);
}
