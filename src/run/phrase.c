/* phrase.c - see phrase.h. */
#include "run/phrase.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"

#define SUBJECT_MAX 1024
#define COMMAND_MAX ((size_t)1024 * 1024)

void phrase_span(struct buf *out, uint64_t milliseconds)
{
	uint64_t s = milliseconds / 1000;

	if (milliseconds < 100)
		buf_printf(out, "%" PRIu64 " ms", milliseconds);
	else if (s < 10)
		buf_printf(out, "%" PRIu64 ".%" PRIu64 " s", s,
			   milliseconds % 1000 / 100);
	else if (s < 60)
		buf_printf(out, "%" PRIu64 " s", s);
	else if (s < 600 && s % 60)
		buf_printf(out, "%" PRIu64 " min %" PRIu64 " s", s / 60,
			   s % 60);
	else if (s < 3600)
		buf_printf(out, "%" PRIu64 " min", s / 60);
	else if (s < 86400 && s / 60 % 60)
		buf_printf(out, "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			   s / 60 % 60);
	else if (s < 86400)
		buf_printf(out, "%" PRIu64 " h", s / 3600);
	else
		buf_printf(out, "%" PRIu64 " d %" PRIu64 " h", s / 86400,
			   s / 3600 % 24);
}

const char *phrase_time_of(const struct run_record *run, int64_t when)
{
	char text[DATE_SIZE];

	date_format_short(text, when);
	return arena_dup(run->arena, text);
}

const char *phrase_span_of(const struct run_record *run, uint64_t milliseconds)
{
	struct buf out = BUF_INIT(64);
	const char *text;

	phrase_span(&out, milliseconds);
	text = arena_dup(run->arena, out.data);
	buf_free(&out);
	return text;
}

/* Quotes a word for the shell. */
static void quote(struct buf *out, const char *word)
{
	if (*word && !word[strcspn(word, " \t\n\"'\\$`&|;<>()*?[]#~!{}")]) {
		buf_puts(out, word);
		return;
	}
	buf_putc(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *word);
	buf_putc(out, '\'');
}

const char *phrase_command(const struct run_record *run)
{
	const struct run_options *o = run->input->options;
	struct buf line = BUF_INIT(COMMAND_MAX);
	struct buf safe = BUF_INIT(COMMAND_MAX);
	const char *text;

	for (size_t i = 0; o->command && o->command[i]; i++) {
		if (i)
			buf_putc(&line, ' ');
		quote(&line, o->command[i]);
	}
	text = patterns_mask(&o->mask, run->arena, line.data);
	text_put_escaped(&safe, text, strlen(text));
	text = arena_dup(run->arena, safe.data);
	buf_free(&line);
	buf_free(&safe);
	return text;
}

const char *phrase_signal(const struct run_record *run, int number)
{
	char name[JOB_SIGNAL_SIZE];

	job_signal_name(number, name);
	return arena_dup(run->arena, name);
}

const char *phrase_status(const struct run_record *run)
{
	const struct process *j = &run->job;
	int status = job_exit(j);

	if (run->is_blocked)
		return "still running";
	if (run->unit_result)
		return arena_format(run->arena, "failed (%s)",
				    run->unit_result);
	if (j->error == ECHILD)
		return "status unknown";
	if (j->error)
		return status == JOB_EXIT_NOT_FOUND ? "not found"
						    : "cannot be run";
	if (j->is_timed_out)
		return "timed out";
	if (job_signal(j))
		return arena_format(run->arena, "killed by %s",
				    phrase_signal(run, job_signal(j)));
	if (run_has_failed(run))
		return arena_format(run->arena, "failed (exit %d)", status);
	return status ? arena_format(run->arena, "ok (exit %d)", status) : "ok";
}

/* ---- the subject ---- */

static const char *short_host(const struct run_record *run)
{
	const char *host = sysenv_host();

	return arena_dup_n(run->arena, host, strcspn(host, "."));
}

static const char *usual_subject(const struct run_record *run)
{
	const struct decision *d = &run->decision;

	if (run->is_blocked)
		return run->blocker ? "[{host}] {name}: still running since "
				      "{since}"
				    : "[{host}] {name}: still running";
	if (run->job.error || run->unit_result)
		return "[{host}] {name}: {status}";
	if (d->reason == DECIDE_RECOVERED)
		return d->failures > 1 ? "[{host}] {name}: recovered after "
					 "{failures} failures"
				       : "[{host}] {name}: recovered";
	if (d->reason == DECIDE_HAS_ERRORS && !run_has_failed(run))
		return "[{host}] {name}: {status}, but wrote to stderr";
	if (d->reason == DECIDE_LOST)
		return run->lost == DECIDE_LOST_MAIL
			       ? "[{host}] {name}: the mail before may be lost"
			       : "[{host}] {name}: the run before never ended";
	if (d->reason == DECIDE_CHANGED && !run_has_failed(run))
		return *run->before.digest
			       ? "[{host}] {name}: output has changed"
			       : "[{host}] {name}: first output";
	return "[{host}] {name}: {status} after {duration}";
}

const char *phrase_subject(const struct run_record *run)
{
	const struct decision *d = &run->decision;
	const char *template = run->input->request->subject;
	bool has_recovered = d->reason == DECIDE_RECOVERED;
	int64_t since = run->is_blocked ? run->blocker : d->since;
	const struct text_word words[] = {
		{ "name", run->name },
		{ "host", short_host(run) },
		{ "user", sysenv_user() },
		{ "status", has_recovered ? "recovered" : phrase_status(run) },
		{ "duration", phrase_span_of(run, run->job.milliseconds) },
		{ "exit", arena_format(run->arena, "%d", job_exit(&run->job)) },
		{ "failures", arena_format(run->arena, "%u", d->failures) },
		{ "since",
		  phrase_time_of(run, since ? since : run->job.started) },
		{ NULL, NULL },
	};
	struct buf out = BUF_INIT(SUBJECT_MAX), safe = BUF_INIT(SUBJECT_MAX);
	const char *subject;

	text_fill(&out, template ? template : usual_subject(run), words);
	text_puts_safe(&safe, out.overflow ? run->name : out.data);
	subject = arena_dup(run->arena, safe.data);
	buf_free(&out);
	buf_free(&safe);
	return subject;
}
