/* test_words.c - against decoders written from RFC 2047 6 and RFC 2231 3,
 * which also check each word's form. */
#include "laws.h"

#include <stdio.h>

#include "codec/words.h"

#define MAX 100000

static unsigned value_of(char c, const char *digits)
{
	const char *at = strchr(digits, c);

	assert_true(c && at);
	return (unsigned)(at - digits);
}

static char hex_octet(const char *p)
{
	return (char)(value_of(p[0], "0123456789ABCDEF") << 4 |
		      value_of(p[1], "0123456789ABCDEF"));
}

static void decode_q(const char *p, size_t n, bool phrase, struct buf *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		char c = p[i];

		assert_true(c > 32 && c < 127 && c != '?');
		if (c == '=') {
			assert_true(i + 2 < n);
			buf_putc(out, hex_octet(p + i + 1));
			i += 2;
			continue;
		}
		if (phrase)
			assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					       "0123456789!*+-/_",
					       c));
		buf_putc(out, c == '_' ? ' ' : c);
	}
}

static void decode_b(const char *p, size_t n, struct buf *out)
{
	unsigned bits = 0, have = 0;
	size_t i;

	assert_int_equal(n % 4, 0);
	for (i = 0; i < n && p[i] != '='; i++) {
		bits = bits << 6 |
		       value_of(p[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/");
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have & 255));
		}
	}
	assert_true(n - i <= 2);
}

/* Whole characters: neither begins nor ends within one. */
static void whole_characters(const char *p, size_t n)
{
	size_t want = 0, i;

	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (want) {
			assert_int_equal(c & 0xc0, 0x80);
			want--;
		} else {
			assert_int_not_equal(c & 0xc0, 0x80);
			want = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0;
		}
	}
	assert_int_equal(want, 0);
}

static bool decode_word(const char *p, size_t n, bool phrase, struct buf *out)
{
	size_t before = out->len;

	if (n < 12 || strncmp(p, "=?UTF-8?", 8))
		return false;
	assert_true(n <= 75);
	assert_int_equal(strncmp(p + n - 2, "?=", 2), 0);
	assert_int_equal(p[9], '?');
	if (p[8] == 'Q')
		decode_q(p + 10, n - 12, phrase, out);
	else if (p[8] == 'B')
		decode_b(p + 10, n - 12, out);
	else
		fail();
	assert_true(out->len > before);
	if (before == 0 || out->len)
		whole_characters(out->data + before, out->len - before);
	return true;
}

/* Text as a reader shows it: the space between two words is not there. */
static void decode_text(const char *p, bool phrase, struct buf *out)
{
	bool word_before = false;
	size_t n;

	for (; *p; p += n) {
		size_t spaces = strspn(p, " "), before = out->len, i;
		bool word;

		p += spaces;
		n = strcspn(p, " ");
		assert_true(n > 0); /* nothing ends in a space */
		for (i = 0; i < spaces; i++)
			buf_putc(out, ' ');
		word = decode_word(p, n, phrase, out);
		if (!word) {
			assert_null(memmem(p, n, "=?", 2));
			assert_true(n <= 75);
			buf_put(out, p, n);
		} else if (word_before) {
			assert_int_equal(spaces, 1);
			memmove(out->data + before, out->data + before + 1,
				out->len - before);
			buf_truncate(out, out->len - 1);
		}
		word_before = word;
	}
}

static void unquote(const char *p, struct buf *out)
{
	assert_int_equal(*p++, '"');
	for (; *p != '"'; p++) {
		assert_true(*p);
		if (*p == '\\')
			p++;
		buf_putc(out, *p);
	}
	assert_int_equal(p[1], 0);
}

static void is_ascii(const char *p)
{
	for (; *p; p++)
		assert_true(*p >= 32 && *p < 127);
}

