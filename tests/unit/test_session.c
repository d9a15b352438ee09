/* test_session.c - transactions against a server in memory (wire.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "smtp/session.h"
#include "wire.h"

#define BODY "Subject: t\r\n\r\nHello.\r\n.dot\r\n..\r\nlast\r\n"
#define ALL  (CAPS_PIPELINING | CAPS_CHUNKING | CAPS_SIZE | CAPS_8BITMIME)

static const unsigned offers[] = {
	0,
	CAPS_PIPELINING,
	CAPS_CHUNKING,
	CAPS_PIPELINING | CAPS_CHUNKING,
};
#define OFFERS (sizeof(offers) / sizeof(*offers))

/* One session with up to eight recipients: r0@example.org and so on. */
struct talk {
	struct arena arena;
	struct wire wire;
	struct session session;
	struct envelope envelope;
	struct recipient to[8];
	struct session_mail mail;
	struct error error;
};

static void talk_begin(struct talk *t, const struct wire_step *steps,
		       unsigned caps, size_t recipients)
{
	static const char *const names[] = {
		"r0@example.org", "r1@example.org", "r2@example.org",
		"r3@example.org", "r4@example.org", "r5@example.org",
		"r6@example.org", "r7@example.org",
	};

	memset(t, 0, sizeof(*t));
	wire_init(&t->wire, steps, caps);
	for (size_t i = 0; i < recipients; i++)
		t->to[i].address = names[i];
	t->envelope = (struct envelope){ .arena = &t->arena,
					 .reverse_path = "me@example.org",
					 .recipients = t->to,
					 .count = recipients };
	t->mail.content.bytes = slice_of_memory(BODY, strlen(BODY));
	t->mail.envelope = &t->envelope;
	session_init(&t->session, &t->wire.dial);
}

static int talk_send(struct talk *t)
{
	int r;

	session_begin(&t->session, &t->mail);
	session_collect(&t->session);
	r = envelope_sum_up(&t->envelope, &t->error);
	/* What always holds. */
	for (size_t i = 0; i < t->envelope.count; i++)
		assert_true(t->to[i].decided);
	assert_int_equal(r, error_is_set(&t->error) ? -1 : 0);
	assert_int_equal(r == 0,
			 envelope_accepted(&t->envelope) == t->envelope.count);
	if (envelope_accepted(&t->envelope))
		assert_true(t->wire.accepted > 0);
	return r;
}

static void talk_end(struct talk *t)
{
	session_free(&t->session);
	wire_free(&t->wire);
	arena_free(&t->arena);
}

/* ---- what is offered, and how it is used */

static void test_flights(void **state)
{
	static const unsigned small[] = { 5, 2, 4, 1 };
	static const unsigned large[] = { 5, 2, 4, 2 };
	static char long_body[SESSION_OPTIMISTIC_MAX + 1];

	(void)state;
	memset(long_body, 'x', sizeof(long_body));
	for (size_t i = 80; i < sizeof(long_body); i += 80)
		memcpy(long_body + i - 2, "\r\n", 2);
	memcpy(long_body + sizeof(long_body) - 2, "\r\n", 2);
	for (size_t i = 0; i < 2 * OFFERS; i++) {
		bool is_large = i >= OFFERS;
		struct talk t;

		talk_begin(&t, NULL, offers[i % OFFERS], 2);
		if (is_large)
			t.mail.content.bytes =
				slice_of_memory(long_body, sizeof(long_body));
		assert_int_equal(talk_send(&t), 0);
		assert_int_equal(t.wire.waits,
				 (is_large ? large : small)[i % OFFERS]);
		assert_int_equal(t.session.round_trips, t.wire.waits);
		assert_int_equal(t.wire.body.len, t.mail.content.bytes.length);
		assert_memory_equal(t.wire.body.data,
				    t.mail.content.bytes.memory,
				    t.wire.body.len);
		assert_string_equal(t.mail.reply, "250 2.0.0 queued as X");
		assert_string_equal(t.to[1].reply, t.mail.reply);
		assert_int_equal(t.to[1].verdict.reply, 250);
		assert_false(t.session.broken);
		talk_end(&t);
	}
}

