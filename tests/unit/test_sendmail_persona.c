/* What the options of sendmail, mailq and newaliases leave in the
 * cmdline.request. */
#include "persona_bench.h"

#define PERSONA persona_sendmail

#define A "a@example.org"

static void only_recipient_is(const char *spec)
{
	assert_int_equal(cmdline.request.bcc.count, 1);
	assert_int_equal(request_recipients(&cmdline.request), 1);
	assert_string_equal(cmdline.request.bcc.items[0].spec, spec);
}

static void a_ready_message_from_standard_input(void **state)
{
	(void)state;
	ACCEPTS(A);
	only_recipient_is(A);
	assert_int_equal(cmdline.kind, COMMAND_SEND);
	assert_string_equal(cmdline.request.draft_path, "-");
	assert_true(cmdline.request.is_from_program);
	assert_true(cmdline.request.dot_ends_input);
	assert_false(cmdline.request.recipients_from_header);
	assert_false(cmdline.request.has_envelope_from);
	assert_null(cmdline.request.body_path);
}

static void recipients(void **state)
{
	(void)state;
	ACCEPTS("a@example.org,b@example.org", "c@example.org, root",
		"Name <d@example.org>", "--", "-e@example.org");
	assert_int_equal(cmdline.request.bcc.count, 6);
	assert_string_equal(cmdline.request.bcc.items[3].local, "root");
	assert_string_equal(cmdline.request.bcc.items[5].spec,
			    "-e@example.org");
	ACCEPTS("-t", A);
	assert_true(cmdline.request.recipients_from_header);
	only_recipient_is(A);
	ACCEPTS("-t");
	assert_int_equal(request_recipients(&cmdline.request), 0);
	REFUSES("no recipient", "-i");
	REFUSES("no recipient", "-oi", "--");
	REFUSES("no recipient", ",");
	REFUSES("empty", A, "");
	REFUSES("standard input", "-", A);
	REFUSES("@", "@@");
	REFUSES("|", "|/bin/sh");
}

static void dots(void **state)
{
	static const char *const spellings[] = {
		"-i", "-oi", "-ti", "-it", "-OIgnoreDots", "-OIgnoreDots=True"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		ACCEPTS(spellings[i], A);
		assert_false(cmdline.request.dot_ends_input);
	}
	ACCEPTS("-i", "-OIgnoreDots=False", A);
	assert_true(cmdline.request.dot_ends_input);
}

static void senders(void **state)
{
	static const char *const joined[] = { "-fb@example.org",
					      "-rb@example.org",
					      "-tifb@example.org" };
	static const char *const null[] = { "", "<>" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ACCEPTS(joined[i], A);
		assert_true(cmdline.request.has_envelope_from);
		assert_string_equal(cmdline.request.envelope_from.spec,
				    "b@example.org");
		only_recipient_is(A);
	}
	ACCEPTS("-f", "b@example.org", "-r", "c@example.org", A);
	assert_string_equal(cmdline.request.envelope_from.spec,
			    "c@example.org");
	for (size_t i = 0; i < 2; i++) {
		ACCEPTS("-f", null[i], A);
		assert_true(cmdline.request.has_envelope_from);
		assert_string_equal(cmdline.request.envelope_from.spec, "");
	}
	ACCEPTS("-f", "root", A);
	assert_string_equal(cmdline.request.envelope_from.local, "root");
	assert_false(cmdline.request.has_from);
	REFUSES("-f", A, "-f");
	REFUSES("no recipient", "-f", A);
	ACCEPTS("-FCronDaemon", A);
	assert_string_equal(cmdline.request.full_name, "CronDaemon");
	ACCEPTS("-F", "Cron Daemon", A);
	assert_string_equal(cmdline.request.full_name, "Cron Daemon");
	ACCEPTS("-F", "", A);
	assert_null(cmdline.request.full_name);
	REFUSES("line break", "-F", "a\nBcc: b@example.org", A);
	REFUSES("line break", "-f", "b@example.org\n", A);
}

static void modes(void **state)
{
	(void)state;
	ACCEPTS("-bm", A);
	assert_int_equal(cmdline.kind, COMMAND_SEND);
	ACCEPTS("-bs");
	assert_int_equal(cmdline.kind, COMMAND_SERVE_STDIO);
	ACCEPTS("-bs", "-odb", "-oem", "-t");
	assert_int_equal(cmdline.kind, COMMAND_SERVE_STDIO);
	ACCEPTS("-bp");
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	ACCEPTS("-bi");
	assert_int_equal(cmdline.kind, COMMAND_CHECK_ALIASES);
	ACCEPTS("-bv", "root", A);
	assert_int_equal(cmdline.kind, COMMAND_VERIFY);
	assert_int_equal(cmdline.request.bcc.count, 2);
}

