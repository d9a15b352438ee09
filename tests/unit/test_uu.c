/* test_uu.c - against a decoder written from the POSIX page. */
#include "laws.h"

#include "codec/uu.h"

static struct sink *build(struct sink *end, void *room)
{
	uu_init(room, end, "a file.bin", 0644, true, true);
	return room;
}

static const char *expect(const char *p, const char *text)
{
	assert_int_equal(strncmp(p, text, strlen(text)), 0);
	return p + strlen(text);
}

static unsigned value(char c)
{
	assert_true(c > ' ' && c <= '`');
	return (unsigned)(c - ' ') & 63;
}

static void decode(const struct buf *code, struct buf *out)
{
	const char *p = expect(code->data, "begin 644 a file.bin\r\n");
	unsigned i, n, bits = 0;

	while ((n = value(*p++)) > 0) {
		assert_true(n <= 45);
		for (i = 0; i < n; i++) {
			if (i % 3 == 0) {
				bits = value(p[0]) << 18 | value(p[1]) << 12 |
				       value(p[2]) << 6 | value(p[3]);
				p += 4;
			}
			buf_putc(out, (char)(bits >> (16 - i % 3 * 8) & 255));
		}
		p = expect(p, "\r\n");
	}
	p = expect(p, "\r\nend\r\n");
	assert_ptr_equal(p, code->data + code->len);
}

static void round_trip(const void *in, size_t n)
{
	struct uu s;
	struct buf code = BUF_INIT(LAWS_MAX), back = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build, &s }, in, n, 0, &code);
	decode(&code, &back);
	laws_equal(&back, in, n);
	buf_free(&code);
	buf_free(&back);
}

static void test_known(void **state)
{
	static const char want[] = "begin 644 a file.bin\r\n"
				   "#0V%T\r\n`\r\nend\r\n";
	struct uu s;
	struct buf code = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_output((struct laws_chain){ build, &s }, "Cat", 3, 0, &code);
	laws_equal(&code, want, strlen(want));
	buf_free(&code);
}

static void test_every_size(void **state)
{
	unsigned char in[300];
	size_t n;

	(void)state;
	laws_fill(in, sizeof(in), 1);
	for (n = 0; n <= sizeof(in); n++)
		round_trip(in, n);
}

static void test_large(void **state)
{
	static unsigned char in[100003];

	(void)state;
	laws_fill(in, sizeof(in), 2);
	round_trip(in, sizeof(in));
	memset(in, 0, sizeof(in));
	round_trip(in, sizeof(in));
}

static void test_mode(void **state)
{
	struct buf code = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf end;
	struct uu s;

	(void)state;
	sink_buf_init(&end, &code, &f);
	uu_init(&s, &end.sink, "x", 0100020, true, true);
	assert_string_equal(code.data, "begin 020 x\r\n");
	buf_free(&code);
}

static void test_laws(void **state)
{
	unsigned char in[150];
	struct uu s;

	(void)state;
	laws_fill(in, sizeof(in), 3);
	laws_hold(build, &s, in, 0);
	laws_hold(build, &s, in, 45);
	laws_hold(build, &s, in, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known), cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_large), cmocka_unit_test(test_mode),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
