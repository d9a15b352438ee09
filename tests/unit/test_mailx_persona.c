/* What the options of `mail` leave in the request. */
#include "persona_bench.h"

#include <sys/stat.h>

#define PERSONA persona_mail

static void the_table(void **state)
{
	(void)state;
	bench_table(&persona_mail);
	bench_long_options(&persona_mail);
	assert_ptr_equal(persona_of("/usr/bin/mail"), &persona_mail);
	assert_ptr_equal(persona_of("mailx"), &persona_mailx);
	assert_ptr_equal(persona_mailx.rows, persona_mail.rows);
}

static void smart_a(void **state)
{
	(void)state;
	bench_write("file", "x");
	bench_write("x:y", "x");
	bench_write("X-A: b", "x");
	ACCEPTS("-a", "X-A: b", "-a", "X-B:c", "-a", "file", "-a", "./x:y",
		"bob");
	assert_string_equal(cmdline.request.extra.first->name, "X-A");
	assert_string_equal(cmdline.request.extra.first->value, "b");
	assert_string_equal(cmdline.request.extra.first->next->value, "c");
	assert_null(cmdline.request.extra.first->next->next);
	assert_string_equal(cmdline.request.attachments->path, "file");
	assert_string_equal(cmdline.request.attachments->next->path, "./x:y");
	assert_null(cmdline.request.attachments->next->next);
	ACCEPTS("-a", "file=other.txt;type=text/csv", "bob");
	assert_string_equal(cmdline.request.attachments->name, "other.txt");
	assert_string_equal(cmdline.request.attachments->type, "text/csv");
}

static void smart_a_that_cannot_tell(void **state)
{
	static const char *const values[] = {
		"missing", "a_b: c", ":x", " X: y", "/no/x:y", "dir/x: y",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		REFUSES("'X-Name: value'", "-a", values[i], "bob");
		REFUSES("./FILE", "-a", values[i], "bob");
	}
	REFUSES("empty", "-a", "", "bob");
}

static void content_fields(void **state)
{
	(void)state;
	ACCEPTS("-a", "content-type: Text/HTML; charset=iso-8859-1", "bob");
	assert_string_equal(cmdline.request.body_type, "text/html");
	assert_string_equal(cmdline.request.body_charset, "iso-8859-1");
	ACCEPTS("-a", "Content-Type: text/html; charset=UTF-8", "bob");
	assert_null(cmdline.request.body_charset); /* the bytes tell */
	ACCEPTS("-a", "MIME-Version: 1.0", "-a",
		"Content-Transfer-Encoding: 8bit", "-a",
		"Content-Disposition: inline", "bob");
	assert_null(cmdline.request.extra.first);
	REFUSES("Content-Disposition", "-a", "Content-Disposition: attachment",
		"bob");
	REFUSES("Content-Transfer-Encoding", "-a",
		"Content-Transfer-Encoding: base64", "bob");
}

static void capital_a(void **state)
{
	(void)state;
	bench_write("plain", "x");
	ACCEPTS("-A", "plain", "bob");
	assert_string_equal(cmdline.request.attachments->path, "plain");
	assert_null(cmdline.request.account);
	ACCEPTS("-A", "work", "bob");
	assert_null(cmdline.request.attachments);
	assert_string_equal(cmdline.request.account, "work");
	/* the name of a file, which is then reported as missing */
	ACCEPTS("-A", "missing.txt", "bob");
	assert_string_equal(cmdline.request.attachments->path, "missing.txt");
	ACCEPTS("--account", "my.work", "bob");
	assert_string_equal(cmdline.request.account, "my.work");
}

static void capital_e(void **state)
{
	(void)state;
	ACCEPTS("-E", "set nonascii", "bob");
	assert_true(cmdline.request.skip_empty);
	assert_int_equal(cmdline.request.to.count, 1);
	ACCEPTS("-E", "settler");
	assert_string_equal(cmdline.request.to.items[0].local, "settler");
	ACCEPTS("-Es", "x", "bob");
	assert_string_equal(cmdline.request.subject, "x");
}

