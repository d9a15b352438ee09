/* intake_end.c - a complete message is sent, and gets one reply.
 *
 * After the content SMTP has one reply for all recipients.  A recipient counts
 * as accepted if the upstream server accepted it or it is in our queue:
 *
 *	all are accepted	  250
 *	none is			  the error of the whole mail, temporary if one
 *				  of them is; we keep nothing, since the client
 *				  has the mail
 *	some are		  250, since a 4xx would send it twice to these.
 *				  The sender gets a bounce for the refused
 *				  recipients; if the queue is off, or there is
 *				  no sender, they are in the dead letter.  If
 *				  that cannot be written, or for a user of a
 *				  service, which cannot write their files, 554
 *				  names the refused recipients.
 *
 * A mail over a kept route is begun, and its reply comes when it is collected,
 * together with following mails that the client has sent already. */
#include "server/intake_inside.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"

#define RECEIVED_MAX 30 /* Received fields: more is a loop */

/* Octets of mails that are on their way, with what was made of them. */
#define MEMORY_MAX (UINT64_C(4) * 1024 * 1024)

/* ---- before it goes ---- */

static unsigned count_hops(const struct composition *c)
{
	unsigned n = 0;

	for (const struct field *x = c->draft.header.first; x; x = x->next)
		n += ascii_equal(x->name, "Received") ||
		     ascii_equal(x->name, OWNER_CLAIMED);
	return n;
}

/* They come in the order in which they were named: the next is near the last.
 */
static struct destination *find_destination(const struct intake_mail *x,
					    struct destination *next,
					    const char *address)
{
	struct destination *d;

	for (d = next; d; d = d->next)
		if (strcmp(d->address, address) == 0)
			return d;
	for (d = x->first; d && d != next; d = d->next)
		if (strcmp(d->address, address) == 0)
			return d;
	return NULL;
}

/* The DSN parameters of each recipient. */
static void pass_on_dsn(const struct intake_mail *x, struct envelope *e)
{
	struct destination *next = x->first;

	for (size_t i = 0; i < e->count; i++) {
		struct destination *d =
			find_destination(x, next, e->recipients[i].address);

		if (!d)
			continue;
		e->recipients[i].dsn_notify = d->notify;
		e->recipients[i].dsn_orcpt = d->orcpt;
		next = d->next;
	}
}

/* ---- the reply ---- */

static int answer_none(const struct intake *in, const struct envelope *e,
		       const struct error *f, struct response *answer)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided &&
		    e->recipients[i].verdict.temporary) {
			const struct error one =
				small_error_whole(&e->recipients[i].verdict);

			return intake_error(in, &one, answer);
		}
	return intake_error(in, f, answer);
}

static int answer_some(const struct intake *in, const struct outcome *out,
		       const struct error *f, struct response *answer)
{
	const struct envelope *e = out->envelope;
	size_t accepted = envelope_accepted(e) + envelope_queued(e);
	struct response why;

	intake_error(in, f, &why);

	if (out->has_notice)
		return response_set(
			answer, 250, "2.0.0",
			"accepted for %zu of %zu recipients; the sender gets a "
			"bounce for the others: %.300s",
			accepted, e->count, why.text);
	if (out->dead_letter)
		return response_set(
			answer, 250, "2.0.0",
			"accepted for %zu of %zu recipients; for the "
			"others it was saved in %s: %.300s",
			accepted, e->count, out->dead_letter, why.text);
	return response_set(
		answer, 554, "5.0.0",
		"accepted for %zu of %zu recipients, send it again to "
		"the others alone: %.300s",
		accepted, e->count, why.text);
}

static int answer_all(const struct intake *in, const struct outcome *out,
		      struct response *answer)
{
	const struct envelope *e = out->envelope;
	size_t queued = envelope_queued(e);

	if (in->user && !queued)
		log_note("%s: mail from <%s>: accepted for %zu recipients%s%s",
			 in->peer, e->reverse_path, e->count,
			 out->host ? " by " : "", out->host ? out->host : "");
	if (!queued && in->user && !out->host)
		return response_set(answer, 250, "2.0.0", "accepted");
	if (!queued)
		return response_set(answer, 250, "2.0.0", "%s%s%.300s",
				    out->host ? out->host : "",
				    out->host ? " took it: " : "", out->reply);
	log_note("%s: mail from <%s>: %zu of %zu recipients %s as %s", in->peer,
		 e->reverse_path, queued, e->count,
		 out->held_by ? "held" : "queued", out->queue_id);
	if (out->held_by)
		return response_set(answer, 250, "2.0.0", "held by %s as %s",
				    out->held_by, out->queue_id);
	if (queued == e->count)
		return response_set(answer, 250, "2.0.0", "queued as %s",
				    out->queue_id);
	return response_set(
		answer, 250, "2.0.0",
		"accepted for %zu of %zu recipients, and queued as %s "
		"for the others",
		e->count - queued, e->count, out->queue_id);
}

