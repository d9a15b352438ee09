/* test_enqueue.c - what the queue is told of a mail: whom, by which way, what
 * the server said. */
#include "config_bench.h"

#include "base/disk.h"
#include "queue/queue.h"
#include "submit/enqueue.h"

#define NOW 1700000000

static const char text[] = "Subject: x\r\n\r\nhello\r\n";

struct mail {
	struct request request;
	struct composition c;
	struct recipient to[4];
	struct outcome out;
	struct error error;
	struct queue queue;
	struct entry entry; /* as it was read back */
};

static const char *queue_path(void)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/queue", folder);
	return path;
}

/* Accepted, deferred, refused, not asked. */
static void decide(struct mail *m)
{
	m->to[0] = (struct recipient){ .address = "yes", .decided = true };
	m->to[1] = (struct recipient){ .address = "later",
				       .decided = true,
				       .dsn_notify = "never",
				       .verdict = { .cause = ERROR_TEMPORARY,
						    .temporary = true,
						    .reply = 451,
						    .text = "not now" },
				       .reply = "451 4.7.1 not now" };
	m->to[2] = (struct recipient){ .address = "no",
				       .decided = true,
				       .verdict = { .cause = ERROR_NOUSER,
						    .text = "never" } };
	m->to[3] = (struct recipient){ .address = "j\303\266rg@x.org",
				       .needs_smtputf8 = true };
	m->out.host = "smtp.x.org:587";
}

static void make(struct mail *m, struct state *s, const char *config)
{
	static const char *const nowhere[] = { "/tmp", NULL };

	memset(m, 0, sizeof(*m));
	request_init(&m->request);
	m->request.config_path = s->path;
	m->request.overrides = s->overrides;
	m->request.syslog_tag = "backup";
	loaded(s, config);
	composition_init(&m->c, &s->arena, &m->request, s->account, nowhere);
	stage_init(&m->c.stage, nowhere, "the message", &m->error);
	sink_put(&m->c.stage.sink, text, strlen(text));
	sink_close(&m->c.stage.sink);
	m->c.has_stage = m->c.is_rendered = true;
	m->c.message_id = "<1@x.org>";
	m->c.envelope = (struct envelope){ .reverse_path = "me@x.org",
					   .recipients = m->to,
					   .count = 4,
					   .dsn_ret = "hdrs" };
	decide(m);
}

static void put(struct mail *m, bool has_failed)
{
	const struct enqueue q = { .composition = &m->c,
				   .has_failed = has_failed };
	struct arena *a = m->c.arena;

	if (enqueue_mail(&q, &m->out, &m->error) < 0)
		fail_msg("%s", m->error.text);
	assert_non_null(m->out.queue_id);
	assert_int_equal(queue_open(&m->queue, a, queue_path(), false,
				    &m->error),
			 0);
	assert_int_equal(queue_peek(&m->queue, a, QUEUE_WAITING,
				    m->out.queue_id, &m->entry, &m->error),
			 1);
	composition_free(&m->c);
}

static const struct entry_recipient *find(const struct mail *m,
					  const char *address)
{
	for (size_t i = 0; i < m->entry.count; i++)
		if (!strcmp(m->entry.recipients[i].address, address))
			return &m->entry.recipients[i];
	return NULL;
}

static const char *setting(const struct mail *m, const char *name)
{
	const char *value = NULL;

	for (const struct entry_setting *s = m->entry.settings; s; s = s->next)
		if (!strcmp(s->name, name))
			value = s->value;
	return value;
}

static int clear(void **state)
{
	char command[400];

	(void)state;
	unsetenv("MAILSEND_CONFIG");
	snprintf(command, sizeof(command), "rm -rf '%s'", queue_path());
	return system(command);
}

static int set_up(void **state)
{
	return clear(state) ? -1 : bench_set_up(state);
}

/* ---- whom ---- */

