/* test_envelope.c - a verdict once given stays, and only yes counts. */
#include "laws.h"

#include "mail/envelope.h"

static void verdicts(void **state)
{
	struct recipient to[4] = { { .address = "a@x.org" } };
	struct envelope e = { .recipients = to, .count = 4 };
	struct fault later = FAULT_INIT;

	(void)state;
	assert_int_equal(envelope_accepted(&e), 0);
	to[1].decided = true;
	to[2].decided = true;
	fault_set(&to[2].verdict, FAULT_NOUSER, "no such user");
	assert_int_equal(envelope_accepted(&e), 1);
	fault_set(&later, FAULT_TEMPORARY, "try again");
	envelope_decide_rest(&e, &later);
	assert_int_equal(envelope_accepted(&e), 1);
	assert_true(to[0].decided && to[3].decided);
	assert_int_equal(to[0].verdict.cause, FAULT_TEMPORARY);
	assert_int_equal(to[2].verdict.cause, FAULT_NOUSER);
	assert_int_equal(to[3].verdict.cause, FAULT_TEMPORARY);
}

static void nobody(void **state)
{
	struct envelope e = { .reverse_path = "" };
	const struct fault accepted = FAULT_INIT;

	(void)state;
	envelope_decide_rest(&e, &accepted);
	assert_int_equal(envelope_accepted(&e), 0);
}

static void the_sum(void **state)
{
	struct recipient to[3] = { { .decided = true },
				   { .decided = true },
				   { .decided = true } };
	struct envelope e = { .recipients = to, .count = 3 };
	struct fault f = FAULT_INIT;

	(void)state;
	assert_int_equal(envelope_sum_up(&e, &f), 0);
	fault_set(&to[1].verdict, FAULT_NOUSER, "never");
	fault_set(&to[2].verdict, FAULT_TEMPORARY, "later");
	assert_int_equal(envelope_deferred(&e), 1);
	assert_int_equal(envelope_sum_up(&e, &f), -1);
	assert_string_equal(f.text, "later");
	/* who waits is no trouble any more */
	to[2].is_queued = true;
	fault_clear(&f);
	assert_int_equal(envelope_sum_up(&e, &f), -1);
	assert_string_equal(f.text, "never");
	assert_int_equal(envelope_queued(&e), 1);
	to[1].decided = false;
	assert_int_equal(envelope_deferred(&e), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(nobody),
		cmocka_unit_test(the_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