static int answer_outcome(const struct intake *in, const struct outcome *out,
			  const struct error *f, struct response *answer)
{
	const struct envelope *e = out->envelope;

	if (!error_is_set(f))
		return answer_all(in, out, answer);
	log_error("%s: mail from <%s>: %s", in->peer, e->reverse_path, f->text);
	if (envelope_accepted(e) + envelope_queued(e))
		return answer_some(in, out, f, answer);
	return answer_none(in, e, f, answer);
}

/* ---- on its way ---- */

static int build(struct intake *in, struct intake_mail *x, struct error *f,
		 struct response *answer)
{
	struct composition *c = &x->composition;

	if (sink_close(&x->stage.sink) < 0) {
		*f = *x->stage.sink.error;
		return intake_error(in, f, answer);
	}
	x->content = stage_slice(&x->stage);
	c->is_draft = true;
	c->draft_content = &x->content;
	if (composition_build(c, f) < 0)
		return intake_error(in, f, answer);
	if (count_hops(c) > RECEIVED_MAX) {
		error_set(f, ERROR_CONFIG,
			  "mail loop: more than %d servers have had it",
			  RECEIVED_MAX);
		return response_set(answer, 554, "5.4.6", "%s", f->text);
	}
	if (composition_render(c, true, f) < 0)
		return intake_error(in, f, answer);
	pass_on_dsn(x, &c->envelope);
	/* what follows may take long, and they may be waited for */
	if ((!in->count && intake_send_ready(in, f) < 0) ||
	    (in->user && allowance_hold(&x->allowance, c->stage.size, f) < 0))
		return intake_error(in, f, answer);
	return 0;
}

static int answer_mail(struct intake *in, struct intake_mail *x,
		       struct error *f, struct response *answer)
{
	if (in->user)
		allowance_settle(&x->allowance, x->outcome.queue_id != NULL);
	return answer_outcome(in, &x->outcome, f, answer);
}

static bool has_time(const struct intake *in)
{
	return in->count < SERVER_LATER_MAX && in->memory < MEMORY_MAX &&
	       sysenv_ticks() - in->began < SESSION_WINDOW_MS;
}

/* What is on its way is collected where this mail cannot join it: another route
 * would let it wait for a dial.  That may close routes. */
static struct route *choose_route(struct intake *in, struct intake_mail *x)
{
	struct route *r = upstream_route(in->upstream, &x->request, &x->config,
					 x->account);

	if (!in->count || (r && r->first && has_time(in) && route_has_room(r)))
		return r;
	intake_collect(in);
	return upstream_route(in->upstream, &x->request, &x->config,
			      x->account);
}

/* By a route that is kept, or by one of its own. */
static int submit(struct intake *in, struct intake_mail *x,
		  struct response *answer)
{
	struct submission s = { .composition = &x->composition,
				.config = &x->config,
				.route = choose_route(in, x),
				.trace = in->trace,
				.keeping = SUBMIT_KEEP_REST,
				.runs_queue = true };
	struct error f = ERROR_INIT;

	if (!s.route) {
		submit_send(&s, &x->outcome, &f);
		return answer_mail(in, x, &f, answer);
	}
	if (!in->count)
		in->began = sysenv_ticks();
	submit_begin(&x->way, &s, &x->outcome);
	in->memory += x->stage.size + x->composition.stage.size;
	in->sent[in->count++] = x;
	in->mail = NULL;
	return 1;
}

int intake_end(void *context, struct server_mail *m, struct response *answer)
{
	struct intake *in = context;
	struct intake_mail *x = in->mail;
	struct error f = ERROR_INIT;
	int r;

	composition_init(&x->composition, &m->arena, &x->request, x->account,
			 in->spool);
	r = build(in, x, &f, answer);
	if (r < 0)
		log_error("%s: mail from <%s>: %s", in->peer,
			  m->from.sender.spec, f.text);
	else
		r = submit(in, x, answer);
	if (r <= 0)
		composition_free(&x->composition);
	return r;
}

/* ---- and there ---- */

static void finish(struct intake *in, struct intake_mail *x)
{
	struct response answer;
	struct error f = ERROR_INIT;

	response_set(&answer, 250, "2.0.0", "accepted");
	submit_finish(&x->way, &f);
	answer_mail(in, x, &f, &answer);
	server_answer(in->server, &answer);
	composition_free(&x->composition);
	stage_free(&x->stage);
	server_mail_drop(x->said);
}

void intake_collect(struct intake *in)
{
	unsigned count = in->count;

	if (!count)
		return;
	upstream_collect(in->upstream);
	in->count = 0;
	in->memory = 0;
	for (unsigned i = 0; i < count; i++)
		finish(in, in->sent[i]);
	upstream_close_idle(in->upstream);
}

bool intake_may_wait(const struct intake *in)
{
	return in->count && has_time(in);
}

uint64_t intake_wait(const struct intake *in)
{
	uint64_t spent = sysenv_ticks() - in->began;
	uint64_t routes = upstream_wait(in->upstream), rest;

	if (!in->count)
		return routes;
	rest = spent < SESSION_WINDOW_MS ? SESSION_WINDOW_MS - spent : 0;
	return rest < routes ? rest : routes;
}
