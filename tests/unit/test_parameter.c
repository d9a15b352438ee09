/* test_parameter.c - parameters read as they are written in the wild. */
#include "laws.h"

#include "mail/parameter.h"

static void values(void **state)
{
	static const struct {
		const char *field, *name, *value; /* NULL: it has none */
	} cases[] = {
		{ "a/b; x=y", "x", "y" },
		{ "a/b;x=y", "X", "y" },
		{ "a/b ; x = y ; z=1", "x", "y" },
		{ "a/b; x=y", "y", NULL },
		{ "a/b; xx=y", "x", NULL },
		{ "a/b; x=\"y z\"", "x", "y z" },
		{ "a/b; x=\"y\\\"\\z\"; q=1", "x", "y\"z" },
		{ "a/b; x=\"y; z=1\"; z=2", "z", "2" },
		{ "a/b (; x=1); x=2", "x", "2" },
		{ "a/b; (c (d)) x (e) = (f) y (g)", "x", "y" },
		{ "a/b; x=----=_Part", "x", "----=_Part" },
		{ "a/b; x", "x", NULL },
		{ "a/b; x=", "x", "" },
		{ "a/b;;; x=1", "x", "1" },
		{ "a/b; =1; x=2", "x", "2" },
		{ "a/b; x=\"never ends", "x", "never ends" },
		{ "a/b; x=\"ends in \\", "x", "ends in \\" },
		{ "a/b (never ends; x=1", "x", NULL },
		{ "x=1", "x", NULL },
		{ "", "x", NULL },
		{ "a/b; x*=UTF-8''y%20z", "x", "y z" },
		{ "a/b; x*=UTF-8'en'y%2", "x", "y%2" },
		{ "a/b; x*0=y; x*1=z", "x", "yz" },
		{ "a/b; x*1=z; x*0=\"y;\"", "x", "y;z" },
		{ "a/b; x*0*=UTF-8''%41; x*1*=%42; x*2=%43", "x", "AB%43" },
		{ "a/b; x*1=z", "x", NULL },
		{ "a/b; x=plain; x*=UTF-8''other", "x", "plain" },
		{ "a/b; x*9999999999999=y", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT(100);

		assert_int_equal(parameter_get(&out, cases[i].field,
					       cases[i].name),
				 cases[i].value != NULL);
		if (cases[i].value)
			assert_string_equal(out.data, cases[i].value);
		buf_free(&out);
	}
}

static void caps(void **state)
{
	struct buf out = BUF_INIT(3);

	(void)state;
	assert_true(parameter_get(&out, "a/b; x=1234", "x"));
	assert_true(out.overflow);
	buf_free(&out);
}

static void main_values(void **state)
{
	(void)state;
	assert_int_equal(parameter_main("a/b; x=y"), 3);
	assert_int_equal(parameter_main("a/b (c)"), 3);
	assert_int_equal(parameter_main(";"), 0);
	assert_true(parameter_has("a/b; x*0=1", "x"));
	assert_false(parameter_has("a/b; y=x", "x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(caps),
		cmocka_unit_test(main_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
