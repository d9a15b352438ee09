/* roundtrip.c - one report, in the form that was asked for; what failed is
 * told on standard error besides. */
#include "commands.h"

#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "roundtrip/roundtrip.h"

static int report(const struct roundtrip *t, const struct error *failure,
		  struct error *f)
{
	const struct request *r = t->wish->request;
	const char *problem = roundtrip_problem(t);
	struct buf text = BUF_INIT(ROUNDTRIP_REPORT_MAX);
	int status = roundtrip_exit(t, failure);
	int result = 0;

	if (t->wish->is_monitored)
		status = roundtrip_nagios(t, failure, &text);
	else if (r->json)
		result = roundtrip_json(t, failure, &text);
	else
		roundtrip_text(t, &text);
	if (result < 0 || text.overflow)
		error_set(f, ERROR_SOFTWARE, "the report cannot be written");
	else
		disk_write_all(STDOUT_FILENO, text.data, text.len,
			       "standard output", f);
	if (error_is_set(failure) && !t->wish->is_monitored)
		log_error("%s", failure->text);
	if (problem && !t->wish->is_monitored)
		log_error("%s", problem);
	if (error_is_set(&t->not_deleted))
		log_warning("the mail could not be deleted: %s",
			    t->not_deleted.text);
	buf_free(&text);
	return error_is_set(f) ? -1 : status;
}

int roundtrip_command(struct arena *a, const struct roundtrip_wish *wish,
		      struct error *f)
{
	struct error failure = ERROR_INIT;
	struct roundtrip t;
	int status;

	roundtrip_run(&t, a, wish, &failure);
	status = report(&t, &failure, f);
	roundtrip_free(&t);
	return status;
}
