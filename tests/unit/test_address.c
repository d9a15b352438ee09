/* test_address.c - what is read, what is refused and where, what is written;
 * and that no text, however broken, does harm. */
#include "laws.h"

#include <stdio.h>
#include <time.h>

#include "mail/address.h"

/* One address, its parts as "name|local|domain|spec"; NULL name is "-". */
static const struct {
	const char *in, *out;
} single[] = {
	{ "bob@example.org", "-|bob|example.org|bob@example.org" },
	{ " bob@EXAMPLE.org ", "-|bob|example.org|bob@example.org" },
	{ "Bob@example.org", "-|Bob|example.org|Bob@example.org" },
	{ "<bob@example.org>", "-|bob|example.org|bob@example.org" },
	{ "Bob <bob@example.org>", "Bob|bob|example.org|bob@example.org" },
	{ "Bob<bob@example.org>", "Bob|bob|example.org|bob@example.org" },
	{ "Bob Smith <b@x.org>,", "Bob Smith|b|x.org|b@x.org" },
	{ ",, Bob  Smith\t<b@x.org>", "Bob Smith|b|x.org|b@x.org" },
	{ "\"Smith, Bob\" <b@x.org>", "Smith, Bob|b|x.org|b@x.org" },
	{ "\"Bob \\\"B\\\" \\\\\" <b@x.org>", "Bob \"B\" \\|b|x.org|b@x.org" },
	{ "\"\" <b@x.org>", "-|b|x.org|b@x.org" },
	{ "\"Bob\" van \"der\" X <b@x.org>", "Bob van der X|b|x.org|b@x.org" },
	{ "J. R. Doe <a@b>", "J. R. Doe|a|b|a@b" },
	{ "Jörg Müller <j@x.org>", "Jörg Müller|j|x.org|j@x.org" },
	{ "\"Jörg Müller\" <j@x.org>", "Jörg Müller|j|x.org|j@x.org" },
	{ "山田 太郎 <t@x.jp>", "山田 太郎|t|x.jp|t@x.jp" },
	{ "bob@x.org (Bob Smith)", "Bob Smith|bob|x.org|bob@x.org" },
	{ "<bob@x.org> (Bob (B) \\) Smith)",
	  "Bob (B) ) Smith|bob|x.org|bob@x.org" },
	{ "Bob <bob@x.org> (not this)", "Bob|bob|x.org|bob@x.org" },
	{ "bob@x.org ()", "-|bob|x.org|bob@x.org" },
	{ "root (Charlie Root)", "Charlie Root|root||root" },
	{ "bob@x.org (=?utf-8?q?J=C3=B6rg?=)", "Jörg|bob|x.org|bob@x.org" },
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	  "Pete|pete|silly.test|pete@silly.test" },
	/* RFC 5322 A.5, A.6.1 */
	{ "Mary Smith <@node.test:mary@example.net>",
	  "Mary Smith|mary|example.net|mary@example.net" },
	{ "<@a.test,@b.test:x@y.test>", "-|x|y.test|x@y.test" },
	{ "john . doe @ example . org", "-|john.doe|example.org|"
					"john.doe@example.org" },
	{ "john.(c)doe(c)@(c)example(c).org",
	  "-|john.doe|example.org|john.doe@example.org" },
	/* local parts that only quotes can carry, or that carriers gave out */
	{ "\"john doe\"@x.org", "-|john doe|x.org|\"john doe\"@x.org" },
	{ "\"john\"@x.org", "-|john|x.org|john@x.org" },
	{ "\"a\\\"b\\\\c\"@x.org", "-|a\"b\\c|x.org|\"a\\\"b\\\\c\"@x.org" },
	{ "\"a@b\"@x.org", "-|a@b|x.org|\"a@b\"@x.org" },
	{ "\"a\".b@x.org", "-|a.b|x.org|a.b@x.org" },
	{ "a..b@docomo.ne.jp", "-|a..b|docomo.ne.jp|\"a..b\"@docomo.ne.jp" },
	{ "a.@docomo.ne.jp", "-|a.|docomo.ne.jp|\"a.\"@docomo.ne.jp" },
	{ ".a@docomo.ne.jp", "-|.a|docomo.ne.jp|\".a\"@docomo.ne.jp" },
	{ "T <a.@docomo.ne.jp>", "T|a.|docomo.ne.jp|\"a.\"@docomo.ne.jp" },
	{ "!#$%&'*+-/=?^_`{|}~@x.org",
	  "-|!#$%&'*+-/=?^_`{|}~|x.org|!#$%&'*+-/=?^_`{|}~@x.org" },
	{ "/C=US/S=X/@gw.test", "-|/C=US/S=X/|gw.test|/C=US/S=X/@gw.test" },
	{ "user+tag@x.org", "-|user+tag|x.org|user+tag@x.org" },
	{ "host!user@x.org", "-|host!user|x.org|host!user@x.org" },
	{ "root", "-|root||root" },
	{ "john.doe", "-|john.doe||john.doe" },
	{ "<root>", "-|root||root" },
	{ "Root <root>", "Root|root||root" },
	{ "jörg@x.org", "-|jörg|x.org|jörg@x.org" },
	{ "j@münchen.de", "-|j|xn--mnchen-3ya.de|j@xn--mnchen-3ya.de" },
	{ "j@[192.0.2.1]", "-|j|[192.0.2.1]|j@[192.0.2.1]" },
	{ "j@[ IPv6:::1 ]", "-|j|[IPv6:::1]|j@[IPv6:::1]" },
	{ "j@x.org.", "-|j|x.org|j@x.org" },
	{ "j@x.org. (J)", "J|j|x.org|j@x.org" },
	{ "j@x.org <j@X.org>", "-|j|x.org|j@x.org" },
	/* encoded words: adjacent ones, cut characters, others' slips */
	{ "=?utf-8?q?J=C3=B6rg?= <j@x.org>", "Jörg|j|x.org|j@x.org" },
	{ "=?UTF-8?B?SsO2cmc=?= =?utf-8*de?Q?_M?= X <j@x.org>",
	  "Jörg M X|j|x.org|j@x.org" },
	{ "=?utf-8?q?J=C3?= =?utf-8?q?=B6rg?= <j@x.org>",
	  "Jörg|j|x.org|j@x.org" },
	{ "=?iso-8859-1?q?J=F6rg?= =?koi8-r?b?8NLJ18XU?= <j@x.org>",
	  "JörgПривет|j|x.org|j@x.org" },
	{ "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <j@x.org>",
	  "日本|j|x.org|j@x.org" },
	{ "=?utf-8?Q?M=C3=BCller,_J. (x)?= <j@x.org>", NULL },
	{ "=?utf-8?Q?M=C3=BCller,_J.@(x)?= <j@x.org>",
	  "Müller, J.@(x)|j|x.org|j@x.org" },
	{ "\"=?utf-8?q?J=C3=B6rg?=\" <j@x.org>", "Jörg|j|x.org|j@x.org" },
	{ "\"a =?utf-8?q?b?=\" <j@x.org>", "a =?utf-8?q?b?=|j|x.org|j@x.org" },
	{ "=?nonsense?q?J=F6rg?= <j@x.org>",
	  "=?nonsense?q?J=F6rg?=|j|x.org|j@x.org" },
	{ "=?utf-8?q?=FF?= <j@x.org>", "=?utf-8?q?=FF?=|j|x.org|j@x.org" },
	{ "=?utf-8?b?!!!?= <j@x.org>", "=?utf-8?b?!!!?=|j|x.org|j@x.org" },
	{ "=?utf-8?q?a=0D=0ABcc:_b=00=1b?= <j@x.org>",
	  "a  Bcc: b|j|x.org|j@x.org" },
	/* beyond the grammar, where it can mean one thing alone */
	{ "[Team] X <a@x.org>", "[Team] X|a|x.org|a@x.org" },
	{ "X [a, b] Y <a@x.org>", "X [a, b] Y|a|x.org|a@x.org" },
	{ "[Team X <a@x.org>", "[Team X|a|x.org|a@x.org" },
	{ "Team] X <a@x.org>", "Team] X|a|x.org|a@x.org" },
	{ "[bob@y.org] X <a@x.org>", "[bob@y.org] X|a|x.org|a@x.org" },
	{ "Ops @ Site <a@x.org>", "Ops @ Site|a|x.org|a@x.org" },
	{ "A \\ B <a@x.org>", "A \\ B|a|x.org|a@x.org" },
	{ "'a@x.org' <a@x.org>", "-|a|x.org|a@x.org" },
	{ "'a@x.org' <'a@x.org'>", "-|a|x.org|a@x.org" },
	{ "'b@y.org' <a@x.org>", "b@y.org|a|x.org|a@x.org" },
	{ "'Last, First' <a@x.org>", "Last, First|a|x.org|a@x.org" },
	{ "'O'Neill, Bob' <a@x.org>", "O'Neill, Bob|a|x.org|a@x.org" },
	{ "Bob a@x.org <a@x.org>", "Bob a@x.org|a|x.org|a@x.org" },
	{ "A@x.org<a@x.org>", "-|a|x.org|a@x.org" },
	{ "\"Last, First\" a@x.org", "Last, First|a|x.org|a@x.org" },
	{ "\"Last\"\t\"First\" a@x.org", "Last First|a|x.org|a@x.org" },
	{ "\"a@x.org\"", "-|a|x.org|a@x.org" },
	{ "\"A <a@x.org>\"", "A|a|x.org|a@x.org" },
	{ "'a@x.org'", "-|a|x.org|a@x.org" },
	{ "'root'", "-|root||root" },
	{ "'a@x.org", "-|'a|x.org|'a@x.org" },
	{ "<<a@x.org>>", "-|a|x.org|a@x.org" },
	{ "A <mailto:a@x.org>", "A|a|x.org|a@x.org" },
	{ "a@x.org <mailto:a@x.org>", "-|a|x.org|a@x.org" },
	{ "Re: help me <a@x.org>", "Re: help me|a|x.org|a@x.org" },
	{ "a@x.org;", "-|a|x.org|a@x.org" },
	{ ";; root ;", "-|root||root" },
	{ "=?utf-8?q?j?=@x.org", "-|=?utf-8?q?j?=|x.org|=?utf-8?q?j?=@x.org" },
};

