/* submit.c - what is sent, and where the rest of the recipients goes.
 *
 *	over a limit			held in the queue
 *	deferred, or no server asked	waiting in the queue
 *	refused				reported, and in the dead letter; or in
 *					the queue as failed, for a bounce
 *
 * If the queue is off or cannot store the mail, all of them are in the dead
 * letter. */
#include "submit/submit.h"

#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "compose/owner.h"
#include "compose/pseudo_header.h"
#include "deliver/outcome.h"
#include "deliver/transport.h"
#include "submit/dead_letter.h"
#include "submit/enqueue.h"

#define KEPT_LEAST 1024 /* octets: less is not worth a file */

/* What standard input was, as a message. */
static int keep_unsent(struct composition *c, const struct unsent *u,
		       const struct error *why, const char **path,
		       struct error *f)
{
	struct stage stage;
	struct slice message;
	int r;

	stage_init(&stage, c->inputs.spool, "the message", f);
	r = dead_letter_make(u, &stage, f);
	if (r == 0) {
		message = stage_slice(&stage);
		r = dead_letter_write(c, &message, dead_letter_missing(u), why,
				      path, f);
	}
	stage_free(&stage);
	return r;
}

/* The message itself, where it came to that. */
static int keep_text(struct composition *c, const struct unsent *u,
		     const struct error *why, const char **path,
		     struct error *f)
{
	if (!c->is_rendered)
		return keep_unsent(c, u, why, path, f);
	return dead_letter_write(c, u->text, dead_letter_missing(u), why, path,
				 f);
}

/* Where all of it cannot be written (a full disk, a limit of a file's size),
 * as much as can. */
static int keep_some(struct composition *c, const struct unsent *u,
		     const struct error *why, const char **path,
		     struct error *f)
{
	struct slice part = *u->text;
	struct unsent some = { .composition = c, .text = &part };
	struct error each = ERROR_INIT;

	if (keep_text(c, u, why, path, f) == 0)
		return 0;
	some.cut = arena_dup(c->arena, f->text);
	for (part.length /= 2; part.length >= KEPT_LEAST; part.length /= 2) {
		error_clear(&each);
		if (keep_text(c, &some, why, path, &each) < 0)
			continue;
		log_warning("the message could not be saved completely: %s",
			    some.cut);
		return 0;
	}
	return -1;
}

void submit_keep(struct composition *c, struct outcome *out,
		 const struct error *why)
{
	struct error trouble = ERROR_INIT;
	struct slice text;
	struct unsent unsent = { .composition = c, .text = &text };

	if (c->is_rendered && composition_check(c, &trouble) < 0) {
		log_warning("%s", trouble.text);
		error_clear(&trouble);
		c->is_rendered = false;
	}
	if (c->is_rendered)
		text = stage_slice(&c->stage);
	else if (!request_reads_input(c->request) ||
		 !inputs_rescue(&c->inputs, &text, &unsent.cut) ||
		 c->request->action != REQUEST_SEND)
		return;
	if (keep_some(c, &unsent, why, &out->dead_letter, &trouble) < 0)
		log_error("nothing of the message could be saved: %s",
			  trouble.text);
}

static void fill_content(const struct composition *c,
			 struct session_content *content)
{
	*content = (struct session_content){
		.bytes = stage_slice(&c->stage),
		.has_8bit = c->has_8bit,
		.has_8bit_header = c->has_8bit_header,
		.prefers_smtputf8 = c->request->prefers_smtputf8,
	};
}

/* Where rendering failed what was there before is gone, too, and what there is
 * of the new one is no mail. */
static void refill(const struct composition *c, bool is_new,
		   struct session_content *content)
{
	if (is_new)
		fill_content(c, content);
	else if (!c->is_rendered)
		content->bytes = slice_of_memory("", 0);
}

static int render_7bit(void *context, struct session_content *content,
		       struct error *f)
{
	int r = composition_render(context, false, f);

	refill(context, r == 0, content);
	return r;
}

static int renew(void *context, struct session_content *content,
		 struct error *f)
{
	int r = composition_renew(context, f);

	refill(context, r > 0, content);
	return r;
}

