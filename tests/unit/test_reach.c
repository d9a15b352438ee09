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
	struct error f = ERROR_INIT;
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
	struct error f = ERROR_INIT;
	struct reach r;

	(void)state;
	assert_int_equal(reach_look_up(&r, "no-such-host.invalid", 25, &f), -1);
	assert_true(f.cause == ERROR_NOHOST || f.cause == ERROR_TEMPORARY);
	assert_non_null(strstr(f.text, "no-such-host.invalid"));
}

static void one_that_listens(void **state)
{
	struct error f = ERROR_INIT;
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
	struct error f = ERROR_INIT;
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
	struct error f = ERROR_INIT;
	struct reach r;

	(void)state;
	assert_int_equal(reach_look_up(&r, "127.0.0.1", 9, &f), 0);
	assert_int_equal(reach_connect(&r, "192.0.2.200", 5000), 0);
	assert_int_equal(r.addresses[0].error, EADDRNOTAVAIL);
	assert_int_equal(reach_connect(&r, "::1", 5000), 0);
	assert_int_equal(r.addresses[0].error, EADDRNOTAVAIL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_its_own_name),
		cmocka_unit_test(no_such_name),
		cmocka_unit_test(one_that_listens),
		cmocka_unit_test(one_that_does_not),
		cmocka_unit_test(a_source_that_is_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
