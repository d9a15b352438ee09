/* test_flush.c - a run over a queue, without a network: the mails go to a
 * Maildir, or to a port where somebody listens and says nothing. */
#include "laws.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "queue/queue.h"
#include "queuerun/flush.h"
#include "scratch.h"

#define NOW 1700000000

struct bench {
	char folder[64];
	char config[128];
	struct arena arena;
	struct queue queue;
	struct flush flush;
	struct flush_result result;
	struct error error;
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(close(fd), 0);
}

static int make_bench(void **state)
{
	static struct bench b;
	char text[400];
	void *folder;

	b = (struct bench){ .arena = ARENA_INIT };
	if (scratch_make(&folder) < 0)
		return -1;
	strcpy(b.folder, folder);
	snprintf(b.config, sizeof(b.config), "%s/config", b.folder);
	snprintf(text, sizeof(text),
		 "account home\nmaildir %s/Maildir\nfrom alice@localhost\n"
		 "account silent\nhost 127.0.0.1\ntls off\n"
		 "from alice@localhost\n",
		 b.folder);
	write_file(b.config, text);
	b.flush = (struct flush){
		.arena = &b.arena,
		.folder = arena_format(&b.arena, "%s/queue", b.folder),
	};
	*state = &b;
	return queue_open(&b.queue, &b.arena, b.flush.folder, true, &b.error);
}

static int drop_bench(void **state)
{
	struct bench *b = *state;
	void *folder = b->folder;

	arena_free(&b->arena);
	return scratch_remove(&folder);
}

/* ---- what is in the queue ---- */

static const struct entry usual = {
	.arrived = NOW,
	.account = "home",
	.reverse_path = "alice@localhost",
	.count = 1,
};

static const char *put_for(struct bench *b, struct entry e, const char *to)
{
	static const char message[] = "Subject: x\r\n\r\nHello.\r\n";
	static const char *const folders[] = { "/tmp", NULL };
	struct entry_recipient recipient = { .address = to };
	struct stage s;

	stage_init(&s, folders, "a test", &b->error);
	assert_int_equal(sink_puts(&s.sink, message), 0);
	assert_int_equal(sink_close(&s.sink), 0);
	recipient.reply = recipient.host = "";
	if (!e.recipients)
		e.recipients = &recipient;
	e.config_path = b->config;
	assert_int_equal(queue_put(&b->queue, &s, &e, NULL, &b->error), 0);
	stage_free(&s);
	return e.id;
}

static const char *put(struct bench *b, struct entry e)
{
	return put_for(b, e, "alice@localhost");
}

static size_t waiting(struct bench *b)
{
	struct queue_names names;

	assert_int_equal(queue_list(&b->queue, &b->arena, QUEUE_WAITING, &names,
				    &b->error),
			 0);
	return names.count;
}

static struct entry look(struct bench *b, const char *id)
{
	struct entry e;

	assert_int_equal(queue_peek(&b->queue, &b->arena, QUEUE_WAITING, id, &e,
				    &b->error),
			 1);
	return e;
}

static bool is_there(struct bench *b, const char *id)
{
	struct entry e;

	return queue_peek(&b->queue, &b->arena, QUEUE_WAITING, id, &e,
			  &b->error) == 1;
}

static int delivered(struct bench *b)
{
	const char *path = arena_format(&b->arena, "%s/Maildir/new", b->folder);
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

/* A machine that has no room for one more process. */
static bool no_fork;

pid_t fork(void)
{
	pid_t (*real)(void) = NULL;
	void *found = dlsym(RTLD_NEXT, "fork");

	if (no_fork) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(&real, &found, sizeof(real));
	return real();
}

static void end_process(void)
{
	_exit(0);
}

static void flush(struct bench *b)
{
	if (flush_run(&b->flush, &b->result, &b->error) < 0)
		fail_msg("%s", b->error.text);
}

/* ---- the tests ---- */

static void a_queue_that_is_not_there_is_empty(void **state)
{
	struct bench *b = *state;

	b->flush.folder = "/nonexistent/mailsend/queue";
	flush(b);
	assert_int_equal(b->result.sent, 0);
	assert_int_equal(flush_start(&b->flush, true, &b->error), 0);
}

static void what_waits_goes_and_is_gone(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 3; i++)
		put(b, usual);
	flush(b);
	assert_int_equal(b->result.sent, 3);
	assert_int_equal(delivered(b), 3);
	assert_int_equal(waiting(b), 0);
	flush(b);
	assert_int_equal(b->result.sent, 0);
	assert_int_equal(delivered(b), 3);
}

