/* test_lonedot.c - input up to a dot alone on its line. */
#include "laws.h"

#include "codec/dot.h"

static struct sink *build(struct sink *end, void *room)
{
	lonedot_init(room, end);
	return room;
}

static void test_cases(void **state)
{
	static const struct {
		const char *in, *out;
		bool is_over;
	} cases[] = {
		{ "", "", false },
		{ "a\n.\nb\n", "a\n", true },
		{ "a\r\n.\r\nb\r\n", "a\r\n", true },
		{ ".\n", "", true },
		{ ".\n.\nb", "", true },
		{ "a\n..\n.b\n. \n", "a\n..\n.b\n. \n", false },
		{ "a.\n", "a.\n", false },
		{ "a\n.\rb\n", "a\n.\rb\n", false },
		{ "a\n.\r\rb\n", "a\n.\r\rb\n", false },
		{ "a\n.\r.\n.\n", "a\n.\r.\n", true },
		{ "a\r.\nb\n", "a\r.\nb\n", false },
		{ "\n\n.\n", "\n\n", true },
		/* the last line need not have an end */
		{ "a\n.", "a\n", false },
		{ "a\n.\r", "a\n", false },
	};
	struct lonedot s;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *in = cases[i].in;

		laws_output((struct laws_chain){ build, &s }, in, strlen(in), 0,
			    &out);
		laws_equal(&out, cases[i].out, strlen(cases[i].out));
		assert_int_equal(s.is_over, cases[i].is_over);
		laws_hold(build, &s, in, strlen(in));
	}
	buf_free(&out);
}

static void test_random(void **state)
{
	struct lonedot s;
	char data[200];

	(void)state;
	for (unsigned seed = 0; seed < 50; seed++) {
		laws_fill_from(data, sizeof(data), ".\r\nab", 5, seed);
		laws_hold(build, &s, data, sizeof(data));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
