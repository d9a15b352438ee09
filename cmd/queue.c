/* queue.c - the commands about the queue.
 *
 * The operation (queuerun/operation.h) runs on the queues at hand, in this
 * process on our own, or as root by a process for each user
 * (queuerun/everybody.h); the records are shown and summed up here, the same
 * for both. */
#include "commands.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/config.h"
#include "flow/sink.h"
#include "install/install.h"
#include "queue/spool.h"
#include "queuerun/everybody.h"
#include "queuerun/operation.h"
#include "queuerun/own_queues.h"
#include "queuerun/users.h"
#include "submit/transcript.h"

/* Of a user's queue among those of all: no one of them fills the list, or keeps
 * a monitor waiting. */
#define MOST_OF_EACH  10000
#define SILENCE_MS    10000
#define LIST_LIMIT_MS 30000
/* The timer does not start again while a run lasts. */
#define RUN_LIMIT_MS  900000
#define HAND_LIMIT_MS 3600000

struct job {
	struct arena *arena;
	const struct cmdline *cmdline;
	bool is_everybody;
	struct users users;
	struct user self;
	struct own_queues queues; /* our own, where it is not everybody */
	struct operation operation;
	struct transcript transcript;
	struct sink_fd out;

	struct mailq_view view;
	struct mailq_state state;
	bool *is_found; /* by id */
	bool skips_data;
	uint64_t changed;
	struct flush_result ran;
	struct error first; /* of those that were told */
};

/* ---- what is told ---- */

static void add_result(struct flush_result *to, const struct flush_result *r)
{
	to->sent += r->sent;
	to->deferred += r->deferred;
	to->failed += r->failed;
	to->busy += r->busy;
	to->held += r->held;
	to->bad += r->bad;
}

/* Of several queues each says whose it is; an only one is told by our caller.
 */
static void take_error(struct job *job, const struct user *who,
		       const struct record *r)
{
	error_copy(&job->first, &r->error);
	if (job->state.unread++ == 0)
		job->state.unread_owner = who->name;
	if (job->is_everybody)
		log_error("%s: %s", who->name, r->error.text);
	else if (job->operation.kind == OPERATION_CHANGE)
		log_error("%s", r->error.text);
}

static void take_found(struct job *job, const struct user *who,
		       const struct record *r)
{
	const char *id;

	if (r->index >= job->operation.choice.ids.count)
		return;
	job->changed += r->count;
	job->skips_data = job->is_found[r->index];
	job->is_found[r->index] = true;
	if (job->operation.kind != OPERATION_PRINT || !job->skips_data)
		return;
	id = job->operation.choice.ids.words[r->index];
	log_warning("%s has a mail %s as well: mailq --user %s --print %s",
		    who->name, id, who->name, id);
}

static int take_mail(struct job *job, const struct user *who,
		     const struct record *r, struct error *f)
{
	if (job->cmdline->kind == COMMAND_CHECK_QUEUE) {
		mailq_count(&job->state, r);
		return 0;
	}
	if (job->cmdline->request.json && r->kind == RECORD_MORE)
		log_warning("%s has %" PRIu64 " mails more, which are not in "
			    "the list: mailq --json --user %s",
			    who->name, r->count, who->name);
	return job->cmdline->request.json
		       ? mailq_json_put(&job->view, who, r, f)
		       : mailq_list_put(&job->view, who, r);
}

static int take(void *context, const struct user *who, const struct record *r,
		struct error *f)
{
	struct job *job = context;

	switch (r->kind) {
	case RECORD_MAIL:
	case RECORD_MORE:
		return take_mail(job, who, r, f);
	case RECORD_DATA:
		return job->skips_data
			       ? 0
			       : sink_put(&job->out.sink, r->data, r->size);
	case RECORD_FOUND:
		take_found(job, who, r);
		return 0;
	case RECORD_RAN:
		add_result(&job->ran, &r->ran);
		return 0;
	case RECORD_ERROR:
		take_error(job, who, r);
		return 0;
	default:
		return 0;
	}
}

/* ---- the operation ---- */

