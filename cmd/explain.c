/* explain.c - --explain: the mail is composed as for sending, and described. */
#include "commands.h"

#include "explain/plan.h"
#include "output.h"
#include "submit/each.h"
#include "submit/report.h"

static int print(const struct explain_job *job, struct plan *p, struct error *f)
{
	struct buf text = BUF_INIT(PLAN_MAX);
	int r;

	p->arena = job->arena;
	p->called = job->called;
	p->persona = job->persona;
	p->config = job->config;
	r = plan_make(p, f);
	if (r == 0) {
		r = job->request->json ? plan_json(p, &text)
				       : plan_text(p, &text);
		r = r < 0 ? error_set(f, ERROR_SOFTWARE,
				      "the explanation cannot be written")
			  : output_put(&text, f);
	}
	plan_free(p);
	buf_free(&text);
	return r;
}

/* ---- one mail, or its parts ---- */

static int explain_part(const struct explain_job *job, const struct split *s,
			struct error *f)
{
	struct plan p = { .split = s };
	struct composition part;
	int r = split_part(s, 1, job->arena, &part, f);

	p.composition = &part;
	if (r == 0)
		r = print(job, &p, f);
	composition_free(&part);
	return r;
}

static int explain_whole(const struct explain_job *job, struct composition *c,
			 struct error *f)
{
	struct plan p = { .composition = c,
			  .asks_limit = job->split->asks_limit &&
					!job->split->limit };

	if (composition_render(c, true, f) < 0)
		return -1;
	return print(job, &p, f);
}

static int explain_nothing(const struct explain_job *job, struct error *f)
{
	const struct outcome out = { .account = job->account->name };
	struct buf text = BUF_INIT(PLAN_MAX);
	int r = report_json(&out, f, &text);

	r = r < 0 ? error_set(f, ERROR_SOFTWARE, "the report cannot be written")
		  : output_put(&text, f);
	buf_free(&text);
	return r;
}

static int explain_one(const struct explain_job *job, struct error *f)
{
	struct composition c;
	struct split split;
	char id[SPLIT_ID_SIZE];
	int r;

	composition_init(&c, job->arena, job->request, job->account,
			 job->spool);
	r = composition_build(&c, f);
	if (r == 0 && c.is_empty && job->request->json)
		r = explain_nothing(job, f);
	else if (r == 0 && c.is_empty)
		r = output_puts("the text is empty: no mail is sent\n", f);
	else if (r == 0 && job->split->limit) {
		split_new_id(id);
		r = split_plan(&split, job->arena, &c, job->split, id, f);
		if (r > 0)
			r = explain_part(job, &split, f);
		else if (r == 0)
			r = explain_whole(job, &c, f);
	} else if (r == 0) {
		r = explain_whole(job, &c, f);
	}
	composition_free(&c);
	return r;
}

/* ---- the first of many ---- */

static int explain_first(const struct explain_job *job,
			 int (*make)(void *context, unsigned n, struct arena *a,
				     struct composition *out, char *name,
				     struct error *f),
			 void *context, unsigned total, struct error *f)
{
	struct composition c;
	struct plan p = { .composition = &c, .mails = total };
	char name[256];
	int r;

	if (!total)
		return error_set(f, ERROR_DATA, "there is no message to send");
	r = make(context, 1, job->arena, &c, name, f);
	if (r < 0)
		return -1;
	r = print(job, &p, f);
	composition_free(&c);
	return r;
}

static int explain_each(const struct explain_job *job, struct error *f)
{
	struct each each = { .arena = job->arena,
			     .request = job->request,
			     .options = job->series,
			     .account = job->account,
			     .spool = job->spool };
	int r = each_open(&each, f);

	if (r == 0)
		r = explain_first(job, each_make, &each,
				  (unsigned)job->series->count, f);
	each_close(&each);
	return r;
}

static int explain_batch(const struct explain_job *job, struct error *f)
{
	struct batch batch = { .arena = job->arena,
			       .request = job->request,
			       .options = job->series,
			       .account = job->account,
			       .spool = job->spool };
	int r;

	if (batch_open(&batch, f) < 0)
		return -1;
	r = explain_first(job, batch_make, &batch, batch.total, f);
	batch_close(&batch);
	return r;
}

int explain_command(const struct explain_job *job, struct error *f)
{
	switch (job->series->source) {
	case SERIES_EACH:
		return explain_each(job, f);
	case SERIES_BATCH:
		return explain_batch(job, f);
	default:
		return explain_one(job, f);
	}
}
