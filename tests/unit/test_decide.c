/* test_decide.c - is a mail to be sent of this run? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "run/decide.h"

/* One run after another, mailed where it is decided so; whether it was. */
struct history {
	struct decide_options options;
	struct state state;
	int64_t now;
};

static bool happen(struct history *h, bool has_failed, const char *digest)
{
	const struct decide_run run = {
		.now = h->now,
		.has_failed = has_failed,
		.has_output = *digest != '\0',
		.status = has_failed ? "failed (exit 1)" : "ok",
		.digest = digest,
	};
	struct decision d = decide(&h->options, &run, &h->state);

	strcpy(h->state.digest, digest);
	if (d.is_sent)
		decide_mailed(&d, &run, &h->state);
	return d.is_sent;
}

static struct history begin(void)
{
	return (struct history){
		.options = { .on = DECIDE_FAILURE | DECIDE_RECOVERY,
			     .after = 1 },
		.now = 1000,
	};
}

static void a_recovery_follows_a_failure_that_was_told(void **unused)
{
	struct history h = begin();

	(void)unused;
	assert_false(happen(&h, false, ""));
	assert_true(happen(&h, true, ""));
	assert_true(happen(&h, false, ""));
	assert_false(happen(&h, false, ""));
	h.options.after = 2;
	assert_false(happen(&h, true, ""));
	assert_false(happen(&h, false, ""));
}

static void the_same_waits_and_is_counted(void **unused)
{
	struct history h = begin();

	(void)unused;
	h.options.every = 100;
	assert_true(happen(&h, true, "a"));
	for (h.now = 1001; h.now < 1100; h.now++)
		assert_false(happen(&h, true, "a"));
	assert_int_equal(h.state.suppressed, 99);
	assert_int_equal(h.state.suppressed_since, 1001);
	assert_true(happen(&h, true, "a"));
	assert_int_equal(h.state.suppressed, 0);
	assert_true(happen(&h, true, "b"));
	h.now = 500; /* the clock was set back */
	assert_true(happen(&h, true, "b"));
}

static void a_quiet_time_delays_a_recovery(void **unused)
{
	struct history h = begin();

	(void)unused;
	assert_true(happen(&h, true, ""));
	h.options.quiet_until = 2000;
	assert_false(happen(&h, true, ""));
	assert_false(happen(&h, false, ""));
	h.now = 2000;
	assert_true(happen(&h, false, ""));
	assert_false(happen(&h, false, ""));
}

static void what_is_not_known_counts_as_reached(void **unused)
{
	struct history h = begin();
	struct decide_run run = { .now = 1000,
				  .is_unknown = true,
				  .has_failed = true,
				  .status = "failed (exit 1)",
				  .digest = "" };

	(void)unused;
	h.options.after = 5;
	h.options.every = 1000;
	assert_true(decide(&h.options, &run, &h.state).is_sent);
	run.has_failed = false;
	h.state = (struct state){ .is_known = false };
	assert_false(decide(&h.options, &run, &h.state).is_sent);
}

static void a_change_is_of_the_output_alone(void **unused)
{
	struct history h = begin();

	(void)unused;
	h.options.on = DECIDE_CHANGE;
	assert_true(happen(&h, false, "a"));
	assert_false(happen(&h, true, "a"));
	assert_true(happen(&h, false, "b"));
	assert_false(happen(&h, false, "b"));
}

static void what_was_lost_is_told_by_the_next(void **unused)
{
	struct history h = begin();
	struct decide_run run = { .now = 1000,
				  .lost = DECIDE_LOST_RUN,
				  .status = "ok",
				  .digest = "" };

	(void)unused;
	h.state.failures = 1;
	assert_int_equal(decide(&h.options, &run, &h.state).reason,
			 DECIDE_LOST);
	h.options.after = 2;
	h.state.failures = 1;
	assert_false(decide(&h.options, &run, &h.state).is_sent);
	h.options.after = 1;
	h.options.on = DECIDE_OUTPUT;
	h.state.failures = 1;
	assert_false(decide(&h.options, &run, &h.state).is_sent);
	run.lost = DECIDE_LOST_MAIL;
	assert_true(decide(&h.options, &run, &h.state).is_sent);
}

static void a_mail_that_failed_holds_nothing_back(void **unused)
{
	struct history h = begin();
	const struct decide_run run = { .now = 1000,
					.has_failed = true,
					.status = "failed (exit 1)",
					.digest = "a" };

	(void)unused;
	h.options.every = 1000;
	assert_true(decide(&h.options, &run, &h.state).is_sent);
	decide_not_mailed(&run, &h.state);
	assert_int_equal(h.state.suppressed, 1);
	h.now = 1001;
	assert_true(happen(&h, true, "a"));
	assert_false(happen(&h, true, "a"));
	assert_true(happen(&h, false, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recovery_follows_a_failure_that_was_told),
		cmocka_unit_test(the_same_waits_and_is_counted),
		cmocka_unit_test(a_quiet_time_delays_a_recovery),
		cmocka_unit_test(what_is_not_known_counts_as_reached),
		cmocka_unit_test(a_change_is_of_the_output_alone),
		cmocka_unit_test(what_was_lost_is_told_by_the_next),
		cmocka_unit_test(a_mail_that_failed_holds_nothing_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
