/* protocol.c - commands, one function each; content is in content.c.
 *
 *	state		   is			MAIL  RCPT  DATA/BDAT
 *	new		   helo is ""		503   503   503
 *	ready		   !in_mail		*     503   503
 *	has a sender	   in_mail, count 0	503   *     503 (DATA: 554)
 *	has recipients	   count > 0		503   *     *
 *	during chunks	   in_bdat		503   503   BDAT alone
 *
 * EHLO, HELO, RSET and the end of the content lead back to ready. */
#include "server/protocol.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "server/protocol_inside.h"

#define OUT_MAX 131072
/* Replies that wait: nothing is read until they are gone. */
#define OUT_FULL    32768
#define ENDLESS_MAX 65536 /* octets of a line, then we hang up */

/* ---- greetings ---- */

void server_greet(struct server *s)
{
	server_say(s, 220, "", "%s ESMTP mailsend", s->options->name);
}

/* Goes into a header: letters, digits and what addresses have. */
static void keep_helo(struct server *s, const char *name)
{
	snprintf(s->helo, sizeof(s->helo), "%.255s", name);
	for (char *p = s->helo; *p; p++)
		if (!ascii_is_letter(*p) && !ascii_is_digit(*p) &&
		    !strchr("-._:[]", *p))
			*p = '?';
}

static bool begin_session(struct server *s, const char *name)
{
	if (!*name) {
		server_error(s, 501, "5.5.4", "give your host name: EHLO host");
		return false;
	}
	server_forget(s);
	keep_helo(s, name);
	server_junk(s);
	return true;
}

static bool can_log_in(const struct server *s)
{
	return s->ops->login && s->is_tls;
}

static void put_line(struct server *s, bool more, const char *text)
{
	struct response a = { .code = 250 };

	snprintf(a.text, sizeof(a.text), "%s", text);
	server_reply(s, &a, more);
}

static void say_ehlo(struct server *s, const char *argument)
{
	const struct server_options *o = s->options;
	char size[32] = "SIZE";

	if (!begin_session(s, argument))
		return;
	s->is_extended = true;
	if (o->size_max)
		snprintf(size, sizeof(size), "SIZE %llu",
			 (unsigned long long)o->size_max);
	put_line(s, true, o->name);
	put_line(s, true, "PIPELINING");
	put_line(s, true, size);
	put_line(s, true, "8BITMIME");
	put_line(s, true, "ENHANCEDSTATUSCODES");
	put_line(s, true, "CHUNKING");
	put_line(s, true, "DSN");
	if (o->has_tls && !s->is_tls)
		put_line(s, true, "STARTTLS");
	if (can_log_in(s))
		put_line(s, true, "AUTH " SERVER_SASL_OFFER);
	put_line(s, false, "SMTPUTF8");
}

static void say_helo(struct server *s, const char *argument)
{
	if (!begin_session(s, argument))
		return;
	s->is_extended = false;
	server_say(s, 250, "", "%s", s->options->name);
}

/* ---- the envelope ---- */

/* May a transaction begin? */
static bool is_ready(struct server *s)
{
	if (!s->helo[0])
		server_error(s, 503, "5.5.1", "say EHLO first");
	else if (s->options->needs_login && !s->is_tls)
		server_error(s, 530, "5.7.0", "say STARTTLS first");
	else if (s->options->needs_login && !s->user[0])
		server_error(s, 530, "5.7.0", "log in first: say AUTH");
	else if (s->in_mail)
		server_error(s, 503, "5.5.1", "there is a sender already");
	else
		return true;
	return false;
}

static void say_mail(struct server *s, const char *argument)
{
	struct response a;
	uint64_t most = s->options->size_max;

	if (!is_ready(s))
		return;
	if (arguments_read_mail(&s->mail->arena, argument, &s->mail->from, &a) <
	    0) {
		server_error(s, a.code, a.esc, a.text);
		server_forget(s);
		return;
	}
	if (most && s->mail->from.size > most) {
		server_say(s, 552, "5.3.4",
			   "the message is too big: %llu octets are the most",
			   (unsigned long long)most);
		server_forget(s);
		return;
	}
	response_set(&a, 250, "2.1.0", "sender <%s> ok",
		     s->mail->from.sender.spec);
	s->in_mail = true;
	if (s->ops->sender(s->context, s->mail, &a) < 0) {
		server_reply(s, &a, false);
		server_forget(s);
		return;
	}
	server_reply(s, &a, false);
}