static int take_own(void *context, const struct record *r, struct error *f)
{
	struct job *job = context;

	return take(job, &job->self, r, f);
}

/* The service runs its queue itself: its password is nobody else's. */
static int find_user_queues(const struct job *job, struct arena *a,
			    const struct user *who, struct own_queues *out,
			    struct error *f)
{
	if (!who->state)
		return own_queues_find_there(a, who->is_extra_home, out, f);
	*out = (struct own_queues){ 0 };
	if (job->operation.kind != OPERATION_RUN)
		own_queues_find_here(a, out);
	return 0;
}

/* In the process of that user.  A transcript's file is root's. */
static void work(void *context, const struct user *who,
		 const struct record_to *to)
{
	struct job *job = context;
	struct record trouble = { .kind = RECORD_ERROR,
				  .index = RECORD_NO_INDEX };
	struct arena a = ARENA_INIT;
	struct error ignored = ERROR_INIT;
	struct own_queues queues;

	if (who->uid != 0 && !job->transcript.on_standard_error)
		job->operation.trace = NULL;
	if (who->uid != 0)
		job->transcript.fd = -1;
	if (find_user_queues(job, &a, who, &queues, &trouble.error) < 0)
		to->put(to->context, &trouble, &ignored);
	else
		operation_run(&job->operation, &queues, to, &ignored);
	arena_free(&a);
}

static struct everybody everybody_of(struct job *job)
{
	const struct operation *e = &job->operation;
	bool is_one = job->cmdline->queue.user != NULL;
	struct everybody all = {
		.users = &job->users,
		.work = work,
		.take = take,
		.context = job,
		.in_order =
			e->kind == OPERATION_LIST || e->kind == OPERATION_PRINT,
	};

	if (all.in_order)
		all.silence = SILENCE_MS;
	if (e->kind == OPERATION_LIST && !is_one)
		all.limit = LIST_LIMIT_MS;
	else if (e->kind == OPERATION_RUN && e->due_only)
		all.limit = RUN_LIMIT_MS;
	else if (!all.in_order && !is_one)
		all.limit = HAND_LIMIT_MS;
	return all;
}

static int run_operation(struct job *job, struct error *f)
{
	const struct record_to own = { take_own, job };
	struct error trouble = ERROR_INIT;
	struct everybody all;

	if (!job->is_everybody)
		return operation_run(&job->operation, &job->queues, &own, f);
	if (spool_prepare(job->arena, job->operation.kind == OPERATION_RUN,
			  &trouble) < 0)
		log_warning("%s", trouble.text);
	all = everybody_of(job);
	return everybody_run(&all, f);
}

/* What was told by its owner's name is not told again. */
static int end_status(const struct job *job, struct error *f)
{
	if (!error_is_set(&job->first))
		return 0;
	if (job->is_everybody)
		return error_exit(&job->first);
	return error_copy(f, &job->first);
}

/* ---- a run ---- */

static int tell_result(const struct job *job, struct error *f)
{
	const struct cmdline *c = job->cmdline;
	const struct flush_result *done = &job->ran;
	unsigned all = done->sent + done->deferred + done->failed + done->busy +
		       done->held + done->bad;

	if (!c->queue.tells_each || c->queue.due_only)
		return 0;
	if (!all && c->queue.choice.ids.count)
		return error_set(f, ERROR_NOINPUT,
				 "no queued mail has such an id: see mailsend "
				 "--mailq");
	if (!all) {
		log_note("there is nothing to send");
		return 0;
	}
	if (done->held)
		log_note("%u held; mailsend --mailq --release ID sends one",
			 done->held);
	if (done->busy)
		log_note("%u being delivered by another process", done->busy);
	log_note("%u sent, %u still queued, %u given up", done->sent,
		 done->deferred + done->busy, done->failed + done->bad);
	return 0;
}

