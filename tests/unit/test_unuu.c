/* test_unuu.c - against the encoder, whole and in sections. */
#include "laws.h"

#include <stdio.h>

#include "codec/uu.h"

static struct sink *build_whole(struct sink *end, void *room)
{
	unuu_init(room, end, false, end->error);
	return room;
}

static struct sink *build_section(struct sink *end, void *room)
{
	unuu_init(room, end, true, end->error);
	return room;
}

static struct unuu last;

static void decode(struct sink *(*build)(struct sink *, void *),
		   const char *text, struct buf *out)
{
	laws_output((struct laws_chain){ build, &last }, text, strlen(text), 0,
		    out);
}

static void encode(const void *in, size_t n, bool first, bool is_last,
		   struct buf *out)
{
	struct error f = ERROR_INIT;
	struct sink_buf end;
	struct uu s;

	sink_buf_init(&end, out, &f);
	uu_init(&s, &end.sink, "a file.bin", 0644, first, is_last);
	sink_put(&s.sink, in, n);
	assert_int_equal(sink_close(&s.sink), 0);
}

static void test_round_trip(void **state)
{
	unsigned char in[400];
	struct buf text = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 1);
	for (size_t n = 0; n <= sizeof(in); n++) {
		buf_reset(&text);
		buf_puts(&text, "Hello,\r\nhere it is:\r\n\r\n");
		encode(in, n, true, true, &text);
		buf_puts(&text, "-- \r\nSincerely\r\n");
		decode(build_whole, text.data, &out);
		laws_equal(&out, in, n);
		assert_true(last.has_begin && last.has_end);
		assert_false(last.is_damaged);
		assert_string_equal(last.name, "a file.bin");
	}
	buf_free(&text);
	buf_free(&out);
}

static void test_sections(void **state)
{
	static const size_t cuts[] = { 45, 90, 450, 4500 };
	unsigned char in[9001];
	struct buf text = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	struct buf all = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 2);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++)
		for (size_t size = 1; size < sizeof(in); size = size * 3 + 44) {
			buf_reset(&all);
			for (size_t at = 0; at < size; at += cuts[i]) {
				size_t n = size - at < cuts[i] ? size - at
							       : cuts[i];

				buf_reset(&text);
				buf_puts(&text, "_=_ Part 002 of 003\r\n\r\n");
				encode(in + at, n, at == 0, at + n == size,
				       &text);
				buf_puts(&text, "\r\n-- \r\nA list\r\n");
				decode(build_section, text.data, &out);
				assert_false(last.is_damaged);
				assert_int_equal(last.has_begin, at == 0);
				assert_int_equal(last.has_end, at + n == size);
				buf_put(&all, out.data, out.len);
			}
			laws_equal(&all, in, size);
		}
	buf_free(&all);
	buf_free(&text);
	buf_free(&out);
}

static void test_nothing(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	decode(build_section,
	       "Dear Ops,\nMAY I ASK YOU TO BEGIN 644?\n\nbegin 9 x\nend\n`\n",
	       &out);
	assert_int_equal(out.len, 0);
	assert_false(last.has_data || last.has_begin || last.has_end);
	decode(build_whole, "begin 644 \nbegin 644\n", &out);
	assert_false(last.has_begin);
	buf_free(&out);
}

static void test_damage(void **state)
{
	unsigned char in[450];
	struct buf text = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	char *line;

	(void)state;
	laws_fill(in, sizeof(in), 3);
	encode(in, sizeof(in), true, true, &text);
	line = strstr(text.data, "\nM") + 1;
	line = strstr(line, "\nM") + 1;
	line[30] = 'z'; /* not of the alphabet */
	decode(build_whole, text.data, &out);
	assert_true(last.is_damaged);
	memcpy(line, "\r\n\r\n\r\n", 6); /* too short */
	decode(build_whole, text.data, &out);
	assert_true(last.is_damaged);
	buf_free(&text);
	buf_free(&out);
}