static void add_recipient(struct server_mail *m,
			  const struct arguments_rcpt *to)
{
	m->to = arena_grow(&m->arena, m->to, m->count, &m->room,
			   sizeof(*m->to));
	m->to[m->count++] = *to;
}

static void say_rcpt(struct server *s, const char *argument)
{
	struct arguments_rcpt to;
	struct response a;

	if (!s->in_mail || s->in_bdat) {
		server_error(s, 503, "5.5.1",
			     s->in_mail ? "only BDAT is allowed between chunks"
					: "say MAIL first");
		return;
	}
	if (s->mail->count >= s->options->recipients_max) {
		server_say(s, 452, "4.5.3",
			   "too many recipients: send to the rest in another "
			   "message");
		server_junk(s);
		return;
	}
	if (arguments_read_rcpt(&s->mail->arena, argument,
				s->mail->from.is_utf8, &to, &a) < 0) {
		server_error(s, a.code, a.esc, a.text);
		return;
	}
	response_set(&a, 250, "2.1.5", "recipient <%s> ok", to.address.spec);
	if (s->ops->recipient(s->context, s->mail, &to, &a) == 0)
		add_recipient(s->mail, &to);
	server_reply(s, &a, false);
}

static void say_rset(struct server *s, const char *argument)
{
	if (*argument) {
		server_error(s, 501, "5.5.4", "RSET has no argument");
		return;
	}
	server_forget(s);
	server_say(s, 250, "2.0.0", "all forgotten");
	server_junk(s);
}

/* ---- STARTTLS and AUTH ---- */

static void say_starttls(struct server *s, const char *argument)
{
	if (s->is_tls)
		server_error(s, 503, "5.5.1", "TLS is on already");
	else if (!s->options->has_tls)
		server_error(s, 502, "5.5.1", "there is no TLS here");
	else if (*argument)
		server_error(s, 501, "5.5.4", "STARTTLS has no argument");
	else
		s->want = SERVER_TLS;
}

bool server_agree_tls(struct server *s, bool has_more)
{
	s->want = SERVER_READ;
	if (has_more) {
		server_say(
			s, 554, "5.5.1",
			"STARTTLS is the last command in the clear; what was "
			"sent with it was discarded");
		s->want = SERVER_CLOSE;
		return false;
	}
	server_say(s, 220, "2.0.0", "go ahead");
	return true;
}

/* RFC 3207 4.2: all that was said before counts for nothing. */
void server_secured(struct server *s)
{
	server_forget(s);
	s->is_tls = true;
	s->is_extended = false;
	s->helo[0] = s->user[0] = '\0';
}

static void refuse_login(struct server *s, const struct response *a)
{
	server_reply(s, a, false);
	s->errors++;
	if (++s->logins >= SERVER_LOGINS_MAX)
		server_hang_up(s, "4.7.0", "too many logins failed");
}

static void log_in(struct server *s)
{
	struct response a;

	response_set(&a, 235, "2.7.0", "welcome");
	if (s->ops->login(s->context, s->sasl.user.data, s->sasl.password.data,
			  &a) < 0) {
		refuse_login(s, &a);
		return;
	}
	snprintf(s->user, sizeof(s->user), "%.255s", s->sasl.user.data);
	server_reply(s, &a, false);
}