/* However the bytes move, the talk is the same. */
static void test_pieces(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 0 };
	static const struct wire_step steps[] = {
		{ "RCPT TO:<r1", "550-5.1.1 no\r\n550 5.1.1 such user\r\n" },
		{ NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < OFFERS * 50; i++) {
		struct talk t;

		talk_begin(&t, steps, offers[i % OFFERS], 3);
		t.wire.send_most = pieces[i / OFFERS % 5];
		t.wire.receive_most = pieces[i / OFFERS / 5 % 5];
		t.wire.balk = i >= OFFERS * 25;
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, ERROR_NOUSER);
		assert_int_equal(envelope_accepted(&t.envelope), 2);
		assert_string_equal(t.to[1].reply, "550 5.1.1 no such user");
		assert_string_equal(t.wire.body.data, BODY);
		talk_end(&t);
	}
}

static void test_parameters(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL | CAPS_DSN | CAPS_SMTPUTF8, 2);
	t.mail.content.has_8bit = true;
	t.to[1].address = "j\xC3\xBCrgen@example.org";
	t.to[1].needs_smtputf8 = true;
	t.to[0].address = "a+b=c@example.org";
	t.envelope.dsn_notify = "failure,delay";
	t.envelope.dsn_ret = "hdrs";
	t.envelope.dsn_envid = "id +1";
	assert_int_equal(talk_send(&t), 0);
	assert_string_equal(
		t.wire.log.data,
		"MAIL FROM:<me@example.org> SIZE=38 BODY=8BITMIME SMTPUTF8 "
		"RET=HDRS ENVID=id+20+2B1\n"
		"RCPT TO:<a+b=c@example.org> NOTIFY=FAILURE,DELAY "
		"ORCPT=rfc822;a+2Bb+3Dc@example.org\n"
		"RCPT TO:<j\xC3\xBCrgen@example.org> NOTIFY=FAILURE,DELAY\n"
		"BDAT 38 LAST\n");
	talk_end(&t);

	/* Nothing of it where nothing is offered. */
	talk_begin(&t, NULL, 0, 1);
	t.envelope.reverse_path = "";
	t.envelope.dsn_notify = "never";
	t.envelope.dsn_envid = "x";
	assert_int_equal(talk_send(&t), 0);
	assert_string_equal(t.wire.log.data,
			    "MAIL FROM:<>\nRCPT TO:<r0@example.org>\nDATA\n");
	talk_end(&t);
}

/* ---- refused before a byte is sent */

static void check_unsent(struct talk *t, enum error_cause cause)
{
	assert_int_equal(talk_send(t), -1);
	assert_int_equal(t->error.cause, cause);
	assert_int_equal(t->wire.came, 0);
	talk_end(t);
}

static void test_unsent(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL, 2);
	t.wire.dial.caps.size = strlen(BODY) - 1;
	check_unsent(&t, ERROR_DATA);

	talk_begin(&t, NULL, CAPS_PIPELINING, 2);
	t.mail.content.has_8bit = true;
	check_unsent(&t, ERROR_SOFTWARE);

	talk_begin(&t, NULL, ALL, 2);
	t.envelope.reverse_path = "j\xC3\xBC@example.org";
	t.envelope.sender_needs_smtputf8 = true;
	check_unsent(&t, ERROR_DATA);

	talk_begin(&t, NULL, ALL, 2);
	t.mail.content.has_8bit_header = true;
	check_unsent(&t, ERROR_DATA);

	talk_begin(&t, NULL, ALL, 2);
	t.to[1].address = "a@b>\r\nRSET\r\n<@example.org";
	check_unsent(&t, ERROR_USAGE);

	talk_begin(&t, NULL, ALL, 2);
	t.envelope.reverse_path = "a\nb";
	check_unsent(&t, ERROR_USAGE);

	talk_begin(&t, NULL, ALL, 1);
	t.to[0].address = "j\xC3\xBC@example.org";
	t.to[0].needs_smtputf8 = true;
	check_unsent(&t, ERROR_DATA);
}

