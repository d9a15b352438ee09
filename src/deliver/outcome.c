/* outcome.c - many verdicts, one exit status. */
#include "deliver/outcome.h"

int outcome_exit(const struct outcome *out, const struct fault *f)
{
	const struct envelope *e = out->envelope;

	if (!fault_is_set(f))
		return 0;
	if (e && envelope_accepted(e) + envelope_queued(e) > 0)
		return EXIT_SOME_REFUSED;
	/* Where waiting may help one of them, it may help. */
	for (size_t i = 0; e && i < e->count; i++)
		if (e->recipients[i].decided &&
		    e->recipients[i].verdict.cause == FAULT_TEMPORARY)
			return fault_exit_of(e->recipients[i].verdict.cause);
	return fault_exit(f);
}