static void follow_auth(struct server *s, enum server_sasl_step step)
{
	struct response a;

	s->mode = SERVER_COMMAND;
	switch (step) {
	case SERVER_SASL_MORE:
		s->mode = SERVER_AUTH;
		server_say(s, 334, "", "%s", s->sasl.challenge);
		return;
	case SERVER_SASL_WHOLE:
		log_in(s);
		break;
	case SERVER_SASL_UNKNOWN:
		server_error(s, 504, "5.5.4",
			     "no such mechanism: there are " SERVER_SASL_OFFER);
		break;
	case SERVER_SASL_CANCELLED:
		response_set(&a, 501, "5.7.0", "the login was cancelled");
		refuse_login(s, &a);
		break;
	case SERVER_SASL_MALFORMED:
		response_set(&a, 501, "5.5.2",
			     "invalid response for this mechanism");
		refuse_login(s, &a);
		break;
	}
	server_sasl_free(&s->sasl);
}

static void say_auth(struct server *s, const char *argument)
{
	size_t n = strcspn(argument, " ");
	const char *initial = argument + n + strspn(argument + n, " ");
	char mechanism[32];

	if (!s->ops->login) {
		server_error(s, 502, "5.5.1", "login is not available");
	} else if (!s->is_tls) {
		server_error(s, 538, "5.7.11", "say STARTTLS first");
	} else if (s->user[0] || s->in_mail || !s->helo[0]) {
		server_error(s, 503, "5.5.1",
			     s->user[0]	  ? "you are logged in already"
			     : s->in_mail ? "not within a transaction"
					  : "say EHLO first");
	} else {
		snprintf(mechanism, sizeof(mechanism), "%.*s",
			 n < sizeof(mechanism) ? (int)n : 0, argument);
		follow_auth(s, server_sasl_begin(&s->sasl, mechanism,
						 *initial ? initial : NULL));
	}
}

/* ---- the rest ---- */

static void say_noop(struct server *s, const char *argument)
{
	(void)argument;
	server_say(s, 250, "2.0.0", "ok");
	server_junk(s);
}

static void say_quit(struct server *s, const char *argument)
{
	(void)argument;
	server_forget(s);
	server_say(s, 221, "2.0.0", "%s bye", s->options->name);
	s->has_quit = true;
	s->want = SERVER_CLOSE;
}

static void say_vrfy(struct server *s, const char *argument)
{
	if (!*argument) {
		server_error(s, 501, "5.5.4", "whom?");
		return;
	}
	server_say(s, 252, "2.5.0", "send it, then we see");
	server_junk(s);
}

static void say_help(struct server *s, const char *argument)
{
	(void)argument;
	server_say(s, 214, "2.0.0",
		   "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY STARTTLS "
		   "AUTH; see RFC 5321");
	server_junk(s);
}

static void say_not_here(struct server *s, const char *argument)
{
	(void)argument;
	server_error(s, 502, "5.5.1", "that is not done here");
}

/* A browser can be made to send a form to any port of its own machine, with
 * commands in it. */
static void say_http(struct server *s, const char *argument)
{
	(void)argument;
	server_hang_up(s, "4.7.0", "this is SMTP");
}

static const struct {
	const char *verb;
	void (*say)(struct server *s, const char *argument);
} verbs[] = {
	{ "EHLO", say_ehlo },	  { "HELO", say_helo },
	{ "MAIL", say_mail },	  { "RCPT", say_rcpt },
	{ "DATA", server_data },  { "BDAT", server_bdat },
	{ "RSET", say_rset },	  { "NOOP", say_noop },
	{ "QUIT", say_quit },	  { "VRFY", say_vrfy },
	{ "HELP", say_help },	  { "EXPN", say_not_here },
	{ "ETRN", say_not_here }, { "TURN", say_not_here },
	{ "SEND", say_not_here }, { "SOML", say_not_here },
	{ "SAML", say_not_here }, { "STARTTLS", say_starttls },
	{ "AUTH", say_auth },	  { "GET", say_http },
	{ "POST", say_http },	  { "PUT", say_http },
	{ "HEAD", say_http },	  { "OPTIONS", say_http },
	{ "CONNECT", say_http },
};

