/* What the options of `mutt` leave in the request. */
#include "persona_bench.h"

#include <sys/stat.h>

#define PERSONA persona_mutt

static void the_table(void **state)
{
	(void)state;
	bench_table(&persona_mutt);
	bench_long_options(&persona_mutt);
	assert_ptr_equal(persona_of("/usr/bin/mutt"), &persona_mutt);
	assert_ptr_equal(persona_of("neomutt"), &persona_neomutt);
	assert_ptr_equal(persona_neomutt.rows, persona_mutt.rows);
}

static void attachments_up_to_the_dashes(void **state)
{
	(void)state;
	bench_write("a@b", "x");
	ACCEPTS("first@x.org", "-a", "one", "two", "-s", "x", "three", "a@b",
		"--", "bob@x.org", "-odd@x.org");
	assert_string_equal(cmdline.request.attachments->path, "one");
	assert_string_equal(cmdline.request.attachments->next->next->path,
			    "three");
	assert_string_equal(cmdline.request.attachments->next->next->next->path,
			    "a@b");
	assert_null(cmdline.request.attachments->next->next->next->next);
	assert_int_equal(cmdline.request.to.count, 3);
	assert_string_equal(cmdline.request.to.items[2].spec, "-odd@x.org");
	REFUSES("write --", "-a", "one", "bob@x.org");
	REFUSES("recipient", "-a", "one", "bob");
}

static void texts_and_drafts(void **state)
{
	(void)state;
	ACCEPTS("-i", "pre", "bob");
	assert_string_equal(cmdline.request.include_path, "pre");
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("-i", "-", "bob");
	assert_null(cmdline.request.include_path);
	assert_string_equal(cmdline.request.body_path, "-");
	ACCEPTS("-H", "-", "-i", "pre");
	assert_string_equal(cmdline.request.draft_path, "-");
	assert_null(cmdline.request.include_path);
	assert_true(cmdline.request.recipients_from_header);
	assert_true(cmdline.request.extends_header);
	assert_false(cmdline.request.draft_overrides);
	ACCEPTS("-H", "draft", "-a", "file", "--", "bob");
	assert_non_null(cmdline.request.attachments);
	REFUSES("--html", "-H", "draft", "--html", "page");
}

static void commands(void **state)
{
	(void)state;
	ACCEPTS("-e", "set from='\"Me, too\" <me@x.org>' realname='A \"B\"'",
		"bob");
	assert_string_equal(cmdline.request.from.spec, "me@x.org");
	assert_string_equal(cmdline.request.full_name, "A \"B\"");
	ACCEPTS("-e", "set from = me@x.org; set nouse_from", "bob");
	assert_false(cmdline.request.has_from);
	ACCEPTS("-e", "my_hdr X-A: a; my_hdr X-B: b # c", "-e",
		"my_hdr x-a: new", "bob");
	assert_string_equal(cmdline.request.extra.first->name, "X-B");
	assert_string_equal(cmdline.request.extra.first->value, "b");
	assert_string_equal(cmdline.request.extra.first->next->value, "new");
	assert_null(cmdline.request.extra.first->next->next);
	ACCEPTS("-e", "my_hdr From: h@x.org", "-e", "set from=v@x.org", "bob");
	assert_string_equal(cmdline.request.from.spec, "h@x.org");
	ACCEPTS("--from", "o@x.org", "-e", "my_hdr From: h@x.org", "bob");
	assert_string_equal(cmdline.request.from.spec, "o@x.org");
	ACCEPTS("-e", "set content_type=text/html", "bob");
	assert_string_equal(cmdline.request.body_type, "text/html");
	ACCEPTS("-e", "set hostname=x.org", "bob");
	assert_string_equal(bench_override("qualify_domain"), "x.org");
	ACCEPTS("-e", "set smtp_url=smtps://joe@mail.x.org:466/", "bob");
	assert_string_equal(bench_override("host"), "mail.x.org");
	assert_string_equal(bench_override("port"), "466");
	assert_string_equal(bench_override("tls_starttls"), "off");
	REFUSES("my_hdr", "-e", "my_hdr nonsense", "bob");
	REFUSES("leave Content", "-e",
		"my_hdr Content-Transfer-Encoding: base64", "bob");
	REFUSES("crypt_autosign", "-e", "set crypt_autosign", "bob");
	ACCEPTS("-e", "unset crypt_autosign; set crypt_autoencrypt=no", "bob");
	REFUSES("password", "-e", "set smtp_url=smtp://a:s3cr3t@x.org", "bob");
	assert_null(strstr(error.text, "s3cr3t"));
}

