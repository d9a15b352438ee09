/* report.c - the most important first. */
#include "run/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"
#include "mail/filetype.h"
#include "run/excerpt.h"
#include "run/phrase.h"

#define TEXT_MAX     ((size_t)1024 * 1024)
#define HTML_MAX     ((size_t)4 * 1024 * 1024)
#define SHORT_LINES  25 /* of output: shown before the facts */
#define LAST_LINES   10 /* of longer output: shown there */
#define LAST_OCTETS  2000
#define WAITED_LEAST 1000 /* milliseconds for a lock to report */
#define TIMEOUT_LATE 500  /* milliseconds after the timeout to report */

struct writer {
	struct report *report;
	const struct run_record *run;
	struct excerpt excerpt;
};

/* ---- the summary ---- */

static void put_timeout(const struct run_record *run, struct buf *out)
{
	const struct process *j = &run->job;
	uint64_t limit = 0;

	buf_puts(out, "Timed out");
	if (j->step_count) {
		limit = (uint64_t)j->steps[0].seconds * 1000;
		buf_printf(out, " after %s", phrase_span_of(run, limit));
	}
	if (job_signal(j))
		buf_printf(out, ": ended by %s",
			   phrase_signal(run, job_signal(j)));
	else
		buf_puts(out, ": ended by itself");
	if (j->milliseconds >= limit + TIMEOUT_LATE)
		buf_printf(out, " after %s",
			   phrase_span_of(run, j->milliseconds));
	buf_puts(out, ".\n");
}

static void put_outcome(const struct run_record *run, struct buf *out)
{
	const struct process *j = &run->job;
	const char *after = phrase_span_of(run, j->milliseconds);

	if (run->is_blocked && run->blocker)
		buf_printf(out,
			   "Not started: the run of %s is still going on.\n",
			   phrase_time_of(run, run->blocker));
	else if (run->is_blocked)
		buf_puts(out, "Not started: another run is still going on.\n");
	else if (run->unit_result)
		buf_printf(out, "The unit failed: %s.\n", run->unit_result);
	else if (j->error == ECHILD)
		buf_puts(out, "It has ended, and its status is not known.\n");
	else if (j->error)
		buf_printf(out, "It could not be run: %s.\n",
			   j->lacks_interpreter ? JOB_NO_INTERPRETER
						: strerror(j->error));
	else if (j->is_timed_out)
		put_timeout(run, out);
	else if (job_signal(j))
		buf_printf(out, "Killed by %s after %s.\n",
			   phrase_signal(run, job_signal(j)), after);
	else if (run_has_failed(run))
		buf_printf(out, "Failed with exit status %d after %s.\n",
			   job_exit(j), after);
	else if (run->decision.reason == DECIDE_RECOVERED)
		buf_printf(out, "It works again: done after %s.\n", after);
	else if (run->decision.reason == DECIDE_LOST)
		buf_printf(out, "The %s.  This one: done after %s.\n",
			   run->lost == DECIDE_LOST_MAIL
				   ? "mail about the run before may be lost"
				   : "run before never came to its end",
			   after);
	else if (run->decision.reason == DECIDE_CHANGED)
		buf_printf(out, "Done after %s.  %s\n", after,
			   *run->before.digest
				   ? "The output is not that of the run before."
				   : "No earlier output is known.");
	else if (run->decision.reason == DECIDE_HAS_ERRORS)
		buf_printf(out, "Done after %s, but it wrote to stderr.\n",
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
		buf_printf(out, "Before: %u failure%s", d->failures,
			   d->failures > 1 ? "s in a row" : "");
		if (d->since)
			buf_printf(out, ", since %s",
				   phrase_time_of(run, d->since));
		buf_puts(out, ".\n");
	} else if (has_failed && d->failures > 1) {
		buf_printf(out, "%u%s failure in a row", d->failures,
			   ordinal(d->failures));
		if (d->since)
			buf_printf(out, ", since %s",
				   phrase_time_of(run, d->since));
		buf_puts(out, ".\n");
	}
	if (d->suppressed) {
		buf_printf(out, "%" PRIu64 " more", d->suppressed);
		if (d->suppressed_since)
			buf_printf(out, " since %s",
				   phrase_time_of(run, d->suppressed_since));
		buf_printf(out, " %s not mailed.\n",
			   d->suppressed > 1 ? "were" : "was");
	}
	if (run->waited >= WAITED_LEAST)
		buf_printf(out,
			   "Before it started, it waited %s for its "
			   "lock.\n",
			   phrase_span_of(run, run->waited));
	if (has_failed && run->before.succeeded)
		buf_printf(out, "Last success: %s.\n",
			   phrase_time_of(run, run->before.succeeded));
}

const char *report_binary_type(struct arena *a, const struct slice *output)
{
	const char *type = filetype_of(a, "output", output);

	return ascii_begins(type, "text/") ? FILETYPE_UNKNOWN : type;
}

static void put_binary_fact(const struct writer *w, struct buf *out)
{
	const struct capture *o = &w->run->output;
	const struct slice all = capture_slice(o);
	const char *type = report_binary_type(w->run->arena, &all);
	bool has_type = !ascii_equal(type, FILETYPE_UNKNOWN);
	char size[32];

	for (int s = 0; s < JOB_STREAMS; s++) {
		if (w->excerpt.is_shown[s] || !o->of[s])
			continue;
		text_size(size, sizeof(size), o->of[s]);
		buf_printf(out, "Standard %s is binary: %s%s%s%s.\n",
			   s == JOB_STDERR ? "error" : "output", size,
			   has_type ? " of " : "", has_type ? type : "",
			   w->run->is_shortened ? "" : ", attached");
	}
}