static void recipients(void **state)
{
	(void)state;
	ACCEPTS("a@x.org b@x.org", "c@x.org,d@x.org", "root staff",
		"Bob B <e@x.org>");
	assert_int_equal(cmdline.request.to.count, 7);
	assert_string_equal(cmdline.request.to.items[6].name, "Bob B");
	REFUSES("column", "Bob b@x.org");
	REFUSES("recipient", "-s", "x");
	REFUSES("empty", "");
	REFUSES("-r", "bob", "--", "-f", "me@x.org");
	REFUSES("-r", "bob", "--", "-fme@x.org");
	REFUSES("-r", "bob", "-.", "-oi");
	ACCEPTS("--", "-odd@x.org");
	assert_string_equal(cmdline.request.to.items[0].spec, "-odd@x.org");
}

static void a_template(void **state)
{
	(void)state;
	ACCEPTS("-t");
	assert_string_equal(cmdline.request.draft_path, "-");
	assert_true(cmdline.request.recipients_from_header);
	assert_true(cmdline.request.draft_overrides);
	assert_true(cmdline.request.extends_header);
	assert_null(cmdline.request.body_path);
	ACCEPTS("--draft", "file", "bob");
	assert_false(cmdline.request.recipients_from_header);
	REFUSES("--draft", "-t", "--draft", "file");
	REFUSES("--body", "-t", "-q", "file");
}

static void the_text(void **state)
{
	(void)state;
	ACCEPTS("bob");
	assert_string_equal(cmdline.request.body_path, "-");
	assert_null(cmdline.request.subject);
	ACCEPTS("-q", "pre", "bob");
	assert_string_equal(cmdline.request.include_path, "pre");
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("-Qpre", "bob");
	assert_string_equal(cmdline.request.include_path, "pre");
	ACCEPTS("-m", "page.HTML", "bob");
	assert_string_equal(cmdline.request.body_path, "page.HTML");
	assert_string_equal(cmdline.request.body_type, "text/html");
	ACCEPTS("-M", "text/x-diff", "bob");
	assert_string_equal(cmdline.request.body_type, "text/x-diff");
	assert_false(cmdline.request.dot_ends_input);
}

static void variables(void **state)
{
	(void)state;
	ACCEPTS("-S", "smtp=smtp://mail.x.org:26", "bob");
	assert_string_equal(bench_override("host"), "mail.x.org");
	assert_string_equal(bench_override("port"), "26");
	assert_string_equal(bench_override("tls"), "off");
	ACCEPTS("-S", "smtp-use-starttls", "-S", "smtp=mail.x.org", "bob");
	assert_string_equal(bench_override("tls"), "on");
	ACCEPTS("-S", "mta=smtps://me%40x.org@[::1]", "bob");
	assert_string_equal(bench_override("host"), "::1");
	assert_string_equal(bench_override("user"), "me@x.org");
	assert_string_equal(bench_override("tls_starttls"), "off");
	ACCEPTS("-S", "mta=submission://me@mail.x.org/", "bob");
	assert_string_equal(bench_override("port"), "587");
	assert_null(bench_override("tls")); /* a log-in has it */
	ACCEPTS("-S", "smtp-auth-user-me@x.org=joe", "-S",
		"smtp-auth-me@x.org=none", "-S", "ssl-verify=ignore", "bob");
	assert_string_equal(bench_override("user"), "joe");
	assert_string_equal(bench_override("auth"), "off");
	assert_string_equal(bench_override("tls_certcheck"), "off");
	ACCEPTS("-S", "mta=test", "bob");
	assert_int_equal(cmdline.kind, COMMAND_PRINT);
	ACCEPTS("-S", "sendcharsets=utf-8", "-S", "unheard-of=1", "bob");
	assert_null(cmdline.request.overrides);
	REFUSES("mail server", "-S", "mta=imap://me:s3cr3t@x.org", "bob");
	assert_null(strstr(error.text, "s3cr3t"));
	REFUSES("name=value", "-S", "=x", "bob");
}