static void begin_over(struct submit_mail *m, struct route *route)
{
	struct composition *c = m->submission.composition;

	m->load = (struct load){ .to_7bit = render_7bit,
				 .renew = renew,
				 .context = c };
	fill_content(c, &m->load.content);
	m->way = (struct route_mail){ .envelope = &c->envelope,
				      .load = &m->load,
				      .progress = m->submission.progress,
				      .out = m->out };
	route_begin(route, &m->way);
}

/* By one of its own, or only a look at it: where it leads nowhere the caller
 * has to know at once. */
static void take_own_route(struct submit_mail *m)
{
	const struct submission *s = &m->submission;
	struct composition *c = s->composition;
	struct route own;

	m->out->unreachable = true;
	if (route_open(&own, c->arena, s->config, c->account,
		       c->request->config_path, s->trace, &m->error) < 0)
		return;
	if (!m->is_later) {
		begin_over(m, &own);
		route_collect(&own);
		m->queue.takes_8bit = route_takes_8bit(&own);
	}
	route_close(&own);
}

/* Send a bounce for rejected recipients?  Not when no server could be reached,
 * since the bounce would need one, too. */
static bool tells_by_mail(const struct submission *s, const struct outcome *out)
{
	const struct composition *c = s->composition;
	const struct envelope *e = &c->envelope;
	size_t accepted = envelope_accepted(e), deferred = envelope_deferred(e);

	if (accepted + deferred == e->count || out->unreachable ||
	    !*e->reverse_path)
		return false;
	return s->keeping == SUBMIT_KEEP_REST ? accepted + deferred > 0
					      : c->request->mails_errors;
}

/* Both reasons: why it did not go, and why it cannot wait. */
static void explain_refusal(struct envelope *e, struct recipient *one,
			    const struct error *why)
{
	struct error both = ERROR_INIT;

	if (one->decided)
		error_set(&both, one->verdict.cause,
			  "%s; it could not be queued: %s",
			  small_error_text(&one->verdict), why->text);
	else
		error_set(&both, why->cause, "it could not be queued: %s",
			  why->text);
	if (!one->decided)
		envelope_judge(e, one, why);
	one->verdict.text = envelope_keep(e, both.text);
	one->decided = true;
}

static const struct ending in_queue = { 0, "the mail is queued" };

/* 0 when nobody is left who neither has it nor waits for it. */
static int queue_rest(const struct submission *s, struct enqueue *q,
		      struct outcome *out, struct error *f)
{
	struct envelope *e = &s->composition->envelope;
	struct error why = ERROR_INIT;
	int r;

	q->has_failed = tells_by_mail(s, out);
	if (!envelope_deferred(e) && !q->has_failed)
		return -1;
	r = enqueue_mail(q, out, &why);
	if (r < 0 && !envelope_deferred(e))
		log_warning("no bounce can be sent: %s", why.text);
	for (size_t i = 0; r < 0 && i < e->count; i++)
		if (envelope_is_deferred(&e->recipients[i]))
			explain_refusal(e, &e->recipients[i], &why);
	error_clear(f);
	if (envelope_sum_up(e, f) < 0)
		return -1;
	ending_reached(&in_queue);
	return 0;
}

/* In the queue without a server being asked, where it can be; else it goes. */
static void hold(struct submit_mail *m)
{
	struct composition *c = m->submission.composition;
	bool is_later = m->is_later;
	struct error why = ERROR_INIT;

	m->is_later = true;
	if (!m->submission.route)
		take_own_route(m);
	m->is_later = is_later;
	m->queue.limit = &m->limit;
	m->is_held = !error_is_set(&m->error) &&
		     enqueue_mail(&m->queue, m->out, &why) == 0;
	if (m->is_held) {
		ending_reached(&in_queue);
		return;
	}
	m->queue.limit = NULL;
	log_warning("the mail is over %s and could not be held, so it is "
		    "sent: %s",
		    limit_words(c->arena, &m->limit),
		    error_is_set(&m->error) ? m->error.text : why.text);
	error_clear(&m->error);
}

static void ask_limit(struct submit_mail *m)
{
	const struct submission *s = &m->submission;

	if (s->limit)
		m->limit = *s->limit;
	else
		limit_ask(&m->limit, s->composition, NULL);
	if (limit_holds(&m->limit))
		hold(m);
}

