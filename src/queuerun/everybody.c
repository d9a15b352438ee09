/* everybody.c - starting, reading and ending the processes; their records are
 * not trusted.
 *
 * With `in_order`, the records of the first unfinished process are read and
 * those of the others stay in their pipes, so that little is buffered here;
 * their time limit begins with their turn, but the limit for silence with their
 * start.  A process is finished after RECORD_END, or when the pipe of its
 * records ends: a command that it leaves in the background, which still has
 * the pipe of its standard error, is not waited for. */
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

#define YOUNG_MAX 8	/* processes, of those that are young */
#define YOUNG_MS  60000 /* older ones do not count */
#define CHILDREN  64	/* of any age */
#define GRACE_MS  10000 /* between SIGTERM and SIGKILL */
#define REAP_MS	  2000	/* for one that was killed and does not end */
#define POLL_MS	  1000
#define LINE_MAX  1000 /* octets of a line of output */
#define LINES_MAX 1000 /* of one user; the rest is not shown */
#define READ_SIZE 65536
#define READS_MAX 16 /* reads of a pipe that is never empty */

struct child {
	pid_t pid; /* 0: free */
	bool has_group;
	size_t user;
	int records, output; /* -1: closed */
	struct record_reader in;
	struct buf line;
	unsigned lines;
	uint64_t started, last_record, turn; /* turn: 0, not yet */
	uint64_t stopped_at;		     /* when it was asked to end; 0 */
	bool is_done;			     /* it said so */
	struct error why;		     /* of an end that we made */
};

struct run {
	const struct everybody *everybody;
	struct child children[CHILDREN];
	size_t next; /* user to be started */
	bool is_stopping;
	unsigned denied;
	struct error denied_error; /* why we could not become the first */
	struct error *error;
};

static const struct user *user_of(const struct run *run, const struct child *c)
{
	return &run->everybody->users->all[c->user];
}

/* ---- in the new process ---- */

static noreturn void run_as_self(const struct run *run, const struct user *who,
				 int records)
{
	const struct record_to to = { record_write, &records };
	const struct record end = { .kind = RECORD_END };
	struct error f = ERROR_INIT;

	run->everybody->work(run->everybody->context, who, &to);
	record_write(&records, &end, &f);
	process_end();
}

static noreturn void run_as_user(const struct run *run, const struct user *who,
				 int records, int output, unsigned parent)
{
	const struct identity identity = { .uid = who->uid,
					   .gid = who->gid,
					   .name = who->login,
					   .home = who->home };
	struct record failed = { .kind = RECORD_DENIED };
	struct error ignored = ERROR_INIT;

	records = process_isolate(records, output);
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
	run_as_self(run, who, records);
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
		      const int output[2], struct error *f)
{
	const struct user *who = user_of(run, c);
	unsigned parent = sysenv_pid();

	c->has_group = who->uid != sysenv_file_uid();
	c->pid = fork();
	if (c->pid == 0 && c->has_group)
		run_as_user(run, who, records[1], output[1], parent);
	if (c->pid == 0) {
		log_stop_progress();
		process_follow(parent);
		run_as_self(run, who, records[1]);
	}
	if (c->pid < 0) {
		c->pid = 0;
		return error_errno(f, ERROR_OS, errno,
				   "cannot start a process");
	}
	c->records = records[0];
	c->output = output[0];
	close(records[1]);
	close(output[1]);
	return 0;
}

static int report_error(struct run *run, const struct user *who,
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
	int records[2] = { -1, -1 }, output[2] = { -1, -1 };
	struct error f = ERROR_INIT;

	*c = (struct child){ .user = run->next++,
			     .records = -1,
			     .output = -1,
			     .started = sysenv_ticks() };
	record_reader_init(&c->in);
	buf_init(&c->line, LINE_MAX);
	if (open_pipe(records, &f) == 0 && open_pipe(output, &f) == 0 &&
	    fork_child(run, c, records, output, &f) == 0)
		return 0;
	close_pipe(records);
	close_pipe(output);
	return report_error(run, user_of(run, c), &f);
}

static int start_more(struct run *run)
{
	uint64_t now = sysenv_ticks();
	unsigned young = 0;

	for (size_t i = 0; i < CHILDREN; i++)
		young += run->children[i].pid &&
			 now - run->children[i].started < YOUNG_MS;
	for (size_t i = 0; i < CHILDREN && young < YOUNG_MAX; i++)
		while (!run->children[i].pid && !interrupt_signal() &&
		       run->next < run->everybody->users->count) {
			if (start(run, &run->children[i]) < 0)
				return -1;
			young += run->children[i].pid != 0;
		}
	return 0;
}

/* ---- its standard error ---- */

/* "mailsend: warning: ..." already has the program's name. */
static void show_line(const struct run *run, struct child *c)
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

static void feed_output(struct run *run, struct child *c, const char *data,
			size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] == '\n')
			show_line(run, c);
		else if (data[i]) /* what is too long is cut */
			buf_putc(&c->line, data[i]);
}

