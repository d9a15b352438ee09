/* test_window.c - several mails on their way at a time, against a server in
 * memory (wire.h).
 *
 * Whatever the server does, the truth holds: a mail that is told as accepted
 * was accepted, and one that may go again, or was refused, was not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "window_bench.h"

/* The beginning of a command of that mail's. */
static void place(char on[40], const char *where, unsigned which)
{
	if (strchr(where, '<'))
		snprintf(on, 40, "%s%u@", where, which);
	else
		snprintf(on, 40, "%s", where);
}

/* ---- flights ---- */

static void test_flights(void **state)
{
	static const struct {
		unsigned caps, waits;
	} cases[] = {
		{ FULL, 1 },
		{ CAPS_PIPELINING, 21 },
		{ CAPS_CHUNKING, 20 * 4 },
		{ 0, 20 * 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bench b;

		begin(&b, NULL, cases[i].caps);
		assert_int_equal(run(&b, 20), 20);
		assert_int_equal(b.wire.waits, cases[i].waits);
		assert_int_equal(b.session.round_trips, cases[i].waits);
		assert_int_equal(b.wire.accepted, 20);
		for (unsigned n = 0; n < 20; n++)
			assert_int_equal(envelope_accepted(&b.envelopes[n]),
					 EACH);
		check_truth(&b, 20);
		end(&b);
	}
}

/* However the bytes move. */
static void test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 50, 0 };
	static const struct wire_step steps[] = {
		{ "RCPT TO:<a1@", "550-5.1.1 no\r\n550 5.1.1 such user\r\n" },
		{ "MAIL FROM:<s3@", "451 4.3.0 later\r\n" },
		{ "RCPT TO:<a4@", "450 4.2.1 later\r\n" },
		{ "RCPT TO:<b4@", "550 5.1.1 no\r\n" },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < OFFERS * 72; i++) {
		struct bench b;

		begin(&b, steps, offers[i % OFFERS]);
		b.wire.send_most = pieces[i / OFFERS % 6];
		b.wire.receive_most = pieces[i / OFFERS / 6 % 6];
		b.wire.balk = i >= OFFERS * 36;
		assert_int_equal(run(&b, 7), 7);
		for (unsigned n = 0; n < 7; n++)
			assert_int_equal(envelope_accepted(&b.envelopes[n]),
					 n == 3 || n == 4 ? 0
					 : n == 1	  ? 1
							  : EACH);
		assert_string_equal(b.to[1][0].reply, "550 5.1.1 no such user");
		assert_string_equal(b.to[2][0].reply, b.mails[2].reply);
		assert_int_equal(b.to[3][1].verdict.cause, ERROR_TEMPORARY);
		assert_int_equal(b.to[4][1].verdict.cause, ERROR_NOUSER);
		assert_int_equal(b.session.broken, offers[i % OFFERS] == FULL);
		check_truth(&b, 7);
		end(&b);
	}
}

static void test_room(void **state)
{
	static const unsigned sizes[] = { SESSION_MAILS_FIRST,
					  2 * SESSION_MAILS_FIRST,
					  SESSION_MAILS_MAX };
	static char large[SESSION_OCTETS_MAX / 4];
	static char part[SESSION_MEMORY_MAX / 8];
	FILE *file = tmpfile();
	struct bench b;
	unsigned n = 0;

	(void)state;
	begin(&b, NULL, FULL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned first = n;

		while (n < MAILS && session_has_room(&b.session))
			session_begin(&b.session, &b.mails[n++]);
		assert_int_equal(n - first, sizes[i]);
		session_collect(&b.session);
		assert_true(session_has_room(&b.session));
	}
	check_truth(&b, n);
	end(&b);

	begin(&b, NULL, FULL);
	memset(large, 'x', sizeof(large));
	assert_non_null(file);
	assert_int_equal(fwrite(large, sizeof(large), 1, file), 1);
	assert_int_equal(fflush(file), 0);
	for (n = 0; n < MAILS && session_has_room(&b.session); n++) {
		b.mails[n].content.bytes = (struct slice){
			.fd = fileno(file),
			.length = sizeof(large),
			.name = "a file",
		};
		session_begin(&b.session, &b.mails[n]);
	}
	assert_int_equal(n, 4);
	session_collect(&b.session);
	assert_int_equal(b.wire.accepted, 4);
	end(&b);
	fclose(file);

	/* fewer of those that lie in memory */
	begin(&b, NULL, FULL);
	memset(part, 'x', sizeof(part));
	for (n = 0; n < MAILS && session_has_room(&b.session); n++) {
		b.mails[n].content.bytes = slice_of_memory(part, sizeof(part));
		session_begin(&b.session, &b.mails[n]);
	}
	assert_int_equal(n, 8);
	session_collect(&b.session);
	end(&b);
}

