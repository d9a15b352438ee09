/* everybody.c - starting, reading and ending the processes; their records are
 * not trusted.
 *
 * With `in_order`, the records of the first unfinished process are read and
 * those of the others stay in their pipes, so that little is buffered here;
 * their time limit begins with their turn, but the limit for silence with their
 * start.  A process is finished when it has said so, or its pipe is at the end:
 * a command that it leaves in the background, which still has the pipe for
 * messages, is not waited for. */
#include "queuerun/everybody.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "base/text.h"

#define AT_A_TIME  8	 /* processes, of those that are young */
#define YOUNG_MS   60000 /* older ones do not count */
#define CHILDREN   64	 /* of any age */
#define GRACE_MS   10000 /* between SIGTERM and SIGKILL */
#define REAP_MS	   2000	 /* for one that was killed and does not go */
#define LOOK_MS	   1000
#define LINE_MAX   1000 /* octets of a line of words */
#define LINES_MAX  1000 /* of one user; the rest is not shown */
#define READ_SIZE  65536
#define WORDS_ONCE 16 /* reads of a pipe that is never empty */

struct child {
	pid_t pid; /* 0: free */
	bool has_group;
	size_t user;
	int records, words; /* -1: closed */
	struct record_reader in;
	struct buf line;
	unsigned lines;
	uint64_t started, heard, turn; /* turn: 0, not yet */
	uint64_t ending;	       /* when it was asked to end; 0 */
	bool is_done;		       /* it said so */
	struct error why;	       /* of an end that we made */
};

struct run {
	const struct everybody *everybody;
	struct child children[CHILDREN];
	size_t next; /* user to be started */
	bool told;   /* to stop */
	unsigned strangers;
	struct error stranger; /* why we could not become the first */
	struct error *error;
};

static const struct user *user_of(const struct run *run, const struct child *c)
{
	return &run->everybody->users->all[c->user];
}

/* ---- in the new process ---- */

static noreturn void be_user(const struct run *run, const struct user *who,
			     int records)
{
	const struct record_to to = { record_write, &records };
	const struct record end = { .kind = RECORD_END };
	struct error f = ERROR_INIT;

	run->everybody->work(run->everybody->context, who, &to);
	record_write(&records, &end, &f);
	process_end();
}

static noreturn void be_other(const struct run *run, const struct user *who,
			      int records, int words, unsigned parent)
{
	const struct identity identity = { .uid = who->uid,
					   .gid = who->gid,
					   .name = who->login,
					   .home = who->home };
	struct record failed = { .kind = RECORD_STRANGER };
	struct error ignored = ERROR_INIT;

	records = process_isolate(records, words);
	/* only root can reach a service's directory by its name */
	if (who->state && chdir(who->state) < 0)
		error_errno(&failed.error, ERROR_IO, errno, "cannot enter %s",
			    who->state);
	if (error_is_set(&failed.error) ||
	    identity_become(&identity, &failed.error) < 0) {
		record_write(&records, &failed, &ignored);
		process_end();
	}
	process_follow(parent);
	be_user(run, who, records);
}

/* ---- start ---- */

static int open_pipe(int ends[2], struct error *f)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(f, ERROR_OS, errno, "cannot make a pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static void close_pipe(const int ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
}

static int fork_child(struct run *run, struct child *c, const int records[2],
		      const int words[2], struct error *f)
{
	const struct user *who = user_of(run, c);
	unsigned parent = sysenv_pid();

	c->has_group = who->uid != sysenv_file_uid();
	c->pid = fork();
	if (c->pid == 0 && c->has_group)
		be_other(run, who, records[1], words[1], parent);
	if (c->pid == 0) {
		log_stop_progress();
		process_follow(parent);
		be_user(run, who, records[1]);
	}
	if (c->pid < 0) {
		c->pid = 0;
		return error_errno(f, ERROR_OS, errno,
				   "cannot start a process");
	}
	c->records = records[0];
	c->words = words[0];
	close(records[1]);
	close(words[1]);
	return 0;
}

static int tell_error(struct run *run, const struct user *who,
		      const struct error *why)
{
	const struct record r = { .kind = RECORD_ERROR,
				  .error = *why,
				  .index = RECORD_NO_INDEX };

	return run->everybody->take(run->everybody->context, who, &r,
				    run->error);
}

static int start(struct run *run, struct child *c)
{
	int records[2] = { -1, -1 }, words[2] = { -1, -1 };
	struct error f = ERROR_INIT;

	*c = (struct child){ .user = run->next++,
			     .records = -1,
			     .words = -1,
			     .started = sysenv_ticks() };
	record_reader_init(&c->in);
	buf_init(&c->line, LINE_MAX);
	if (open_pipe(records, &f) == 0 && open_pipe(words, &f) == 0 &&
	    fork_child(run, c, records, words, &f) == 0)
		return 0;
	close_pipe(records);
	close_pipe(words);
	return tell_error(run, user_of(run, c), &f);
}