/* Other mail, where this one found the way open. */
static void run_queue(const struct submission *s, const struct enqueue *q,
		      enum enqueue_mode mode, const struct outcome *out)
{
	const struct composition *c = s->composition;
	const struct envelope *e = &c->envelope;

	if (q->limit)
		; /* it has its time */
	else if (s->route && !s->runs_queue)
		; /* its owner runs it, after the last mail */
	else if (out->has_notice ||
		 (mode == ENQUEUE_BACKGROUND && envelope_queued(e)))
		enqueue_start(q, out, mode == ENQUEUE_BACKGROUND);
	else if (mode == ENQUEUE_DEFERRED && out->host && envelope_accepted(e))
		enqueue_flush_due(c->arena, c->account);
}

static void finish(const struct submission *s, struct outcome *out,
		   const struct error *f)
{
	struct composition *c = s->composition;
	size_t taken =
		envelope_accepted(&c->envelope) + envelope_queued(&c->envelope);
	struct error trouble = ERROR_INIT;

	if (taken)
		pseudo_header_keep(c);
	if (error_is_set(f) && !out->has_notice &&
	    (s->keeping == SUBMIT_KEEP || (s->keeping == SUBMIT_KEEP_REST &&
					   taken > 0 && !c->request->owner)))
		submit_keep(c, out, f);
	if (outcome_record(c->account, &c->envelope, c->request->syslog_tag,
			   out, f, &trouble) < 0)
		log_warning("%s", trouble.text);
}

static const struct ending delivered = { 0, "the mail was delivered" };

void submit_begin(struct submit_mail *m, const struct submission *s,
		  struct outcome *out)
{
	struct composition *c = s->composition;
	enum enqueue_mode mode = enqueue_mode(c->request, c->account);

	*m = (struct submit_mail){
		.submission = *s,
		.out = out,
		.mode = mode,
		.queue = { .composition = c },
		/* Mail to oneself here needs no server and has nothing to wait
		 * for. */
		.is_later =
			(mode == ENQUEUE_ALL || mode == ENQUEUE_BACKGROUND) &&
			transport_leads_out(c->account),
	};
	*out = (struct outcome){
		.message_id = c->message_id,
		.account = c->account->name,
		.owner = c->request->owner ? c->request->owner->id : NULL,
		.size = c->stage.size,
		.envelope = &c->envelope,
	};
	ask_limit(m);
	if (s->route && !m->is_later && !m->is_held)
		begin_over(m, s->route);
}

/* What came of the route. */
static int sum_up(struct submit_mail *m, struct error *f)
{
	const struct submission *s = &m->submission;
	struct envelope *e = &s->composition->envelope;

	if (error_is_set(&m->error)) {
		*f = m->error;
		envelope_decide_rest(e, f);
		return -1;
	}
	if (m->is_held)
		return envelope_sum_up(e, f);
	if (m->is_later)
		return 0;
	if (s->route)
		m->queue.takes_8bit = route_takes_8bit(s->route);
	if (envelope_sum_up(e, f) < 0)
		return -1;
	ending_reached(&delivered);
	return 0;
}

int submit_finish(struct submit_mail *m, struct error *f)
{
	const struct submission *s = &m->submission;
	const struct envelope *e = &s->composition->envelope;
	bool is_queued = m->mode != ENQUEUE_NEVER;
	int r = sum_up(m, f);

	if (is_queued && !m->is_held && (r < 0 || m->is_later))
		r = queue_rest(s, &m->queue, m->out, f);
	if (r < 0 && !s->limit && !envelope_accepted(e) && !envelope_queued(e))
		limit_return(&m->limit);
	finish(s, m->out, f);
	if (is_queued)
		run_queue(s, &m->queue, m->mode, m->out);
	if (!s->limit && m->limit.answer.is_due)
		enqueue_flush_due(s->composition->arena,
				  s->composition->account);
	m->out->is_tried = m->mode == ENQUEUE_BACKGROUND;
	return r;
}

int submit_send(const struct submission *s, struct outcome *out,
		struct error *f)
{
	struct submit_mail m;

	submit_begin(&m, s, out);
	if (s->route)
		route_collect(s->route);
	else if (!m.is_held)
		take_own_route(&m);
	return submit_finish(&m, f);
}
