/* What the options of `msmtp` leave in the request. */
#include "persona_bench.h"

#define PERSONA persona_msmtp

static void the_table(void **state)
{
	(void)state;
	bench_table(&persona_msmtp);
	assert_ptr_equal(persona_of("/usr/bin/msmtp"), &persona_msmtp);
}

static void recipients_go_into_the_envelope_alone(void **state)
{
	(void)state;
	ACCEPTS("a@x.org", "b@x.org,c@x.org", "--", "-d@x.org");
	assert_int_equal(cmdline.request.to.count, 0);
	assert_int_equal(cmdline.request.bcc.count, 4);
	assert_string_equal(cmdline.request.draft_path, "-");
	assert_true(cmdline.request.is_from_program);
	assert_false(cmdline.request.recipients_from_header);
	ACCEPTS("-t");
	assert_true(cmdline.request.recipients_from_header);
	REFUSES("-t", "-f", "a@x.org");
	REFUSES("empty", "");
}

static void senders(void **state)
{
	static const char *const spellings[][2] = {
		{ "-f", "a@x.org" },
		{ "-fa@x.org", "-i" },
		{ "--from", "a@x.org" },
		{ "--from=a@x.org", "-i" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		ACCEPTS(spellings[i][0], spellings[i][1], "bob");
		assert_false(cmdline.request.has_from);
		assert_string_equal(cmdline.request.envelope_from.spec,
				    "a@x.org");
	}
	ACCEPTS("--read-envelope-from", "-F", "A B", "bob");
	assert_true(cmdline.request.reverse_path_from_header);
	assert_string_equal(cmdline.request.full_name, "A B");
}

static void a_host_stands_alone(void **state)
{
	(void)state;
	ACCEPTS("--host=mail.x.org", "bob");
	assert_string_equal(cmdline.request.config_path, "/dev/null");
	assert_string_equal(bench_override("tls"), "off");
	assert_string_equal(bench_override("auth"), "off");
	ACCEPTS("--host=mail.x.org", "--tls", "--auth", "--user=joe", "bob");
	assert_string_equal(bench_override("tls"), "on");
	assert_string_equal(bench_override("auth"), "on");
	ACCEPTS("bob");
	assert_null(cmdline.request.config_path);
	assert_null(cmdline.request.overrides);
	REFUSES("--account", "--host=x.org", "-a", "work", "bob");
}

static void settings(void **state)
{
	(void)state;
	ACCEPTS("-a", "work", "-C", "file", "--tls-starttls=off",
		"--tls-nocertcheck", "--keepbcc", "--syslog", "-X", "log",
		"--auth", "bob");
	assert_string_equal(cmdline.request.account, "work");
	assert_string_equal(cmdline.request.config_path, "file");
	assert_string_equal(bench_override("tls_starttls"), "off");
	assert_string_equal(bench_override("logfile"), "log");
	assert_string_equal(bench_override("syslog"), "on");
	assert_string_equal(bench_override("auth"), "on");
	REFUSES("port", "--port=0", "bob");
	REFUSES("on or off", "--tls-certcheck=maybe", "bob");
	REFUSES("passwordeval", "--passwordeval=echo x", "bob");
	REFUSES("smtp", "--protocol=lmtp", "bob");
}

static void reports(void **state)
{
	(void)state;
	ACCEPTS("-N", "delay,failure", "-R", "full", "bob");
	assert_string_equal(cmdline.request.dsn_notify, "failure,delay");
	assert_string_equal(cmdline.request.dsn_ret, "full");
	ACCEPTS("-N", "off", "--dsn-return=off", "bob");
	assert_null(cmdline.request.dsn_notify);
	assert_null(cmdline.request.dsn_ret);
}

static void what_other_callers_add(void **state)
{
	(void)state;
	ACCEPTS("-oi", "-oem", "-o", "dq", "-bm", "-B8BITMIME", "-B", "7BIT",
		"-G", "-h20", "-i", "-Ltag", "-m", "-n", "-OTimeout=5", "bob");
	assert_int_equal(cmdline.request.bcc.count, 1);
	ACCEPTS("-d", "bob");
	assert_true(cmdline.request.transcript);
	ACCEPTS("-P");
	assert_int_equal(cmdline.kind, COMMAND_SHOW_CONFIG);
	ACCEPTS("--serverinfo", "--host=x.org");
	assert_int_equal(cmdline.kind, COMMAND_CHECK);
	assert_true(cmdline.check.is_server_only);
}

static void what_is_not_here(void **state)
{
	(void)state;
	REFUSES("queue", "--rmqs=x");
	REFUSES("configuration", "--configure=a@x.org");
	REFUSES("-bd", "-bd");
	REFUSES("sendmail", "-bs");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(recipients_go_into_the_envelope_alone),
		cmocka_unit_test(senders),
		cmocka_unit_test(a_host_stands_alone),
		cmocka_unit_test(settings),
		cmocka_unit_test(reports),
		cmocka_unit_test(what_other_callers_add),
		cmocka_unit_test(what_is_not_here),
	};

	return cmocka_run_group_tests(tests, bench_enter, bench_leave);
}
