/* test_queue_limit.c - who goes, who is held and until when; and what is left
 * of a state that somebody else has written. */
#include "laws.h"

#include "queue/queue_limit.h"
#include "scratch.h"

#define NOW ((int64_t)1700000000)

static struct arena arena = ARENA_INIT;
static struct queue queue;

static void open_queue(void **state)
{
	struct error f = ERROR_INIT;
	const char *folder = arena_dup(&arena, scratch_path(state, "queue"));

	assert_int_equal(queue_open(&queue, &arena, folder, true, &f), 0);
}

static int close_queue(void **state)
{
	arena_free(&arena);
	arena = (struct arena)ARENA_INIT;
	return scratch_remove(state);
}

static void key_of(char key[QUEUE_LIMIT_KEY], const char *subject)
{
	const char *to[] = { "b@example.org" };
	struct error f = ERROR_INIT;

	assert_int_equal(queue_limit_key(key, &arena, "a@example.org", to, 1,
					 subject, &f),
			 0);
}

static struct queue_limit_answer ask(const struct queue_limit *l,
				     const char *subject, int64_t now)
{
	struct queue_limit_answer answer;
	struct error f = ERROR_INIT;
	char key[QUEUE_LIMIT_KEY];

	key_of(key, subject);
	assert_int_equal(queue_limit_ask(&queue, l, key, now, &answer, &f), 0);
	return answer;
}

static const struct queue_limit same = { .account = "work", .same = 600 };
static const struct queue_limit hour = { .account = "work", .hour = 3 };

static void a_kind_is_sender_recipients_and_shape(void **state)
{
	const char *one[] = { "b@example.org", "C@example.org" };
	const char *other[] = { "c@EXAMPLE.org", "B@example.org" };
	char x[QUEUE_LIMIT_KEY], y[QUEUE_LIMIT_KEY];
	struct error f = ERROR_INIT;

	(void)state;
	queue_limit_key(x, &arena, "a@example.org", one, 2, "disk 1", &f);
	queue_limit_key(y, &arena, "A@example.org", other, 2, "Disk 2", &f);
	assert_string_equal(x, y);
	queue_limit_key(y, &arena, "a@example.org", one, 1, "disk 1", &f);
	assert_string_not_equal(x, y);
	queue_limit_key(y, &arena, "z@example.org", one, 2, "disk 1", &f);
	assert_string_not_equal(x, y);
	queue_limit_key(y, &arena, "a@example.org", one, 2, "disk1", &f);
	assert_string_not_equal(x, y);
}

static void one_of_a_kind_goes(void **state)
{
	struct queue_limit_answer answer;

	open_queue(state);
	assert_int_equal(ask(&same, "x 1", NOW).by, QUEUE_LIMIT_NONE);
	answer = ask(&same, "x 2", NOW + 599);
	assert_int_equal(answer.by, QUEUE_LIMIT_SAME);
	assert_int_equal(answer.until, NOW + 600);
	assert_int_equal(ask(&same, "y", NOW + 599).by, QUEUE_LIMIT_NONE);
	assert_int_equal(ask(&same, "x 3", NOW + 600).by, QUEUE_LIMIT_NONE);
	assert_int_equal(ask(&same, "x 4", NOW + 601).by, QUEUE_LIMIT_SAME);
}

static void so_many_go_in_any_hour(void **state)
{
	struct queue_limit_answer answer;

	open_queue(state);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask(&hour, "x", NOW + i * 100).by,
				 QUEUE_LIMIT_NONE);
	answer = ask(&hour, "x", NOW + 300);
	assert_int_equal(answer.by, QUEUE_LIMIT_PER_HOUR);
	assert_int_equal(answer.until, NOW + 3600);
	assert_int_equal(ask(&hour, "x", NOW + 3599).by, QUEUE_LIMIT_PER_HOUR);
	assert_int_equal(ask(&hour, "x", NOW + 3600).by, QUEUE_LIMIT_NONE);
	answer = ask(&hour, "x", NOW + 3601);
	assert_int_equal(answer.until, NOW + 3700);
}

static void accounts_and_owners_are_apart(void **state)
{
	struct queue_limit other = same;

	open_queue(state);
	ask(&same, "x", NOW);
	other.account = "home";
	assert_int_equal(ask(&other, "x", NOW).by, QUEUE_LIMIT_NONE);
	other.account = "work";
	other.owner = "1000 alice";
	assert_int_equal(ask(&other, "x", NOW).by, QUEUE_LIMIT_NONE);
	assert_int_equal(ask(&other, "x", NOW).by, QUEUE_LIMIT_SAME);
}

