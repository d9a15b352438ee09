/* run.c - --run: directories for the output, and what is printed. */
#include "commands.h"

#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "output.h"
#include "run/list.h"
#include "run/run.h"
#include "run/run_json.h"

static int write_out(struct buf *text, int made, struct error *f)
{
	if (made < 0)
		error_set(f, ERROR_SOFTWARE, "the report cannot be written");
	else
		output_put(text, f);
	buf_free(text);
	return error_is_set(f) ? -1 : 0;
}

/* A monitor reads the first line of standard output, errors included. */
static int look(struct arena *a, const struct cmdline *c, struct error *f)
{
	const struct run_options *o = &c->run;
	bool is_monitored = o->kind == RUN_MISSED && !c->request.json;
	struct buf text = BUF_INIT(LIST_MAX);
	struct error trouble = ERROR_INIT;
	struct list l;
	int status = 0, made = 0;

	if (list_read(&l, a, o, is_monitored ? &trouble : f) < 0 &&
	    !is_monitored)
		return -1;
	if (o->kind == RUN_MISSED)
		status = list_monitor(&l, &text);
	if (error_is_set(&trouble)) {
		status = 3;
		buf_reset(&text);
		buf_printf(&text, "RUN UNKNOWN - %s\n", trouble.text);
	} else if (c->request.json) {
		buf_reset(&text);
		made = run_json_list(&l, &text);
	} else if (o->kind == RUN_LIST) {
		list_text(&l, &text);
	}
	return write_out(&text, made, f) < 0 ? -1 : status;
}

/* A signal has been passed to the job, and its status is ours. */
static int run_and_tell(struct arena *a, const struct cmdline *c,
			const char *const *spool)
{
	const struct run_input input = {
		.options = &c->run,
		.request = &c->request,
		.split = &c->split,
		.spool = spool,
		.shows_output =
			!c->request.json &&
			(c->run.tee || sysenv_is_terminal(STDOUT_FILENO)),
	};
	struct buf text = BUF_INIT(LIST_MAX);
	struct error f = ERROR_INIT;
	struct run_record run;
	int status = run_job(&run, a, &input);

	if (c->request.json &&
	    (json_prepare(&f) < 0 ||
	     write_out(&text, run_json(&run, status, &text), &f) < 0))
		log_error("%s", f.text);
	run_free(&run);
	interrupt_forget();
	return status;
}

int run_command(struct arena *a, const struct cmdline *c,
		const char *const *spool, struct error *f)
{
	if (c->run.kind == RUN_LIST || c->run.kind == RUN_MISSED)
		return look(a, c, f);
	return run_and_tell(a, c, spool);
}
