/* test_resolve.c - the one rule for addresses, and the fields it rewrites. */
#include "laws.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "compose/resolve.h"
#include "compose/rewrite.h"
#include "config/settings.h"
#include "deliver/local.h"
#include "mail/header.h"
#include "scratch.h"

struct bench {
	struct arena arena;
	struct account *account;
	struct resolver resolver;
	struct error error;
	char folder[64];
};

static void freeze(const char *more)
{
	char text[512];

	snprintf(text, sizeof(text), "host=web1.example.com user=joe %s", more);
	setenv("MAILSEND_FROZEN", text, 1);
	sysenv_init();
}

static void set(struct bench *b, const char *name, const char *value)
{
	struct setting_place at = { .text = "test", .cause = ERROR_CONFIG };

	assert_int_equal(setting_assign(&b->arena, b->account, name, value, &at,
					&b->error),
			 0);
}

/* As if the command began anew with these settings. */
static void begin(struct bench *b, bool skip_aliases)
{
	error_clear(&b->error);
	resolver_init(&b->resolver, &b->arena, b->account, skip_aliases);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->account = setting_account(&b->arena, "default");
	set(b, "host", "smtp.example.net");
	strcpy(b->folder, "/tmp/mailsend-resolve.XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	freeze("mailname=");
	begin(b, false);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	int r = nftw(b->folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	arena_free(&b->arena);
	free(b);
	return r;
}

/* The file is left out of it when `as_system`: only config_choose looks. */
static void put_aliases(struct bench *b, const char *text, bool as_system)
{
	char *path = arena_format(&b->arena, "%s/aliases", b->folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(disk_write_all(fd, text, strlen(text), path,
					&b->error),
			 0);
	close(fd);
	if (as_system)
		b->account->aliases = path;
	else
		set(b, "aliases", path);
	begin(b, false);
}

static const char *joined(struct bench *b, const struct address_list *list)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	const char *text;

	address_put_list(&out, list);
	text = arena_dup(&b->arena, out.data);
	buf_free(&out);
	return text;
}

static struct address_list parsed(struct bench *b, const char *text)
{
	struct address_list list = { 0 };

	assert_int_equal(address_parse_list(&b->arena, text, &list, &b->error),
			 0);
	return list;
}

/* How a list stands in the header; "!" on an error. */
static const char *shown(struct bench *b, const char *text)
{
	struct address_list in = parsed(b, text), out = { 0 };

	if (resolve_recipients(&b->resolver, &in, &out, NULL, &b->error) < 0)
		return "!";
	return joined(b, &out);
}

static const char *enveloped(struct bench *b, const char *text)
{
	struct address_list in = parsed(b, text), out = { 0 };

	if (resolve_recipients(&b->resolver, &in, NULL, &out, &b->error) < 0)
		return "!";
	for (size_t i = 0; i < out.count; i++)
		out.items[i].name = out.items[i].group = NULL;
	return joined(b, &out);
}

static const char *sender(struct bench *b, const char *text)
{
	struct address one;
	struct address_list list = { 0 };

	assert_int_equal(address_parse(&b->arena, text, true, &one, &b->error),
			 0);
	if (resolve_sender(&b->resolver, &one, &b->error) < 0)
		return "!";
	address_append(&b->arena, &list, &one);
	return joined(b, &list);
}

static const char *field(struct bench *b, const char *name, const char *value)
{
	struct field x = { .name = name, .value = value };
	bool has_utf8 = false;

	assert_int_equal(rewrite_field(&b->resolver, &x, &has_utf8, &b->error),
			 0);
	return x.value;
}

/* ---- the domain ---- */

static void here_is_this_machine(void **state)
{
	(void)state;
	assert_int_equal(local_domain_of(""), LOCAL_DOMAIN_BARE);
	assert_int_equal(local_domain_of("LOCALHOST"), LOCAL_DOMAIN_BARE);
	assert_int_equal(local_domain_of("localhost.localdomain"),
			 LOCAL_DOMAIN_BARE);
	assert_int_equal(local_domain_of("web1"), LOCAL_DOMAIN_BARE);
	assert_int_equal(local_domain_of("Web1.Example.Com"),
			 LOCAL_DOMAIN_FULL);
	assert_int_equal(local_domain_of("web1.example.com."),
			 LOCAL_DOMAIN_FULL);
	assert_int_equal(local_domain_of("web"), LOCAL_DOMAIN_NOT);
	assert_int_equal(local_domain_of("web1.example"), LOCAL_DOMAIN_NOT);
	assert_int_equal(local_domain_of("example.com"), LOCAL_DOMAIN_NOT);
}

static void the_domain_is_the_first_that_is_known(void **state)
{
	struct bench *b = *state;

	assert_string_equal(enveloped(b, "root"), "root@web1.example.com");
	freeze("mailname=web1");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@web1.example.com");
	freeze("mailname=mail.example.com");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@mail.example.com");
	set(b, "from", "ops@localhost");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@mail.example.com");
	set(b, "from", "ops@example.org");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@example.org");
	set(b, "maildomain", "old.example.org");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@old.example.org");
	set(b, "qualify_domain", "b\303\274cher.example");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@xn--bcher-kva.example");
	set(b, "qualify_domain", "@example.org");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "!");
	assert_int_equal(b->error.cause, ERROR_CONFIG);
	/* nobody asks for it where nobody needs it */
	error_clear(&b->error);
	assert_string_equal(enveloped(b, "a@x.org"), "a@x.org");
}

static void what_means_nothing_elsewhere_is_replaced(void **state)
{
	struct bench *b = *state;

	set(b, "from", "ops@example.org");
	begin(b, false);
	assert_string_equal(
		shown(b, "root, Bob <bob@localhost>, eve@web1, "
			 "dan@web1.example.com, x@y.example, t: z, q@q.org;"),
		"root@example.org, Bob <bob@example.org>, eve@example.org, "
		"dan@web1.example.com, x@y.example, t: z@example.org, "
		"q@q.org;");
	assert_string_equal(shown(b, "nobody:;, root"),
			    "nobody:;, root@example.org");
	assert_string_equal(enveloped(b, "nobody:;, root"), "root@example.org");
}

static void localhost_stays_where_the_server_shares_it(void **state)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "::1",
					     "web1.example.com" };
	struct bench *b = *state;

	set(b, "from", "ops@example.org");
	for (size_t i = 0; i < 4; i++) {
		set(b, "host", hosts[i]);
		begin(b, false);
		assert_string_equal(enveloped(b, "root@localhost, root@web1"),
				    "root@localhost, root@web1");
		assert_string_equal(enveloped(b, "root"), "root@example.org");
		assert_string_equal(sender(b, "root@localhost"),
				    "root@localhost");
	}
}

