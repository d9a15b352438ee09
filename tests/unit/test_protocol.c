/* test_server.c - the dialogue: what is answered, what reaches the other side,
 * and that it does not matter how the octets came in. */
#include <stdio.h>

#include "laws.h"

#include "server/protocol.h"

/* ---- a keeper of mail that writes down what it is asked ---- */

struct keeper {
	struct sink sink; /* the content */
	struct buf log;
	size_t content_max; /* octets that it takes */
	size_t octets;
	bool refuses_begin;
	int end_code; /* 0: yes */
};

static int keeper_put(struct sink *s, const void *data, size_t n)
{
	struct keeper *k = (struct keeper *)s;

	k->octets += n;
	if (k->octets > k->content_max)
		return error_set(s->error, ERROR_IO, "the disk is full");
	return buf_put(&k->log, data, n);
}

static int keeper_sender(void *context, struct server_mail *m,
			 struct response *a)
{
	struct keeper *k = context;
	const struct arguments_mail *from = &m->from;

	buf_printf(&k->log, "from <%s>%s%s%s%s%s%s\n", from->sender.spec,
		   from->is_8bit ? " 8bit" : "", from->is_utf8 ? " utf8" : "",
		   from->ret ? " ret=" : "", from->ret ? from->ret : "",
		   from->envid ? " envid=" : "",
		   from->envid ? from->envid : "");
	if (strcmp(from->sender.spec, "evil@example.org") == 0)
		return response_set(a, 550, "5.7.1", "not you");
	return 0;
}

static int keeper_recipient(void *context, struct server_mail *m,
			    const struct arguments_rcpt *to, struct response *a)
{
	struct keeper *k = context;

	(void)m;
	buf_printf(&k->log, "to <%s>%s%s%s%s\n", to->address.spec,
		   to->notify ? " notify=" : "", to->notify ? to->notify : "",
		   to->orcpt ? " orcpt=" : "", to->orcpt ? to->orcpt : "");
	if (strcmp(to->address.spec, "nobody@example.org") == 0)
		return response_set(a, 550, "5.1.1", "nobody");
	return 0;
}

static struct sink *keeper_begin(void *context, struct server_mail *m,
				 struct error *f)
{
	static const struct sink_ops ops = { .put = keeper_put };
	struct keeper *k = context;

	(void)m;
	buf_puts(&k->log, "[");
	k->octets = 0;
	if (k->refuses_begin) {
		error_set(f, ERROR_TEMPORARY, "no room");
		return NULL;
	}
	k->sink = (struct sink){ .ops = &ops, .error = f };
	return &k->sink;
}

static int keeper_end(void *context, struct server_mail *m, struct response *a)
{
	struct keeper *k = context;

	buf_printf(&k->log, "] for %zu\n", m->count);
	if (k->end_code)
		return response_set(a, k->end_code, "4.4.1", "not now");
	return 0;
}

static void keeper_forget(void *context, struct server_mail *m)
{
	struct keeper *k = context;

	(void)m;
	buf_puts(&k->log, "forget\n");
}

static int keeper_login(void *context, const char *user, const char *password,
			struct response *a)
{
	struct keeper *k = context;

	buf_printf(&k->log, "login %s %s\n", user, password);
	if (strcmp(user, "joe") == 0 && strcmp(password, "secret") == 0)
		return 0;
	return response_set(a, 535, "5.7.8", "no");
}

#define ENVELOPE                                                               \
	.sender = keeper_sender, .recipient = keeper_recipient,                \
	.begin = keeper_begin, .end = keeper_end, .forget = keeper_forget

static const struct server_ops open_ops = { ENVELOPE };
static const struct server_ops login_ops = { ENVELOPE, .login = keeper_login };

/* ---- a conversation ---- */

struct talk {
	struct server_options options;
	const struct server_ops *ops;
	struct keeper keeper; /* as it begins */
	bool in_tls;
	const char *codes; /* of all replies, "220 250 ..." */
	const char *log;   /* NULL: anything */
	const char *has;   /* somewhere in the replies; NULL */
	bool closes;
	bool drops; /* content that is given up: how much came through of it
		       depends on the pieces */
};

#define PLAIN                                                                  \
	.options = { .name = "mx.example.org", .recipients_max = 1000 },       \
	.ops = &open_ops, .keeper = { .content_max = 1 << 20 }

static void codes_of(const struct buf *replies, struct buf *out)
{
	const char *p = replies->data;

	while (*p) {
		size_t n = strcspn(p, "\n");

		assert_true(n > 4 && n <= 511);
		assert_int_equal(p[n - 1], '\r');
		if (p[3] == ' ')
			buf_printf(out, "%s%.3s", out->len ? " " : "", p);
		else
			assert_int_equal(p[3], '-');
		p += n + 1;
	}
}

/* Feeds all of it; what the machine leaves is offered again, as a driver
 * does. */
static void feed(struct server *s, const char *in, size_t n, size_t piece,
		 struct buf *replies)
{
	size_t at = 0;