static void senders(void **state)
{
	(void)state;
	ACCEPTS("-r", "Me <me@x.org>", "bob");
	assert_string_equal(cmdline.request.from.spec, "me@x.org");
	ACCEPTS("-S", "from=v@x.org", "-r", "me@x.org", "bob");
	assert_string_equal(cmdline.request.from.spec, "me@x.org");
	ACCEPTS("-S", "from=v@x.org", "bob");
	assert_string_equal(cmdline.request.from.spec, "v@x.org");
	ACCEPTS("-r", "", "bob");
	assert_false(cmdline.request.has_from);
}

static void expands(const char *name, const char *wanted)
{
	struct address_list from = { 0 }, to = { 0 };
	struct buf out = BUF_INIT(4096);
	struct error f = ERROR_INIT;

	assert_int_equal(address_parse_list(&arena, name, &from, &f), 0);
	if (personal_aliases_expand(&arena, &cmdline.request.nicknames, &from,
				    &to, &f) < 0)
		fail_msg("%s", f.text);
	assert_int_equal(address_put_list(&out, &to), 0);
	assert_string_equal(out.data, wanted);
	buf_free(&out);
}

/* The sentence that a bare name is refused with. */
static const char *stops(const char *name)
{
	struct address_list from = { 0 }, to = { 0 };
	static struct error f;

	error_clear(&f);
	assert_int_equal(address_parse_list(&arena, name, &from, &f), 0);
	if (personal_aliases_expand(&arena, &cmdline.request.nicknames, &from,
				    &to, &f) == 0)
		fail_msg("%s was taken", name);
	assert_int_equal(f.cause, ERROR_CONFIG);
	return f.text;
}

static void the_start_up_file(void **state)
{
	(void)state;
	bench_write(
		".mailrc",
		"# comment\n"
		"alias bob 'Bob B <bob@x.org>'\n"
		"a team bob carol@x.org \\\n dave@x.org\n"
		"group team erin@x.org\n"
		"set dot nosave realname=\"A B\" skipemptybody\n"
		"se replyto=r@x.org from=me@x.org\n"
		"if s\nalias s s@x.org\nelse\nalias s r@x.org\nendif\n"
		"if r\nalias r r@x.org\nendif\n"
		"if $x == 1\nalias r r@x.org\nelse\nalias r s@x.org\nendif\n"
		"source more\n"
		"unset skipemptybody");
	bench_write("more", "alias more m@x.org\n");
	ACCEPTS("bob");
	assert_string_equal(cmdline.request.from.spec, "me@x.org");
	assert_string_equal(cmdline.request.full_name, "A B");
	assert_string_equal(cmdline.request.reply_to.items[0].spec, "r@x.org");
	assert_false(cmdline.request.skip_empty);
	expands("TEAM, more",
		"Bob B <bob@x.org>, carol@x.org, dave@x.org, erin@x.org, "
		"m@x.org");
	expands("s, team@x.org", "s@x.org, team@x.org");
	assert_non_null(strstr(stops("r"), "'if'"));
	ACCEPTS("-r", "other@x.org", "-:/", "bob");
	expands("team", "team");
	assert_null(cmdline.request.full_name);
}

static void start_up_files_of_any_kind(void **state)
{
	static const char *const texts[] = {
		"",
		"\\",
		"\"",
		"alias",
		"alias x",
		"alias x ''",
		"set",
		"set =",
		"set a=",
		"if",
		"else\nendif\n",
		"endif\nendif\n",
		"source .mailrc",
		"'\\",
		"set 'a",
		"alias x \\",
		"a\\\nb\\\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		bench_write(".mailrc", texts[i]);
		ACCEPTS("bob");
		assert_int_equal(cmdline.request.to.count, 1);
	}
	{
		FILE *file = fopen(".mailrc", "w");

		assert_non_null(file);
		for (int i = 0; i < 100; i++)
			fputs("if s\n", file);
		fputs("alias x x@x.org\n", file);
		for (int i = 0; i < 100; i++)
			fputs("endif\n", file);
		fputs("alias y y@x.org\n", file);
		assert_int_equal(fclose(file), 0);
	}
	ACCEPTS("bob");
	expands("x, y", "x@x.org, y@x.org");
	assert_int_equal(remove(".mailrc"), 0);
	ACCEPTS("bob");
}

