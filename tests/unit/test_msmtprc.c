/* test_msmtprc.c - configurations as people have them, and as our documents
 * show them.
 *
 * Those of "in the wild" are of the kinds that are about, with invented names;
 * each must be read unchanged. */
#include "config_bench.h"

/* ---- in the wild ---- */

static void gmail_with_a_command(void **in)
{
	struct account *a = msmtp_account(
		*in,
		"# Set default values for all following accounts.\n"
		"defaults\n"
		"auth           on\n"
		"tls            on\n"
		"tls_trust_file /etc/ssl/certs/ca-certificates.crt\n"
		"logfile        ~/.msmtp.log\n"
		"\n"
		"# Gmail\n"
		"account        gmail\n"
		"host           smtp.gmail.com\n"
		"port           587\n"
		"from           winona.example@gmail.com\n"
		"user           winona.example@gmail.com\n"
		"passwordeval   \"gpg --quiet --for-your-eyes-only --no-tty "
		"--decrypt ~/.msmtp-gmail.gpg\"\n"
		"\n"
		"# A second one\n"
		"account        freemail\n"
		"host           smtp.freemail.example\n"
		"from           winona@freemail.example\n"
		"user           winona\n"
		"passwordeval   pass show \"mail/free mail\"\n"
		"\n"
		"# Set a default account\n"
		"account default : gmail\n");
	struct state *s = *in;

	assert_string_equal(a->host, "smtp.gmail.com");
	assert_int_equal(a->port, 587);
	assert_true(a->tls && a->tls_starttls && a->tls_certcheck);
	assert_string_equal(a->auth, "on");
	assert_string_equal(a->tls_trust_file,
			    "/etc/ssl/certs/ca-certificates.crt");
	assert_string_equal(a->passwordeval,
			    "gpg --quiet --for-your-eyes-only --no-tty "
			    "--decrypt ~/.msmtp-gmail.gpg");
	send_as(s, "winona@freemail.example");
	assert_string_equal(choose(s)->passwordeval,
			    "pass show \"mail/free mail\"");
	assert_int_equal(s->account->port, 25);
}

static void outlook_with_a_token_and_log_in(void **in)
{
	struct state *s = *in;
	struct account *a =
		msmtp_account(s, "defaults\n"
				 "tls on\n"
				 "tls_starttls on\n"
				 "syslog LOG_MAIL\n"
				 "auto_from off\n"
				 "\n"
				 "account work\n"
				 "\thost smtp.office365.com\n"
				 "\tport 587\n"
				 "\tfrom pat.sample@contoso.example\n"
				 "\tuser pat.sample@contoso.example\n"
				 "\tauth xoauth2\n"
				 "\tpasswordeval oauth2-token access "
				 "pat.sample@contoso.example\n"
				 "\n"
				 "account home\n"
				 "\thost smtp-mail.outlook.com\n"
				 "\tport 587\n"
				 "\tauth login\n"
				 "\tuser pat.sample@outlook.example\n"
				 "\tfrom pat.sample@outlook.example\n"
				 "\tpassword \"s3cret w#rd\"\n"
				 "\n"
				 "account default: work\n");

	assert_string_equal(a->auth, "XOAUTH2");
	assert_string_equal(a->syslog, "mail");
	send_as(s, "pat.sample@outlook.example");
	a = choose(s);
	assert_string_equal(a->auth, "LOGIN");
	assert_string_equal(a->password, "s3cret w#rd");
}

static void fastmail_over_implicit_tls(void **in)
{
	struct account *a = msmtp_account(
		*in, "defaults\r\nauth on\r\nprotocol smtp\r\ntls on\r\n\r\n"
		     "account fastmail\r\nhost smtp.fastmail.com\r\n"
		     "port 465\r\nuser quinn@fastmail.example\r\n"
		     "passwordeval \"cat ~/.fastmail\"\r\n"
		     "tls_starttls off\r\nfrom *@quinn.example\r\n\r\n"
		     "account default : fastmail\r\n");

	assert_int_equal(a->port, 465);
	assert_false(a->tls_starttls);
	assert_null(a->from);
	assert_string_equal(a->passwordeval, "cat ~/.fastmail");
}

static void an_old_one_of_an_isp(void **in)
{
	struct account *a =
		msmtp_account(*in,
			      "account default\nhost mail.isp.example\n"
			      "auto_from on\nmaildomain isp.example\n"
			      "auth on\nuser 12345\npassword plain\n"
			      "tls on\ntls_certcheck off\ntls_nostarttls\n"
			      "tls_force_sslv3 off\ntls_min_dh_prime_bits 512\n"
			      "tls_priorities NORMAL:%COMPAT\n"
			      "keepbcc off\nconnect_timeout 60\n"
			      "dsn_notify failure,delay\ndsn_return headers\n"
			      "domain localhost\n#user nobody\n");

	assert_string_equal(a->from, "joe@isp.example");
	assert_string_equal(a->user, "12345");
	assert_int_equal(a->port, 465);
	assert_int_equal(a->timeout, 60);
	assert_string_equal(a->domain, "localhost");
}