	while (at < n && s->want == SERVER_READ) {
		size_t now = !piece || n - at < piece ? n - at : piece;
		char *copy = memory_alloc(now);

		memcpy(copy, in + at, now);
		at += server_feed(s, copy, now);
		free(copy);
		buf_put(replies, s->out.data, s->out.len);
		buf_reset(&s->out);
	}
}

static void hold_in_pieces(const struct talk *t, const char *in, size_t n,
			   size_t piece, struct buf *replies, struct buf *log)
{
	struct server s;
	struct keeper k = t->keeper;

	buf_init(&k.log, LAWS_MAX);
	server_init(&s, &t->options, t->ops, &k);
	server_greet(&s);
	if (t->in_tls)
		server_secured(&s);
	feed(&s, in, n, piece, replies);
	assert_int_equal(s.want == SERVER_CLOSE, t->closes);
	server_free(&s);
	buf_put(log, k.log.data, k.log.len);
	buf_free(&k.log);
}

static void hold_octets(const struct talk *t, const char *in, size_t n)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 7, 61 };
	struct buf first = BUF_INIT(LAWS_MAX), first_log = BUF_INIT(LAWS_MAX);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct buf replies = BUF_INIT(LAWS_MAX),
			   log = BUF_INIT(LAWS_MAX), codes = BUF_INIT(LAWS_MAX);

		hold_in_pieces(t, in, n, pieces[i], &replies, &log);
		codes_of(&replies, &codes);
		assert_string_equal(codes.data, t->codes);
		if (t->log)
			assert_string_equal(log.data, t->log);
		if (t->has && !strstr(replies.data, t->has))
			fail_msg("no \"%s\" in:\n%s", t->has, replies.data);
		if (i == 0) {
			buf_put(&first, replies.data, replies.len);
			buf_put(&first_log, log.data, log.len);
		}
		laws_equal(&replies, first.data, first.len);
		if (!t->drops)
			laws_equal(&log, first_log.data, first_log.len);
		buf_free(&replies);
		buf_free(&log);
		buf_free(&codes);
	}
	buf_free(&first);
	buf_free(&first_log);
}

static void hold(const struct talk *t, const char *in)
{
	hold_octets(t, in, strlen(in));
}

#define TALK(...) (&(const struct talk){ PLAIN, __VA_ARGS__ })
#define HELLO	  "EHLO me\r\n"
#define ENVELOPES "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"

/* ---- the tests ---- */

static void test_one_message(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 250 250 250 354 250 221",
		  .log = "from <a@example.org>\nto <b@example.org>\n"
			 "[Subject: x\r\n\r\n.\r\n..\r\n] for 1\nforget\n",
		  .closes = true),
	     HELLO ENVELOPES
	     "DATA\r\nSubject: x\r\n\r\n..\r\n...\r\n.\r\nQUIT\r\n");
	hold(TALK(.codes = "220 250 250 250 354 250 221", .closes = true),
	     "HELO me\r\n" ENVELOPES "DATA\r\n.\r\nQUIT\r\n");
}

static void test_all_in_one_flight(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 250 250 250 354 250 250 250 550 250 354 250 "
			   "250 221",
		  .log = "from <a@example.org>\nto <b@example.org>\n"
			 "[1\r\n] for 1\nforget\n"
			 "from <>\nto <nobody@example.org>\nto <c@d.example>\n"
			 "[2\r\n] for 1\nforget\n",
		  .closes = true),
	     "ehlo me\r\nmail from:<a@example.org>\r\n"
	     "Rcpt To:<b@example.org>\r\ndata\r\n1\r\n.\r\nNOOP x\r\n"
	     "MAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\n"
	     "RCPT TO:<c@d.example>\r\nDATA\r\n2\r\n.\r\nRSET\r\nQUIT\r\n");
}

static void test_offers(void **state)
{
	struct talk t = { PLAIN };

	(void)state;
	t.codes = "220 250";
	t.options.size_max = 1000;
	t.has = "SIZE 1000\r\n";
	hold(&t, HELLO);
	t.has = "250 SMTPUTF8\r\n";
	hold(&t, HELLO);
	t.options.has_tls = true;
	t.has = "250-STARTTLS\r\n";
	hold(&t, HELLO);
	t.ops = &login_ops;
	t.in_tls = true;
	t.has = "250-AUTH PLAIN LOGIN\r\n";
	hold(&t, HELLO);
}