static void what_is_no_mode_sends_nothing(void **state)
{
	(void)state;
	REFUSES("--serve", "-bd");
	REFUSES("--serve", "-bd", "-q15m");
	REFUSES("-bv", "-bt");
	REFUSES("'z'", "-bz", A);
	REFUSES("'mm'", "-bmm", A);
	REFUSES("joined", "-b", "m", A);
	REFUSES("-bv", "-bv");
	REFUSES("-t", "-bv", "-t", A);
	REFUSES("-bs", "-bs", A);
	/* a mail that would be swallowed */
	REFUSES("no mail", "-bp", A);
	REFUSES("no mail", "-bi", "-t");
	REFUSES("no mail", "-q", A);
	REFUSES("no mail", "-q15m", "-t");
	REFUSES("together", "-bp", "-bi");
	REFUSES("together", "-bs", "--print");
}

static void the_queue(void **state)
{
	static const char *const spellings[] = {
		"-q",  "-q15m",	   "-qp1h", "-q1h30m", "-qf",	 "-qff",
		"-qp", "-qGlocal", "-qI5",  "-qRfoo",  "-qSbar",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		ACCEPTS(spellings[i]);
		assert_int_equal(cmdline.kind, COMMAND_RUN_QUEUE);
		assert_false(cmdline.queue.tells_each);
		assert_false(cmdline.queue.due_only);
		/* it eats nothing: what follows is an address */
		REFUSES("no mail", spellings[i], "15m");
	}
	ACCEPTS("-bp", "-q");
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	ACCEPTS("-q", "-bp");
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
}

static void which_of_the_queue(void **state)
{
	const struct mailq_choice *choice = &cmdline.queue.choice;

	(void)state;
	ACCEPTS("-qIone", "-qSa@example.org", "-qItwo", "-qR@example.net");
	assert_int_equal(choice->ids.count, 2);
	assert_string_equal(choice->ids.words[0], "one");
	assert_string_equal(choice->ids.words[1], "two");
	assert_int_equal(choice->senders.count, 1);
	assert_string_equal(choice->senders.words[0], "a@example.org");
	assert_int_equal(choice->recipients.count, 1);
	assert_string_equal(choice->recipients.words[0], "@example.net");
	ACCEPTS("-bp", "-qIone");
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	assert_int_equal(choice->ids.count, 1);
	ACCEPTS("-q");
	assert_int_equal(choice->ids.count, 0);
	/* an empty word would be any */
	REFUSES("joined", "-qI");
	REFUSES("joined", "-qR", A);
	/* what would run other mails than were meant */
	REFUSES("'!I5'", "-q!I5");
	REFUSES("'QI5'", "-qQI5");
	REFUSES("'xyz'", "-qxyz");
}

static const char *queue_setting(void)
{
	const char *value = NULL;

	for (const struct override *o = cmdline.request.overrides; o;
	     o = o->next)
		if (strcmp(o->name, "queue") == 0) {
			assert_true(o->is_weak);
			value = o->value;
		}
	return value;
}

