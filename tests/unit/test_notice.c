/* test_notice.c - who is told, how often, and what becomes of the mails.
 * Whether other programs read a notice is tests/cli/notice.bats' question. */
#include "laws.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "config/settings.h"
#include "notice_bench.h"
#include "queuerun/notice_report.h"
#include "scratch.h"

#define MAIL                                                                   \
	"From: alice@example.org\r\nSubject: the weekly report\r\n"            \
	"Message-ID: <m1@example.org>\r\n\r\nHello, this is its body.\r\n"
#define NOTICES_MAX 8

/* The bench, and what the test looks at. */
static struct bench b;
static void **scratch;

static void set_clock(int64_t when)
{
	char frozen[512];

	snprintf(frozen, sizeof(frozen),
		 "clock=%lld zone=0 seed=1 host=box.example.org user=alice "
		 "home=%s charset=utf-8",
		 (long long)when, (char *)*scratch);
	setenv("MAILSEND_FROZEN", frozen, 1);
	sysenv_init();
}

static void configure(const char *text)
{
	const char *path = scratch_path(scratch, "config");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, 0600);
	setenv("MAILSEND_CONFIG", path, 1);
}

static int set_up(void **state)
{
	static char folder[256]; /* the queue borrows it */

	if (scratch_make(state) < 0)
		return -1;
	snprintf(folder, sizeof(folder), "%s/queue", (char *)*state);
	scratch = state;
	set_clock(BENCH_CLOCK);
	configure("");
	return bench_open(&b, folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	bench_close(&b);
	return scratch_remove(state);
}

static void assert_fine(void)
{
	assert_string_equal(b.error.text, "");
}

static unsigned run(void)
{
	unsigned made = 99;
	int r = notice_failures(&b.queue, &b.arena, &made, &b.error);

	assert_fine();
	assert_int_equal(r, 0);
	return made;
}

static const char *put(struct bench_mail *m, const char *id)
{
	const char *name = bench_put(&b, m, id);

	assert_fine();
	return name;
}

/* One of one recipient, who failed. */
static const char *put_failed(const char *id)
{
	struct bench_mail m = bench_mail(&b, MAIL);

	bench_to(&m, "bob@example.net");
	return put(&m, id);
}

/* "ftws" for the recipients, "" when it is not there. */
static const char *states(enum queue_place place, const char *id)
{
	struct entry e;
	char *text;

	if (queue_peek(&b.queue, &b.arena, place, id, &e, &b.error) <= 0)
		return "";
	text = arena_alloc(&b.arena, e.count + 1);
	for (size_t i = 0; i < e.count; i++)
		text[i] = "wsft"[e.recipients[i].state];
	return text;
}

static void assert_waits(const char *id, const char *want)
{
	assert_string_equal(states(QUEUE_WAITING, id), want);
	assert_string_equal(states(QUEUE_GIVEN_UP, id), "");
}

static void assert_given_up(const char *id)
{
	assert_string_equal(states(QUEUE_WAITING, id), "");
	assert_string_not_equal(states(QUEUE_GIVEN_UP, id), "");
	assert_null(strpbrk(states(QUEUE_GIVEN_UP, id), "fw"));
}

static void assert_gone(const char *id)
{
	assert_string_equal(states(QUEUE_WAITING, id), "");
	assert_string_equal(states(QUEUE_GIVEN_UP, id), "");
	assert_int_equal(access(scratch_path(scratch,
					     arena_format(&b.arena,
							  "queue/msg/%s", id)),
				F_OK),
			 -1);
}

/* All that wait and are of ours. */
static size_t find_notices(struct entry out[NOTICES_MAX])
{
	struct queue_names names;
	size_t n = 0;

	assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_WAITING, &names,
				    &b.error),
			 0);
	for (size_t i = 0; i < names.count; i++) {
		assert_in_range(n, 0, NOTICES_MAX - 1);
		assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING,
					    names.ids[i], &out[n], &b.error),
				 1);
		n += out[n].kind != ENTRY_MAIL;
	}
	return n;
}

static size_t count_notices(void)
{
	struct entry e[NOTICES_MAX];

	return find_notices(e);
}

static struct queue_claim claim(const char *id)
{
	struct queue_claim c;

	assert_int_equal(queue_claim(&b.queue, &b.arena, QUEUE_WAITING, id, &c,
				     &b.error),
			 1);
	return c;
}

