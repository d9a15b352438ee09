/* queue.c - the commands about the queue. */
#include "commands.h"

#include <stdio.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/config.h"
#include "flow/sink.h"
#include "queue/queue.h"
#include "queuerun/flush.h"
#include "queuerun/mailq.h"
#include "submit/transcript.h"

/* NULL without an error when no account can be told: mail that was accepted is
 * to be seen and sent whatever has happened to the configuration since. */
static struct account *find_account(struct arena *a, const struct cmdline *c,
				    struct error *f)
{
	struct config_wish wish = request_config(&c->request);
	struct account *account = NULL;
	struct config config;
	struct error trouble = ERROR_INIT;

	if (config_load(&config, a, &wish, &trouble) < 0)
		log_warning("%s; looking for the queue without it",
			    trouble.text);
	else if (config_choose(&config, &wish, &account, &trouble) < 0 &&
		 wish.account)
		*f = trouble;
	return account;
}

static const char *find_folder(struct arena *a, const struct cmdline *c,
			       struct error *f)
{
	struct account *account = find_account(a, c, f);

	return error_is_set(f) ? NULL : config_queue(a, account, f);
}

/* ---- a run ---- */

static int tell_result(const struct cmdline *c, const struct flush_result *done,
		       struct error *f)
{
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
		log_note("%u are held; mailsend --mailq --release releases "
			 "them",
			 done->held);
	if (done->busy)
		log_note("%u are being delivered by another "
			 "process",
			 done->busy);
	log_note("%u sent, %u still queued, %u given up", done->sent,
		 done->deferred + done->busy, done->failed + done->bad);
	return 0;
}

static int run_queue(struct arena *a, const struct cmdline *c,
		     const char *folder, struct error *f)
{
	struct transcript transcript;
	struct flush_result done = { 0 };
	struct error trouble = ERROR_INIT;
	struct flush fl = {
		.arena = a,
		.folder = folder,
		.ids = c->queue.choice.ids,
		.senders = c->queue.choice.senders,
		.recipients = c->queue.choice.recipients,
		.due_only = c->queue.due_only,
		.verbose = c->queue.tells_each && !c->queue.due_only &&
			   !c->request.quiet,
	};
	int result;

	if (transcript_open(&transcript, c->request.transcript,
			    c->request.transcript_path, f) < 0)
		return -1;
	fl.trace = transcript_trace(&transcript);
	/* a person who does it by hand may not do it tomorrow */
	if (fl.due_only || !sysenv_is_terminal(STDERR_FILENO))
		queue_note_run(a, folder, sysenv_now());
	result = flush_run(&fl, &done, f);
	if (transcript_close(&transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return result < 0 ? -1 : tell_result(c, &done, f);
}

/* ---- what is shown ---- */

static int list(struct queue *q, const struct cmdline *c, struct sink *out,
		struct error *f)
{
	const struct mailq_choice *choice = &c->queue.choice;

	return c->request.json ? mailq_json(q, choice, out, f)
			       : mailq_list(q, choice, out, f);
}

static int print(struct queue *q, const struct cmdline *c, struct sink *out,
		 struct error *f)
{
	const struct flush_words *ids = &c->queue.choice.ids;

	for (size_t i = 0; i < ids->count; i++)
		if (mailq_print(q, ids->words[i], out, f) < 0)
			return -1;
	return 0;
}

/* All on standard output; *status is that of a check. */
static int show(struct queue *q, const struct cmdline *c, int *status,
		struct error *f)
{
	struct sink_fd out;
	int result;

	sink_fd_init(&out, STDOUT_FILENO, "standard output", f);
	if (c->kind == COMMAND_LIST_QUEUE)
		result = list(q, c, &out.sink, f);
	else if (c->kind == COMMAND_PRINT_QUEUED)
		result = print(q, c, &out.sink, f);
	else
		result = mailq_check(q, &c->queue.limits, &out.sink, status, f);
	if (result == 0)
		result = sink_close(&out.sink);
	sink_fd_free(&out);
	return result;
}

/* A monitor takes the first line of standard output for what there is to say.
 */
static int check(struct queue *q, const struct cmdline *c, int opened,
		 struct error *trouble, struct error *f)
{
	struct buf line = BUF_INIT(1024);
	int status = 3, written;

	if (opened == 0 && show(q, c, &status, trouble) == 0)
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
static int change(struct queue *q, const struct cmdline *c)
{
	const struct flush_words *ids = &c->queue.choice.ids;
	unsigned count = 0;
	int status = 0;

	for (size_t i = 0; i < ids->count; i++) {
		struct error f = ERROR_INIT;

		if (mailq_change(q, ids->words[i], c->queue.change, &count,
				 &f) == 0)
			continue;
		log_error("%s", f.text);
		if (!status)
			status = error_exit(&f);
	}
	log_note("%u %s", count, word_of(c->queue.change));
	return status;
}

int queue_command(struct arena *a, const struct cmdline *c, struct error *f)
{
	bool is_check = c->kind == COMMAND_CHECK_QUEUE;
	struct error trouble = ERROR_INIT;
	struct queue q = { 0 };
	const char *folder;
	int status = 0, opened;

	folder = find_folder(a, c, is_check ? &trouble : f);
	if (!folder && !is_check)
		return -1;
	if (c->kind == COMMAND_SETUP_QUEUE)
		return setup_queue(a, c, folder, f);
	if (c->kind == COMMAND_RUN_QUEUE)
		return run_queue(a, c, folder, f);
	if (c->queue.runs_first && run_queue(a, c, folder, f) < 0)
		return -1;
	opened = folder ? queue_open(&q, a, folder, false,
				     is_check ? &trouble : f)
			: -1;
	if (is_check)
		return check(&q, c, opened, &trouble, f);
	if (opened < 0)
		return -1;
	if (c->kind == COMMAND_CHANGE_QUEUE)
		return change(&q, c);
	return show(&q, c, &status, f) < 0 ? -1 : status;
}
