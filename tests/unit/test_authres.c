/* test_authres.c - Authentication-Results as receivers really write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/received.h"

static struct arena arena;

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The first result of a method. */
static const struct authres_result *find(const struct authres *r,
					 const char *method)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->results[i].method, method))
			return &r->results[i];
	return NULL;
}

static void has(const struct authres *r, const char *method, const char *result,
		const char *detail)
{
	const struct authres_result *one = find(r, method);

	assert_non_null(one);
	assert_string_equal(one->result, result);
	assert_non_null(strstr(one->detail, detail));
}

static void test_gmail(void **state)
{
	struct authres r = { 0 };

	(void)state;
	authres_add(&r, &arena,
		    "mx.google.com; dkim=pass header.i=@example.org "
		    "header.s=mail header.b=AbCdEf12; arc=pass (i=1 spf=pass "
		    "spfdomain=example.org); spf=pass (google.com: domain of "
		    "a@example.org designates 192.0.2.1 as permitted sender) "
		    "smtp.mailfrom=a@example.org; dmarc=pass (p=REJECT "
		    "sp=REJECT dis=NONE) header.from=example.org");
	assert_string_equal(r.server, "mx.google.com");
	assert_int_equal(r.count, 4);
	has(&r, "dkim", "pass", "header.i=@example.org header.s=mail");
	has(&r, "arc", "pass", "");
	has(&r, "spf", "pass", "smtp.mailfrom=a@example.org");
	has(&r, "dmarc", "pass", "header.from=example.org");
}

/* There is no name of a server in theirs. */
static void test_microsoft(void **state)
{
	struct authres r = { 0 };

	(void)state;
	authres_add(&r, &arena,
		    "spf=fail (sender IP is 192.0.2.1) "
		    "smtp.mailfrom=example.org; dkim=none (message not "
		    "signed) header.d=none;dmarc=fail action=quarantine "
		    "header.from=example.org;compauth=fail reason=000");
	assert_string_equal(r.server, "");
	assert_int_equal(r.count, 4);
	has(&r, "spf", "fail", "smtp.mailfrom=example.org");
	has(&r, "dkim", "none", "header.d=none");
	has(&r, "dmarc", "fail", "action=quarantine");
	has(&r, "compauth", "fail", "reason=000");
}

/* Milters write a field each; what stands below may be the sender's own. */
static void test_several(void **state)
{
	struct authres r = { 0 };

	(void)state;
	authres_add(&r, &arena,
		    "mail.example.net; dmarc=none (p=none dis=none) "
		    "header.from=example.org");
	authres_add(&r, &arena,
		    "MAIL.example.net 1;\tspf=softfail "
		    "smtp.mailfrom=example.org");
	authres_add(&r, &arena, "trust.me.example; dkim=pass; spf=pass");
	authres_add(&r, &arena,
		    "mail.example.net; dkim / 1 = FAIL "
		    "reason=\"bad; signature\" header.d=x.example");
	assert_int_equal(r.count, 3);
	assert_int_equal(r.ignored, 1);
	has(&r, "dmarc", "none", "header.from=example.org");
	has(&r, "spf", "softfail", "");
	has(&r, "dkim", "fail", "reason=\"bad; signature\" header.d=x");
}

static void test_nothing(void **state)
{
	static const char *const values[] = {
		"mx.example.org; none",
		"mx.example.org",
		"mx.example.org;",
		"mx.example.org;;; ;",
		"mx.example.org; spf=",
		"",
		";",
		"(",
		"mx.example.org; =pass",
		"mx.example.org; (spf=pass",
		"mx.example.org; \"spf=pass; dkim=pass",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct authres r = { 0 };

		authres_add(&r, &arena, values[i]);
		assert_non_null(r.server);
		assert_null(find(&r, "dkim"));
	}
}

static void test_hostile(void **state)
{
	static char value[60000] = "mx\033]0;evil";
	struct authres r = { 0 };

	(void)state;
	authres_add(&r, &arena, "mx\033[2J; spf=pa\x07ss x\x9b.y=\x1bz");
	assert_string_equal(r.server, "mx?[2J");
	assert_string_equal(r.results[0].result, "pa?ss");
	assert_null(strpbrk(r.results[0].detail, "\033\x9b"));
	r = (struct authres){ 0 };
	strcpy(value, "mx;");
	for (size_t n = 3; n + 8 < sizeof(value); n += 7)
		memcpy(value + n, "spf=ok;", 7);
	authres_add(&r, &arena, value);
	assert_int_equal(r.count, AUTHRES_MAX);
	r = (struct authres){ 0 };
	memset(value, 'y', sizeof(value) - 1);
	memcpy(value, "mx; spf=", 8);
	authres_add(&r, &arena, value);
	assert_true(strlen(r.results[0].result) < RECEIVED_TEXT_MAX + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gmail),
		cmocka_unit_test(test_microsoft),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