static void test_sequence(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 503 503 503", .log = ""),
	     "MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
	hold(TALK(.codes = "220 250 503 503 250 503 554 250 503 250 503"),
	     HELLO "RCPT TO:<a@b.example>\r\nDATA\r\n"
		   "MAIL FROM:<a@b.example>\r\nMAIL FROM:<c@b.example>\r\n"
		   "DATA\r\nRSET\r\nRCPT TO:<a@b.example>\r\n"
		   "EHLO again\r\nDATA\r\n");
	/* a greeting forgets; so does the end of the line */
	hold(TALK(.codes = "220 250 250 250 250 503",
		  .log = "from <a@example.org>\nto <b@example.org>\nforget\n"),
	     HELLO ENVELOPES "HELO me\r\nDATA\r\n");
	hold(TALK(.codes = "220 250 250 250",
		  .log = "from <a@example.org>\nto <b@example.org>\nforget\n"),
	     HELLO ENVELOPES);
	/* a sender that is refused leaves nothing behind */
	hold(TALK(.codes = "220 250 550 503 250"),
	     HELLO "MAIL FROM:<evil@example.org>\r\n"
		   "RCPT TO:<b@example.org>\r\nMAIL FROM:<a@example.org>\r\n");
}

static void test_unknown(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 501 500 500 502 502 252 501 214 250 501 501 "
			   "502 502"),
	     "EHLO\r\nFOO bar\r\n\r\nEXPN x\r\nTURN\r\nVRFY bob\r\nVRFY\r\n"
	     "HELP me\r\nNOOP\r\nRSET x\r\nDATA x\r\nSTARTTLS\r\n"
	     "AUTH PLAIN\r\n");
	/* a form that a browser was made to send */
	hold(TALK(.codes = "220 421", .log = "", .closes = true),
	     "POST / HTTP/1.1\r\nHost: localhost:25\r\n\r\n" HELLO ENVELOPES);
}

static void test_paths(void **state)
{
	static const struct {
		const char *command, *code, *spec;
	} cases[] = {
		{ "<>", "250", "" },
		{ "<a@b.example>", "250", "a@b.example" },
		{ " <a@b.example>", "250", "a@b.example" },
		{ "a@b.example", "250", "a@b.example" },
		{ "<@x,@y:a@b.example>", "250", "a@b.example" },
		{ "<\"a b>\"@b.example>", "250", "\"a b>\"@b.example" },
		{ "<root>", "250", "root" },
		{ "<a@[127.0.0.1]>", "250", "a@[127.0.0.1]" },
		{ "", "501", NULL },
		{ "<a@b.example", "501", NULL },
		{ "<a@b.example>x", "501", NULL },
		{ "<a b@c.example>", "553", NULL },
		{ "<a@b.example,c@d.example>", "553", NULL },
		{ "<Joe <a@b.example>>", "501", NULL },
		{ "<a@b..example>", "553", NULL },
		{ "<a@>", "553", NULL },
		{ "<j\xc3\xb6@b.example>", "553", NULL },
		{ "<a@b.example> SIZE=x", "501", NULL },
		{ "<a@b.example> SIZE", "501", NULL },
		{ "<a@b.example> SIZE=99999999999999999999999", "501", NULL },
		{ "<a@b.example> BODY=BINARYMIME", "501", NULL },
		{ "<a@b.example> RET=half", "501", NULL },
		{ "<a@b.example> RET=FULL RET=FULL", "501", NULL },
		{ "<a@b.example> ENVID=a+0Ab", "501", NULL },
		{ "<a@b.example> FOO=bar", "555", NULL },
		{ "<a@b.example> SMTPUTF8=1", "501", NULL },
		{ "<a@b.example> AUTH=<> SIZE=9 BODY=7BIT", "250",
		  "a@b.example" },
	};
	char in[256], codes[32], log[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(in, sizeof(in), HELLO "MAIL FROM:%s\r\n",
			 cases[i].command);
		snprintf(codes, sizeof(codes), "220 250 %s", cases[i].code);
		snprintf(log, sizeof(log), "from <%s>\nforget\n",
			 cases[i].spec ? cases[i].spec : "");
		hold(TALK(.codes = codes, .log = cases[i].spec ? log : ""), in);
	}
	hold(TALK(.codes = "220 250 250 501 553 501 555"),
	     HELLO "MAIL FROM:<>\r\nRCPT TO:<\r\nRCPT TO:<>\r\n"
		   "RCPT FROM:<a@b.example>\r\n"
		   "RCPT TO:<a@b.example> SIZE=1\r\n");
}

static void test_parameters(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 250 250 250 250 501 501 501",
		  .log = "from <j\xc3\xb6@b.example> 8bit utf8 ret=hdrs "
			 "envid=a b\n"
			 "to <\xc3\xa4@b.example> notify=failure,delay "
			 "orcpt=rfc822;x+2Byz\n"
			 "to <c@b.example> notify=never\nforget\n"),
	     HELLO "MAIL FROM:<j\xc3\xb6@b.example> BODY=8bitmime SMTPUTF8 "
		   "RET=HDRS ENVID=a+20b\r\n"
		   "RCPT TO:<\xc3\xa4@b.example> NOTIFY=DELAY,FAILURE "
		   "ORCPT=rfc822;x+2Byz\r\n"
		   "RCPT TO:<c@b.example> NOTIFY=never\r\n"
		   "RCPT TO:<c@b.example> NOTIFY=NEVER,DELAY\r\n"
		   "RCPT TO:<c@b.example> ORCPT=rfc822\r\n"
		   "RCPT TO:<c@b.example> ORCPT=rfc822;a=b\r\n");
}