static const char *text_of(const char *id)
{
	struct queue_claim c = claim(id);
	struct buf out = BUF_INIT(LAWS_MAX);
	struct sink_buf end;
	const char *text;

	sink_buf_init(&end, &out, &b.error);
	pump_slice(&c.message, &end.sink);
	assert_fine();
	text = arena_dup_n(&b.arena, out.data, out.len);
	buf_free(&out);
	queue_release(&c);
	return text;
}

/* The one there is. */
static const char *notice_text(void)
{
	struct entry e[NOTICES_MAX];

	assert_int_equal(find_notices(e), 1);
	return text_of(e[0].id);
}

static void assert_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("there is no \"%s\" in:\n%s", words, text);
}

static void assert_lacks(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("there is \"%s\" in:\n%s", words, text);
}

static size_t occurrences(const char *text, const char *words)
{
	size_t n = 0;

	while ((text = strstr(text, words))) {
		n++;
		text++;
	}
	return n;
}

/* ---- one mail ---- */

static void a_failed_mail_comes_back(void **state)
{
	const char *id = put_failed(NULL), *text;
	struct entry e[NOTICES_MAX];

	(void)state;
	assert_int_equal(run(), 1);
	assert_gone(id);
	assert_int_equal(find_notices(e), 1);
	assert_int_equal(e[0].kind, ENTRY_FAILURE_NOTICE);
	assert_string_equal(e[0].reverse_path, "");
	assert_int_equal(e[0].count, 1);
	assert_string_equal(e[0].recipients[0].address, "alice@example.org");
	assert_int_equal(e[0].recipients[0].state, ENTRY_WAITING);
	assert_string_equal(e[0].dsn_notify, "never");
	assert_int_equal(e[0].arrived, BENCH_CLOCK);
	text = text_of(e[0].id);
	assert_has(text, e[0].message_id);
	assert_has(text, "550 5.1.1 No such user here");
	assert_has(text, "Hello, this is its body.");
	assert_has(text, id);
	/* and that was all */
	set_clock(BENCH_CLOCK + 2 * NOTICE_PERIOD);
	assert_int_equal(run(), 0);
	assert_int_equal(count_notices(), 1);
}

static void nothing_failed_nothing_is_done(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	assert_int_equal(run(), 0);
	bench_in_state(&m, "bob@example.net", ENTRY_WAITING);
	bench_in_state(&m, "carol@example.net", ENTRY_REPORTED);
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_waits(id, "wt");
	assert_int_equal(count_notices(), 0);
}

static void those_who_wait_go_on(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id, *text;

	(void)state;
	bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
	bench_to(&m, "bob@example.net");
	bench_in_state(&m, "has-it@example.net", ENTRY_SENT);
	id = put(&m, NULL);
	assert_int_equal(run(), 1);
	assert_waits(id, "wts");
	text = notice_text();
	assert_int_equal(occurrences(text, "Final-Recipient:"), 1);
	assert_lacks(text, "waits@example.net");
	assert_lacks(text, "has-it@example.net");
}

/* The setting, what the sender asked for, and the size say what comes back;
 * what did not is kept. */
