/* test_subject_shape.c - which subjects are of one kind. */
#include "laws.h"

#include "mail/subject_shape.h"

static void check(const char *subject, const char *shape)
{
	struct buf out = BUF_INIT(1000);

	subject_shape_put(&out, subject);
	assert_string_equal(out.data, shape);
	buf_free(&out);
}

static void numbers_are_folded(void **state)
{
	(void)state;
	check("disk 91% full", "disk #% full");
	check("Disk 100% FULL", "disk #% full");
	check("3 of 17 files failed", "# of # files failed");
	check("load 1.52, 12GB free", "load #, #gb free");
	check("[#4711] down", "[##] down");
	check("commit e8b9f25 broke it", "commit # broke it");
	check("at 0x7ffe12", "at #");
	check("id 123e4567-e89b-12d3-a456-426614174000!", "id #!");
	check("d41d8cd98f00b204e9800998ecf8427e", "#");
}

static void times_are_folded(void **state)
{
	(void)state;
	check("late 2026-11-30 12:30:05", "late # #");
	check("late 2026-11-30T12:30:05+01:00", "late #t#");
	check("late 30/11/2026", "late #");
	check("at 12:30", "at #");
}

static void names_stay(void **state)
{
	(void)state;
	check("disk full on db1", "disk full on db1");
	check("web-02.example.org: sda1", "web-02.example.org: sda1");
	check("10.0.0.7 is down", "10.0.0.7 is down");
	check("10.0.0 is down", "# is down");
	check("backup-20261130 failed", "backup-# failed");
	check("log-2026-11-30.gz", "log-#.gz");
	check("Gerät Ü2 fällt aus", "gerät Ü2 fällt aus");
	check("deadbeef, cafe", "deadbeef, cafe");
}

static void blanks_are_one(void **state)
{
	(void)state;
	check("", "");
	check("  a \t b  ", "a b");
	check("...", "...");
	check("-", "-");
	check("a:1-", "a:#-");
	check("x.", "x.");
}

static void a_full_buffer_is_told(void **state)
{
	struct buf out = BUF_INIT(4);

	(void)state;
	subject_shape_put(&out, "longer than four");
	assert_true(out.overflow);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_folded),
		cmocka_unit_test(times_are_folded),
		cmocka_unit_test(names_stay),
		cmocka_unit_test(blanks_are_one),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
