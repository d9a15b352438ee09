/* test_encoded.c - encoded words of good and bad mailers, and of none. */
#include "laws.h"

#include "mail/charset.h"
#include "mail/encoded.h"

static const struct {
	const char *in, *out;
} cases[] = {
	{ "", "" },
	{ "plain = text =? x", "plain = text =? x" },
	/* RFC 2047 8 */
	{ "=?ISO-8859-1?Q?a?= b", "a b" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=", "ab" },
	{ "=?ISO-8859-1?Q?a_b?=", "a b" },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
	{ "(=?US-ASCII*EN?q?Keith?=)", "(Keith)" },
	{ "x=?utf-8?q?y?=z =?utf-8?b?eg?=", "xyz z" },
	{ "=?utf-8?b?w7Y=w7Y=?=", "öö" },
	{ "=?utf-8?b?ww==?= =?utf-8?b?tg==?=", "ö" },
	{ "=?utf-8?q?=C3?= x =?utf-8?q?=B6?=",
	  "=?utf-8?q?=C3?= x =?utf-8?q?=B6?=" },
	{ "=?windows-1252?q?=93=A4=94?=", "“¤”" },
	{ "=?gb2312?b?1tDOxA==?=", "中文" },
	{ "=?utf-8?q?a=b=4?=", "a=b=4" },
	{ "=?utf-8?q?"
	  "?=",
	  "" },
	{ "=?utf-8?q?=0D=0A=00=1B=7F?=", "     " },
	{ "=?utf-7?q?+AA0ACg-?=", "  " },
	{ "=?unknown-8bit?q?=F6?=", "=?unknown-8bit?q?=F6?=" },
	{ "=?us-ascii?q?=F6?= =?utf-8?q?x?=", "=?us-ascii?q?=F6?=x" },
	{ "=?utf-8?b?w7*2?=", "=?utf-8?b?w7*2?=" },
	{ "=?utf-8//IGNORE?q?=F6?=", "=?utf-8//IGNORE?q?=F6?=" },
	{ "=?utf-8?x?y?=", "=?utf-8?x?y?=" },
	{ "=?utf-8?q?a b?=", "a b" },
	{ "=?utf-8?q?Gr=C3=BC=C3=9Fe aus K=C3=B6ln?= =?utf-8?q?!?=",
	  "Grüße aus Köln!" },
	{ "=?utf-8?b?YWJj ZGVm?=", "abcdef" },
	{ "=?utf-8?q?a b =?utf-8?q?c?=", "=?utf-8?q?a b c" },
	{ "=?utf-8?q?what? no?=", "=?utf-8?q?what? no?=" },
	{ "=?utf-8?q?a", "=?utf-8?q?a" },
	{ "=??q?a?=", "=??q?a?=" },
};

static void meanings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT(LAWS_MAX);

		assert_int_equal(encoded_decode(&out, cases[i].in), 0);
		assert_string_equal(out.data, cases[i].out);
		assert_int_equal(strlen(out.data), out.len);
		buf_free(&out);
	}
}

static void lengths(void **state)
{
	(void)state;
	assert_int_equal(encoded_length("=?a?q?x?=y"), 9);
	assert_int_equal(encoded_length("=?a?B?"
					"?="),
			 8);
	assert_int_equal(encoded_length(" =?a?q?x?="), 0);
	assert_int_equal(encoded_length("=?a@b?q?x?="), 0);
	assert_int_equal(encoded_length(""), 0);
}

static void cap(void **state)
{
	struct buf out = BUF_INIT(3);

	(void)state;
	assert_int_equal(encoded_decode(&out, "=?utf-8?q?abcd?="), -1);
	buf_free(&out);
}

/* Whatever stands there, valid UTF-8 without controls stays such. */
static void survives(void **state)
{
	static const char signs[] = "=?=?=?utf-8?q?b?*_ABab01+/= \t\xc3\xb6";
	uint64_t seed = 9;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct buf out = BUF_INIT(LAWS_MAX);
		size_t n = laws_random(&seed) % 60;
		char *text = memory_alloc(n + 13);

		strcpy(text, "=?utf-8?q?");
		laws_fill_from(text + (round % 2 ? 10 : 0), n, signs,
			       sizeof(signs) - 1, seed);
		strcpy(text + (round % 2 ? 10 : 0) + n, "?=");
		assert_int_equal(encoded_decode(&out, text), 0);
		if (charset_is_utf8(text, strlen(text)))
			assert_true(charset_is_utf8(out.data, out.len));
		for (size_t i = 0; i < out.len; i++)
			assert_true((unsigned char)out.data[i] >= 32 ||
				    out.data[i] == '\t');
		free(text);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meanings),
		cmocka_unit_test(lengths),
		cmocka_unit_test(cap),
		cmocka_unit_test(survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
