/* test_reply.c - replies in any pieces, from servers that lie, and the table
 * of causes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/reply.h"

static const size_t pieces[] = { 1, 2, 3, 7, SIZE_MAX };

/* Feeds in pieces, each in memory of its own size; what was used in all. */
static int feed(struct reply *r, const char *data, size_t n, size_t piece,
		size_t *used, struct error *f)
{
	int whole = 0;

	*used = 0;
	while (*used < n && whole == 0) {
		size_t some = n - *used < piece ? n - *used : piece, took;
		char *copy = malloc(some);

		memcpy(copy, data + *used, some);
		whole = reply_feed(r, copy, some, &took, f);
		free(copy);
		assert_true(took <= some);
		if (whole == 0)
			assert_int_equal(took, some);
		*used += took;
	}
	return whole;
}

struct case_of {
	const char *data;
	int code;
	const char *esc, *text;
	size_t rest; /* octets that are not the reply's */
};

static void test_good(void **state)
{
	static const struct case_of cases[] = {
		{ "250 ok\r\n", 250, "", "ok", 0 },
		{ "250\r\n", 250, "", "", 0 },
		{ "250 \r\n", 250, "", "", 0 },
		{ "250 ok\n", 250, "", "ok", 0 },
		{ "250 ok\r\n354 go", 250, "", "ok", 6 },
		{ "250 ok\r\n\r\n", 250, "", "ok", 2 },
		{ "250-a\r\n250-b\r\n250 c\r\n2", 250, "", "a b c", 1 },
		{ "250-a\r\n250-\r\n250\r\n", 250, "", "a", 0 },
		{ "550 5.1.1 gone\r\n", 550, "5.1.1", "gone", 0 },
		{ "550 5.1.10\r\n", 550, "5.1.10", "", 0 },
		{ "550-5.7.1 spam:\r\n550 5.7.1 no\r\n", 550, "5.7.1",
		  "spam: no", 0 },
		{ "550-5.7.1 a\r\n550 5.7.2 b\r\n", 550, "5.7.1", "a 5.7.2 b",
		  0 },
		{ "550 4.1.1 gone\r\n", 550, "", "4.1.1 gone", 0 },
		{ "250 5.1.1 gone\r\n", 250, "", "5.1.1 gone", 0 },
		{ "550 5.1 gone\r\n", 550, "", "5.1 gone", 0 },
		{ "550 5.1.1.1 gone\r\n", 550, "", "5.1.1.1 gone", 0 },
		{ "550 5.1.1000 x\r\n", 550, "", "5.1.1000 x", 0 },
		{ "550 5.1.1: x\r\n", 550, "", "5.1.1: x", 0 },
		{ "250 a\tb\x1b[2J\x7f\r\n", 250, "", "a b\\x1B[2J\\x7F", 0 },
		{ "250 \xC3\xA9t\xC3\xA9\r\n", 250, "", "\xC3\xA9t\xC3\xA9",
		  0 },
		{ "250 \xE9t\xC3\r\n", 250, "", "\\xE9t\\xC3", 0 },
		{ "250 \xC2\x9B"
		  "2J\r\n",
		  250, "", "\\xC2\\x9B2J", 0 },
		{ "250 \xED\xA0\x80 \xC0\xAF\r\n", 250, "",
		  "\\xED\\xA0\\x80 \\xC0\\xAF", 0 },
		{ "250 a\rb\r\n", 250, "", "a\\x0Db", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
			const struct case_of *c = &cases[i];
			struct error f = ERROR_INIT;
			struct reply r;
			size_t used;

			reply_init(&r);
			assert_int_equal(feed(&r, c->data, strlen(c->data),
					      pieces[p], &used, &f),
					 1);
			assert_int_equal(used, strlen(c->data) - c->rest);
			assert_int_equal(r.code, c->code);
			assert_string_equal(r.esc, c->esc);
			assert_string_equal(r.text.data, c->text);
			reply_free(&r);
		}
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {
		"hello\r\n",	       "\r\n",		"25 ok\r\n",
		"2500 ok\r\n",	       "150 ok\r\n",	"650 ok\r\n",
		"250_ok\r\n",	       "-250 ok\r\n",	"250-a\r\n251 b\r\n",
		"250-a\r\n550 b\r\n",  "250-a\r\n\r\n", " 250 ok\r\n",
		"HTTP/1.1 200 OK\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
			struct error f = ERROR_INIT;
			struct reply r;
			size_t used;

			reply_init(&r);
			assert_int_equal(feed(&r, cases[i], strlen(cases[i]),
					      pieces[p], &used, &f),
					 -1);
			assert_int_equal(f.cause, ERROR_PROTOCOL);
			reply_free(&r);
		}
	}
}

