/* What the options of `mailsend` leave in the request. */
#include "persona_bench.h"

#include "persona/attach.h"

#define PERSONA persona_mailsend

/* ---- who ---- */

static void recipients_come_from_everywhere(void **state)
{
	(void)state;
	ACCEPTS("a@example.org", "--to", "b@example.org, c@example.org", "-c",
		"d@example.org,e@example.org", "--cc=f@example.org", "-b",
		"g@example.org", "--bcc", "h@example.org", "--reply-to",
		"i@example.org", "--", "j@example.org");
	assert_int_equal(cmdline.request.to.count, 4);
	assert_string_equal(cmdline.request.to.items[0].spec, "a@example.org");
	assert_string_equal(cmdline.request.to.items[2].spec, "c@example.org");
	assert_string_equal(cmdline.request.to.items[3].spec, "j@example.org");
	assert_int_equal(cmdline.request.cc.count, 3);
	assert_string_equal(cmdline.request.cc.items[1].spec, "e@example.org");
	assert_int_equal(cmdline.request.bcc.count, 2);
	assert_int_equal(cmdline.request.reply_to.count, 1);
	assert_int_equal(request_recipients(&cmdline.request), 9);
	assert_int_equal(cmdline.kind, COMMAND_SEND);
}

static void somebody_must_be_named(void **state)
{
	(void)state;
	REFUSES("no recipient", "-s", "x");
	REFUSES("no recipient", "--reply-to", "a@example.org");
	REFUSES("no recipient", "--dry-run");
	REFUSES("no recipient", "--cc", "");
	REFUSES("no recipient", "undisclosed-recipients:;");
	ACCEPTS("-b", "a@example.org");
	ACCEPTS("--print");
	ACCEPTS("--show-config");
	ACCEPTS("--help");
}

static void an_empty_recipient_is_not_overlooked(void **state)
{
	(void)state;
	REFUSES("empty", "a@example.org", "");
	REFUSES("empty", "a@example.org", "--to", "");
	ACCEPTS("a@example.org", "--cc", "", "--bcc=", "--reply-to", "");
	REFUSES("standard input", "-", "a@example.org");
}

static void senders(void **state)
{
	(void)state;
	ACCEPTS("-r", "Alice Example <alice@example.org>", "x@example.org");
	assert_true(cmdline.request.has_from);
	assert_string_equal(cmdline.request.from.name, "Alice Example");
	assert_string_equal(cmdline.request.from.spec, "alice@example.org");
	assert_false(cmdline.request.has_envelope_from);
	ACCEPTS("-f", "bounce@example.org", "x@example.org");
	assert_string_equal(cmdline.request.envelope_from.spec,
			    "bounce@example.org");
	assert_false(cmdline.request.has_from);
	for (int i = 0; i < 2; i++) {
		ACCEPTS("-f", i ? "" : "<>", "x@example.org");
		assert_true(cmdline.request.has_envelope_from);
		assert_string_equal(cmdline.request.envelope_from.spec, "");
	}
	REFUSES("-r", "-r", "", "x@example.org");
	REFUSES("--from", "--from", "a@example.org, b@example.org",
		"x@example.org");
}

static void an_address_that_is_none_names_option_and_column(void **state)
{
	(void)state;
	REFUSES("--cc", "--cc", "a@@example.org", "x@example.org");
	REFUSES("column", "--cc", "a@@example.org", "x@example.org");
	REFUSES("column", "x@example.org", "a b@example.org c");
}

/* ---- the header ---- */