static char *describe(struct arena *a, const struct address *one)
{
	return arena_format(a, "%s|%s|%s|%s", one->name ? one->name : "-",
			    one->local, one->domain, one->spec);
}

static void reads(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++) {
		struct error f = ERROR_INIT;
		struct address one;
		int rc = address_parse(&a, single[i].in, false, &one, &f);

		if (!single[i].out) {
			assert_int_equal(rc, -1);
			continue;
		}
		assert_string_equal(f.text, "");
		assert_int_equal(rc, 0);
		assert_string_equal(describe(&a, &one), single[i].out);
		assert_false(one.group_only);
		assert_null(one.group);
	}
	arena_free(&a);
}

static void smtputf8(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct address one;

	(void)state;
	assert_int_equal(address_parse(&a, "Jörg <j@münchen.de>", false, &one,
				       &f),
			 0);
	assert_false(one.needs_smtputf8);
	assert_int_equal(address_parse(&a, "jörg@x.org", false, &one, &f), 0);
	assert_true(one.needs_smtputf8);
	arena_free(&a);
}

/* The text and the column, and a word that its sentence must have. */
static const struct {
	const char *in;
	unsigned column; /* 0: the sentence needs none */
	const char *word;
} refused[] = {
	{ "bob@@example.org", 5, "\"@\"" },
	{ "bob@", 5, "domain" },
	{ "bob@ ", 6, "domain" },
	{ "@example.org", 1, "user name" },
	{ "<@example.org>", 14, "\":\"" },
	{ "\"\"@example.org", 3, "user name" },
	{ "bob@example..org", 13, "\".\"" },
	{ "bob@.org", 5, "\".\"" },
	{ "bob@\"x\".org", 5, "domain" },
	{ "bob@x.org jim@x.org", 11, "comma" },
	{ "<bob@x.org> <jim@x.org>", 13, "comma" },
	{ "bob@x.org <jim@x.org>", 11, "comma" },
	{ "bob@x.org> ", 10, "\">\"" },
	{ "bob smith", 5, "smith" },
	{ "Bob Smith bob@x.org", 5, "Smith" },
	{ "Jörg Smith jörg@x.org", 6, "Smith" },
	{ "\"Bob Smith\"", 12, "<" },
	{ "\"Bob Smith\", bob@x.org", 12, "<" },
	{ "Bob <bob@x.org", 15, "\">\"" },
	{ "Bob <bob@x.org, jim@x.org", 15, "\">\"" },
	{ "bob.", 5, "\"@\"" },
	{ "<\"bob smith\">", 13, "\"@\"" },
	{ "Bob <>", 6, "user name" },
	{ "<>", 2, "user name" },
	{ "Bob bob@x.org>", 5, "bob" },
	{ "\"Bob <bob@x.org>", 1, "quote" },
	{ "Bob (Bob <bob@x.org>", 5, "comment" },
	{ "bob@x.org (Bob", 11, "comment" },
	{ "bob@[192.0.2.1", 5, "]" },
	{ "bob@[192.0.2.300]", 5, "literal" },
	{ "bob@192.0.2.1", 5, "brackets" },
	{ "bob@exa$mple.org", 5, "host name" },
	{ "bob@-x.org", 5, "hyphen" },
	{ "bob@x.org jim@x.org <jim@x.org>", 21, "second" },
	{ "Bob bob@x.org, jim@x.org", 5, "bob" },
	{ "'bob@x.org' <jim@x.org>, 'x", 3, "name" },
	{ "bob@x.org, 'jim@y.org <jim@x.org>", 12, "second" },
	{ "Smith, Bob <bob@x.org>", 6, "double quotes" },
	{ "Müller, Hans <bob@x.org>", 7, "double quotes" },
	{ "=?utf-8?q?M=C3=BCller?=, Hans <bob@x.org>", 24, "name" },
	{ "=?utf-8?q?J=C3=B6rg?=", 22, "name" },
	{ "'Smith, Bob <bob@x.org>", 7, "name" },
	{ "\"bob@x.org, jim@x.org\"", 23, "<" },
	{ "\"Bob\" bob@x.org, \"Jim\"", 6, "<" },
	{ "Bob <<bob@x.org>", 17, "\">\"" },
	{ "<mailto:bob@x.org?cc=jim@x.org>", 13, "host name" },
	{ "\"bob@x.org\" jim@x.org", 13, "second" },
	{ "Re: a@x.org", 12, "semicolon" },
	{ "Re: A <a@x.org>, b@x.org", 8, "semicolon" },
	{ "[192.0.2.1] bob@x.org", 1, "[" },
	{ "bob\\@x.org", 4, "\\" },
	{ ")", 1, ")" },
	{ ">", 1, ">" },
	{ "group: bob@x.org", 17, "semicolon" },
	{ "a: b: c@x.org;;", 5, "group" },
	{ ": b@x.org;", 1, "address" },
	{ "mailto:bob@x.org", 7, "mailto" },
	{ "bob@x.org\nBcc: all@x.org", 10, "line break" },
	{ "Bob\r <bob@x.org>", 4, "line break" },
	{ "b\x1b"
	  "b@x.org",
	  2, "control" },
	{ "b\xff@x.org", 0, "UTF-8" },
	{ "|/usr/bin/vacation", 0, "command" },
	{ "\"|/usr/bin/vacation bob\"", 0, "command" },
	{ "|cmd@x.org", 0, "command" },
	{ "Bob <|cmd>", 0, "command" },
	{ "/var/mail/bob", 0, "file" },
	{ "\"/var/mail/bob\"", 0, "file" },
};

