/* talk.c - --talk: finds the account, connects, and starts the interactive
 * session. */
#include "commands.h"

#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/config.h"
#include "config/secret.h"
#include "config/settings.h"
#include "deliver/account_mailbox.h"
#include "deliver/smarthost.h"
#include "net/oauth.h"
#include "talk/edit.h"
#include "talk/talk.h"

#define PATIENCE 300 /* seconds for a reply, as RFC 5321 4.5.3.2 has them */

struct call {
	struct arena *arena;
	const struct account *account;		 /* SMTP */
	struct account_mailbox_options *postbox; /* POP3, IMAP */
	struct transcript transcript;
	struct talk_options options;
	struct talk talk;
};

/* Memory is out, or a library failed (base/interrupt.h). */
static void rescue(void *context, const char *why)
{
	(void)context;
	(void)why;
	edit_terminal_restore();
}

/* ---- passwords for \auth ---- */

static int find_secret(void *context, const char *user, const char **whose,
		       struct buf *password, struct error *f)
{
	struct call *c = context;
	struct account account;

	if (c->postbox)
		return account_mailbox_secret(c->arena, c->postbox, user, whose,
					      password, f);
	account = *c->account;
	if (!strcmp(account.auth, "off"))
		account.auth = "on";
	/* another user: the stored password is not theirs */
	if (user && account.user && strcmp(user, account.user) != 0)
		setting_forget_password(c->arena, &account);
	if (user)
		account.user = user;
	return oauth_secret(c->arena, &account, whose, password, NULL, f);
}

/* Prompts with the terminal in its normal mode. */
static int credentials(void *context, const char *user, const char **whose,
		       struct buf *password, struct error *f)
{
	struct call *c = context;
	struct error trouble = ERROR_INIT;
	int r;

	if (!c->options.is_terminal)
		return find_secret(context, user, whose, password, f);
	edit_terminal_leave();
	r = find_secret(context, user, whose, password, f);
	if (edit_terminal_enter(STDIN_FILENO, &trouble) == 0)
		return r;
	if (!error_is_set(f))
		*f = trouble;
	return -1;
}

/* ---- the talk ---- */

static bool is_terminal(void)
{
	const char *kind = sysenv_env("TERM");

	return sysenv_is_terminal(STDIN_FILENO) &&
	       sysenv_is_terminal(STDOUT_FILENO) &&
	       !(kind && !strcmp(kind, "dumb"));
}

static int begin(struct call *c, struct arena *a, const struct request *r,
		 const struct talk_protocol *protocol, struct error *f)
{
	*c = (struct call){ .arena = a };
	c->options = (struct talk_options){
		.protocol = protocol,
		.is_terminal = is_terminal(),
		.is_utf8 = ascii_equal(sysenv_charset(), "utf-8"),
		.seconds = PATIENCE,
		.credentials = credentials,
		.context = c,
		.transcript = &c->transcript,
	};
	c->options.has_colour =
		c->options.is_terminal && !sysenv_env("NO_COLOR");
	if (transcript_open(&c->transcript, false, r->transcript_path, f) < 0)
		return -1;
	ending_rescue(rescue, NULL);
	talk_init(&c->talk, &c->options);
	return 0;
}

