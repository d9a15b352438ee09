/* test_hops.c - Received fields as servers really write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail/received.h"

static struct arena arena;

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct hop of(const char *value)
{
	struct hop h;

	hop_read(&arena, value, &h);
	return h;
}

#define NOON	 INT64_C(1795348800) /* Sun, 22 Nov 2026 12:00:00 +0000 */
#define NOON_TXT "Sun, 22 Nov 2026 12:00:00 +0000"

static void test_servers(void **state)
{
	static const struct {
		const char *value;
		const char *from, *by, *with, *version, *cipher;
		enum hop_tls tls;
		bool is_login;
	} cases[] = {
		{ "from web1 (unknown [192.0.2.7]) (using TLSv1.3 with cipher "
		  "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
		  "server-signature RSA-PSS (2048 bits)) (No client "
		  "certificate requested) (Authenticated sender: "
		  "alice@example.org) by smtp.example.org (Postfix) with "
		  "ESMTPSA id 4XwQ2k1v3Tz9sPy for <bob@example.net>; " NOON_TXT
		  " (UTC)",
		  "web1", "smtp.example.org", "ESMTPSA", "TLSv1.3",
		  "TLS_AES_256_GCM_SHA384", HOP_TLS_USED, true },
		{ "from mx.example.org (mx.example.org [192.0.2.1]) by "
		  "mail.example.net (Postfix) with ESMTP id 1234567890 for "
		  "<bob@example.net>; " NOON_TXT,
		  "mx.example.org", "mail.example.net", "ESMTP", "", "",
		  HOP_TLS_NONE, false },
		{ "by web1.example.org (Postfix, from userid 1000) id "
		  "ABCDEF0123; " NOON_TXT,
		  "", "web1.example.org", "", "", "", HOP_TLS_UNTOLD, false },
		{ "from [192.0.2.8] (helo=client) by mx.example.org with "
		  "esmtpsa (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) "
		  "(envelope-from <a@example.org>) id 1rABCD-0001-2E for "
		  "b@example.net; " NOON_TXT,
		  "[192.0.2.8]", "mx.example.org", "esmtpsa", "TLSv1.3",
		  "TLS_AES_256_GCM_SHA384", HOP_TLS_USED, true },
		{ "from client.example.org ([192.0.2.8]:40000) by "
		  "mx.example.org with esmtps "
		  "(TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256) (Exim 4.89) id "
		  "1a-2b-3c; " NOON_TXT,
		  "client.example.org", "mx.example.org", "esmtps", "TLSv1.2",
		  "ECDHE_RSA_AES_256_GCM_SHA384", HOP_TLS_USED, false },
		{ "from laptop (laptop.example.org [192.0.2.9]) by "
		  "mx.example.org (OpenSMTPD) with ESMTPSA id 8f2a9c11 "
		  "(TLSv1.3:TLS_CHACHA20_POLY1305_SHA256:256:NO) for "
		  "<b@example.net>; " NOON_TXT " (CET)",
		  "laptop", "mx.example.org", "ESMTPSA", "TLSv1.3",
		  "TLS_CHACHA20_POLY1305_SHA256", HOP_TLS_USED, true },
		{ "from localhost (localhost [local]); by mx.example.org "
		  "(OpenSMTPD) with ESMTPA id 11223344; " NOON_TXT,
		  "localhost", "mx.example.org", "ESMTPA", "", "", HOP_TLS_NONE,
		  true },
		{ "from mx (mx.example.org [192.0.2.9]) by old.example.org "
		  "(OpenSMTPD) with ESMTPS id 99 TLS version=TLSv1.2 "
		  "cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NO for "
		  "<b@example.net>; " NOON_TXT,
		  "mx", "old.example.org", "ESMTPS", "TLSv1.2",
		  "ECDHE-RSA-AES256-GCM-SHA384", HOP_TLS_USED, false },
		{ "from mail-sor-f41.google.com (mail-sor-f41.google.com. "
		  "[209.85.220.41]) by mx.google.com with SMTPS id "
		  "a1-20020a05.5.2026.11.22 for <b@gmail.com> (Google "
		  "Transport Security); " NOON_TXT,
		  "mail-sor-f41.google.com", "mx.google.com", "SMTPS", "", "",
		  HOP_TLS_USED, false },
		{ "from smtp.example.org (smtp.example.org. [192.0.2.1]) by "
		  "mx.google.com with ESMTPS id x1si1234567edc.12.2026.11.22 "
		  "for <b@gmail.com> (version=TLS1_3 "
		  "cipher=TLS_AES_256_GCM_SHA384 bits=256/256); Sun, 22 Nov "
		  "2026 04:00:00 -0800 (PST)",
		  "smtp.example.org", "mx.google.com", "ESMTPS", "TLSv1.3",
		  "TLS_AES_256_GCM_SHA384", HOP_TLS_USED, false },
		{ "by 2002:a05:6402:1234:b0:5d0:abcd with SMTP id "
		  "x1csp1234567edc; Sun, 22 Nov 2026 04:00:00 -0800 (PST)",
		  "", "2002:a05:6402:1234:b0:5d0:abcd", "SMTP", "", "",
		  HOP_TLS_NONE, false },
		{ "from AM0PR01MB1234.eurprd01.prod.exchangelabs.com "
		  "(2603:10a6:208:1::12) by "
		  "DB7PR01MB5678.eurprd01.prod.exchangelabs.com with "
		  "Microsoft SMTP Server (version=TLS1_2, "
		  "cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id "
		  "15.20.8182.11; " NOON_TXT,
		  "AM0PR01MB1234.eurprd01.prod.exchangelabs.com",
		  "DB7PR01MB5678.eurprd01.prod.exchangelabs.com",
		  "Microsoft SMTP Server", "TLSv1.2",
		  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", HOP_TLS_USED,
		  false },
		{ "from AM0PR01MB1234.eurprd01.prod.exchangelabs.com "
		  "([fe80::1]) by AM0PR01MB1234.eurprd01.prod.exchangelabs.com "
		  "([fe80::1%4]) with mapi id 15.20.8182.011; " NOON_TXT,
		  "AM0PR01MB1234.eurprd01.prod.exchangelabs.com",
		  "AM0PR01MB1234.eurprd01.prod.exchangelabs.com", "mapi", "",
		  "", HOP_TLS_UNTOLD, false },
		{ "from mx1.example.org (mx1.example.org [192.0.2.1]) "
		  "(version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 bits=128 "
		  "verify=NOT) by mail.example.net (8.18.1/8.18.1) with ESMTPS "
		  "id 5AMC00xx012345; " NOON_TXT,
		  "mx1.example.org", "mail.example.net", "ESMTPS", "TLSv1.3",
		  "TLS_AES_128_GCM_SHA256", HOP_TLS_USED, false },
		{ "from mail.example.net by imap.example.net with LMTP id "
		  "yFz1Mw (envelope-from <a@example.org>) for "
		  "<b@example.net>; " NOON_TXT,
		  "mail.example.net", "imap.example.net", "LMTP", "", "",
		  HOP_TLS_NONE, false },
		{ "(qmail 4711 invoked by uid 1000); 22 Nov 2026 12:00:00 "
		  "-0000",
		  "", "", "", "", "", HOP_TLS_UNTOLD, false },
		{ "from unknown (HELO web1) (192.0.2.7) by mx.example.org with "
		  "SMTP; 22 Nov 2026 12:00:00 -0000",
		  "unknown", "mx.example.org", "SMTP", "", "", HOP_TLS_NONE,
		  false },
		{ "from web1 ([192.0.2.7]) by host.example.org (mailsend) with "
		  "ESMTPSA; " NOON_TXT,
		  "web1", "host.example.org", "ESMTPSA", "", "", HOP_TLS_USED,
		  true },
		{ "from a by b with UTF8SMTPSA id 1; " NOON_TXT, "a", "b",
		  "UTF8SMTPSA", "", "", HOP_TLS_USED, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hop h = of(cases[i].value);

		assert_string_equal(h.from, cases[i].from);
		assert_string_equal(h.by, cases[i].by);
		assert_string_equal(h.with, cases[i].with);
		assert_string_equal(h.tls_version, cases[i].version);
		assert_string_equal(h.cipher, cases[i].cipher);
		assert_int_equal(h.tls, cases[i].tls);
		assert_int_equal(h.is_login, cases[i].is_login);
		assert_true(h.has_date);
		assert_int_equal(h.when, NOON);
	}
}

/* What stands there need not be one at all. */
static void test_hostile(void **state)
{
	static const char *const values[] = {
		"",
		";",
		";;;",
		"(",
		"((((((((((",
		")",
		"from",
		"from from from",
		"by by by with with with",
		"from \"a b; c",
		"from a by b; @1",
		"from a by b; yesterday",
		"from a by b; Sun, 99 Nov 2026 12:00:00 +0000",
		"(\\",
		"(TLS)",
		"(TLSv)",
		"(tls1)",
		"(version= cipher=)",
		"tls",
		"from a tls tls tls",
	};
	struct hop h;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		h = of(values[i]);
		assert_false(h.has_date);
	}
	h = of("from a\033[2J\x07 (\x9b) by b\x80 with c\x7f; " NOON_TXT);
	assert_string_equal(h.from, "a?[2J?");
	assert_string_equal(h.by, "b?");
	assert_string_equal(h.with, "c?");
	assert_string_equal(h.note, "?");
	/* a name is no proof of TLS */
	h = of("from TLS1_3 (TLS1_3.example.org [192.0.2.1]) by b with SMTP; " NOON_TXT);
	assert_int_equal(h.tls, HOP_TLS_NONE);
}