/* A large one waits until somebody is there to take it, but where the same
 * were just taken. */
static void test_large(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), SESSION_OPTIMISTIC_MAX + 1),
			 0);
	for (int same = 0; same < 2; same++) {
		struct bench b;

		begin(&b, NULL, FULL);
		for (unsigned n = 0; n < 10; n++) {
			b.mails[n].content.bytes = (struct slice){
				.fd = fileno(file),
				.length = SESSION_OPTIMISTIC_MAX + 1,
				.name = "file",
			};
			if (!same)
				continue;
			b.envelopes[n].reverse_path = "me@example.org";
			b.to[n][0].address = "a@example.org";
			b.to[n][1].address = "b@example.org";
		}
		assert_int_equal(run(&b, 10), 10);
		assert_int_equal(b.wire.waits, same ? 2 : 11);
		assert_int_equal(b.wire.accepted, 10);
		end(&b);
	}
	fclose(file);
}

/* ---- refusals ---- */

/* Each at each place of each mail, and nobody else notices. */
static void test_refused(void **state)
{
	static const char *const where[] = { "MAIL FROM:<s", "RCPT TO:<a",
					     "RCPT TO:<b", "." };
	static const char *const say[] = { "451 4.3.0 later\r\n",
					   "550 5.7.1 no\r\n", "354 go\r\n" };

	(void)state;
	for (unsigned i = 0; i < 4 * 3 * 5 * OFFERS; i++) {
		unsigned which = i / 12 % 5, steps_used = 0;
		struct wire_step steps[8] = { { NULL, NULL } };
		char on[40];
		struct bench b;
		bool is_odd = i / 4 % 3 == 2;

		place(on, where[i % 4], which);
		if (i % 4 == 3)
			for (unsigned n = 0; n < which; n++)
				steps[steps_used++] = (struct wire_step){
					".", "250 2.0.0 fine\r\n"
				};
		steps[steps_used] = (struct wire_step){ on, say[i / 4 % 3] };
		begin(&b, steps, offers[i / 60]);
		check_truth(&b, run(&b, 5));
		for (unsigned n = 0; n < 5 && !is_odd; n++) {
			size_t most = n != which		 ? EACH
				      : i % 4 == 1 || i % 4 == 2 ? EACH - 1
								 : 0;

			assert_int_equal(envelope_accepted(&b.envelopes[n]),
					 most);
		}
		/* the farewell has to prove who was refused */
		assert_true(is_odd ||
			    b.session.broken == (i % 4 != 0 && i / 60 == 0));
		end(&b);
	}
}

static void test_one_too_many(void **state)
{
	static const struct wire_step steps[] = {
		{ "RCPT TO:<b1@", "452 4.5.3 too many\r\n" },
		{ "RCPT TO:<b3@", "452 4.5.3 too many\r\n" },
		{ "RCPT TO:<b3@", "552 too many\r\n" },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < OFFERS; i++) {
		struct bench b;

		begin(&b, steps, offers[i]);
		assert_int_equal(run(&b, 5), 5);
		for (unsigned n = 0; n < 5; n++)
			assert_int_equal(envelope_accepted(&b.envelopes[n]),
					 n == 3 ? 1 : EACH);
		assert_int_equal(b.wire.accepted, 6);
		end(&b);
	}
}

