/* test_domain.c - names that hosts have, and what no host is called. */
#include "laws.h"

#include "mail/domain.h"

static const struct pair {
	const char *in, *out;
} good[] = {
	{ "example.org", "example.org" },
	{ "EXAMPLE.Org", "example.org" },
	{ "example.org.", "example.org" },
	{ "localhost", "localhost" },
	{ "a-b_c.example", "a-b_c.example" },
	{ "r3---sn-4g5e6n.example", "r3---sn-4g5e6n.example" },
	{ "1und1.de", "1und1.de" },
	{ "xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
	{ "münchen.de", "xn--mnchen-3ya.de" },
	{ "MÜNCHEN.DE", "xn--mnchen-3ya.de" },
	/* u and a combining diaeresis */
	{ "mu\xcc\x88nchen.de", "xn--mnchen-3ya.de" },
	{ "faß.de", "xn--fa-hia.de" },
	{ "例え.テスト", "xn--r8jz45g.xn--zckzah" },
	/* an ideographic full stop */
	{ "例え。jp", "xn--r8jz45g.jp" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]" },
	{ "[ipv6:::1]", "[ipv6:::1]" },
};

static const char *const bad[] = {
	"",
	".",
	"..",
	".example.org",
	"example..org",
	"-example.org",
	"example-.org",
	"exam ple.org",
	"example.org/x",
	"exa\tmple.org",
	"a@b",
	"münchen..de",
	"mün chen.de",
	"\xff\xfe.de",
	"[",
	"[]",
	"[192.0.2.1",
	"[192.0.2.256]",
	"[192.0.2]",
	"[2001:db8::1]",
	"[IPv6:192.0.2.1]",
	"[example.org]",
	"[192.0.2.1]x",
	"192.0.2.1",
};

static void names(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct error f = ERROR_INIT;
		const char *out = domain_to_ascii(&a, good[i].in, &f);

		assert_string_equal(f.text, "");
		assert_non_null(out);
		assert_string_equal(out, good[i].out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error f = ERROR_INIT;

		if (domain_to_ascii(&a, bad[i], &f))
			fail_msg("\"%s\" was taken for a domain", bad[i]);
		assert_int_equal(f.cause, ERROR_DATA);
		assert_true(*f.text);
	}
	arena_free(&a);
}

/* `labels` of `n` octets each, with dots between. */
static const char *long_name(struct arena *a, size_t labels, size_t n,
			     const char *last)
{
	struct buf b = BUF_INIT(LAWS_MAX);
	const char *name;

	for (size_t i = 0; i < labels; i++) {
		for (size_t j = 0; j < n; j++)
			buf_putc(&b, 'x');
		buf_putc(&b, '.');
	}
	buf_puts(&b, last);
	name = arena_dup(a, b.data);
	buf_free(&b);
	return name;
}

static void lengths(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;

	(void)state;
	assert_non_null(domain_to_ascii(&a, long_name(&a, 1, 63, "org"), &f));
	assert_null(domain_to_ascii(&a, long_name(&a, 1, 64, "org"), &f));
	error_clear(&f);
	assert_non_null(domain_to_ascii(&a, long_name(&a, 3, 63, "orgs"), &f));
	/* 4 * 62 + 4 dots + 1 is 253, one more is too long */
	assert_non_null(domain_to_ascii(&a, long_name(&a, 4, 62, "o"), &f));
	assert_null(domain_to_ascii(&a, long_name(&a, 4, 62, "or"), &f));
	error_clear(&f);
	assert_null(domain_to_ascii(&a, long_name(&a, 30, 9, "é"), &f));
	arena_free(&a);
}

static void equal(void **state)
{
	(void)state;
	assert_true(domain_equal("example.org", "Example.ORG"));
	assert_true(domain_equal("example.org", "example.org."));
	assert_true(domain_equal("", ""));
	assert_true(domain_is_above("Example.ORG", 11, "mx.example.org"));
	assert_true(domain_is_above("example.org com", 11, "example.org"));
	assert_false(domain_is_above("example.org", 11, "anexample.org"));
	assert_false(domain_is_above("example.org", 11, "org"));
	assert_false(domain_equal("example.org", "example.com"));
	assert_false(domain_equal("example.org", "example.or"));
	assert_false(domain_equal("example.org", ""));
	assert_false(domain_equal("a[", "a{"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(lengths),
		cmocka_unit_test(equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