static void nickname_is(const char *name, const char *wanted)
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

static void the_start_up_file(void **state)
{
	(void)state;
	bench_write(
		".muttrc",
		"set from=rc@x.org # comment\n"
		"alias bob Bob B <bob@x.org> # friend\n"
		"alias bob Robert <robert@x.org>\n"
		"alias -group g team bob, \\\n carol@x.org\n"
		"my_hdr X-A: rc\n"
		"my_hdr nonsense\n"
		"set smtp_url=smtp://x.org smtp_pass=s3cr3t hostname=y.org\n"
		"set realname=`whoami` crypt_autosign\n"
		"source ~/.more; source .muttrc; source 'program|'\n"
		"bind index x y\n");
	bench_write(".more", "alias dave dave@x.org (Dave D)\n");
	ACCEPTS("team");
	assert_string_equal(cmdline.request.from.spec, "rc@x.org");
	assert_string_equal(cmdline.request.extra.first->value, "rc");
	assert_null(cmdline.request.overrides);
	assert_null(cmdline.request.full_name);
	nickname_is("Team, dave",
		    "Robert <robert@x.org>, carol@x.org, Dave D <dave@x.org>");
	ACCEPTS("-e", "set from=e@x.org; unmy_hdr X-A", "team");
	assert_string_equal(cmdline.request.from.spec, "e@x.org");
	assert_null(cmdline.request.extra.first);
	bench_write("other", "alias bob other@x.org\n");
	ACCEPTS("-F", "~/other", "bob");
	nickname_is("bob", "other@x.org");
	assert_int_equal(bench_parse(&PERSONA,
				     (const char *const[]){ "-F",
							    "/nonexistent",
							    "bob", NULL }),
			 -1);
	assert_int_equal(error.cause, ERROR_NOINPUT);
	ACCEPTS("-F", "/dev/null", "team");
	assert_false(cmdline.request.has_from);
	nickname_is("team", "team");
}

/* What mutt 2.2 says of each, by "mutt -F rc -A name". */
static void words_are_mutts(void **state)
{
	static const struct {
		const char *name, *wanted;
	} names[] = {
		{ "me", "Ops Team <ops@x.org>" },
		{ "semi", "a@x.org, b@x.org" },
		{ "quoted", "\"Bob; B\" <b@x.org>" },
		{ "hash", "Bob <b@x.org>" },
		{ "single", "\"ops@x.org\" <b@x.org>" },
		{ "braces", "a by <b@x.org>" },
		{ "late", "$my_x <b@x.org>" },
		{ "joined", "cont <b@x.org>" },
		{ "file", "~/al <b@x.org>" },
		{ "dollar", "a$ b$$ $1x <b@x.org>" },
		{ "more", "onetwo <b@x.org>" },
		{ "toggled", "yes <b@x.org>" },
		{ "known", "known@x.org" },
	};

	(void)state;
	bench_write(
		".muttrc",
		"set realname=\"Ops Team\" from=ops@x.org\n"
		"set my_x='a b' my_y='$my_x'\n"
		"set my_c = co\\\nnt my_f='~/al' my_p=one ; set my_p += two\n"
		"toggle my_t\n"
		"alias me $realname <$from>\n"
		"alias semi a@x.org\\; b@x.org\n"
		"alias quoted \"Bob; B\" <b@x.org>\n"
		"alias hash Bob <b@x.org> # comment\n"
		"alias single '$from' <b@x.org>\n"
		"alias braces ${my_x}y <b@x.org>\n"
		"alias late $my_y <b@x.org>\n"
		"alias joined $my_c <b@x.org>\n"
		"alias file $my_f <b@x.org>\n"
		"alias dollar a$ b$$ $1x <b@x.org>\n"
		"alias more $my_p <b@x.org>\n"
		"alias toggled $my_t <b@x.org>\n"
		"alias gone x@x.org\nunalias gone\n"
		"# a comment \\\nalias hidden x@x.org\n"
		"ifdef realname alias known known@x.org\n"
		"ifndef realname \"alias known other@x.org\"\n"
		"my_hdr X-A: a\\; b \n"
		"send-hook . 'my_hdr X-B: $from'\n"
		"send-hook '~t x@x.org' 'my_hdr X-C: no'\n"
		"finish\nalias me late@x.org\n");
	ACCEPTS("me");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		nickname_is(names[i].name, names[i].wanted);
	nickname_is("gone, hidden", "gone, hidden");
	assert_string_equal(cmdline.request.extra.first->value, "a; b");
	assert_string_equal(cmdline.request.extra.first->next->value,
			    "ops@x.org");
	assert_null(cmdline.request.extra.first->next->next);
}

