/* test_charset.c - what the bytes are called, and what they mean. */
#include "laws.h"

#include "mail/charset.h"

static const char *name_of(const char *bytes, size_t n, const char *locale)
{
	const struct slice slice = slice_of_memory(bytes, n);
	struct error f = ERROR_INIT;
	struct content_scan s;

	assert_int_equal(content_scan_slice(&s, &slice, &f), 0);
	return charset_of(&s, &slice, locale);
}

static const struct {
	const char *bytes, *locale, *name;
} cases[] = {
	{ "", "utf-8", "us-ascii" },
	{ "plain\n", "iso-8859-15", "us-ascii" },
	{ "na\xc3\xafve", "us-ascii", "utf-8" },
	{ "na\xc3\xafve", "iso-8859-15", "utf-8" },
	{ "na\xefve", "utf-8", "windows-1252" },
	{ "na\xefve", "us-ascii", "windows-1252" },
	{ "na\xefve", "iso-8859-15", "iso-8859-15" },
	{ "na\xefve", "iso-8859-1", "iso-8859-1" },
	/* curly quotes: nobody means C1 controls */
	{ "\x93na\xefve\x94", "iso-8859-1", "windows-1252" },
	{ "\xf0\xd2\xc9\xd7\xc5\xd4", "koi8-r", "koi8-r" },
	{ "\xcf\xf0\xe8\xe2\xe5\xf2", "CP1251", "windows-1251" },
	/* 0xa5 0xff is no character of iso-8859-7 */
	{ "\xff\xff", "iso-8859-7", "windows-1252" },
	/* "nihongo" */
	{ "\xc6\xfc\xcb\xdc\xb8\xec", "EUC-JP", "EUC-JP" },
	{ "\xc6\xfc\xcb\xdc\xb8", "EUC-JP", "windows-1252" },
	{ "\x93\xfa\x96\x7b\x8c\xea", "SHIFT_JIS", "SHIFT_JIS" },
	{ "\xd6\xd0\xce\xc4", "GB18030", "GB18030" },
	{ "\xa4\xa4\xa4\xe5", "BIG5", "BIG5" },
	{ "\xff\xff", "BIG5", "windows-1252" },
	{ "na\xefve", "no-such-charset", "windows-1252" },
	{ "na\xefve", "iso-8859-15//TRANSLIT", "windows-1252" },
	{ "na\xefve", "", "windows-1252" },
};

static void named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(name_of(cases[i].bytes,
					    strlen(cases[i].bytes),
					    cases[i].locale),
				    cases[i].name);
}

/* A character of two octets lies across every border of the pieces in which
 * the slice is read. */
static void long_slices(void **state)
{
	const size_t n = 20001;
	char *text = memory_alloc(n);

	(void)state;
	for (size_t i = 0; i + 1 < n; i += 2) {
		text[i + 1] = '\xc6';
		text[i + 2] = '\xfc';
	}
	text[0] = 'x';
	assert_string_equal(name_of(text, n, "EUC-JP"), "EUC-JP");
	assert_string_equal(name_of(text, n - 1, "EUC-JP"), "windows-1252");
	text[15001] = 'x';
	assert_string_equal(name_of(text, n, "EUC-JP"), "windows-1252");
	free(text);
}

static const struct {
	const char *in, *locale, *out;
} typed[] = {
	{ "plain", "us-ascii", "plain" },
	{ "naïve", "us-ascii", "naïve" },
	{ "naïve", "iso-8859-1", "naïve" },
	{ "na\xefve", "us-ascii", "naïve" },
	{ "na\xefve", "utf-8", "naïve" },
	{ "\xa4", "iso-8859-15", "€" },
	{ "\x80\x81\x9f\xff", "utf-8", "€\xef\xbf\xbdŸÿ" },
	{ "\xc6\xfc\xcb\xdc", "EUC-JP", "日本" },
	{ "\xc6\xfc\xcb", "EUC-JP", "ÆüË" },
};

static void to_utf8(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(typed) / sizeof(*typed); i++)
		assert_string_equal(charset_to_utf8(&a, typed[i].in,
						    typed[i].locale),
				    typed[i].out);
	arena_free(&a);
}

/* Longer than the room that a conversion goes through. */
static void to_utf8_long(void **state)
{
	struct arena a = ARENA_INIT;
	char text[4001] = "";
	const char *out;

	(void)state;
	memset(text, '\xa4', sizeof(text) - 1);
	out = charset_to_utf8(&a, text, "iso-8859-15");
	assert_int_equal(strlen(out), 12000);
	assert_memory_equal(out + 11997, "€", 3);
	arena_free(&a);
}

static void decode(void **state)
{
	struct buf out = BUF_INIT(10);

	(void)state;
	buf_puts(&out, "x");
	assert_int_equal(charset_decode(&out, "nonsense", "a", 1), -1);
	assert_int_equal(charset_decode(&out, "utf-8//IGNORE", "a", 1), -1);
	assert_int_equal(charset_decode(&out, "utf-8", "\xff", 1), -1);
	assert_int_equal(charset_decode(&out, "us-ascii", "\xff", 1), -1);
	assert_int_equal(charset_decode(&out, "iso-2022-jp", "\x1b$B", 3), 0);
	assert_string_equal(out.data, "x");
	assert_int_equal(charset_decode(&out, "KOI8-R", "\xc1", 1), 0);
	assert_string_equal(out.data, "xа");
	assert_int_equal(charset_decode(&out, "utf-8", "12345678", 8), -1);
	assert_string_equal(out.data, "xа");
	buf_free(&out);
}

static void labels_of_mail(void **state)
{
	static const struct {
		const char *label, *octets;
	} rows[] = {
		{ "Shift_JIS", "\x93\xfa\x96\x7b" },
		{ "x-sjis", "\x93\xfa\x96\x7b" },
		{ "windows-31J", "\x93\xfa\x96\x7b" },
		{ "EUC-JP", "\xc6\xfc\xcb\xdc" },
		{ "x-euc-jp", "\xc6\xfc\xcb\xdc" },
		{ "ISO-2022-JP", "\x1b$BF|K\\\x1b(B" },
		{ "GB2312", "\xc8\xd5\xb1\xbe" },
		{ "x-gbk", "\xc8\xd5\xb1\xbe" },
		{ "gb18030", "\xc8\xd5\xb1\xbe" },
		{ "ks_c_5601-1987", "\xec\xed\xdc\xe2" },
		{ "euc-kr", "\xec\xed\xdc\xe2" },
		{ "big5", "\xa4\xe9\xa5\xbb" },
		{ "unicode-1-1-utf-7", "+ZeVnLA-" },
		{ "x-utf-8", "日本" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = BUF_INIT(100);

		if (charset_decode(&out, rows[i].label, rows[i].octets,
				   strlen(rows[i].octets)) < 0)
			fail_msg("%s is not known", rows[i].label);
		assert_string_equal(out.data, "日本");
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named),   cmocka_unit_test(long_slices),
		cmocka_unit_test(to_utf8), cmocka_unit_test(to_utf8_long),
		cmocka_unit_test(decode),  cmocka_unit_test(labels_of_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