static void refuses(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct address_list list = { .items = NULL };
		struct error f = ERROR_INIT;
		char column[32];

		if (!address_parse_list(&a, refused[i].in, &list, &f))
			fail_msg("\"%s\" was taken", refused[i].in);
		assert_int_equal(f.cause, ERROR_USAGE);
		snprintf(column, sizeof(column), "column %u;",
			 refused[i].column);
		if (refused[i].column && !strstr(f.text, column))
			fail_msg("not at %s %s", column, f.text);
		if (!strstr(f.text, refused[i].word))
			fail_msg("no \"%s\" in: %s", refused[i].word, f.text);
	}
	arena_free(&a);
}

/* In a list the error quotes the entry that is wrong, and counts in it. */
static void refuses_in_list(void **state)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(address_parse_list(&a,
					    "a@x.org, \"B, b\" <b@x.org>, "
					    "bob@@x.org, c@x.org",
					    &list, &f),
			 -1);
	assert_non_null(strstr(f.text, "\"bob@@x.org\""));
	assert_non_null(strstr(f.text, "column 5;"));
	assert_null(strstr(f.text, "c@x.org"));
	arena_free(&a);
}

static void exactly_one(void **state)
{
	static const char *const bad[] = { "", " , ", "a@x.org, b@x.org", "g:;",
					   "g: a@x.org;" };
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct address one;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		error_clear(&f);
		assert_int_equal(address_parse(&a, bad[i], true, &one, &f), -1);
		assert_int_equal(f.cause, ERROR_USAGE);
	}
	error_clear(&f);
	assert_int_equal(address_parse(&a, " < > ", true, &one, &f), 0);
	assert_string_equal(one.spec, "");
	assert_string_equal(one.local, "");
	assert_string_equal(one.domain, "");
	arena_free(&a);
}