static void test_one_needs_smtputf8(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL, 2);
	t.to[0].address = "j\xC3\xBC@example.org";
	t.to[0].needs_smtputf8 = true;
	assert_int_equal(talk_send(&t), -1);
	assert_int_equal(t.to[0].verdict.cause, ERROR_DATA);
	assert_false(small_error_is_set(&t.to[1].verdict));
	assert_null(strstr(t.wire.log.data, "j\xC3\xBC"));
	talk_end(&t);
}

static void test_size_fits(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL, 1);
	t.wire.dial.caps.size = strlen(BODY);
	assert_int_equal(talk_send(&t), 0);
	talk_end(&t);
}

/* ---- refusals */

static void test_refused(void **state)
{
	static const struct {
		struct wire_step step;
		enum error_cause cause;
	} cases[] = {
		{ { "MAIL", "451 4.3.0 no\r\n" }, ERROR_TEMPORARY },
		{ { "MAIL", "550 5.7.1 no\r\n" }, ERROR_PERMISSION },
		{ { "MAIL", "552 5.3.4 no\r\n" }, ERROR_DATA },
		{ { "RCPT", "450 4.2.1 no\r\n" }, ERROR_TEMPORARY },
		{ { "RCPT", "550 5.1.1 no\r\n" }, ERROR_NOUSER },
		{ { "DATA", "451 4.3.0 no\r\n" }, ERROR_TEMPORARY },
		{ { "DATA", "554 5.3.0 no\r\n" }, ERROR_UNAVAILABLE },
		{ { "DATA", "250 2.0.0 what\r\n" }, ERROR_PROTOCOL },
		{ { ".", "452 4.3.1 no\r\n" }, ERROR_TEMPORARY },
		{ { ".", "554 5.6.0 no\r\n" }, ERROR_DATA },
		{ { ".", "354 go on\r\n" }, ERROR_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases) * OFFERS; i++) {
		const struct wire_step steps[] = { cases[i / OFFERS].step,
						   { NULL, NULL } };
		unsigned caps = offers[i % OFFERS];
		struct talk t;

		if (!strcmp(steps->on, "DATA") && caps & CAPS_CHUNKING)
			continue;
		talk_begin(&t, steps, caps, 1);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, cases[i / OFFERS].cause);
		assert_int_equal(t.error.temporary,
				 t.error.cause == ERROR_TEMPORARY);
		assert_int_equal(envelope_accepted(&t.envelope), 0);
		/* The line goes on: another message, after RSET if need be. */
		assert_false(t.session.broken);
		error_clear(&t.error);
		envelope_reopen(&t.to[0]);
		assert_int_equal(talk_send(&t), 0);
		talk_end(&t);
	}
}

static const struct wire_step all_refused[] = {
	{ "RCPT TO:<r0", "550 5.1.1 no\r\n" },
	{ "RCPT TO:<r1", "450 4.2.1 later\r\n" },
	{ NULL, NULL },
};

static void test_all_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < OFFERS; i++) {
		struct talk t;

		talk_begin(&t, all_refused, offers[i], 2);
		assert_int_equal(talk_send(&t), -1);
		/* One of them may pass: worth another try. */
		assert_int_equal(t.error.cause, ERROR_TEMPORARY);
		assert_int_equal(t.to[0].verdict.cause, ERROR_NOUSER);
		assert_int_equal(t.to[1].verdict.cause, ERROR_TEMPORARY);
		if (offers[i] != (CAPS_PIPELINING | CAPS_CHUNKING))
			assert_int_equal(t.wire.body.len, 0);
		talk_end(&t);
	}
}