static void who_waits(void **state)
{
	const struct entry_recipient *r;
	struct mail m;

	make(&m, *state, "account work\nhost x\n");
	put(&m, false);
	assert_int_equal(m.entry.count, 2);
	r = find(&m, "later");
	assert_non_null(r);
	assert_int_equal(r->state, ENTRY_WAITING);
	assert_int_equal(r->tries, 1);
	assert_int_equal(r->tried, NOW);
	assert_in_range(r->next, NOW + 1, NOW + 600);
	assert_int_equal(r->last.reply, 451);
	assert_string_equal(r->last.text, "not now");
	assert_string_equal(r->reply, "451 4.7.1 not now");
	assert_string_equal(r->host, "smtp.x.org:587");
	assert_string_equal(r->dsn_notify, "never");
	r = find(&m, "j\303\266rg@x.org");
	assert_non_null(r);
	assert_true(r->needs_smtputf8);
	assert_int_equal(r->state, ENTRY_WAITING);
	assert_int_equal(r->tries, 0);
	assert_int_equal(r->next, 0);
	assert_false(small_error_is_set(&r->last));
	assert_string_equal(r->host, "");
	/* and the caller knows */
	assert_false(m.to[0].is_queued || m.to[2].is_queued);
	assert_true(m.to[1].is_queued && m.to[3].is_queued);
	assert_false(m.out.has_notice);
}

static void who_failed_goes_along_for_a_notice(void **state)
{
	const struct entry_recipient *r;
	struct mail m;

	make(&m, *state, "account work\nhost x\n");
	put(&m, true);
	assert_int_equal(m.entry.count, 3);
	r = find(&m, "no");
	assert_non_null(r);
	assert_int_equal(r->state, ENTRY_FAILED);
	assert_int_equal(r->last.cause, ERROR_NOUSER);
	assert_false(m.to[2].is_queued);
	assert_true(m.out.has_notice);
}

/* ---- the mail and its way ---- */

static void what_is_known_of_the_mail(void **state)
{
	struct state *s = *state;
	struct queue_claim claim;
	struct mail m;

	make(&m, s, "account work\nhost x\n");
	m.request.prefers_smtputf8 = true;
	m.c.has_8bit_header = true;
	put(&m, false);
	assert_string_equal(m.entry.message_id, "<1@x.org>");
	assert_string_equal(m.entry.reverse_path, "me@x.org");
	assert_string_equal(m.entry.dsn_ret, "hdrs");
	assert_string_equal(m.entry.syslog_tag, "backup");
	assert_string_equal(m.entry.account, "work");
	assert_string_equal(m.entry.config_path, s->path);
	assert_int_equal(m.entry.arrived, NOW);
	assert_int_equal(m.entry.size, strlen(text));
	assert_true(m.entry.has_8bit_header && m.entry.prefers_smtputf8);
	assert_false(m.entry.has_8bit);
	assert_int_equal(queue_claim(&m.queue, m.c.arena, QUEUE_WAITING,
				     m.out.queue_id, &claim, &m.error),
			 1);
	assert_int_equal(claim.message.length, strlen(text));
	queue_release(&claim);
}

/* No account of a file: whichever is chosen, with what was said. */
static void no_account(void **state)
{
	struct state *s = *state;
	struct mail m;

	set(s, "host", "smtp.x.org");
	make(&m, s, "");
	m.request.config_path = NULL;
	put(&m, false);
	assert_null(m.entry.account);
	assert_null(m.entry.config_path);
	assert_string_equal(setting(&m, "host"), "smtp.x.org");
}

static void the_environment_s_config(void **state)
{
	struct state *s = *state;
	struct mail m;

	make(&m, s, "account work\nhost x\n");
	m.request.config_path = NULL;
	setenv("MAILSEND_CONFIG", s->path, 1);
	put(&m, false);
	assert_string_equal(m.entry.config_path, s->path);
	/* an account of another file is not in it */
	assert_int_equal(clear(state), 0);
	make(&m, s, "account work\nhost x\n");
	m.request.config_path = NULL;
	setenv("MAILSEND_CONFIG", "/some/other", 1);
	put(&m, false);
	assert_null(m.entry.config_path);
}

/* What was said of the mail lasts, what was said of this run does not; and a
 * run starts in another folder. */