static int start_more(struct run *run)
{
	uint64_t now = sysenv_ticks();
	unsigned young = 0;

	for (size_t i = 0; i < CHILDREN; i++)
		young += run->children[i].pid &&
			 now - run->children[i].started < YOUNG_MS;
	for (size_t i = 0; i < CHILDREN && young < AT_A_TIME; i++)
		while (!run->children[i].pid && !interrupt_signal() &&
		       run->next < run->everybody->users->count) {
			if (start(run, &run->children[i]) < 0)
				return -1;
			young += run->children[i].pid != 0;
		}
	return 0;
}

/* ---- its words ---- */

/* "mailsend: warning: ..." already has the program's name. */
static void say(const struct run *run, struct child *c)
{
	const char *text = c->line.data;
	const char *colon = strstr(text, ": ");

	if (colon && !memchr(text, ' ', (size_t)(colon - text)))
		text = colon + 2;
	if (c->lines < LINES_MAX && *text)
		log_error("%s: %s", user_of(run, c)->name, text);
	else if (c->lines == LINES_MAX)
		log_error("%s: more is not shown", user_of(run, c)->name);
	c->lines++;
	buf_reset(&c->line);
}

static void take_words(struct run *run, struct child *c, const char *data,
		       size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] == '\n')
			say(run, c);
		else if (data[i]) /* what is too long is cut */
			buf_putc(&c->line, data[i]);
}

/* What there is to read, up to a limit: other processes need their turn. */
static void read_words(struct run *run, struct child *c)
{
	char data[4096];
	ssize_t n = 1;

	for (int i = 0; c->words >= 0 && n > 0 && i < WORDS_ONCE; i++) {
		n = read(c->words, data, sizeof(data));
		if (n > 0)
			take_words(run, c, data, (size_t)n);
	}
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	close(c->words);
	c->words = -1;
}

/* ---- its records ---- */

static int take_record(struct run *run, struct child *c, const struct record *r)
{
	if (r->kind == RECORD_END) {
		c->is_done = true;
		return 0;
	}
	if (r->kind == RECORD_STRANGER) {
		c->is_done = true;
		if (r->error.cause != ERROR_PERMISSION)
			return tell_error(run, user_of(run, c), &r->error);
		if (run->strangers++ == 0)
			run->stranger = r->error;
		return 0;
	}
	return run->everybody->take(run->everybody->context, user_of(run, c), r,
				    run->error);
}

static void kill_child(const struct child *c, int number)
{
	kill(c->has_group ? -c->pid : c->pid, number);
	if (c->has_group) /* it may not have its own group yet */
		kill(c->pid, number);
}

/* 0; -1 when everything has to end. */
static int take_records(struct run *run, struct child *c, const char *data,
			size_t n)
{
	struct error broken = ERROR_INIT;
	int r = record_feed(&c->in, data, n, &broken) < 0 ? -1 : 1;

	while (r > 0 && !c->is_done) {
		struct arena a = ARENA_INIT;
		struct record record;
		int taken = 0;

		r = record_next(&c->in, &a, &record, &broken);
		if (r > 0)
			taken = take_record(run, c, &record);
		arena_free(&a);
		if (taken < 0)
			return -1;
	}
	if (r < 0) {
		c->why = broken;
		kill_child(c, SIGKILL);
		close(c->records);
		c->records = -1;
	}
	return 0;
}

static int read_records(struct run *run, struct child *c)
{
	static char data[READ_SIZE];
	ssize_t n = read(c->records, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0) {
		c->heard = sysenv_ticks();
		return take_records(run, c, data, (size_t)n);
	}
	close(c->records);
	c->records = -1;
	return 0;
}

/* ---- its end ---- */