/* At a terminal it was shown as it came. */
static int end(struct call *c, int held, struct error *f)
{
	struct error trouble = ERROR_INIT;

	talk_free(&c->talk);
	if (transcript_close(&c->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	if (held < 0 && c->options.is_terminal && c->talk.line)
		return error_exit(f);
	return held;
}

/* ---- SMTP ---- */

static int choose(struct arena *a, const struct request *r,
		  struct account **out, struct error *f)
{
	struct config_query query = request_config(r);
	const struct override *host = override_find(query.overrides, "host");
	struct config config = { 0 };

	if (config_load(&config, a, &query, f) < 0)
		return -1;
	if (host && !query.account) {
		for (struct account *each = config.accounts;
		     each && !query.account; each = each->next)
			if (each->host && ascii_equal(each->host, host->value))
				query.account = each->name;
		/* the options alone, for a host without an account */
		if (!query.account)
			return config_blank(a, &query, out, f) < 0
				       ? -1
				       : config_finish(a, *out, NULL, f);
	}
	return config_choose(&config, &query, out, f);
}

static ssize_t send_octets(void *context, const void *data, size_t n,
			   struct error *f)
{
	return conn_send(context, data, n, f);
}

static ssize_t receive_octets(void *context, void *data, size_t n, bool *is_end,
			      struct error *f)
{
	return conn_receive(context, data, n, is_end, f);
}

static int talk_over(struct call *c, struct smarthost *h, struct error *f)
{
	struct talk_line line = {
		.send = send_octets,
		.receive = receive_octets,
		.context = &h->dial.conn,
		.socket = h->dial.conn.socket,
		.place = h->name,
		.host = c->account->host ? c->account->host : "localhost",
		.port = (unsigned)c->account->port,
		.is_safe = h->dial.conn.is_tls || c->account->socket,
		.binding = &h->dial.conn.binding,
		.offer = &h->dial.caps.auth,
	};
	int r = talk_hold(&c->talk, &line, f);

	h->session.broken = true; /* it has been reported */
	return r;
}

int talk_with_server(struct arena *a, const struct cmdline *cmdline,
		     struct error *f)
{
	const struct request *r = &cmdline->request;
	struct account *account, own;
	struct smarthost host;
	struct call c;
	int held;

	if (choose(a, r, &account, f) < 0)
		return -1;
	if (!smarthost_is_set(account))
		return error_set(f, ERROR_CONFIG,
				 "account %s has no server: name one, as in "
				 "--talk smtp://mail.example.org:587",
				 account->name);
	if (begin(&c, a, r, &talk_smtp, f) < 0)
		return -1;
	own = *account;
	if (cmdline->talk.skips_login) {
		own.auth = "off";
		own.pop_before_smtp = NULL;
	}
	if (own.timeout > 0)
		c.options.seconds = (unsigned)own.timeout;
	c.account = account;
	smarthost_init(&host, a, &own, &c.talk.trace);
	held = smarthost_open(&host, f);
	if (held == 0)
		held = talk_over(&c, &host, f);
	smarthost_close(&host);
	return end(&c, held, f);
}

/* ---- POP3 and IMAP ---- */

int talk_with_mailbox(struct arena *a, const struct cmdline *cmdline,
		      const char *url, struct error *f)
{
	const struct request *r = &cmdline->request;
	struct config_query config = request_config(r);
	struct account_mailbox_options options = {
		.source = url,
		.config = &config,
		.skips_login = cmdline->talk.skips_login
	};
	struct mailbox_url parts;
	struct converse *converse;
	struct talk_line line;
	struct call c;
	int held = -1;

	if (!mailbox_is_url(url))
		return error_set(
			f, ERROR_USAGE,
			"'%s' is not a server: write pop3s://USER@HOST or "
			"imaps://USER@HOST",
			url);
	if (mailbox_parse_url(a, url, &parts, f) < 0 ||
	    begin(&c, a, r,
		  parts.kind == MAILBOX_IMAP ? &talk_imap : &talk_pop3, f) < 0)
		return -1;
	c.postbox = &options;
	options.trace = &c.talk.trace;
	converse = account_mailbox_converse(a, &options, f);
	if (converse) {
		line = (struct talk_line){
			.send = converse_send,
			.receive = converse_receive,
			.context = converse,
			.socket = converse_socket(converse),
			.place = converse_place(converse),
			.host = parts.host,
			.port = parts.port,
			.is_safe = converse_is_safe(converse),
			.binding = converse_binding(converse),
			.offer = converse_offer(converse),
		};
		c.options.seconds = converse_seconds(converse);
		held = talk_hold(&c.talk, &line, f);
		converse_drop(converse);
	}
	return end(&c, held, f);
}