/* Lists, as they are written again. */
static const struct {
	const char *in;
	size_t count;
	const char *out;
} lists[] = {
	{ "", 0, "" },
	{ " \t", 0, "" },
	{ ",, ,", 0, "" },
	{ "a@x.org,b@x.org", 2, "a@x.org, b@x.org" },
	{ "a@x.org, , b@x.org,", 2, "a@x.org, b@x.org" },
	{ "A B <a@x.org>, \"C, D\" <c@x.org>", 2,
	  "A B <a@x.org>, \"C, D\" <c@x.org>" },
	{ "J. R. <a@x.org>", 1, "\"J. R.\" <a@x.org>" },
	{ "a@x.org (A \"B\")", 1, "\"A \\\"B\\\"\" <a@x.org>" },
	{ "\"\\a\\b\" <a@x.org>", 1, "ab <a@x.org>" },
	{ "undisclosed-recipients:;", 1, "undisclosed-recipients:;" },
	{ "\"a, b\": ;", 1, "\"a, b\":;" },
	{ "A Team: a@x.org, B <b@x.org>;, c@x.org", 3,
	  "A Team: a@x.org, B <b@x.org>;, c@x.org" },
	{ "x@x.org, G:, a@x.org,;, G: b@x.org;", 3,
	  "x@x.org, G: a@x.org;, G: b@x.org;" },
	{ "g:;, h:;, a@x.org", 3, "g:;, h:;, a@x.org" },
	{ "g: a@x.org;, h:;", 2, "g: a@x.org;, h:;" },
	{ "a@x.org; B <b@x.org>;c@x.org;", 3, "a@x.org, B <b@x.org>, c@x.org" },
	{ "[T] X <a@x.org>, 'B, b' <b@x.org>", 2,
	  "\"[T] X\" <a@x.org>, \"B, b\" <b@x.org>" },
	{ "a: b@x.org; c@x.org", 2, "a: b@x.org;, c@x.org" },
	{ "Re: A <a@x.org>", 1, "\"Re: A\" <a@x.org>" },
	{ "undisclosed-recipients:; a@x.org", 2,
	  "undisclosed-recipients:;, a@x.org" },
	{ "root, Bob <b@x.org>", 2, "root, Bob <b@x.org>" },
	{ "Root, b@x.org (Bob)", 2, "<Root>, Bob <b@x.org>" },
	{ "j@münchen.de", 1, "j@xn--mnchen-3ya.de" },
	{ "jörg@x.org", 1, "jörg@x.org" },
	{ "a..b@x.org", 1, "\"a..b\"@x.org" },
	{ "J <\"a b\"@x.org>", 1, "J <\"a b\"@x.org>" },
};