static void held_is_left_alone(void **state)
{
	struct bench *b = *state;
	struct entry e = usual;
	const char *id;

	e.is_held = true;
	id = put(b, e);
	flush(b);
	assert_int_equal(b->result.held, 1);
	b->flush.ids = (struct flush_words){ .words = &id, .count = 1 };
	flush(b);
	assert_int_equal(b->result.held, 1);
	assert_int_equal(b->result.sent, 0);
	assert_true(is_there(b, id));
}

static void what_is_not_due_waits_unless_all_is_asked_for(void **state)
{
	struct bench *b = *state;
	struct entry_recipient later = { .address = "alice@localhost",
					 .tries = 3,
					 .tried = NOW - 60,
					 .next = NOW + 600,
					 .reply = "",
					 .host = "" };
	struct entry e = usual;
	const char *id;

	e.recipients = &later;
	id = put(b, e);
	put(b, usual);
	b->flush.due_only = true;
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_int_equal(delivered(b), 1);
	assert_true(is_there(b, id));
	assert_int_equal(look(b, id).recipients[0].tries, 3);
	b->flush.due_only = false;
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_false(is_there(b, id));
}

/* What was tried in the future is due: the clock was set back. */
static void a_clock_set_back_makes_due(void **state)
{
	struct bench *b = *state;
	struct entry_recipient future = { .address = "alice@localhost",
					  .tries = 3,
					  .tried = NOW + 90 * 86400,
					  .next = NOW + 91 * 86400,
					  .reply = "",
					  .host = "" };
	struct entry e = usual;

	e.recipients = &future;
	e.arrived = NOW + 89 * 86400;
	put(b, e);
	b->flush.due_only = true;
	flush(b);
	assert_int_equal(b->result.sent, 1);
}

/* Of one mail only those recipients who wait are tried, each by his time. */
static void the_others_of_a_mail_are_not_asked_again(void **state)
{
	struct bench *b = *state;
	struct entry_recipient all[] = {
		{ .address = "nobody@example.org", .state = ENTRY_SENT },
		{ .address = "alice@localhost" },
		{ .address = "alice",
		  .tries = 1,
		  .tried = NOW - 60,
		  .next = NOW + 60 },
	};
	struct entry e = usual;
	const char *id;

	for (size_t i = 0; i < 3; i++)
		all[i].reply = all[i].host = "";
	e.recipients = all;
	e.count = 3;
	id = put(b, e);
	b->flush.due_only = true;
	flush(b);
	assert_int_equal(b->result.deferred, 1);
	assert_int_equal(delivered(b), 1);
	e = look(b, id);
	assert_int_equal(e.recipients[0].tries, 0);
	assert_int_equal(e.recipients[1].state, ENTRY_SENT);
	assert_int_equal(e.recipients[1].tries, 1);
	assert_int_equal(e.recipients[2].state, ENTRY_WAITING);
	assert_int_equal(e.recipients[2].tries, 1);
}

/* Somebody failed before: the mail goes when its sender has it, and else it is
 * all there is of it. */
static void what_nobody_has_back_is_kept(void **state)
{
	struct bench *b = *state;
	struct entry_recipient to[] = {
		{ .address = "alice@localhost", .reply = "", .host = "" },
		{ .address = "bob@example.org",
		  .state = ENTRY_REPORTED,
		  .reply = "",
		  .host = "" },
	};
	struct entry e = usual;
	const char *lost, *returned;

	e.recipients = to;
	e.count = 2;
	lost = put(b, e);
	e.is_returned = true;
	returned = put(b, e);
	flush(b);
	assert_int_equal(b->result.sent, 2);
	assert_int_equal(queue_peek(&b->queue, &b->arena, QUEUE_GIVEN_UP, lost,
				    &e, &b->error),
			 1);
	assert_int_equal(e.recipients[0].state, ENTRY_SENT);
	assert_int_equal(queue_peek(&b->queue, &b->arena, QUEUE_GIVEN_UP,
				    returned, &e, &b->error),
			 0);
	assert_int_equal(waiting(b), 0);
}