/* ---- aliases ---- */

static void aliases_hold_in_envelope_and_header(void **state)
{
	struct bench *b = *state;

	set(b, "from", "ops@example.org");
	put_aliases(b,
		    "postmaster: root\nroot: Eve <eve@x.org>, joe\n"
		    "dev: eve@x.org\n",
		    false);
	assert_string_equal(shown(b, "Root <root>"),
			    "Eve <eve@x.org>, Root <joe@example.org>");
	assert_string_equal(enveloped(b, "root"), "eve@x.org, joe@example.org");
	assert_string_equal(enveloped(b, "postmaster@localhost"),
			    "eve@x.org, joe@example.org");
	assert_string_equal(enveloped(b, "root@web1.example.com"),
			    "eve@x.org, joe@example.org");
	assert_string_equal(shown(b, "dev, root, a@x.org, a@x.org"),
			    "eve@x.org, joe@example.org, a@x.org, a@x.org");
	assert_string_equal(shown(b, "T: root, z@z.org;"),
			    "T: Eve <eve@x.org>, joe@example.org, z@z.org;");
	begin(b, true);
	assert_string_equal(shown(b, "Root <root>"), "Root <root@example.org>");
	set(b, "aliases", "off");
	begin(b, false);
	assert_string_equal(enveloped(b, "root"), "root@example.org");
}

