/* test_mend.c - the sinks that repair, by their laws and by what they make;
 * and the table of what is wrong and what it becomes. */
#include "laws.h"

#include <stdio.h>

#include "mail/fix_body.h"

static struct sink *build_scrub(struct sink *end, void *room)
{
	scrub_init(room, end, false);
	return room;
}

static struct sink *build_scrub_8bit(struct sink *end, void *room)
{
	scrub_init(room, end, true);
	return room;
}

static struct sink *build_rewrap(struct sink *end, void *room)
{
	rewrap_init(room, end);
	return room;
}

static struct sink *build_repair(struct sink *end, void *room)
{
	repair_init(room, end);
	return room;
}

static void gives(struct sink *(*build)(struct sink *, void *), void *room,
		  const char *in, size_t n, const char *out)
{
	struct laws_chain chain = { build, room };
	struct buf got = BUF_INIT(LAWS_MAX);

	laws_output(chain, in, n, 0, &got);
	assert_string_equal(got.data, out);
	laws_hold(build, room, in, n);
	buf_free(&got);
}

static void scrubs(void **state)
{
	char text[2100], want[2100];
	struct scrub s;

	(void)state;
	gives(build_scrub, &s, "", 0, "");
	gives(build_scrub, &s, "plain\r\n--x\r\n", 12, "plain\r\n--x\r\n");
	gives(build_scrub, &s, "\0--x\r--y\r\n\r", 11, "?--x?--y\r\n?");
	gives(build_scrub, &s, "h\xc3\xa4\r\n", 5, "h??\r\n");
	gives(build_scrub_8bit, &s, "h\xc3\xa4\r\n", 5, "h\xc3\xa4\r\n");
	memset(text, 'x', sizeof(text));
	memcpy(text + 998, "--", 2);
	snprintf(want, sizeof(want), "%.998s\r\n --%.995s\r\n xx", text, text);
	gives(build_scrub, &s, text, 998 + 997 + 2, want);
}

static void rewraps(void **state)
{
	char text[200], want[200];
	struct rewrap s;

	(void)state;
	gives(build_rewrap, &s, "", 0, "");
	gives(build_rewrap, &s, "\0 \xff!\r\n", 6, "");
	gives(build_rewrap, &s, "QU\r\nI\0=", 7, "QUI=\r\n");
	memset(text, 'A', sizeof(text));
	snprintf(want, sizeof(want), "%.76s\r\n%.76s\r\nAAAA\r\n", text, text);
	gives(build_rewrap, &s, text, 156, want);
	snprintf(want, sizeof(want), "%.76s\r\n", text);
	gives(build_rewrap, &s, text, 76, want);
}

static void repairs(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "plain\r\n", "plain\r\n" },
		{ "=41=3d\r\n", "=41=3d\r\n" },
		{ "soft=\r\nbreak", "soft=\r\nbreak" },
		{ "soft= \t\r\nbreak", "soft=\r\nbreak" },
		{ "= x", "=3D x" },
		{ "=", "=" },
		{ "=4", "=3D4" },
		{ "=4\r\n", "=3D4\r\n" },
		{ "=4x", "=3D4x" },
		{ "=4=41", "=3D4=41" },
		{ "==41", "=3D=41" },
		{ "=\r", "=3D=0D" },
		{ "a\rb", "a=0Db" },
		{ "a\r\r\n", "a=0D\r\n" },
		{ "\xc3\xa4\x01\t", "=C3=A4=01\t" },
	};
	struct repair s;
	char text[400], want[400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		gives(build_repair, &s, cases[i].in, strlen(cases[i].in),
		      cases[i].out);
	memset(text, 'x', sizeof(text));
	memcpy(text + 73, "=41--", 5);
	snprintf(want, sizeof(want), "%.73s=\r\n=41--xx", text);
	gives(build_repair, &s, text, 80, want);
	memcpy(text + 73, "xx--x", 5);
	snprintf(want, sizeof(want), "%.75s=\r\n=2D-xxx", text);
	gives(build_repair, &s, text, 80, want);
}

