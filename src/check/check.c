/* check.c - the steps in their order.
 *
 * Connecting is a single call that does several of them: handshake_steps.c
 * derives these steps from its events.  This file has those before and after
 * it. */
#include "check/check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "check/handshake_steps.h"
#include "config/settings.h"
#include "deliver/outcome.h"
#include "deliver/transport.h"
#include "mail/date.h"
#include "net/oauth.h"
#include "net/verdict.h"

#define REACH_MILLISECONDS 15000
#define OTHER_MILLISECONDS 3000
/* The size that is given for the mail, which is not sent. */
#define REHEARSED_OCTETS 2048

/* ---- configuration ---- */

static void note_files(struct check *c, struct check_step *step)
{
	const struct config *config = &c->config;

	for (int i = 0; i < 2; i++)
		if (config->files[i])
			check_add(c, step, CHECK_NOTE, "read %s",
				  config->files[i]);
	if (!config->files[0] && !config->files[1])
		check_add(c, step, CHECK_NOTE,
			  "no configuration file was found");
	if (config->unreadable)
		check_add(c, step, CHECK_WARNING, "%s cannot be read",
			  config->unreadable);
}

static const char *why_this_account(const struct check *c)
{
	const struct config_query query = request_config(c->request);

	if (query.account)
		return ", by --account";
	if (!strcmp(c->account->origin, "default"))
		return "";
	if (!strcmp(c->account->name, "default"))
		return query.sender ? ", since none matches the sender" : "";
	return c->config.accounts && !c->config.accounts->next
		       ? ", the only one"
		       : ", for the sender";
}

/* Without a server, mail goes to the local Maildir, and there is nothing to
 * check. */
static int find_account(struct check *c)
{
	struct check_step *step =
		check_begin(c, "configuration", "configuration");
	const struct config_query query = request_config(c->request);
	struct error *f = &c->error;

	if (config_load(&c->config, c->arena, &query, f) < 0 ||
	    config_choose(&c->config, &query, &c->account, f) < 0) {
		check_end(c, step, CHECK_BAD, "%s", f->text);
		return -1;
	}
	if (c->options->is_server_only)
		c->account->auth = "off";
	note_files(c, step);
	if (!transport_leads_out(c->account)) {
		error_set(f, ERROR_CONFIG,
			  "no mail server is configured: mail can only be "
			  "delivered to users of this machine");
		check_end(c, step, CHECK_BAD, "account %s has no host",
			  c->account->name);
		return -1;
	}
	if (c->account->fallback)
		check_add(c, step, CHECK_NOTE,
			  "fallback accounts: %s (--account checks each)",
			  c->account->fallback);
	check_end(c, step, CHECK_GOOD, "account %s (%s)%s", c->account->name,
		  c->account->origin, why_this_account(c));
	return 0;
}

static const char *shown_time(struct arena *a, int64_t when)
{
	char text[DATE_SIZE];

	date_format(text, when, sysenv_zone(when));
	return arena_dup(a, text);
}

/* The access token, if the login needs one. */
static int find_token(struct check *c)
{
	struct check_step *step;
	struct oauth_token token;
	uint64_t start = sysenv_ticks();
	int r;

	if (!oauth_is_used(c->account))
		return 0;
	step = check_begin(c, "token", "OAuth token");
	r = oauth_get(c->arena, c->account, NULL, &token, &c->error);
	check_time(step, (unsigned)(sysenv_ticks() - start));
	if (r < 0) {
		check_end(c, step, CHECK_BAD, "%s", c->error.text);
		return -1;
	}
	if (token.scope)
		check_add(c, step, CHECK_NOTE, "scope: %s",
			  text_dup_safe(c->arena, token.scope,
					strlen(token.scope)));
	if (token.expires)
		check_add(c, step, CHECK_NOTE, "expires %s",
			  shown_time(c->arena, token.expires));
	check_end(c, step, CHECK_GOOD, "of %s, for %s, %s", c->account->oauth,
		  token.user ? token.user : "nobody (set user)",
		  token.is_new ? "refreshed now" : "kept from before");
	return 0;
}

static int find_addresses(struct check *c)
{
	static const char *const nowhere[] = { NULL };
	struct check_step *step;

	composition_init(&c->composition, c->arena, c->request, c->account,
			 nowhere);
	if (composition_build(&c->composition, &c->error) == 0)
		return 0;
	step = check_begin(c, "addresses", "addresses");
	check_end(c, step, CHECK_BAD, "%s", c->error.text);
	return -1;
}

/* ---- the name and the connection ---- */