static const char *setting(const char *name)
{
	const char *value = bench_override(name);

	return value ? value : "-";
}

static void blocks_are_not_commands(void **state)
{
	static const char text[] =
		"define show {\n  set from=wrong@x.org\n  alias bob w@x.org\n}\n"
		"account work {\n  localopts yes\n  wysh set from=w@x.org \\\n"
		"    realname='At Work'\n  alias boss b@x.org\n"
		"  set smtp=smtp.work.example smtp-use-starttls \\\n"
		"    smtp-auth-user=joe smtp-auth-password=s3cr3t\n}\n"
		"account home {\n set from=h@x.org\n}\n"
		"define twice {\n set realname=Twice\n}\n"
		"set from=me@x.org\ncall twice\n";

	(void)state;
	bench_write(".mailrc", text);
	assert_int_equal(chmod(".mailrc", 0600), 0);
	ACCEPTS("bob");
	assert_string_equal(cmdline.request.from.spec, "me@x.org");
	assert_string_equal(cmdline.request.full_name, "Twice");
	assert_string_equal(setting("host"), "-");
	expands("bob, boss", "bob, boss");
	ACCEPTS("-A", "work", "bob");
	assert_null(cmdline.request.account);
	assert_true(cmdline.request.rc_overrides);
	assert_string_equal(cmdline.request.from.spec, "w@x.org");
	assert_string_equal(cmdline.request.full_name, "At Work");
	assert_string_equal(setting("host"), "smtp.work.example");
	assert_string_equal(setting("user"), "joe");
	assert_string_equal(setting("password"), "s3cr3t");
	expands("boss", "b@x.org");
	/* one of ours */
	ACCEPTS("-A", "other", "bob");
	assert_string_equal(cmdline.request.account, "other");
	/* and one that the file itself chooses */
	bench_write(".mailrc",
		    "account home {\nset from=h@x.org\n}\naccount home\n");
	ACCEPTS("bob");
	assert_string_equal(cmdline.request.from.spec, "h@x.org");
	bench_write(".mailrc", "define x {\nset from=wrong@x.org\n");
	ACCEPTS("bob");
	assert_false(cmdline.request.has_from);
	assert_non_null(strstr(stops("bob"), "not closed"));
}

static void what_files_set(void **state)
{
	(void)state;
	bench_write(".mailrc",
		    "set autocc=cc@x.org autobcc='b1@x.org, b2@x.org'\n"
		    "set customhdr='X-A: a\\, b, X-B: c'\n"
		    "set mta=smtps://joe:s%33cr3t@smtp.x.org debug verbose\n"
		    "set smtp-auth-other.org=login smtp-auth-smtp.x.org=plain\n"
		    "set hostname=x.org record=~/sent\n");
	assert_int_equal(chmod(".mailrc", 0600), 0);
	ACCEPTS("bob");
	assert_string_equal(cmdline.request.cc.items[0].spec, "cc@x.org");
	assert_int_equal(cmdline.request.bcc.count, 2);
	assert_string_equal(cmdline.request.extra.first->value, "a, b");
	assert_string_equal(cmdline.request.extra.first->next->name, "X-B");
	assert_int_equal(cmdline.kind, COMMAND_SEND);
	assert_false(cmdline.request.transcript);
	assert_string_equal(setting("host"), "smtp.x.org");
	assert_string_equal(setting("user"), "joe");
	assert_string_equal(setting("password"), "s3cr3t");
	assert_string_equal(setting("tls_starttls"), "off");
	assert_string_equal(setting("auth"), "plain");
	assert_string_equal(setting("qualify_domain"), "x.org");
	for (const struct override *o = cmdline.request.overrides; o;
	     o = o->next)
		assert_int_equal(o->is_rc,
				 strcmp(o->name, "qualify_domain") != 0);
	/* what is typed holds, and leaves the file's log-in at home */
	ACCEPTS("-S", "smtp=other.org", "-S", "autocc=o@x.org", "bob");
	assert_string_equal(setting("host"), "other.org");
	assert_string_equal(setting("user"), "-");
	assert_string_equal(setting("password"), "-");
	assert_int_equal(cmdline.request.cc.count, 1);
	ACCEPTS("--host", "other.org", "bob");
	assert_string_equal(setting("password"), "-");
	/* a password is nobody else's to read */
	assert_int_equal(chmod(".mailrc", 0644), 0);
	assert_int_equal(bench_parse(&PERSONA,
				     (const char *const[]){ "bob", NULL }),
			 -1);
	assert_int_equal(error.cause, ERROR_CONFIG);
	assert_non_null(strstr(error.text, "chmod"));
	bench_write(".mailrc", "set mta=/usr/sbin/sendmail smtp-auth-user=x\n");
	ACCEPTS("bob");
	assert_null(cmdline.request.overrides);
}

