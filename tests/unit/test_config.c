/* test_config.c - the format, the files, whose they are, and the choice of an
 * account. */
#include "config_bench.h"

/* ---- the format ---- */

static void reads_words_quotes_and_comments(void **in)
{
	struct account *a = loaded(*in, "\xEF\xBB\xBF# a comment\r\n"
					"  # another, indented\n"
					"\n"
					"account\tdefault\r\n"
					"   host   smtp.example.org  \r\n"
					"user \"joe \"\n"
					"from_full_name Joe \"J\" Doe\n"
					"tls\n"
					"auth\n"
					"port 587 # submission\n"
					"logfile \"/a # b\" # behind quotes\n"
					"password a # b\n");

	assert_string_equal(a->host, "smtp.example.org");
	assert_string_equal(a->user, "joe ");
	assert_string_equal(a->from_full_name, "Joe \"J\" Doe");
	assert_true(a->tls);
	assert_string_equal(a->auth, "on");
	assert_int_equal(a->port, 587);
	assert_string_equal(a->logfile, "/a # b");
	assert_string_equal(a->password, "a # b");
}

static void settings_without_account_make_a_default(void **in)
{
	struct account *a = loaded(*in, "host mail.example.org\nport 2525");

	assert_string_equal(a->name, "default");
	assert_int_equal(a->port, 2525);
}

static void defaults_hold_for_what_follows(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, "defaults\nport 587\ntls on\n"
				 "account a\nhost a.example\n"
				 "defaults\nport 26\n"
				 "account b\nhost b.example\n"),
			 0);
	s->query.account = "a";
	assert_int_equal(choose(s)->port, 587);
	s->query.account = "b";
	assert_int_equal(choose(s)->port, 26);
	assert_true(s->account->tls);
}

/* What an account has from `defaults` is not handed on, as in msmtp. */
static void inherits_what_was_set_and_not_defaults(void **in)
{
	struct state *s = *in;
	struct account *a = loaded(s, "defaults\ntimeout 10\n"
				      "account one\nhost one.example\n"
				      "user joe\ntls off\n"
				      "account two\nport 99\nuser ann\n"
				      "defaults\ntimeout 20\ntls on\n"
				      "account default : one , two\n"
				      "domain client.example\n");

	assert_string_equal(a->host, "one.example");
	assert_int_equal(a->port, 99);
	assert_string_equal(a->user, "ann");
	assert_int_equal(a->timeout, 20);
	assert_false(a->tls);
	assert_string_equal(a->domain, "client.example");
}

static void inheritance_reaches_grandchildren(void **in)
{
	struct account *a = loaded(*in, "account a\nhost a.example\n"
					"account b : a\nport 26\n"
					"account default: b\n");

	assert_string_equal(a->host, "a.example");
	assert_int_equal(a->port, 26);
}

