/* test_dial.c - what is learnt from an SMTP server's lines before the mail, and
 * where nobody logs in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/dial.h"

static void dial_begin(struct dial *d)
{
	*d = (struct dial){ .conn.context = d };
	reply_init(&d->reply);
}

/* Lines of the server to the command, as net/conn hands them over. */
static int read_lines(struct dial *d, const char *verb, const char *lines)
{
	int r = 0;

	snprintf(d->conn.verb, sizeof(d->conn.verb), "%s", verb);
	d->conn.last[0] = '\0';
	while (r >= 0 && *lines) {
		size_t n = strcspn(lines, "\n") + 1;

		r = dial_protocol.on_line(&d->conn, lines, n);
		if (r <= 0) {
			d->conn.is_greeted = true;
			d->conn.last[0] = 'x';
		}
		lines += n;
	}
	return r;
}

static int verdict(struct dial *d)
{
	int r = dial_protocol.verdict(&d->conn);

	reply_free(&d->reply);
	return r;
}

/* What was said before TLS counts for nothing after it. */
static void test_capabilities_in_tls_win(void **state)
{
	struct dial d;

	(void)state;
	dial_begin(&d);
	assert_int_equal(read_lines(&d, "", "220-hello\r\n220 there\r\n"), 0);
	assert_int_equal(read_lines(&d, "EHLO",
				    "250-SIZE is my name\r\n250-CHUNKING\r\n"
				    "250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
			 0);
	assert_int_equal(d.caps.flags,
			 CAPS_CHUNKING | CAPS_AUTH | CAPS_STARTTLS);
	assert_int_equal(read_lines(&d, "STARTTLS", "220 go\r\n"), 0);
	assert_int_equal(dial_protocol.verdict(&d.conn), 1);
	assert_int_equal(read_lines(&d, "EHLO", "250-me\r\n250 SIZE 100\r\n"),
			 0);
	assert_int_equal(d.caps.flags, CAPS_SIZE);
	assert_true(d.caps.size == 100);
	assert_int_equal(verdict(&d), 1);
}

/* libcurl falls back to HELO, and its answer has no capabilities. */
static void test_helo(void **state)
{
	struct dial d;

	(void)state;
	dial_begin(&d);
	assert_int_equal(read_lines(&d, "", "220 hi\r\n"), 0);
	assert_int_equal(read_lines(&d, "EHLO", "502 what?\r\n"), 0);
	assert_int_equal(dial_protocol.verdict(&d.conn), -1);
	assert_int_equal(read_lines(&d, "HELO", "250 PIPELINING\r\n"), 0);
	assert_int_equal(d.caps.flags, 0);
	assert_int_equal(verdict(&d), 1);
}

/* But only a 5xx means a server too old for EHLO. */
static void test_ehlo_refused(void **state)
{
	static const char *const answers[] = { "421 bye\r\n", "451 no\r\n",
					       "354 go\r\n", "nonsense\r\n",
					       "250-a\r\n550 b\r\n" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct dial d;

		dial_begin(&d);
		assert_int_equal(read_lines(&d, "", "220 hi\r\n"), 0);
		assert_int_equal(read_lines(&d, "EHLO", answers[i]), -1);
		assert_int_equal(verdict(&d), -1);
	}
}

/* A proxy, or a login shell, talks before the server does. */
static void test_noise(void **state)
{
	struct dial d;

	(void)state;
	dial_begin(&d);
	assert_int_equal(read_lines(&d, "", "Welcome to host\r\n"), 1);
	assert_false(d.conn.is_greeted);
	assert_int_equal(read_lines(&d, "", "220-hi\r\n"), 0);
	assert_int_equal(verdict(&d), 0);
}

static void note_event(void *context, const struct event *e)
{
	static const char *const names[] = {
		[EVENT_GREETING] = "greeting",
		[EVENT_CAPABILITY] = "capability",
		[EVENT_HELLO] = "hello",
		[EVENT_STARTTLS] = "starttls",
	};

	assert_int_equal(e->mark, '\0');
	buf_printf(context, "%s %d %.*s\n", names[e->kind], e->code, (int)e->n,
		   e->text);
}

/* Each once, when its reply is whole. */
static void test_events(void **state)
{
	struct buf told = BUF_INIT(4096);
	const struct trace trace = { note_event, &told };
	struct dial d;

	(void)state;
	dial_begin(&d);
	d.conn.trace = &trace;
	read_lines(&d, "", "220-mx\r\n220 there\r\n");
	read_lines(&d, "EHLO", "250-mx hi\r\n250-SIZE 9\r\n250 STARTTLS\r\n");
	read_lines(&d, "STARTTLS", "220 go\r\n");
	read_lines(&d, "EHLO", "502-what\n502 ?\n");
	read_lines(&d, "HELO", "250 mx\n");
	assert_string_equal(told.data, "greeting 220 220-mx\n"
				       "capability 0 SIZE 9\n"
				       "capability 0 STARTTLS\n"
				       "hello 250 250-mx hi\n"
				       "starttls 220 220 go\n"
				       "hello 502 502-what\n"
				       "hello 250 250 mx\n");
	buf_free(&told);
	reply_free(&d.reply);
}

static void test_safe_lines(void **state)
{
	static const char *const names[] = { NULL,	    "PLAIN",
					     "XOAUTH2",	    "EXTERNAL",
					     "CRAM-MD5",    "GSSAPI",
					     "OAUTHBEARER", "SCRAM-SHA-256" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct dial_options o = { .conn.host = "127.0.0.1",
						.conn.port = 1,
						.use_auth = true,
						.mechanism = names[i],
						.user = "me",
						.password = "s3cr3t" };
		struct error f = ERROR_INIT;
		struct dial d;

		assert_int_equal(dial_open(&d, &o, NULL, &f), -1);
		assert_int_equal(f.cause, ERROR_CONFIG);
		assert_int_equal(d.conn.error, CONN_INSECURE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capabilities_in_tls_win),
		cmocka_unit_test(test_helo),
		cmocka_unit_test(test_ehlo_refused),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_safe_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
