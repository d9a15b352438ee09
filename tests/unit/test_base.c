/* test_base.c - arena, buf, error: their promises. */
#include "laws.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

static void arena_keeps_what_it_gave(void **state)
{
	struct arena a = ARENA_INIT;
	char *first = arena_dup(&a, "first");
	char *large = arena_alloc(&a, 100000);
	char *after = arena_dup_n(&a, "after that", 5);

	(void)state;
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(large[i], 0);
	memset(large, 'x', 100000);
	assert_string_equal(first, "first");
	assert_string_equal(after, "after");
	assert_string_equal(arena_format(&a, "%s-%d", first, 7), "first-7");
	for (int i = 0; i < 5000; i++)
		assert_int_equal((uintptr_t)arena_alloc(&a, 3) % 8, 0);
	arena_free(&a);
}

static void buf_is_a_string_at_every_length(void **state)
{
	struct buf b = BUF_INIT(300);

	(void)state;
	assert_string_equal(b.data, "");
	for (int i = 0; i < 300; i++) {
		assert_int_equal(buf_putc(&b, 'x'), 0);
		assert_int_equal(strlen(b.data), b.len);
	}
	assert_int_equal(b.len, 300);
	buf_free(&b);
	assert_string_equal(b.data, "");
}

static void buf_takes_nothing_past_its_cap(void **state)
{
	struct buf b = BUF_INIT(5);

	(void)state;
	assert_int_equal(buf_puts(&b, "abc"), 0);
	assert_int_equal(buf_puts(&b, "def"), -1);
	assert_string_equal(b.data, "abc");
	assert_int_equal(buf_puts(&b, "d"), -1); /* it sticks */
	assert_true(b.overflow);
	buf_reset(&b);
	assert_int_equal(buf_printf(&b, "%d", 12345), 0);
	assert_string_equal(b.data, "12345");
	assert_int_equal(buf_printf(&b, "%s", ""), 0);
	buf_shift(&b, 2);
	assert_string_equal(b.data, "345");
	buf_truncate(&b, 1);
	assert_string_equal(b.data, "3");
	buf_wipe(&b);
}

static void the_first_error_wins(void **state)
{
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(error_exit(&f), 0);
	assert_int_equal(error_set(&f, ERROR_NOUSER, "no %s", "bob"), -1);
	assert_int_equal(error_set(&f, ERROR_USAGE, "later"), -1);
	assert_string_equal(f.text, "no bob");
	assert_int_equal(error_exit(&f), EX_NOUSER);
	assert_false(f.temporary);
}

static void a_full_disk_is_temporary_whatever_was_asked(void **state)
{
	static const int passing[] = { ENOSPC, EDQUOT, EMFILE, ENOMEM };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct error f = ERROR_INIT;

		error_errno(&f, ERROR_CANTCREAT, passing[i], "x");
		assert_true(f.temporary);
		assert_int_equal(error_exit(&f), EX_TEMPFAIL);
	}
}

static void a_sentence_has_no_controls_and_whole_characters(void **state)
{
	struct error f = ERROR_INIT;
	char text[2000];

	(void)state;
	error_set(&f, ERROR_DATA, "a\r\nb\033[1mc");
	assert_null(strpbrk(f.text, "\r\n\033"));
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xE2\x82\xAC", 3);
		text[sizeof(text) - 4] = '\0';
		error_clear(&f);
		error_set(&f, ERROR_DATA, "%s", text);
		assert_int_equal((strlen(f.text) - shift) % 3, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_keeps_what_it_gave),
		cmocka_unit_test(buf_is_a_string_at_every_length),
		cmocka_unit_test(buf_takes_nothing_past_its_cap),
		cmocka_unit_test(the_first_error_wins),
		cmocka_unit_test(a_full_disk_is_temporary_whatever_was_asked),
		cmocka_unit_test(
			a_sentence_has_no_controls_and_whole_characters),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