/* What there is to read, up to a limit: other processes need their turn. */
static void read_output(struct run *run, struct child *c)
{
	char data[4096];
	ssize_t n = 1;

	for (int i = 0; c->output >= 0 && n > 0 && i < READS_MAX; i++) {
		n = read(c->output, data, sizeof(data));
		if (n > 0)
			feed_output(run, c, data, (size_t)n);
	}
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	close(c->output);
	c->output = -1;
}

/* ---- its records ---- */

static int take_record(struct run *run, struct child *c, const struct record *r)
{
	if (r->kind == RECORD_END) {
		c->is_done = true;
		return 0;
	}
	if (r->kind == RECORD_DENIED) {
		c->is_done = true;
		if (r->error.cause != ERROR_PERMISSION)
			return report_error(run, user_of(run, c), &r->error);
		if (run->denied++ == 0)
			run->denied_error = r->error;
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
		c->last_record = sysenv_ticks();
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

static int finish_child(struct run *run, struct child *c)
{
	int status, r = 0;

	if (!c->is_done)
		kill_child(c, SIGKILL);
	io_reap_within(c->pid, REAP_MS, &status);
	read_output(run, c);
	if (c->line.len)
		show_line(run, c);
	explain_end(c, status);
	if (error_is_set(&c->why) && !interrupt_signal())
		r = report_error(run, user_of(run, c), &c->why);
	if (c->output >= 0)
		close(c->output);
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

static void stop_child(struct child *c, uint64_t now)
{
	if (c->stopped_at)
		return;
	c->stopped_at = now;
	kill_child(c, SIGTERM);
	kill_child(c, SIGCONT);
}

static void check_time(const struct run *run, struct child *c, uint64_t now)
{
	const struct everybody *e = run->everybody;
	uint64_t last_record = c->last_record ? c->last_record : c->started;
	bool is_silent = e->silence && now - last_record >= e->silence;
	bool is_late = e->limit && now - c->turn >= e->limit;

	if (c->stopped_at || !(is_silent || is_late))
		return;
	error_set(&c->why, ERROR_TEMPORARY,
		  is_silent ? "the queue cannot be read: there was no answer "
			      "within %u s"
			    : "it was ended after %u s; the rest waits for "
			      "the next run",
		  (is_silent ? e->silence : e->limit) / 1000);
	stop_child(c, now);
	if (is_silent)
		c->stopped_at = now > GRACE_MS ? now - GRACE_MS : 1;
}

/* ---- all of them ---- */

static bool is_busy(const struct run *run)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid)
			return true;
	return false;
}

static void forward_stop(struct run *run, uint64_t now)
{
	if (!interrupt_signal() || run->is_stopping)
		return;
	run->is_stopping = true;
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid)
			stop_child(&run->children[i], now);
}

/* Waits for whatever there is to read. */
static void wait_for_input(const struct run *run)
{
	struct pollfd p[2 * CHILDREN + 1];

	for (size_t i = 0; i < CHILDREN; i++) {
		const struct child *c = &run->children[i];
		bool reads = c->pid && is_its_turn(run, c);

		p[2 * i] = (struct pollfd){ .fd = reads ? c->records : -1,
					    .events = POLLIN };
		p[2 * i + 1] = (struct pollfd){ .fd = c->pid ? c->output : -1,
						.events = POLLIN };
	}
	p[2 * CHILDREN] = (struct pollfd){
		.fd = run->is_stopping ? -1 : interrupt_fd(),
		.events = POLLIN,
	};
	poll(p, 2 * CHILDREN + 1, POLL_MS); /* all are looked at anyway */
}

static int serve_child(struct run *run, struct child *c)
{
	uint64_t before, now;

	read_output(run, c);
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
	if (c->last_record >= before)
		c->last_record = now;
	check_time(run, c, now);
	if (c->is_done || c->records < 0 ||
	    (c->stopped_at && now - c->stopped_at >= GRACE_MS))
		return finish_child(run, c);
	return 0;
}

static int serve_all(struct run *run)
{
	int r = 0;

	forward_stop(run, sysenv_ticks());
	for (size_t i = 0; r == 0 && i < CHILDREN; i++)
		if (run->children[i].pid)
			r = serve_child(run, &run->children[i]);
	return r;
}

/* After a failure of ours. */
static void kill_all(struct run *run)
{
	struct error ignored = ERROR_INIT;
	struct error *own = run->error;

	run->error = &ignored;
	for (size_t i = 0; i < CHILDREN; i++)
		if (run->children[i].pid) {
			run->children[i].is_done = true; /* nothing is told */
			kill_child(&run->children[i], SIGKILL);
			finish_child(run, &run->children[i]);
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
			wait_for_input(run);
		if (r == 0)
			r = serve_all(run);
	} while (r == 0 && (is_busy(run) || (run->next < e->users->count &&
					     !interrupt_signal())));
	kill_all(run);
	if (run->denied)
		log_warning("the queues of other users are not read: %s",
			    run->denied_error.text);
	free(run);
	return r;
}