static void header_fields_go_where_they_belong(void **state)
{
	(void)state;
	ACCEPTS("-H", "X-Tool: yes", "-H", "x-tool: again", "-H",
		"SUBJECT: hello", "-H", "To: a@example.org, b@example.org",
		"-H", "Cc: c@example.org", "-H", "Bcc: d@example.org", "-H",
		"From: e@example.org", "-H", "Reply-To: f@example.org", "-H",
		"Message-Id: <1@example.org>");
	assert_string_equal(cmdline.request.extra.first->value, "yes");
	assert_string_equal(cmdline.request.extra.first->next->value, "again");
	assert_null(cmdline.request.extra.first->next->next);
	assert_string_equal(cmdline.request.subject, "hello");
	assert_int_equal(cmdline.request.to.count, 2);
	assert_int_equal(cmdline.request.cc.count, 1);
	assert_int_equal(cmdline.request.bcc.count, 1);
	assert_string_equal(cmdline.request.from.spec, "e@example.org");
	assert_int_equal(cmdline.request.reply_to.count, 1);
	assert_string_equal(cmdline.request.message_id, "<1@example.org>");
	ACCEPTS("-H", "Date: Tue, 14 Nov 2023 23:13:20 +0100", "a@example.org");
	assert_non_null(cmdline.request.date);
	assert_null(cmdline.request.extra.first);
}

static void header_fields_that_are_not_for_hands(void **state)
{
	(void)state;
	REFUSES("--type", "-H", "Content-Type: text/html", "a@example.org");
	REFUSES("--encoding", "-H", "content-transfer-encoding: 8bit",
		"a@example.org");
	REFUSES("--draft", "-H", "Content-Language: de", "a@example.org");
	REFUSES("--draft", "-H", "Mime-Version: 1.0", "a@example.org");
	REFUSES("--bcc", "-H", "Resent-Bcc: b@example.org", "a@example.org");
	REFUSES("--envelope-from", "-H", "Return-Path: <b@example.org>",
		"a@example.org");
	ACCEPTS("-H", "Contents: fine", "-H", "Return-Path-Not: fine",
		"a@example.org");
}

static void header_fields_that_are_none(void **state)
{
	(void)state;
	REFUSES("-H", "-H", "no colon", "a@example.org");
	REFUSES("-H", "-H", "bad name: x", "a@example.org");
	REFUSES("-H", "-H", ": x", "a@example.org");
	REFUSES("-H", "-H", "X-A: b\nBcc: c@example.org", "a@example.org");
	REFUSES("-H", "-H", "From: nobody@@", "a@example.org");
}

static void subject_date_and_id(void **state)
{
	(void)state;
	ACCEPTS("-s", "", "a@example.org");
	assert_string_equal(cmdline.request.subject, "");
	ACCEPTS("a@example.org");
	assert_null(cmdline.request.subject);
	ACCEPTS("--date", "@1700000000", "a@example.org");
	assert_string_equal(cmdline.request.date, "@1700000000");
	REFUSES("--date", "--date", "tomorrow-ish", "a@example.org");
	ACCEPTS("--message-id", "1@example.org", "a@example.org");
	assert_string_equal(cmdline.request.message_id, "<1@example.org>");
	REFUSES("--message-id", "--message-id", "<1 2@example.org>",
		"a@example.org");
	REFUSES("--message-id", "--message-id", "<1@example.org",
		"a@example.org");
	REFUSES("--subject", "--subject", "a\nBcc: b@example.org",
		"a@example.org");
}

/* ---- attachments ---- */

static char folder[] = "/tmp/mailsend-persona-XXXXXX";

static void make_file(const char *name)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static int enter_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	make_file("plain.txt");
	make_file("a=b.txt");
	make_file("odd;type=x");
	make_file("caf\xc3\xa9.txt");
	return 0;
}

static int leave_folder(void **state)
{
	(void)state;
	unlink("plain.txt");
	unlink("a=b.txt");
	unlink("odd;type=x");
	unlink("caf\xc3\xa9.txt");
	arena_free(&arena);
	return chdir("/") || rmdir(folder);
}