static void who_is_on_a_list_is_not_shown(void **state)
{
	struct bench *b = *state;
	char text[256];

	put_aliases(b, "a@x.org\nb@x.org, root\n", false);
	snprintf(text, sizeof(text), "%s/list", b->folder);
	assert_int_equal(rename(b->account->aliases, text), 0);
	snprintf(text, sizeof(text),
		 "team: :include:%s/list\nall: team\nroot: r@x.org\n",
		 b->folder);
	put_aliases(b, text, false);
	assert_string_equal(shown(b, "The Team <team>, all, root"),
			    "The Team <team@web1.example.com>, "
			    "all@web1.example.com, r@x.org");
	assert_string_equal(enveloped(b, "all"), "a@x.org, b@x.org, r@x.org");
}

static void a_user_without_a_server_is_himself(void **state)
{
	struct bench *b = *state;

	b->account->host = NULL;
	set(b, "from", "ops@example.org");
	put_aliases(b, "joe: away@x.org\nroot: joe\n", false);
	assert_string_equal(enveloped(b, "joe"), "joe@web1.example.com");
	assert_string_equal(enveloped(b, "joe@localhost, root"),
			    "joe@web1.example.com, joe@web1.example.com");
	assert_string_equal(enveloped(b, "eve"), "eve@example.org");
	assert_string_equal(enveloped(b, "joe@x.org"), "joe@x.org");
}

static void a_file_that_was_named_must_be_there(void **state)
{
	struct bench *b = *state;

	set(b, "aliases", "/nonexistent/aliases");
	begin(b, false);
	assert_string_equal(enveloped(b, "a@x.org"), "a@x.org");
	assert_string_equal(enveloped(b, "root"), "!");
	assert_int_equal(b->error.cause, ERROR_CONFIG);
	assert_non_null(strstr(b->error.text, "/nonexistent/aliases"));
}

static void the_systems_file_is_taken_as_it_is(void **state)
{
	struct bench *b = *state;

	put_aliases(b, "junk\nroot: r@x.org\n", true);
	assert_string_equal(enveloped(b, "root"), "r@x.org");
	put_aliases(b, "junk\nroot: r@x.org\n", false);
	assert_string_equal(enveloped(b, "root"), "r@x.org");
	assert_string_equal(enveloped(b, "junk"), "!");
}

static void each_step_is_told(void **state)
{
	struct bench *b = *state;
	struct resolution found = { .final = { .count = 0 } };
	struct address_list in = parsed(b, "root@localhost");

	put_aliases(b, "root: joe, eve@x.org\n", false);
	assert_int_equal(resolve_address(&b->resolver, in.items, &found,
					 &b->error),
			 0);
	assert_string_equal(found.qualified.spec, "root@web1.example.com");
	assert_true(found.expansion.is_alias);
	assert_string_equal(joined(b, &found.expansion.list), "joe, eve@x.org");
	assert_string_equal(joined(b, &found.final),
			    "joe@web1.example.com, eve@x.org");
}

/* ---- senders ---- */

static void a_bare_sender_is_masked(void **state)
{
	struct bench *b = *state;

	assert_string_equal(sender(b, "root"), "root@web1.example.com");
	set(b, "from", "ops@example.org");
	begin(b, false);
	assert_string_equal(sender(b, "root"),
			    "root on web1 <ops@example.org>");
	assert_string_equal(sender(b, "eve@web1"),
			    "eve on web1 <ops@example.org>");
	assert_string_equal(sender(b, "root (Cron Daemon)"),
			    "\"Cron Daemon (root on web1)\" <ops@example.org>");
	assert_string_equal(sender(b, "ops"), "ops@example.org");
	assert_string_equal(sender(b, "Ops <ops>"), "Ops <ops@example.org>");
	assert_string_equal(sender(b, "root@web1.example.com"),
			    "root@web1.example.com");
	assert_string_equal(sender(b, "a@x.org"), "a@x.org");
	assert_string_equal(sender(b, "<>"), "<>");
	/* an alias is for who gets mail */
	put_aliases(b, "root: r@x.org\n", false);
	assert_string_equal(sender(b, "root"),
			    "root on web1 <ops@example.org>");
}