static void a_systems_relay(void **in)
{
	struct account *a = msmtp_account(
		*in, "# relay of the house\naccount default\n"
		     "host mail.oursite.example\nport 25\ntls off\nauth off\n"
		     "from %U@oursite.example\nallow_from_override off\n"
		     "set_from_header on\nsyslog LOG_MAIL\n"
		     "aliases /etc/aliases\nuser\npassword\n"
		     "logfile_time_format \"%F %T\"\n"
		     "proxy_host 127.0.0.1\nproxy_port 9050\n");

	assert_string_equal(a->from, "joe@oursite.example");
	assert_false(a->allow_from_override);
	assert_int_equal(a->set_from_header, CONFIG_ON);
	assert_null(a->user);
	assert_string_equal(a->logfile_time_format, "%F %T");
	assert_int_equal(a->proxy_port, 9050);
}

/* ---- the documents ---- */

static char *document(struct state *s, const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = arena_alloc(&s->arena, 262144);
	size_t n;

	if (!file)
		fail_msg("%s cannot be read: run this from the root", path);
	n = fread(text, 1, 262143, file);
	fclose(file);
	assert_true(n > 100 && n < 262143);
	return text;
}

static bool has_item(const char *text, const char *name)
{
	char item[80];
	const char *p = text;

	snprintf(item, sizeof(item), "\n.It Ic %s", name);
	while ((p = strstr(p, item))) {
		p += strlen(item);
		if (*p == ' ' || *p == '\n')
			return true;
	}
	return false;
}

static void the_manual_names_every_setting(void **in)
{
	static const char *const others[] = {
		"account",
		"defaults",
		"eval",
		"connect_timeout",
		"keepbcc",
		"tls_nocertcheck",
		"tls_nostarttls",
		"add_missing_from_header",
		"add_missing_date_header",
	};
	char *text = document(*in, "man/mailsend.conf.5");

	for (const struct setting *row = settings; row->name; row++)
		if (!has_item(text, row->name))
			fail_msg("no %s in the manual", row->name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!has_item(text, others[i]))
			fail_msg("no %s in the manual", others[i]);
}

static void the_manuals_examples_are_read(void **in)
{
	static const char begin[] = "\n.Bd -literal -offset indent\n";
	struct state *s = *in;
	char *p = document(s, "man/mailsend.conf.5");
	int count = 0;

	while ((p = strstr(p, begin))) {
		char *text = p + strlen(begin);
		char *end = strstr(text, "\n.Ed");

		assert_non_null(end);
		text = arena_dup_n(&s->arena, text, (size_t)(end - text));
		if (load(s, text) < 0)
			fail_msg("%s\n%s", s->error.text, text);
		assert_non_null(s->config.accounts);
		for (struct account *a = s->config.accounts; a; a = a->next) {
			s->query.account = a->name;
			assert_non_null(choose(s)->host);
		}
		s->query.account = NULL;
		choose(s);
		count++;
		p = end;
	}
	assert_true(count >= 5);
}

/* As it is, and with what it suggests ("#keyword") put in. */
static void the_example_file_is_read(void **in)
{
	struct state *s = *in;
	char *text = document(s, "contrib/mailsend.conf.example");
	unsigned put_in = 0;

	assert_int_equal(load(s, text), 0);
	for (char *p = text; p; p = strchr(p + 1, '\n'))
		if (p[0] == '\n' && p[1] == '#' && p[2] >= 'a' && p[2] <= 'z') {
			p[1] = ' ';
			put_in++;
		}
	if (load(s, text) < 0)
		fail_msg("%s", s->error.text);
	assert_true(put_in > 20);
	for (struct account *a = s->config.accounts; a; a = a->next) {
		s->query.account = a->name;
		assert_non_null(choose(s)->host);
	}
}

static const struct CMUnitTest tests[] = {
	TEST(gmail_with_a_command),
	TEST(outlook_with_a_token_and_log_in),
	TEST(fastmail_over_implicit_tls),
	TEST(an_old_one_of_an_isp),
	TEST(a_systems_relay),
	TEST(the_manual_names_every_setting),
	TEST(the_manuals_examples_are_read),
	TEST(the_example_file_is_read),
};

int main(void)
{
	return cmocka_run_group_tests(tests, bench_open, bench_close);
}