static void words_choose(void **state)
{
	static const struct {
		const char *sender, *recipient; /* NULL: any */
		int fits;			/* of the four below */
	} cases[] = {
		{ "ALICE@", NULL, 2 },
		{ "@localhost", NULL, 1 },
		{ "@local", NULL, 0 },
		{ "@LOCALHOST", NULL, 1 },
		{ "<>", NULL, 1 },
		{ NULL, "@localhost", 2 },
		{ NULL, "alice", 4 },
		{ NULL, "@alice", 0 },
		{ "alice", "@localhost", 2 },
		{ "bob", "@localhost", 0 },
		{ "bob", "alice", 1 },
		{ NULL, "nobody", 0 },
	};
	static const char *const mails[][2] = {
		{ "alice@localhost", "alice@localhost" },
		{ "alice@localhost.example", "Alice@LocalHost" },
		{ "bob@example.org", "alice" },
		{ "", "alice" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(mails) / sizeof(*mails); i++) {
		struct entry e = usual;

		e.reverse_path = mails[i][0];
		e.is_held = true; /* so that they can be counted, and stay */
		put_for(b, e, mails[i][1]);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *sender = cases[i].sender;
		const char *recipient = cases[i].recipient;

		b->flush.senders = (struct flush_words){ .words = &sender,
							 .count = sender != 0 };
		b->flush.recipients =
			(struct flush_words){ .words = &recipient,
					      .count = recipient != 0 };
		flush(b);
		if ((int)b->result.held != cases[i].fits)
			fail_msg("%s to %s: %u and not %d", sender, recipient,
				 b->result.held, cases[i].fits);
	}
}

static void one_id_chooses_one(void **state)
{
	struct bench *b = *state;
	const char *other = put(b, usual), *words[] = { "zzzz", NULL };

	words[1] = put(b, usual);
	b->flush.ids = (struct flush_words){ .words = words, .count = 2 };
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_true(is_there(b, other));
	assert_false(is_there(b, words[1]));
}

/* A configuration that does not fit any more stops nobody else, and is no
 * verdict on the mail, however long it lasts. */
static void a_wrong_account_puts_off(void **state)
{
	struct bench *b = *state;
	struct entry e = usual;
	struct entry_recipient old = { .address = "bob@example.org",
				       .tries = 50,
				       .tried = NOW - 4000,
				       .reply = "",
				       .host = "" };
	const char *id, *long_ago;

	e.account = "gone";
	id = put(b, e);
	e.recipients = &old;
	e.arrived = NOW - 100 * 86400;
	e.is_warned = true;
	long_ago = put(b, e);
	put(b, usual);
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_int_equal(b->result.deferred, 2);
	e = look(b, id);
	assert_int_equal(e.recipients[0].state, ENTRY_WAITING);
	assert_int_equal(e.recipients[0].tries, 1);
	assert_true(e.recipients[0].next > NOW);
	assert_non_null(strstr(e.recipients[0].last.text, "gone"));
	e = look(b, long_ago);
	assert_int_equal(e.recipients[0].state, ENTRY_WAITING);
}

/* No server at all for somebody else's address: for a person to mend. */
static void no_server_is_no_verdict(void **state)
{
	struct bench *b = *state;
	const char *id = put_for(b, usual, "bob@example.org");
	struct entry e;

	flush(b);
	assert_int_equal(b->result.deferred, 1);
	e = look(b, id);
	assert_int_equal(e.recipients[0].state, ENTRY_WAITING);
	assert_int_equal(e.recipients[0].last.cause, ERROR_CONFIG);
}

/* The sender chooses the account where none is named. */
static void senders_choose_their_account(void **state)
{
	struct bench *b = *state;
	struct entry e = usual;
	const char *id;

	e.account = NULL;
	put(b, e);
	e.reverse_path = "stranger@example.org";
	id = put(b, e);
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_int_equal(b->result.deferred, 1);
	/* there is no default */
	assert_int_equal(look(b, id).recipients[0].last.cause, ERROR_CONFIG);
}

static void settings_are_laid_over_again(void **state)
{
	struct bench *b = *state;
	const char *path = arena_format(&b->arena, "%s/Other", b->folder);
	struct entry_setting set = { .name = "maildir", .value = path };
	struct entry e = usual;

	e.settings = &set;
	put(b, e);
	put(b, usual);
	flush(b);
	assert_int_equal(b->result.sent, 2);
	assert_int_equal(delivered(b), 1);
	assert_int_equal(access(path, F_OK), 0);
}

static void what_somebody_else_has_is_his(void **state)
{
	struct bench *b = *state;
	const char *id = put(b, usual);
	struct queue_claim c;

	assert_int_equal(queue_claim(&b->queue, &b->arena, QUEUE_WAITING, id,
				     &c, &b->error),
			 1);
	flush(b);
	assert_int_equal(b->result.busy, 1);
	assert_int_equal(b->result.sent, 0);
	queue_release(&c);
	flush(b);
	assert_int_equal(b->result.sent, 1);
}

static void what_cannot_be_read_is_set_aside(void **state)
{
	struct bench *b = *state;
	const char *id = put(b, usual);
	const char *path =
		arena_format(&b->arena, "%s/env/%s", b->flush.folder, id);

	put(b, usual);
	write_file(path, "torn");
	flush(b);
	assert_int_equal(b->result.bad, 1);
	assert_int_equal(b->result.sent, 1);
	assert_int_equal(waiting(b), 0);
}

/* Killed when all was sent and nothing was taken out yet. */
static void an_end_that_was_interrupted_is_ended(void **state)
{
	struct bench *b = *state;
	struct entry_recipient done = { .address = "alice@localhost",
					.state = ENTRY_SENT,
					.reply = "",
					.host = "" };
	struct entry e = usual;

	e.recipients = &done;
	put(b, e);
	flush(b);
	assert_int_equal(delivered(b), 0);
	assert_int_equal(waiting(b), 0);
}

/* A server that takes a connection and never says a word. */
static int listen_silently(struct bench *b, const char **port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = arena_format(&b->arena, "%d", ntohs(at.sin_port));
	return fd;
}

static void what_blocks_its_process_is_put_off(void **state)
{
	struct bench *b = *state;
	struct entry_setting port = { .name = "port" };
	struct entry e = usual;
	const char *ids[2];
	int fd = listen_silently(b, &port.value);

	e.account = "silent";
	e.settings = &port;
	ids[0] = put(b, e);
	ids[1] = put(b, e);
	put(b, usual);
	b->flush.silence = 200;
	flush(b);
	assert_int_equal(b->result.sent, 1);
	assert_int_equal(b->result.deferred, 2);
	for (int i = 0; i < 2; i++) {
		e = look(b, ids[i]);
		assert_int_equal(e.recipients[0].state, ENTRY_WAITING);
		assert_int_equal(e.recipients[0].tries, 1);
		assert_int_equal(e.recipients[0].last.cause, ERROR_SOFTWARE);
		assert_true(e.recipients[0].last.temporary);
	}
	close(fd);
}

static void without_processes_it_goes_here(void **state)
{
	struct bench *b = *state;
	struct entry e = usual;

	for (int i = 0; i < 3; i++)
		put(b, usual);
	e.account = "gone";
	put(b, e);
	no_fork = true;
	assert_int_equal(flush_start(&b->flush, true, &b->error), -1);
	error_clear(&b->error);
	flush(b);
	no_fork = false;
	assert_int_equal(b->result.sent, 3);
	assert_int_equal(b->result.deferred, 1);
	assert_int_equal(waiting(b), 1);
}

/* It has nothing of ours: a pipe that it had would be open still. */
static void a_run_of_its_own_holds_nothing(void **state)
{
	struct bench *b = *state;
	int fds[2];
	char byte;

	put(b, usual);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(flush_start(&b->flush, true, &b->error), 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	for (int i = 0; i < 24000 && waiting(b); i++)
		usleep(5000);
	assert_int_equal(waiting(b), 0);
	assert_int_equal(delivered(b), 1);
}

/* Whoever starts one for each mail of a long session gathers no zombies. */
static void a_run_of_its_own_is_no_child_of_ours(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 2; i++) {
		put(b, usual);
		assert_int_equal(flush_start(&b->flush, false, &b->error), 0);
		errno = 0;
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
	for (int i = 0; i < 24000 && waiting(b); i++)
		usleep(5000);
	assert_int_equal(delivered(b), 2);
}

static void one_run_of_its_own_is_enough(void **state)
{
	struct bench *b = *state;
	int lock;

	put(b, usual);
	lock = queue_lock_flush(&b->queue, &b->error);
	assert_true(lock >= 0);
	assert_int_equal(flush_start(&b->flush, true, &b->error), 0);
	assert_false(error_is_set(&b->error));
	assert_int_equal(waiting(b), 1);
	close(lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_bench, drop_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_queue_that_is_not_there_is_empty),
		TEST(what_waits_goes_and_is_gone),
		TEST(held_is_left_alone),
		TEST(what_is_not_due_waits_unless_all_is_asked_for),
		TEST(a_clock_set_back_makes_due),
		TEST(the_others_of_a_mail_are_not_asked_again),
		TEST(what_nobody_has_back_is_kept),
		TEST(words_choose),
		TEST(one_id_chooses_one),
		TEST(a_wrong_account_puts_off),
		TEST(no_server_is_no_verdict),
		TEST(senders_choose_their_account),
		TEST(settings_are_laid_over_again),
		TEST(what_somebody_else_has_is_his),
		TEST(what_cannot_be_read_is_set_aside),
		TEST(an_end_that_was_interrupted_is_ended),
		TEST(what_blocks_its_process_is_put_off),
		TEST(without_processes_it_goes_here),
		TEST(a_run_of_its_own_holds_nothing),
		TEST(a_run_of_its_own_is_no_child_of_ours),
		TEST(one_run_of_its_own_is_enough),
	};

	setenv("MAILSEND_FROZEN",
	       "clock=1700000000 seed=1 host=host.example.org user=alice tty=0",
	       1);
	sysenv_init();
	log_open("test");
	log_silence();
	process_on_end(end_process);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