static void test_bdat(void **state)
{
	(void)state;
	hold(TALK(.codes = "220 250 250 250 250 250 250 250",
		  .log = "from <a@example.org>\nto <b@example.org>\n"
			 "[a: b\r\n\r\n.\r\nQUIT\r\n] for 1\nforget\n"),
	     HELLO ENVELOPES "BDAT 8\r\na: b\r\n\r\nBDAT 0\r\n"
			     "BDAT 9 LAST\r\n.\r\nQUIT\r\nNOOP\r\n");
	/* what nobody wants is taken in all the same */
	hold(TALK(.codes = "220 250 503 250 250 503 503 250",
		  .log = "from <a@example.org>\nforget\n"),
	     HELLO "BDAT 6\r\nQUIT\r\nNOOP\r\nMAIL FROM:<a@example.org>\r\n"
		   "BDAT 6\r\nQUIT\r\nBDAT 0 LAST\r\nNOOP\r\n");
	/* amid chunks there are chunks alone */
	hold(TALK(.codes = "220 250 250 250 250 503 503 503 250 250"),
	     HELLO ENVELOPES
	     "BDAT 3\r\nx\r\nDATA\r\nRCPT TO:<c@d.example>\r\n"
	     "MAIL FROM:<c@d.example>\r\nBDAT 0 LAST\r\nNOOP\r\n");
	/* without a count nobody knows where it ends */
	hold(TALK(.codes = "220 250 250 250 501 421", .closes = true),
	     HELLO ENVELOPES "BDAT many LAST\r\nQUIT\r\n");
	hold(TALK(.codes = "220 250 250 250 501 421", .closes = true),
	     HELLO ENVELOPES "BDAT 1 LAS\r\nQUIT\r\n");
	hold(TALK(.codes = "220 250 250 250 501 421", .closes = true),
	     HELLO ENVELOPES "BDAT 9999999999999999999\r\nQUIT\r\n");
}

/* Only CRLF.CRLF ends the content, and where a CR or LF stands alone in it,
 * nothing of it is taken, nor what is behind it. */
static void test_smuggling(void **state)
{
	static const char *const ends[] = {
		"\n.\n",       "\n.\r\n",   "\r\n.\n",	 "\r.\r",
		"\r.\r\n",     "\r\n.\r",   "\n\n.\r\n", "\r\n.\r\r\n",
		"\r\n\n.\r\n", "\r\r\n.\r",
	};
	struct talk small = { PLAIN }, full = { PLAIN };
	char in[512];

	(void)state;
	small.codes = full.codes = "220 250 250 250 354 521";
	small.closes = full.closes = true;
	small.drops = full.drops = true;
	small.options.size_max = 1;
	full.keeper.content_max = 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(
			in, sizeof(in),
			HELLO ENVELOPES
			"DATA\r\nx%sMAIL FROM:<evil@example.org>\r\n"
			"RCPT TO:<v@example.org>\r\nDATA\r\ny\r\n.\r\nNOOP\r\n",
			ends[i]);
		hold(TALK(.codes = "220 250 250 250 354 521",
			  .has = "521 5.5.2 ", .closes = true),
		     in);
		/* too big, or nowhere to put it: that excuses nothing */
		hold(&small, in);
		hold(&full, in);
	}
	hold(TALK(.codes = "220 250 250 250 550 250", .has = "550 5.6.11 "),
	     HELLO ENVELOPES "BDAT 4 LAST\r\na\nbcNOOP\r\n");
	/* commands too: not one of these is run */
	hold(TALK(.codes = "220 250 521", .log = "", .closes = true),
	     HELLO "NOOP x\nMAIL FROM:<evil@example.org>\r\n");
	hold(TALK(.codes = "220 250 521", .log = "", .closes = true),
	     HELLO "NOOP x\rMAIL FROM:<evil@example.org>\r\nNOOP\r\n");
	hold_octets(TALK(.codes = "220 250 500 250", .log = ""),
		    HELLO "MAIL FROM:<a@\0example.org>\r\nNOOP\r\n",
		    9 + 28 + 6);
}

/* The end of a line that is too long to be kept counts as well. */
static void test_smuggling_by_length(void **state)
{
	static const char *const ends[] = { "\r\n", "\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf in = BUF_INIT(LAWS_MAX);

		buf_puts(&in, HELLO "NOOP ");
		for (int k = 0; k < 20000; k++)
			buf_putc(&in, 'x');
		buf_puts(&in, ends[i]);
		buf_puts(&in, "NOOP\r\n");
		hold(TALK(.codes = i ? "220 250 521" : "220 250 500 250",
			  .closes = i == 1),
		     in.data);
		buf_free(&in);
	}
}