static void writes(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct address_list list = { .items = NULL };
		struct buf out = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;

		address_parse_list(&a, lists[i].in, &list, &f);
		assert_string_equal(f.text, "");
		assert_int_equal(list.count, lists[i].count);
		assert_int_equal(address_put_list(&out, &list), 0);
		assert_string_equal(out.data, lists[i].out);
		buf_free(&out);
	}
	arena_free(&a);
}

/* The names of n mailboxes, each of them twice, the second time with another
 * spelling of its domain; what it costs in processor time. */
static double once_each(size_t n)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	struct address_index index = { .room = 0 };
	clock_t start = clock();

	for (size_t i = 0; i < 2 * n; i++) {
		struct address one = {
			.local = arena_format(&a, "user%zu", i % n),
			.domain = i < n ? "example.org" : "Example.ORG.",
		};

		assert_int_equal(address_append_once(&a, &list, &index, &one),
				 i < n);
	}
	assert_int_equal(list.count, n);
	arena_free(&a);
	return (double)(clock() - start);
}

/* Each with each would take 256 times as long for 16 times as many. */
static void many_are_compared_fast(void **state)
{
	double few = once_each(2000), many = once_each(32000);

	(void)state;
	for (int i = 0; i < 4 && many > 64 * few; i++) {
		few = once_each(2000);
		many = once_each(32000);
	}
	if (many > 64 * few)
		fail_msg("%.0f ticks for 2000, %.0f for 32000", few, many);
}

