/* test_talk_protocol.c - whose turn it is, and what is secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk/talk_protocol.h"

static void sends(struct talk_state *s, const struct talk_protocol *p,
		  const char *line, const char *out, const char *shown)
{
	struct buf one, two;

	buf_init(&one, 65536);
	buf_init(&two, 65536);
	s->input = TALK_COMMAND;
	p->parse_command(s, line, &one, &two);
	s->is_awaited = s->input != TALK_OCTETS;
	assert_string_equal(one.data, out);
	assert_string_equal(two.data, shown);
	buf_free(&one);
	buf_free(&two);
}

static enum talk_received
receives(struct talk_state *s, const struct talk_protocol *p, const char *line)
{
	enum talk_received kind = p->parse_reply(s, line, strlen(line) + 2);

	if (kind == TALK_REPLY)
		s->is_awaited = false;
	return kind;
}

static void same(struct talk_state *s, const struct talk_protocol *p,
		 const char *line)
{
	sends(s, p, line, line, line);
}

/* ---- SMTP ---- */

static void test_smtp(void **state)
{
	const struct talk_protocol *p = &talk_smtp;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	same(&s, p, "EHLO me");
	assert_int_equal(receives(&s, p, "250-hi"), TALK_PART);
	assert_int_equal(receives(&s, p, "250-SIZE"), TALK_PART);
	assert_int_equal(receives(&s, p, "250 DSN"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NONE);
	assert_int_equal(receives(&s, p, "250 by the way"), TALK_UNASKED);
	same(&s, p, "data");
	assert_int_equal(receives(&s, p, "354 go on"), TALK_REPLY);
	assert_int_equal(s.input, TALK_BODY);
	same(&s, p, "RCPT TO:<x>");
	assert_int_equal(receives(&s, p, "550 5.1.1 no"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NOUSER);
	assert_int_equal(s.input, TALK_COMMAND);
	same(&s, p, "NOOP");
	assert_int_equal(receives(&s, p, "hello there"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_PROTOCOL);
	same(&s, p, "NOOP");
	assert_int_equal(receives(&s, p, "250 fine again"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NONE);
	assert_int_equal(receives(&s, p, "421 enough"), TALK_UNASKED);
	assert_int_equal(s.refusal.cause, ERROR_TEMPORARY);
	talk_state_free(&s);
}

static void test_smtp_secrets(void **state)
{
	const struct talk_protocol *p = &talk_smtp;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	sends(&s, p,
	      "AUTH PLAIN AGEAYg==", "AUTH PLAIN AGEAYg==", "AUTH PLAIN ***");
	sends(&s, p, "  auth plain AGEAYg==", "  auth plain AGEAYg==",
	      "  auth plain ***");
	sends(&s, p,
	      "AUHT PLAIN AGEAYg==", "AUHT PLAIN AGEAYg==", "AUHT PLAIN ***");
	same(&s, p, "AUTH LOGIN");
	assert_true(s.is_login);
	assert_int_equal(receives(&s, p, "334 VXNlcm5hbWU6"), TALK_REPLY);
	assert_int_equal(s.input, TALK_ANSWER);
	assert_true(s.is_challenge);
	same(&s, p, "MAIL FROM:<auth@example.org>");
	assert_false(s.is_login);
	same(&s, p, "QUIT");
	assert_true(s.ends_session);
	same(&s, p, "BDAT 12 LAST");
	assert_int_equal(s.input, TALK_OCTETS);
	assert_int_equal(s.octets, 12);
	same(&s, p, "BDAT 0 LAST");
	assert_int_equal(s.input, TALK_COMMAND);
	talk_state_free(&s);
}

/* ---- POP3 ---- */

static void test_pop3(void **state)
{
	static const char *const many[] = { "LIST", "UIDL", "RETR 1", "TOP 1 0",
					    "CAPA" };
	static const char *const one[] = { "LIST 1", "UIDL 1", "STAT",
					   "DELE 1" };
	const struct talk_protocol *p = &talk_pop3;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	for (size_t i = 0; i < 5; i++) {
		same(&s, p, many[i]);
		assert_int_equal(receives(&s, p, "+OK"), TALK_PART);
		assert_int_equal(receives(&s, p, "-ERR is text"), TALK_PART);
		assert_int_equal(receives(&s, p, ".."), TALK_PART);
		assert_int_equal(receives(&s, p, "."), TALK_REPLY);
		assert_int_equal(s.refusal.cause, ERROR_NONE);
		same(&s, p, many[i]);
		assert_int_equal(receives(&s, p, "-ERR no"), TALK_REPLY);
		assert_int_equal(s.refusal.cause, ERROR_UNAVAILABLE);
	}
	for (size_t i = 0; i < 4; i++) {
		same(&s, p, one[i]);
		assert_int_equal(receives(&s, p, "+OK"), TALK_REPLY);
	}
	assert_int_equal(receives(&s, p, "-ERR bye"), TALK_UNASKED);
	same(&s, p, "USER alice");
	sends(&s, p, "pass two words", "pass two words", "pass ***");
	assert_int_equal(receives(&s, p, "-ERR no"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_PERMISSION);
	sends(&s, p, "PASSS word", "PASSS word", "PASSS ***");
	sends(&s, p, "PASS word", "PASS word", "PASS ***");
	assert_int_equal(receives(&s, p, "-ERR [IN-USE] x"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_TEMPORARY);
	sends(&s, p, "APOP alice 0123", "APOP alice 0123", "APOP alice ***");
	sends(&s, p,
	      "AUTH PLAIN AGEAYg==", "AUTH PLAIN AGEAYg==", "AUTH PLAIN ***");
	same(&s, p, "AUTH LOGIN");
	assert_int_equal(receives(&s, p, "+ VXNlcm5hbWU6"), TALK_REPLY);
	assert_int_equal(s.input, TALK_ANSWER);
	talk_state_free(&s);
}

/* ---- IMAP ---- */

static void test_imap_tags(void **state)
{
	const struct talk_protocol *p = &talk_imap;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	sends(&s, p, "NOOP", "t1 NOOP", "t1 NOOP");
	same(&s, p, "a1 NOOP");
	assert_int_equal(receives(&s, p, "a10 OK"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_PROTOCOL);
	same(&s, p, "a1 SELECT INBOX");
	assert_int_equal(receives(&s, p, "* 1 EXISTS"), TALK_PART);
	assert_int_equal(receives(&s, p, "a1 NO [UNAVAILABLE] x"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_TEMPORARY);
	assert_int_equal(receives(&s, p, "* 2 EXISTS"), TALK_UNASKED);
	sends(&s, p, "UID FETCH 1 FLAGS", "t2 UID FETCH 1 FLAGS",
	      "t2 UID FETCH 1 FLAGS");
	same(&s, p, "x UID FETCH 1 FLAGS");
	sends(&s, p, "LIST \"\" *", "t3 LIST \"\" *", "t3 LIST \"\" *");
	sends(&s, p, "SLECT INBOX", "t4 SLECT INBOX", "t4 SLECT INBOX");
	same(&s, p, "zz9 XYZZY it");
	sends(&s, p, "IDLE", "t5 IDLE", "t5 IDLE");
	assert_int_equal(receives(&s, p, "+ idling"), TALK_REPLY);
	assert_int_equal(s.input, TALK_LINE);
	talk_state_free(&s);
}

static void test_imap_secrets(void **state)
{
	const struct talk_protocol *p = &talk_imap;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	sends(&s, p, "LOGIN al secret", "t1 LOGIN al secret", "t1 LOGIN ***");
	sends(&s, p, "a login al secret", "a login al secret", "a login ***");
	sends(&s, p, "LOGN al secret", "t2 LOGN al secret", "t2 LOGN ***");
	sends(&s, p, "AUTHENTICATE PLAIN AGEAYg==",
	      "t3 AUTHENTICATE PLAIN AGEAYg==", "t3 AUTHENTICATE PLAIN ***");
	assert_int_equal(receives(&s, p, "+ "), TALK_REPLY);
	assert_int_equal(s.input, TALK_ANSWER);
	sends(&s, p, "LOGIN {2}", "t4 LOGIN {2}", "t4 LOGIN ***");
	assert_int_equal(receives(&s, p, "+ go"), TALK_REPLY);
	assert_int_equal(s.input, TALK_OCTETS);
	assert_int_equal(s.octets, 2);
	sends(&s, p, "LOGIN {3+}", "t5 LOGIN {3+}", "t5 LOGIN ***");
	assert_int_equal(s.input, TALK_OCTETS);
	assert_int_equal(s.octets, 3);
	talk_state_free(&s);
}

static void test_imap_literals(void **state)
{
	const struct talk_protocol *p = &talk_imap;
	struct talk_state s;

	(void)state;
	talk_state_init(&s);
	sends(&s, p, "FETCH 1 BODY[]", "t1 FETCH 1 BODY[]",
	      "t1 FETCH 1 BODY[]");
	assert_int_equal(receives(&s, p, "* 1 FETCH (BODY[] {15}"), TALK_PART);
	assert_int_equal(receives(&s, p, "t1 OK lie"), TALK_PART);
	/* four octets of it, and the next one begins */
	assert_int_equal(receives(&s, p, "(45) X {7}"), TALK_PART);
	assert_int_equal(receives(&s, p, "t1 OK)"), TALK_PART);
	assert_int_equal(receives(&s, p, "t1 OK"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NONE);
	/* the response ends behind it, in that line or the next */
	same(&s, p, "a FETCH 1 BODY[]");
	assert_int_equal(receives(&s, p, "* 1 FETCH (BODY[] {8}"), TALK_PART);
	assert_int_equal(receives(&s, p, "a OK lie)"), TALK_PART);
	assert_int_equal(receives(&s, p, "a OK"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NONE);
	same(&s, p, "a FETCH 1 BODY[]");
	assert_int_equal(receives(&s, p, "* 1 FETCH (BODY[] {10}"), TALK_PART);
	assert_int_equal(receives(&s, p, "a OK lie"), TALK_PART);
	assert_int_equal(receives(&s, p, ")"), TALK_PART);
	assert_int_equal(receives(&s, p, "a OK"), TALK_REPLY);
	assert_int_equal(s.refusal.cause, ERROR_NONE);
	talk_state_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp),
		cmocka_unit_test(test_smtp_secrets),
		cmocka_unit_test(test_pop3),
		cmocka_unit_test(test_imap_tags),
		cmocka_unit_test(test_imap_secrets),
		cmocka_unit_test(test_imap_literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