static void eval_gives_a_line(void **in)
{
	struct state *s = *in;
	struct account *a;

	a = loaded(s, "eval echo 'host smtp.example.org'\n"
		      "eval \"printf 'port 26\\nport 27\\n'\"\n"
		      "eval echo '# nothing'\n");
	assert_string_equal(a->host, "smtp.example.org");
	assert_int_equal(a->port, 26);
	assert_int_equal(load(s, "eval exit 3\n"), -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_says(s, "config:1: eval");
	assert_says(s, "3");
	assert_int_equal(load(s, "eval echo eval echo host a\n"), -1);
	assert_int_equal(load(s, "eval\n"), -1);
}

static void every_older_spelling_is_read(void **in)
{
	struct account *a =
		loaded(*in, "connect_timeout 30\nkeepbcc on\ntls_nocertcheck\n"
			    "tls_nostarttls\nadd_missing_from_header off\n"
			    "add_missing_date_header on\ntls_force_sslv3 off\n"
			    "tls_min_dh_prime_bits 1024\nprotocol smtp\n"
			    "set_to_header undisclosed_recipients\ntls\n"
			    "host a.example\n");

	assert_int_equal(a->timeout, 30);
	assert_false(a->remove_bcc_headers);
	assert_false(a->tls_certcheck);
	assert_false(a->tls_starttls);
	assert_int_equal(a->set_from_header, CONFIG_OFF);
	assert_int_equal(a->set_date_header, CONFIG_AUTO);
	assert_true(a->undisclosed_recipients);
	assert_int_equal(a->port, 465);
	a = loaded(*in, "undisclosed_recipients\nset_to_header on\n");
	assert_true(a->set_to_header);
	assert_false(a->undisclosed_recipients);
}

static void defaults_are_safe(void **in)
{
	struct account *a = loaded(*in, "host a.example\n");

	assert_int_equal(a->port, 25);
	assert_true(a->tls);
	assert_true(a->tls_starttls);
	assert_true(a->tls_certcheck);
	assert_string_equal(a->auth, "off");
	assert_true(a->allow_from_override);
	assert_int_equal(a->set_from_header, CONFIG_AUTO);
	assert_true(a->remove_bcc_headers);
	assert_true(a->auto_submitted);
	assert_int_equal(a->password_fd, -1);
	assert_null(a->tls_trust_file);
	assert_string_equal(a->domain, sysenv_domain());
}

/* ---- whose file ---- */

static void guards_look_at_owner_and_mode(void **in)
{
	const uid_t me = (uid_t)sysenv_uid(), other = me + 4711;
	const struct {
		uid_t uid;
		mode_t mode;
		enum guard_owner owner;
		int secret, commands;
	} table[] = {
		{ me, 0600, GUARD_USER, 0, 0 },
		{ me, 0640, GUARD_USER, -1, 0 },
		{ me, 0604, GUARD_USER, -1, 0 },
		{ me, 0602, GUARD_USER, 0, -1 },
		{ 0, 0644, GUARD_SYSTEM, 0, 0 },
		{ 0, 0646, GUARD_SYSTEM, 0, -1 },
		{ other, 0640, GUARD_USER, 0, -1 },
		{ other, 0644, GUARD_SYSTEM, -1, -1 },
		{ other, 0600, GUARD_SYSTEM, 0, -1 },
	};

	(void)in;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct stat st = { .st_uid = table[i].uid,
				   .st_mode = S_IFREG | table[i].mode };
		struct error f = ERROR_INIT;

		assert_int_equal(guard_secret("FILE", &st, table[i].owner,
					      "FILE", &f),
				 table[i].secret);
		if (error_is_set(&f))
			assert_non_null(strstr(f.text, "chmod 600 FILE"));
		error_clear(&f);
		assert_int_equal(guard_commands("FILE", &st, "FILE", &f),
				 table[i].commands);
	}
}

static int load_mode(struct state *s, const char *text, mode_t mode)
{
	error_clear(&s->error);
	put_file(s->path, text, strlen(text), mode);
	return config_load(&s->config, &s->arena, &s->query, &s->error);
}

