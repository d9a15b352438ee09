/* test_srv.c - answers of name servers, good ones and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/reach.h"

/* ---- a packet, by hand ---- */

struct response {
	unsigned char data[8192];
	size_t size;
};

static void put(struct response *a, const void *bytes, size_t n)
{
	assert_true(a->size + n <= sizeof(a->data));
	memcpy(a->data + a->size, bytes, n);
	a->size += n;
}

static void put16(struct response *a, unsigned n)
{
	put(a, (unsigned char[]){ (unsigned char)(n >> 8), (unsigned char)n },
	    2);
}

/* "4mail7example" in the octets of a name, without its end. */
static void put_labels(struct response *a, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		unsigned char length = (unsigned char)n;

		put(a, &length, 1);
		put(a, name, n);
		name += name[n] ? n + 1 : n;
	}
}

static void put_name(struct response *a, const char *name)
{
	put_labels(a, name);
	put(a, "", 1);
}

#define QUESTION "_submission._tcp.example.org"

static void begin(struct response *a, unsigned type, unsigned records)
{
	a->size = 0;
	put16(a, 1);
	put16(a, 0x8180);
	put16(a, 1);
	put16(a, records);
	put16(a, 0);
	put16(a, 0);
	put_name(a, QUESTION);
	put16(a, type);
	put16(a, 1);
}

/* Up to its data; where their length is to be put. */
static size_t begin_record(struct response *a, unsigned type)
{
	put16(a, 0xC00C); /* the question's name */
	put16(a, type);
	put16(a, 1);
	put16(a, 0);
	put16(a, 3600);
	put16(a, 0);
	return a->size;
}

static void end_record(struct response *a, size_t start)
{
	a->data[start - 2] = (unsigned char)((a->size - start) >> 8);
	a->data[start - 1] = (unsigned char)(a->size - start);
}

static void put_srv(struct response *a, unsigned priority, unsigned weight,
		    unsigned port, const char *target)
{
	size_t start = begin_record(a, SRV_SRV);

	put16(a, priority);
	put16(a, weight);
	put16(a, port);
	put_name(a, target);
	end_record(a, start);
}

static void put_mx(struct response *a, unsigned priority, const char *target)
{
	size_t start = begin_record(a, SRV_MX);

	put16(a, priority);
	put_name(a, target);
	end_record(a, start);
}

static int parse(struct srv_list *list, const struct response *a,
		 enum srv_type type)
{
	/* of its very size, so that a checker sees who reads past it */
	unsigned char *exact = malloc(a->size ? a->size : 1);
	int r;

	assert_non_null(exact);
	memcpy(exact, a->data, a->size);
	r = srv_parse(list, exact, a->size, type);
	free(exact);
	return r;
}

/* ---- what is good ---- */

static void by_priority_then_weight(void **state)
{
	static const char *const wanted[] = { "a.example.org", "c.example.org",
					      "b.example.org",
					      "d.example.org" };
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_SRV, 4);
	put_srv(&a, 20, 9, 587, "d.example.org");
	put_srv(&a, 10, 1, 587, "b.example.org");
	put_srv(&a, 10, 5, 588, "C.Example.ORG");
	put_srv(&a, 0, 0, 465, "a.example.org");
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(list.targets[i].host, wanted[i]);
	assert_int_equal(list.targets[0].port, 465);
	assert_int_equal(list.targets[1].port, 588);
}

static void a_dot_is_none(void **state)
{
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_SRV, 1);
	put_srv(&a, 0, 0, 0, "");
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, 0);
}

static void exchangers(void **state)
{
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_MX, 2);
	put_mx(&a, 20, "mx2.example.net");
	put_mx(&a, 10, "mx1.example.net");
	assert_int_equal(parse(&list, &a, SRV_MX), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.targets[0].host, "mx1.example.net");
}

static void other_records_are_passed_over(void **state)
{
	struct srv_list list;
	struct response a;
	size_t start;

	(void)state;
	begin(&a, SRV_SRV, 2);
	start = begin_record(&a, 5); /* CNAME */
	put_name(&a, "elsewhere.example.org");
	end_record(&a, start);
	put_srv(&a, 1, 1, 465, "a.example.org");
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, 1);
}

static void compressed_names(void **state)
{
	struct srv_list list;
	struct response a;
	size_t start;

	(void)state;
	begin(&a, SRV_SRV, 1);
	start = begin_record(&a, SRV_SRV);
	put16(&a, 0);
	put16(&a, 0);
	put16(&a, 587);
	put_labels(&a, "smtp");
	put16(&a, 0xC000 | (12 + sizeof("_submission._tcp"))); /* example.org */
	end_record(&a, start);
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.targets[0].host, "smtp.example.org");
}

/* ---- what is not ---- */

/* What goes into a configuration and on a terminal is a host name or nothing.
 */
