/* decide.c - first the reason for a mail, then what suppresses it. */
#include "run/decide.h"

#include <string.h>

#include "base/arena.h"

static enum decide_reason reason_of(const struct decide_options *o,
				    const struct decide_run *run,
				    const struct state *before,
				    unsigned failures)
{
	if (run->is_blocked)
		return DECIDE_BLOCKED;
	if (run->has_failed && (o->on & DECIDE_FAILURE) &&
	    (failures >= o->after || run->is_unknown))
		return DECIDE_FAILED;
	if (!run->has_failed && (o->on & DECIDE_RECOVERY) &&
	    before->is_reported)
		return DECIDE_RECOVERED;
	if (run->lost == DECIDE_LOST_MAIL ||
	    (run->lost == DECIDE_LOST_RUN && (o->on & DECIDE_FAILURE) &&
	     before->failures >= o->after))
		return DECIDE_LOST;
	/* on the first run, any output is new */
	if ((o->on & DECIDE_CHANGE) && !run->is_unknown &&
	    (*before->digest ? strcmp(before->digest, run->digest) != 0
			     : run->has_output))
		return DECIDE_CHANGED;
	if ((o->on & DECIDE_CHANGE) && run->is_unknown)
		return DECIDE_CHANGED;
	if ((o->on & DECIDE_STDERR) && run->has_errors)
		return DECIDE_HAS_ERRORS;
	if ((o->on & DECIDE_OUTPUT) && run->has_output)
		return DECIDE_HAS_OUTPUT;
	return o->on & DECIDE_ALWAYS ? DECIDE_EACH_TIME : DECIDE_NOTHING;
}

/* The digest of the mail: the same digest is the same alert. */
static void alert_of(const struct decision *d, const struct decide_run *run,
		     char out[STATE_DIGEST_SIZE])
{
	struct error unused = ERROR_INIT;
	struct arena a = ARENA_INIT;
	const char *text =
		arena_format(&a, "%d\n%d\n%s\n%s", (int)d->reason,
			     (int)run->lost, run->status, run->digest);

	if (digest_text(text, strlen(text), out, &unused) < 0)
		*out = '\0'; /* then no other is the same */
	arena_free(&a);
}

static bool is_held_back(const struct decide_options *o,
			 const struct decision *d, const struct decide_run *run,
			 const struct state *before)
{
	char alert[STATE_DIGEST_SIZE];

	if (run->now < o->quiet_until)
		return true;
	if (!o->every || d->reason == DECIDE_RECOVERED || run->is_unknown ||
	    before->mailed > run->now)
		return false;
	alert_of(d, run, alert);
	return *alert && strcmp(alert, before->alert) == 0 &&
	       run->now - before->mailed < o->every;
}

static void remember(const struct decide_run *run, struct state *s)
{
	if (run->is_blocked)
		return;
	if (run->has_failed) {
		if (!s->failures++)
			s->failed_since = run->now;
	} else {
		s->failures = 0;
		s->failed_since = 0;
		s->succeeded = run->now;
	}
}

struct decision decide(const struct decide_options *o,
		       const struct decide_run *run, struct state *s)
{
	const struct state before = *s;
	struct decision d = { .reason = DECIDE_NOTHING };

	remember(run, s);
	d.failures = run->has_failed ? s->failures : before.failures;
	d.since = run->has_failed ? s->failed_since : before.failed_since;
	if (d.since > run->now)
		d.since = 0;
	d.suppressed = before.suppressed;
	d.suppressed_since = before.suppressed_since;
	d.reason = reason_of(o, run, &before, d.failures);
	d.is_sent = d.reason && !is_held_back(o, &d, run, &before);
	if (o->every)
		d.next = run->now + o->every;
	if (d.reason && !d.is_sent && !s->suppressed++)
		s->suppressed_since = run->now;
	/* a failure that was mailed is followed by its recovery, now or later
	 */
	if (!run->has_failed && !run->is_blocked &&
	    d.reason != DECIDE_RECOVERED)
		s->is_reported = false;
	return d;
}

void decide_mailed(const struct decision *d, const struct decide_run *run,
		   struct state *s)
{
	s->mailed = run->now;
	s->next = d->next;
	alert_of(d, run, s->alert);
	s->suppressed = 0;
	s->suppressed_since = 0;
	if (run->has_failed)
		s->is_reported = true;
	else if (!run->is_blocked)
		s->is_reported = false;
}

void decide_not_mailed(const struct decide_run *run, struct state *s)
{
	if (!s->suppressed++)
		s->suppressed_since = run->now;
	if (!run->is_blocked)
		s->is_reported = run->has_failed;
}