/* RFC 2920 3.1: 354 though nobody is there. */
static void test_lone_dot(void **state)
{
	static const char *const ends[] = { "554 5.5.1 nobody\r\n",
					    "250 2.0.0 as you like\r\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct wire_step steps[] = {
			all_refused[0],		  all_refused[1],
			{ "DATA", "354 go\r\n" }, { ".", ends[i] },
			{ NULL, NULL },
		};
		struct talk t;

		talk_begin(&t, steps, CAPS_PIPELINING, 2);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.wire.body.len, 0);
		assert_int_equal(t.wire.mode, WIRE_COMMANDS);
		assert_int_equal(t.to[0].verdict.cause, ERROR_NOUSER);
		assert_false(t.session.broken);
		talk_end(&t);
	}
}

/* RFC 5321 4.5.3.1.10: those too many go in a transaction of their own. */
static void test_one_too_many(void **state)
{
	static const struct wire_step steps[] = {
		{ "RCPT TO:<r2", "452 4.5.3 too many\r\n" },
		{ "RCPT TO:<r3", "452 too many\r\n" },
		{ "RCPT TO:<r3", "552 too many\r\n" },
		{ NULL, NULL },
	};
	struct talk t;

	(void)state;
	talk_begin(&t, steps, ALL, 4);
	assert_int_equal(talk_send(&t), 0);
	assert_int_equal(t.wire.accepted, 3);
	talk_end(&t);

	/* Not when the reason is another one, nor when nobody was taken. */
	for (int i = 0; i < 2; i++) {
		const struct wire_step others[] = {
			{ "RCPT TO:<r0",
			  i ? "550 5.1.1 no\r\n" : "250 ok\r\n" },
			{ "RCPT TO:<r1",
			  i ? "452 4.5.3 no\r\n" : "452 4.2.2 full\r\n" },
			{ NULL, NULL },
		};

		talk_begin(&t, others, ALL, 2);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.to[1].verdict.cause, ERROR_TEMPORARY);
		assert_int_equal(t.wire.accepted, 1 - i);
		assert_null(strstr(strstr(t.wire.log.data, "BDAT"), "MAIL"));
		talk_end(&t);
	}
}

/* ---- lines that break, servers that lie */

/* Dropped after every octet of ours: temporary, and accepted only if the
 * server said so. */
static void test_dropped_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < OFFERS; i++) {
		size_t whole;
		struct talk t;

		talk_begin(&t, NULL, offers[i], 2);
		assert_int_equal(talk_send(&t), 0);
		whole = t.wire.came;
		talk_end(&t);
		for (size_t at = 1; at <= whole; at++) {
			talk_begin(&t, NULL, offers[i], 2);
			t.wire.drop_after = at;
			t.wire.send_most = 1;
			assert_int_equal(talk_send(&t), -1);
			assert_int_equal(t.error.cause, ERROR_TEMPORARY);
			assert_int_equal(envelope_accepted(&t.envelope), 0);
			assert_true(t.session.broken);
			assert_int_equal(at == whole,
					 strstr(t.error.text,
						"may have been taken") != NULL);
			talk_end(&t);
		}
	}
}

static void test_closed_or_silent(void **state)
{
	static const char *const where[] = { "MAIL", "RCPT", "DATA", "." };
	static const char *const how[] = {
		"421 4.3.2 closing\r\n",
		WIRE_DROP,
		WIRE_SILENT,
		"250 2.0.0 half a re",
	};

	(void)state;
	for (size_t i = 0; i < 16 * OFFERS; i++) {
		const struct wire_step steps[] = {
			{ where[i % 4], how[i / 4 % 4] }, { NULL, NULL }
		};
		unsigned caps = offers[i / 16];
		struct talk t;

		if (i % 4 == 2 && caps & CAPS_CHUNKING)
			continue;
		talk_begin(&t, steps, caps, 2);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, ERROR_TEMPORARY);
		assert_true(t.session.broken);
		assert_int_equal(envelope_accepted(&t.envelope), 0);
		talk_end(&t);
	}
}

