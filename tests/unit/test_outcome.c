/* test_outcome.c - many verdicts, one exit status. */
#include "laws.h"

#include "deliver/outcome.h"

/* As the letters say: y accepted, q queued after a "later", w queued untried,
 * l later, n never, h a host that is not there and may be tomorrow. */
static int exit_of(const char *letters)
{
	struct recipient to[4] = { { .decided = false } };
	struct envelope e = { .recipients = to, .count = strlen(letters) };
	const struct outcome out = { .envelope = &e };
	struct error f = ERROR_INIT;

	for (size_t i = 0; i < e.count; i++) {
		struct small_error *v = &to[i].verdict;

		to[i].decided = letters[i] != 'w';
		to[i].is_queued = strchr("qw", letters[i]) != NULL;
		if (strchr("ql", letters[i]))
			*v = (struct small_error){ .cause = ERROR_TEMPORARY,
						   .temporary = true };
		if (letters[i] == 'n')
			v->cause = ERROR_NOUSER;
		if (letters[i] == 'h') {
			v->cause = ERROR_NOHOST;
			v->temporary = true;
		}
	}
	envelope_sum_up(&e, &f);
	return outcome_exit(&out, &f);
}

static void statuses(void **state)
{
	static const struct {
		const char *letters;
		int status;
	} rows[] = {
		{ "y", 0 },   { "yy", 0 },   { "q", 0 },     { "w", 0 },
		{ "yq", 0 },  { "ww", 0 },   { "l", 75 },    { "ll", 75 },
		{ "n", 67 },  { "nn", 67 },  { "h", 68 },    { "nl", 75 },
		{ "ln", 75 }, { "yn", 79 },  { "yl", 79 },   { "qn", 79 },
		{ "nq", 79 }, { "yqn", 79 }, { "yqnl", 79 }, { "wn", 79 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (exit_of(rows[i].letters) != rows[i].status)
			fail_msg("%s: %d, not %d", rows[i].letters,
				 exit_of(rows[i].letters), rows[i].status);
}

/* A mail that failed before it had recipients. */
static void nobody(void **state)
{
	struct outcome out = { .envelope = NULL };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(outcome_exit(&out, &f), 0);
	error_set(&f, ERROR_NOINPUT, "no such file");
	assert_int_equal(outcome_exit(&out, &f), 66);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
