/* test_base64.c - every set of loops that this processor can run, against a
 * decoder that works bit by bit. */
#include "laws.h"

#include "codec/base64.h"
#include "codec/base64_loops.h"

static const struct base64_loops *loops;

static struct sink *build(struct sink *end, void *room)
{
	struct base64 *s = room;

	base64_init(s, end);
	s->loops = loops;
	return room;
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* Decodes what RFC 2045 6.8 allows and checks the form of each line. */
static void decode(const struct buf *code, struct buf *out)
{
	unsigned bits = 0, have = 0, pads = 0;
	size_t column = 0, i;

	for (i = 0; i < code->len; i++) {
		char c = code->data[i];
		const char *at;

		if (c == '\r') {
			assert_int_equal(code->data[++i], '\n');
			assert_true(column == 76 || i + 1 == code->len);
			assert_true(column > 0);
			column = 0;
			continue;
		}
		column++;
		assert_true(column <= 76);
		if (c == '=') {
			pads++;
			continue;
		}
		assert_int_equal(pads, 0);
		at = strchr(digits, c);
		assert_true(c && at);
		bits = bits << 6 | (unsigned)(at - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have & 255));
		}
	}
	assert_int_equal(column, 0);
	assert_true(pads <= 2 && have == pads * 2);
	assert_int_equal(bits & ((1u << have) - 1), 0);
}

static void round_trip(const void *in, size_t n, size_t piece)
{
	struct base64 s;
	struct buf code = BUF_INIT(LAWS_MAX), back = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build, &s }, in, n, piece, &code);
	assert_int_equal(code.len, base64_encoded_size(n));
	decode(&code, &back);
	laws_equal(&back, in, n);
	buf_free(&code);
	buf_free(&back);
}

static void test_vectors(void **state)
{
	/* RFC 4648 10 */
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};
	char out[16];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *in = vectors[i][0], *want = vectors[i][1];

		assert_int_equal(base64_text(out, in, strlen(in)),
				 strlen(want));
		assert_memory_equal(out, want, strlen(want));
	}
}

static void test_every_size(void **state)
{
	unsigned char in[600];
	size_t n;

	(void)state;
	laws_fill(in, sizeof(in), 1);
	for (n = 0; n <= sizeof(in); n++)
		round_trip(in, n, 0);
}

/* Each of the 4096 pairs of characters, at each place in a group. */
static void test_every_value(void **state)
{
	static unsigned char in[4096 * 3];
	unsigned i;

	(void)state;
	for (i = 0; i < 4096; i++) {
		in[i * 3] = (unsigned char)(i >> 4);
		in[i * 3 + 1] = (unsigned char)(i << 4 | i >> 8);
		in[i * 3 + 2] = (unsigned char)i;
	}
	round_trip(in, sizeof(in), 0);
	round_trip(in + 1, sizeof(in) - 1, 0);
	round_trip(in, sizeof(in), 19); /* lines that come out of the rest */
}

static void test_large(void **state)
{
	static unsigned char in[300007];

	(void)state;
	laws_fill(in, sizeof(in), 2);
	round_trip(in, sizeof(in), 0);
	round_trip(in, sizeof(in), 4096);
	round_trip(in, sizeof(in), 56);
	round_trip(in, sizeof(in), 58);
}

/* The one run for headers says the same as the lines without their ends. */
static void test_text(void **state)
{
	unsigned char in[257];
	char text[400];
	struct base64 s;
	struct buf code = BUF_INIT(LAWS_MAX);
	size_t n, i, size;

	(void)state;
	laws_fill(in, sizeof(in), 3);
	for (n = 0; n <= sizeof(in); n++) {
		size_t at = 0;

		laws_output((struct laws_chain){ build, &s }, in, n, 0, &code);
		size = base64_text(text, in, n);
		for (i = 0; i < code.len; i++) {
			if (code.data[i] == '\r' || code.data[i] == '\n')
				continue;
			assert_true(at < size);
			assert_int_equal(text[at++], code.data[i]);
		}
		assert_int_equal(at, size);
	}
	buf_free(&code);
}

static void test_laws(void **state)
{
	unsigned char in[200];
	struct base64 s;

	(void)state;
	laws_fill(in, sizeof(in), 4);
	laws_hold(build, &s, in, sizeof(in));
	laws_hold(build, &s, in, 57);
	laws_hold(build, &s, in, 1);
}

/* The portable loops are always there, and are the last. */
static void test_choice(void **state)
{
	size_t n = 0;

	(void)state;
	while (base64_loops(n))
		n++;
	assert_true(n > 0);
	assert_ptr_equal(base64_loops(n - 1), &base64_portable);
}

static void test_size(void **state)
{
	(void)state;
	assert_int_equal(base64_encoded_size(0), 0);
	assert_int_equal(base64_encoded_size(1), 6);
	assert_int_equal(base64_encoded_size(57), 78);
	assert_int_equal(base64_encoded_size(58), 84);
	assert_true(base64_encoded_size((uint64_t)57 << 40) == (uint64_t)78
								       << 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_laws),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_size),
	};

	int failed = 0;

	for (size_t i = 0; (loops = base64_loops(i)); i++)
		failed |= cmocka_run_group_tests_name(loops->name, tests, NULL,
						      NULL);
	return failed;
}