/* Accepted, and gone in the same breath: accepted all the same. */
static void test_gone_after_acceptance(void **state)
{
	static const struct wire_step steps[][2] = {
		{ { ".", "250 2.0.0 ok\r\n421 4.4.2 bye\r\n" },
		  { NULL, NULL } },
		{ { ".", "250 2.0.0 ok\r\n" WIRE_DROP }, { NULL, NULL } },
		{ { ".", "250 2.0.0 ok\r\n250 2.0.0 ok\r\n" }, { NULL, NULL } },
	};

	(void)state;
	for (size_t i = 0; i < 3 * OFFERS; i++) {
		struct talk t;

		talk_begin(&t, steps[i % 3], offers[i / 3], 2);
		assert_int_equal(talk_send(&t), 0);
		assert_true(t.session.broken);
		talk_end(&t);
	}
}

/* One reply too many, and what answers what is anyone's guess. */
static void test_unasked(void **state)
{
	static const struct wire_step steps[][3] = {
		/* The message is refused, but a 250 stands in its place. */
		{ { "MAIL", "250 ok\r\n250 ok\r\n" },
		  { ".", "554 5.6.0 no\r\n" },
		  { NULL, NULL } },
		/* r0 is refused, but the 250 stands for it. */
		{ { "MAIL", "250 ok\r\n250 ok\r\n" },
		  { "RCPT TO:<r0", "550 5.1.1 no\r\n" },
		  { NULL, NULL } },
		/* Accepted before it was sent. */
		{ { "DATA", "354 go\r\n250 2.0.0 queued\r\n" },
		  { ".", "554 5.6.0 no\r\n" },
		  { NULL, NULL } },
	};

	(void)state;
	for (size_t i = 0; i < 3 * OFFERS; i++) {
		unsigned caps = offers[i / 3];
		struct talk t;

		if (i % 3 == 2 && caps & CAPS_CHUNKING)
			continue;
		talk_begin(&t, steps[i % 3], caps, 2);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, ERROR_PROTOCOL);
		assert_int_equal(envelope_accepted(&t.envelope), 0);
		assert_true(t.session.broken);
		talk_end(&t);
	}
}

static void test_nonsense(void **state)
{
	static const char *const where[] = { "MAIL", "RCPT", "." };

	(void)state;
	for (size_t i = 0; i < 3 * OFFERS; i++) {
		const struct wire_step steps[] = {
			{ where[i % 3], "pardon?\r\n" }, { NULL, NULL }
		};
		struct talk t;

		talk_begin(&t, steps, offers[i / 3], 1);
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, ERROR_PROTOCOL);
		assert_true(t.session.broken);
		talk_end(&t);
	}
}

static void large_body(struct talk *t, char *room, size_t n)
{
	memset(room, 'y', n);
	for (size_t i = 78; i < n; i += 78)
		memcpy(room + i - 2, "\r\n", 2);
	memcpy(room + n - 2, "\r\n", 2);
	t->mail.content.bytes = slice_of_memory(room, n);
}

/* A word from the server amid the content: a no is the verdict, a yes is a
 * lie. */