static int run_queue(struct job *job, struct error *f)
{
	const struct cmdline *c = job->cmdline;
	struct operation *e = &job->operation;
	struct error trouble = ERROR_INIT;
	int result;

	e->kind = OPERATION_RUN;
	e->due_only = c->queue.due_only;
	e->verbose =
		c->queue.tells_each && !c->queue.due_only && !c->request.quiet;
	/* a person who does it by hand may not do it tomorrow */
	e->notes_run = e->due_only || !sysenv_is_terminal(STDERR_FILENO);
	if (transcript_open(&job->transcript, c->request.transcript,
			    c->request.transcript_path, f) < 0)
		return -1;
	e->trace = transcript_trace(&job->transcript);
	result = run_operation(job, f);
	if (job->is_everybody && e->notes_run && !c->queue.user)
		spool_note_run(job->arena, sysenv_now());
	if (transcript_close(&job->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	if (result == 0)
		result = end_status(job, f);
	return result != 0 ? result : tell_result(job, f);
}

/* ---- what is shown ---- */

static int list(struct job *job, struct error *f)
{
	bool is_json = job->cmdline->request.json;
	bool has_ids = job->operation.choice.ids.count != 0;

	job->operation.kind = OPERATION_LIST;
	job->view = (struct mailq_view){ .out = &job->out.sink,
					 .shows_owner = job->is_everybody };
	if (run_operation(job, f) < 0)
		return -1;
	/* one that cannot be opened is no empty one */
	if (!job->is_everybody && error_is_set(&job->first) && !job->view.count)
		return 0;
	if (has_ids && !job->view.count && !error_is_set(&job->first))
		return error_set(f, ERROR_NOINPUT,
				 "no queued mail has such an id: mailq without "
				 "one lists them all");
	return is_json ? mailq_json_end(&job->view)
		       : mailq_list_end(&job->view);
}

static int tell_missing(const struct job *job, struct error *f)
{
	const struct flush_words *ids = &job->operation.choice.ids;

	for (size_t i = 0; i < ids->count; i++)
		if (!job->is_found[i] && !error_is_set(&job->first))
			return mailq_no_such_mail(ids->words[i], f);
	return 0;
}

static int print(struct job *job, struct error *f)
{
	job->operation.kind = OPERATION_PRINT;
	return run_operation(job, f);
}

/* All on standard output. */
static int show(struct job *job, struct error *f)
{
	bool is_list = job->cmdline->kind == COMMAND_LIST_QUEUE;
	int result;

	sink_fd_init(&job->out, STDOUT_FILENO, "standard output", f);
	result = is_list ? list(job, f) : print(job, f);
	if (result == 0)
		result = sink_close(&job->out.sink);
	sink_fd_free(&job->out);
	if (result == 0 && !is_list)
		result = tell_missing(job, f);
	return result < 0 ? -1 : end_status(job, f);
}

/* ---- for a monitor ---- */

static const char *remark(const struct job *job)
{
	const struct config_query query =
		request_config(&job->cmdline->request);

	if (job->cmdline->queue.user)
		return arena_format(job->arena, "only the queue of %s",
				    job->cmdline->queue.user);
	if (job->is_everybody)
		return "the queues of all users";
	if (own_queues_are_named(&query))
		return NULL;
	return arena_format(job->arena,
			    "only the queue of %s: root sees all queues",
			    job->self.name);
}

static int check_queues(struct job *job, int *status, struct error *f)
{
	struct sink_fd out;
	int r;

	job->operation.kind = OPERATION_LIST;
	if (run_operation(job, f) < 0 ||
	    (!job->is_everybody && end_status(job, f) < 0))
		return -1;
	job->state.remark = remark(job);
	sink_fd_init(&out, STDOUT_FILENO, "standard output", f);
	r = mailq_check_end(&job->state, &job->cmdline->queue.limits, &out.sink,
			    status);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return r;
}

/* A monitor takes the first line of standard output for what there is to say.
 */
static int check(struct job *job, int found, struct error *trouble,
		 struct error *f)
{
	struct buf line = BUF_INIT(1024);
	int status = 3, written;

	if (found == 0 && check_queues(job, &status, trouble) == 0)
		return status;
	buf_printf(&line, "MAILQ UNKNOWN - %s\n", trouble->text);
	written = disk_write_all(STDOUT_FILENO, line.data, line.len,
				 "standard output", f);
	buf_free(&line);
	return written < 0 ? -1 : 3;
}

/* ---- what is changed ---- */

static const char *word_of(enum mailq_change change)
{
	static const char *const words[] = {
		[MAILQ_HOLD] = "held",
		[MAILQ_RELEASE] = "released",
		[MAILQ_RETRY] = "due now",
		[MAILQ_DELETE] = "deleted",
	};

	return words[change];
}

/* One that cannot be changed stops none of the others. */
static int change(struct job *job, struct error *f)
{
	const struct flush_words *ids = &job->operation.choice.ids;

	job->operation.kind = OPERATION_CHANGE;
	if (run_operation(job, f) < 0)
		return -1;
	for (size_t i = 0; i < ids->count; i++) {
		struct error missing = ERROR_INIT;

		if (job->is_found[i])
			continue;
		mailq_no_such_mail(ids->words[i], &missing);
		log_error("%s", missing.text);
		error_copy(&job->first, &missing);
	}
	log_note("%" PRIu64 " %s", job->changed,
		 word_of(job->operation.change));
	return error_is_set(&job->first) ? error_exit(&job->first) : 0;
}

/* ---- which queues ---- */

static int check_user(const struct job *job, const struct config_query *query,
		      struct error *f)
{
	const char *other = sysenv_env("MAILSEND_QUEUE") ? "MAILSEND_QUEUE"
			    : query->account		 ? "--account"
			    : query->path		 ? "--config"
							 : "queue_folder";

	if (!job->cmdline->queue.user || !own_queues_are_named(query))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--user and %s both select a queue: leave one of "
			 "them out",
			 other);
}

/* Root looks after everybody, unless one queue is named. */
static int find_queues(struct job *job, struct error *f)
{
	const struct cmdline *c = job->cmdline;
	const struct config_query query = request_config(&c->request);
	const char *user = c->queue.user;

	if (check_user(job, &query, f) < 0)
		return -1;
	job->is_everybody = sysenv_uid() == 0 && sysenv_file_uid() == 0 &&
			    !own_queues_are_named(&query) &&
			    c->kind != COMMAND_SETUP_QUEUE;
	if (job->is_everybody && !user)
		job->operation.most = MOST_OF_EACH;
	if (job->is_everybody &&
	    users_list(job->arena, user, &job->users, f) < 0)
		return -1;
	if (job->is_everybody) {
		own_queues_narrow(&job->users);
		return 0;
	}
	if (users_self(job->arena, user, &job->self, f) < 0)
		return -1;
	return own_queues_find(job->arena, &query, &job->queues, f);
}

static int act(struct job *job, struct error *f)
{
	const struct cmdline *c = job->cmdline;
	struct error first;
	int status = 0;

	if (c->kind == COMMAND_SETUP_QUEUE)
		return install_queue_run(job->arena, c->install, &c->request,
					 job->queues.folders[0], f);
	if (c->kind == COMMAND_RUN_QUEUE)
		return run_queue(job, f);
	if (c->queue.runs_first)
		status = run_queue(job, f);
	if (status < 0)
		return -1;
	first = job->first;
	error_clear(&job->first);
	status =
		c->kind == COMMAND_CHANGE_QUEUE ? change(job, f) : show(job, f);
	return status == 0 && error_is_set(&first) ? error_exit(&first)
						   : status;
}

int queue_command(struct arena *a, const struct cmdline *c, struct error *f)
{
	bool is_check = c->kind == COMMAND_CHECK_QUEUE;
	struct error trouble = ERROR_INIT;
	struct job job = {
		.arena = a,
		.cmdline = c,
		.operation = { .choice = c->queue.choice,
			       .change = c->queue.change },
		.transcript = { .fd = -1 },
		.is_found = arena_array(a, c->queue.choice.ids.count + 1,
					sizeof(bool)),
	};
	int found = find_queues(&job, is_check ? &trouble : f);

	if (is_check)
		return check(&job, found, &trouble, f);
	return found < 0 ? -1 : act(&job, f);
}
