/* check_setters.c - options of --check. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "persona/setters.h"

SETTER(set_serverinfo)
{
	struct option_row action = *row;

	action.value = REQUEST_CHECK;
	run->request->check.is_server_only = true;
	return set_action(run, &action, value, f);
}

SETTER(set_days)
{
	char *field = (char *)&run->request->check + row->value;
	unsigned long days;
	unsigned result;
	char *end;

	days = strtoul(value, &end, 10);
	if (!ascii_is_digit(*value) || *end || days > 10000)
		return error_set(f, ERROR_USAGE, "'%s' is not a number of days",
				 value);
	result = (unsigned)days;
	memcpy(field, &result, sizeof(result));
	return 0;
}

static int check_alone(const struct request_check *check, struct error *f)
{
	const char *name =
		check->nagios				? "--nagios"
		: check->warn_days != REQUEST_WARN_DAYS ? "--warn-days"
		: check->crit_days != REQUEST_CRIT_DAYS ? "--crit-days"
							: NULL;

	if (!name)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s belongs to --check, which looks at the way to the "
			 "server",
			 name);
}

int settle_check(const struct request *r, struct error *f)
{
	if (r->action == REQUEST_ROUNDTRIP)
		return 0; /* --nagios is its, too */
	if (r->action != REQUEST_CHECK)
		return check_alone(&r->check, f);
	if (r->check.nagios && r->json)
		return error_set(f, ERROR_USAGE,
				 "--nagios and --json are two ways to tell the "
				 "same: leave one out");
	if (!r->subject && !r->draft_path && !r->body_path && !r->html_path &&
	    !r->attachments && r->series.kind == REQUEST_ONE &&
	    !r->series.limit)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--check sends no mail: leave subject and content "
			 "out");
}