static void run_command(struct server *s, char *line)
{
	size_t n = strcspn(line, " \t");
	char *argument = line + n + strspn(line + n, " \t");
	char *end = argument + strlen(argument);

	while (end > argument && text_is_blank(end[-1]))
		*--end = '\0';
	if (line[n])
		line[n] = '\0';
	if (s->line_octets > SERVER_COMMAND_MAX && !ascii_equal(line, "AUTH")) {
		server_error(s, 500, "5.5.2", "the line is too long");
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (ascii_equal(verbs[i].verb, line)) {
			verbs[i].say(s, argument);
			return;
		}
	server_error(s, 500, "5.5.2", "no such command");
}

/* ---- lines ---- */

static void show_line(const struct server *s)
{
	size_t n = s->line.len;

	if (s->mode == SERVER_AUTH)
		trace_line(s->trace, '<', "***", 3);
	else if (ascii_begins(s->line.data, "AUTH ") && n > 5)
		trace_line(s->trace, '<', "AUTH ***", 8);
	else
		trace_line(s->trace, '<', s->line.data, n);
}

/* Without its LF. */
static void take_line(struct server *s)
{
	struct buf *line = &s->line;
	bool has_cr = line->len && line->data[line->len - 1] == '\r';

	s->steps++;
	if (s->line_octets > SERVER_SASL_LINE_MAX && s->line_last == '\r') {
		s->mode = SERVER_COMMAND;
		server_error(s, 500, "5.5.2", "the line is too long");
		return;
	}
	if (has_cr)
		buf_truncate(line, line->len - 1);
	show_line(s);
	if (!has_cr || memchr(line->data, '\r', line->len)) {
		s->mode = SERVER_COMMAND;
		server_refuse_lone(s);
	} else if (strlen(line->data) != line->len) {
		s->mode = SERVER_COMMAND;
		server_error(s, 500, "5.5.2", "a line has no NUL in it");
	} else if (s->mode == SERVER_AUTH) {
		follow_auth(s, server_sasl_answer(&s->sasl, line->data));
	} else {
		run_command(s, line->data);
	}
}

/* Octets past what any line may have are counted and dropped. */
static size_t feed_line(struct server *s, const char *data, size_t n)
{
	const char *lf = memchr(data, '\n', n);
	size_t used = lf ? (size_t)(lf - data) : n;
	size_t room = s->line.max - s->line.len;

	buf_put(&s->line, data, used < room ? used : room);
	s->line_octets += used;
	if (used)
		s->line_last = data[used - 1];
	if (s->line_octets > ENDLESS_MAX) {
		server_hang_up(s, "4.5.2", "that line has no end");
		return used;
	}
	if (!lf)
		return used;
	take_line(s);
	if (s->line.room)
		explicit_bzero(s->line.data, s->line.len);
	buf_reset(&s->line);
	s->line_octets = 0;
	return used + 1;
}

/* ---- the machine ---- */

void server_init(struct server *s, const struct server_options *options,
		 const struct server_ops *ops, void *context)
{
	*s = (struct server){
		.options = options,
		.ops = ops,
		.context = context,
		.mail = server_mail_new(),
	};
	buf_init(&s->out, OUT_MAX);
	buf_init(&s->line, SERVER_SASL_LINE_MAX + 1);
	server_sasl_init(&s->sasl);
}

void server_free(struct server *s)
{
	server_forget(s);
	server_mail_drop(s->mail);
	server_sasl_free(&s->sasl);
	buf_wipe(&s->line);
	buf_free(&s->out);
}

size_t server_feed(struct server *s, const char *data, size_t n)
{
	size_t used = 0;

	while (used < n && s->want == SERVER_READ && s->out.len < OUT_FULL) {
		if (s->mode == SERVER_DATA)
			used += server_feed_data(s, data + used, n - used);
		else if (s->mode == SERVER_CHUNK)
			used += server_feed_chunk(s, data + used, n - used);
		else
			used += feed_line(s, data + used, n - used);
	}
	return used;
}

bool server_is_idle(const struct server *s)
{
	return s->mode == SERVER_COMMAND && !s->in_mail && !s->line_octets;
}