/* A reply too many behind all others, or the line's end, before the next
 * window: that one is no worse for it, and nothing of it was said. */
static void test_at_rest(void **state)
{
	static const char *const late[] = { "250 2.0.0 yes\r\n",
					    "421 4.4.2 you took too long\r\n",
					    "" };

	(void)state;
	for (size_t i = 0; i < 3 * OFFERS; i++) {
		struct bench b;

		begin(&b, NULL, offers[i / 3]);
		assert_int_equal(run(&b, 5), 5);
		buf_puts(&b.wire.shown, late[i % 3]);
		b.wire.dropped = i % 3 == 2;
		session_begin(&b.session, &b.mails[5]);
		session_collect(&b.session);
		assert_true(b.session.broken);
		assert_true(b.mails[5].may_go_again);
		check_truth(&b, 6);
		assert_int_equal(b.wire.accepted, 5);
		end(&b);
	}
}

/* ---- lines that break ---- */

static void test_dropped_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < OFFERS; i++) {
		struct bench b;
		size_t whole;

		begin(&b, NULL, offers[i]);
		run(&b, 4);
		whole = b.wire.came;
		end(&b);
		for (size_t at = 1; at <= whole; at++) {
			unsigned count, left = 0;

			begin(&b, NULL, offers[i]);
			b.wire.drop_after = at;
			b.wire.send_most = 1;
			count = run(&b, 4);
			assert_true(b.session.broken);
			check_truth(&b, count);
			for (unsigned n = 0; n < count; n++) {
				bool is_left = !is_accepted(&b, n);

				assert_true(!is_left ||
					    b.to[n][0].verdict.temporary);
				/* none but the first broke the line */
				if (is_left && !b.mails[n].in_doubt)
					assert_int_equal(
						b.mails[n].may_go_again,
						n > 0 || left > 0);
				left += is_left;
			}
			/* the end is a RSET, after all were taken */
			assert_true(left > 0 ||
				    whole - at < strlen("RSET\r\n"));
			end(&b);
		}
	}
}

/* A server that says 421 takes nothing more: none is in doubt. */
static void test_closing(void **state)
{
	static const char *const where[] = { "MAIL FROM:<s", "RCPT TO:<b" };

	(void)state;
	for (unsigned i = 0; i < 2 * 4 * OFFERS; i++) {
		unsigned which = i / 2 % 4, count;
		char on[40];
		const struct wire_step steps[] = {
			{ on, "421 4.7.0 enough for now\r\n" WIRE_DROP },
			{ NULL, NULL }
		};
		struct bench b;

		place(on, where[i % 2], which);
		begin(&b, steps, offers[i / 8]);
		count = run(&b, 5);
		check_truth(&b, count);
		for (unsigned n = 0; n < count; n++) {
			assert_int_equal(is_accepted(&b, n), n < which);
			assert_false(b.mails[n].in_doubt);
			assert_int_equal(b.mails[n].may_go_again,
					 n >= which && n > 0);
		}
		end(&b);
	}
}

/* One that says so and goes on all the same takes those that are under way. */
static void test_closing_and_staying(void **state)
{
	static const char *const where[] = { "MAIL FROM:<s", "RCPT TO:<b",
					     "RSET" };

	(void)state;
	for (unsigned i = 0; i < 3 * 4; i++) {
		char on[40];
		const struct wire_step steps[] = {
			{ on, "421 4.7.0 enough for now\r\n" }, { NULL, NULL }
		};
		struct bench b;

		place(on, where[i % 3], i / 3);
		begin(&b, steps, FULL);
		assert_int_equal(run(&b, 5), 5);
		assert_true(b.session.broken);
		check_truth(&b, 5);
		for (unsigned n = 0; n < 5; n++)
			assert_int_equal(is_accepted(&b, n), server_has(&b, n));
		assert_true(b.wire.accepted >= 4);
		end(&b);
	}
}

