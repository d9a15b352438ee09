/* test_header_resent.c - where the newest Resent block ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "mail/header.h"

/* One letter a field; the answer is the offset of the end, -1 for none. */
static int end_of(const char *fields)
{
	struct arena a = ARENA_INIT;
	struct header h;
	struct error f = ERROR_INIT;
	const struct field *end;
	int at = 0;

	header_init(&h);
	for (const char *p = fields; *p; p++) {
		const char *name = *p == 'f'   ? "Resent-From"
				   : *p == 't' ? "Resent-To"
				   : *p == 'c' ? "resent-cc"
				   : *p == 'd' ? "Resent-Date"
				   : *p == 'R' ? "received"
				   : *p == 'P' ? "Return-Path"
					       : "Subject";

		assert_int_equal(header_add(&a, &h, name, "x", &f), 0);
	}
	end = header_resent_end(&h);
	if (!end)
		at = -1;
	for (const struct field *x = h.first; end && x != end; x = x->next)
		at++;
	arena_free(&a);
	return at;
}

static void blocks(void **state)
{
	(void)state;
	assert_int_equal(end_of(""), -1);
	assert_int_equal(end_of("SRS"), -1);
	assert_int_equal(end_of("ftd"), -1);
	assert_int_equal(end_of("ftdftd"), 3);
	assert_int_equal(end_of("PRftdRftdS"), 5);
	assert_int_equal(end_of("ftdPS"), 3);
	/* another field between does not end it, nor does one list in two */
	assert_int_equal(end_of("tSfS"), -1);
	assert_int_equal(end_of("fttcd"), -1);
	assert_int_equal(end_of("ftcStd"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(blocks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