static void what_did_not_go_does_not_count(void **state)
{
	struct queue_limit both = { .account = "work", .same = 600, .hour = 1 };
	struct error f = ERROR_INIT;
	char key[QUEUE_LIMIT_KEY];

	open_queue(state);
	key_of(key, "x");
	assert_int_equal(ask(&both, "x", NOW).by, QUEUE_LIMIT_NONE);
	assert_int_equal(queue_limit_return(&queue, &both, key, NOW, &f), 0);
	assert_int_equal(ask(&both, "x", NOW + 1).by, QUEUE_LIMIT_NONE);
	assert_int_equal(ask(&both, "x", NOW + 2).by, QUEUE_LIMIT_SAME);
}

static void a_digest_counts_as_one_of_each_kind(void **state)
{
	char keys[2][QUEUE_LIMIT_KEY];
	struct error f = ERROR_INIT;

	open_queue(state);
	key_of(keys[0], "x");
	key_of(keys[1], "y");
	ask(&same, "x", NOW);
	assert_int_equal(queue_limit_note(&queue, &same,
					  (const char(*)[QUEUE_LIMIT_KEY])keys,
					  2, NOW + 600, 0, &f),
			 0);
	assert_int_equal(ask(&same, "x", NOW + 1199).until, NOW + 1200);
	assert_int_equal(ask(&same, "y", NOW + 1199).until, NOW + 1200);
	assert_int_equal(ask(&same, "y", NOW + 1200).by, QUEUE_LIMIT_NONE);
}

/* Once what is held is due, a run is asked for, but not by every mail. */
static void a_run_is_asked_for_once_a_minute(void **state)
{
	open_queue(state);
	ask(&same, "x", NOW);
	assert_false(ask(&same, "x", NOW + 10).is_due);
	assert_false(ask(&same, "y", NOW + 599).is_due);
	assert_true(ask(&same, "z", NOW + 600).is_due);
	assert_false(ask(&same, "u", NOW + 601).is_due);
	assert_true(ask(&same, "v", NOW + 660).is_due);
}

static void a_clock_set_back_holds_for_no_longer(void **state)
{
	struct queue_limit_answer answer;

	open_queue(state);
	ask(&same, "x", NOW + 1000000);
	answer = ask(&same, "x", NOW);
	assert_int_equal(answer.by, QUEUE_LIMIT_SAME);
	assert_int_equal(answer.until, NOW + 600);
	for (int i = 0; i < 3; i++)
		ask(&hour, "x", NOW + 1000000);
	assert_int_equal(ask(&hour, "x", NOW).until, NOW + 3600);
}

static void looking_counts_nothing(void **state)
{
	struct queue_limit_answer answer;
	struct error f = ERROR_INIT;
	char key[QUEUE_LIMIT_KEY];

	open_queue(state);
	key_of(key, "x");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(queue_limit_look(&queue, &same, key, NOW,
						  &answer, &f),
				 0);
		assert_int_equal(answer.by, QUEUE_LIMIT_NONE);
	}
	ask(&same, "x", NOW);
	queue_limit_look(&queue, &same, key, NOW + 1, &answer, &f);
	assert_int_equal(answer.by, QUEUE_LIMIT_SAME);
}

/* Of very many kinds the oldest are forgotten, and the file stays small. */
static void the_state_is_bounded(void **state)
{
	struct queue_limit both = { .account = "work",
				    .same = 86400,
				    .hour = QUEUE_LIMIT_TIMES };
	static char keys[QUEUE_LIMIT_KINDS + 10][QUEUE_LIMIT_KEY];
	struct error f = ERROR_INIT;
	size_t count = sizeof(keys) / sizeof(*keys);

	open_queue(state);
	for (size_t i = 0; i < count; i++)
		snprintf(keys[i], sizeof(keys[i]), "%016zx", i);
	assert_int_equal(queue_limit_note(&queue, &both,
					  (const char(*)[QUEUE_LIMIT_KEY])keys,
					  count, NOW, 0, &f),
			 0);
	assert_int_equal(queue_limit_note(&queue, &both,
					  (const char(*)[QUEUE_LIMIT_KEY])keys,
					  count, NOW + 1, 0, &f),
			 0);
	assert_int_equal(ask(&both, "new", NOW + 2).by, QUEUE_LIMIT_NONE);
	assert_int_equal(ask(&both, "new", NOW + 2).by, QUEUE_LIMIT_SAME);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_make, close_queue)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kind_is_sender_recipients_and_shape),
		TEST(one_of_a_kind_goes),
		TEST(so_many_go_in_any_hour),
		TEST(accounts_and_owners_are_apart),
		TEST(what_did_not_go_does_not_count),
		TEST(a_digest_counts_as_one_of_each_kind),
		TEST(a_run_is_asked_for_once_a_minute),
		TEST(a_clock_set_back_holds_for_no_longer),
		TEST(looking_counts_nothing),
		TEST(the_state_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