static void delivery_modes(void **state)
{
	static const struct {
		const char *word, *queue;
	} modes[] = {
		{ "-odi", "auto" },
		{ "-odb", "background" },
		{ "-odq", "only" },
		{ "-odd", "only" },
		{ "-ODeliveryMode=i", "auto" },
		{ "-ODeliveryMode=interactive", "auto" },
		{ "-ODeliveryMode=b", "background" },
		{ "-Odeliverymode=background", "background" },
		{ "-ODeliveryMode=q", "only" },
		{ "-ODeliveryMode=Deferred", "only" },
		{ "-od", NULL },
		{ "-odf", NULL },
		{ "-ODeliveryMode", NULL },
		{ "-ODeliveryMode=", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		ACCEPTS(modes[i].word, A);
		only_recipient_is(A);
		if (!modes[i].queue)
			assert_null(queue_setting());
		else
			assert_string_equal(queue_setting(), modes[i].queue);
	}
	ACCEPTS("-O", "DeliveryMode=b", A);
	assert_string_equal(queue_setting(), "background");
	/* the last one holds */
	ACCEPTS("-odi", "-odq", A);
	assert_string_equal(queue_setting(), "only");
	ACCEPTS("--queue", "never", A);
	assert_string_equal(cmdline.request.overrides->value, "never");
	assert_false(cmdline.request.overrides->is_weak);
	REFUSES("--queue", "--queue=sometimes", A);
}

static void delivery_status(void **state)
{
	(void)state;
	ACCEPTS("-N", "delay,failure,success", "-R", "hdrs", "-V", "job7", A);
	only_recipient_is(A);
	assert_string_equal(cmdline.request.dsn_notify,
			    "failure,delay,success");
	assert_string_equal(cmdline.request.dsn_ret, "hdrs");
	assert_string_equal(cmdline.request.dsn_envid, "job7");
	ACCEPTS("-Nnever", "-Rfull", "-Vx", A);
	assert_string_equal(cmdline.request.dsn_notify, "never");
	assert_string_equal(cmdline.request.dsn_ret, "full");
	REFUSES("-N", "-N", "sometimes", A);
	REFUSES("-R", "-R", "half", A);
	/* xtext already, or not */
	ACCEPTS("-V", "a+2Bb+3D", A);
	assert_string_equal(cmdline.request.dsn_envid, "a+b=");
	ACCEPTS("-V", "a+b=c d", A);
	assert_string_equal(cmdline.request.dsn_envid, "a+b=c d");
	REFUSES("-V", "-V", "", A);
	REFUSES("-V", "-V", "+0A", A);
}

static void errors(void **state)
{
	static const char *const quiet[] = { "-eq", "-oeq", "-OErrorMode=q",
					     "-OErrorMode=quiet" };
	static const char *const loud[] = { "-em",  "-oem", "-oep",
					    "-oew", "-oee", "-OErrorMode=m",
					    "-oe",  "-oez" };

	(void)state;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(*quiet); i++) {
		ACCEPTS(quiet[i], A);
		assert_true(cmdline.request.silent);
		only_recipient_is(A);
	}
	for (size_t i = 0; i < sizeof(loud) / sizeof(*loud); i++) {
		ACCEPTS(loud[i], A);
		assert_false(cmdline.request.silent);
	}
	ACCEPTS("-oeq", "-oem", A);
	assert_false(cmdline.request.silent);
	assert_true(cmdline.request.mails_errors);
	REFUSES("joined", "-e", "m", A);
}

static void failures_by_mail(void **state)
{
	static const struct {
		const char *word;
		bool mails_errors, exits_zero_if_mailed;
	} modes[] = {
		{ "-i", false, false },
		{ "-oem", true, false },
		{ "-em", true, false },
		{ "-oee", true, true },
		{ "-ee", true, true },
		{ "-OErrorMode=mail", true, false },
		{ "-oep", false, false },
		{ "-oew", false, false },
		{ "-oeq", false, false },
		{ "-oez", false, false },
		{ "-OErrorMode=e", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		ACCEPTS(modes[i].word, A);
		assert_int_equal(cmdline.request.mails_errors,
				 modes[i].mails_errors);
		assert_int_equal(cmdline.request.exits_zero_if_mailed,
				 modes[i].exits_zero_if_mailed);
	}
	/* the last one holds */
	ACCEPTS("-oee", "-oem", A);
	assert_false(cmdline.request.exits_zero_if_mailed);
	ACCEPTS("-oee", "-oep", A);
	assert_false(cmdline.request.mails_errors);
	assert_false(cmdline.request.exits_zero_if_mailed);
}

static void joined_letters_eat_nothing(void **state)
{
	static const char *const taken[] = { "-odi", "-odb", "-odq", "-om",
					     "-oU",  "-o7",  "-d",   "-d0.1",
					     "-Ac",  "-Am" };

	(void)state;
	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		ACCEPTS(taken[i], A);
		only_recipient_is(A);
		assert_int_equal(cmdline.kind, COMMAND_SEND);
	}
	REFUSES("joined", "-o", "i", A);
	REFUSES("joined", "-A", "c", A);
}

static void letters_of_no_effect(void **state)
{
	(void)state;
	ACCEPTS("-m", "-G", "-x", A);
	only_recipient_is(A);
	ACCEPTS("-h", "3", "-D", "log", "-M", "id", "-p", "SMTP:h", A);
	only_recipient_is(A);
	ACCEPTS("-h3", "-Dlog", "-Mid", "-pSMTP", A);
	only_recipient_is(A);
	ACCEPTS("-O", "DeliveryMode=b", "-OQueueDirectory=/x", A);
	only_recipient_is(A);
	ACCEPTS("-B", "8BITMIME", "-B7bit", A);
	only_recipient_is(A);
	REFUSES("-B", "-B", "BINARY", A);
}