static void text_comes_back(const char *text)
{
	struct buf out = BUF_INIT(MAX), back = BUF_INIT(MAX);

	assert_int_equal(words_put_text(&out, text), 0);
	is_ascii(out.data);
	decode_text(out.data, false, &back);
	assert_string_equal(back.data, text);
	buf_free(&out);
	buf_free(&back);
}

static void phrase_comes_back(const char *text)
{
	struct buf out = BUF_INIT(MAX), back = BUF_INIT(MAX);

	assert_int_equal(words_put_phrase(&out, text), 0);
	is_ascii(out.data);
	if (out.data[0] == '"')
		unquote(out.data, &back);
	else
		decode_text(out.data, true, &back);
	assert_string_equal(back.data, text);
	buf_free(&out);
	buf_free(&back);
}

static void extended(const char *p, size_t n, struct buf *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (p[i] == '%') {
			assert_true(i + 2 < n);
			buf_putc(out, hex_octet(p + i + 1));
			i += 2;
		} else {
			assert_null(strchr("()<>@,;:\\\"/[]?=*' ", p[i]));
			buf_putc(out, p[i]);
		}
	}
}

/* Takes "; name..." apart; every section must be the next one. */
static void decode_parameter(const char *p, const char *name, struct buf *out)
{
	unsigned section = 0;
	char start[40];
	size_t n;

	snprintf(start, sizeof(start), "; %s=", name);
	if (!strncmp(p, start, strlen(start))) {
		p += strlen(start);
		assert_true(strlen(p) <= 74);
		if (*p == '"') {
			unquote(p, out);
			return;
		}
		assert_true(*p);
		assert_int_equal(strcspn(p, "()<>@,;:\\\"/[]?= "), strlen(p));
		buf_puts(out, p);
		return;
	}
	snprintf(start, sizeof(start), "; %s*=UTF-8''", name);
	if (!strncmp(p, start, strlen(start))) {
		p += strlen(start);
		extended(p, strlen(p), out);
		return;
	}
	for (; *p; p += n) {
		snprintf(start, sizeof(start), "; %s*%u*=%s", name, section,
			 section ? "" : "UTF-8''");
		assert_int_equal(strncmp(p, start, strlen(start)), 0);
		n = 1 + strcspn(p + 1, ";");
		assert_true(n <= 76);
		extended(p + strlen(start), n - strlen(start), out);
		section++;
	}
	assert_true(section > 1);
}

static void parameter_comes_back(const char *value)
{
	struct buf out = BUF_INIT(MAX), back = BUF_INIT(MAX);

	assert_int_equal(words_put_parameter(&out, "filename", value), 0);
	is_ascii(out.data);
	decode_parameter(out.data, "filename", &back);
	assert_string_equal(back.data, value);
	buf_free(&out);
	buf_free(&back);
}

static void becomes(int (*put)(struct buf *out, const char *text),
		    const char *text, const char *want)
{
	struct buf out = BUF_INIT(MAX);

	assert_int_equal(put(&out, text), 0);
	assert_string_equal(out.data, want);
	buf_free(&out);
}

static void test_needed(void **state)
{
	(void)state;
	assert_false(words_needed("", 10));
	assert_false(words_needed("plain text = ok?", 10));
	assert_true(words_needed("na\xc3\xafve", 10));
	assert_true(words_needed("tab\there", 10));
	assert_true(words_needed("del\x7f", 10));
	assert_true(words_needed("a =?b", 10));
	assert_false(words_needed("1234567890 1234567890", 10));
	assert_true(words_needed("1 12345678901 1", 10));
}

