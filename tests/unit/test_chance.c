/* test_chance.c - content that goes before it is known whether anybody is there
 * to take it, and servers that do whatever they like (wire.h). */
#include "window_bench.h"

/* More than the line holds before we hear of the refusal. */
static char large[512 * 1024];

/* Both recipients of the second mail are refused, in two ways. */
static const struct wire_step nobody[] = {
	{ "RCPT TO:<a1@", "550 5.1.1 no such user\r\n" },
	{ "RCPT TO:<b1@", "450 4.2.1 later\r\n" },
	{ NULL, NULL },
};

/* Each recipient of the second mail is refused, and its octets go all the same:
 * its refusal is told, however the server deals with them, and whatever it says
 * of the others holds. */
static void test_nobody(void **state)
{
	static const struct wire_step by_mail[] = {
		{ "MAIL FROM:<s1@", "550 5.7.1 not you\r\n" },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : 'x';
	for (unsigned i = 0; i < 8; i++) {
		bool is_early = i & 1, is_alone = i & 2, is_mail = i & 4;
		unsigned first = is_alone ? 1 : 0;
		struct bench b;

		begin(&b, is_mail ? by_mail : nobody, FULL);
		b.wire.is_early = is_early;
		b.wire.send_most = 1000;
		b.mails[1].content.bytes =
			slice_of_memory(large, sizeof(large));
		for (unsigned n = first; n < (is_alone ? 2 : 4); n++)
			session_begin(&b.session, &b.mails[n]);
		session_collect(&b.session);
		for (unsigned n = 0; n < 4; n++)
			assert_int_equal(is_accepted(&b, n),
					 !is_alone && n != 1);
		assert_false(b.to[1][0].verdict.temporary);
		assert_int_equal(b.to[1][0].verdict.reply, 550);
		assert_int_equal(b.to[1][1].verdict.temporary, !is_mail);
		assert_false(b.mails[1].in_doubt || b.mails[1].may_go_again);
		assert_false(b.session.broken);
		assert_null(strstr(b.wire.log.data, "QUIT"));
		end(&b);
	}
}

/* A server that takes the octets for commands: the line is of no use, and the
 * refusal is what it was. */
static void test_spilled(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct bench b;

		begin(&b, nobody, FULL);
		b.wire.spills = true;
		b.wire.send_most = 1000;
		if (i)
			b.mails[1].content.bytes =
				slice_of_memory(large, sizeof(large));
		session_begin(&b.session, &b.mails[1]);
		session_collect(&b.session);
		assert_int_equal(b.to[1][0].verdict.reply, 550);
		assert_int_equal(b.to[1][1].verdict.reply, 450);
		wire_show(&b.wire);
		session_begin(&b.session, &b.mails[2]);
		session_collect(&b.session);
		assert_true(b.session.broken);
		assert_int_equal(b.wire.accepted, 0);
		end(&b);
	}
}

/* The line breaks at each octet behind the refusals. */
static void test_nobody_and_dropped(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		size_t at = 0, whole = SIZE_MAX;

		while (++at <= whole) {
			struct bench b;
			unsigned count;

			begin(&b, nobody, FULL);
			b.wire.drop_after = at;
			b.wire.send_most = 1;
			b.wire.is_early = i;
			count = run(&b, 4);
			check_truth(&b, count);
			if (count > 1 && strstr(b.wire.log.data, "<b1@")) {
				assert_int_equal(b.to[1][0].verdict.reply, 550);
				assert_int_equal(b.to[1][1].verdict.reply, 450);
				assert_false(b.mails[1].in_doubt);
				assert_false(b.mails[1].may_go_again);
			}
			if (!b.wire.dropped)
				whole = 0;
			end(&b);
		}
	}
}

/* ---- whatever it likes ---- */

#define ROUNDS 20000
#define COUNT  6 /* mails */
#define STEPS  8

static uint32_t random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

/* A refusal says which of the mails it means. */
static void make_step(struct arena *a, struct wire_step *step)
{
	static const char *const where[] = { "MAIL FROM:<s", "RCPT TO:<a",
					     "RCPT TO:<b" };
	static const char *const says[] = {
		"450 4.2.1 later", "550 5.1.1 no",	 "451 4.3.0 trouble",
		"554 5.7.1 never", "452 4.5.3 too many", "421 4.7.0 enough",
	};
	static const char *const amid[] = { "421 4.3.2 going\r\n" WIRE_DROP,
					    "452 4.3.1 full\r\n" WIRE_DROP,
					    "552 5.3.4 large\r\n" WIRE_DROP };
	unsigned which = draw(COUNT), kind = draw(8);
	const char *end = draw(6) ? "" : WIRE_DROP;

	if (kind < 6) {
		step->on = arena_format(a, "%s%u@", where[kind % 3], which);
		step->say = arena_format(a, "%s, %u\r\n%s", says[draw(6)],
					 which, end);
	} else if (kind < 7) {
		step->on = ".";
		step->say =
			arena_format(a, "%s\r\n%s",
				     draw(2) ? "250 2.0.0 yes" : says[draw(6)],
				     end);
	} else {
		step->on = arena_format(a, "+%u", 1 + draw(150));
		step->say = amid[draw(3)];
	}
}

static bool server_has_for(const struct bench *b, unsigned n, unsigned i)
{
	char rcpt[64];

	snprintf(rcpt, sizeof(rcpt), "RCPT TO:<%s>", b->to[n][i].address);
	return strstr(b->wire.got.data ? b->wire.got.data : "", rcpt) != NULL;
}

static void check_each(const struct bench *b, unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		for (unsigned i = 0; i < EACH; i++) {
			const struct recipient *r = &b->to[n][i];
			const char *text = small_error_text(&r->verdict);
			bool is_yes = !small_error_is_set(&r->verdict);
			bool is_unknown = r->verdict.cause == ERROR_PROTOCOL;
			const char *tag = strrchr(text, ',');

			assert_true(r->decided);
			if (is_yes != server_has_for(b, n, i))
				assert_true(!is_yes && (b->mails[n].in_doubt ||
							is_unknown));
			/* a refusal for good is that mail's own */
			if (!is_yes && !r->verdict.temporary && tag &&
			    r->verdict.reply)
				assert_int_equal(strtoul(tag + 2, NULL, 10), n);
			if (b->mails[n].may_go_again)
				assert_false(server_has_for(b, n, i));
		}
}

static void play(uint32_t seed)
{
	struct wire_step steps[STEPS + 1] = { { NULL, NULL } };
	struct arena a = ARENA_INIT;
	struct bench b;
	unsigned count;

	random_state = seed;
	for (unsigned i = 0, most = draw(STEPS); i < most; i++)
		make_step(&a, &steps[i]);
	begin(&b, steps, draw(2) ? FULL : offers[draw(OFFERS)]);
	b.wire.is_early = draw(2);
	b.wire.send_most = draw(2) ? 1 + draw(60) : 0;
	b.wire.receive_most = draw(2) ? 1 + draw(60) : 0;
	b.wire.balk = draw(2);
	b.wire.drop_after = draw(2) ? 1 + draw(1000) : 0;
	count = run(&b, COUNT);
	check_truth(&b, count);
	check_each(&b, count);
	end(&b);
	arena_free(&a);
}

/* SEED=N plays one of them alone. */
static void test_anything(void **state)
{
	const char *only = getenv("SEED");

	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS && !only; seed++)
		play(seed);
	if (only)
		play((uint32_t)strtoul(only, NULL, 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_spilled),
		cmocka_unit_test(test_nobody_and_dropped),
		cmocka_unit_test(test_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