/* Others write zero as a space, and spaces at a line's end get lost. */
static void test_spaces(void **state)
{
	char text[300];
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	sprintf(text, "begin 644 x\nM%59s!\nM\n \nend\n", "");
	decode(build_whole, text, &out);
	assert_int_equal(out.len, 90);
	for (size_t i = 0; i < 90; i++)
		assert_int_equal(out.data[i], i == 44);
	assert_true(last.has_end);
	assert_false(last.is_damaged);
	buf_free(&out);
}

/* ... wherever they begin. */
static void test_lost_spaces(void **state)
{
	struct buf text = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t kept = 0; kept <= 60; kept++) {
		buf_reset(&text);
		buf_printf(&text, "begin 644 x\nM%60s\nM", "");
		for (size_t i = 0; i < kept; i++)
			buf_putc(&text, '5');
		buf_puts(&text, "\n \nend\n");
		decode(build_whole, text.data, &out);
		assert_int_equal(out.len, 90);
		for (size_t bit = 0; bit < 45 * 8; bit++)
			assert_int_equal(
				out.data[45 + bit / 8] >> (7 - bit % 8) & 1,
				bit < kept * 6 && (21 >> (5 - bit % 6) & 1));
		assert_false(last.is_damaged);
		laws_chunks((struct laws_chain){ build_whole, &last },
			    text.data, text.len);
	}
	buf_free(&text);
	buf_free(&out);
}

static void test_base64(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	decode(build_whole, "x\nbegin-base64 644 n\nZm9v\nYg==\n====\ny\n",
	       &out);
	laws_equal(&out, "foob", 4);
	assert_true(last.has_end);
	assert_false(last.is_damaged);
	assert_string_equal(last.name, "n");
	buf_free(&out);
}

/* Lines of every length, whole and changed at a place: the same in pieces. */
static void test_mutations(void **state)
{
	static const char *const words[] = {
		"\r\n", "\n",	"`\nend\n", "begin 644 b\n", "\n\n", " ",
		"a",	"\x80", NULL
	};
	unsigned char in[200];
	char noise[500];
	struct buf text = BUF_INIT(LAWS_MAX);

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		uint64_t random = seed;

		buf_reset(&text);
		laws_fill(in, sizeof(in), seed);
		encode(in, seed % sizeof(in), true, true, &text);
		for (unsigned i = laws_random(&random) % 4; i; i--)
			text.data[laws_random(&random) % text.len] =
				" `M\na\x80"[laws_random(&random) % 6];
		buf_put(&text, noise,
			laws_fill_runs(noise, sizeof(noise), "M!`_ ", words,
				       seed));
		laws_chunks((struct laws_chain){ build_whole, &last },
			    text.data, text.len);
		laws_chunks((struct laws_chain){ build_section, &last },
			    text.data, text.len);
	}
	buf_free(&text);
}

/* Each octet in the place of each character of a line. */
static void test_alphabet(void **state)
{
	char line[61];

	(void)state;
	for (size_t at = 1; at < sizeof(line); at++)
		for (int c = 0; c < 256; c++) {
			memset(line, 'M', sizeof(line));
			line[at] = (char)c;
			assert_int_equal(unuu_is_line(line, sizeof(line)),
					 c >= ' ' && c <= '`');
		}
}

static void test_laws(void **state)
{
	unsigned char in[300];
	struct buf text = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 4);
	buf_puts(&text, "noise\n");
	encode(in, sizeof(in), true, true, &text);
	buf_puts(&text, "noise");
	laws_hold(build_whole, &last, text.data, text.len);
	buf_reset(&text);
	encode(in, 135, false, false, &text);
	for (int i = 0; i < 500; i++)
		buf_putc(&text, 'M');
	laws_hold(build_section, &last, text.data, text.len);
	laws_hold(build_whole, &last, "begin-base64 644 n\nZm9v\nYg==\n", 29);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_spaces),
		cmocka_unit_test(test_lost_spaces),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_alphabet),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
