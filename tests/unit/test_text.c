/* test_text.c - blanks, numbers, hex, UTF-8, and the filter for foreign text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void trimmed(void **state)
{
	char ends[] = " \t\r\n a b\t \r\n", blank[] = " \t ", empty[] = "";

	(void)state;
	assert_string_equal(text_trim(ends), "a b");
	assert_string_equal(text_trim(blank), "");
	assert_string_equal(text_trim(empty), "");
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		uint64_t most;
		bool ok;
		uint64_t value;
	} rows[] = {
		{ "0", 9, true, 0 },
		{ "007", 9, true, 7 },
		{ "65535", 65535, true, 65535 },
		{ "65536", 65535, false, 0 },
		{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, false, 0 },
		{ "99999999999999999999", UINT64_MAX, false, 0 },
		{ "", 9, false, 0 },
		{ "-1", 9, false, 0 },
		{ "+1", 9, false, 0 },
		{ " 1", 9, false, 0 },
		{ "1 ", 9, false, 0 },
		{ "0x1", 9, false, 0 },
		{ "1e3", 9999, false, 0 },
	};
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		n = 0;
		assert_int_equal(text_number(rows[i].text, rows[i].most, &n),
				 rows[i].ok);
		assert_true(n == rows[i].value);
	}
	assert_int_equal(text_digits("12ab", 99, &n), 2);
	assert_true(n == 12);
	assert_int_equal(text_digits("ab", 99, &n), 0);
	assert_int_equal(text_digits("100", 99, &n), 0);
}

static void ranges(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		uint64_t from, to;
	} rows[] = {
		{ "4", 1, 4, 4 },    { "4,7", 1, 4, 4 },    { "7-9", 3, 7, 9 },
		{ "7-7x", 3, 7, 7 }, { "99-100", 0, 0, 0 }, /* over the limit */
		{ "0", 0, 0, 0 },    { "0-3", 0, 0, 0 },    { "9-7", 0, 0, 0 },
		{ "7-", 0, 0, 0 },   { "-7", 0, 0, 0 },	    { "", 0, 0, 0 },
		{ "100", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t from, to;
		size_t n = text_range(rows[i].text, 99, &from, &to);

		assert_int_equal(n, rows[i].length);
		assert_true(!n || (from == rows[i].from && to == rows[i].to));
	}
}

