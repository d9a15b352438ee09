/* test_conn.c - hosts in URLs and sentences, what is no host; lines of a server
 * as they are heard and shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/handle.h"
#include "smtp/dial.h"

static void test_spelling(void **state)
{
	static const struct {
		struct conn_options o;
		const char *url, *name;
	} cases[] = {
		{ { .host = "mail.example.org", .port = 2525, .hello = "me" },
		  "smtp://mail.example.org:2525/me",
		  "mail.example.org:2525" },
		{ { .host = "h", .tls = CONN_TLS_IMPLICIT, .hello = "a.b" },
		  "smtps://h:465/a.b",
		  "h:465" },
		{ { .host = "h", .tls = CONN_TLS_STARTTLS, .tls_host = "t.u" },
		  "smtp://t.u:587/",
		  "h:587" },
		{ { .host = "2001:db8::1", .hello = "[IPv6:::1]" },
		  "smtp://[2001:db8::1]:25/%5BIPv6%3A%3A%3A1%5D",
		  "[2001:db8::1]:25" },
		{ { .host = "[fe80::1%eth0]", .hello = "a/b?c" },
		  "smtp://[fe80::1%25eth0]:25/a%2Fb%3Fc",
		  "[fe80::1%eth0]:25" },
		{ { .unix_socket = "/run/s", .hello = "me" },
		  "smtp://localhost:25/me",
		  "/run/s" },
		{ { .host = "h", .hello = "me", .proxy = "http://u:pw@p:80" },
		  "smtp://h:25/me",
		  "h:25 (by the proxy p:80)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct conn_options o = cases[i].o;
		struct conn_names names;
		struct error f = ERROR_INIT;

		o.protocol = &dial_protocol;
		assert_int_equal(conn_format_names(&o, &names, &f), 0);
		assert_string_equal(names.url.data, cases[i].url);
		assert_string_equal(names.place, cases[i].name);
		buf_free(&names.url);
		buf_free(&names.connect_to);
	}
}

static void test_connect_to(void **state)
{
	const struct conn_options o = { .protocol = &dial_protocol,
					.host = "::1",
					.port = 7,
					.tls_host = "t" };
	struct conn_names names;
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(conn_format_names(&o, &names, &f), 0);
	assert_string_equal(names.connect_to.data, "::[::1]:7");
	buf_free(&names.url);
	buf_free(&names.connect_to);
}

static void refuses(struct conn_options o)
{
	struct conn_names names;
	struct error f = ERROR_INIT;

	o.protocol = &dial_protocol;
	assert_int_equal(conn_format_names(&o, &names, &f), -1);
	assert_int_equal(f.cause, ERROR_CONFIG);
	buf_free(&names.url);
	buf_free(&names.connect_to);
}

static void test_no_hosts(void **state)
{
	static const char *const hosts[] = {
		"",	     "a b",  "a/b",	 "u@h",	 "h?x", "h#x",
		"h\r\nRSET", "h%41", "smtp://h", "h\\x", "h;x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		refuses((struct conn_options){ .host = hosts[i] });
		refuses((struct conn_options){ .host = "h",
					       .tls_host = hosts[i] });
	}
	refuses((struct conn_options){ .port = 1 });
	refuses((struct conn_options){ .host = "h", .port = 65536 });
}

/* ---- lines ---- */

static const char *to_come; /* octets of the server, one at a time */

static CURLcode receive(CURL *handle, void *data, size_t n, size_t *got)
{
	(void)handle;
	(void)n;
	*got = *to_come != '\0';
	if (*got)
		memcpy(data, to_come++, 1);
	return CURLE_OK;
}

static void keep_line(void *context, const struct event *e)
{
	struct buf *shown = context;

	buf_printf(shown, "%c %.*s\n", e->mark, (int)e->n, e->text);
}

/* Some repeat what they did not like: plain, LOGIN's, PLAIN's. */
static void test_secrets_are_masked(void **state)
{
	const struct sasl_options o = { .user = "me",
					.password = "s3cr3t-Pa55" };
	struct sasl s = { .options = &o, .response = BUF_INIT(100) };
	struct buf shown = BUF_INIT(10000);
	const struct trace trace = { keep_line, &shown };
	struct handle inner = { .curl = NULL };
	struct conn c = {
		.place = "h:25", .handle = &inner, .trace = &trace, .sasl = &s
	};
	struct error f = ERROR_INIT;

	(void)state;
	curl.recv = receive;
	buf_init(&c.line, CONN_LINE_MAX);
	to_come = "334 UGFzc3dvcmQ6\r\n+ UGFzc3dvcmQ6\r\n"
		  "535-bad: s3cr3t-Pa55 czNjcjN0LVBhNTU=\r\n"
		  "535 bad: AG1lAHMzY3IzdC1QYTU1\r\n";
	for (int i = 0; i < 4; i++)
		assert_int_equal(conn_read_line(&c, &f), 0);
	assert_string_equal(c.line.data, "535 bad: ***");
	assert_string_equal(shown.data, "S 334 ***\nS + ***\n"
					"S 535-bad: *** ***\n"
					"S 535 bad: ***\n");
	assert_int_equal(conn_read_line(&c, &f), -1);
	assert_true(c.is_broken);
	buf_free(&c.line);
	buf_free(&shown);
	free(c.room);
}

/* What came behind a line is the next reader's, whichever that is. */
static void test_octets_behind_a_line(void **state)
{
	struct handle inner = { .curl = NULL };
	struct conn c = { .place = "h:25", .handle = &inner };
	struct error f = ERROR_INIT;
	char octets[8];
	bool end;

	(void)state;
	c.room = malloc(CONN_ROOM);
	memcpy(c.room, "one\r\ntwo", 8);
	c.have = 8;
	buf_init(&c.line, CONN_LINE_MAX);
	assert_int_equal(conn_read_line(&c, &f), 0);
	assert_string_equal(c.line.data, "one");
	assert_int_equal(conn_receive(&c, octets, 2, &end, &f), 2);
	assert_memory_equal(octets, "tw", 2);
	assert_int_equal(conn_receive(&c, octets, 8, &end, &f), 1);
	assert_memory_equal(octets, "o", 1);
	buf_free(&c.line);
	free(c.room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spelling),
		cmocka_unit_test(test_connect_to),
		cmocka_unit_test(test_no_hosts),
		cmocka_unit_test(test_secrets_are_masked),
		cmocka_unit_test(test_octets_behind_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
