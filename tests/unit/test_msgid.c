/* test_msgid.c - an id is valid, its domain real, and none comes twice. */
#include "laws.h"

#include "base/sysenv.h"
#include "mail/date.h"

static void made(void **state)
{
	struct arena a = ARENA_INIT;
	const char *one = msgid_make(&a, "example.org");
	const char *two = msgid_make(&a, "example.org");
	const char *own = msgid_make(&a, NULL);

	(void)state;
	assert_true(msgid_is_valid(one));
	assert_true(msgid_is_valid(two));
	assert_true(msgid_is_valid(own));
	assert_string_not_equal(one, two);
	assert_non_null(strstr(one, "@example.org>"));
	assert_string_equal(strchr(own, '@') + 1,
			    arena_format(&a, "%s>", sysenv_domain()));
	arena_free(&a);
}

/* Under the same clock ids differ in their random part alone; none of its
 * signs is always the same. */
static void random_part(void **state)
{
	struct arena a = ARENA_INIT;
	const char *first = msgid_make(&a, "example.org");
	size_t dot = (size_t)(strchr(first, '.') - first);
	bool varies[16] = { false };

	(void)state;
	for (int i = 0; i < 200; i++) {
		const char *next = msgid_make(&a, "example.org");

		assert_int_equal(strcspn(next, "."), dot);
		assert_int_equal(strcspn(next, "@"), dot + 17);
		for (size_t j = 0; j < 16; j++)
			varies[j] |= next[dot + 1 + j] != first[dot + 1 + j];
	}
	for (size_t j = 0; j < 16; j++)
		assert_true(varies[j]);
	arena_free(&a);
}

static void valid(void **state)
{
	static const char *const good[] = {
		"<a@b>",
		"<CAF=x+y_z.1@mail.example.org>",
		"<1.2@[192.0.2.1]>",
		"<a@[IPv6:::1]>",
	};
	static const char *const bad[] = {
		"",	   "<>",      "a@b",	  "<a@b",   "a@b>",
		"<a>",	   "<@b>",    "<a@>",	  "<a@b> ", " <a@b>",
		"<a@@b>",  "<a b@c>", "<a..b@c>", "<.a@b>", "<a.@b>",
		"<a@b.>",  "<a@[b>",  "<a@[]]>",  "<ä@b>",  "<a@b><c@d>",
		"<a@b\n>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(msgid_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(msgid_is_valid(bad[i]));
}

static void too_long(void **state)
{
	char text[1200] = "<";

	(void)state;
	memset(text + 1, 'x', 900);
	strcpy(text + 901, "@example.org>");
	assert_true(msgid_is_valid(text));
	memset(text + 1, 'x', 1000);
	strcpy(text + 1001, "@example.org>");
	assert_false(msgid_is_valid(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),
		cmocka_unit_test(random_part),
		cmocka_unit_test(valid),
		cmocka_unit_test(too_long),
	};

	setenv("MAILSEND_FROZEN", "clock=1795325400 seed=7 host=h.example.net",
	       1);
	sysenv_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