static void the_rest(void **state)
{
	(void)state;
	ACCEPTS("-n", "-U", "-v", "-L", "tag", "-X", "log", "-C", "file", A);
	only_recipient_is(A);
	assert_true(cmdline.request.skip_aliases);
	assert_true(cmdline.request.prefers_smtputf8);
	assert_true(cmdline.request.transcript);
	assert_string_equal(cmdline.request.syslog_tag, "tag");
	assert_string_equal(cmdline.request.transcript_path, "log");
	assert_string_equal(cmdline.request.config_path, "file");
	ACCEPTS("-ov", A);
	assert_true(cmdline.request.transcript);
	ACCEPTS("-d5", A);
	assert_true(cmdline.request.transcript);
	ACCEPTS("-oA/etc/other", A);
	assert_string_equal(cmdline.request.overrides->name, "aliases");
	assert_string_equal(cmdline.request.overrides->value, "/etc/other");
	ACCEPTS("-OAliasFile=/etc/other", A);
	assert_string_equal(cmdline.request.overrides->value, "/etc/other");
	REFUSES("-z", "-z", A);
	REFUSES("-c", "-c", A);
	REFUSES("--bogus", "--bogus", A);
}

static void long_options(void **state)
{
	(void)state;
	ACCEPTS("--account", "work", "--config=file", "--host", "h.example.org",
		"--dry-run", "--timeout", "9", "--subject", "s", "--cc",
		"c@example.org", A);
	assert_string_equal(cmdline.request.account, "work");
	assert_string_equal(cmdline.request.config_path, "file");
	assert_int_equal(cmdline.kind, COMMAND_DRY_RUN);
	assert_string_equal(cmdline.request.subject, "s");
	assert_int_equal(cmdline.request.cc.count, 1);
	ACCEPTS("--json", "--quiet", A);
	assert_true(cmdline.request.json);
	ACCEPTS("--print");
	assert_int_equal(cmdline.kind, COMMAND_PRINT);
	REFUSES("--json", "--json", "-bp");
}

static void the_small_ones(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const some[] = { "-v", "-qI5", "-Ac", NULL };
	static const char *const address[] = { A, NULL };

	(void)state;
	assert_int_equal(bench_parse(&persona_mailq, none), 0);
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	assert_int_equal(bench_parse(&persona_mailq, some), 0);
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	assert_int_equal(cmdline.queue.choice.ids.count, 1);
	assert_false(cmdline.queue.runs_first);
	assert_int_equal(bench_parse(&persona_mailq, address), -1);
	assert_int_equal(error.cause, ERROR_USAGE);
	assert_int_equal(bench_parse(&persona_newaliases, none), 0);
	assert_int_equal(cmdline.kind, COMMAND_CHECK_ALIASES);
	assert_int_equal(bench_parse(&persona_newaliases, address), -1);
	assert_int_equal(error.cause, ERROR_USAGE);
}

#define MAILQ(...)                                                             \
	assert_int_equal(bench_parse(&persona_mailq,                           \
				     (const char *const[]){ __VA_ARGS__,       \
							    NULL }),           \
			 0)
#define MAILQ_REFUSES(...)                                                     \
	do {                                                                   \
		assert_int_equal(bench_parse(&persona_mailq,                   \
					     (const char *const[]){            \
						     __VA_ARGS__, NULL }),     \
				 -1);                                          \
		assert_int_equal(error.cause, ERROR_USAGE);                    \
	} while (0)

static void commands_of_mailq(void **state)
{
	static const struct {
		const char *word;
		enum mailq_change change;
	} changes[] = { { "--hold", MAILQ_HOLD },
			{ "--release", MAILQ_RELEASE },
			{ "--retry", MAILQ_RETRY },
			{ "--delete", MAILQ_DELETE } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		MAILQ(changes[i].word, "one", "ALL");
		assert_int_equal(cmdline.kind, COMMAND_CHANGE_QUEUE);
		assert_int_equal(cmdline.queue.change, changes[i].change);
		assert_int_equal(cmdline.queue.choice.ids.count, 2);
		/* before it too */
		MAILQ("one", changes[i].word);
		assert_int_equal(cmdline.queue.choice.ids.count, 1);
		/* all is never the default */
		MAILQ_REFUSES(changes[i].word);
		MAILQ_REFUSES(changes[i].word, "");
		MAILQ_REFUSES(changes[i].word, "one", "--sender", A);
	}
	MAILQ_REFUSES("--hold", "--delete", "one");
	MAILQ("--print", "one");
	assert_int_equal(cmdline.kind, COMMAND_PRINT_QUEUED);
	MAILQ_REFUSES("--print");
	MAILQ("-q");
	assert_true(cmdline.queue.runs_first);
	assert_int_equal(cmdline.kind, COMMAND_LIST_QUEUE);
	MAILQ("--json", "one");
	assert_true(cmdline.request.json);
	MAILQ_REFUSES("--json", "--hold", "one");
}