static void test_text(void **state)
{
	(void)state;
	becomes(words_put_text, "", "");
	becomes(words_put_text, "plain (text), \"so\"!",
		"plain (text), \"so\"!");
	becomes(words_put_text, "Nov  1", "Nov  1");
	becomes(words_put_text, "the M\xc3\xbcller one",
		"the =?UTF-8?Q?M=C3=BCller?= one");
	becomes(words_put_text, "gr\xc3\xbcn gelb bl\xc3\xa4ulich wei",
		"=?UTF-8?Q?gr=C3=BCn_gelb_bl=C3=A4ulich?= wei");
	becomes(words_put_text, "gr\xc3\xbcnlich und bl\xc3\xa4ulich",
		"=?UTF-8?Q?gr=C3=BCnlich_und_bl=C3=A4ulich?=");
	becomes(words_put_text,
		"gr\xc3\xbcnlich, bleich und etwa bl\xc3\xa4ulichen",
		"=?UTF-8?Q?gr=C3=BCnlich,?= bleich und etwa "
		"=?UTF-8?Q?bl=C3=A4ulichen?=");
	becomes(words_put_text, "\xe6\x97\xa5\xe6\x9c\xac",
		"=?UTF-8?B?5pel5pys?=");
	becomes(words_put_text,
		"a  \xc3\xa4_?= quite plain (?) abcdefgh =?ijklmnopq",
		"a =?UTF-8?B?IMOkXz89?= quite plain (?) abcdefgh "
		"=?UTF-8?Q?=3D=3Fijklmnopq?=");
	becomes(words_put_text, " a b", "=?UTF-8?Q?_a?= b");
}

static void test_phrase(void **state)
{
	(void)state;
	becomes(words_put_phrase, "Jane Doe", "Jane Doe");
	becomes(words_put_phrase, "John Q. Public", "\"John Q. Public\"");
	becomes(words_put_phrase, "a \"b\" \\", "\"a \\\"b\\\" \\\\\"");
	becomes(words_put_phrase, "Jane  Doe", "\"Jane  Doe\"");
	becomes(words_put_phrase, "Max M\xc3\xbcller",
		"Max =?UTF-8?Q?M=C3=BCller?=");
	becomes(words_put_phrase, "M\xc3\xbcllerman-Schmidtke, Max",
		"=?UTF-8?Q?M=C3=BCllerman-Schmidtke=2C?= Max");
}

static void test_parameter(void **state)
{
	struct buf out = BUF_INIT(MAX);

	(void)state;
	words_put_parameter(&out, "name", "a.txt");
	words_put_parameter(&out, "name", "a b.txt");
	words_put_parameter(&out, "name", "");
	words_put_parameter(&out, "name", "\"\\");
	words_put_parameter(&out, "name", "\xc3\xa4'%*.txt");
	assert_string_equal(out.data,
			    "; name=a.txt; name=\"a b.txt\"; name=\"\""
			    "; name=\"\\\"\\\\\"; "
			    "name*=UTF-8''%C3%A4%27%25%2A.txt");
	buf_free(&out);
}

static void test_fallback(void **state)
{
	(void)state;
	becomes(words_put_fallback, "r\xc3\xa9sum\xc3\xa9 1.pdf",
		"resume 1.pdf");
	becomes(words_put_fallback, "\xc3\x80\xc3\x9f\xc3\xbf\xc3\x97",
		"Assyx");
	becomes(words_put_fallback,
		"\xc5\x81\xc3\xb3"
		"d\xc5\xba\xc4\xb3\xc5\xbf",
		"Lodzijs");
	becomes(words_put_fallback, "e\xcc\x81", "e"); /* decomposed */
	becomes(words_put_fallback, "\xe6\x97\xa5\xf0\x9f\x98\x80\xc2\xa9\t",
		"____");
	becomes(words_put_fallback, "\xc3", "_");
	becomes(words_put_fallback, "\xc3(\xff", "_(_");
}

static const char *const known[] = {
	"",
	" ",
	"   ",
	"a",
	" a",
	"a ",
	"  a  b  ",
	"=?",
	"=?UTF-8?Q?x?=",
	"a =?b c",
	"tab\tin",
	"\x01\x7f",
	"\xc3\xa4",
	" \xc3\xa4 ",
	"\xc3\xa4  \xc3\xa4",
	"\xc3\xa4  plain words  \xc3\xa4",
	"\xc3\xa4  plain",
	"plain and longer than the gap  \xc3\xa4 then   more of it plain",
	"many          spaces           between",
	"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80 \xf0\x9f\x98\x80",
	"backslash \\ and \" quote",
	"comma, semicolon; (comment) <angle> @ at [x]",
	"'%*",
};