static void how_much_comes_back(void **state)
{
	static const struct {
		const char *setting, *ret;
		size_t size;
		bool whole;
	} cases[] = {
		{ "auto", NULL, 10, true },
		{ "auto", NULL, NOTICE_FULL_MAX, false },
		{ "full", NULL, NOTICE_FULL_MAX, true },
		{ "headers", NULL, 10, false },
		{ "headers", "full", 10, true },
		{ "headers", "FULL", 10, true },
		{ "full", "hdrs", 10, false },
		{ "auto", "full", NOTICE_FULL_MAX, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct bench_mail m = bench_mail(&b, "");
		struct buf content = BUF_INIT(LAWS_MAX);
		const char *id, *text;
		struct queue_claim c;
		struct entry e[NOTICES_MAX];

		buf_puts(&content, MAIL);
		while (content.len < cases[i].size)
			buf_puts(&content, "another line of it\r\n");
		buf_puts(&content, "the last line\r\n");
		m.content = slice_of_memory(content.data, content.len);
		m.entry.dsn_ret = cases[i].ret;
		configure(arena_format(&b.arena, "queue_notice %s\n",
				       cases[i].setting));
		bench_to(&m, "bob@example.net");
		id = put(&m, NULL);
		assert_int_equal(run(), 1);
		text = notice_text();
		assert_has(text, "Subject: the weekly report");
		if (cases[i].whole) {
			assert_has(text, "\r\nthe last line\r\n");
			assert_gone(id);
		} else {
			assert_lacks(text, "its body");
			assert_has(text, id);
			assert_given_up(id);
		}
		assert_int_equal(find_notices(e), 1);
		c = claim(e[0].id);
		assert_int_equal(queue_remove(&c, &b.error), 0);
		queue_release(&c);
		set_clock(sysenv_now() + NOTICE_PERIOD);
		buf_free(&content);
	}
}

static void a_notice_is_made_of_many_recipients(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *text, *id;

	(void)state;
	for (int i = 0; i < 1000; i++)
		bench_to(&m, arena_format(&b.arena, "user%04d@example.net", i));
	id = put(&m, NULL);
	assert_int_equal(run(), 1);
	assert_gone(id);
	text = notice_text();
	assert_int_equal(occurrences(text, "\r\nFinal-Recipient:"), 1000);
	assert_int_equal(occurrences(text, "user0999@example.net"), 1);
	assert_int_equal(occurrences(text, "user0000@example.net"), 2);
}

/* ---- those who are not told ---- */

static void never_means_never(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	m.entry.dsn_notify = "never";
	bench_to(&m, "bob@example.net");
	bench_in_state(&m, "has-it@example.net", ENTRY_SENT);
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_int_equal(count_notices(), 0);
	assert_gone(id);
}

/* Each recipient's own NOTIFY goes before the mail's. */
static void each_recipient_has_his_own_wish(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id, *text;

	(void)state;
	m.entry.dsn_notify = "success,delay";
	bench_to(&m, "unsaid@example.net");
	bench_to(&m, "never@example.net")->dsn_notify = "NEVER";
	bench_to(&m, "said@example.net")->dsn_notify = "DELAY,FAILURE";
	bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
	id = put(&m, NULL);
	assert_int_equal(run(), 1);
	assert_waits(id, "tttw");
	text = notice_text();
	assert_has(text, "said@example.net");
	assert_lacks(text, "unsaid@example.net");
	assert_lacks(text, "never@example.net");
}

/* Somebody was told before, and has not got the content back. */
static void what_somebody_was_told_of_is_kept(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	bench_in_state(&m, "carol@example.net", ENTRY_REPORTED);
	bench_to(&m, "bob@example.net")->dsn_notify = "never";
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_given_up(id);
	m.entry.is_returned = true;
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_gone(id);
}

/* Killed behind the first step of giving up. */
static void an_end_that_was_interrupted_is_ended(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	bench_in_state(&m, "carol@example.net", ENTRY_REPORTED);
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_given_up(id);
	m.entry.is_returned = true;
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_gone(id);
	m.entry.kind = ENTRY_FAILURE_NOTICE;
	m.entry.reverse_path = "";
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_given_up(id);
}

/* The notice goes out while somebody waits: by the time that the mail is done
 * with it must be known whether the sender has it back. */
static void what_came_back_is_written_down(void **state)
{
	static const struct {
		const char *ret;
		bool is_returned;
	} cases[] = { { "full", true }, { "hdrs", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench_mail m = bench_mail(&b, MAIL);
		struct entry e;
		const char *id;

		m.entry.dsn_ret = cases[i].ret;
		m.entry.reverse_path =
			arena_format(&b.arena, "alice%zu@example.org", i);
		bench_to(&m, "bob@example.net");
		bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
		id = put(&m, NULL);
		assert_int_equal(run(), 1);
		assert_waits(id, "tw");
		assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING,
					    id, &e, &b.error),
				 1);
		assert_int_equal(e.is_returned, cases[i].is_returned);
		e.recipients[1].state = ENTRY_SENT;
		assert_int_equal(notice_needs_content(&e),
				 !cases[i].is_returned);
	}
}

static void the_null_sender_is_not_told(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id, *waiting;

	(void)state;
	m.entry.reverse_path = "";
	bench_to(&m, "bob@example.net");
	id = put(&m, "null");
	bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
	waiting = put(&m, "null-waits");
	assert_int_equal(run(), 0);
	assert_int_equal(count_notices(), 0);
	assert_given_up(id);
	assert_waits(waiting, "tw");
}

static void notices_may_be_off(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *one, *other, *waiting;

	(void)state;
	configure("queue_notice off\n");
	one = put_failed("one");
	other = put_failed("other");
	bench_to(&m, "bob@example.net");
	bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
	waiting = put(&m, "waits");
	assert_int_equal(run(), 0);
	assert_int_equal(count_notices(), 0);
	assert_given_up(one);
	assert_given_up(other);
	assert_waits(waiting, "tw");
}

