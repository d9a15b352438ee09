/* test_template.c - a header with comments in it. */
#include "laws.h"

#include "mail/rawfield.h"

static struct sink *build(struct sink *end, void *room)
{
	template_init(room, end);
	return room;
}

static void test_cases(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "To: a\n# x\nCc: b\n\n# y\n", "To: a\nCc: b\n\n# y\n" },
		{ "# x\r\nTo: a\r\n#\r\n\r\n# y", "To: a\r\n\r\n# y" },
		{ "#x: y\nTo: a\n", "To: a\n" },
		{ "To: a,\n# x\n b\n#\n\n", "To: a,\n b\n\n" },
		{ "To : a\n# x\n\n#", "To : a\n\n#" },
		{ "From me at noon\n# x\nTo: a\n#\n\n#",
		  "From me at noon\nTo: a\n\n#" },
		{ "From: me\n# x\n\n#", "From: me\n\n#" },
		/* where it ends by a line that is no field */
		{ "To: a\ntext\n# y\n", "To: a\ntext\n# y\n" },
		{ "To: a\nFrom me\n# y\n", "To: a\nFrom me\n# y\n" },
		{ "text\n# y\n", "text\n# y\n" },
		{ " text\n# y\n", " text\n# y\n" },
		{ ": text\n# y\n", ": text\n# y\n" },
		{ "\n# y\n", "\n# y\n" },
		{ "# x", "" },
	};
	struct template t;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *in = cases[i].in;

		laws_output((struct laws_chain){ build, &t }, in, strlen(in), 0,
			    &out);
		laws_equal(&out, cases[i].out, strlen(cases[i].out));
		laws_hold(build, &t, in, strlen(in));
	}
	buf_free(&out);
}

static void test_random(void **state)
{
	struct template t;
	char data[200];

	(void)state;
	for (unsigned seed = 0; seed < 50; seed++) {
		laws_fill_from(data, sizeof(data), "#\r\n: aF", 7, seed);
		laws_hold(build, &t, data, sizeof(data));
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
