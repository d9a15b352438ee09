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

void envelope_decide_rest(struct envelope *e, const struct fault *verdict)
{
	for (size_t i = 0; i < e->count; i++) {
		if (e->recipients[i].decided)
			continue;
		e->recipients[i].verdict = *verdict;
		e->recipients[i].decided = true;
	}
}