static void test_amid_the_content(void **state)
{
	static const struct {
		const char *say;
		enum error_cause cause;
	} cases[] = {
		{ "552 5.3.4 too much\r\n", ERROR_DATA },
		{ "451 4.3.0 disk\r\n", ERROR_TEMPORARY },
		{ "421 4.3.2 closing\r\n", ERROR_TEMPORARY },
		{ "250 2.0.0 fine\r\n", ERROR_PROTOCOL },
	};
	static char room[600000];

	(void)state;
	for (size_t i = 0; i < 4 * OFFERS; i++) {
		const struct wire_step steps[] = {
			{ "+150000", cases[i % 4].say }, { NULL, NULL }
		};
		struct talk t;

		talk_begin(&t, steps, offers[i / 4], 1);
		large_body(&t, room, sizeof(room));
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, cases[i % 4].cause);
		assert_true(t.session.broken);
		assert_true(t.wire.body.len < sizeof(room) / 2);
		talk_end(&t);
	}
}

/* A file that has become shorter must never look like a whole message. */
static void test_source_fails(void **state)
{
	static char room[300000];
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	memset(room, 'z', sizeof(room));
	assert_int_equal(fwrite(room, 1, sizeof(room), file), sizeof(room));
	assert_int_equal(fflush(file), 0);
	for (size_t i = 0; i < OFFERS; i++) {
		struct talk t;

		talk_begin(&t, NULL, offers[i], 1);
		t.mail.content.bytes =
			(struct slice){ .fd = fileno(file),
					.length = sizeof(room) + 1,
					.name = "the file" };
		assert_int_equal(talk_send(&t), -1);
		assert_int_equal(t.error.cause, ERROR_IO);
		assert_int_equal(t.wire.accepted, 0);
		assert_int_not_equal(t.wire.mode, WIRE_COMMANDS);
		assert_true(t.session.broken);
		session_quit(&t.session);
		assert_null(strstr(t.wire.log.data, "QUIT"));
		talk_end(&t);
	}
	fclose(file);
}

struct counted {
	uint64_t last, total;
	unsigned calls;
};

static void count(void *context, uint64_t done, uint64_t total)
{
	struct counted *c = context;

	assert_true(done >= c->last && done <= total);
	c->last = done;
	c->total = total;
	c->calls++;
}

static void test_progress(void **state)
{
	static char room[400000];

	(void)state;
	for (size_t i = 0; i < OFFERS; i++) {
		struct counted c = { 0 };
		struct session_progress progress = { count, &c };
		struct talk t;

		talk_begin(&t, NULL, offers[i], 1);
		large_body(&t, room, sizeof(room));
		t.mail.progress = &progress;
		assert_int_equal(talk_send(&t), 0);
		assert_true(c.last == sizeof(room) && c.total == sizeof(room));
		assert_true(c.calls > 2);
		talk_end(&t);
	}
}

static void test_quit(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL, 1);
	assert_int_equal(talk_send(&t), 0);
	t.wire.waits = 0;
	session_quit(&t.session);
	session_quit(&t.session);
	assert_int_equal(t.wire.waits, 0);
	assert_non_null(strstr(t.wire.log.data, "LAST\nQUIT\n"));
	talk_end(&t);
}

/* Those whose verdict is in are not asked again. */
static void test_decided_before(void **state)
{
	struct talk t;

	(void)state;
	talk_begin(&t, NULL, ALL, 2);
	t.to[0].decided = true;
	t.to[0].verdict = (struct small_error){ .cause = ERROR_NOUSER,
						.text = "said before" };
	assert_int_equal(talk_send(&t), -1);
	assert_null(strstr(t.wire.log.data, "r0@"));
	assert_non_null(strstr(t.wire.log.data, "r1@"));
	assert_string_equal(t.error.text, "said before");
	talk_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flights),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_unsent),
		cmocka_unit_test(test_one_needs_smtputf8),
		cmocka_unit_test(test_size_fits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_all_refused),
		cmocka_unit_test(test_lone_dot),
		cmocka_unit_test(test_one_too_many),
		cmocka_unit_test(test_dropped_anywhere),
		cmocka_unit_test(test_closed_or_silent),
		cmocka_unit_test(test_gone_after_acceptance),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_amid_the_content),
		cmocka_unit_test(test_source_fails),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_quit),
		cmocka_unit_test(test_decided_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