/* The overrides of the command line hold for the notice as well. */
static void a_setting_of_the_mail_counts(void **state)
{
	struct entry_setting off = { .name = "queue_notice", .value = "off" };
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	m.entry.settings = &off;
	bench_to(&m, "bob@example.net");
	id = put(&m, NULL);
	assert_int_equal(run(), 0);
	assert_given_up(id);
}

static const char *maildir_file(void)
{
	const char *folder = scratch_path(scratch, "Maildir/new");
	DIR *d = opendir(folder);
	const char *path = NULL;
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.') {
			assert_null(path);
			path = arena_format(&b.arena, "%s/%s", folder,
					    e->d_name);
		}
	if (d)
		closedir(d);
	return path;
}

static const char *put_notice(enum entry_kind kind)
{
	struct bench_mail m = bench_mail(&b, MAIL);

	m.entry.kind = kind;
	m.entry.reverse_path = "";
	bench_to(&m, "alice@example.org");
	return put(&m, NULL);
}

/* A crash may have come between the refusal and notice_keep. */
static void a_notice_that_failed_is_kept_here(void **state)
{
	const char *id = put_notice(ENTRY_FAILURE_NOTICE), *path;
	struct buf text = BUF_INIT(10000);

	(void)state;
	assert_int_equal(run(), 0);
	assert_int_equal(count_notices(), 0);
	assert_gone(id);
	path = maildir_file();
	assert_non_null(path);
	scratch_read(path, &text);
	assert_has(text.data, "Return-Path: <>\n");
	assert_has(text.data, "Delivered-To: alice@example.org\n");
	assert_has(text.data, "its body");
	buf_free(&text);
}

/* ---- how often ---- */

static void one_notice_an_hour(void **state)
{
	const char *one, *two;

	(void)state;
	put_failed(NULL);
	assert_int_equal(run(), 1);
	one = put_failed("one");
	set_clock(BENCH_CLOCK + NOTICE_PERIOD - 1);
	assert_int_equal(run(), 0);
	assert_waits(one, "f");
	two = put_failed("two");
	set_clock(BENCH_CLOCK + NOTICE_PERIOD);
	assert_int_equal(run(), 1);
	assert_int_equal(count_notices(), 2);
	assert_given_up(one);
	assert_given_up(two);
}

static void a_clock_set_back_stops_nobody(void **state)
{
	(void)state;
	put_failed(NULL);
	assert_int_equal(run(), 1);
	put_failed(NULL);
	set_clock(BENCH_CLOCK - 1000000);
	assert_int_equal(run(), 1);
	put_failed(NULL);
	assert_int_equal(run(), 0);
}

static void each_sender_has_his_own_hour(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);

	(void)state;
	put_failed(NULL);
	assert_int_equal(run(), 1);
	m.entry.reverse_path = "Alice@example.ORG"; /* the same one */
	bench_to(&m, "bob@example.net");
	put(&m, NULL);
	assert_int_equal(run(), 0);
	m.entry.reverse_path = "carol@example.org";
	put(&m, NULL);
	assert_int_equal(run(), 1);
	assert_int_equal(count_notices(), 2);
}

/* ---- many mails ---- */

static void many_failures_are_one_digest(void **state)
{
	const char *ids[3], *text;

	(void)state;
	for (int i = 0; i < 3; i++)
		ids[i] = put_failed(arena_format(&b.arena, "mail%d", i));
	assert_int_equal(run(), 1);
	text = notice_text();
	for (int i = 0; i < 3; i++) {
		assert_given_up(ids[i]);
		assert_has(text,
			   arena_format(&b.arena,
					"X-Mailsend-Queue-Id: mail%d\r\n", i));
	}
	assert_int_equal(occurrences(text, "\r\nFinal-Recipient:"), 3);
	assert_lacks(text, "its body");
	assert_lacks(text, "\r\nIn-Reply-To:");
}

static void a_digest_has_its_limit(void **state)
{
	const unsigned count = NOTICE_DIGEST_MAX + 5;
	const char *text;

	(void)state;
	for (unsigned i = 0; i < count; i++)
		put_failed(arena_format(&b.arena, "mail%03u", i));
	assert_int_equal(run(), 1);
	text = notice_text();
	assert_int_equal(occurrences(text, "\r\nFinal-Recipient:"),
			 NOTICE_DIGEST_MAX);
	assert_given_up("mail000");
	assert_waits(arena_format(&b.arena, "mail%03u", count - 1), "f");
	set_clock(BENCH_CLOCK + NOTICE_PERIOD);
	assert_int_equal(run(), 1);
	assert_given_up(arena_format(&b.arena, "mail%03u", count - 1));
	assert_int_equal(count_notices(), 2);
}

