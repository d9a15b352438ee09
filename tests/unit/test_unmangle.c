/* test_unmangle.c - what a reply or a gateway did to a text. */
#include "laws.h"

#include "parts/extract.h"

static struct sink *build_quoted(struct sink *end, void *room)
{
	unmangle_init(room, end, UNMANGLE_QUOTED);
	return room;
}

static struct sink *build_html(struct sink *end, void *room)
{
	unmangle_init(room, end, UNMANGLE_HTML);
	return room;
}

static void passes(struct sink *(*build)(struct sink *, void *),
		   const char *text, const char *want)
{
	struct unmangle s;
	struct laws_chain chain = { build, &s };
	struct buf out = BUF_INIT(LAWS_MAX);

	laws_output(chain, text, strlen(text), 0, &out);
	laws_equal(&out, want, strlen(want));
	laws_chunks(chain, text, strlen(text));
	buf_free(&out);
}

static void test_quoted(void **state)
{
	(void)state;
	passes(build_quoted, "", "");
	passes(build_quoted, "> M> A\n> > B\n>C\n\n>\n> ",
	       "M> A\n> B\n>C\n\n>\n");
	passes(build_quoted, "Bob wrote:\n> begin 644 x\n>",
	       "Bob wrote:\nbegin 644 x\n>");
}

static void test_html(void **state)
{
	(void)state;
	passes(build_html, "M&amp;&lt;&gt;&quot;&#39;&#96;\n", "M&<>\"'`\n");
	passes(build_html, "&amp;lt; &amp&amp; &&lt; &#3", "&lt; &amp& &< &#3");
	passes(build_html, "> & &nbsp;\n\n&", "> & &nbsp;\n\n&");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