static void names_that_are_no_hosts(void **state)
{
	static const char *const names[] = {
		"a\npassword.example.org", "a b.example.org", "\x1B[2J.org",
		"a#.example.org",	   "a\"b.org",	      "caf\xC3\xA9.org",
	};
	struct srv_list list;
	struct response a;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		begin(&a, SRV_SRV, 2);
		put_srv(&a, 0, 0, 465, names[i]);
		put_srv(&a, 1, 0, 465, "good.example.org");
		assert_int_equal(parse(&list, &a, SRV_SRV), 0);
		assert_int_equal(list.count, 1);
		assert_string_equal(list.targets[0].host, "good.example.org");
	}
}

static void port_zero(void **state)
{
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_SRV, 1);
	put_srv(&a, 0, 0, 0, "a.example.org");
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, 0);
}

static void pointers_in_a_circle(void **state)
{
	struct srv_list list;
	struct response a;
	size_t start;

	(void)state;
	for (unsigned back = 0; back < 4; back++) {
		begin(&a, SRV_SRV, 1);
		start = begin_record(&a, SRV_SRV);
		put16(&a, 0);
		put16(&a, 0);
		put16(&a, 587);
		put_labels(&a, "a");
		/* at itself, at the label before, beyond the end */
		put16(&a, 0xC000 | (unsigned)(back == 3 ? 0x3FFF
							: start + 8 - back));
		end_record(&a, start);
		assert_int_equal(parse(&list, &a, SRV_SRV), -1);
		assert_int_equal(list.count, 0);
	}
}

static void a_name_without_end(void **state)
{
	char label[64];
	struct srv_list list;
	struct response a;
	size_t start;

	(void)state;
	memset(label, 'a', 63);
	label[63] = '\0';
	begin(&a, SRV_SRV, 1);
	start = begin_record(&a, SRV_SRV);
	put16(&a, 0);
	put16(&a, 0);
	put16(&a, 587);
	for (int i = 0; i < 20; i++)
		put_labels(&a, label);
	put(&a, "", 1);
	end_record(&a, start);
	parse(&list, &a, SRV_SRV);
	assert_int_equal(list.count, 0);
}

static void more_than_are_taken(void **state)
{
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_SRV, SRV_MAX + 20);
	for (unsigned i = 0; i < SRV_MAX + 20; i++)
		put_srv(&a, i, 0, 465, "a.example.org");
	assert_int_equal(parse(&list, &a, SRV_SRV), 0);
	assert_int_equal(list.count, SRV_MAX);
}

static void lying_counts(void **state)
{
	struct srv_list list;
	struct response a;

	(void)state;
	begin(&a, SRV_SRV, 65535);
	put_srv(&a, 0, 0, 465, "a.example.org");
	assert_int_equal(parse(&list, &a, SRV_SRV), -1);
	assert_int_equal(list.count, 1); /* what could be read */
	begin(&a, SRV_SRV, 1);
	a.data[4] = a.data[5] = 0xFF; /* questions */
	assert_int_equal(parse(&list, &a, SRV_SRV), -1);
	assert_int_equal(list.count, 0);
}

static void make_good(struct response *a)
{
	begin(a, SRV_SRV, 3);
	put_srv(a, 1, 1, 465, "a.example.org");
	put_srv(a, 2, 1, 587, "b.example.org");
	put_srv(a, 3, 1, 587, "c.example.org");
}

static void cut_anywhere(void **state)
{
	struct srv_list list;
	struct response whole;

	(void)state;
	make_good(&whole);
	for (size_t n = 0; n < whole.size; n++) {
		struct response a = whole;

		a.size = n;
		assert_int_equal(parse(&list, &a, SRV_SRV), -1);
		assert_true(list.count < 3);
	}
}

static void octets_that_changed(void **state)
{
	uint32_t chance = 12345;
	struct response whole;

	(void)state;
	make_good(&whole);
	for (int round = 0; round < 20000; round++) {
		struct response a = whole;
		struct srv_list list;

		for (int i = 0; i < 3; i++) {
			chance = chance * 1664525u + 1013904223u;
			a.data[(chance >> 8) % a.size] =
				(unsigned char)(chance >> 24);
		}
		parse(&list, &a, SRV_SRV);
		assert_true(list.count <= SRV_MAX);
		for (size_t i = 0; i < list.count; i++) {
			assert_true(strlen(list.targets[i].host) <
				    SRV_NAME_MAX);
			assert_int_equal(strspn(list.targets[i].host,
						"abcdefghijklmnopqrstuvwxyz"
						"0123456789-_."),
					 strlen(list.targets[i].host));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_priority_then_weight),
		cmocka_unit_test(a_dot_is_none),
		cmocka_unit_test(exchangers),
		cmocka_unit_test(other_records_are_passed_over),
		cmocka_unit_test(compressed_names),
		cmocka_unit_test(names_that_are_no_hosts),
		cmocka_unit_test(port_zero),
		cmocka_unit_test(pointers_in_a_circle),
		cmocka_unit_test(a_name_without_end),
		cmocka_unit_test(more_than_are_taken),
		cmocka_unit_test(lying_counts),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(octets_that_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