/* Commands that lead nowhere, however polite. */
static void test_junk(void **state)
{
	static const char *const junk[] = { "NOOP\r\n",	  "RSET\r\n",
					    "VRFY x\r\n", "HELP\r\n",
					    HELLO,	  "BDAT 0\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(junk) / sizeof(*junk); i++) {
		struct keeper k = { .content_max = LAWS_MAX };
		struct talk t = { PLAIN };
		struct server s;
		unsigned n = 0;

		buf_init(&k.log, LAWS_MAX);
		server_init(&s, &t.options, t.ops, &k);
		server_feed(&s, HELLO ENVELOPES, strlen(HELLO ENVELOPES));
		while (s.want == SERVER_READ && n < 1000) {
			server_feed(&s, junk[i], strlen(junk[i]));
			buf_reset(&s.out);
			n++;
		}
		assert_in_range(n, SERVER_JUNK_MAX / 2,
				SERVER_JUNK_MAX + SERVER_ERRORS_MAX);
		server_free(&s);
		buf_free(&k.log);
	}
}

static void test_limits(void **state)
{
	struct talk t = { PLAIN };
	struct buf in = BUF_INIT(LAWS_MAX);

	(void)state;
	t.options.size_max = 10;
	t.drops = true;
	t.codes = "220 250 552 250 250 250 250 354 552 250";
	hold(&t, HELLO "MAIL FROM:<a@example.org> SIZE=11\r\nRSET\r\n"
		       "MAIL FROM:<a@example.org> SIZE=10\r\n"
		       "RCPT TO:<b@example.org>\r\nNOOP\r\nDATA\r\n"
		       "123456789\r\n.\r\nNOOP\r\n");
	/* dots of the frame do not count */
	t.codes = "220 250 250 250 354 250";
	hold(&t, HELLO ENVELOPES "DATA\r\n..234567\r\n.\r\n");
	t.codes = "220 250 250 250 250 552 503 250";
	hold(&t, HELLO ENVELOPES "BDAT 6\r\n1234\r\nBDAT 6\r\n1234\r\n"
				 "BDAT 6 LAST\r\n1234\r\nNOOP\r\n");
	t.options.size_max = 0;
	t.drops = false;
	t.options.recipients_max = 2;
	t.codes = "220 250 250 250 250 452 354 250";
	hold(&t, HELLO ENVELOPES "RCPT TO:<c@example.org>\r\n"
				 "RCPT TO:<d@example.org>\r\nDATA\r\n.\r\n");
	/* a line of a command */
	buf_puts(&in, HELLO "NOOP ");
	for (int i = 0; i < SERVER_COMMAND_MAX; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\r\nNOOP\r\n");
	t.codes = "220 250 500 250";
	hold(&t, in.data);
	buf_reset(&in);
	for (int i = 0; i < 70000; i++)
		buf_putc(&in, 'x');
	t.codes = "220 421";
	t.closes = true;
	hold(&t, in.data);
	/* lines of content may be as long as they like */
	buf_reset(&in);
	buf_puts(&in, HELLO ENVELOPES "DATA\r\n");
	for (int i = 0; i < 70000; i++)
		buf_putc(&in, '.');
	buf_puts(&in, "\r\n.\r\n");
	t.codes = "220 250 250 250 354 250";
	t.closes = false;
	hold(&t, in.data);
	buf_free(&in);
}

static void test_errors(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), codes = BUF_INIT(LAWS_MAX);

	(void)state;
	buf_puts(&codes, "220");
	for (int i = 0; i < SERVER_ERRORS_MAX; i++) {
		buf_puts(&in, "FOO\r\n");
		buf_puts(&codes, " 500");
	}
	buf_puts(&in, "NOOP\r\n");
	buf_puts(&codes, " 421");
	hold(TALK(.codes = codes.data, .closes = true), in.data);
	/* a message that was taken is good conduct */
	buf_reset(&in);
	buf_reset(&codes);
	buf_puts(&in, HELLO);
	buf_puts(&codes, "220 250");
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < SERVER_ERRORS_MAX - 1; i++) {
			buf_puts(&in, "FOO\r\n");
			buf_puts(&codes, " 500");
		}
		buf_puts(&in, ENVELOPES "DATA\r\n.\r\n");
		buf_puts(&codes, " 250 250 354 250");
	}
	hold(TALK(.codes = codes.data), in.data);
	buf_free(&in);
	buf_free(&codes);
}

