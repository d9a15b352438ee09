/* test_settings.c - values, what is worked out when none is given, and what is
 * shown. */
#include "config_bench.h"

#include "config/values.h"

/* ---- values ---- */

static void values_are_kept_in_their_users_form(void **in)
{
	struct account *a = loaded(
		*in,
		"host [2001:db8::1]\nauth scram-sha-256\n"
		"dsn_notify Failure,delay\ndsn_return headers\n"
		"syslog LOG_LOCAL3\ntls_trust_file ~/ca.pem\n"
		"tls_fingerprint 0123456789abcdef0123456789ABCDEF01234567\n"
		"timeout off\nproxy_host socks5h://localhost\n"
		"dead_letter off\nlogfile -\n");
	char expected[300];

	assert_string_equal(a->host, "2001:db8::1");
	assert_string_equal(a->auth, "SCRAM-SHA-256");
	assert_string_equal(a->dsn_notify, "failure,delay");
	assert_string_equal(a->dsn_return, "hdrs");
	assert_string_equal(a->syslog, "local3");
	snprintf(expected, sizeof(expected), "%s/ca.pem", folder);
	assert_string_equal(a->tls_trust_file, expected);
	assert_string_equal(
		a->tls_fingerprint,
		"01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67");
	assert_int_equal(a->timeout, 0);
	assert_int_equal(a->proxy_port, 1080);
	assert_string_equal(a->dead_letter, "off");
	assert_string_equal(a->logfile, "-");
	a = loaded(*in, "syslog\nset_from_header on\nset_from_header\n");
	assert_string_equal(a->syslog, "user");
	assert_int_equal(a->set_from_header, CONFIG_AUTO);
	assert_int_equal(a->serve_max_size, 100 * 1024 * 1024);
	a = loaded(*in, "serve_max_size 20k\nserve_max_connections 3\n");
	assert_int_equal(a->serve_max_size, 20 * 1024);
	assert_int_equal(a->serve_max_connections, 3);
}

static void sizes_and_times_are_what_people_type(void **in)
{
	unsigned count, seconds;
	struct account *a =
		loaded(*in,
		       "timeout 1m30s # a comment\nqueue_lifetime \"2 days\"\n"
		       "queue_retry 90 s\nserve_max_size 5 MB\n"
		       "serve_quota 1.5M\nserve_rate 100 / hour\n");

	assert_int_equal(a->timeout, 90);
	assert_int_equal(a->queue_lifetime, 2 * 86400);
	assert_int_equal(a->queue_retry, 90);
	assert_int_equal(a->serve_max_size, 5000000);
	assert_int_equal(a->serve_quota, 1572864);
	value_read_rate(a->serve_rate, &count, &seconds);
	assert_true(count == 100 && seconds == 3600);
	value_read_rate("20/10m", &count, &seconds);
	assert_true(count == 20 && seconds == 600);
}