static void test_nul(void **state)
{
	struct error f = ERROR_INIT;
	struct reply r;
	size_t used;

	(void)state;
	reply_init(&r);
	assert_int_equal(reply_feed(&r, "250 a\0b\r\n", 9, &used, &f), 1);
	assert_string_equal(r.text.data, "a\\x00b");
	reply_free(&r);
}

/* Long is cut, endless is refused. */
static void test_caps(void **state)
{
	struct error f = ERROR_INIT;
	char line[1030];
	struct reply r;
	size_t used;
	int lines = 0;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "250-", 4);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	reply_init(&r);
	for (int i = 0; i < 100; i++)
		assert_int_equal(reply_feed(&r, line, sizeof(line), &used, &f),
				 0);
	assert_int_equal(reply_feed(&r, "250 y\r\n", 7, &used, &f), 1);
	assert_in_range(r.text.len, REPLY_TEXT_MAX - 1100, REPLY_TEXT_MAX);
	assert_string_equal(r.text.data + r.text.len - 1, "x");

	reply_reset(&r);
	while (reply_feed(&r, "250-\r\n", 6, &used, &f) == 0)
		assert_true(++lines <= REPLY_LINES_MAX);
	assert_int_equal(f.cause, ERROR_PROTOCOL);
	assert_int_equal(lines, REPLY_LINES_MAX);

	reply_reset(&r);
	error_clear(&f);
	for (lines = 0; reply_feed(&r, "250 endless", 11, &used, &f) == 0;)
		assert_true(++lines * 11 <= REPLY_LINE_MAX);
	assert_int_equal(f.cause, ERROR_PROTOCOL);
	reply_free(&r);
}

static void test_again(void **state)
{
	static const char both[] = "550 5.1.1 no\r\n250 2.0.0 yes\r\n";
	struct error f = ERROR_INIT;
	struct reply r;
	size_t used, more;

	(void)state;
	reply_init(&r);
	assert_int_equal(reply_feed(&r, both, strlen(both), &used, &f), 1);
	reply_reset(&r);
	assert_int_equal(r.code, 0);
	assert_int_equal(reply_feed(&r, both + used, strlen(both) - used, &more,
				    &f),
			 1);
	assert_int_equal(r.code, 250);
	assert_string_equal(r.esc, "2.0.0");
	assert_string_equal(r.text.data, "yes");
	assert_int_equal(used + more, strlen(both));
	reply_free(&r);
}

static void parse(struct reply *r, const char *text)
{
	struct error f = ERROR_INIT;
	size_t used;

	reply_init(r);
	assert_int_equal(reply_feed(r, text, strlen(text), &used, &f), 1);
}

static void test_words(void **state)
{
	static const char whole[] = "550 5.1.1 \xC3\xA9\xE2\x82\xAC"
				    "x\xF0\x9F\x98\x80";
	struct reply r;
	char out[64];

	(void)state;
	parse(&r, "550 5.1.1 \xC3\xA9\xE2\x82\xACx\xF0\x9F\x98\x80\r\n");
	reply_words(&r, out, sizeof(out));
	assert_string_equal(out, whole);
	for (size_t size = 1; size <= sizeof(whole); size++) {
		size_t n;

		memset(out, '#', sizeof(out));
		reply_words(&r, out, size);
		n = strlen(out);
		assert_true(n < size);
		assert_memory_equal(out, whole, n);
		/* Never inside a character, never more than one short. */
		assert_true((whole[n] & 0xC0) != 0x80);
		assert_true(n + 4 >= size);
	}
	reply_free(&r);
}

static struct error refuse(const char *text, enum reply_phase phase)
{
	struct error f = ERROR_INIT;
	struct reply r;

	parse(&r, text);
	assert_int_equal(reply_error(&r, phase, "the thing", &f), -1);
	assert_int_equal(f.reply, r.code);
	assert_string_equal(f.esc, r.esc);
	assert_non_null(strstr(f.text, "the thing"));
	reply_free(&r);
	return f;
}

