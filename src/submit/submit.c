/* submit.c - which way it goes, and what is done when it does not. */
#include "submit/submit.h"

#include "base/log.h"
#include "base/world.h"
#include "submit/keep.h"
#include "deliver/local.h"
#include "deliver/record.h"
#include "deliver/smarthost.h"

void submit_keep(struct composition *c, struct outcome *out,
		 const struct fault *why)
{
	struct fault trouble = FAULT_INIT;
	struct slice message;

	if (c->is_rendered)
		message = stage_slice(&c->stage);
	else if (!inputs_standard(&c->inputs, &message))
		return;
	if (keep_dead_letter(c, &message, why, &out->dead_letter, &trouble) < 0)
		log_error("the message could not be kept either: %s",
			  trouble.text);
}

int submit_send(struct composition *c, const struct trace *trace,
		const struct session_progress *progress,
		enum submit_keeping keeping, struct outcome *out,
		struct fault *f)
{
	struct fault trouble = FAULT_INIT;
	uint64_t start = world_ticks();
	int r;

	*out = (struct outcome){
		.message_id = c->message_id,
		.account = c->account->name,
		.size = c->stage.size,
		.envelope = &c->envelope,
	};
	if (c->account->host || c->account->socket)
		r = smarthost_send(c, trace, progress, out, f);
	else
		r = local_deliver(c, out, f);
	out->milliseconds = world_ticks() - start;
	if (r < 0 &&
	    (keeping == SUBMIT_KEEP || envelope_accepted(&c->envelope) > 0))
		submit_keep(c, out, f);
	if (record_outcome(c, out, f, &trouble) < 0)
		log_warning("%s", trouble.text);
	return r;
}