static void test_length(void **state)
{
	static char value[100000];
	struct hop h;

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	memcpy(value, "from ", 5);
	h = of(value);
	assert_true(strlen(h.from) < RECEIVED_TEXT_MAX + 10);
	memset(value, '(', sizeof(value) - 1);
	h = of(value);
	assert_true(strlen(h.note) < RECEIVED_TEXT_MAX + 10);
	for (size_t i = 0; i + 6 < sizeof(value); i += 5)
		memcpy(value + i, "with ", 5);
	h = of(value);
	assert_true(strlen(h.with) < 3 * RECEIVED_TEXT_MAX);
}

/* Topmost first, as they stand in a mail; seconds from noon. */
static struct received trail(const int *seconds, size_t n)
{
	struct received h = { 0 };

	for (size_t i = n; i-- > 0;)
		received_add(
			&h, &arena,
			arena_format(&arena,
				     "from a by h%zu with SMTP; Sun, 22 Nov "
				     "2026 %02d:%02d:%02d +0000",
				     i, 12 + seconds[i] / 3600,
				     seconds[i] / 60 % 60, seconds[i] % 60));
	return h;
}

static void test_order(void **state)
{
	static const int seconds[] = { 1, 2, 5 };
	struct received h = trail(seconds, 3);

	(void)state;
	assert_int_equal(h.count, 3);
	assert_string_equal(h.items[0].by, "h0");
	assert_string_equal(h.items[2].by, "h2");
	received_time(&h, NOON, NOON + 6);
	assert_int_equal(h.items[0].delay, 1);
	assert_int_equal(h.items[1].delay, 1);
	assert_int_equal(h.items[2].delay, 3);
	for (int i = 0; i < 3; i++) {
		assert_true(h.items[i].has_delay);
		assert_int_equal(h.items[i].skew, 0);
	}
}

