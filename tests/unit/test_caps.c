/* test_caps.c - lines of EHLO, as servers really write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "smtp/caps.h"

static struct caps of(const char *const *lines)
{
	struct caps c;

	caps_reset(&c);
	for (; *lines; lines++)
		caps_add(&c, *lines);
	return c;
}

static void test_flags(void **state)
{
	static const char *const lines[] = {
		"PIPELINING", "size 1000",  "Chunking", "8BITMIME",
		"DSN\r\n",    "SMTPUTF8",   "STARTTLS", "ENHANCEDSTATUSCODES",
		"VRFY",	      "AUTH PLAIN", NULL
	};
	struct caps c = of(lines);

	(void)state;
	assert_int_equal(c.flags, (1 << 9) - 1);
	assert_true(caps_has(&c, CAPS_DSN));
	caps_reset(&c);
	assert_int_equal(c.flags, 0);
	assert_string_equal(c.auth.names, "");
}

static void test_near_misses(void **state)
{
	static const char *const lines[] = {
		"PIPELININGS", "PIPE", "XDSN", "", " DSN", "AUTHS PLAIN", NULL
	};
	struct caps c = of(lines);

	(void)state;
	assert_int_equal(c.flags, 0);
}

static void test_size(void **state)
{
	static const struct {
		const char *line;
		uint64_t size;
	} cases[] = {
		{ "SIZE", 0 },
		{ "SIZE 0", 0 },
		{ "SIZE 1", 1 },
		{ "SIZE 52428800\r\n", 52428800 },
		{ "SIZE  52428800 ", 52428800 },
		{ "SIZE 18446744073709551615", UINT64_MAX },
		{ "SIZE 18446744073709551616", 0 },
		{ "SIZE -1", 0 },
		{ "SIZE +1", 0 },
		{ "SIZE 10M", 0 },
		{ "SIZE=10", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const lines[] = { cases[i].line, NULL };
		struct caps c = of(lines);

		assert_true(c.size == cases[i].size);
	}
}

static void test_mechanisms(void **state)
{
	static const char *const lines[] = { "AUTH plain LOGIN",
					     "AUTH=LOGIN CRAM-MD5\r\n", NULL };
	struct caps c = of(lines);

	(void)state;
	assert_string_equal(c.auth.names, "PLAIN LOGIN CRAM-MD5");
	assert_true(caps_has(&c, CAPS_AUTH));
	assert_true(sasl_is_offered(&c.auth, "LOGIN"));
	assert_true(sasl_is_offered(&c.auth, "CRAM-MD5"));
	assert_false(sasl_is_offered(&c.auth, "CRAM"));
	assert_false(sasl_is_offered(&c.auth, "LOG"));
	assert_false(sasl_is_offered(&c.auth, "XOAUTH2"));
}

/* A server may name what it likes, at any length. */
static void test_flood(void **state)
{
	struct caps c;
	char line[64] = "AUTH M-0000";

	(void)state;
	caps_reset(&c);
	caps_add(&c, "AUTH PLAIN");
	for (int i = 0; i < 1000; i++) {
		line[7] = (char)('0' + i / 100);
		line[8] = (char)('0' + i / 10 % 10);
		line[9] = (char)('0' + i % 10);
		caps_add(&c, line);
	}
	assert_true(sasl_is_offered(&c.auth, "PLAIN"));
	assert_true(sasl_is_offered(&c.auth, "M-0000"));
	assert_false(sasl_is_offered(&c.auth, "M-9990"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