static void a_group_is_no_mailbox_that_comes_twice(void **state)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	struct address_index index = { .room = 0 };
	const struct address none = { .local = "",
				      .domain = "",
				      .group = "friends",
				      .group_only = true };
	const struct address bob = { .local = "bob", .domain = "x.org" };
	const struct address big_bob = { .local = "BOB", .domain = "x.org" };

	(void)state;
	assert_true(address_append_once(&a, &list, &index, &none));
	assert_true(address_append_once(&a, &list, &index, &none));
	assert_true(address_append_once(&a, &list, &index, &bob));
	/* one that came another way is known, too */
	address_append(&a, &list, &big_bob);
	assert_false(address_append_once(&a, &list, &index, &big_bob));
	assert_false(address_append_once(&a, &list, &index, &bob));
	assert_int_equal(list.count, 4);
	arena_free(&a);
}

static void writes_null(void **state)
{
	const struct address none = { .local = "", .domain = "", .spec = "" };
	struct buf out = BUF_INIT(2), small = BUF_INIT(1);

	(void)state;
	assert_int_equal(address_put(&out, &none), 0);
	assert_string_equal(out.data, "<>");
	assert_int_equal(address_put(&small, &none), -1);
	buf_free(&out);
	buf_free(&small);
}

/* Whatever the name, it comes back. */
static void names_come_back(void **state)
{
	static const char *const names[] = {
		"Bob",
		"Bob \"the\" Smith \\",
		"Smith, Bob (x) <y>",
		"@",
		"=?utf-8?q?x?=",
		"a =?b",
		("Jörg Müller-Lüdenscheidt, Straßenbahnhaltestellenaufseher "
		 "außer Dienst und überhaupt"),
		"日本国政府内閣総理大臣官邸報道室広報担当者御中様日本国政府内閣",
		"é, \"ü\" (ö) = ? _",
		"a  b",
		"👩‍👩‍👧‍👦 x",
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct address one = { .name = names[i],
				       .local = "b",
				       .domain = "x.org" };
		struct buf out = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;
		struct address back;

		address_respell(&a, &one);
		assert_int_equal(address_put(&out, &one), 0);
		address_parse(&a, out.data, false, &back, &f);
		assert_string_equal(f.text, "");
		assert_string_equal(back.name, names[i]);
		assert_string_equal(back.spec, "b@x.org");
		for (const char *c = out.data; *c; c++)
			assert_in_range((unsigned char)*c, 32, 126);
		buf_free(&out);
	}
	arena_free(&a);
}

static void equal(void **state)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(address_parse_list(&a,
					    "A <a@x.org>, \"a\"@X.ORG, "
					    "A@x.org, a, a@y.org, g:;",
					    &list, &f),
			 0);
	assert_true(address_equal(&list.items[0], &list.items[1]));
	for (size_t i = 2; i < list.count; i++)
		assert_false(address_equal(&list.items[0], &list.items[i]));
	assert_false(address_equal(&list.items[5], &list.items[5]));
	arena_free(&a);
}

static void respell(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct address one;

	(void)state;
	assert_int_equal(address_parse(&a, "a..b@y.org", false, &one, &f), 0);
	one.domain = "x.org";
	address_respell(&a, &one);
	assert_string_equal(one.spec, "\"a..b\"@x.org");
	arena_free(&a);
}

/* A text of `n` times `unit` between two others. */
static char *repeated(struct arena *a, const char *before, const char *unit,
		      size_t n, const char *after)
{
	struct buf b = BUF_INIT(LAWS_MAX);
	char *text;

	buf_puts(&b, before);
	while (n--)
		buf_puts(&b, unit);
	buf_puts(&b, after);
	text = arena_dup_n(a, b.data, b.len);
	buf_free(&b);
	return text;
}

static int parse(struct arena *a, const char *text, size_t *count,
		 struct error *f)
{
	struct address_list list = { .items = NULL };
	int rc;

	error_clear(f);
	rc = address_parse_list(a, text, &list, f);
	*count = list.count;
	return rc;
}

