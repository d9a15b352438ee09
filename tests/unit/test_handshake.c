/* test_opening.c - what is learnt from a server's lines before the mail, and
 * what of it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "smtp/handshake.h"

static void keep_line(void *context, char direction, const char *text, size_t n)
{
	struct buf *shown = context;

	buf_putc(shown, direction);
	buf_putc(shown, ' ');
	buf_put(shown, text, n);
	buf_putc(shown, '\n');
}

struct heard {
	struct handshake opening;
	struct dial_options options;
	struct trace trace;
	struct buf shown;
};

static void heard_begin(struct heard *h, enum dial_tls tls)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->shown, 1 << 16);
	h->options = (struct dial_options){
		.tls = tls,
		.use_auth = true,
		.user = "me",
		.password = "s3cr3t-Pa55",
	};
	h->trace = (struct trace){ keep_line, &h->shown };
	handshake_init(&h->opening, &h->options, &h->trace);
}

static void heard_end(struct heard *h)
{
	handshake_free(&h->opening);
	buf_free(&h->shown);
}

/* Lines of the server, split as libcurl hands them over. */
static int hear(struct heard *h, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n") + 1;

		if (handshake_receive(&h->opening, lines, n) < 0)
			return -1;
		lines += n;
	}
	return 0;
}

static void say(struct heard *h, const char *text)
{
	handshake_say(&h->opening, text, strlen(text));
}

/* What was said before TLS counts for nothing after it. */
static void test_capabilities_in_tls_win(void **state)
{
	struct heard h;

	(void)state;
	heard_begin(&h, DIAL_TLS_STARTTLS);
	assert_int_equal(hear(&h, "220-hello\r\n220 there\r\n"), 0);
	assert_int_equal(hear(&h, "250-SIZE is my name\r\n250-CHUNKING\r\n"
				  "250-AUTH PLAIN\r\n250 STARTTLS\r\n"),
			 0);
	assert_int_equal(h.opening.caps.flags,
			 CAPS_CHUNKING | CAPS_AUTH | CAPS_STARTTLS);
	assert_int_equal(h.opening.phase, REPLY_STARTTLS);
	assert_int_equal(hear(&h, "220 go\r\n"), 0);
	assert_true(h.opening.tls_started);
	assert_int_equal(h.opening.caps.flags, 0);
	assert_int_equal(hear(&h, "250-me\r\n250 SIZE 100\r\n"), 0);
	assert_int_equal(h.opening.caps.flags, CAPS_SIZE);
	assert_true(h.opening.caps.size == 100);
	assert_int_equal(h.opening.phase, REPLY_AUTH);
	assert_false(h.opening.auth_answered);
	heard_end(&h);
}

/* libcurl falls back to HELO, and its answer has no capabilities. */
static void test_helo(void **state)
{
	struct heard h;

	(void)state;
	heard_begin(&h, DIAL_TLS_NONE);
	assert_int_equal(hear(&h, "220 hi\r\n502 what?\r\n250 PIPELINING\r\n"),
			 0);
	assert_int_equal(h.opening.caps.flags, 0);
	assert_int_equal(h.opening.phase, REPLY_AUTH);
	heard_end(&h);
}

/* But only a 5xx means a server too old for EHLO. */
static void test_ehlo_refused(void **state)
{
	static const char *const answers[] = { "421 bye\r\n", "451 no\r\n",
					       "354 go\r\n", "nonsense\r\n",
					       "250-a\r\n550 b\r\n" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct heard h;

		heard_begin(&h, DIAL_TLS_NONE);
		assert_int_equal(hear(&h, "220 hi\r\n"), 0);
		assert_int_equal(hear(&h, answers[i]), -1);
		heard_end(&h);
	}
}

static void test_log_in(void **state)
{
	static const struct {
		const char *lines;
		bool answered, authenticated;
	} cases[] = {
		{ "", false, false },
		{ "235 2.7.0 welcome\r\n", true, true },
		{ "334 eA==\r\n235 ok\r\n", true, true },
		{ "334 eA==\r\n", true, false },
		{ "535 no\r\n", true, false },
		{ "250 fine\r\n", true, false },
		{ "235 ok\r\n535 no\r\n", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct heard h;

		heard_begin(&h, DIAL_TLS_IMPLICIT);
		assert_int_equal(hear(&h, "220 hi\r\n250 AUTH\r\n"), 0);
		assert_int_equal(hear(&h, cases[i].lines), 0);
		assert_int_equal(h.opening.auth_answered, cases[i].answered);
		assert_int_equal(h.opening.authenticated,
				 cases[i].authenticated);
		heard_end(&h);
	}
}

/* A proxy talks before the server does. */
static void test_proxy(void **state)
{
	struct heard h;

	(void)state;
	heard_begin(&h, DIAL_TLS_NONE);
	say(&h, "CONNECT h:25 HTTP/1.1\r\nProxy-Authorization: Basic cHc=\r\n");
	assert_int_equal(hear(&h, "HTTP/1.1 200 OK\r\nX: 1\r\n\r\n"), 0);
	assert_false(h.opening.greeted);
	assert_int_equal(hear(&h, "220 hi\r\n"), 0);
	assert_true(h.opening.greeted);
	assert_non_null(strstr(h.shown.data, "CONNECT h:25"));
	assert_null(strstr(h.shown.data, "Basic"));
	heard_end(&h);
}

static void test_secrets_are_masked(void **state)
{
	struct heard h;

	(void)state;
	heard_begin(&h, DIAL_TLS_NONE);
	assert_int_equal(hear(&h, "220 hi\r\n"), 0);
	say(&h, "EHLO me\r\n");
	assert_int_equal(hear(&h, "250 hi\r\n"), 0);
	say(&h, "auth LOGIN bWU=\r\n");
	assert_int_equal(hear(&h, "334 UGFzc3dvcmQ6\r\n"), 0);
	say(&h, "czNjcjN0LVBhNTU=\r\n");
	/* Some repeat what they did not like: plain, LOGIN's, PLAIN's. */
	assert_int_equal(hear(&h, "535-bad: s3cr3t-Pa55 czNjcjN0LVBhNTU=\r\n"
				  "535 bad: AG1lAHMzY3IzdC1QYTU1\r\n"),
			 0);
	assert_string_equal(h.shown.data, "S 220 hi\nC EHLO me\nS 250 hi\n"
					  "C auth LOGIN ***\nS 334 ***\nC ***\n"
					  "S 535-bad: *** ***\n"
					  "S 535 bad: ***\n");
	assert_string_equal(h.opening.reply.text.data, "bad: *** *** bad: ***");
	say(&h, "QUIT\r\n");
	assert_non_null(strstr(h.shown.data, "C QUIT\n"));
	heard_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capabilities_in_tls_win),
		cmocka_unit_test(test_helo),
		cmocka_unit_test(test_ehlo_refused),
		cmocka_unit_test(test_log_in),
		cmocka_unit_test(test_proxy),
		cmocka_unit_test(test_secrets_are_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
