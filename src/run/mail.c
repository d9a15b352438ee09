/* mail.c - composes and submits the mail.
 *
 * The text, the HTML and the output already exist: the request names them by
 * paths that only exist in inputs.known (compose/input.h). */
#include "run/mail.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/compose.h"
#include "deliver/route.h"
#include "deliver/transport.h"
#include "flow/digest.h"
#include "mail/filetype.h"
#include "queue/journal.h"
#include "submit/limit.h"
#include "submit/report.h"
#include "submit/series.h"
#include "submit/split.h"
#include "submit/submit.h"

#define TEXT_PATH   "/the text"
#define HTML_PATH   "/the HTML text"
#define OUTPUT_PATH "/the output"
#define END_PATH    "/the end of the output"

/* if the output is larger, the server is asked for its size limit */
#define ASKED_FROM (1024 * 1024)

struct mail {
	struct run_record *run;
	struct report *report;
	struct arena *arena;
	struct config config;
	struct account *account;
	struct request *request;
	struct slice text, html, output, end;
	struct input_known known[5];
	struct composition composition;
	struct split split;
	uint64_t end_size; /* octets of each end, if only the ends are sent */
	const char *failed_output; /* why it is not attached; or NULL */
};

/* ---- the request ---- */

/* The same for all mails of a job, so that they form one thread, even without
 * stored state. */
static const char *thread_id(struct mail *m)
{
	char hex[DIGEST_HEX_SIZE];
	struct error f = ERROR_INIT;
	const char *text = arena_format(m->arena, "%s\n%s\n%s", m->run->name,
					sysenv_user(), sysenv_host());

	if (digest_text(text, strlen(text), hex, &f) < 0)
		return NULL;
	return arena_format(m->arena, "<run.%.32s@%s>", hex, sysenv_domain());
}

static int add_fields(struct mail *m, struct error *f)
{
	struct header *h = &m->request->extra;
	const char *thread = thread_id(m);
	struct buf name = BUF_INIT(256);
	int r = 0;

	text_puts_safe(&name, m->run->name);
	if (thread && !header_has(h, "References"))
		r = header_add(m->arena, h, "References", thread, f);
	if (r == 0 && !header_has(h, "Auto-Submitted"))
		r = header_add(m->arena, h, "Auto-Submitted", "auto-generated",
			       f);
	if (r == 0)
		r = header_add(m->arena, h, "X-Mailsend-Run", name.data, f);
	buf_free(&name);
	return r;
}

static void add_known(struct mail *m, const char *path, struct slice *content)
{
	struct input_known *x = m->known;

	while (x->path)
		x++;
	*x = (struct input_known){ path, content };
}

/* A compressed file gets another type and the extension of the format. */
static void attach(struct mail *m, const char *path, const char *name)
{
	struct attachment *x = request_attach(m->arena, m->request, path);

	x->name = name;
	if (m->request->compression != COMPRESSION_NONE)
		return;
	x->type = m->report->is_binary
			  ? report_binary_type(m->arena, &m->output)
			  : "text/plain";
}

/* The last octets, which are in memory if the middle was lost. */
static struct slice find_end(struct mail *m)
{
	const struct capture *o = &m->run->output;
	uint64_t from = capture_end_from(o);
	struct slice end = capture_slice(o);
	struct error unread = ERROR_INIT;
	ssize_t n;
	char *data;

	if (!capture_is_cut(o))
		return slice_part(&end, end.length - m->end_size, m->end_size);
	data = arena_alloc(m->arena, CAPTURE_BLOCK);
	n = from < o->size ? capture_read(o, from, data, CAPTURE_BLOCK, &unread)
			   : 0;
	return slice_of_memory(data, n > 0 ? (size_t)n : 0);
}

static void attach_slice(struct mail *m, const char *path, struct slice *what,
			 const char *name)
{
	if (!what->length)
		return;
	add_known(m, path, what);
	attach(m, path,
	       arena_format(m->arena, "%s.%s", name,
			    m->report->is_binary ? "bin" : "txt"));
}

static void add_output(struct mail *m)
{
	bool is_short = m->run->is_shortened;

	m->output = capture_slice(&m->run->output);
	if (m->report->is_complete || m->failed_output)
		return;
	if (m->output.length > REPORT_WHOLE &&
	    !m->run->input->options->has_compression &&
	    compression_is_built(COMPRESSION_GZIP))
		m->request->compression = COMPRESSION_GZIP;
	if (is_short)
		m->output = slice_part(&m->output, 0, m->end_size);
	attach_slice(m, OUTPUT_PATH, &m->output,
		     is_short ? "output-beginning" : "output");
	if (!is_short && !capture_is_cut(&m->run->output))
		return;
	m->end = find_end(m);
	attach_slice(m, END_PATH, &m->end, "output-end");
}

