/* test_schedule.c - the arithmetic of trying again. */
#include "laws.h"

#include "queue/schedule.h"

#define NOW    ((int64_t)1700000000)
#define DAY    86400
#define CHANCE 0xFFFFFFFFu /* the most jitter */

static const struct schedule usual = {
	.retry = 300,
	.retry_max = 4 * 3600,
	.lifetime = 5 * DAY,
	.warning = 4 * 3600,
};

static struct entry_recipient tried(unsigned tries)
{
	return (struct entry_recipient){ .address = "b@example.org",
					 .tries = tries,
					 .reply = "",
					 .host = "" };
}

static int64_t delay(unsigned tries, uint32_t chance)
{
	struct entry_recipient r = tried(tries);

	return schedule_next(&usual, &r, NOW, chance) - NOW;
}

static void delays_double_to_the_most(void **state)
{
	(void)state;
	assert_int_equal(delay(0, 0), 300);
	assert_int_equal(delay(1, 0), 300);
	assert_int_equal(delay(2, 0), 600);
	assert_int_equal(delay(3, 0), 1200);
	assert_int_equal(delay(6, 0), 9600);
	assert_int_equal(delay(7, 0), 4 * 3600);
	assert_int_equal(delay(4294967295u, 0), 4 * 3600);
}

static void jitter_is_a_fifth_at_most(void **state)
{
	(void)state;
	for (unsigned tries = 1; tries < 10; tries++) {
		int64_t least = delay(tries, 0);

		assert_in_range(delay(tries, CHANCE / 2),
				least + least / 10 - 1, least + least / 10);
		assert_in_range(delay(tries, CHANCE), least + least / 5 - 1,
				least + least / 5);
	}
}

/* Every time that a back-off makes is waited for. */
static void what_was_made_is_kept(void **state)
{
	(void)state;
	for (unsigned tries = 1; tries < 10; tries++) {
		struct entry_recipient r = tried(tries);

		r.next = schedule_next(&usual, &r, NOW, CHANCE);
		assert_false(schedule_is_due(&usual, &r, NOW));
		assert_false(schedule_is_due(&usual, &r, r.next - 1));
		assert_true(schedule_is_due(&usual, &r, r.next));
		r.state = ENTRY_SENT;
		assert_false(schedule_is_due(&usual, &r, r.next));
	}
}

static void a_clock_that_was_set_does_not_stop_a_mail(void **state)
{
	struct entry_recipient r = tried(3);

	(void)state;
	r.next = schedule_next(&usual, &r, NOW, 0);
	assert_true(schedule_is_due(&usual, &r, NOW - 400 * DAY));
	assert_true(schedule_is_due(&usual, &r, NOW + 400 * DAY));
	assert_true(schedule_is_due(&usual, &r, 0));
	r.next = INT64_MAX;
	assert_true(schedule_is_due(&usual, &r, -1));
	r.next = INT64_MIN;
	assert_true(schedule_is_due(&usual, &r, NOW));
}

static void an_odd_policy_is_survived(void **state)
{
	struct schedule s = { .retry = 0, .retry_max = 0 };
	struct entry_recipient r = tried(9);

	(void)state;
	assert_int_equal(schedule_next(&s, &r, NOW, CHANCE), NOW);
	r.next = NOW;
	assert_true(schedule_is_due(&s, &r, NOW));
	s = (struct schedule){ .retry = 600, .retry_max = 60 };
	assert_int_equal(schedule_next(&s, &r, NOW, 0), NOW + 60);
	s = (struct schedule){ .retry = 2147483647, .retry_max = 2147483647 };
	assert_in_range(schedule_next(&s, &r, NOW, CHANCE), NOW + 2147483647,
			NOW + (int64_t)2147483647 * 6 / 5);
}