static void measures(void **state)
{
	static const struct {
		bool (*read)(const char *, uint64_t, uint64_t *);
		const char *text;
		uint64_t value; /* 0: refused */
	} rows[] = {
		{ text_read_size, "500", 500 },
		{ text_read_size, "500k", 512000 },
		{ text_read_size, "5M", 5242880 },
		{ text_read_size, "5 MiB", 5242880 },
		{ text_read_size, "5MB", 5000000 },
		{ text_read_size, "5\tmb ", 5000000 },
		{ text_read_size, "1.5M", 1572864 },
		{ text_read_size, "0.000001MB", 1 },
		{ text_read_size, "100 bytes", 100 },
		{ text_read_size, "1G", 1073741824 },
		{ text_read_size, "1.999999T", UINT64_C(2199022156040) },
		{ text_read_size, "1.5", 0 }, /* half an octet */
		{ text_read_size, "1.0000001M", 0 },
		{ text_read_size, "1,5M", 0 },
		{ text_read_size, "1.M", 0 },
		{ text_read_size, ".5M", 0 },
		{ text_read_size, "M", 0 },
		{ text_read_size, "", 0 },
		{ text_read_size, "-5M", 0 },
		{ text_read_size, " 5M", 0 },
		{ text_read_size, "5X", 0 },
		{ text_read_size, "5Ms", 0 },
		{ text_read_size, "5M 3k", 0 },
		{ text_read_size, "5Mbit", 0 },
		{ text_read_size, "8388607T", UINT64_C(9223370937343148032) },
		{ text_read_size, "8388608T", 0 },
		{ text_read_size, "99999999999999999999T", 0 },
		{ text_read_time, "90", 90 },
		{ text_read_time, "90 s", 90 },
		{ text_read_time, "5M", 300 },
		{ text_read_time, "2 days", 172800 },
		{ text_read_time, "1h30m", 5400 },
		{ text_read_time, "1h 30m", 5400 },
		{ text_read_time, "1 hour 30 mins 5 secs", 5405 },
		{ text_read_time, "1.5h", 5400 },
		{ text_read_time, "1w", 604800 },
		{ text_read_time, "1h30", 0 },
		{ text_read_time, "1 30", 0 },
		{ text_read_time, "30m1h", 0 },
		{ text_read_time, "1m1m", 0 },
		{ text_read_time, "1.5", 0 },
		{ text_read_time, "5ms", 0 },
		{ text_read_time, "5 months", 0 },
		{ text_read_time, "h", 0 },
		{ text_read_time, "", 0 },
		{ text_read_time, " ", 0 },
		{ text_read_time, "15250284452472w", 0 },
		{ text_read_time, "15250284452471w 8d", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t n = 0;

		assert_int_equal(rows[i].read(rows[i].text, INT64_MAX, &n),
				 rows[i].value != 0);
		assert_true(n == rows[i].value);
	}
}

/* The limit holds for the sum. */
static void measures_have_a_limit(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(text_read_time("1h", 3600, &n));
	assert_false(text_read_time("61m", 3600, &n));
	assert_false(text_read_time("1h1s", 3600, &n));
	assert_false(text_read_time("59m61s", 3600, &n));
	assert_false(text_read_size("1.5k", 1535, &n));
}

static void grown(void **state)
{
	struct arena a = ARENA_INIT;
	size_t room = 0;
	int *all = NULL;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		all = arena_grow(&a, all, (size_t)i, &room, sizeof(*all));
		assert_true(room > (size_t)i);
		all[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(all[i], i);
	arena_free(&a);
}

static void hex(void **state)
{
	char out[16];

	(void)state;
	assert_int_equal(text_hex_value('0'), 0);
	assert_int_equal(text_hex_value('f'), 15);
	assert_int_equal(text_hex_value('F'), 15);
	assert_int_equal(text_hex_value('g'), -1);
	assert_int_equal(text_hex_value('\0'), -1);
	assert_int_equal(text_hex_value('/'), -1);
	assert_int_equal(text_hex_value(':'), -1);
	assert_int_equal(text_hex_octet("fF"), 255);
	assert_int_equal(text_hex_octet("1"), -1);
	assert_int_equal(text_hex_octet(""), -1);
	assert_int_equal(text_hex_octet("g1"), -1);
	text_hex(out, "\x00\x7f\xff", 3);
	assert_string_equal(out, "007fff");
	text_hex(out, "", 0);
	assert_string_equal(out, "");
	text_hex_colons(out, "\x00\x7f\xff", 3);
	assert_string_equal(out, "00:7F:FF");
	text_hex_colons(out, "", 0);
	assert_string_equal(out, "");
	assert_true(text_is_hex("00ff", 4));
	assert_false(text_is_hex("00ff", 3));
	assert_false(text_is_hex("00fF", 4));
	assert_false(text_is_hex("00f", 4));
}

/* Against a second table, RFC 3629's, written as ranges. */
static bool is_character(uint32_t point)
{
	return point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

static size_t encode(uint32_t point, char *out)
{
	size_t n = point < 0x80	     ? 1
		   : point < 0x800   ? 2
		   : point < 0x10000 ? 3
				     : 4;

	for (size_t i = n; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3F));
	out[0] = (char)(n == 1 ? point : (0xF0 << (4 - n) & 0xFF) | point);
	return n;
}

static void characters(void **state)
{
	char octets[4];
	uint32_t point;

	(void)state;
	for (uint32_t i = 0; i < 0x1FFFFF; i++) {
		size_t n = encode(i, octets);
		size_t got = text_character(octets, n, &point);

		assert_int_equal(got, is_character(i) ? n : 0);
		if (got)
			assert_int_equal(point, i);
		if (n > 1)
			assert_int_equal(text_character(octets, n - 1, NULL),
					 0);
	}
	assert_int_equal(text_character("", 0, NULL), 0);
	assert_int_equal(text_character("\xc0\x80", 2, NULL), 0);
	assert_int_equal(text_character("\xe0\x80\x80", 3, NULL), 0);
	assert_int_equal(text_character("\xf0\x80\x80\x80", 4, NULL), 0);
	assert_int_equal(text_character("\x80", 1, NULL), 0);
	assert_int_equal(text_character("\xfe", 1, NULL), 0);
}

static void cut(void **state)
{
	static const char text[] = "a\303\274\342\202\254\360\237\230\200b";
	static const size_t at[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
	char partial[16];

	(void)state;
	for (size_t i = 0; i < COUNT(at); i++) {
		assert_int_equal(text_cut(text, i), at[i]);
		memcpy(partial, text, i);
		partial[i] = '\0';
		text_drop_partial(partial);
		assert_int_equal(strlen(partial), at[i]);
	}
	assert_int_equal(text_width(text, strlen(text)), 5);
}

static const struct {
	const char *in, *safe, *escaped;
} foreign[] = {
	{ "plain", "plain", "plain" },
	{ "\033[2Jx\r\n\ty", "?[2Jx   y", "\\x1B[2Jx\\x0D\\x0A y" },
	{ "M\303\274ller \342\202\254 \360\237\230\200",
	  "M\303\274ller \342\202\254 \360\237\230\200",
	  "M\303\274ller \342\202\254 \360\237\230\200" },
	{ "\302\2331m", "?1m", "\\xC2\\x9B1m" }, /* CSI of C1 */
	{ "\2331m", "?1m", "\\x9B1m" },		 /* and as one octet */
	{ "\303", "?", "\\xC3" },		 /* cut */
	{ "\300\257 \377", "?? ?", "\\xC0\\xAF \\xFF" },
	{ "\355\240\200", "???", "\\xED\\xA0\\x80" }, /* half of a pair */
	{ "\177", "?", "\\x7F" },
	/* RIGHT-TO-LEFT OVERRIDE, ISOLATE, MARK; ARABIC LETTER MARK */
	{ "ab\342\200\256dc", "ab?dc", "ab\\xE2\\x80\\xAEdc" },
	{ "\342\201\247", "?", "\\xE2\\x81\\xA7" },
	{ "\342\200\217", "?", "\\xE2\\x80\\x8F" },
	{ "\330\234", "?", "\\xD8\\x9C" },
	{ "\342\200\250", "?", "\\xE2\\x80\\xA8" },    /* LINE SEPARATOR */
	{ "\357\273\277x", "?x", "\\xEF\\xBB\\xBFx" }, /* BOM */
	/* what joins letters is text */
	{ "\342\200\215", "\342\200\215", "\342\200\215" },
};

static void filtered(void **state)
{
	struct arena a = ARENA_INIT;
	char place[64];

	(void)state;
	for (size_t i = 0; i < COUNT(foreign); i++) {
		struct buf out = BUF_INIT(256);
		size_t n = strlen(foreign[i].in);

		text_put_safe(&out, foreign[i].in, n);
		assert_string_equal(out.data, foreign[i].safe);
		buf_reset(&out);
		text_put_escaped(&out, foreign[i].in, n);
		assert_string_equal(out.data, foreign[i].escaped);
		buf_free(&out);
		strcpy(place, foreign[i].in);
		assert_int_equal(text_sanitize(place), strlen(foreign[i].safe));
		assert_string_equal(place, foreign[i].safe);
		assert_string_equal(text_dup_safe(&a, foreign[i].in, n),
				    foreign[i].safe);
	}
	assert_string_equal(text_dup_safe(&a, "a\0b", 3), "a?b");
	assert_true(text_has_control("a\tb"));
	assert_true(text_has_control("\177"));
	assert_false(text_has_control("a b\303\274"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trimmed),
		cmocka_unit_test(numbers),
		cmocka_unit_test(ranges),
		cmocka_unit_test(measures),
		cmocka_unit_test(measures_have_a_limit),
		cmocka_unit_test(grown),
		cmocka_unit_test(hex),
		cmocka_unit_test(characters),
		cmocka_unit_test(cut),
		cmocka_unit_test(filtered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