static void add_text(struct mail *m)
{
	const struct report *r = m->report;
	const char *text = r->text.data;

	if (m->failed_output)
		text = arena_format(m->arena, "%s\nNote: %s.\n", text,
				    m->failed_output);
	m->text = slice_of_memory(text, strlen(text));
	add_known(m, TEXT_PATH, &m->text);
	m->request->body_path = TEXT_PATH;
	if (!r->has_html || m->failed_output)
		return;
	m->html = slice_of_memory(r->html.data, r->html.len);
	add_known(m, HTML_PATH, &m->html);
	m->request->html_path = HTML_PATH;
}

static int make_request(struct mail *m, struct error *f)
{
	struct header given = m->run->input->request->extra;

	m->request = request_copy(m->arena, m->run->input->request);
	memset(m->known, 0, sizeof(m->known));
	header_init(&m->request->extra);
	for (const struct field *x = given.first; x; x = x->next)
		if (header_add(m->arena, &m->request->extra, x->name, x->value,
			       f) < 0)
			return -1;
	m->request->action = REQUEST_SEND;
	m->request->subject = m->report->subject;
	m->request->body_charset = "utf-8";
	add_text(m);
	add_output(m);
	return add_fields(m, f);
}

/* ---- one mail ---- */

static int compose(struct mail *m, struct error *f)
{
	struct composition *c = &m->composition;

	if (make_request(m, f) < 0)
		return -1;
	composition_init(c, m->arena, m->request, m->account,
			 m->run->input->spool);
	c->inputs.known = m->known;
	return composition_build(c, f);
}

static int submit(struct mail *m, struct error *f)
{
	const struct submission s = { .composition = &m->composition,
				      .config = &m->config,
				      .keeping = SUBMIT_KEEP };

	if (!m->composition.is_rendered &&
	    composition_render(&m->composition, true, f) < 0)
		return -1;
	return submit_send(&s, &m->run->outcome, f);
}

/* ---- several ---- */

static int make_part(void *context, unsigned n, struct arena *a,
		     struct composition *out, char *name, struct error *f)
{
	struct mail *m = context;

	snprintf(name, 256, "%s", split_part_name(&m->split, n, a));
	return split_part(&m->split, n, a, out, f);
}

static const char *part_key(void *context, unsigned n, struct arena *a)
{
	(void)context;
	return arena_format(a, "%u", n);
}

static void part_verdict(void *context, const struct series_verdict *v)
{
	struct mail *m = context;

	if (v->status == SERIES_FAILED)
		log_warning("%s of job %s: %s", v->name, m->run->name, v->text);
	else if (v->status == SERIES_QUEUED && !m->run->outcome.queue_id)
		m->run->outcome.queue_id = arena_dup(m->arena, v->queue_id);
}

static const struct series_ops part_ops = {
	.make = make_part,
	.key = part_key,
	.on_verdict = part_verdict,
};

/* 0: no splitting needed; a server that does not report a limit, or cannot be
 * reached, gets it unsplit. */
static uint64_t find_limit(struct mail *m)
{
	const struct split_options *o = m->run->input->split;
	struct error f = ERROR_INIT;
	struct route route;
	uint64_t limit = 0;

	if (o->limit)
		return o->limit;
	if (!o->asks_limit && m->output.length < ASKED_FROM)
		return 0;
	if (!transport_leads_out(m->account) ||
	    route_open(&route, m->arena, &m->config, m->account,
		       m->request->config_path, NULL, &f) < 0)
		return 0;
	if (route_size(&route, &limit, &f) < 0)
		limit = 0;
	route_close(&route);
	return limit;
}

/* Is it more than the limit?  Then only both ends are sent; checked once. */
static bool is_too_much(const struct mail *m)
{
	return !m->run->is_shortened && m->request->attachments &&
	       m->output.length > 2 * MAIL_END_SIZE;
}

/* One mail has `limit` octets, 0: unlimited. */
static int shorten(struct mail *m, const char *why, uint64_t limit,
		   struct error *f)
{
	char all[32], end[32];

	m->end_size = MAIL_END_SIZE;
	if (limit && limit / 4 < m->end_size) /* so that both fit into one */
		m->end_size = limit / 4;
	text_size(all, sizeof(all), m->run->output.size);
	text_size(end, sizeof(end), m->end_size);
	run_note(m->run,
		 "%s of output %s: only the first and the last %s are attached",
		 all, why, end);
	m->run->is_shortened = true;
	report_free(m->report);
	report_make(m->report, m->run);
	composition_free(&m->composition);
	return compose(m, f);
}

static int compose_most(struct mail *m, struct error *f)
{
	if (compose(m, f) < 0)
		return -1;
	if (!is_too_much(m) ||
	    composition_least(&m->composition) <= MAIL_SENT_MAX)
		return 0;
	return shorten(m, "is more than is sent by mail", 0, f);
}