static void what_cannot_be_followed_stops_bare_names(void **state)
{
	static const struct {
		const char *rc, *word;
	} files[] = {
		{ "source 'pass show aliases|'\n", "program" },
		{ "source ~/not-there\n", "/not-there" },
		{ "source $nonesuch/al\n", "$nonesuch" },
		{ "source ~/.mailrc\n", "nested" },
		{ "if $x == 1\nsource al\nendif\n", "'if'" },
		{ "alias bob $nonesuch\n", "$nonesuch" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		bench_write(".mailrc", files[i].rc);
		ACCEPTS("x@x.org");
		if (!strstr(stops("bob"), files[i].word))
			fail_msg("no %s in: %s", files[i].word, stops("bob"));
	}
	bench_write("al", "alias bob b@x.org # he\n");
	bench_write(".mailrc", "source $HOME/al\nsource_if ~/not-there\n"
			       "unalias none\n");
	setenv("HOME", ".", 1);
	ACCEPTS("bob");
	expands("bob", "b@x.org");
}

static void a_circle_of_nicknames(void **state)
{
	struct address_list from = { 0 }, to = { 0 };

	(void)state;
	bench_write(".mailrc", "alias a b\nalias b a\nalias c c x@x.org\n");
	ACCEPTS("bob");
	expands("c", "c, x@x.org");
	assert_int_equal(address_parse_list(&arena, "a", &from, &error), 0);
	assert_int_equal(personal_aliases_expand(&arena,
						 &cmdline.request.nicknames,
						 &from, &to, &error),
			 -1);
	assert_int_equal(error.cause, ERROR_CONFIG);
}

static void what_is_not_here(void **state)
{
	(void)state;
	REFUSES("reading mail", "-e");
	REFUSES("reading mail", "-f", "file");
	REFUSES("reading mail", "-H");
	REFUSES("reading mail", "-u", "bob");
	REFUSES("copies", "-F", "bob");
	REFUSES("commands", "-~", "bob");
	REFUSES("line break", "-s", "a\nBcc: b", "bob");
	ACCEPTS("-inNBDv", "bob");
	assert_true(cmdline.request.transcript);
	ACCEPTS("-d", "bob");
	assert_int_equal(cmdline.kind, COMMAND_DRY_RUN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(smart_a),
		cmocka_unit_test(smart_a_that_cannot_tell),
		cmocka_unit_test(content_fields),
		cmocka_unit_test(capital_a),
		cmocka_unit_test(capital_e),
		cmocka_unit_test(recipients),
		cmocka_unit_test(a_template),
		cmocka_unit_test(the_text),
		cmocka_unit_test(variables),
		cmocka_unit_test(senders),
		cmocka_unit_test(the_start_up_file),
		cmocka_unit_test(start_up_files_of_any_kind),
		cmocka_unit_test(blocks_are_not_commands),
		cmocka_unit_test(what_files_set),
		cmocka_unit_test(what_cannot_be_followed_stops_bare_names),
		cmocka_unit_test(a_circle_of_nicknames),
		cmocka_unit_test(what_is_not_here),
	};

	return cmocka_run_group_tests(tests, bench_enter, bench_leave);
}