/* One server's clock is wrong: the others' delays stay right. */
static void test_skew(void **state)
{
	static const int ahead[] = { 1, 1802, 5 }, behind[] = { 61, 2, 65 };
	static const int back[] = { 4, 2, 6 };
	struct received h = trail(ahead, 3);

	(void)state;
	received_time(&h, NOON, NOON + 6);
	assert_false(h.items[1].has_delay);
	assert_int_equal(h.items[1].skew, 1796);
	assert_true(h.items[2].has_delay);
	assert_int_equal(h.items[2].delay, 4);

	h = trail(behind, 3);
	received_time(&h, NOON + 60, NOON + 66);
	assert_false(h.items[1].has_delay);
	assert_int_equal(h.items[1].skew, -58);
	assert_int_equal(h.items[2].delay, 4);

	/* within the time that it took: no more than nothing is lost */
	h = trail(back, 3);
	received_time(&h, NOON, NOON + 6);
	assert_int_equal(h.items[1].delay, 0);
	assert_int_equal(h.items[2].delay, 2);
}

/* All of them differ: it is our own clock, and they can be compared. */
static void test_own_clock(void **state)
{
	static const int seconds[] = { 3601, 3602, 3605 };
	struct received h = trail(seconds, 3);

	(void)state;
	received_time(&h, NOON, NOON + 6);
	assert_false(h.items[0].has_delay);
	assert_int_equal(h.items[0].skew, 3601);
	assert_int_equal(h.items[1].delay, 1);
	assert_int_equal(h.items[2].delay, 3);
}

static void test_many(void **state)
{
	struct received h = { 0 };

	(void)state;
	for (int i = 0; i < RECEIVED_MAX + 23; i++)
		received_add(&h, &arena, "from a by b; never");
	assert_int_equal(h.count, RECEIVED_MAX);
	assert_int_equal(h.left_off, 23);
	received_time(&h, NOON, NOON);
	assert_false(h.items[0].has_delay);
	h = (struct received){ 0 };
	received_time(&h, NOON, NOON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_servers),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_skew),
		cmocka_unit_test(test_own_clock),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