/* A leaf of `text` that says what it says: what it becomes. */
static void becomes(enum entity_label label, enum entity_type type,
		    const char *text, bool accept_8bit, enum fix_body_kind way,
		    const char *say)
{
	struct slice slice = slice_of_memory(text, strlen(text));
	struct entity e = { .label = label, .type = type };
	struct error f = ERROR_INIT;
	struct fix_body m;

	assert_int_equal(content_scan_slice(&e.scan, &slice, &f), 0);
	fix_body_choose(&e, accept_8bit, &m);
	assert_int_equal(m.kind, way);
	if (say)
		assert_string_equal(m.label, say);
	else
		assert_null(m.label);
}

static void leaves(void **state)
{
	static const char high[] = "h\xc3\xa4 and so on and so on\n";
	static const char qp[] = "quoted-printable";
	static const char cr[] = "a\rb\n";

	(void)state;
	becomes(LABEL_NONE, TYPE_NONE, "x\n", false, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_7BIT, TYPE_OTHER, "x\n", true, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_NONE, TYPE_PLAIN, high, true, FIX_BODY_NOTHING, "8bit");
	becomes(LABEL_7BIT, TYPE_OTHER, high, true, FIX_BODY_NOTHING, "8bit");
	becomes(LABEL_8BIT, TYPE_PLAIN, high, true, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_BINARY, TYPE_PLAIN, high, true, FIX_BODY_NOTHING, "8bit");
	becomes(LABEL_BINARY, TYPE_PLAIN, "x\n", true, FIX_BODY_NOTHING,
		"7bit");
	becomes(LABEL_8BIT, TYPE_PLAIN, "x\n", true, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_8BIT, TYPE_PLAIN, "x\n", false, FIX_BODY_NOTHING, "7bit");
	becomes(LABEL_8BIT, TYPE_PLAIN, high, false,
		FIX_BODY_AS_QUOTED_PRINTABLE, qp);
	becomes(LABEL_8BIT, TYPE_OTHER, high, false, FIX_BODY_AS_BASE64,
		"base64");
	becomes(LABEL_NONE, TYPE_NONE, cr, true, FIX_BODY_AS_QUOTED_PRINTABLE,
		qp);
	becomes(LABEL_BASE64, TYPE_OTHER, "AAAA\n", false, FIX_BODY_NOTHING,
		NULL);
	becomes(LABEL_BASE64, TYPE_OTHER, high, true, FIX_BODY_REWRAP, NULL);
	becomes(LABEL_QUOTED_PRINTABLE, TYPE_TEXT, cr, true, FIX_BODY_REPAIR,
		NULL);
	becomes(LABEL_OTHER, TYPE_OTHER, "x\n", false, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_OTHER, TYPE_OTHER, high, true, FIX_BODY_NOTHING, NULL);
	becomes(LABEL_OTHER, TYPE_OTHER, high, false, FIX_BODY_REFUSE, NULL);
	becomes(LABEL_NONE, TYPE_MESSAGE, high, false, FIX_BODY_REFUSE, NULL);
	becomes(LABEL_NONE, TYPE_MULTIPART, high, false,
		FIX_BODY_AS_QUOTED_PRINTABLE, qp);
}

static void composites(void **state)
{
	static const struct {
		enum entity_label label;
		bool has_8bit, accept_8bit;
		const char *say;
	} cases[] = {
		{ LABEL_NONE, false, false, NULL },
		{ LABEL_NONE, true, false, NULL },
		{ LABEL_NONE, true, true, "8bit" },
		{ LABEL_8BIT, true, true, NULL },
		{ LABEL_8BIT, true, false, "7bit" },
		{ LABEL_8BIT, false, true, NULL },
		{ LABEL_BINARY, true, true, "8bit" },
		{ LABEL_BASE64, false, true, "7bit" },
		{ LABEL_OTHER, false, true, "7bit" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct entity e = { .kind = ENTITY_MULTIPART,
				    .type = TYPE_MULTIPART,
				    .label = cases[i].label,
				    .has_8bit = cases[i].has_8bit };
		struct fix_body m;

		fix_body_choose(&e, cases[i].accept_8bit, &m);
		assert_int_equal(m.kind, FIX_BODY_NOTHING);
		if (cases[i].say)
			assert_string_equal(m.label, cases[i].say);
		else
			assert_null(m.label);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scrubs),     cmocka_unit_test(rewraps),
		cmocka_unit_test(repairs),    cmocka_unit_test(leaves),
		cmocka_unit_test(composites),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
