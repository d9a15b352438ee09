/* test_reach.c - sockets of this machine, one that listens and one that does
 * not; and what is shown of others' text. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/plain.h"
#include "net/reach.h"

/* A socket bound to a port of its own, which nobody else can have. */
static int bound(unsigned *port, bool listens)
{
	struct sockaddr_in here = { .sin_family = AF_INET };
	socklen_t size = sizeof(here);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &size), 0);
	if (listens)
		assert_int_equal(listen(fd, 4), 0);
	*port = ntohs(here.sin_port);
	return fd;
}

static void an_address_is_its_own_name(void **state)
{
	struct fault f = FAULT_INIT;
	struct reach r;

	(void)state;
	assert_int_equal(reach_look_up(&r, "127.0.0.1", 25, &f), 0);
	assert_int_equal(r.count, 1);
	assert_string_equal(r.addresses[0].text, "127.0.0.1");
	assert_string_equal(r.canonical, "");
	assert_int_equal(reach_look_up(&r, "[::1]", 25, &f), 0);
	assert_string_equal(r.addresses[0].text, "::1");
}

static void no_such_name(void **state)
{
	struct fault f = FAULT_INIT;
	struct reach r;

	(void)state;
	assert_int_equal(reach_look_up(&r, "no-such-host.invalid", 25, &f), -1);
	assert_true(f.cause == FAULT_NOHOST || f.cause == FAULT_TEMPORARY);
	assert_non_null(strstr(f.text, "no-such-host.invalid"));
}

static void one_that_listens(void **state)
{
	struct fault f = FAULT_INIT;
	struct reach r;
	unsigned port;
	int fd = bound(&port, true);

	(void)state;
	assert_int_equal(reach_look_up(&r, "127.0.0.1", port, &f), 0);
	assert_int_equal(reach_connect(&r, NULL, 5000), 1);
	assert_true(r.addresses[0].is_open);
	assert_int_equal(reach_connect(&r, "127.0.0.2", 5000), 1);
	close(fd);
}

static void one_that_does_not(void **state)
{
	struct fault f = FAULT_INIT;
	struct reach r;
	unsigned port;
	int fd = bound(&port, false);

	(void)state;
	assert_int_equal(reach_look_up(&r, "127.0.0.1", 1, &f), 0);
	reach_set_port(&r, port);
	assert_int_equal(reach_connect(&r, NULL, 5000), 0);
	assert_false(r.addresses[0].is_open);
	assert_int_equal(r.addresses[0].error, ECONNREFUSED);
	close(fd);
}

static void a_source_that_is_not_ours(void **state)
{
	struct fault f = FAULT_INIT;
	struct reach r;

	(void)state;
	assert_int_equal(reach_look_up(&r, "127.0.0.1", 9, &f), 0);
	assert_int_equal(reach_connect(&r, "192.0.2.200", 5000), 0);
	assert_int_equal(r.addresses[0].error, EADDRNOTAVAIL);
	assert_int_equal(reach_connect(&r, "::1", 5000), 0);
	assert_int_equal(r.addresses[0].error, EADDRNOTAVAIL);
}

static void text_of_others(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "\033[2Jx\r\n\t", "?[2Jx???" },
		{ "M\303\274ller \342\202\254 \360\237\230\200",
		  "M\303\274ller \342\202\254 \360\237\230\200" },
		{ "\302\2331m", "?1m" },	/* CSI of C1 */
		{ "\303", "?" },		/* cut */
		{ "\300\257 \377", "?? ?" },	/* not UTF-8 at all */
		{ "\340\200\200", "???" },	/* too long for what it is */
		{ "\355\240\200", "???" },	/* half of a pair */
		{ "\364\220\200\200", "????" }, /* past the last */
		{ "\177", "?" },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(plain_dup(&a, rows[i].in,
					      strlen(rows[i].in)),
				    rows[i].out);
	assert_string_equal(plain_dup(&a, "a\0b", 3), "a?b");
	/* RIGHT-TO-LEFT OVERRIDE would show another line than there is */
	assert_string_equal(plain_dup(&a, "ab\342\200\256dc", 7), "ab?dc");
	assert_int_equal(plain_step("\342\200\256", 3), 0);
	assert_int_equal(plain_step("\342\202\254", 3), 3);
	assert_int_equal(plain_step("\342\202\254", 2), 0);
	assert_int_equal(plain_step("", 0), 0);
	assert_int_equal(plain_width("M\303\274\342\202\254", 6), 3);
	arena_free(&a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_its_own_name),
		cmocka_unit_test(no_such_name),
		cmocka_unit_test(one_that_listens),
		cmocka_unit_test(one_that_does_not),
		cmocka_unit_test(a_source_that_is_not_ours),
		cmocka_unit_test(text_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
