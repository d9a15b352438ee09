/* test_join_name.c - names out of mails. */
#include "laws.h"

#include "parts/file_name.h"
#include "parts/part_headers.h"

static struct arena arena = ARENA_INIT;

static void cleaned(const char *text, const char *want)
{
	const char *got = file_name_clean(&arena, text);

	if (!want)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void test_clean(void **state)
{
	char longer[2000];

	(void)state;
	cleaned("logs.tgz", "logs.tgz");
	cleaned("a b (1).tgz", "a b (1).tgz");
	cleaned("/etc/passwd", "passwd");
	cleaned("..\\..\\boot.ini", "boot.ini");
	cleaned("../..", NULL);
	cleaned("", NULL);
	cleaned("dir/", NULL);
	cleaned("-rf", "rf");
	cleaned("--. .x", "x");
	cleaned(".bashrc", "bashrc");
	cleaned("trailing  ", "trailing");
	cleaned("a\nb\tc\x1b[2J\x7f", "a_b_c_[2J_");
	cleaned("gr\xc3\xb6\xc3\x9f"
		"e",
		"gr\xc3\xb6\xc3\x9f"
		"e");
	cleaned("bad\xff\xc3", "bad__");
	cleaned("\xc0\xaf\xe2\x80\xaex",
		"___x"); /* overlong '/', an override */
	cleaned("c1\xc2\x85", "c1_");
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(strlen(file_name_clean(&arena, longer)),
			 FILE_NAME_OCTETS_MAX);
}

static void numbered(const char *name, int want, size_t want_stem)
{
	size_t stem = 0;

	assert_int_equal(file_name_number(name, &stem), want);
	if (want >= 0)
		assert_int_equal(stem, want_stem);
}

static void test_numbers(void **state)
{
	(void)state;
	numbered("logs.tgz.003", 3, 8);
	numbered("x.000", 0, 1);
	numbered("x.1234", 1234, 1);
	numbered("x.12", -1, 0);
	numbered(".003", -1, 0);
	numbered("x", -1, 0);
	numbered("x.", -1, 0);
	numbered("x.00a", -1, 0);
	numbered("x.12345678", -1, 0);
}

static void paired(const char *text, unsigned n, unsigned of, const char *rest)
{
	unsigned got_n = 0, got_of = 0;
	const char *got = NULL;

	assert_true(part_headers_pair(&arena, text, &got_n, &got_of, &got));
	assert_int_equal(got_n, n);
	assert_int_equal(got_of, of);
	assert_string_equal(got, rest);
}

static void unpaired(const char *text)
{
	unsigned n, of;
	const char *rest;

	assert_false(part_headers_pair(&arena, text, &n, &of, &rest));
}

static void test_pairs(void **state)
{
	(void)state;
	paired("logs (3/12)", 3, 12, "logs");
	paired("[001/003] a file", 1, 3, "a file");
	paired("subj (001/003) - [ f.bin ]", 1, 3, "subj - [ f.bin ]");
	paired("x (1/2) y ( 2 / 3 )", 2, 3, "x (1/2) y");
	paired("(1/1)", 1, 1, "");
	unpaired("");
	unpaired("x (0/3)");
	unpaired("x (4/3)");
	unpaired("x (1/2");
	unpaired("x (1/2]");
	unpaired("x 1/2");
	unpaired("x (1/99999999999999999999)");
	unpaired("x (/)");
}

/* One that is not found leaves all as it was. */
static void bare(const char *text, unsigned n, unsigned of, const char *rest)
{
	unsigned got_n = 0, got_of = 0;
	const char *got = "";
	bool found =
		part_headers_bare_pair(&arena, text, &got_n, &got_of, &got);

	assert_int_equal(found, n != 0);
	assert_int_equal(got_n, n);
	assert_int_equal(got_of, of);
	assert_string_equal(got, rest);
}

static void test_bare_pairs(void **state)
{
	(void)state;
	bare("logs 3/12", 3, 12, "logs");
	bare("1/1 x", 1, 1, "x");
	bare("a 1/2 of b 3/4", 0, 0, "");
	bare("4/3", 0, 0, "");
	bare("0/3", 0, 0, "");
	bare("x1/2", 0, 0, "");
}

static int done(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_bare_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