static void senders_and_accounts_have_their_own(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	struct entry e[NOTICES_MAX];

	(void)state;
	configure("account work\nhost a.example.org\nfrom w@example.org\n"
		  "account home\nhost b.example.org\nfrom h@example.org\n");
	bench_to(&m, "bob@example.net");
	m.entry.account = "work";
	put(&m, "a1");
	put(&m, "a2");
	m.entry.reverse_path = "carol@example.org";
	put(&m, "b1");
	m.entry.reverse_path = "dave@example.org";
	m.entry.account = "home";
	put(&m, "c1");
	assert_int_equal(run(), 3);
	assert_int_equal(find_notices(e), 3);
	for (int i = 0; i < 3; i++) {
		bool is_home =
			!strcmp(e[i].recipients[0].address, "dave@example.org");

		assert_string_equal(e[i].account, is_home ? "home" : "work");
		assert_has(text_of(e[i].id),
			   is_home ? "<h@example.org>" : "<w@example.org>");
	}
	assert_given_up("a1");
	assert_gone("b1");
	assert_gone("c1");
}

/* The account that the sender chose is named, as the null sender would choose
 * another. */
static void the_account_is_kept_by_its_name(void **state)
{
	struct entry e[NOTICES_MAX];

	(void)state;
	configure("account other\nhost a.example.org\nfrom x@example.org\n"
		  "account hers\nhost b.example.org\nfrom alice@example.org\n");
	put_failed(NULL);
	assert_int_equal(run(), 1);
	assert_int_equal(find_notices(e), 1);
	assert_string_equal(e[0].account, "hers");
}

static void what_is_locked_waits(void **state)
{
	const char *oldest = put_failed("a-oldest"), *other;
	struct queue_claim c;

	(void)state;
	other = put_failed("b-other");
	put_failed("c-another");
	c = claim(oldest); /* somebody may be writing to her just now */
	assert_int_equal(run(), 0);
	assert_waits(other, "f");
	queue_release(&c);
	c = claim(other);
	assert_int_equal(run(), 1);
	queue_release(&c);
	assert_given_up(oldest);
	assert_given_up("c-another");
	assert_waits(other, "f");
}

static void many_runs_at_once_write_once(void **state)
{
	pid_t children[8];
	int status;

	(void)state;
	for (int i = 0; i < 40; i++)
		put_failed(arena_format(&b.arena, "mail%02d", i));
	for (int i = 0; i < 8; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			unsigned made;
			int r = notice_failures(&b.queue, &b.arena, &made,
						&b.error);

			_exit(r < 0 ? 99 : (int)made);
		}
	}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_in_range(WEXITSTATUS(status), 0, 1);
	}
	assert_int_equal(count_notices(), 1);
	for (int i = 0; i < 40; i++)
		assert_given_up(arena_format(&b.arena, "mail%02d", i));
}

/* ---- trouble ---- */

static void a_broken_configuration_stops_no_notice(void **state)
{
	const char *id = put_failed(NULL);

	(void)state;
	configure("nonsense here\n");
	assert_int_equal(run(), 1);
	assert_gone(id);
	assert_has(notice_text(), "<alice@example.org>");
}

static void a_bad_entry_stops_no_notice(void **state)
{
	const char *id, *path;
	FILE *file;

	put_failed("a-bad");
	id = put_failed("b-good");
	path = scratch_path(state, "queue/env/a-bad");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("nonsense\n", file);
	fclose(file);
	assert_int_equal(run(), 1);
	assert_gone(id);
}

/* A notice that cannot be kept: everything is as it was. */
static void without_a_notice_nothing_changes(void **state)
{
	struct rlimit limit = { 3000, RLIM_INFINITY }, old;
	const char *id = put_failed(NULL), *other;
	struct bench_mail m = bench_mail(&b, MAIL);
	unsigned made;
	int r;

	(void)state;
	m.entry.reverse_path = "carol@example.org";
	for (int i = 0; i < 50; i++)
		bench_to(&m, "bob@example.net");
	other = put(&m, NULL);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	r = notice_failures(&b.queue, &b.arena, &made, &b.error);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(r, -1);
	assert_true(error_is_set(&b.error));
	error_clear(&b.error);
	/* the small one went all the same */
	assert_int_equal(made, 1);
	assert_gone(id);
	assert_int_equal(strspn(states(QUEUE_WAITING, other), "f"), 50);
	assert_int_equal(run(), 1);
	assert_gone(other);
}

