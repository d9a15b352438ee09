/* test_provider.c - the table of contrib/providers, and who fits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "config/config.h"
#include "mail/domain.h"
#include "setup/provider.h"

static struct arena arena = ARENA_INIT;
static const struct provider *all;

static int read_table(void **state)
{
	struct error f = ERROR_INIT;

	(void)state;
	all = provider_read(&arena, provider_text, &f);
	if (!all)
		print_error("%s\n", f.text);
	return all ? 0 : -1;
}

static int drop_table(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* ---- each row ---- */

static bool is_plausible_host(const char *host)
{
	struct error f = ERROR_INIT;

	if (strcmp(host, "127.0.0.1") == 0) /* a bridge */
		return true;
	return strchr(host, '.') && domain_to_ascii(&arena, host, &f) &&
	       !host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.")];
}

static void hosts_and_ports(void **state)
{
	size_t count = 0;

	(void)state;
	for (const struct provider *p = all; p; p = p->next, count++) {
		assert_true(p->server_count || *p->hint);
		for (size_t i = 0; i < p->server_count; i++) {
			const struct provider_server *s = &p->servers[i];

			if (!is_plausible_host(s->host))
				fail_msg("%s: %s", p->name, s->host);
			if (strcmp(s->host, "127.0.0.1") != 0)
				assert_int_equal(s->port,
						 s->is_implicit ? 465 : 587);
			/* RFC 8314: implicit TLS comes first */
			if (i && s->is_implicit)
				assert_true(p->servers[i - 1].is_implicit);
		}
	}
	assert_true(count > 40);
}

/* As a configuration has them. */
static void ways_to_log_in(void **state)
{
	(void)state;
	for (const struct provider *p = all; p; p = p->next) {
		struct error f = ERROR_INIT;

		if (p->auth && config_check("auth", p->auth, &f) < 0)
			fail_msg("%s: %s", p->name, f.text);
		assert_int_equal(p->user == PROVIDER_FIXED,
				 p->fixed_user != NULL);
	}
}

static void names_stand_once(void **state)
{
	(void)state;
	for (const struct provider *p = all; p; p = p->next)
		for (const struct provider *q = p->next; q; q = q->next)
			if (ascii_equal(p->name, q->name))
				fail_msg("%s is there twice", p->name);
}

static bool has_word(const char *words, const char *word, size_t n)
{
	while (*words) {
		size_t m = strcspn(words, " ");

		if (m == n && memcmp(words, word, n) == 0)
			return true;
		words += words[m] ? m + 1 : m;
	}
	return false;
}

/* Each word of a list, against the rest of that list and the lists after. */
static void check_words(const struct provider *p, size_t list)
{
	const char *words = *(const char *const *)((const char *)p + list);

	while (*words) {
		size_t n = strcspn(words, " ");
		const char *rest = words + n + (words[n] == ' ');

		assert_true(n > 2 && memchr(words, '.', n));
		for (size_t i = 0; i < n; i++)
			assert_int_equal(words[i], ascii_lower(words[i]));
		if (has_word(rest, words, n))
			fail_msg("%s: %.*s twice", p->name, (int)n, words);
		for (const struct provider *q = p->next; q; q = q->next)
			if (has_word(*(const char *const *)((const char *)q +
							    list),
				     words, n))
				fail_msg("%.*s: %s and %s", (int)n, words,
					 p->name, q->name);
		words = rest;
	}
}

static void patterns_stand_once(void **state)
{
	(void)state;
	for (const struct provider *p = all; p; p = p->next) {
		check_words(p, offsetof(struct provider, domains));
		check_words(p, offsetof(struct provider, mx));
		check_words(p, offsetof(struct provider, hosts));
	}
}

/* ---- who fits ---- */

static void is_named(const struct provider *p, const char *name)
{
	assert_non_null(p);
	assert_string_equal(p->name, name);
}

static void by_domain(void **state)
{
	(void)state;
	is_named(provider_of_domain(all, "GMail.com"),
		 "Gmail, Google Workspace");
	is_named(provider_of_domain(all, "posteo.de"), "Posteo");
	assert_null(provider_of_domain(all, "example.org"));
	assert_null(provider_of_domain(all, "notgmail.com"));
	assert_null(provider_of_domain(all, ""));
}