/* Each is refused on its own line, with the keyword and what is allowed. */
static void wrong_values_name_file_line_and_way_out(void **in)
{
	static const struct {
		const char *line, *words;
	} table[] = {
		{ "port abc", "1 to 65535" },
		{ "port 0", "1 to 65535" },
		{ "port 65536", "1 to 65535" },
		{ "port 99999999999999999999", "1 to 65535" },
		{ "port", "needs" },
		{ "host", "needs" },
		{ "host a.example:587", "port" },
		{ "host smtp://a.example", "scheme" },
		{ "host = a.example", "host" },
		{ "tls maybe", "on or off" },
		{ "tls_certcheck yes", "on or off" },
		{ "set_from_header maybe", "auto" },
		{ "auth paln", "plain" },
		{ "timeout -1", "seconds" },
		{ "timeout 25h", "24h" },
		{ "timeout 1 2", "24h" },
		{ "queue_retry 30m1h", "1h30m" },
		{ "queue_retry 0", "1h30m" },
		{ "timeout", "needs" },
		{ "protocol lmtp", "lmtp" },
		{ "protocol", "smtp" },
		{ "from Joe <joe@a.example>", "from_full_name" },
		{ "from a@b.example,c@d.example", "one address" },
		{ "from bad@", "domain" },
		{ "from a@b@c.example", "comma" },
		{ "tls_fingerprint 12:34", "SHA-256" },
		{ "tls_fingerprint "
		  "0x23456789abcdef0123456789ABCDEF01234567",
		  "SHA-256" },
		{ "source_ip 1.2.3", "IP address" },
		{ "dsn_notify failure,", "never" },
		{ "dsn_notify failure,failure", "never" },
		{ "dsn_notify", "never" },
		{ "dsn_return half", "full" },
		{ "syslog LOG_NEWS", "LOG_MAIL" },
		{ "password_fd 0", "3" },
		{ "password_env 1X", "environment" },
		{ "user a\001b", "control" },
		{ "from_full_name J\xf6rg", "UTF-8" },
		{ "keepbcc maybe", "on or off" },
		{ "defaults x", "no value" },
		{ "account", "name" },
		{ "account a,b", "comma" },
		{ "account a : nobody", "nobody" },
		{ "account first", "already" },
		{ "tls_min_dh_prime_bits many", "number" },
		{ "serve_max_size 2G", "below 2G" },
		{ "serve_max_size M", "100M" },
		{ "serve_rate 5/decade", "100/h" },
		{ "serve_max_size", "100M" },
		{ "serve_max_connections 0", "1 to 10000" },
	};
	struct state *s = *in;
	char text[256], place[300];

	snprintf(place, sizeof(place), "%s:3: ", s->path);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(text, sizeof(text), "account first\n\n%s\n",
			 table[i].line);
		if (load_flawless(s, text) == 0)
			fail_msg("accepted: %s", table[i].line);
		assert_int_equal(s->error.cause, ERROR_CONFIG);
		assert_int_equal(strncmp(s->error.text, place, strlen(place)),
				 0);
		assert_says(s, table[i].words);
	}
}

static void a_typo_is_told_the_nearest(void **in)
{
	static const char *const pairs[][2] = {
		{ "hots", "\"host\"" },
		{ "passwdeval", "\"passwordeval\"" },
		{ "Port", "\"port\"" },
		{ "tls-starttls", "\"tls_starttls\"" },
		{ "acount", "\"account\"" },
		{ "default", "\"defaults\"" },
	};
	struct state *s = *in;
	char text[64];

	for (size_t i = 0; i < 6; i++) {
		snprintf(text, sizeof(text), "%s x\n", pairs[i][0]);
		assert_int_equal(load(s, text), -1);
		assert_says(s, pairs[i][1]);
		assert_says(s, "config:1: ");
	}
	assert_int_equal(load(s, "frobnicate_the_world x\n"), -1);
	assert_null(strstr(s->error.text, "did you mean"));
	assert_int_equal(
		load_flawless(s, "account gmail\naccount default : gmial\n"),
		-1);
	assert_says(s, "\"gmail\"");
}

/* The line of a mistyped keyword may well be the one with the password. */
static void no_error_shows_a_secret(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, "passwrod hunter2\n"), -1);
	assert_null(strstr(s->error.text, "hunter2"));
	assert_int_equal(load(s, "password hunter2\001\n"), -1);
	assert_null(strstr(s->error.text, "hunter2"));
	assert_int_equal(config_check("password", "hunter2", &s->error), -1);
	assert_null(strstr(s->error.text, "hunter2"));
}

static void what_is_no_text_is_refused(void **in)
{
	struct state *s = *in;

	put_file(s->path, "host a\0b\n", 9, 0600);
	assert_int_equal(config_load(&s->config, &s->arena, &s->query,
				     &s->error),
			 -1);
	assert_says(s, "NUL");
}

static void any_beginning_of_a_file_ends_well(void **in)
{
	static const char text[] = "\xEF\xBB\xBF"
				   "defaults\r\ntls\n"
				   "account a : \nhost \"x\" # y\n"
				   "account b : a , a\nfrom \"%U@%H\"\n"
				   "passwordeval \"\"\nuser \"\n";
	struct state *s = *in;

	for (size_t n = 0; n < sizeof(text); n++) {
		error_clear(&s->error);
		put_file(s->path, text, n, 0600);
		if (config_load(&s->config, &s->arena, &s->query, &s->error) <
		    0)
			assert_int_equal(s->error.cause, ERROR_CONFIG);
		else
			assert_false(error_is_set(&s->error));
	}
}

/* ---- what was left open ---- */

