/* check.c - --check and --roundtrip.  The steps of a check are printed as they
 * happen, so that a slow server is seen while it is slow. */
#include "commands.h"

#include "base/interrupt.h"
#include "base/log.h"
#include "check/check.h"
#include "output.h"
#include "submit/transcript.h"

struct view {
	struct check_look look;
	struct error error; /* standard output cannot be written */
};

static void show_step(void *context, const struct check_step *step)
{
	struct view *v = context;
	struct buf text = BUF_INIT(CHECK_REPORT_MAX);

	check_text_step(&v->look, step, &text);
	if (!error_is_set(&v->error))
		output_put(&text, &v->error);
	buf_free(&text);
}

static int show_end(const struct view *v, const struct check *c, bool nagios,
		    struct error *f)
{
	bool json = c->request->json;
	struct buf text = BUF_INIT(CHECK_REPORT_MAX);
	int status = check_exit(c);

	*f = v->error;
	if (nagios)
		status = check_nagios(c, &text);
	else if (json && check_json(c, &text) < 0)
		error_set(f, ERROR_SOFTWARE, "the report cannot be written");
	else if (!json && !c->options->is_server_only)
		check_text_end(&v->look, c, &text);
	else if (!json && !c->failed)
		check_serverinfo(c, &text);
	else if (!json)
		log_error("%s", c->error.text);
	if (!error_is_set(f))
		output_put(&text, f);
	buf_free(&text);
	if (json && interrupt_signal())
		log_error("ended by %s", interrupt_name());
	return error_is_set(f) ? -1 : status;
}

int check_command(struct arena *a, const struct cmdline *cmdline,
		  struct error *f)
{
	const struct request *r = &cmdline->request;
	struct view view = { .look = check_look() };
	struct transcript transcript;
	struct check_listener listener = { .context = &view };
	struct error error = ERROR_INIT;
	struct check c;
	int status;

	if (transcript_open(&transcript, r->transcript, r->transcript_path, f) <
	    0)
		return -1;
	listener.trace = transcript_trace(&transcript);
	if (!r->json && !cmdline->nagios && !cmdline->check.is_server_only)
		listener.step = show_step;
	check_run(&c, a, r, &cmdline->check, &listener);
	status = show_end(&view, &c, cmdline->nagios, f);
	check_free(&c);
	if (transcript_close(&transcript, &error) < 0)
		log_warning("%s", error.text);
	return status;
}

/* ---- --roundtrip ---- */

static int report_roundtrip(const struct roundtrip *t,
			    const struct error *failure, struct error *f)
{
	const struct request *r = t->order->request;
	const char *problem = roundtrip_problem(t);
	struct buf text = BUF_INIT(ROUNDTRIP_REPORT_MAX);
	int status = roundtrip_exit(t, failure);
	int result = 0;

	if (t->order->is_monitored)
		status = roundtrip_nagios(t, failure, &text);
	else if (r->json)
		result = roundtrip_json(t, failure, &text);
	else
		roundtrip_text(t, &text);
	if (result < 0)
		error_set(f, ERROR_SOFTWARE, "the report cannot be written");
	else
		output_put(&text, f);
	if (error_is_set(failure) && !t->order->is_monitored)
		log_error("%s", failure->text);
	if (problem && !t->order->is_monitored)
		log_error("%s", problem);
	if (error_is_set(&t->not_deleted))
		log_warning("the mail could not be deleted: %s",
			    t->not_deleted.text);
	buf_free(&text);
	return error_is_set(f) ? -1 : status;
}

int roundtrip_command(struct arena *a, const struct roundtrip_order *order,
		      struct error *f)
{
	struct error failure = ERROR_INIT;
	struct roundtrip t;
	int status;

	roundtrip_run(&t, a, order, &failure);
	status = report_roundtrip(&t, &failure, f);
	roundtrip_free(&t);
	return status;
}