static void copy_file(const char *from, const char *to)
{
	struct buf text = BUF_INIT(LAWS_MAX);
	FILE *file;

	scratch_read(from, &text);
	file = fopen(to, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
	fclose(file);
	buf_free(&text);
}

/* Killed before the mail's own entry was written: the next run does it over,
 * and the sender gets one notice. */
static void done_over_it_is_still_one_notice(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *saved = scratch_path(state, "saved"), *env, *id;

	bench_to(&m, "bob@example.net");
	bench_in_state(&m, "waits@example.net", ENTRY_WAITING);
	id = put(&m, "mail");
	env = scratch_path(state, "queue/env/mail");
	copy_file(env, saved);
	assert_int_equal(run(), 1);
	assert_waits(id, "tw");
	copy_file(saved, env);
	assert_waits(id, "fw");
	set_clock(BENCH_CLOCK + NOTICE_PERIOD);
	run();
	assert_waits(id, "tw");
	assert_int_equal(count_notices(), 1);
}

/* The same, but somebody else has failed meanwhile: he must not be forgotten
 * for a name that is taken. */
static void who_fails_later_is_told_of(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	struct queue_claim c;

	(void)state;
	bench_to(&m, "bob@example.net");
	bench_in_state(&m, "late@example.net", ENTRY_WAITING);
	put(&m, "mail");
	assert_int_equal(run(), 1);
	c = claim("mail");
	c.entry.recipients[1].state = ENTRY_FAILED;
	c.entry.recipients[1].tried = BENCH_CLOCK;
	assert_int_equal(queue_update(&c, &b.error), 0);
	queue_release(&c);
	set_clock(BENCH_CLOCK + NOTICE_PERIOD);
	assert_int_equal(run(), 1);
	assert_int_equal(count_notices(), 2);
	assert_gone("mail");
}

#ifdef MAILSEND_CRASH_POINTS
/* Killed for real, at each point. */
static void killed_it_loses_nothing(void **state)
{
	static const char *const points[] = { "notice-put", "notice-told" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *id = put_failed(NULL);
		int status;
		pid_t child = fork();

		if (child == 0) {
			setenv("MAILSEND_CRASH", points[i], 1);
			run();
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(count_notices(), i + 1);
		if (i == 0)
			assert_waits(id, "f");
		run();
		assert_gone(id);
		assert_int_equal(count_notices(), i + 1);
		set_clock(sysenv_now() + NOTICE_PERIOD);
	}
}
#endif

/* ---- a report alone ---- */

static int write_report(struct arena *a, struct entry *e, struct sink *to,
			struct error *f)
{
	struct notice_mail mail = {
		.entry = e, .message = slice_of_memory(MAIL, strlen(MAIL))
	};
	const char *folders[] = { "/tmp", NULL };
	struct notice_report r = { .arena = a,
				   .folders = folders,
				   .kind = NOTICE_FAILED,
				   .account = setting_account(a, "default"),
				   .mails = &mail,
				   .count = 1 };

	return notice_report_write(&r, to, f);
}

static void wherever_it_fails_a_error_tells(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	struct buf out = BUF_INIT(LAWS_MAX);
	size_t whole;

	(void)state;
	bench_to(&m, "bob@example.net");
	bench_gave_up(&m, "carol@example.net");
	m.entry.id = "mail";
	for (size_t limit = LAWS_MAX;;
	     limit = limit == LAWS_MAX ? 0 : limit + 1) {
		struct arena a = ARENA_INIT;
		struct error f = ERROR_INIT;
		struct laws_end end;
		int r;

		buf_reset(&out);
		laws_end_init(&end, &out, limit, &f);
		r = write_report(&a, &m.entry, &end.sink, &f);
		arena_free(&a);
		if (limit == LAWS_MAX) {
			assert_int_equal(r, 0);
			assert_false(error_is_set(&f));
			whole = out.len;
			assert_true(whole > 1000);
			continue;
		}
		if (limit >= whole)
			break;
		assert_int_equal(r, -1);
		assert_int_equal(f.cause, ERROR_IO);
		assert_int_equal(end.calls_after, 0);
	}
	buf_free(&out);
}

static void a_mail_without_an_end_is_reported(void **state)
{
	static const char *const mails[] = {
		"",
		"\r\n",
		"x",
		"Subject: only this",
		"Subject: bare\n\nlf\n",
		"no header at all\r\n\r\nSubject: no\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		struct bench_mail m = bench_mail(&b, mails[i]);
		const char *id;

		bench_to(&m, "bob@example.net");
		m.entry.dsn_ret = i % 2 ? "full" : "hdrs";
		id = put(&m, NULL);
		assert_int_equal(run(), 1);
		if (i % 2)
			assert_gone(id);
		else
			assert_given_up(id);
		set_clock(sysenv_now() + NOTICE_PERIOD);
	}
}

/* ---- a delay ---- */

static const char *put_waiting(const char *id, const char *notify)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	struct entry_recipient *r =
		bench_in_state(&m, "bob@example.net", ENTRY_WAITING);

	r->tried = BENCH_CLOCK - 10;
	r->tries = 9;
	r->last = (struct small_error){ .cause = ERROR_TEMPORARY,
					.temporary = true,
					.esc = "4.2.2",
					.text = "the mailbox is full" };
	r->reply = "452 4.2.2 Mailbox full";
	r->host = "mx.example.net";
	m.entry.dsn_notify = notify;
	return put(&m, id);
}

static bool is_warned(const char *id)
{
	struct entry e;

	assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING, id, &e,
				    &b.error),
			 1);
	return e.is_warned;
}