/* The sentence that a bare name is refused with, after this start-up file. */
static const char *lost(const char *rc, const char *name)
{
	struct address_list from = { 0 }, to = { 0 };
	static struct error f;

	bench_write(".muttrc", rc);
	ACCEPTS("x@x.org");
	error_clear(&f);
	assert_int_equal(address_parse_list(&arena, name, &from, &f), 0);
	if (personal_aliases_expand(&arena, &cmdline.request.nicknames, &from,
				    &to, &f) == 0)
		fail_msg("%s was taken after: %s", name, rc);
	assert_int_equal(f.cause, ERROR_CONFIG);
	return f.text;
}

static void what_cannot_be_followed_stops_bare_names(void **state)
{
	static const struct {
		const char *rc, *word;
	} files[] = {
		{ "\nsource 'pass show aliases|'\n", ".muttrc:2: source" },
		{ "source `ls -d ~/al*`\n", "`ls -d ~/al*`" },
		{ "source $nonesuch/al\n", "$nonesuch" },
		{ "source ~/not-there\n", "/not-there" },
		{ "source ~nobody/al\n", "~nobody" },
		{ "source ~/.muttrc\n", "nested" },
		{ "source ~/folder\n", "folder" },
		{ "set alias_file=`x`\nsource $alias_file\n", "$alias_file" },
		{ "ifdef nonesuch source ~/al\n", "nonesuch" },
		{ "alias bob `whoami`@x.org\n", "`whoami`" },
		{ "alias bob $nonesuch <b@x.org>\n", "$nonesuch" },
	};

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *said = lost(files[i].rc, "bob");

		if (!strstr(said, files[i].word))
			fail_msg("no %s in: %s", files[i].word, said);
	}
	/* who is known is known, and a whole address needs none of it */
	bench_write(".muttrc", "alias bob b@x.org\nsource ~/not-there\n");
	ACCEPTS("bob");
	nickname_is("bob, eve@x.org", "b@x.org, eve@x.org");
	REFUSES("program", "-e", "source 'x|'", "bob");
}

static void commands_of_any_kind(void **state)
{
	static const char *const texts[] = {
		"",	     ";",	"set",	      "set =",
		"set a=",    "set a=;", "\\",	      "\"",
		"my_hdr X:", "alias",	"alias x",    "alias -group",
		"source",    "'",	"unmy_hdr",   "#",
		"set a='b",  "unset",	"source /no",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ACCEPTS("-F", "/dev/null", "-e", texts[i], "bob");
		assert_int_equal(cmdline.request.to.count, 1);
	}
}

static void what_is_not_here(void **state)
{
	(void)state;
	REFUSES("batch mutt", "-E", "bob");
	REFUSES("batch mutt", "-f", "inbox");
	REFUSES("batch mutt", "-z");
	REFUSES("batch mutt", "-p");
	REFUSES("-A", "-A", "bob");
	REFUSES("-Q", "-Q", "from");
	REFUSES("encryption", "-C", "bob");
	REFUSES("recipient", "-s", "x");
	REFUSES("recipient", "-x");
	ACCEPTS("-nx", "-m", "mbox", "-d", "0", "bob");
	assert_false(cmdline.request.transcript);
	ACCEPTS("-d", "3", "bob");
	assert_true(cmdline.request.transcript);
	ACCEPTS("-v", "bob");
	assert_true(cmdline.request.transcript);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(attachments_up_to_the_dashes),
		cmocka_unit_test(texts_and_drafts),
		cmocka_unit_test(commands),
		cmocka_unit_test(the_start_up_file),
		cmocka_unit_test(words_are_mutts),
		cmocka_unit_test(what_cannot_be_followed_stops_bare_names),
		cmocka_unit_test(commands_of_any_kind),
		cmocka_unit_test(what_is_not_here),
	};

	return cmocka_run_group_tests(tests, bench_enter, bench_leave);
}