static int look_up(struct check *c)
{
	struct check_step *step = check_begin(c, "lookup", "name lookup");
	const struct account *account = c->account;
	uint64_t start = sysenv_ticks();
	int r = reach_look_up(&c->reach, account->host, (unsigned)account->port,
			      &c->error);

	check_time(step, (unsigned)(sysenv_ticks() - start));
	if (r < 0) {
		check_end(c, step, CHECK_BAD, "%s", account->host);
		return -1;
	}
	for (size_t i = 0; i < c->reach.count; i++)
		check_add(c, step, CHECK_NOTE, "%s",
			  c->reach.addresses[i].text);
	if (c->reach.more)
		check_add(c, step, CHECK_NOTE, "and %zu more, left out here",
			  c->reach.more);
	check_end(c, step, CHECK_GOOD, "%s%s%s%s", account->host,
		  c->reach.canonical[0] ? " (an alias of " : "",
		  c->reach.canonical, c->reach.canonical[0] ? ")" : "");
	return 0;
}

static unsigned patience(const struct account *account)
{
	unsigned most = REACH_MILLISECONDS;

	if (account->timeout > 0 && (unsigned)account->timeout < most / 1000)
		most = (unsigned)account->timeout * 1000;
	return most;
}

/* If the server answers on another port, the configured one is probably
 * blocked. */
static void try_other_ports(struct check *c, struct check_step *step)
{
	static const unsigned ports[] = { 587, 465, 25 };
	struct reach other = c->reach;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		if (ports[i] == (unsigned)c->account->port)
			continue;
		reach_set_port(&other, ports[i]);
		if (!reach_connect(&other, c->account->source_ip,
				   OTHER_MILLISECONDS))
			continue;
		c->other_ports[n++] = ports[i];
		check_add(c, step, CHECK_NOTE, "port %u answers there",
			  ports[i]);
	}
}

static bool has_no_source(const struct reach *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (!r->addresses[i].no_source)
			return false;
	return true;
}

static void set_connect_error(struct check *c)
{
	const struct reach_address *one = &c->reach.addresses[0];

	if (has_no_source(&c->reach))
		verdict_source(c->account->source_ip, &c->error);
	error_set(&c->error, ERROR_TEMPORARY, "cannot connect to %s: %s",
		  smarthost_name(c->arena, c->account),
		  one->error == ETIMEDOUT ? "no answer" : strerror(one->error));
}

static unsigned fastest(const struct reach *r)
{
	unsigned least = 0;
	bool has_one = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct reach_address *one = &r->addresses[i];

		if (!one->is_open || (has_one && one->milliseconds >= least))
			continue;
		least = one->milliseconds;
		has_one = true;
	}
	return least;
}

static int connect_all(struct check *c)
{
	struct check_step *step = check_begin(c, "connect", "connection");
	unsigned port = (unsigned)c->account->port;
	uint64_t start = sysenv_ticks();
	size_t open = reach_connect(&c->reach, c->account->source_ip,
				    patience(c->account));

	check_time(step, open ? fastest(&c->reach)
			      : (unsigned)(sysenv_ticks() - start));
	for (size_t i = 0; i < c->reach.count; i++) {
		const struct reach_address *one = &c->reach.addresses[i];

		if (one->is_open)
			check_add(c, step, CHECK_GOOD, "%s: %u ms", one->text,
				  one->milliseconds);
		else
			check_add(c, step, open ? CHECK_WARNING : CHECK_BAD,
				  "%s: %s", one->text, strerror(one->error));
	}
	if (open) {
		check_end(c, step, CHECK_GOOD,
			  "port %u; %zu of %zu addresses answer", port, open,
			  c->reach.count);
		return 0;
	}
	set_connect_error(c);
	try_other_ports(c, step);
	check_end(c, step, CHECK_BAD, "port %u, no connection", port);
	return -1;
}

/* Where we cannot connect by ourselves (a proxy), the real connection
 * decides. */
static int go_there(struct check *c)
{
	const struct account *account = c->account;
	struct check_step *step;

	if (!account->socket && !account->proxy_host)
		return look_up(c) < 0 ? -1 : connect_all(c);
	step = check_begin(c, "connect", "connection");
	if (account->socket)
		check_end(c, step, CHECK_NOTE, "by the socket %s (%s)",
			  account->socket, check_origin(c, "socket"));
	else
		check_end(c, step, CHECK_NOTE,
			  "by a proxy (%s), which looks the name up",
			  check_origin(c, "proxy_host"));
	return 0;
}

/* ---- the real connection ---- */