static void ports_follow_tls_and_whose_file_it_is(void **in)
{
	struct state *s = *in;
	struct account *a;

	a = msmtp_account(s, "host a.example\nuser joe\nauth on\ntls on\n");
	assert_int_equal(a->port, 25);
	a = msmtp_account(s, "host a.example\ntls\ntls_starttls off\n");
	assert_int_equal(a->port, 465);
	a = msmtp_account(s, "host a.example\nuser joe\n");
	assert_string_equal(a->auth, "off");
	assert_false(a->tls);
	a = loaded(s, "host a.example\nuser joe\n");
	assert_string_equal(a->auth, "on");
	assert_true(a->tls);
	assert_int_equal(a->port, 587);
	a = loaded(s, "host a.example\nuser joe\nauth off\n");
	assert_int_equal(a->port, 25);
	a = loaded(s, "host a.example\nport 465\n");
	assert_true(a->tls);
	assert_false(a->tls_starttls);
	a = loaded(s, "host a.example\nport 465\ntls_starttls on\n");
	assert_true(a->tls_starttls);
	a = loaded(s, "host a.example\nuser joe\ntls off\n");
	assert_false(a->tls);
}

static void senders_are_expanded(void **in)
{
	struct state *s = *in;
	struct account *a;

	a = loaded(s, "from %U@%H\ndomain %C\n");
	assert_string_equal(a->from, "joe@box.example.net");
	assert_string_equal(a->domain, "box.example.net");
	assert_null(loaded(s, "from %F\n")->from);
	send_as(s, "ann@example.org");
	assert_string_equal(loaded(s, "from %F\n")->from, "ann@example.org");
	assert_string_equal(loaded(s, "from 100%%25x@a.example\n")->from,
			    "100%%25x@a.example");
	a = loaded(s, "from x@y.example\nauto_from on\nmaildomain m.example\n");
	assert_string_equal(a->from, "joe@m.example");
	assert_null(loaded(s, "from x@y.example\nauto_from\n")->from);
}

static void an_expanded_sender_chooses_too(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, "account a\nhost a\naccount b\nhost b\n"
				 "from %U+*@%H\n"),
			 0);
	send_as(s, "joe+cron@box.example.net");
	assert_string_equal(choose(s)->name, "b");
	assert_string_equal(s->account->from, "joe+cron@box.example.net");
}

static void what_does_not_go_together_is_refused(void **in)
{
	static const char *const bad[] = {
		"host a\ntls on\ntls_trust_file\n",
		"host a\ntls on\ntls_key_file /k\n",
		"host a\nuser joe\ntls_trust_file\n",
	};
	static const char *const good[] = {
		"host a\ntls off\ntls_trust_file\n",
		"host a\ntls on\ntls_trust_file\ntls_certcheck off\n",
		("host a\ntls on\ntls_trust_file\ntls_fingerprint "
		 "00112233445566778899AABBCCDDEEFF\n"),
		"host a\ntls on\ntls_key_file /k\ntls_cert_file /c\n",
	};
	struct state *s = *in;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(load(s, bad[i]), 0);
		assert_int_equal(config_choose(&s->config, &s->query,
					       &s->account, &s->error),
				 -1);
		assert_int_equal(s->error.cause, ERROR_CONFIG);
		assert_says(s, "config:");
	}
	for (int i = 0; i < 4; i++)
		assert_null(loaded(s, good[i])->tls_trust_file);
}

static void another_librarys_priorities_are_left_out(void **in)
{
	struct state *s = *in;

	loaded(s, "host a\ntls_priorities NORMAL:-VERS-ALL:+VERS-TLS1.2\n");
	assert_null(s->account->tls_priorities);
	loaded(s, "host a\ntls_priorities ECDHE-RSA-AES128-GCM-SHA256\n");
	assert_string_equal(s->account->tls_priorities,
			    "ECDHE-RSA-AES128-GCM-SHA256");
}

static void ntlm_is_told_its_domain_by_the_user(void **in)
{
	struct state *s = *in;

	loaded(s, "host a\nauth ntlm\nuser joe\nntlmdomain CORP\n");
	assert_string_equal(s->account->user, "CORP\\joe");
	loaded(s, "host a\nauth plain\nuser joe\nntlmdomain CORP\n");
	assert_string_equal(s->account->user, "joe");
}

/* ---- show ---- */

static char *shown(struct state *s)
{
	struct buf out = BUF_INIT(65536);
	char *text;

	assert_int_equal(config_show(&s->config, s->account, &out), 0);
	text = arena_dup(&s->arena, out.data);
	buf_free(&out);
	return text;
}