/* What goes wrong behind us is said, and the session goes on in step. */
static void test_failures(void **state)
{
	struct talk t = { PLAIN };
	static const char two[] = HELLO ENVELOPES
		"DATA\r\n0123456789\r\n.\r\nMAIL FROM:<x@example.org>\r\n";
	static const char chunks[] = HELLO ENVELOPES
		"BDAT 12 LAST\r\n0123456789\r\nMAIL FROM:<x@example.org>\r\n";

	(void)state;
	t.drops = true;
	t.codes = "220 250 250 250 354 451 250";
	for (size_t n = 0; n < 12; n++) {
		t.keeper.content_max = n;
		hold(&t, two);
	}
	t.codes = "220 250 250 250 451 250";
	hold(&t, chunks);
	t.keeper.refuses_begin = true;
	hold(&t, chunks);
	t.codes = "220 250 250 250 451 250 250";
	hold(&t, HELLO ENVELOPES "DATA\r\nNOOP\r\n"
				 "MAIL FROM:<x@example.org>\r\n");
	t.keeper.refuses_begin = false;
	t.keeper.content_max = 100;
	t.keeper.end_code = 452;
	t.codes = "220 250 250 250 354 452 250";
	hold(&t, two);
}

/* Replies that nobody takes hold the commands up, and none is lost. */
static void test_many_replies(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), codes = BUF_INIT(LAWS_MAX);

	struct talk t = { PLAIN };

	(void)state;
	buf_puts(&in, HELLO "MAIL FROM:<a@example.org>\r\n");
	buf_puts(&codes, "220 250 250");
	for (int i = 0; i < 9000; i++) {
		buf_puts(&in, "RCPT TO:<b@example.org>\r\n");
		buf_puts(&codes, " 250");
	}
	t.options.recipients_max = 9000;
	t.codes = codes.data;
	hold(&t, in.data);
	buf_free(&in);
	buf_free(&codes);
}

static void begin(struct server *s, const struct talk *t, struct keeper *k)
{
	*k = t->keeper;
	buf_init(&k->log, LAWS_MAX);
	server_init(s, &t->options, t->ops, k);
}

static void test_starttls(void **state)
{
	struct buf replies = BUF_INIT(LAWS_MAX);
	struct talk t = { PLAIN };
	struct keeper k;
	struct server s;
	static const char in[] = HELLO ENVELOPES "STARTTLS\r\nRSET\r\n";

	(void)state;
	t.options.has_tls = true;
	begin(&s, &t, &k);
	assert_int_equal(server_feed(&s, in, sizeof(in) - 1),
			 sizeof(in) - 1 - 6);
	assert_int_equal(s.want, SERVER_TLS);
	/* whoever put it there: it is not run, and the session is over */
	buf_reset(&s.out);
	assert_false(server_agree_tls(&s, true));
	assert_int_equal(s.want, SERVER_CLOSE);
	assert_int_equal(strncmp(s.out.data, "554 ", 4), 0);
	server_free(&s);
	buf_free(&k.log);

	begin(&s, &t, &k);
	feed(&s, in, sizeof(in) - 1 - 6, 1, &replies);
	assert_int_equal(s.want, SERVER_TLS);
	assert_true(server_agree_tls(&s, false));
	assert_string_equal(s.out.data, "220 2.0.0 go ahead\r\n");
	server_secured(&s);
	assert_int_equal(s.want, SERVER_READ);
	/* the greeting of before counts for nothing */
	buf_reset(&replies);
	buf_reset(&s.out);
	feed(&s, "MAIL FROM:<a@b.example>\r\nSTARTTLS\r\n", 35, 0, &replies);
	assert_int_equal(strncmp(replies.data, "503 ", 4), 0);
	assert_null(strstr(replies.data, "220"));
	server_free(&s);
	buf_free(&k.log);
	buf_free(&replies);
}

#define LOGIN PLAIN, .in_tls = true

static void test_auth(void **state)
{
	struct talk t = { LOGIN };

	(void)state;
	t.ops = &login_ops;
	t.options.needs_login = true;
	/* "\0joe\0secret" */
	t.codes = "220 250 530 235 250";
	t.log = "login joe secret\nfrom <a@b.example>\nforget\n";
	hold(&t, HELLO "MAIL FROM:<a@b.example>\r\n"
		       "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n"
		       "MAIL FROM:<a@b.example>\r\n");
	t.codes = "220 250 334 235 503";
	t.log = "login joe secret\n";
	hold(&t, HELLO "auth plain\r\nAGpvZQBzZWNyZXQ=\r\n"
		       "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n");
	t.codes = "220 250 334 334 235";
	hold(&t, HELLO "AUTH LOGIN\r\nam9l\r\nc2VjcmV0\r\n");
	t.codes = "220 250 334 235";
	hold(&t, HELLO "AUTH LOGIN am9l\r\nc2VjcmV0\r\n");
	/* "joe\0joe\0secret" asks for no more; "eve\0joe\0secret" does */
	t.codes = "220 250 235";
	hold(&t, HELLO "AUTH PLAIN am9lAGpvZQBzZWNyZXQ=\r\n");
	t.codes = "220 250 501";
	t.log = "";
	hold(&t, HELLO "AUTH PLAIN ZXZlAGpvZQBzZWNyZXQ=\r\n");
	t.codes = "220 250 334 501 504 334 501 500";
	hold(&t, HELLO "AUTH PLAIN\r\n*\r\nAUTH CRAM-MD5\r\nAUTH PLAIN\r\n"
		       "!!!!\r\nx\r\n");
	(void)t;
}