static void attachments_in_all_their_spellings(void **state)
{
	static const struct {
		const char *typed, *path, *name, *type;
	} cases[] = {
		{ "plain.txt", "plain.txt", "plain.txt", NULL },
		{ "./plain.txt", "./plain.txt", "plain.txt", NULL },
		{ "plain.txt=new.csv", "plain.txt", "new.csv", NULL },
		{ "plain.txt=a b.csv", "plain.txt", "a b.csv", NULL },
		{ "plain.txt;type=Text/CSV", "plain.txt", "plain.txt",
		  "text/csv" },
		{ "plain.txt=n.csv;type=text/x", "plain.txt", "n.csv",
		  "text/x" },
		{ "-", "-", NULL, NULL },
		{ "-=all.tgz", "-", "all.tgz", NULL },
		{ "-=all.tgz;type=application/gzip", "-", "all.tgz",
		  "application/gzip" },
		/* real names with our signs in them */
		{ "a=b.txt", "a=b.txt", "a=b.txt", NULL },
		{ "a=b.txt=c.txt", "a=b.txt", "c.txt", NULL },
		{ "odd;type=x", "odd;type=x", "odd;type=x", NULL },
		{ "odd;type=x;type=text/y", "odd;type=x", "odd;type=x",
		  "text/y" },
		{ "caf\xc3\xa9.txt", "caf\xc3\xa9.txt", "caf\xc3\xa9.txt",
		  NULL },
		/* what is missing is named as it was typed */
		{ "missing.txt", "missing.txt", "missing.txt", NULL },
		{ "missing=x.txt", "missing=x.txt", "missing=x.txt", NULL },
		{ "plain.txt=sub/x", "plain.txt=sub/x", "x", NULL },
		{ "plain.txt=", "plain.txt=", "plain.txt=", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct attachment *one;

		ACCEPTS("-a", cases[i].typed, "x@example.org");
		one = cmdline.request.attachments;
		assert_non_null(one);
		assert_null(one->next);
		assert_string_equal(one->path, cases[i].path);
		if (cases[i].name)
			assert_string_equal(one->name, cases[i].name);
		else
			assert_null(one->name);
		if (cases[i].type)
			assert_string_equal(one->type, cases[i].type);
		else
			assert_null(one->type);
		assert_false(one->is_inline);
	}
}

static void attachments_keep_their_order(void **state)
{
	const struct attachment *one;

	(void)state;
	ACCEPTS("-a", "plain.txt", "-A", "a=b.txt", "--type", "text/x",
		"--inline", "plain.txt=logo.png;cid=logo@x", "--attach=-",
		"x@example.org");
	one = cmdline.request.attachments;
	assert_null(one->type);
	one = one->next;
	assert_string_equal(one->type, "text/x");
	one = one->next;
	assert_true(one->is_inline);
	assert_string_equal(one->name, "logo.png");
	assert_string_equal(one->content_id, "logo@x");
	one = one->next;
	assert_false(one->is_inline);
	assert_string_equal(one->path, "-");
	assert_ptr_equal(request_last_attachment(&cmdline.request), one);
	assert_null(one->next);
}

static void attachments_that_are_refused(void **state)
{
	(void)state;
	REFUSES("--type", "--type", "text/x", "-a", "plain.txt",
		"x@example.org");
	REFUSES("nonsense", "-a", "plain.txt;type=nonsense", "x@example.org");
	REFUSES("--type", "-a", "plain.txt", "--type", "a/b/c",
		"x@example.org");
	REFUSES("--type", "-a", "plain.txt", "--type", "text/",
		"x@example.org");
	REFUSES("--type", "-a", "plain.txt", "--type", "text/x; charset",
		"x@example.org");
	REFUSES("multipart", "-a", "plain.txt;type=multipart/mixed",
		"x@example.org");
	REFUSES("--inline", "-a", "plain.txt;cid=x", "x@example.org");
	REFUSES("cid", "--inline", "plain.txt;cid=<x>", "x@example.org");
	REFUSES("cid", "--inline", "plain.txt;cid=", "x@example.org");
	REFUSES("empty", "-a", "", "x@example.org");
}

static void names_are_utf8_and_paths_octets(void **state)
{
	(void)state;
	ACCEPTS("-a", "dir/caf\xe9.txt", "x@example.org");
	assert_string_equal(cmdline.request.attachments->path,
			    "dir/caf\xe9.txt");
	assert_string_equal(cmdline.request.attachments->name,
			    "caf\xc3\xa9.txt");
}

static void files_among_the_addresses_are_not_taken_for_people(void **state)
{
	(void)state;
	REFUSES("--attach", "-a", "a=b.txt", "plain.txt", "x@example.org");
	REFUSES("--attach", "./plain.txt", "x@example.org");
	ACCEPTS("john.doe", "x@example.org");
	ACCEPTS("--to", "plain.txt", "x@example.org");
}

/* ---- the text ---- */

static void standard_input_is_the_text_unless_it_is_something_else(void **state)
{
	(void)state;
	ACCEPTS("x@example.org");
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("-a", "plain.txt", "x@example.org");
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("--html", "plain.txt", "x@example.org");
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("-i", "plain.txt", "x@example.org");
	assert_string_equal(cmdline.request.body_path, "plain.txt");
	ACCEPTS("-a", "-", "x@example.org");
	assert_null(cmdline.request.body_path);
	ACCEPTS("--html", "-", "x@example.org");
	assert_null(cmdline.request.body_path);
	ACCEPTS("-a", "-", "-i", "plain.txt", "x@example.org");
	assert_string_equal(cmdline.request.body_path, "plain.txt");
	ACCEPTS("--draft", "-");
	assert_null(cmdline.request.body_path);
}

static void standard_input_can_be_read_once(void **state)
{
	(void)state;
	REFUSES("--attach", "-i", "-", "-a", "-", "x@example.org");
	REFUSES("--html", "-i", "-", "--html", "-", "x@example.org");
	REFUSES("--attach", "-a", "-", "-a", "-=x", "x@example.org");
	REFUSES("--inline", "-a", "-", "--inline", "-", "x@example.org");
}

static void drafts(void **state)
{
	(void)state;
	ACCEPTS("--draft", "m.eml");
	assert_true(cmdline.request.recipients_from_header);
	ACCEPTS("--draft", "m.eml", "x@example.org");
	assert_false(cmdline.request.recipients_from_header);
	ACCEPTS("x@example.org");
	assert_false(cmdline.request.recipients_from_header);
	REFUSES("--body", "--draft", "m.eml", "-i", "plain.txt");
	REFUSES("--html", "--draft", "m.eml", "--html", "plain.txt");
	ACCEPTS("--draft", "m.eml", "-a", "plain.txt");
	REFUSES("--inline", "--draft", "m.eml", "--inline", "plain.txt");
	REFUSES("--encoding", "--draft", "m.eml", "--encoding", "base64");
	REFUSES("--charset", "--draft", "m.eml", "--charset", "utf-8");
	REFUSES("--skip-empty", "--draft", "m.eml", "-E");
}

static void encodings(void **state)
{
	(void)state;
	ACCEPTS("--encoding", "quoted-printable", "x@example.org");
	assert_int_equal(cmdline.request.encoding, ENCODING_QUOTED_PRINTABLE);
	ACCEPTS("--encoding=uuencode", "-a", "plain.txt", "x@example.org");
	assert_int_equal(cmdline.request.encoding, ENCODING_UUENCODE);
	REFUSES("uuencode", "--encoding", "rot13", "x@example.org");
	REFUSES("--html", "--encoding", "uuencode", "--html", "plain.txt",
		"x@example.org");
	REFUSES("--inline", "--encoding", "uuencode", "--inline", "plain.txt",
		"x@example.org");
	ACCEPTS("--charset", "ISO-8859-15", "x@example.org");
	assert_string_equal(cmdline.request.body_charset, "ISO-8859-15");
	REFUSES("--charset", "--charset", "utf 8", "x@example.org");
	REFUSES("--charset", "--charset", "", "x@example.org");
	ACCEPTS("-E", "x@example.org");
	assert_true(cmdline.request.skip_empty);
}

/* ---- the envelope ---- */

static void delivery_status(void **state)
{
	(void)state;
	ACCEPTS("--dsn-notify", "SUCCESS,failure,success", "--dsn-ret",
		"headers", "--dsn-envid", "job 12+3", "x@example.org");
	assert_string_equal(cmdline.request.dsn_notify, "failure,success");
	assert_string_equal(cmdline.request.dsn_ret, "hdrs");
	assert_string_equal(cmdline.request.dsn_envid, "job 12+3");
	ACCEPTS("--dsn-notify=Never", "--dsn-ret=FULL", "x@example.org");
	assert_string_equal(cmdline.request.dsn_notify, "never");
	assert_string_equal(cmdline.request.dsn_ret, "full");
	REFUSES("--dsn-notify", "--dsn-notify", "never,delay", "x@example.org");
	REFUSES("--dsn-notify", "--dsn-notify", "delay,", "x@example.org");
	REFUSES("--dsn-notify", "--dsn-notify", "", "x@example.org");
	REFUSES("--dsn-ret", "--dsn-ret", "half", "x@example.org");
	REFUSES("--dsn-envid", "--dsn-envid", "", "x@example.org");
	REFUSES("--dsn-envid", "--dsn-envid", "caf\xc3\xa9", "x@example.org");
}

static void the_envelope_id_fits_its_hundred_octets(void **state)
{
	char id[102];

	(void)state;
	memset(id, 'x', sizeof(id));
	id[100] = '\0';
	ACCEPTS("--dsn-envid", id, "x@example.org");
	id[99] = '+'; /* three octets on the wire */
	REFUSES("--dsn-envid", "--dsn-envid", id, "x@example.org");
	id[99] = id[100] = 'x';
	id[101] = '\0';
	REFUSES("--dsn-envid", "--dsn-envid", id, "x@example.org");
}

/* ---- settings ---- */

static const struct override *override_named(const char *name)
{
	const struct override *found = NULL;

	for (const struct override *o = cmdline.request.overrides; o;
	     o = o->next)
		if (strcmp(o->name, name) == 0)
			found = o;
	return found;
}

static void settings_become_overrides(void **state)
{
	(void)state;
	ACCEPTS("--host", "mail.example.org", "--port=587", "--user", "alice",
		"--timeout", "30", "--set", "tls_certcheck=off", "--set",
		"tls-trust-file=/x=y", "x@example.org");
	assert_string_equal(override_named("host")->value, "mail.example.org");
	assert_string_equal(override_named("host")->origin, "--host");
	assert_string_equal(override_named("port")->value, "587");
	assert_string_equal(override_named("user")->value, "alice");
	assert_string_equal(override_named("timeout")->value, "30");
	assert_string_equal(override_named("tls_certcheck")->origin, "--set");
	assert_string_equal(override_named("tls_trust_file")->value, "/x=y");
}

static void ways_of_tls(void **state)
{
	static const struct {
		const char *typed, *tls, *starttls;
	} cases[] = {
		{ "--tls=on", "on", NULL },
		{ "--tls=off", "off", NULL },
		{ "--tls=StartTLS", "on", "on" },
		{ "--tls=implicit", "on", "off" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct override *starttls;

		ACCEPTS(cases[i].typed, "x@example.org");
		assert_string_equal(override_named("tls")->value, cases[i].tls);
		starttls = override_named("tls_starttls");
		if (cases[i].starttls)
			assert_string_equal(starttls->value, cases[i].starttls);
		else
			assert_null(starttls);
	}
	REFUSES("--tls", "--tls=maybe", "x@example.org");
}

static void settings_that_are_wrong(void **state)
{
	(void)state;
	REFUSES("--set", "--set", "host", "x@example.org");
	REFUSES("--set", "--set", "=x", "x@example.org");
	REFUSES("tls_certcheck", "--set", "tls_certchek=on", "x@example.org");
	REFUSES("--port", "--port", "seventy", "x@example.org");
	REFUSES("--timeout", "--timeout", "soon", "x@example.org");
}

static void a_password_is_never_an_argument(void **state)
{
	(void)state;
	REFUSES("password_env", "--set", "password=s3cret", "x@example.org");
	assert_null(strstr(error.text, "s3cret"));
	REFUSES("--password", "--password=s3cret", "x@example.org");
	assert_null(strstr(error.text, "s3cret"));
}

/* ---- what to do ---- */

static void actions(void **state)
{
	(void)state;
	ACCEPTS("--print", "x@example.org");
	assert_int_equal(cmdline.kind, COMMAND_PRINT);
	ACCEPTS("--dry-run", "x@example.org");
	assert_int_equal(cmdline.kind, COMMAND_DRY_RUN);
	ACCEPTS("--json", "x@example.org");
	assert_true(cmdline.request.json);
	ACCEPTS("--show-config");
	assert_int_equal(cmdline.kind, COMMAND_SHOW_CONFIG);
	ACCEPTS("--version", "--bogus");
	assert_int_equal(cmdline.kind, COMMAND_VERSION);
	ACCEPTS("--print", "--help");
	assert_int_equal(cmdline.kind, COMMAND_HELP);
	ACCEPTS("-v", "--quiet", "--account", "work", "--config", "x",
		"x@example.org");
	assert_true(cmdline.request.transcript && cmdline.request.quiet);
	assert_string_equal(cmdline.request.account, "work");
	assert_string_equal(cmdline.request.config_path, "x");
	REFUSES("--print", "--print", "--dry-run", "x@example.org");
	REFUSES("--json", "--print", "--json", "x@example.org");
	REFUSES("--json", "--json", "--dry-run", "x@example.org");
	REFUSES("--json", "--json", "--show-config");
}

static void the_queue(void **state)
{
	const struct mailq_choice *choice = &cmdline.queue.choice;

	(void)state;
	ACCEPTS("--queue=only", "x@example.org");
	assert_string_equal(cmdline.request.overrides->name, "queue");
	assert_string_equal(cmdline.request.overrides->value, "only");
	assert_int_equal(cmdline.kind, COMMAND_SEND);
	REFUSES("--queue", "--queue", "later", "x@example.org");
	ACCEPTS("--flush");
	assert_int_equal(cmdline.kind, COMMAND_RUN_QUEUE);
	assert_true(cmdline.queue.tells_each);
	assert_null(cmdline.request.body_path);
	/* behind it stand ids */
	ACCEPTS("--flush", "one", "--due", "two", "--sender", "<>",
		"--recipient=@example.org", "--recipient", "bob", "-v");
	assert_int_equal(choice->ids.count, 2);
	assert_string_equal(choice->ids.words[1], "two");
	assert_int_equal(choice->senders.count, 1);
	assert_int_equal(choice->recipients.count, 2);
	assert_true(cmdline.queue.due_only && cmdline.request.transcript);
	assert_int_equal(request_recipients(&cmdline.request), 0);
	REFUSES("empty", "--flush", "");
	REFUSES("after --flush", "x@example.org", "--flush");
	REFUSES("no new mail", "--flush", "-s", "x");
	REFUSES("no new mail", "--flush", "-a", "file");
	REFUSES("--from", "--sender", "me@example.org", "x@example.org");
	REFUSES("--to", "--recipient", "x@example.org");
	REFUSES("--flush", "--due", "x@example.org");
	REFUSES("together", "--flush", "--print");
	REFUSES("first", "--mailq");
}

static void having_the_queue_run(void **state)
{
	(void)state;
	ACCEPTS("--setup-queue");
	assert_int_equal(cmdline.kind, COMMAND_SETUP_QUEUE);
	assert_int_equal(cmdline.install, INSTALL_DO);
	ACCEPTS("--setup-queue=remove");
	assert_int_equal(cmdline.install, INSTALL_UNDO);
	ACCEPTS("--setup-queue=show", "--account", "work");
	assert_int_equal(cmdline.install, INSTALL_SHOW);
	REFUSES("remove", "--setup-queue=off");
	REFUSES("no new mail", "--setup-queue", "remove");
	REFUSES("together", "--setup-queue", "--flush");
}

static void a_look_at_the_way(void **state)
{
	(void)state;
	ACCEPTS("--check");
	assert_int_equal(cmdline.kind, COMMAND_CHECK);
	assert_int_equal(cmdline.check.warn_days, 21);
	assert_int_equal(cmdline.check.crit_days, 7);
	assert_null(cmdline.request.body_path);
	ACCEPTS("--check", "ann@example.org", "--json");
	assert_int_equal(cmdline.request.to.count, 1);
	ACCEPTS("--check", "--nagios", "--warn-days", "30", "--crit-days=0");
	assert_true(cmdline.nagios);
	assert_int_equal(cmdline.check.warn_days, 30);
	assert_int_equal(cmdline.check.crit_days, 0);
	REFUSES("days", "--check", "--warn-days", "soon");
	REFUSES("days", "--check", "--crit-days", "-1");
	REFUSES("--check", "--nagios", "ann@example.org");
	REFUSES("--check", "--warn-days", "3", "ann@example.org");
	REFUSES("--json", "--check", "--nagios", "--json");
	REFUSES("no mail", "--check", "-s", "x", "ann@example.org");
	REFUSES("no mail", "--check", "-a", "/dev/null", "ann@example.org");
	REFUSES("together", "--check", "--flush");
}

static void help_names_every_option(void **state)
{
	struct option_walk w;
	struct buf out = BUF_INIT(65536);

	(void)state;
	assert_int_equal(options_help(&persona_mailsend, &out), 0);
	for (const struct option_row *row =
		     option_first(&w, persona_mailsend.rows);
	     row; row = option_next(&w)) {
		assert_non_null(row->help);
		if (row->kind == OPTION_HEADING)
			continue;
		assert_non_null(row->name);
		assert_true(row->set || row->field);
		assert_non_null(strstr(out.data, row->name));
	}
	for (const char *p = out.data; *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") <= 80);
	buf_free(&out);
}

static void our_name_is_found(void **state)
{
	(void)state;
	assert_ptr_equal(persona_of("/usr/bin/mailsend"), &persona_mailsend);
	assert_ptr_equal(persona_of("other"), &persona_mailsend);
	assert_ptr_equal(persona_of(NULL), &persona_mailsend);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(recipients_come_from_everywhere),
		cmocka_unit_test(somebody_must_be_named),
		cmocka_unit_test(an_empty_recipient_is_not_overlooked),
		cmocka_unit_test(senders),
		cmocka_unit_test(
			an_address_that_is_none_names_option_and_column),
		cmocka_unit_test(header_fields_go_where_they_belong),
		cmocka_unit_test(header_fields_that_are_not_for_hands),
		cmocka_unit_test(header_fields_that_are_none),
		cmocka_unit_test(subject_date_and_id),
		cmocka_unit_test(attachments_in_all_their_spellings),
		cmocka_unit_test(attachments_keep_their_order),
		cmocka_unit_test(attachments_that_are_refused),
		cmocka_unit_test(names_are_utf8_and_paths_octets),
		cmocka_unit_test(
			files_among_the_addresses_are_not_taken_for_people),
		cmocka_unit_test(
			standard_input_is_the_text_unless_it_is_something_else),
		cmocka_unit_test(standard_input_can_be_read_once),
		cmocka_unit_test(drafts),
		cmocka_unit_test(encodings),
		cmocka_unit_test(delivery_status),
		cmocka_unit_test(the_envelope_id_fits_its_hundred_octets),
		cmocka_unit_test(settings_become_overrides),
		cmocka_unit_test(ways_of_tls),
		cmocka_unit_test(settings_that_are_wrong),
		cmocka_unit_test(a_password_is_never_an_argument),
		cmocka_unit_test(actions),
		cmocka_unit_test(the_queue),
		cmocka_unit_test(having_the_queue_run),
		cmocka_unit_test(a_look_at_the_way),
		cmocka_unit_test(help_names_every_option),
		cmocka_unit_test(our_name_is_found),
	};

	setenv("MAILSEND_FROZEN", "charset=utf-8 host=host.example.org", 1);
	sysenv_init();
	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