static void put_notes(const struct run_record *run, struct buf *out)
{
	for (size_t i = 0; i < run->note_count; i++)
		buf_printf(out, "Note: %s.\n", run->notes[i]);
}

/* ---- the facts ---- */

/* Not in columns: phones use a proportional font. */
static void put_resources(const struct run_record *run, struct buf *out)
{
	const struct process *j = &run->job;
	char size[32];

	buf_printf(out, "Duration: %s\n", phrase_span_of(run, j->milliseconds));
	buf_printf(out, "CPU: %s user, %s system\n",
		   phrase_span_of(run, j->user),
		   phrase_span_of(run, j->system));
	text_size(size, sizeof(size), j->peak);
	buf_printf(out, "Memory: %s at most\n", size);
}

static void put_facts(const struct run_record *run, struct buf *out)
{
	const struct run_options *o = run->input->options;
	const struct process *j = &run->job;
	char octets[32], started[DATE_SIZE];

	buf_printf(out, "Host: %s\n", sysenv_host());
	buf_printf(out, "User: %s\n", sysenv_user());
	if (o->unit)
		buf_printf(out, "Unit: %s\n", o->unit);
	if (o->command)
		buf_printf(out, "Command: %s\n", phrase_command(run));
	date_format(started, j->started, sysenv_zone(j->started));
	buf_printf(out, "Started: %s\n", started);
	if (!run->is_blocked && !j->error && !run->unit_result)
		put_resources(run, out);
	if (!run->is_blocked)
		buf_printf(out, "Status: %s\n", phrase_status(run));
	if (run->output.size) {
		text_size(octets, sizeof(octets), run->output.size);
		buf_printf(out, "Output: %s, %" PRIu64 " line%s\n", octets,
			   run->output.lines,
			   run->output.lines == 1 ? "" : "s");
	}
}

/* ---- the output ---- */

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

static void put_lines(struct writer *w, size_t from, size_t to)
{
	struct report *r = w->report;

	begin_output(w);
	excerpt_put(&w->excerpt, from, to, &r->text, &r->html);
	end_output(w);
}

static const char *marks_text(const struct writer *w)
{
	const struct capture *o = &w->run->output;

	if (!o->of[JOB_STDOUT])
		return " (all on standard error)";
	return o->of[JOB_STDERR] ? " (\"!\" marks standard error)" : "";
}

/* Streams with text are shown; if both are binary, nothing. */
static void put_binary(struct writer *w)
{
	struct excerpt *x = &w->excerpt;
	const struct capture *o = &w->run->output;
	enum job_stream other =
		x->is_shown[JOB_STDOUT] ? JOB_STDOUT : JOB_STDERR;

	w->report->is_binary = true;
	w->report->is_complete = false;
	if (!x->is_shown[other] || !o->of[other])
		return;
	heading(w, arena_format(w->run->arena, "Standard %s:",
				other == JOB_STDOUT ? "output" : "error"));
	x->is_marked = false;
	excerpt_load(x, true);
	put_lines(w, excerpt_last(x, w->run->input->options->tail, REPORT_END),
		  x->size);
}

static void put_whole(struct writer *w)
{
	heading(w, arena_format(w->run->arena, "Output%s:", marks_text(w)));
	put_lines(w, 0, w->excerpt.size);
	w->report->is_complete = !w->excerpt.is_shortened;
}

static const char *where_rest_is(const struct run_record *run)
{
	if (capture_is_cut(&run->output))
		return "not all kept";
	return run->is_shortened ? "not all attached"
				 : "only in the attachment";
}

/* The beginning and, if it was read, the end. */
static void put_ends(struct writer *w)
{
	unsigned most = w->run->input->options->tail;
	size_t end = excerpt_first(&w->excerpt, most, REPORT_END);
	uint64_t first = w->excerpt.offset + end, last;
	char size[32];

	heading(w,
		arena_format(w->run->arena, "First lines%s:", marks_text(w)));
	put_lines(w, 0, end);
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
				where_rest_is(w->run)));
	put_lines(w, end, w->excerpt.size);
	w->report->is_complete = false;
}

static bool is_whole(const struct writer *w)
{
	const struct capture *o = &w->run->output;

	return o->size <= REPORT_WHOLE && !capture_is_cut(o) &&
	       o->lines <= 2 * (uint64_t)w->run->input->options->tail;
}

static void put_output(struct writer *w)
{
	if (!w->run->output.size)
		return;
	if (w->report->is_binary) {
		put_binary(w);
	} else {
		excerpt_load(&w->excerpt, false);
		if (is_whole(w))
			put_whole(w);
		else
			put_ends(w);
	}
	if (error_is_set(&w->excerpt.error))
		heading(w, w->excerpt.error.text);
}

/* The end of long output, before the facts. */
static void put_last(struct writer *w)
{
	struct excerpt *x = &w->excerpt;

	excerpt_load(x, true);
	heading(w, "It ended with:");
	put_lines(w, excerpt_last(x, LAST_LINES, LAST_OCTETS), x->size);
}

/* A stream is binary if either end is. */
static void find_binary(struct writer *w)
{
	struct excerpt *x = &w->excerpt;

	excerpt_load(x, true);
	excerpt_load(x, false);
	w->report->is_binary =
		!x->is_shown[JOB_STDOUT] || !x->is_shown[JOB_STDERR];
}

/* ---- the whole report ---- */

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
	put_binary_fact(w, &words);
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
		.subject = phrase_subject(run),
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
	find_binary(&w);
	put_summary(&w);
	if (is_short || r->is_binary) {
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