static void by_exchanger(void **state)
{
	static const char *const pairs[][2] = {
		{ "ASPMX.L.GOOGLE.COM", "Gmail, Google Workspace" },
		{ "alt1.aspmx.l.google.com", "Gmail, Google Workspace" },
		{ "aspmx2.googlemail.com", "Gmail, Google Workspace" },
		{ "smtp.google.com", "Gmail, Google Workspace" },
		{ "example-org.mail.protection.outlook.com", "Microsoft 365" },
		{ "mx01.mail.icloud.com", "iCloud" },
		{ "in1-smtp.messagingengine.com", "Fastmail" },
		{ "mxext2.mailbox.org", "mailbox.org" },
		{ "mx.zoho.eu", "Zoho Europe" },
		{ "mx2.zoho.com", "Zoho Workplace" },
		{ "mail.protonmail.ch", "Proton Mail" },
		{ "mx1.mail.ovh.net", "OVH" },
		{ "mx00.ionos.de", "IONOS" },
		{ "mx01.kundenserver.de", "IONOS" },
		{ "spool.mail.gandi.net", "Gandi" },
		{ "www123.your-server.de", "Hetzner" },
		{ "mta-gw.infomaniak.ch", "Infomaniak" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		is_named(provider_of_mx(all, pairs[i][0]), pairs[i][1]);
	assert_null(provider_of_mx(all, "mx.example.org"));
	assert_null(provider_of_mx(all, "aspmx.l.google.com.example.org"));
}

static void by_server(void **state)
{
	(void)state;
	is_named(provider_of_host(all, "email-smtp.eu-central-1.amazonaws.com",
				  587),
		 "Amazon SES");
	is_named(provider_of_host(all, "SMTP.gmail.com", 2525),
		 "Gmail, Google Workspace");
	assert_null(provider_of_host(all, "gmail.com", 587));
	is_named(provider_of_host(all, "127.0.0.1", 1025), "Proton Mail");
	assert_null(provider_of_host(all, "127.0.0.1", 25));
}

static void by_name(void **state)
{
	(void)state;
	is_named(provider_named(all, "gmail"), "Gmail, Google Workspace");
	is_named(provider_named(all, "amazon ses"), "Amazon SES");
	is_named(provider_named(all, "Mailgun"), "Mailgun");
	is_named(provider_named(all, "mailgun europe"), "Mailgun Europe");
	assert_null(provider_named(all, "g"));
	assert_null(provider_named(all, "gmai"));
	assert_null(provider_named(all, ""));
}

/* ---- a table that is wrong ---- */

static void wrong_tables(void **state)
{
	static const char *const texts[] = {
		"server a.example.org 465 implicit\n", /* of nobody */
		"provider A\nserver a.example.org\n",
		"provider A\nserver a.example.org 0 implicit\n",
		"provider A\nserver a.example.org 65536 implicit\n",
		"provider A\nserver a.example.org 465 perhaps\n",
		"provider A\nserver a.example.org 465 implicit more\n",
		"provider A\nuser someone\n",
		"provider A\nuser fixed\n",
		"provider A\nhint\n",
		"provider\n",
		"provider A\nnonsense here\n",
		"provider A\nserver a.b 465 implicit\nserver b.b 465 implicit\n"
		"server c.b 465 implicit\nserver d.b 465 implicit\n"
		"server e.b 465 implicit\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct error f = ERROR_INIT;

		if (provider_read(&arena, texts[i], &f))
			fail_msg("was taken: %s", texts[i]);
		assert_int_equal(f.cause, ERROR_SOFTWARE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_and_ports),
		cmocka_unit_test(ways_to_log_in),
		cmocka_unit_test(names_stand_once),
		cmocka_unit_test(patterns_stand_once),
		cmocka_unit_test(by_domain),
		cmocka_unit_test(by_exchanger),
		cmocka_unit_test(by_server),
		cmocka_unit_test(by_name),
		cmocka_unit_test(wrong_tables),
	};

	return cmocka_run_group_tests(tests, read_table, drop_table);
}