static void explain_end(struct child *c, int status)
{
	if (error_is_set(&c->why) || c->is_done)
		return;
	if (WIFSIGNALED(status))
		error_set(&c->why, ERROR_SOFTWARE,
			  "the process that read the queue was ended by "
			  "signal %d (%s)",
			  WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		error_set(&c->why, ERROR_SOFTWARE,
			  "the process that read the queue ended before "
			  "it had finished");
	c->why.temporary = true;
}

static int end(struct run *run, struct child *c)
{
	int status, r = 0;

	if (!c->is_done)
		kill_child(c, SIGKILL);
	io_reap_within(c->pid, REAP_MS, &status);
	read_words(run, c);
	if (c->line.len)
		say(run, c);
	explain_end(c, status);
	if (error_is_set(&c->why) && !interrupt_signal())
		r = tell_error(run, user_of(run, c), &c->why);
	if (c->words >= 0)
		close(c->words);
	if (c->records >= 0)
		close(c->records);
	record_reader_free(&c->in);
	buf_free(&c->line);
	c->pid = 0;
	return r;
}

/* ---- time ---- */

static bool is_its_turn(const struct run *run, const struct child *c)
{
	for (size_t i = 0; run->everybody->in_order && i < CHILDREN; i++)
		if (run->children[i].pid && run->children[i].user < c->user)
			return false;
	return true;
}

static void ask_to_end(struct child *c, uint64_t now)
{
	if (c->ending)
		return;
	c->ending = now;
	kill_child(c, SIGTERM);
	kill_child(c, SIGCONT);
}

static void check_time(const struct run *run, struct child *c, uint64_t now)
{
	const struct everybody *e = run->everybody;
	uint64_t heard = c->heard ? c->heard : c->started;
	bool is_silent = e->silence && now - heard >= e->silence;
	bool is_late = e->limit && now - c->turn >= e->limit;

	if (c->ending || !(is_silent || is_late))
		return;
	error_set(&c->why, ERROR_TEMPORARY,
		  is_silent ? "the queue cannot be read: there was no answer "
			      "within %u s"
			    : "it was ended after %u s; the rest waits for "
			      "the next run",
		  (is_silent ? e->silence : e->limit) / 1000);
	ask_to_end(c, now);
	if (is_silent)
		c->ending = now > GRACE_MS ? now - GRACE_MS : 1;
}

/* ---- all of them ---- */

static bool is_busy(const struct run *run)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid)
			return true;
	return false;
}

static void pass_on_stop(struct run *run, uint64_t now)
{
	if (!interrupt_signal() || run->told)
		return;
	run->told = true;
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid)
			ask_to_end(&run->children[i], now);
}

/* Waits for whatever there is to read. */
static void wait_for_all(const struct run *run)
{
	struct pollfd p[2 * CHILDREN + 1];

	for (size_t i = 0; i < CHILDREN; i++) {
		const struct child *c = &run->children[i];
		bool reads = c->pid && is_its_turn(run, c);

		p[2 * i] = (struct pollfd){ .fd = reads ? c->records : -1,
					    .events = POLLIN };
		p[2 * i + 1] = (struct pollfd){ .fd = c->pid ? c->words : -1,
						.events = POLLIN };
	}
	p[2 * CHILDREN] = (struct pollfd){
		.fd = run->told ? -1 : interrupt_fd(),
		.events = POLLIN,
	};
	poll(p, 2 * CHILDREN + 1, LOOK_MS); /* all are looked at anyway */
}

static int attend_one(struct run *run, struct child *c)
{
	uint64_t before, now;

	read_words(run, c);
	if (!is_its_turn(run, c))
		return 0;
	before = sysenv_ticks();
	if (!c->turn)
		c->turn = before;
	if (c->records >= 0 && read_records(run, c) < 0)
		return -1;
	/* the time that a slow reader of our output takes does not count */
	now = sysenv_ticks();
	c->turn += now - before;
	if (c->heard >= before)
		c->heard = now;
	check_time(run, c, now);
	if (c->is_done || c->records < 0 ||
	    (c->ending && now - c->ending >= GRACE_MS))
		return end(run, c);
	return 0;
}

static int attend(struct run *run)
{
	int r = 0;

	pass_on_stop(run, sysenv_ticks());
	for (size_t i = 0; r == 0 && i < CHILDREN; i++)
		if (run->children[i].pid)
			r = attend_one(run, &run->children[i]);
	return r;
}

/* After a failure of ours. */
static void drop_all(struct run *run)
{
	struct error ignored = ERROR_INIT;
	struct error *own = run->error;

	run->error = &ignored;
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid) {
			run->children[i].is_done = true; /* nothing is told */
			kill_child(&run->children[i], SIGKILL);
			end(run, &run->children[i]);
		}
	run->error = own;
}

int everybody_run(const struct everybody *e, struct error *f)
{
	struct run *run = memory_alloc(sizeof(*run));
	int r;

	memset(run, 0, sizeof(*run));
	run->everybody = e;
	run->error = f;
	do {
		r = start_more(run);
		if (r == 0 && is_busy(run))
			wait_for_all(run);
		if (r == 0)
			r = attend(run);
	} while (r == 0 && (is_busy(run) || (run->next < e->users->count &&
					     !interrupt_signal())));
	drop_all(run);
	if (run->strangers)
		log_warning("the queues of other users are not read: %s",
			    run->stranger.text);
	free(run);
	return r;
}
