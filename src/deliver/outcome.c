/* outcome.c - many verdicts, one exit status. */
#include "deliver/outcome.h"

int outcome_exit(const struct outcome *out, const struct error *f)
{
	const struct envelope *e = out->envelope;

	if (!error_is_set(f))
		return 0;
	if (e && envelope_accepted(e) + envelope_queued(e) > 0)
		return EXIT_SOME_REFUSED;
	/* Where waiting may help one of them, it may help. */
	for (size_t i = 0; e && i < e->count; i++)
		if (e->recipients[i].decided &&
		    e->recipients[i].verdict.cause == ERROR_TEMPORARY)
			return error_exit_of(e->recipients[i].verdict.cause);
	return error_exit(f);
}