static void limits(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	size_t n;

	(void)state;
	assert_int_equal(parse(&a, repeated(&a, "", "x", 256, "@x.org"), &n,
			       &f),
			 0);
	assert_int_equal(parse(&a, repeated(&a, "", "x", 257, "@x.org"), &n,
			       &f),
			 -1);
	assert_int_equal(parse(&a, repeated(&a, "", "x ", 490, "<a@x.org>"), &n,
			       &f),
			 0);
	assert_int_equal(parse(&a, repeated(&a, "", "x ", 500, "<a@x.org>"), &n,
			       &f),
			 -1);
	assert_non_null(strstr(f.text, "998"));
	assert_int_equal(parse(&a, repeated(&a, "a@x.org ", "(", 100000, ""),
			       &n, &f),
			 -1);
	assert_int_equal(parse(&a, repeated(&a, "", "a@x.org,", 50000, ""), &n,
			       &f),
			 0);
	assert_int_equal(n, 50000);
	assert_int_equal(parse(&a, repeated(&a, "", "a@x.org,", 50001, ""), &n,
			       &f),
			 -1);
	assert_int_equal(f.cause, ERROR_USAGE);
	arena_free(&a);
}

/* Broken from good ones with a fixed seed.  What is taken can be written,
 * is read again as the same mailboxes, and breaks no line. */
static void mutate(char *text, size_t room, uint64_t *seed)
{
	static const char signs[] = "\"\\()<>@,;:.[] \t=?x\xc3\xbc|/";
	size_t n = strlen(text), changes = 1 + laws_random(seed) % 4;

	while (changes--) {
		size_t at = n ? laws_random(seed) % n : 0;
		char c = signs[laws_random(seed) % (sizeof(signs) - 1)];

		switch (laws_random(seed) % 4) {
		case 0:
			if (n)
				text[at] = c;
			break;
		case 1:
			if (n)
				memmove(text + at, text + at + 1, n-- - at);
			break;
		case 2:
			text[at] = '\0';
			n = at;
			break;
		default:
			if (n + 2 < room) {
				memmove(text + at + 1, text + at, ++n - at);
				text[at] = c;
			}
		}
	}
}

static void check_taken(struct arena *a, const struct address_list *list)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct address_list again = { .items = NULL };
	struct error f = ERROR_INIT;

	assert_int_equal(address_put_list(&out, list), 0);
	assert_null(strpbrk(out.data, "\r\n"));
	address_parse_list(a, out.data, &again, &f);
	if (error_is_set(&f) && !strstr(f.text, "more than"))
		fail_msg("%s", f.text);
	if (!error_is_set(&f)) {
		assert_int_equal(again.count, list->count);
		for (size_t i = 0; i < list->count; i++)
			assert_string_equal(again.items[i].spec,
					    list->items[i].spec);
	}
	buf_free(&out);
}

static void survives(void **state)
{
	uint64_t seed = 1;
	unsigned taken = 0;

	(void)state;
	for (int round = 0; round < 60000; round++) {
		struct arena a = ARENA_INIT;
		struct address_list list = { .items = NULL };
		struct error f = ERROR_INIT;
		char room[512], *text;
		size_t n = sizeof(single) / sizeof(*single);

		snprintf(room, sizeof(room), "%s, %s",
			 single[laws_random(&seed) % n].in,
			 lists[laws_random(&seed) %
			       (sizeof(lists) / sizeof(*lists))]
				 .in);
		mutate(room, sizeof(room), &seed);
		/* of its own size, for the sanitizer */
		text = memory_alloc(strlen(room) + 1);
		strcpy(text, room);
		if (!address_parse_list(&a, text, &list, &f)) {
			check_taken(&a, &list);
			taken++;
		} else {
			assert_int_equal(f.cause, ERROR_USAGE);
		}
		free(text);
		arena_free(&a);
	}
	assert_in_range(taken, 1000, 59000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(smtputf8),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_in_list),
		cmocka_unit_test(exactly_one),
		cmocka_unit_test(writes),
		cmocka_unit_test(writes_null),
		cmocka_unit_test(many_are_compared_fast),
		cmocka_unit_test(a_group_is_no_mailbox_that_comes_twice),
		cmocka_unit_test(names_come_back),
		cmocka_unit_test(equal),
		cmocka_unit_test(respell),
		cmocka_unit_test(limits),
		cmocka_unit_test(survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