static void delay(const char *id)
{
	struct queue_claim c = claim(id);
	struct account *account = setting_account(&b.arena, "default");
	int r = notice_delay(&c, &b.arena, account, &b.error);

	assert_fine();
	assert_int_equal(r, 0);
	queue_release(&c);
}

static void a_delay_is_told_once(void **state)
{
	const char *id = put_waiting(NULL, NULL), *text;
	struct entry e[NOTICES_MAX];

	(void)state;
	delay(id);
	assert_true(is_warned(id));
	assert_waits(id, "w");
	assert_int_equal(find_notices(e), 1);
	assert_int_equal(e[0].kind, ENTRY_DELAY_NOTICE);
	text = text_of(e[0].id);
	assert_has(text, "\r\nAction: delayed\r\n");
	assert_has(text, "\r\nStatus: 4.2.2\r\n");
	assert_has(text, "\r\nWill-Retry-Until: ");
	assert_lacks(text, "its body");
	set_clock(BENCH_CLOCK + 2 * NOTICE_PERIOD);
	delay(id);
	assert_int_equal(count_notices(), 1);
}

static void one_delay_an_hour_is_told(void **state)
{
	const char *one = put_waiting("one", NULL);
	const char *two = put_waiting("two", NULL);

	(void)state;
	delay(one);
	delay(two);
	assert_int_equal(count_notices(), 1);
	assert_false(is_warned(two));
	/* a failure is another matter */
	put_failed(NULL);
	assert_int_equal(run(), 1);
	set_clock(BENCH_CLOCK + NOTICE_PERIOD);
	delay(two);
	assert_true(is_warned(two));
	assert_int_equal(count_notices(), 3);
}

static void a_delay_is_told_to_those_who_want_it(void **state)
{
	static const struct {
		const char *notify;
		bool told;
	} cases[] = { { "never", false },
		      { "failure", false },
		      { "success,failure", false },
		      { "delay", true } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *id = put_waiting(NULL, cases[i].notify);

		delay(id);
		assert_true(is_warned(id));
		assert_int_equal(count_notices(), cases[i].told);
	}
}

static void no_delay_of_notices_or_for_nobody(void **state)
{
	struct bench_mail m = bench_mail(&b, MAIL);
	const char *id;

	(void)state;
	bench_in_state(&m, "bob@example.net", ENTRY_WAITING);
	m.entry.reverse_path = "";
	id = put(&m, NULL);
	delay(id);
	assert_true(is_warned(id));
	assert_int_equal(count_notices(), 0);
	m.entry.kind = ENTRY_FAILURE_NOTICE;
	m.entry.reverse_path = "x@example.org";
	id = put(&m, NULL);
	delay(id);
	assert_int_equal(count_notices(), 1); /* itself */
}

/* ---- the end of the line ---- */

static void keep(const char *id)
{
	struct queue_claim c = claim(id);
	int r = notice_keep(&c, &b.arena, setting_account(&b.arena, "default"),
			    &b.error);

	assert_fine();
	assert_int_equal(r, 0);
	queue_release(&c);
}

static void a_notice_lies_in_the_maildir(void **state)
{
	const char *id = put_notice(ENTRY_DELAY_NOTICE);

	(void)state;
	keep(id);
	assert_gone(id);
	assert_non_null(maildir_file());
}

static void without_a_maildir_it_is_kept_in_the_queue(void **state)
{
	const char *id = put_notice(ENTRY_FAILURE_NOTICE);
	FILE *file = fopen(scratch_path(state, "Maildir"), "w");

	assert_non_null(file);
	fclose(file);
	keep(id);
	assert_given_up(id);
}