static void only_a_password_must_be_unreadable(void **in)
{
	struct state *s = *in;

	assert_int_equal(load_mode(s, "host a\npassword x\n", 0644), -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_says(s, "chmod 600");
	assert_says(s, "config:2: ");
	assert_int_equal(load_mode(s, "host a\npassword x\n", 0600), 0);
	assert_int_equal(load_mode(s, "host a\npasswordeval x\n", 0644), 0);
	assert_int_equal(load_mode(s, "host a\npassword\n", 0644), 0);
	assert_int_equal(load_mode(s, "eval echo password x\n", 0644), 0);
}

static void commands_of_a_file_that_all_can_write_do_not_run(void **in)
{
	struct state *s = *in;
	char line[300], mark[280];

	snprintf(mark, sizeof(mark), "%s/ran", folder);
	snprintf(line, sizeof(line), "eval touch %s\n", mark);
	assert_int_equal(load_mode(s, line, 0666), -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_int_equal(access(mark, F_OK), -1);
	assert_int_equal(load_mode(s, "passwordeval x\n", 0666), -1);
	assert_int_equal(load_mode(s, "host a.example\n", 0666), 0);
}

/* ---- which file ---- */

static void the_users_first_file_is_read(void **in)
{
	static const char *const names[] = { ".config/msmtp/config", ".msmtprc",
					     ".config/mailsend/config" };
	struct state *s = *in;
	char path[300], host[32];

	s->query.path = NULL;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		snprintf(host, sizeof(host), "host h%d.example\n", i);
		put_file(path, host, strlen(host), 0600);
		error_clear(&s->error);
		assert_int_equal(config_load(&s->config, &s->arena, &s->query,
					     &s->error),
				 0);
		assert_string_equal(s->config.files[0], path);
		host[strlen(host) - 1] = '\0';
		assert_string_equal(choose(s)->host, host + 5);
		assert_int_equal(s->account->is_msmtp, i < 2);
	}
	setenv("MAILSEND_CONFIG", s->path, 1);
	assert_int_equal(load(s, "host env.example\n"), 0);
	unsetenv("MAILSEND_CONFIG");
	assert_string_equal(choose(s)->host, "env.example");
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
}

static void a_named_file_must_be_there(void **in)
{
	struct state *s = *in;

	unlink(s->path);
	assert_int_equal(config_load(&s->config, &s->arena, &s->query,
				     &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_says(s, s->path);
	s->query.path = folder;
	error_clear(&s->error);
	assert_int_equal(config_load(&s->config, &s->arena, &s->query,
				     &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
}

/* A line that is wrong stops the account it is in, and who takes from it. */
static void a_flaw_stops_its_account_alone(void **in)
{
	static const char *const wrong[] = {
		"host smtp://u@h\n", "hots a.example\n", "port 70000\n",
		"from bad@\n",	     "eval exit 3\n",
	};
	struct state *s = *in;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char text[400];

		snprintf(text, sizeof(text),
			 "account good\nhost a.example\n"
			 "account bad\n%s"
			 "account heir : bad\n",
			 wrong[i]);
		assert_int_equal(load(s, text), 0);
		s->query.account = "good";
		assert_string_equal(choose(s)->host, "a.example");
		s->query.account = "bad";
		assert_int_equal(try_choose(s), -1);
		assert_int_equal(s->error.cause, ERROR_CONFIG);
		assert_says(s, "config:4: ");
		s->query.account = "heir";
		assert_int_equal(try_choose(s), -1);
	}
}

/* Of all that begin with them. */
static void a_flaw_of_the_defaults(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, "account a\nhost a.example\n"
				 "defaults\ntls perhaps\n"
				 "account b\nhost b.example\n"),
			 0);
	s->query.account = "a";
	assert_string_equal(choose(s)->host, "a.example");
	s->query.account = "b";
	assert_int_equal(try_choose(s), -1);
	assert_says(s, "config:4: ");
}

static void settings_above_defaults_are_remarked_on(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, "timeout 5\ndefaults\ntls on\n"
				 "account a\nhost a.example\n"),
			 0);
	assert_int_equal(s->config.remark_count, 1);
	assert_non_null(strstr(s->config.remarks[0], "config:2: "));
	assert_int_equal(load(s, "defaults\ntls on\naccount a\nhost a\n"), 0);
	assert_int_equal(s->config.remark_count, 0);
	assert_int_equal(load(s, "timeout 5\naccount default\nhost a\n"), -1);
	assert_says(s, "config:1");
}

static void the_users_accounts_come_before_the_systems(void **in)
{
	static const char text[] = "account a\nhost system.example\n"
				   "account default\nhost other.example\n";
	struct state *s = *in;

	assert_int_equal(load(s, "account a\nhost user.example\n"), 0);
	put_file(s->path, text, strlen(text), 0644);
	assert_int_equal(config_file_read(&s->config, s->path, GUARD_SYSTEM,
					  false, &s->error),
			 1);
	s->query.account = "a";
	assert_string_equal(choose(s)->host, "user.example");
	s->query.account = NULL;
	assert_string_equal(choose(s)->host, "other.example");
}

/* ---- which account ---- */

static const char people[] = "account any\nhost any.example\n"
			     "from *@example.org\n"
			     "account ann\nhost ann.example\n"
			     "from ann@example.org\n"
			     "account other\nhost other.example\n"
			     "from o@other.example\n"
			     "account default : other\n";

static void the_sender_chooses(void **in)
{
	static const char *const pairs[][2] = {
		{ "ann@example.org", "ann" },
		{ "Ann@Example.ORG", "ann" },
		{ "bob@example.org", "any" },
		{ "o@other.example", "other" },
		{ "ann+list@example.org", "ann" },
		{ "x@y.example", "default" },
	};
	struct state *s = *in;

	assert_int_equal(load(s, people), 0);
	for (size_t i = 0; i < 6; i++) {
		send_as(s, pairs[i][0]);
		assert_string_equal(choose(s)->name, pairs[i][1]);
	}
	send_as(s, "bob@example.org");
	assert_string_equal(choose(s)->from, "bob@example.org");
	s->query.sender = "o@other.example";
	assert_string_equal(choose(s)->name, "other");
	s->query.account = "ann";
	assert_string_equal(choose(s)->name, "ann");
	send_as(s, NULL);
	s->query.account = "any";
	assert_null(choose(s)->from);
}

