/* test_ending.c - what is true at the end, and who may still act on it. */
#include "laws.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"

static const struct ending one = { 1, "one" }, done = { 0, "done" };

static void of_many_mails_none_is_all(void **state)
{
	(void)state;
	ending_set(&one);
	ending_reached(&done);
	assert_ptr_equal(ending_now(), &one);
	ending_await(true);
	ending_reached(&done);
	assert_ptr_equal(ending_now(), &done);
	/* what comes behind is other mail */
	ending_reached(&one);
	assert_ptr_equal(ending_now(), &done);
}

static void rescue(void *context, const char *why)
{
	assert_string_equal(why, "memory");
	++*(int *)context;
	assert_false(ending_run_rescue(why)); /* never in itself */
}

static void a_rescue_is_made_once_and_at_home(void **state)
{
	int count = 0, status = -1;
	pid_t child;

	(void)state;
	assert_false(ending_run_rescue("memory"));
	ending_rescue(rescue, &count);
	child = fork();
	if (child == 0)
		_exit(ending_run_rescue("memory") || count);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_true(ending_run_rescue("memory"));
	assert_false(ending_run_rescue("memory"));
	assert_int_equal(count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_many_mails_none_is_all),
		cmocka_unit_test(a_rescue_is_made_once_and_at_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
