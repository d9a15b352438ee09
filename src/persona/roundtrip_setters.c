/* roundtrip_setters.c - options of --roundtrip. */
#include <string.h>

#include "config/values.h"
#include "persona/setters.h"

SETTER(set_roundtrip)
{
	struct option_row action = *row;

	action.value = REQUEST_ROUNDTRIP;
	run->request->roundtrip.source = value;
	return set_action(run, &action, NULL, f);
}

SETTER(set_span)
{
	char *field = (char *)&run->request->roundtrip + row->value;
	struct value v = { .arena = run->arena, .text = value };
	int seconds;

	if (value_duration(&v, &seconds) < 0)
		return error_set(f, ERROR_USAGE, "'%s' %s", value, v.why);
	memcpy(field, &seconds, sizeof(seconds));
	return 0;
}

static int check_alone(const struct request_roundtrip *t, struct error *f)
{
	const char *name = t->keeps  ? "--keep"
			   : t->warn ? "--warn"
			   : t->crit ? "--crit"
			   : t->wait ? "--wait"
				     : NULL;

	if (!name)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s belongs to --roundtrip, which looks for a mail of "
			 "its own",
			 name);
}

int settle_roundtrip(struct request *r, struct error *f)
{
	struct request_roundtrip *t = &r->roundtrip;

	if (r->action != REQUEST_ROUNDTRIP)
		return check_alone(t, f);
	if (!t->wait)
		t->wait = REQUEST_WAIT;
	if (r->check.nagios && r->json)
		return error_set(f, ERROR_USAGE,
				 "--nagios and --json are two ways to tell the "
				 "same: leave one out");
	if (r->to.count != 1 || request_recipients(r) != 1)
		return error_set(f, ERROR_USAGE,
				 "--roundtrip sends one mail to one address, "
				 "whose mailbox it looks into: mailsend "
				 "--roundtrip SOURCE user@example.org");
	if (!r->subject && !r->draft_path && !r->body_path && !r->html_path &&
	    !r->attachments && r->series.kind == REQUEST_ONE &&
	    !r->series.limit)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--roundtrip sends a mail of its own: leave subject "
			 "and content out");
}
