/* test_dot.c - against a server that reads DATA line by line. */
#include "laws.h"

#include "codec/dot.h"

static struct sink *build(struct sink *end, void *room)
{
	dot_init(room, end);
	return room;
}

/* RFC 5321 4.5.2, the receiver: up to the line of one dot, which must be the
 * last thing there is. */
static void receive(const struct buf *wire, struct buf *out)
{
	const char *p = wire->data, *end = p + wire->len;

	for (;;) {
		const char *lf = memmem(p, (size_t)(end - p), "\r\n", 2);

		assert_non_null(lf);
		lf += 2;
		if (lf - p == 3 && *p == '.') {
			assert_ptr_equal(lf, end);
			return;
		}
		if (*p == '.')
			p++;
		buf_put(out, p, (size_t)(lf - p));
		p = lf;
	}
}

static void check(const char *in, size_t n, const char *want, size_t want_n)
{
	struct dot s;
	struct buf wire = BUF_INIT(LAWS_MAX), back = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build, &s }, in, n, 0, &wire);
	receive(&wire, &back);
	laws_equal(&back, want, want_n);
	laws_hold(build, &s, in, n);
	buf_free(&wire);
	buf_free(&back);
}

static void test_wire(void **state)
{
	static const char *const cases[][2] = {
		{ "", ".\r\n" },
		{ ".", "..\r\n.\r\n" },
		{ "..\r\n", "...\r\n.\r\n" },
		{ "a", "a\r\n.\r\n" },
		{ "a\r\n", "a\r\n.\r\n" },
		{ "a\r", "a\r\n.\r\n" },
		{ "a.\r\n.\r\n.b\r\n", "a.\r\n..\r\n..b\r\n.\r\n" },
		{ "\r\n\r\n.", "\r\n\r\n..\r\n.\r\n" },
		{ "\r.", "\r.\r\n.\r\n" },
		{ "\r\r\n.", "\r\r\n..\r\n.\r\n" },
	};
	struct dot s;
	struct buf wire = BUF_INIT(LAWS_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *in = cases[i][0], *want = cases[i][1];

		laws_output((struct laws_chain){ build, &s }, in, strlen(in), 0,
			    &wire);
		laws_equal(&wire, want, strlen(want));
		laws_hold(build, &s, in, strlen(in));
	}
	buf_free(&wire);
}

/* Lines of dots and letters, at random. */
static void test_lines(void **state)
{
	char in[400];
	uint64_t seed;

	(void)state;
	for (seed = 1; seed < 50; seed++) {
		uint64_t random = seed;
		size_t n = 0;

		while (n < 100) {
			uint32_t r = laws_random(&random) % 5;

			if (r < 2) {
				in[n++] = '\r';
				in[n++] = '\n';
			} else {
				in[n++] = r < 4 ? '.' : 'a';
			}
		}
		in[n++] = '\r';
		in[n++] = '\n';
		check(in, n, in, n);
	}
}

/* A LF without its CR must not reach a server. */
static void test_bare_lf(void **state)
{
	static const char *const cases[] = { "\n", "a\n.\r\n", "a\r\n\n",
					     "a\r\nb\n.\nMAIL" };
	struct buf wire = BUF_INIT(LAWS_MAX);
	size_t i, piece;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (piece = 0; piece < 3; piece++) {
			struct error f = ERROR_INIT;
			struct laws_end end;
			struct dot s;
			int result;

			buf_reset(&wire);
			laws_end_init(&end, &wire, LAWS_MAX, &f);
			result = laws_feed((struct laws_chain){ build, &s },
					   cases[i], strlen(cases[i]), piece,
					   &end.sink);
			assert_int_equal(result, -1);
			assert_int_equal(f.cause, ERROR_SOFTWARE);
			assert_null(strstr(wire.data, "\n.\r\n"));
		}
	}
	buf_free(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bare_lf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