/* Like split_plan. */
static int plan_parts(struct mail *m, const struct split_options *o,
		      struct error *f)
{
	char id[SPLIT_ID_SIZE];
	int r;

	split_new_id(id);
	r = split_plan(&m->split, m->arena, &m->composition, o, id, f);
	if (r <= 0 || m->split.total <= MAIL_PARTS_MAX ||
	    m->run->input->split->limit || !is_too_much(m))
		return r;
	if (shorten(m,
		    arena_format(m->arena,
				 "takes %u mails (--split SIZE sends them)",
				 m->split.total),
		    o->limit, f) < 0)
		return -1;
	split_new_id(id);
	return split_plan(&m->split, m->arena, &m->composition, o, id, f);
}

/* 1: it fits in one mail. */
static int send_parts(struct mail *m, struct error *f)
{
	struct journal journal = { .fd = -1 };
	struct series_result result;
	struct limit guard;
	struct series s = {
		.arena = m->arena,
		.config = &m->config,
		.account = m->account,
		.config_path = m->request->config_path,
		.ops = &part_ops,
		.context = m,
		.connections = 1,
		.journal = &journal,
		.is_rest_lost = true,
	};
	struct split_options o = *m->run->input->split;
	int r;

	o.limit = m->request->attachments ? find_limit(m) : 0;
	if (!o.limit)
		return 1;
	r = plan_parts(m, &o, f);
	if (r <= 0)
		return r < 0 ? -1 : 1;
	journal_without(&journal, m->arena, m->split.id);
	limit_ask(&guard, &m->composition, m->split.id);
	s.limit = &guard;
	s.total = m->split.total;
	m->run->outcome.message_id = m->composition.message_id;
	m->run->outcome.account = m->account->name;
	r = series_run(&s, &result, f);
	if (r < 0 && !result.sent && !result.queued)
		limit_return(&guard);
	m->run->outcome.held_by = queue_limit_word(guard.answer.by);
	return r;
}

/* ---- failures ---- */

/* If the cause is the content, its size or a full disk; not if it is a
 * recipient. */
static bool may_go_without(const struct mail *m, const struct error *why)
{
	if (!m->request->attachments)
		return false;
	if (!m->composition.is_rendered && !m->split.total)
		return true;
	return !why->temporary &&
	       (why->cause == ERROR_DATA || why->cause == ERROR_UNAVAILABLE ||
		why->cause == ERROR_SOFTWARE || why->cause == ERROR_IO);
}

static int send_without(struct mail *m, struct error *f)
{
	const struct run_record *run = m->run;
	const char *kept = run->outcome.dead_letter;

	m->failed_output = arena_format(
		m->arena,
		"the mail with all of the output was not sent: %s%s%s", f->text,
		kept ? "; it is kept in " : "", kept ? kept : "");
	error_clear(f);
	composition_free(&m->composition);
	return compose(m, f) < 0 ? -1 : submit(m, f);
}

static int find_account(struct mail *m, const struct config_query *query,
			struct error *f)
{
	if (config_load(&m->config, m->arena, query, f) < 0)
		return -1;
	return config_choose(&m->config, query, &m->account, f);
}

/* Saves a message in the dead letter, with an account that cannot be invalid
 * because it is empty. */
static void keep(struct mail *m, const struct error *why)
{
	const struct config_query nothing = { .path = "/dev/null" };
	struct error f = ERROR_INIT;

	composition_free(&m->composition);
	if (find_account(m, &nothing, &f) < 0 || compose(m, &f) < 0 ||
	    composition_render(&m->composition, true, &f) < 0) {
		log_error("the mail of job %s is lost: %s", m->run->name,
			  f.text);
		return;
	}
	submit_keep(&m->composition, &m->run->outcome, why);
}

static int send_all(struct mail *m, struct error *f)
{
	const struct config_query query =
		request_config(m->run->input->request);
	int r;

	if (find_account(m, &query, f) < 0) {
		keep(m, f);
		return -1;
	}
	r = compose_most(m, f);
	if (r == 0)
		r = send_parts(m, f);
	if (r > 0)
		r = submit(m, f);
	if (r < 0 && may_go_without(m, f))
		r = send_without(m, f);
	if (r < 0 && !m->composition.is_rendered)
		keep(m, f);
	return r;
}

int mail_send(struct run_record *run, struct report *report)
{
	struct mail *m = arena_alloc(run->arena, sizeof(*m));
	struct error *f = &run->mail_error;
	int r;

	m->run = run;
	m->report = report;
	m->arena = run->arena;
	m->request = request_copy(m->arena, run->input->request);
	run->is_mailed = true;
	r = send_all(m, f);
	filetype_forget();
	if (r < 0)
		log_error("the mail about job %s was not sent", run->name);
	report_outcome(&run->outcome, f);
	composition_free(&m->composition);
	return r;
}