static void test_known(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		text_comes_back(known[i]);
		phrase_comes_back(known[i]);
		parameter_comes_back(known[i]);
	}
}

static void test_random(void **state)
{
	static const char *const bits[] = {
		" ",
		" ",
		"  ",
		"a",
		"word",
		"longerword",
		"=?",
		"?=",
		"_",
		"=",
		"\xc3\xa4",
		"\xe2\x82\xac",
		"\xf0\x9f\x98\x80",
		".",
		"\"",
		"\\",
		"\t",
		"%",
		"'",
		"         ",
		"=?UTF-8?Q?x?=",
		"0123456789012345678901234567890123456789",
	};
	uint64_t seed, random;
	char text[1000];

	(void)state;
	for (seed = 0; seed < 3000; seed++) {
		size_t n = 0, want = seed % 40 * (seed % 7 ? 1 : 8);

		random = seed;
		text[0] = 0;
		while (n < want) {
			const char *bit = bits[laws_random(&random) % 22];

			strcpy(text + n, bit);
			n += strlen(bit);
		}
		text_comes_back(text);
		phrase_comes_back(text);
		parameter_comes_back(text);
	}
}

/* Runs of one character, across each place where a word may be cut. */
static void test_lengths(void **state)
{
	static const char *const characters[] = { "a",
						  "=",
						  "\xc3\xa4",
						  "\xe2\x82\xac",
						  "\xf0\x9f\x98\x80",
						  "a \xc3\xa4" };
	char text[1000];
	size_t i, n, at;

	(void)state;
	for (i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
		const char *c = characters[i];

		for (n = 0; n < 120; n++) {
			text[0] = 0;
			for (at = 0; at < n; at++)
				strcpy(text + at * strlen(c), c);
			text_comes_back(text);
			phrase_comes_back(text);
			parameter_comes_back(text);
		}
	}
}

/* Invalid UTF-8 does not come here; if it did, nothing breaks. */
static void test_octets(void **state)
{
	uint64_t seed;
	char text[201];

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		struct buf out = BUF_INIT(MAX);
		size_t i;

		laws_fill(text, 200, seed);
		for (i = 0; i < 200; i++)
			text[i] = (char)(text[i] ? text[i] : 1);
		text[seed % 200] = 0;
		assert_int_equal(words_put_text(&out, text), 0);
		assert_int_equal(words_put_phrase(&out, text), 0);
		assert_int_equal(words_put_parameter(&out, "x", text), 0);
		assert_int_equal(words_put_fallback(&out, text), 0);
		is_ascii(out.data);
		buf_free(&out);
	}
}

/* Failing at each size: said, and nothing past the cap. */
static void test_cap(void **state)
{
	static const char text[] = "long, na\xc3\xafve and \xe2\x82\xac \"q\" "
				   "0123456789012345678901234567890123456789"
				   "0123456789012345678901234567890123456789";
	size_t max;

	(void)state;
	for (max = 0; max < 130; max++) {
		struct buf out = BUF_INIT(max);

		assert_int_equal(words_put_text(&out, text), -1);
		buf_reset(&out);
		assert_int_equal(words_put_phrase(&out, text), -1);
		buf_reset(&out);
		assert_int_equal(words_put_parameter(&out, "x", text), -1);
		if (max < sizeof(text) - 6) {
			buf_reset(&out);
			assert_int_equal(words_put_fallback(&out, text), -1);
		}
		assert_true(out.len <= max);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needed),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_phrase),
		cmocka_unit_test(test_parameter),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_octets),
		cmocka_unit_test(test_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