static void what_was_said(void **state)
{
	struct state *s = *state;
	char here[4096], there[4200];
	struct mail m;

	set(s, "port", "2525");
	set(s, "queue", "only");
	set(s, "queue_folder", "/nowhere");
	set(s, "queue_lifetime", "1h");
	set(s, "tls_trust_file", "ca.pem");
	set(s, "tls_crl_file", "/etc/crl.pem");
	set(s, "password_file", "~/secret");
	set(s, "aliases", "off");
	make(&m, s, "account work\nhost x\n");
	put(&m, false);
	assert_string_equal(setting(&m, "port"), "2525");
	assert_null(setting(&m, "queue"));
	assert_null(setting(&m, "queue_folder"));
	assert_string_equal(setting(&m, "queue_lifetime"), "1h");
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(there, sizeof(there), "%s/ca.pem", here);
	assert_string_equal(setting(&m, "tls_trust_file"), there);
	assert_string_equal(setting(&m, "tls_crl_file"), "/etc/crl.pem");
	assert_string_equal(setting(&m, "password_file"), "~/secret");
	assert_string_equal(setting(&m, "aliases"), "off");
}

/* ---- what cannot wait ---- */

static void refused(struct mail *m, const char *words)
{
	const struct enqueue q = { .composition = &m->c };

	assert_int_equal(enqueue_mail(&q, &m->out, &m->error), -1);
	if (!strstr(m->error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", m->error.text, words);
	assert_null(m->out.queue_id);
	assert_int_equal(envelope_queued(&m->c.envelope), 0);
	composition_free(&m->c);
}

static void a_password_for_this_run_alone(void **state)
{
	struct mail m;

	set(*state, "password_fd", "3");
	make(&m, *state, "account work\nhost x\nuser me\n");
	refused(&m, "password_fd");
}

static void a_queue_that_is_none(void **state)
{
	struct mail m;

	put_file(queue_path(), "", 0, 0600);
	make(&m, *state, "account work\nhost x\n");
	refused(&m, queue_path());
}

/* ---- whether ---- */

static void modes(void **state)
{
	static const struct {
		const char *line;
		bool caller_retries;
		enum enqueue_mode mode;
	} rows[] = {
		{ "", false, ENQUEUE_DEFERRED },
		{ "", true, ENQUEUE_NEVER },
		{ "queue auto\n", true, ENQUEUE_DEFERRED },
		{ "queue never\n", false, ENQUEUE_NEVER },
		{ "queue only\n", true, ENQUEUE_ALL },
		{ "queue only\n", false, ENQUEUE_ALL },
		{ "queue background\n", false, ENQUEUE_BACKGROUND },
	};
	struct state *s = *state;
	char config[100];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct request r = { .caller_retries =
						   rows[i].caller_retries };

		snprintf(config, sizeof(config), "account work\nhost x\n%s",
			 rows[i].line);
		loaded(s, config);
		assert_int_equal(enqueue_mode(&r, s->account), rows[i].mode);
	}
	assert_string_equal(enqueue_word(ENQUEUE_ALL), "only");
}

static int open_all(void **state)
{
	char frozen[400];

	if (bench_open(state) < 0)
		return -1;
	snprintf(frozen, sizeof(frozen), "%s clock=%d seed=1",
		 getenv("MAILSEND_FROZEN"), NOW);
	setenv("MAILSEND_FROZEN", frozen, 1);
	sysenv_init();
	setenv("MAILSEND_QUEUE", queue_path(), 1);
	return 0;
}

static int close_all(void **state)
{
	return clear(state) ? -1 : bench_close(state);
}

#define QUEUE_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(who_waits),
		QUEUE_TEST(who_failed_goes_along_for_a_notice),
		QUEUE_TEST(what_is_known_of_the_mail),
		QUEUE_TEST(no_account),
		QUEUE_TEST(the_environment_s_config),
		QUEUE_TEST(what_was_said),
		QUEUE_TEST(a_password_for_this_run_alone),
		QUEUE_TEST(a_queue_that_is_none),
		QUEUE_TEST(modes),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