static void masquerade_has_two_other_values(void **state)
{
	struct bench *b = *state;

	set(b, "from", "ops@example.org");
	set(b, "masquerade", "off");
	begin(b, false);
	assert_string_equal(sender(b, "root"), "root@example.org");
	set(b, "masquerade", "on");
	begin(b, false);
	assert_string_equal(sender(b, "root@web1.example.com"),
			    "root on web1 <ops@example.org>");
	assert_string_equal(sender(b, "root"),
			    "root on web1 <ops@example.org>");
	assert_string_equal(sender(b, "a@x.org"), "a@x.org");
	assert_string_equal(sender(b, "<>"), "<>");
}

/* ---- fields ---- */

static void fields_are_rewritten_by_what_they_are(void **state)
{
	struct bench *b = *state;

	set(b, "from", "ops@example.org");
	put_aliases(b, "root: r@x.org\n", false);
	assert_string_equal(field(b, "TO", "root, joe"),
			    "r@x.org, joe@example.org");
	assert_string_equal(field(b, "Resent-Cc", "Root <root>"),
			    "Root <r@x.org>");
	assert_string_equal(field(b, "Reply-To", "root"), "r@x.org");
	assert_string_equal(field(b, "From", "root"),
			    "root on web1 <ops@example.org>");
	assert_string_equal(field(b, "Resent-From", "root"),
			    "root on web1 <ops@example.org>");
	assert_string_equal(field(b, "Sender", "root"), "root@example.org");
	assert_string_equal(field(b, "Errors-To", "root"), "root@example.org");
	assert_string_equal(field(b, "Bcc", "root"), "root");
	assert_string_equal(field(b, "Subject", "root"), "root");
	assert_string_equal(field(b, "X-To", "root"), "root");
	assert_string_equal(field(b, "To", "=?utf-8?q?J=C3=B6rg?= <joe>"),
			    "=?UTF-8?B?SsO2cmc=?= <joe@example.org>");
}

/* The value itself: by that a draft knows that its own lines still hold. */
static void a_field_that_stays_is_not_touched(void **state)
{
	static const char *const same[] = {
		"a@x.org (a comment),  \"B\"  <b@x.org> ",
		"undisclosed recipients",
		"undisclosed-recipients",
		"Undisclosed-Recipients:;",
		"<\"undisclosed recipients\">",
		"unlisted-recipients: no To-header on input <;>",
		"Recipient list not shown: ;",
		"root joe",
		"root, |cat",
		"",
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_ptr_equal(field(b, "To", same[i]), same[i]);
}

static void an_alias_at_error_is_qualified_in_a_field(void **state)
{
	struct bench *b = *state;

	put_aliases(b, "robot: |cat\nroot: r@x.org\n", false);
	assert_string_equal(field(b, "To", "root, robot"),
			    "r@x.org, robot@web1.example.com");
	assert_string_equal(enveloped(b, "robot"), "!");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(here_is_this_machine),
		TEST(the_domain_is_the_first_that_is_known),
		TEST(what_means_nothing_elsewhere_is_replaced),
		TEST(localhost_stays_where_the_server_shares_it),
		TEST(aliases_hold_in_envelope_and_header),
		TEST(who_is_on_a_list_is_not_shown),
		TEST(a_user_without_a_server_is_himself),
		TEST(a_file_that_was_named_must_be_there),
		TEST(the_systems_file_is_taken_as_it_is),
		TEST(each_step_is_told),
		TEST(a_bare_sender_is_masked),
		TEST(masquerade_has_two_other_values),
		TEST(fields_are_rewritten_by_what_they_are),
		TEST(a_field_that_stays_is_not_touched),
		TEST(an_alias_at_error_is_qualified_in_a_field),
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