static void assert_shows(const char *text, const char *name, const char *value,
			 const char *origin)
{
	char line[256] = "", words[128];
	const char *p = text;

	snprintf(words, sizeof(words), "%s ", name);
	while (p && strncmp(p, words, strlen(words)) != 0) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	if (p)
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
	if (!strstr(line, value) || !strstr(line, origin))
		fail_msg("\"%s\" is not %s of %s", line, value, origin);
}

static void show_tells_values_and_origins(void **in)
{
	struct state *s = *in;
	char *text;

	set(s, "timeout", "7");
	loaded(s, "account a\nhost a.example\nuser \"j \"\npassword hunter2\n"
		  "passwordeval \"echo hunter2\"\nlogfile \"/x # y\"\n");
	text = shown(s);
	assert_shows(text, "account", "a", "config:1");
	assert_shows(text, "host", "a.example", "config:2");
	assert_shows(text, "user", "\"j \"", "config:3");
	assert_shows(text, "timeout", "7", "--set timeout");
	assert_shows(text, "tls_certcheck", "on", "default");
	assert_shows(text, "port", "587", "default");
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "***"));
	for (const struct setting *row = settings; row->name; row++)
		if (row->kind != SETTING_NONE)
			assert_non_null(strstr(text, row->name));
}

/* The same values, line by line, without what stands behind "# ". */
static void assert_same_values(const char *one, const char *other)
{
	while (*one && *other) {
		size_t n = strcspn(one, "#\n"), m = strcspn(other, "#\n");

		while (n && one[n - 1] == ' ')
			n--;
		while (m && other[m - 1] == ' ')
			m--;
		if (n != m || memcmp(one, other, n) != 0)
			fail_msg("%.*s / %.*s", (int)n, one, (int)m, other);
		one += strcspn(one, "\n");
		other += strcspn(other, "\n");
		one += *one == '\n';
		other += *other == '\n';
	}
	assert_int_equal(*one, *other);
}

static void show_is_a_configuration(void **in)
{
	struct state *s = *in;
	char *once, *twice;

	loaded(s, "account \"my own\"\nhost a.example\nuser \"j \"\n"
		  "logfile \"/x \"z\"\"\ntls_trust_file /a b/ca.pem\n"
		  "from joe@a.example\ndsn_notify never\ndsn_return full\n"
		  "passwordeval \"a \"b\" c\"\nsyslog local1\nsocket /s\n"
		  "proxy_host http://p.example\nproxy_port 3128\n"
		  "password_env P\npassword_fd 5\ntimeout 9\n");
	once = shown(s);
	loaded(s, once);
	assert_string_equal(s->account->logfile, "/x \"z\"");
	assert_string_equal(s->account->passwordeval, "a \"b\" c");
	twice = shown(s);
	assert_same_values(once, twice);
}

/* ---- the nearest word ---- */

static void the_nearest_word_is_near(void **in)
{
	struct nearest n;

	(void)in;
	nearest_init(&n, "ohst");
	nearest_offer(&n, "port");
	nearest_offer(&n, "host");
	nearest_offer(&n, "from");
	assert_string_equal(n.best, "host");
	nearest_init(&n, "xyzzy");
	nearest_offer(&n, "host");
	assert_null(n.best);
	nearest_init(&n, "");
	nearest_offer(&n, "abc");
	assert_null(n.best);
	nearest_init(&n, "kitten");
	nearest_offer(&n, "sitting");
	assert_int_equal(n.edits, 3);
}

static const struct CMUnitTest tests[] = {
	TEST(values_are_kept_in_their_users_form),
	TEST(sizes_and_times_are_what_people_type),
	TEST(wrong_values_name_file_line_and_way_out),
	TEST(a_typo_is_told_the_nearest),
	TEST(no_error_shows_a_secret),
	TEST(what_is_no_text_is_refused),
	TEST(any_beginning_of_a_file_ends_well),
	TEST(ports_follow_tls_and_whose_file_it_is),
	TEST(senders_are_expanded),
	TEST(an_expanded_sender_chooses_too),
	TEST(what_does_not_go_together_is_refused),
	TEST(another_librarys_priorities_are_left_out),
	TEST(ntlm_is_told_its_domain_by_the_user),
	TEST(show_tells_values_and_origins),
	TEST(show_is_a_configuration),
	TEST(the_nearest_word_is_near),
};

int main(void)
{
	return cmocka_run_group_tests(tests, bench_open, bench_close);
}