/* ---- words ---- */

static void text_is_made_safe(void **state)
{
	static const struct {
		const char *in, *utf8, *ascii;
	} cases[] = {
		{ "plain", "plain", "plain" },
		{ "a\tb\r\nc\x7f\x1b[", "a b\\x0D\\x0Ac\\x7F\\x1B[",
		  "a b\\x0D\\x0Ac\\x7F\\x1B[" },
		{ "\xc2\x9b", "\\xC2\\x9B", "\\xC2\\x9B" },
		{ "caf\xc3\xa9", "caf\xc3\xa9", "caf\\xC3\\xA9" },
		{ "\xe9\xc3", "\\xE9\\xC3", "\\xE9\\xC3" },
		{ "\xf0\x9f\x93\xa6", "\xf0\x9f\x93\xa6",
		  "\\xF0\\x9F\\x93\\xA6" },
		{ "\xed\xa0\x80", "\\xED\\xA0\\x80", "\\xED\\xA0\\x80" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT(1000);

		notice_text_put(&out, cases[i].in, false, 100);
		assert_string_equal(out.data, cases[i].utf8);
		buf_reset(&out);
		notice_text_put(&out, cases[i].in, true, 100);
		assert_string_equal(out.data, cases[i].ascii);
		buf_free(&out);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	char text[400] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "\xc3\xa9");
	for (size_t max = 4; max < 40; max++) {
		struct buf out = BUF_INIT(1000);

		notice_text_put(&out, text, false, max);
		assert_true(out.len <= max);
		assert_int_equal((out.len - 3) % 2, 0);
		assert_string_equal(out.data + out.len - 3, "...");
		buf_free(&out);
	}
}

static void lines_are_wrapped(void **state)
{
	struct buf out = BUF_INIT(100000);
	struct error f = ERROR_INIT;
	struct sink_buf end;
	char text[2000] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, i % 7 ? "word " : "l\xc3\xb6nger-word ");
	sink_buf_init(&end, &out, &f);
	assert_int_equal(notice_text_wrap(&end.sink, 6, text), 0);
	assert_int_equal(occurrences(out.data, "word"), 100);
	for (char *line = strtok(out.data, "\r\n"); line;
	     line = strtok(NULL, "\r\n")) {
		assert_int_equal(strspn(line, " "), 6);
		assert_true(strlen(line) <= 72 + 3);
	}
	buf_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_mail_comes_back),
		TEST(nothing_failed_nothing_is_done),
		TEST(those_who_wait_go_on),
		TEST(how_much_comes_back),
		TEST(a_notice_is_made_of_many_recipients),
		TEST(never_means_never),
		TEST(each_recipient_has_his_own_wish),
		TEST(what_somebody_was_told_of_is_kept),
		TEST(an_end_that_was_interrupted_is_ended),
		TEST(what_came_back_is_written_down),
		TEST(the_null_sender_is_not_told),
		TEST(notices_may_be_off),
		TEST(a_setting_of_the_mail_counts),
		TEST(a_notice_that_failed_is_kept_here),
		TEST(one_notice_an_hour),
		TEST(a_clock_set_back_stops_nobody),
		TEST(each_sender_has_his_own_hour),
		TEST(many_failures_are_one_digest),
		TEST(a_digest_has_its_limit),
		TEST(senders_and_accounts_have_their_own),
		TEST(the_account_is_kept_by_its_name),
		TEST(what_is_locked_waits),
		TEST(many_runs_at_once_write_once),
		TEST(a_broken_configuration_stops_no_notice),
		TEST(a_bad_entry_stops_no_notice),
		TEST(without_a_notice_nothing_changes),
		TEST(done_over_it_is_still_one_notice),
		TEST(who_fails_later_is_told_of),
#ifdef MAILSEND_CRASH_POINTS
		TEST(killed_it_loses_nothing),
#endif
		TEST(wherever_it_fails_a_error_tells),
		TEST(a_mail_without_an_end_is_reported),
		TEST(a_delay_is_told_once),
		TEST(one_delay_an_hour_is_told),
		TEST(a_delay_is_told_to_those_who_want_it),
		TEST(no_delay_of_notices_or_for_nobody),
		TEST(a_notice_lies_in_the_maildir),
		TEST(without_a_maildir_it_is_kept_in_the_queue),
		TEST(text_is_made_safe),
		TEST(long_text_is_cut_between_characters),
		TEST(lines_are_wrapped),
	};

	log_open("test_notice");
	log_silence();
	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
