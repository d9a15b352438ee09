/* test_place.c - hosts in URLs and sentences, and what is no host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/place.h"

static void test_spelling(void **state)
{
	static const struct {
		struct dial_options o;
		const char *url, *name;
	} cases[] = {
		{ { .host = "mail.example.org", .port = 2525, .ehlo = "me" },
		  "smtp://mail.example.org:2525/me",
		  "mail.example.org:2525" },
		{ { .host = "h", .tls = DIAL_TLS_IMPLICIT, .ehlo = "a.b" },
		  "smtps://h:465/a.b",
		  "h:465" },
		{ { .host = "h", .tls = DIAL_TLS_STARTTLS, .tls_host = "t.u" },
		  "smtp://t.u:587/localhost",
		  "h:587" },
		{ { .host = "2001:db8::1", .ehlo = "[IPv6:::1]" },
		  "smtp://[2001:db8::1]:25/%5BIPv6%3A%3A%3A1%5D",
		  "[2001:db8::1]:25" },
		{ { .host = "[fe80::1%eth0]", .ehlo = "a/b?c" },
		  "smtp://[fe80::1%25eth0]:25/a%2Fb%3Fc",
		  "[fe80::1%eth0]:25" },
		{ { .unix_socket = "/run/s", .ehlo = "me" },
		  "smtp://localhost:25/me",
		  "/run/s" },
		{ { .host = "h", .ehlo = "me", .proxy = "http://u:pw@p:8080" },
		  "smtp://h:25/me",
		  "h:25 (by the proxy p:8080)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf url = BUF_INIT(1000);
		struct error f = ERROR_INIT;
		char name[320];

		assert_int_equal(place_check(&cases[i].o, &f), 0);
		place_url(&cases[i].o, &url);
		assert_string_equal(url.data, cases[i].url);
		place_name(&cases[i].o, name, sizeof(name));
		assert_string_equal(name, cases[i].name);
		buf_free(&url);
	}
}

static void test_connect_to(void **state)
{
	const struct dial_options o = { .host = "::1",
					.port = 7,
					.tls_host = "t" };
	struct buf to = BUF_INIT(1000);

	(void)state;
	place_connect_to(&o, &to);
	assert_string_equal(to.data, "::[::1]:7");
	buf_free(&to);
}

static void test_no_hosts(void **state)
{
	static const char *const hosts[] = {
		"",	     "a b",  "a/b",	 "u@h",	 "h?x", "h#x",
		"h\r\nRSET", "h%41", "smtp://h", "h\\x", "h;x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		const struct dial_options host = { .host = hosts[i] };
		const struct dial_options tls = { .host = "h",
						  .tls_host = hosts[i] };
		struct error f = ERROR_INIT;

		assert_int_equal(place_check(&host, &f), -1);
		assert_int_equal(f.cause, ERROR_CONFIG);
		error_clear(&f);
		assert_int_equal(place_check(&tls, &f), -1);
		assert_int_equal(f.cause, ERROR_CONFIG);
	}
}

static void test_nowhere(void **state)
{
	const struct dial_options none = { .port = 1 };
	const struct dial_options far = { .host = "h", .port = 65536 };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(place_check(&none, &f), -1);
	error_clear(&f);
	assert_int_equal(place_check(&far, &f), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_connect_to),
		cmocka_unit_test(test_no_hosts),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
