/* test_login.c - which mechanisms are pinned, and where none may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/login.h"

static struct dial_options options(enum dial_tls tls, const char *mechanism)
{
	return (struct dial_options){ .tls = tls,
				      .use_auth = true,
				      .mechanism = mechanism,
				      .user = "me",
				      .password = "s3cr3t" };
}

static void check_pinned(const struct login *l, const char *want)
{
	char text[128];

	login_options(l, text, sizeof(text));
	assert_string_equal(text, want);
}

static void test_best(void **state)
{
	struct dial_options o = options(DIAL_TLS_STARTTLS, NULL);
	struct error f = ERROR_INIT;
	struct caps caps;
	struct login l;

	(void)state;
	assert_int_equal(login_begin(&l, &o, &f), 0);
	check_pinned(&l, "AUTH=PLAIN;AUTH=LOGIN");
	caps_reset(&caps);
	caps_add(&caps, "AUTH NTLM DIGEST-MD5 CRAM-MD5 XOAUTH2 GSSAPI");
	assert_string_equal(login_mechanism(&l, &caps), "");
	assert_true(login_again(&l, &o, &caps));
	check_pinned(&l, "AUTH=CRAM-MD5");
	assert_string_equal(login_mechanism(&l, &caps), "CRAM-MD5");
	assert_true(login_again(&l, &o, &caps));
	check_pinned(&l, "AUTH=DIGEST-MD5");
	/* What needs more than a user and a password is for who asks. */
	assert_false(login_again(&l, &o, &caps));
}

static void test_named(void **state)
{
	static const struct {
		const char *name;
		enum dial_tls tls;
		const char *socket;
		bool allowed;
	} cases[] = {
		{ "PLAIN", DIAL_TLS_STARTTLS, NULL, true },
		{ "XOAUTH2", DIAL_TLS_IMPLICIT, NULL, true },
		{ "PLAIN", DIAL_TLS_NONE, NULL, false },
		{ "LOGIN", DIAL_TLS_NONE, NULL, false },
		{ "XOAUTH2", DIAL_TLS_NONE, NULL, false },
		{ "OAUTHBEARER", DIAL_TLS_NONE, NULL, false },
		{ "EXTERNAL", DIAL_TLS_NONE, NULL, false },
		{ "NTLM", DIAL_TLS_NONE, NULL, false },
		{ NULL, DIAL_TLS_NONE, NULL, false },
		{ "CRAM-MD5", DIAL_TLS_NONE, NULL, false },
		{ "GSSAPI", DIAL_TLS_NONE, NULL, false },
		{ "PLAIN", DIAL_TLS_NONE, "/run/socket", true },
		{ NULL, DIAL_TLS_NONE, "/run/socket", true },
		{ "BOGUS", DIAL_TLS_STARTTLS, NULL, false },
		{ "PLAIN;AUTH=LOGIN", DIAL_TLS_STARTTLS, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dial_options o = options(cases[i].tls, cases[i].name);
		struct error f = ERROR_INIT;
		struct caps caps;
		struct login l;

		o.unix_socket = cases[i].socket;
		assert_int_equal(login_begin(&l, &o, &f),
				 cases[i].allowed ? 0 : -1);
		if (!cases[i].allowed)
			assert_int_equal(f.cause, ERROR_CONFIG);
		if (!cases[i].allowed || !cases[i].name)
			continue;
		assert_string_equal(l.pin[0], cases[i].name);
		assert_null(l.pin[1]);
		caps_reset(&caps);
		caps_add(&caps, "AUTH PLAIN LOGIN CRAM-MD5");
		assert_false(login_again(&l, &o, &caps));
	}
}

static void test_explained(void **state)
{
	static const struct {
		const char *offered, *named;
		enum error_cause cause;
	} cases[] = {
		{ "SIZE", NULL, ERROR_UNAVAILABLE },
		{ "AUTH=PLAIN", NULL, ERROR_UNAVAILABLE },
		{ "AUTH XOAUTH2", NULL, ERROR_UNAVAILABLE },
		{ "AUTH PLAIN", "CRAM-MD5", ERROR_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dial_options o =
			options(DIAL_TLS_STARTTLS, cases[i].named);
		struct error f = ERROR_INIT;
		struct caps caps;
		struct login l;

		caps_reset(&caps);
		caps_add(&caps, cases[i].offered);
		assert_int_equal(login_begin(&l, &o, &f), 0);
		assert_int_equal(login_explain(&l, &o, &caps, "h:587", &f), -1);
		assert_int_equal(f.cause, cases[i].cause);
		assert_non_null(strstr(f.text, "AUTH"));
		assert_non_null(strstr(f.text, "h:587"));
	}
}

static void test_hidden(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "no", "no" },
		{ "s3cr3t", "***" },
		{ "as3cr3tbs3cr3ts3cr3t", "a***b******" },
		{ "s3cr3 s3cr3", "s3cr3 s3cr3" },
		{ "<czNjcjN0>", "<***>" },
		{ "AG1lAHMzY3IzdA==", "***" },
	};
	struct dial_options o = options(DIAL_TLS_NONE, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64];

		strcpy(text, cases[i].text);
		login_hide(&o, text);
		assert_string_equal(text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
