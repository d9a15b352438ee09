/* report.c - what matters first. */
#include "run/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"
#include "run/excerpt.h"

#define TEXT_MAX    ((size_t)1024 * 1024)
#define HTML_MAX    ((size_t)4 * 1024 * 1024)
#define SUBJECT_MAX 1024
#define SHORT_LINES 25 /* of output, which stand before the facts */
#define LAST_LINES  10 /* that are shown at once of a longer one */
#define LAST_OCTETS 2000

/* ---- words ---- */

void report_span(struct buf *out, uint64_t milliseconds)
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

static bool local_time(int64_t when, struct tm *t)
{
	time_t local = (time_t)(when + (int64_t)sysenv_zone(when) * 60);

	return gmtime_r(&local, t) != NULL;
}

void report_time(struct buf *out, int64_t when, int64_t now)
{
	char text[64] = "?";
	struct tm t, today;

	if (local_time(when, &t) && local_time(now, &today)) {
		bool is_today = t.tm_yday == today.tm_yday &&
				t.tm_year == today.tm_year;
		bool is_year = t.tm_year == today.tm_year;

		if (is_today)
			strftime(text, sizeof(text), "%H:%M", &t);
		else if (is_year)
			strftime(text, sizeof(text), "%a %d %b %H:%M", &t);
		else
			strftime(text, sizeof(text), "%d %b %Y %H:%M", &t);
	}
	buf_puts(out, text);
}

static const char *time_text(const struct run_record *run, int64_t when)
{
	struct buf out = BUF_INIT(64);
	const char *text;

	report_time(&out, when, run->job.ended);
	text = arena_dup(run->arena, out.data);
	buf_free(&out);
	return text;
}

static const char *span_text(const struct run_record *run,
			     uint64_t milliseconds)
{
	struct buf out = BUF_INIT(64);
	const char *text;

	report_span(&out, milliseconds);
	text = arena_dup(run->arena, out.data);
	buf_free(&out);
	return text;
}

/* A word as a shell takes it. */
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