static void test_auth_refused(void **state)
{
	struct talk t = { LOGIN };

	(void)state;
	t.ops = &login_ops;
	/* "\0joe\0wrong": three times, and out */
	t.codes = "220 250 535 535 535 421";
	t.closes = true;
	hold(&t, HELLO "AUTH PLAIN AGpvZQB3cm9uZw==\r\n"
		       "AUTH PLAIN AGpvZQB3cm9uZw==\r\n"
		       "AUTH PLAIN AGpvZQB3cm9uZw==\r\n"
		       "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n");
	/* a line feed in a name would be two lines for who judges it */
	t.closes = false;
	t.codes = "220 250 501";
	t.log = "";
	hold(&t, HELLO "AUTH PLAIN AGoKb2UAc2VjcmV0\r\n");
	t.log = NULL;
	t.codes = "220 250 250 503";
	hold(&t, HELLO "MAIL FROM:<>\r\nAUTH PLAIN AGpvZQBzZWNyZXQ=\r\n");
	/* never in the clear */
	t.in_tls = false;
	t.options.has_tls = true;
	t.options.needs_login = true;
	t.codes = "220 250 538 530";
	hold(&t, HELLO "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\nMAIL FROM:<>\r\n");
}

/* Any octets at all: the same answers in any pieces, and no line too long. */
static void test_noise(void **state)
{
	static const size_t pieces[] = { 0, 1, 7 };
	static const char *const words[] = {
		"EHLO x\r\n",
		"MAIL FROM:<a@b.example>\r\n",
		"\r\n",
		"\n",
		".",
		"\r",
		"RCPT TO:<c@d.example>\r\n",
		"DATA\r\n",
		"BDAT 5\r\n",
		"BDAT 3 LAST\r\n",
		"RSET\r\n",
		".\r\n",
		"x",
		" ",
		"AUTH PLAIN\r\n",
	};
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct buf in = BUF_INIT(LAWS_MAX);
		struct buf replies[3], logs[3];

		for (int i = 0; i < 60; i++)
			buf_puts(&in, words[laws_random(&random) %
					    (sizeof(words) / sizeof(*words))]);
		for (size_t i = 0; i < 3; i++) {
			struct talk t = { LOGIN };
			struct keeper k;
			struct server s;

			t.ops = &login_ops;
			buf_init(&replies[i], LAWS_MAX);
			buf_init(&logs[i], LAWS_MAX);
			begin(&s, &t, &k);
			server_secured(&s);
			feed(&s, in.data, in.len, pieces[i], &replies[i]);
			server_free(&s);
			buf_put(&logs[i], k.log.data, k.log.len);
			buf_free(&k.log);
			laws_equal(&replies[i], replies[0].data,
				   replies[0].len);
			laws_equal(&logs[i], logs[0].data, logs[0].len);
		}
		for (size_t i = 0; i < 3; i++) {
			buf_free(&replies[i]);
			buf_free(&logs[i]);
		}
		buf_free(&in);
	}
}

/* ---- answers that come later ---- */

struct later {
	struct keeper keeper;
	struct server_mail *mails[SERVER_LATER_MAX];
	size_t count;
};

static int later_end(void *context, struct server_mail *m, struct response *a)
{
	struct later *l = context;

	(void)a;
	l->mails[l->count++] = m;
	return 1;
}

/* However the octets come, and however much of the replies is sent meanwhile,
 * each answer keeps its place; a mail lives until its own is given. */
static void test_later(void **state)
{
	static const struct server_ops ops = {
		.sender = keeper_sender,
		.recipient = keeper_recipient,
		.begin = keeper_begin,
		.end = later_end,
		.forget = keeper_forget,
	};
	static const struct server_options options = { .name = "host",
						       .recipients_max = 10 };
	static const char octets[] =
		"EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
		"BDAT 6 LAST\r\nx: y\r\nNOOP\r\nMAIL FROM:<a2@b>\r\n"
		"RCPT TO:<c@d>\r\nDATA\r\nx: z\r\n.\r\nRSET\r\n";

	(void)state;
	for (size_t piece = 1; piece < sizeof(octets); piece++) {
		struct later l = { .keeper = { .content_max = 1000 } };
		struct buf sent = BUF_INIT(4096);
		struct server server;
		struct response a;
		size_t ready;

		buf_init(&l.keeper.log, 4096);
		server_init(&server, &options, &ops, &l);
		for (size_t at = 0; at < sizeof(octets) - 1;) {
			size_t left = sizeof(octets) - 1 - at;

			at += server_feed(&server, octets + at,
					  piece < left ? piece : left);
			ready = server_ready(&server);
			buf_put(&sent, server.out.data, ready);
			server_sent(&server, ready);
		}
		assert_int_equal(l.count, 2);
		assert_int_equal(server_ready(&server), 0);
		assert_string_equal(l.mails[0]->from.sender.spec, "a@b");
		response_set(&a, 550, "5.6.0", "first");
		server_answer(&server, &a);
		assert_int_equal(server.messages, 0);
		ready = server_ready(&server);
		buf_put(&sent, server.out.data, ready);
		server_sent(&server, ready);
		response_set(&a, 250, "2.0.0", "second");
		server_answer(&server, &a);
		assert_int_equal(server.messages, 1);
		assert_int_equal(server_ready(&server), server.out.len);
		buf_put(&sent, server.out.data, server.out.len);
		assert_non_null(
			strstr(sent.data,
			       "550 5.6.0 first\r\n250 2.0.0 ok\r\n250 "
			       "2.1.0 sender <a2@b> ok\r\n250 2.1.5 "
			       "recipient <c@d> ok\r\n354 go ahead, end "
			       "with .\r\n250 2.0.0 second\r\n250 2.0.0 "
			       "all forgotten\r\n"));
		for (size_t i = 0; i < l.count; i++)
			server_mail_drop(l.mails[i]);
		server_free(&server);
		buf_free(&l.keeper.log);
		buf_free(&sent);
	}
}

