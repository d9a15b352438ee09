/* envelope.c - counting verdicts and handing out the last one. */
#include "mail/envelope.h"

size_t envelope_accepted(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided &&
		    !fault_is_set(&e->recipients[i].verdict))
			n++;
	return n;
}

size_t envelope_queued(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += e->recipients[i].is_queued;
	return n;
}

bool envelope_is_deferred(const struct recipient *one)
{
	return !one->decided || one->verdict.temporary;
}

size_t envelope_deferred(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += envelope_is_deferred(&e->recipients[i]);
	return n;
}

void envelope_decide_rest(struct envelope *e, const struct fault *verdict)
{
	for (size_t i = 0; i < e->count; i++) {
		if (e->recipients[i].decided)
			continue;
		e->recipients[i].verdict = *verdict;
		e->recipients[i].decided = true;
	}
}

int envelope_sum_up(const struct envelope *e, struct fault *f)
{
	const struct fault *worst = NULL;

	for (size_t i = 0; i < e->count; i++) {
		const struct fault *v = &e->recipients[i].verdict;

		if (!fault_is_set(v) || e->recipients[i].is_queued)
			continue;
		if (!worst || (v->temporary && !worst->temporary))
			worst = v;
	}
	if (!worst)
		return 0;
	if (!fault_is_set(f))
		*f = *worst;
	return -1;
}