static int dial(struct check *c)
{
	struct handshake_steps h;
	int r;

	smarthost_init(&c->server, c->arena, c->account,
		       handshake_steps_init(&h, c));
	c->chain.arena = c->arena;
	c->server.chain = &c->chain;
	r = smarthost_open(&c->server, &c->error);
	/* events of the transaction are reported here, not by the listener */
	c->server.dial.conn.trace = c->server.trace = c->listener->trace;
	if (r < 0)
		handshake_steps_failed(&h);
	else
		handshake_steps_succeeded(&h);
	return r;
}

/* ---- sender and recipients ---- */

static void tell_sender(struct check *c)
{
	struct check_step *step = check_begin(c, "mail", "sender");
	const struct dry_run *r = &c->dry_run;
	bool is_good = !error_is_set(&r->mail) && r->reply[0];

	if (r->reply[0])
		check_time(step, r->milliseconds);
	if (!is_good && !error_is_set(&c->error))
		c->error = r->mail;
	check_end(c, step, is_good ? CHECK_GOOD : CHECK_BAD, "<%s>: %s",
		  c->composition.envelope.reverse_path,
		  r->reply[0] ? r->reply : c->error.text);
}

static void tell_recipient(struct check *c, size_t i)
{
	const struct recipient *one = &c->composition.envelope.recipients[i];
	bool is_good = one->decided && !small_error_is_set(&one->verdict);
	const char *reply = recipient_reply(one);
	struct check_step *step = check_begin(c, "rcpt", "recipient");

	if (*reply)
		check_time(step, c->dry_run.recipients[i]);
	check_end(c, step, is_good ? CHECK_GOOD : CHECK_BAD, "<%s>: %s",
		  one->address,
		  *reply ? reply
		  : small_error_is_set(&one->verdict)
			  ? small_error_text(&one->verdict)
			  : c->error.text);
}

/* Refused recipients do not stop the others; the first of them is explained. */
static int tell_recipients(struct check *c)
{
	struct envelope *e = &c->composition.envelope;

	for (size_t i = 0; i < e->count; i++) {
		if (!e->recipients[i].decided && !error_is_set(&c->error))
			continue;
		tell_recipient(c, i);
		if (small_error_is_set(&e->recipients[i].verdict) &&
		    !error_is_set(&c->error))
			c->error = small_error_whole(&e->recipients[i].verdict);
		if (!e->recipients[i].decided)
			return -1; /* the connection broke */
	}
	return error_is_set(&c->error) ? -1 : 0;
}

static int transact(struct check *c)
{
	struct smarthost *h = &c->server;
	struct error lost = ERROR_INIT;
	uint64_t most = h->dial.caps.size;
	int r = dry_run_session(&c->dry_run, c->arena, &h->dial,
				&c->composition.envelope,
				most && most < REHEARSED_OCTETS
					? most
					: REHEARSED_OCTETS,
				h->session.command_timeout, &lost);

	if (r < 0)
		h->session.broken = true;
	if (r < 0 && !c->dry_run.reply[0])
		c->error = lost;
	tell_sender(c);
	if (error_is_set(&c->error))
		return -1;
	if (r < 0)
		c->error = lost;
	return tell_recipients(c);
}

/* ---- the whole check ---- */

/* A transport without a server can only be tested by a mail. */
static int end_without_server(struct check *c)
{
	struct check_step *step = check_begin(c, "transport", "transport");

	check_end(c, step, CHECK_GOOD,
		  "mail goes by %s; only sending one shows "
		  "whether it is accepted",
		  transport_name(c->arena, c->account));
	return 0;
}

static int run(struct check *c)
{
	if (find_account(c) < 0 || find_addresses(c) < 0 || find_token(c) < 0)
		return -1;
	if (transport_is_set(c->account))
		return end_without_server(c);
	if (go_there(c) < 0 || dial(c) < 0)
		return -1;
	return c->options->is_server_only ? 0 : transact(c);
}

int check_run(struct check *c, struct arena *a, const struct request *r,
	      const struct check_options *options,
	      const struct check_listener *listener)
{
	int result;

	*c = (struct check){ .arena = a,
			     .request = r,
			     .options = options,
			     .listener = listener };
	c->last_step = &c->steps;
	result = run(c);
	if (result < 0)
		check_find_cause(c);
	if (c->account)
		smarthost_close(&c->server);
	return result;
}

void check_free(struct check *c)
{
	if (c->composition.arena)
		composition_free(&c->composition);
}

int check_exit(const struct check *c)
{
	const struct envelope *e = &c->composition.envelope;
	struct outcome out = { .envelope = e };
	struct error all = ERROR_INIT;

	if (!error_is_set(&c->error))
		return 0;
	if (!c->failed || strcmp(c->failed->name, "rcpt") != 0)
		return error_exit(&c->error);
	envelope_sum_up(e, &all);
	return error_is_set(&all) ? outcome_exit(&out, &all)
				  : error_exit(&c->error);
}
