/* test_envelope.c - a verdict once given stays, and only yes counts. */
#include "laws.h"

#include "mail/envelope.h"

static void verdicts(void **state)
{
	struct recipient to[4] = { { .address = "a@x.org" } };
	struct arena a = ARENA_INIT;
	struct envelope e = { .arena = &a, .recipients = to, .count = 4 };
	struct error later = ERROR_INIT, never = ERROR_INIT;

	(void)state;
	assert_int_equal(envelope_accepted(&e), 0);
	to[1].decided = true;
	to[2].decided = true;
	error_set(&never, ERROR_NOUSER, "no such user");
	envelope_judge(&e, &to[2], &never);
	assert_int_equal(envelope_accepted(&e), 1);
	error_set(&later, ERROR_TEMPORARY, "try again");
	envelope_decide_rest(&e, &later);
	assert_int_equal(envelope_accepted(&e), 1);
	assert_true(to[0].decided && to[3].decided);
	assert_int_equal(to[0].verdict.cause, ERROR_TEMPORARY);
	assert_int_equal(to[2].verdict.cause, ERROR_NOUSER);
	assert_int_equal(to[3].verdict.cause, ERROR_TEMPORARY);
	assert_string_equal(small_error_text(&to[3].verdict), "try again");
	arena_free(&a);
}

/* There may be a hundred thousand. */
static void a_recipient_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct recipient) <= 128);
}

static void words_are_kept_once(void **state)
{
	struct recipient to[3] = { { .address = "a@x.org" } };
	struct arena a = ARENA_INIT;
	struct envelope e = { .arena = &a, .recipients = to, .count = 3 };
	struct error f = ERROR_INIT;

	(void)state;
	assert_string_equal(recipient_reply(&to[0]), "");
	assert_string_equal(small_error_text(&to[0].verdict), "");
	for (int i = 0; i < 3; i++) {
		char words[] = "450 4.2.1 busy";

		error_clear(&f);
		error_set(&f, ERROR_TEMPORARY, "the server is busy");
		f.reply = 450;
		strcpy(f.esc, "4.2.1");
		envelope_judge(&e, &to[i], &f);
		envelope_quote(&e, &to[i], words);
		memset(&f.text, 'x', 5);
		memset(words, 'x', 5);
	}
	assert_ptr_equal(to[0].reply, to[2].reply);
	assert_ptr_equal(to[0].verdict.text, to[2].verdict.text);
	assert_string_equal(to[2].reply, "450 4.2.1 busy");
	f = small_error_whole(&to[1].verdict);
	assert_string_equal(f.text, "the server is busy");
	assert_string_equal(f.esc, "4.2.1");
	assert_int_equal(f.reply, 450);
	assert_true(f.temporary);
	envelope_reopen(&to[1]);
	assert_false(small_error_is_set(&to[1].verdict));
	assert_string_equal(recipient_reply(&to[1]), "");
	arena_free(&a);
}

static void nobody(void **state)
{
	struct envelope e = { .reverse_path = "" };
	const struct error accepted = ERROR_INIT;

	(void)state;
	envelope_decide_rest(&e, &accepted);
	assert_int_equal(envelope_accepted(&e), 0);
}

static void the_sum(void **state)
{
	struct recipient to[3] = { { .decided = true },
				   { .decided = true },
				   { .decided = true } };
	struct arena a = ARENA_INIT;
	struct envelope e = { .arena = &a, .recipients = to, .count = 3 };
	struct error f = ERROR_INIT, never = ERROR_INIT, later = ERROR_INIT;

	(void)state;
	assert_int_equal(envelope_sum_up(&e, &f), 0);
	error_set(&never, ERROR_NOUSER, "never");
	envelope_judge(&e, &to[1], &never);
	error_set(&later, ERROR_TEMPORARY, "later");
	envelope_judge(&e, &to[2], &later);
	assert_int_equal(envelope_deferred(&e), 1);
	assert_int_equal(envelope_sum_up(&e, &f), -1);
	assert_string_equal(f.text, "later");
	/* who waits is no trouble any more */
	to[2].is_queued = true;
	error_clear(&f);
	assert_int_equal(envelope_sum_up(&e, &f), -1);
	assert_string_equal(f.text, "never");
	assert_int_equal(envelope_queued(&e), 1);
	to[1].decided = false;
	assert_int_equal(envelope_deferred(&e), 2);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(a_recipient_is_small),
		cmocka_unit_test(words_are_kept_once),
		cmocka_unit_test(nobody),
		cmocka_unit_test(the_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