static void test_causes(void **state)
{
	static const struct {
		const char *reply;
		enum reply_phase phase;
		enum error_cause cause;
	} cases[] = {
		{ "550 5.1.1 x\r\n", REPLY_RCPT, ERROR_NOUSER },
		{ "550 x\r\n", REPLY_RCPT, ERROR_NOUSER },
		{ "553 5.1.3 x\r\n", REPLY_RCPT, ERROR_NOUSER },
		{ "550 5.1.2 x\r\n", REPLY_RCPT, ERROR_NOHOST },
		{ "550 5.1.10 x\r\n", REPLY_RCPT, ERROR_NOUSER },
		{ "556 x\r\n", REPLY_RCPT, ERROR_NOHOST },
		{ "554 5.7.1 x\r\n", REPLY_RCPT, ERROR_PERMISSION },
		{ "550 5.7.1 x\r\n", REPLY_RCPT, ERROR_PERMISSION },
		{ "554 x\r\n", REPLY_RCPT, ERROR_UNAVAILABLE },
		{ "552 5.2.2 x\r\n", REPLY_RCPT, ERROR_UNAVAILABLE },
		{ "552 x\r\n", REPLY_RCPT, ERROR_TEMPORARY },
		{ "552 5.5.3 x\r\n", REPLY_RCPT, ERROR_TEMPORARY },
		{ "530 x\r\n", REPLY_MAIL, ERROR_PERMISSION },
		{ "550 5.7.1 x\r\n", REPLY_MAIL, ERROR_PERMISSION },
		{ "552 x\r\n", REPLY_MAIL, ERROR_DATA },
		{ "552 5.3.4 x\r\n", REPLY_MAIL, ERROR_DATA },
		{ "550 5.1.8 x\r\n", REPLY_MAIL, ERROR_NOHOST },
		{ "503 5.5.1 x\r\n", REPLY_MAIL, ERROR_PROTOCOL },
		{ "554 5.6.0 x\r\n", REPLY_CONTENT, ERROR_DATA },
		{ "550 5.7.1 x\r\n", REPLY_CONTENT, ERROR_PERMISSION },
		{ "552 x\r\n", REPLY_CONTENT, ERROR_DATA },
		{ "554 x\r\n", REPLY_CONTENT, ERROR_UNAVAILABLE },
		{ "554 5.3.0 x\r\n", REPLY_DATA, ERROR_UNAVAILABLE },
		{ "535 5.7.8 x\r\n", REPLY_AUTH, ERROR_PERMISSION },
		{ "500 5.5.6 x\r\n", REPLY_AUTH, ERROR_PERMISSION },
		{ "554 x\r\n", REPLY_GREETING, ERROR_UNAVAILABLE },
		{ "502 5.5.1 x\r\n", REPLY_STARTTLS, ERROR_UNAVAILABLE },
		{ "220 x\r\n", REPLY_RCPT, ERROR_PROTOCOL },
		{ "354 x\r\n", REPLY_MAIL, ERROR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error f = refuse(cases[i].reply, cases[i].phase);

		assert_int_equal(f.cause, cases[i].cause);
		assert_int_equal(f.temporary, f.cause == ERROR_TEMPORARY);
	}
}

/* Law 7: whatever else a server says, 4xx passes, and 5xx does not but for
 * one recipient too many. */
static void test_temporary_is_temporary(void **state)
{
	static const char *const tails[] = { "",       " x",	 ".1.1 x",
					     ".2.2 x", ".5.3 x", ".7.1 x",
					     ".9.99" };
	char text[64];

	(void)state;
	for (int code = 400; code < 600; code++) {
		for (int phase = REPLY_GREETING; phase <= REPLY_CONTENT;
		     phase++) {
			for (size_t i = 0; i < 7; i++) {
				struct error f;

				snprintf(text, sizeof(text), "%d %d%s\r\n",
					 code, code / 100, tails[i]);
				f = refuse(text, (enum reply_phase)phase);
				if (code < 500)
					assert_int_equal(f.cause,
							 ERROR_TEMPORARY);
				else if (phase != REPLY_RCPT)
					assert_false(f.temporary);
			}
		}
	}
}

static void test_words_are_shown(void **state)
{
	struct error f =
		refuse("550-5.1.1 nobody\r\n550 5.1.1 of that name\r\n",
		       REPLY_RCPT);

	(void)state;
	assert_non_null(strstr(f.text, "550 5.1.1 nobody of that name"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_temporary_is_temporary),
		cmocka_unit_test(test_words_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