static void greylisting_is_known(void **state)
{
	static const struct {
		int code;
		const char *esc, *reply, *text;
		bool is_grey;
	} rows[] = {
		{ 450, "4.2.0", "450 4.2.0 <b>: Greylisted, see x", "", true },
		{ 451, "4.7.1", "451 4.7.1 GreyListing in action", "", true },
		{ 421, "", "421 Graylisted", "", true },
		{ 450, "", "450 grey listing", "", true },
		{ 451, "", "451 Temporary failure, please try again later", "",
		  true },
		{ 450, "4.7.1", "450 4.7.1 try again in 300 seconds", "",
		  true },
		{ 451, "", "", "the server greylists b@example.org", true },
		{ 421, "", "421 try again later", "", false },
		{ 452, "4.2.2", "452 4.2.2 over quota, try again", "", false },
		{ 451, "4.3.0", "451 4.3.0 lookup failed, try again", "",
		  false },
		{ 450, "4.2.1", "450 4.2.1 no room", "", false },
		{ 451, "", "", "cannot reach it; it is tried again", false },
		{ 550, "5.7.1", "550 5.7.1 Greylisted for good", "", false },
		{ 0, "", "", "no such host: greylist.example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entry_recipient r = tried(1);
		int64_t wait;

		r.last = (struct small_error){ .cause = ERROR_TEMPORARY,
					       .reply = rows[i].code,
					       .text = rows[i].text };
		strcpy(r.last.esc, rows[i].esc);
		r.reply = rows[i].reply;
		wait = schedule_next(&usual, &r, NOW, 0) - NOW;
		if (wait != (rows[i].is_grey ? 120 : 300))
			fail_msg("row %zu waits %d", i, (int)wait);
	}
}

static void greylisting_is_short_at_first_only(void **state)
{
	static const int64_t want[] = { 120, 240, 480, 900, 900, 900, 14400 };
	struct schedule quick = { .retry = 10, .retry_max = 60 };
	struct entry_recipient r = tried(0);

	(void)state;
	r.last = (struct small_error){ .cause = ERROR_TEMPORARY, .reply = 451 };
	r.reply = "451 greylisted";
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		r.tries++;
		assert_int_equal(schedule_next(&usual, &r, NOW, 0) - NOW,
				 want[i]);
	}
	/* never slower than the policy */
	r.tries = 1;
	assert_int_equal(schedule_next(&quick, &r, NOW, 0) - NOW, 10);
}

static void a_mail_is_given_up_in_time(void **state)
{
	struct entry_recipient r = tried(50);
	struct entry e = { .arrived = NOW, .recipients = &r, .count = 1 };

	(void)state;
	assert_false(schedule_is_over(&usual, &e, &r, NOW + 5 * DAY));
	assert_true(schedule_is_over(&usual, &e, &r, NOW + 5 * DAY + 1));
	/* the clock was set: back, and so far on that nothing was tried */
	assert_false(schedule_is_over(&usual, &e, &r, NOW - 50 * DAY));
	r.tries = SCHEDULE_TRIES_MIN - 1;
	assert_false(schedule_is_over(&usual, &e, &r, NOW + 5000 * DAY));
	r.tries++;
	assert_true(schedule_is_over(&usual, &e, &r, NOW + 5000 * DAY));
	e.arrived = INT64_MIN;
	assert_true(schedule_is_over(&usual, &e, &r, NOW));
	e.arrived = INT64_MAX;
	assert_false(schedule_is_over(&usual, &e, &r, NOW));
	e.kind = ENTRY_FAILURE_NOTICE;
	e.arrived = NOW;
	assert_false(schedule_is_over(&usual, &e, &r, NOW + DAY));
	assert_true(schedule_is_over(&usual, &e, &r, NOW + DAY + 1));
}

static void a_delay_is_told_once_and_of_mails_alone(void **state)
{
	struct entry_recipient to[2] = { tried(3), tried(3) };
	struct entry e = { .arrived = NOW, .recipients = to, .count = 2 };
	struct schedule silent = usual;
	int64_t late = NOW + 4 * 3600;

	(void)state;
	to[0].state = ENTRY_SENT;
	assert_true(schedule_wants_warning(&usual, &e, late));
	assert_false(schedule_wants_warning(&usual, &e, late - 1));
	assert_false(schedule_wants_warning(&usual, &e, NOW - DAY));
	to[1].state = ENTRY_FAILED;
	assert_false(schedule_wants_warning(&usual, &e, late));
	to[1].state = ENTRY_WAITING;
	to[1].tries = 0;
	assert_false(schedule_wants_warning(&usual, &e, late));
	to[1].tries = 1;
	silent.warning = 0;
	assert_false(schedule_wants_warning(&silent, &e, late));
	e.is_warned = true;
	assert_false(schedule_wants_warning(&usual, &e, late));
	e.is_warned = false;
	e.kind = ENTRY_DELAY_NOTICE;
	assert_false(schedule_wants_warning(&usual, &e, late));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_double_to_the_most),
		cmocka_unit_test(jitter_is_a_fifth_at_most),
		cmocka_unit_test(what_was_made_is_kept),
		cmocka_unit_test(a_clock_that_was_set_does_not_stop_a_mail),
		cmocka_unit_test(an_odd_policy_is_survived),
		cmocka_unit_test(greylisting_is_known),
		cmocka_unit_test(greylisting_is_short_at_first_only),
		cmocka_unit_test(a_mail_is_given_up_in_time),
		cmocka_unit_test(a_delay_is_told_once_and_of_mails_alone),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