/* The message cannot be read to its end: those before it are not in doubt. */
static void test_source_fails(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < OFFERS; i++) {
		struct bench b;
		unsigned count;

		begin(&b, NULL, offers[i]);
		b.mails[3].content.bytes = (struct slice){ .fd = fileno(file),
							   .length = 10,
							   .name = "the file" };
		count = run(&b, 6);
		assert_int_equal(count, 4);
		for (unsigned n = 0; n < 3; n++)
			assert_int_equal(envelope_accepted(&b.envelopes[n]),
					 EACH);
		assert_int_equal(b.to[3][0].verdict.cause, ERROR_IO);
		assert_int_equal(b.wire.accepted, 3);
		assert_true(b.session.broken);
		end(&b);
	}
	fclose(file);
}

/* ---- servers that lie ---- */

/* One reply too many or too few, at each place, while some are refused: nothing
 * is told that is not so. */
static void test_miscounted(void **state)
{
	static const char *const where[] = { "MAIL FROM:<s", "RCPT TO:<a",
					     "RSET" };
	static const char *const say[] = {
		"250 ok\r\n250 ok\r\n",
		"",
		"550 5.1.1 no\r\n250 ok\r\n",
		"250 ok\r\n550 5.1.1 no\r\n",
	};
	static const char *const ends[] = { "250 2.0.0 ok\r\n",
					    "554 5.6.0 no\r\n" };

	(void)state;
	for (unsigned i = 0; i < 3 * 4 * 4 * 16; i++) {
		unsigned which = i / 12 % 4, mask = i / 48, count;
		char on[40];
		struct wire_step steps[6] = { { on, say[i / 3 % 4] } };
		struct bench b;

		place(on, where[i % 3], which);
		for (unsigned n = 0; n < 4; n++)
			steps[n + 1] =
				(struct wire_step){ ".", ends[mask >> n & 1] };
		begin(&b, steps, FULL);
		count = run(&b, 4);
		if (*steps[0].say || i % 3 != 2)
			assert_true(b.session.broken);
		for (unsigned n = 0; n < count; n++)
			if (is_accepted(&b, n))
				assert_true(server_has(&b, n));
		end(&b);
	}
}

/* A server that throws away what has come before its reply to a content: the
 * others are not in doubt. */
static void test_dropped_ahead(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, NULL, FULL);
	b.wire.is_deaf = true;
	run(&b, 5);
	check_truth(&b, 5);
	assert_true(b.session.broken);
	assert_int_equal(envelope_accepted(&b.envelopes[0]), EACH);
	for (unsigned n = 1; n < 5; n++)
		assert_true(b.mails[n].may_go_again);
	end(&b);
}

/* Replies for which nobody has asked yet. */
static void test_foretold(void **state)
{
	static const struct wire_step steps[] = {
		{ ".", "250 2.0.0 ok\r\n250 2.0.0 and the next\r\n"
		       "250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n"
		       "250 2.0.0 taken\r\n" WIRE_DROP },
		{ NULL, NULL },
	};
	struct bench b;

	(void)state;
	begin(&b, steps, FULL);
	session_begin(&b.session, &b.mails[0]);
	session_collect(&b.session);
	assert_true(is_accepted(&b, 0));
	assert_true(b.session.broken);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flights),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_one_too_many),
		cmocka_unit_test(test_at_rest),
		cmocka_unit_test(test_dropped_anywhere),
		cmocka_unit_test(test_closing),
		cmocka_unit_test(test_closing_and_staying),
		cmocka_unit_test(test_source_fails),
		cmocka_unit_test(test_miscounted),
		cmocka_unit_test(test_dropped_ahead),
		cmocka_unit_test(test_foretold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