const char *report_command(const struct run_record *run)
{
	const struct run_options *o = run->wish->options;
	struct buf line = BUF_INIT(TEXT_MAX);
	struct buf safe = BUF_INIT(TEXT_MAX);
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

static const char *signal_name(const struct run_record *run, int number)
{
	char name[JOB_SIGNAL_SIZE];

	job_signal_name(number, name);
	return arena_dup(run->arena, name);
}

const char *report_status(const struct run_record *run)
{
	const struct process *j = &run->job;
	int status = job_exit(j);

	if (run->is_blocked)
		return "still running";
	if (run->unit_result)
		return arena_format(run->arena, "failed (%s)",
				    run->unit_result);
	if (j->error)
		return status == JOB_EXIT_NOT_FOUND ? "not found"
						    : "cannot be run";
	if (j->is_timed_out)
		return "timed out";
	if (job_signal(j))
		return arena_format(run->arena, "killed by %s",
				    signal_name(run, job_signal(j)));
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
		return run->blocker ? "{name}: still running since {since} "
				      "[{host}]"
				    : "{name}: still running [{host}]";
	if (run->job.error || run->unit_result)
		return "{name}: {status} [{host}]";
	if (d->reason == DECIDE_RECOVERED)
		return d->failures > 1 ? "{name}: recovered, {failures} "
					 "failures since {since} [{host}]"
				       : "{name}: recovered [{host}]";
	if (d->reason == DECIDE_CHANGED && !run_has_failed(run))
		return "{name}: output has changed [{host}]";
	return "{name}: {status} after {duration} [{host}]";
}

static const char *make_subject(const struct run_record *run)
{
	const struct decision *d = &run->decision;
	const char *template = run->wish->request->subject;
	bool has_recovered = d->reason == DECIDE_RECOVERED;
	int64_t since = run->is_blocked ? run->blocker : d->since;
	const struct text_word words[] = {
		{ "name", run->name },
		{ "host", short_host(run) },
		{ "user", sysenv_user() },
		{ "status", has_recovered ? "recovered" : report_status(run) },
		{ "duration", span_text(run, run->job.milliseconds) },
		{ "exit", arena_format(run->arena, "%d", job_exit(&run->job)) },
		{ "failures", arena_format(run->arena, "%u", d->failures) },
		{ "since", time_text(run, since ? since : run->job.started) },
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

/* ---- what it means ---- */

static void put_outcome(const struct run_record *run, struct buf *out)
{
	const struct process *j = &run->job;
	const char *after = span_text(run, j->milliseconds);

	if (run->is_blocked && run->blocker)
		buf_printf(out,
			   "Not started: the run of %s is still going on.\n",
			   time_text(run, run->blocker));
	else if (run->is_blocked)
		buf_puts(out, "Not started: another run is still going on.\n");
	else if (run->unit_result)
		buf_printf(out, "The unit failed: %s.\n", run->unit_result);
	else if (j->error)
		buf_printf(out, "It could not be run: %s.\n",
			   strerror(j->error));
	else if (j->is_timed_out && job_signal(j))
		buf_printf(out, "Timed out: ended by %s after %s.\n",
			   signal_name(run, job_signal(j)), after);
	else if (j->is_timed_out)
		buf_printf(out, "Timed out: asked to end, it did after %s.\n",
			   after);
	else if (job_signal(j))
		buf_printf(out, "Killed by %s after %s.\n",
			   signal_name(run, job_signal(j)), after);
	else if (run_has_failed(run))
		buf_printf(out, "Failed with exit status %d after %s.\n",
			   job_exit(j), after);
	else if (run->decision.reason == DECIDE_RECOVERED)
		buf_printf(out, "It works again: done after %s.\n", after);
	else if (run->decision.reason == DECIDE_CHANGED)
		buf_printf(out,
			   "Done after %s.  The output is not that of the run "
			   "before.\n",
			   after);
	else
		buf_printf(out, "Done after %s.\n", after);
}

static const char *ordinal(unsigned n)
{
	unsigned last = n % 10;

	if (n / 10 % 10 == 1 || !last || last > 3)
		return "th";
	return last == 1 ? "st" : last == 2 ? "nd" : "rd";
}

static void put_history(const struct run_record *run, struct buf *out)
{
	const struct decision *d = &run->decision;
	bool has_failed = run_has_failed(run) && !run->is_blocked;

	if (d->reason == DECIDE_RECOVERED && d->failures) {
		buf_printf(out, "%u failure%s", d->failures,
			   d->failures > 1 ? "s in a row" : "");
		if (d->since)
			buf_printf(out, " since %s", time_text(run, d->since));
		buf_puts(out, " before.\n");
	} else if (has_failed && d->failures > 1) {
		buf_printf(out, "%u%s failure in a row", d->failures,
			   ordinal(d->failures));
		if (d->since)
			buf_printf(out, ", since %s", time_text(run, d->since));
		buf_puts(out, ".\n");
	}
	if (d->suppressed) {
		buf_printf(out, "%" PRIu64 " more", d->suppressed);
		if (d->suppressed_since)
			buf_printf(out, " since %s",
				   time_text(run, d->suppressed_since));
		buf_printf(out, " %s not mailed.\n",
			   d->suppressed > 1 ? "were" : "was");
	}
	if (has_failed && run->before.succeeded)
		buf_printf(out, "Last success: %s.\n",
			   time_text(run, run->before.succeeded));
}

static void put_notes(const struct run_record *run, struct buf *out)
{
	for (size_t i = 0; i < run->note_count; i++)
		buf_printf(out, "Note: %s.\n", run->notes[i]);
}

/* ---- the facts ---- */

static void put_resources(const struct run_record *run, struct buf *out)
{
	const struct process *j = &run->job;
	char size[32];

	buf_printf(out, "Duration:  %s\n", span_text(run, j->milliseconds));
	buf_printf(out, "CPU:       %s user, %s system\n",
		   span_text(run, j->user), span_text(run, j->system));
	text_size(size, sizeof(size), j->peak);
	buf_printf(out, "Memory:    %s at most\n", size);
}

static void put_facts(const struct run_record *run, struct buf *out)
{
	const struct run_options *o = run->wish->options;
	const struct process *j = &run->job;
	char octets[32], started[DATE_SIZE];

	buf_printf(out, "Host:      %s\n", sysenv_host());
	buf_printf(out, "User:      %s\n", sysenv_user());
	if (o->unit)
		buf_printf(out, "Unit:      %s\n", o->unit);
	if (o->command)
		buf_printf(out, "Command:   %s\n", report_command(run));
	date_format(started, j->started, sysenv_zone(j->started));
	buf_printf(out, "Started:   %s\n", started);
	if (!run->is_blocked && !j->error && !run->unit_result)
		put_resources(run, out);
	if (!run->is_blocked)
		buf_printf(out, "Status:    %s\n", report_status(run));
	if (run->output.size) {
		text_size(octets, sizeof(octets), run->output.size);
		buf_printf(out, "Output:    %s, %" PRIu64 " lines\n", octets,
			   run->output.lines);
	}
}

/* ---- the output ---- */

struct writer {
	struct report *report;
	const struct run_record *run;
	struct excerpt excerpt;
};

static void heading(struct writer *w, const char *text)
{
	struct report *r = w->report;

	buf_printf(&r->text, "\n%s\n\n", text);
	buf_puts(&r->html, "<p style=\"margin:1em 0 0.3em 0;\"><b>");
	ansi_escape(&r->html, text, strlen(text));
	buf_puts(&r->html, "</b></p>\n");
}

static void begin_output(struct writer *w)
{
	buf_puts(&w->report->html,
		 "<pre style=\"margin:0;padding:8px;border-radius:4px;"
		 "font-family:monospace;font-size:13px;line-height:1.35;"
		 "white-space:pre-wrap;overflow-wrap:anywhere;"
		 "background-color:" ANSI_BACKGROUND ";color:" ANSI_FOREGROUND
		 ";\">");
}

static void end_output(struct writer *w)
{
	buf_puts(&w->report->html, "</pre>\n");
}

static unsigned put_lines(struct writer *w, size_t from, size_t to)
{
	struct report *r = w->report;
	unsigned count;

	begin_output(w);
	count = excerpt_put(&w->excerpt, from, to, &r->text, &r->html);
	end_output(w);
	return count;
}

static const char *marks_text(const struct writer *w)
{
	const struct capture *o = &w->run->output;

	if (!o->of[JOB_STDOUT])
		return " (all on standard error)";
	return o->of[JOB_STDERR] ? " (\"!\" marks standard error)" : "";
}

static void describe_binary(struct writer *w)
{
	const struct capture *o = &w->run->output;
	char size[32];

	w->report->is_binary = true;
	w->report->is_complete = false;
	for (int s = 0; s < JOB_STREAMS; s++) {
		if (w->excerpt.is_shown[s] || !o->of[s])
			continue;
		text_size(size, sizeof(size), o->of[s]);
		heading(w, arena_format(w->run->arena,
					"Standard %s is %s of binary data, "
					"which is attached.",
					s == JOB_STDERR ? "error" : "output",
					size));
	}
}

static void put_whole(struct writer *w)
{
	heading(w, arena_format(w->run->arena, "Output%s:", marks_text(w)));
	put_lines(w, 0, w->excerpt.size);
	w->report->is_complete = !w->excerpt.is_shortened;
}

/* The beginning, and the end where it has been read instead of it. */
static void put_ends(struct writer *w)
{
	const struct capture *o = &w->run->output;
	unsigned most = w->run->wish->options->tail, shown;
	size_t end = excerpt_first(&w->excerpt, most, REPORT_END);
	uint64_t first = w->excerpt.offset + end, last;
	char size[32];

	heading(w,
		arena_format(w->run->arena, "First lines%s:", marks_text(w)));
	shown = put_lines(w, 0, end);
	excerpt_load(&w->excerpt, true);
	end = excerpt_last(&w->excerpt, most, REPORT_END);
	last = w->excerpt.offset + end;
	if (last < first && first - w->excerpt.offset < w->excerpt.size) {
		end = (size_t)(first - w->excerpt.offset);
		last = first;
	}
	text_size(size, sizeof(size), last > first ? last - first : 0);
	heading(w, arena_format(w->run->arena,
				"Last lines (%s before them %s):", size,
				capture_is_cut(o) ? "not all kept"
						  : "only in the attachment"));
	shown += put_lines(w, end, w->excerpt.size);
	(void)shown;
	w->report->is_complete = false;
}

static bool is_whole(const struct writer *w)
{
	const struct capture *o = &w->run->output;

	return o->size <= REPORT_WHOLE && !capture_is_cut(o) &&
	       o->lines <= 2 * (uint64_t)w->run->wish->options->tail;
}

static void put_output(struct writer *w)
{
	if (!w->run->output.size)
		return;
	excerpt_load(&w->excerpt, false);
	if (is_whole(w))
		put_whole(w);
	else
		put_ends(w);
	if (!w->excerpt.is_shown[JOB_STDOUT] ||
	    !w->excerpt.is_shown[JOB_STDERR])
		describe_binary(w);
	if (error_is_set(&w->excerpt.trouble))
		heading(w, w->excerpt.trouble.text);
}

/* The end of a long one, at once. */
static void put_last(struct writer *w)
{
	struct excerpt *x = &w->excerpt;

	excerpt_load(x, true);
	if (!x->is_shown[JOB_STDOUT] && !w->run->output.of[JOB_STDERR])
		return;
	heading(w, "It ended with:");
	put_lines(w, excerpt_last(x, LAST_LINES, LAST_OCTETS), x->size);
}

/* ---- all of it ---- */

static void put_paragraph(struct writer *w, const char *style, const char *text)
{
	struct report *r = w->report;

	buf_puts(&r->text, text);
	buf_printf(&r->html, "<p style=\"margin:0 0 0.5em 0;%s\">", style);
	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		ansi_escape(&r->html, text, n);
		if (text[n] && text[n + 1])
			buf_puts(&r->html, "<br>\n");
	}
	buf_puts(&r->html, "</p>\n");
}

static void put_summary(struct writer *w)
{
	struct buf words = BUF_INIT(TEXT_MAX);

	put_outcome(w->run, &words);
	put_paragraph(w, "font-size:1.15em;font-weight:bold;", words.data);
	buf_reset(&words);
	put_history(w->run, &words);
	put_notes(w->run, &words);
	if (words.len)
		put_paragraph(w, "", words.data);
	buf_free(&words);
}

static void put_details(struct writer *w)
{
	struct buf words = BUF_INIT(TEXT_MAX);

	put_facts(w->run, &words);
	buf_putc(&w->report->text, '\n');
	put_paragraph(w, "margin-top:1em;overflow-wrap:anywhere;", words.data);
	buf_free(&words);
}

void report_make(struct report *r, const struct run_record *run)
{
	struct writer w = { .report = r, .run = run };
	bool is_short = run->output.lines <= SHORT_LINES &&
			run->output.size <= REPORT_END / 8;

	*r = (struct report){
		.subject = make_subject(run),
		.text = BUF_INIT(TEXT_MAX),
		.html = BUF_INIT(HTML_MAX),
		.is_complete = true,
	};
	excerpt_init(&w.excerpt, &run->output);
	buf_puts(&r->html,
		 "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n"
		 "</head><body style=\"font-family:sans-serif;"
		 "font-size:15px;\">\n");
	put_summary(&w);
	if (is_short) {
		put_output(&w);
		put_details(&w);
	} else {
		put_last(&w);
		put_details(&w);
		put_output(&w);
	}
	buf_puts(&r->html, "</body></html>\n");
	r->has_html = w.excerpt.ansi.has_style && !r->html.overflow;
	excerpt_free(&w.excerpt);
}

void report_free(struct report *r)
{
	buf_free(&r->text);
	buf_free(&r->html);
}
