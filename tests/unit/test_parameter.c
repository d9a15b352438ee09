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
		/* the form that says most, in whatever order */
		{ "a/b; x=plain; x*=UTF-8''other", "x", "other" },
		{ "a/b; x*=UTF-8''other; x=plain", "x", "other" },
		{ "a/b; x=plain; x*0=oth; x*1=er", "x", "other" },
		/* in its charset, cut between sections */
		{ "a/b; x*=iso-8859-1''na%EFve", "x", "na\303\257ve" },
		{ "a/b; x*=koi8-r'ru'%C1", "x", "\320\260" },
		{ "a/b; x*0*=iso-2022-jp''%1b$B%46; x*1*=%7c%1b(B", "x",
		  "\346\227\245" },
		{ "a/b; x*=x-sjis''%93%FA", "x", "\346\227\245" },
		{ "a/b; x*=gb2312''%C8%D5", "x", "\346\227\245" },
		{ "a/b; x*=ks_c_5601-1987''%EC%ED", "x", "\346\227\245" },
		{ "a/b; x*=klingon''%41", "x", "A" },
		/* a file name without its quotes */
		{ "a/b; filename=This is a test.txt", "filename",
		  "This is a test.txt" },
		{ "a/b; filename=a b.txt ; size=3", "filename", "a b.txt" },
		{ "a/b; name=a.txt charset=x", "name", "a.txt" },
		{ "a/b; x=This is a test", "x", "This" },
		{ "a/b; filename=\"C:\\TEMP\\report.pdf\"", "filename",
		  "C:\\TEMP\\report.pdf" },
		{ "a/b; filename=\"\\\\srv\\x\"", "filename", "\\\\srv\\x" },
		{ "a/b; filename=\"a \\\"b\\\".txt\"", "filename",
		  "a \"b\".txt" },
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