/* Mails whose answers are to come excuse what was said between them. */
static void test_later_junk(void **state)
{
	static const struct server_ops ops = {
		.sender = keeper_sender,
		.recipient = keeper_recipient,
		.begin = keeper_begin,
		.end = later_end,
		.forget = keeper_forget,
	};
	static const struct server_options options = { .name = "host",
						       .recipients_max = 10 };
	static const char mail[] = "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
				   "BDAT 6 LAST\r\nx: y\r\n"
				   "RSET\r\nNOOP\r\nNOOP\r\nSING\r\n";
	static const char junk[] = "NOOP\r\n";
	struct later l = { .keeper = { .content_max = 1000 } };
	struct server server;
	struct response a;

	(void)state;
	buf_init(&l.keeper.log, 16384);
	server_init(&server, &options, &ops, &l);
	server_feed(&server, "EHLO me\r\n", 9);
	for (size_t i = 0; i < SERVER_LATER_MAX - 1; i++)
		server_feed(&server, mail, strlen(mail));
	assert_int_equal(l.count, SERVER_LATER_MAX - 1);
	assert_int_equal(server.want, SERVER_READ);
	response_set(&a, 550, "5.6.0", "no");
	for (size_t i = 0; i < l.count; i++) {
		server_answer(&server, &a);
		server_mail_drop(l.mails[i]);
	}
	server_feed(&server, junk, strlen(junk));
	assert_int_equal(server.want, SERVER_CLOSE);
	server_free(&server);
	buf_free(&l.keeper.log);
}

static void test_answers(void **state)
{
	static const struct {
		struct error error;
		const char *line;
	} cases[] = {
		{ { .cause = ERROR_NOUSER, .reply = 550, .esc = "5.1.1" },
		  "550 5.1.1 " },
		{ { .cause = ERROR_TEMPORARY,
		    .temporary = true,
		    .reply = 421,
		    .esc = "4.3.2" },
		  "451 4.3.2 " },
		{ { .cause = ERROR_TEMPORARY, .temporary = true, .reply = 452 },
		  "452 4.0.0 " },
		{ { .cause = ERROR_TEMPORARY,
		    .temporary = true,
		    .reply = 450,
		    .esc = "5.7.1" },
		  "450 4.0.0 " },
		{ { .cause = ERROR_PROTOCOL, .reply = 501, .esc = "5.5.4" },
		  "554 5.5.4 " },
		{ { .cause = ERROR_PERMISSION, .reply = 535, .esc = "5.7.8" },
		  "451 4.3.5 " },
		{ { .cause = ERROR_TEMPORARY,
		    .temporary = true,
		    .esc = "4.3.1" },
		  "452 4.3.1 " },
		{ { .cause = ERROR_CONFIG }, "451 4.3.5 " },
		{ { .cause = ERROR_DATA }, "554 5.6.0 " },
		{ { .cause = ERROR_IO, .temporary = true }, "451 4.3.0 " },
		{ { .cause = ERROR_NOHOST }, "451 4.4.4 " },
		{ { .cause = ERROR_DATA, .temporary = true }, "451 4.0.0 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error f = cases[i].error;
		struct buf out = BUF_INIT(1024);
		struct response a;

		memset(f.text, 'x', sizeof(f.text) - 1);
		f.text[3] = '\n';
		f.text[4] = (char)0xc3;
		assert_int_equal(response_error(&a, &f), -1);
		response_put(&out, &a, false);
		assert_int_equal(strncmp(out.data, cases[i].line, 10), 0);
		assert_int_equal(strcspn(out.data, "\n"), out.len - 1);
		assert_int_equal(out.data[out.len - 2], '\r');
		assert_true(out.len <= 512);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_message),
		cmocka_unit_test(test_all_in_one_flight),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_bdat),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_smuggling_by_length),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_many_replies),
		cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_auth_refused),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_later),
		cmocka_unit_test(test_later_junk),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