static void an_account_must_be_there(void **in)
{
	struct state *s = *in;

	assert_int_equal(load(s, people), 0);
	s->query.account = "othre";
	assert_int_equal(config_choose(&s->config, &s->query, &s->account,
				       &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_says(s, "\"other\"");
	s->query.account = NULL;
	assert_int_equal(load(s, "account a\nhost a\naccount b\nhost b\n"), 0);
	assert_int_equal(config_choose(&s->config, &s->query, &s->account,
				       &s->error),
			 -1);
	assert_says(s, "--account");
	assert_string_equal(loaded(s, "account a\nhost a.example\n")->name,
			    "a");
}

static void without_a_file_there_is_no_host(void **in)
{
	struct state *s = *in;

	s->config = (struct config){ .arena = &s->arena };
	assert_null(choose(s)->host);
	assert_string_equal(s->account->name, "default");
	set(s, "host", "smtp.example.org");
	set(s, "user", "joe");
	assert_string_equal(choose(s)->host, "smtp.example.org");
	assert_string_equal(s->account->auth, "on");
	assert_true(s->account->tls);
	assert_true(s->account->tls_starttls);
	assert_int_equal(s->account->port, 587);
	set(s, "port", "465");
	assert_false(choose(s)->tls_starttls);
	set(s, "tls", "off");
	assert_false(choose(s)->tls);
}

static void overrides_lie_over_the_file(void **in)
{
	struct state *s = *in;

	set(s, "host", "b.example");
	set(s, "tls", NULL);
	loaded(s, "host a.example\nport 2525\n");
	assert_string_equal(s->account->host, "b.example");
	assert_int_equal(s->account->port, 2525);
	assert_true(s->account->tls);
	set(s, "hots", "x");
	assert_int_equal(config_choose(&s->config, &s->query, &s->account,
				       &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_USAGE);
	assert_says(s, "\"host\"");
}

static void the_command_line_takes_no_secret_and_no_command(void **in)
{
	static const char *const table[][3] = {
		{ "password", "x", "password_env" },
		{ "passwordeval", "x", "file" },
		{ "prot", "25", "port" },
		{ "port", "x", "65535" },
		{ "defaults", "", "not a setting" },
		{ "account", "x", "not a setting" },
	};
	struct state *s = *in;

	for (size_t i = 0; i < 6; i++) {
		error_clear(&s->error);
		assert_int_equal(config_check(table[i][0], table[i][1],
					      &s->error),
				 -1);
		assert_int_equal(s->error.cause, ERROR_USAGE);
		assert_says(s, table[i][2]);
	}
	error_clear(&s->error);
	assert_int_equal(config_check("port", "25", &s->error), 0);
	assert_int_equal(config_check("tls", NULL, &s->error), 0);
	assert_int_equal(config_check("password_fd", "3", &s->error), 0);
}

static const struct CMUnitTest tests[] = {
	TEST(reads_words_quotes_and_comments),
	TEST(settings_without_account_make_a_default),
	TEST(defaults_hold_for_what_follows),
	TEST(inherits_what_was_set_and_not_defaults),
	TEST(inheritance_reaches_grandchildren),
	TEST(eval_gives_a_line),
	TEST(every_older_spelling_is_read),
	TEST(defaults_are_safe),
	TEST(guards_look_at_owner_and_mode),
	TEST(only_a_password_must_be_unreadable),
	TEST(commands_of_a_file_that_all_can_write_do_not_run),
	TEST(the_users_first_file_is_read),
	TEST(a_named_file_must_be_there),
	TEST(a_flaw_stops_its_account_alone),
	TEST(a_flaw_of_the_defaults),
	TEST(settings_above_defaults_are_remarked_on),
	TEST(the_users_accounts_come_before_the_systems),
	TEST(the_sender_chooses),
	TEST(an_account_must_be_there),
	TEST(without_a_file_there_is_no_host),
	TEST(overrides_lie_over_the_file),
	TEST(the_command_line_takes_no_secret_and_no_command),
};

int main(void)
{
	return cmocka_run_group_tests(tests, bench_open, bench_close);
}
