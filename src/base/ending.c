/* ending.c - one pointer, so that no handler sees half of it. */
#include "base/ending.h"

#include <stddef.h>
#include <sysexits.h>

#include "base/sysenv.h"

static const struct ending first = { EX_TEMPFAIL, "nothing was done" };
static const struct ending *volatile current = &first;

void ending_set(const struct ending *now)
{
	current = now;
}

const struct ending *ending_now(void)
{
	return current;
}

/* ---- one mail ---- */

static bool is_awaited;

void ending_await(bool is_one_mail)
{
	is_awaited = is_one_mail;
}

void ending_reached(const struct ending *now)
{
	if (!is_awaited)
		return;
	ending_set(now);
	is_awaited = now->status != 0; /* nothing is truer than that */
}

/* ---- the last attempt to keep the work ---- */

static struct {
	ending_rescuer *rescuer;
	void *context;
	unsigned pid;
} last;

void ending_rescue(ending_rescuer *rescuer, void *context)
{
	last.rescuer = NULL;
	last.context = context;
	last.pid = sysenv_pid();
	last.rescuer = rescuer;
}

bool ending_run_rescue(const char *why)
{
	ending_rescuer *rescuer = last.rescuer;

	last.rescuer = NULL;
	if (!rescuer || last.pid != sysenv_pid())
		return false;
	rescuer(last.context, why);
	return true;
}
