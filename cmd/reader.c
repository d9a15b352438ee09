/* reader.c - see reader.h. */
#include "reader.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "output.h"
#include "program.h"

static void choose_spool(struct reader *r)
{
	const char *tmpdir = sysenv_env("TMPDIR");
	int n = 0;

	if (tmpdir)
		r->spool[n++] = tmpdir;
	for (size_t i = 0; sysenv_spare()[i]; i++)
		r->spool[n++] = sysenv_spare()[i];
	r->spool[n] = NULL;
}

static int act_recorded(struct reader *r,
			int (*act)(struct reader *r, struct error *f),
			struct error *f)
{
	const struct request *q = &r->cmdline.request;
	struct error trouble = ERROR_INIT;
	int status;

	if (transcript_open(&r->transcript, q->transcript, q->transcript_path,
			    f) < 0)
		return -1;
	status = act(r, f);
	if (transcript_close(&r->transcript, &trouble) < 0)
		log_warning("%s", trouble.text);
	return status;
}

static int run(struct reader *r, const struct persona *p,
	       int (*act)(struct reader *r, struct error *f), struct error *f)
{
	if (r->cmdline.request.json && json_prepare(f) < 0)
		return -1;
	switch (r->cmdline.kind) {
	case COMMAND_HELP:
		return output_help(p, false, f);
	case COMMAND_HELP_ALL:
		return output_help(p, true, f);
	case COMMAND_VERSION:
		return output_version(p->name, f);
	case COMMAND_TALK:
		return act(r, f);
	default:
		return act_recorded(r, act, f);
	}
}

int reader_argument(struct options_run *run, const char *value, struct error *f)
{
	struct reader *r = (struct reader *)run->cmdline;

	if (!*value)
		return error_set(f, ERROR_USAGE,
				 "an argument is empty: is a variable not "
				 "set?");
	if (!r->words)
		r->words = arena_array(run->arena, (size_t)run->argc,
				       sizeof(*r->words));
	r->words[r->word_count++] = value;
	return 0;
}

int reader_run(struct reader *r, const struct persona *p,
	       int (*act)(struct reader *r, struct error *f), int argc,
	       char **argv)
{
	struct error f = ERROR_INIT;
	bool json;
	int status = -1;

	choose_spool(r);
	cmdline_init(&r->cmdline);
	if (options_parse(p, argc, argv, &r->cmdline, &r->arena, &f) < 0) {
		log_error("%s", f.text);
		output_usage(p);
		json = options_have(p, argc, argv, "json");
	} else {
		log_quiet(r->cmdline.request.quiet);
		status = run(r, p, act, &f);
		if (status < 0)
			program_end_by_pipe(&f);
		if (status < 0 && strcmp(f.text, r->told.text) != 0)
			log_error("%s", f.text);
		json = r->cmdline.request.json && !r->is_told;
	}
	if (status < 0 && json)
		output_failure(&f);
	if (status < 0)
		status = error_exit(&f);
	if (status && r->reads_input)
		program_drain_input();
	arena_free(&r->arena);
	return program_finish(status);
}