static void checks_of_mailq(void **state)
{
	const struct mailq_limits *limits = &cmdline.queue.limits;

	(void)state;
	MAILQ("--check", "-w", "5", "-c", "10", "--warn-age", "90m",
	      "--crit-age=2d");
	assert_int_equal(cmdline.kind, COMMAND_CHECK_QUEUE);
	assert_int_equal(limits->warn_count, 5);
	assert_int_equal(limits->crit_count, 10);
	assert_int_equal(limits->warn_age, 5400);
	assert_int_equal(limits->crit_age, 172800);
	MAILQ("--check");
	assert_int_equal(limits->warn_count, 0);
	MAILQ_REFUSES("-w", "5");
	MAILQ_REFUSES("--check", "-w", "0");
	MAILQ_REFUSES("--check", "-w", "-1");
	MAILQ_REFUSES("--check", "-w", "5x");
	MAILQ_REFUSES("--check", "-w", "99999999999999999999");
	MAILQ_REFUSES("--check", "--warn-age", "soon");
	MAILQ_REFUSES("--check", "one");
}

/* `mailsend --mailq` is the same, and only in the first place. */
static void by_its_first_argument(void **state)
{
	static char name[] = "/usr/bin/mailsend", first[] = "--mailq",
		    second[] = "--json", other[] = "sendmail";
	char *words[] = { name, first, second, NULL };
	char **argv = words;
	int argc = 3;

	(void)state;
	assert_ptr_equal(persona_choose(&argc, &argv), &persona_mailsend_mailq);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[1], "--json");
	argc = 3;
	argv = words;
	words[1] = second;
	words[2] = first;
	assert_ptr_equal(persona_choose(&argc, &argv), &persona_mailsend);
	assert_int_equal(argc, 3);
	words[0] = other;
	words[1] = first;
	assert_ptr_equal(persona_choose(&argc, &argv), &persona_sendmail);
	argc = 0;
	assert_ptr_equal(persona_choose(&argc, &argv), &persona_mailsend);
}

static void by_its_name(void **state)
{
	(void)state;
	assert_ptr_equal(persona_of("/usr/sbin/sendmail"), &persona_sendmail);
	assert_ptr_equal(persona_of("/usr/lib/sendmail"), &persona_sendmail);
	assert_ptr_equal(persona_of("sendmail"), &persona_sendmail);
	assert_ptr_equal(persona_of("mailq"), &persona_mailq);
	assert_ptr_equal(persona_of("/usr/bin/newaliases"),
			 &persona_newaliases);
}

static void help_fits_the_screen(void **state)
{
	static const struct persona *const personas[] = { &persona_sendmail,
							  &persona_mailq,
							  &persona_newaliases };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf out = BUF_INIT(65536);

		assert_int_equal(options_help(personas[i], &out), 0);
		for (const char *p = out.data; *p;) {
			size_t n = strcspn(p, "\n");

			assert_in_range(n, 0, 79);
			p += n + 1;
		}
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ready_message_from_standard_input),
		cmocka_unit_test(recipients),
		cmocka_unit_test(dots),
		cmocka_unit_test(senders),
		cmocka_unit_test(modes),
		cmocka_unit_test(what_is_no_mode_sends_nothing),
		cmocka_unit_test(the_queue),
		cmocka_unit_test(which_of_the_queue),
		cmocka_unit_test(delivery_modes),
		cmocka_unit_test(delivery_status),
		cmocka_unit_test(errors),
		cmocka_unit_test(failures_by_mail),
		cmocka_unit_test(joined_letters_eat_nothing),
		cmocka_unit_test(letters_of_no_effect),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(long_options),
		cmocka_unit_test(the_small_ones),
		cmocka_unit_test(commands_of_mailq),
		cmocka_unit_test(checks_of_mailq),
		cmocka_unit_test(by_its_first_argument),
		cmocka_unit_test(by_its_name),
		cmocka_unit_test(help_fits_the_screen),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&arena);
	return failed;
}
