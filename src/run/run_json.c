/* run_json.c - see run_json.h. */
#include "run/run_json.h"

#include "base/json.h"
#include "deliver/jsonify.h"
#include "run/phrase.h"

static const char *state_of(const struct run_record *run)
{
	const struct process *j = &run->job;

	if (run->is_blocked)
		return "blocked";
	if (j->error)
		return "not-run";
	if (j->is_timed_out)
		return "timeout";
	if (job_signal(j))
		return "killed";
	return run_has_failed(run) ? "failed" : "ok";
}

static json_t *signal_json(const struct run_record *run)
{
	char name[JOB_SIGNAL_SIZE];

	if (!job_signal(&run->job))
		return json_null();
	job_signal_name(job_signal(&run->job), name);
	return json_string(name);
}

static const char *fate_of(const struct run_record *run)
{
	if (error_is_set(&run->mail_error))
		return "failed";
	if (run->outcome.held_by)
		return "held";
	return run->outcome.queue_id ? "queued" : "sent";
}

static json_t *mail_json(const struct run_record *run)
{
	const struct outcome *out = &run->outcome;
	const struct error *f = &run->mail_error;
	json_t *mail;

	if (!run->is_mailed)
		return json_null();
	mail = json_object();
	json_object_set_new(mail, "status", json_string(fate_of(run)));
	json_object_set_new(mail, "message_id", jsonify_text(out->message_id));
	json_object_set_new(mail, "queue_id", jsonify_text(out->queue_id));
	json_object_set_new(mail, "dead_letter",
			    jsonify_text(out->dead_letter));
	json_object_set_new(mail, "error",
			    error_is_set(f) ? jsonify_text(f->text)
					    : json_null());
	return mail;
}

static json_t *notes_json(const struct run_record *run)
{
	json_t *notes = json_array();

	for (size_t i = 0; i < run->note_count; i++)
		json_array_append_new(notes, jsonify_text(run->notes[i]));
	return notes;
}

static void put_size(json_t *object, const char *name, uint64_t n)
{
	json_object_set_new(object, name, json_integer((json_int_t)n));
}

int run_json(const struct run_record *run, int status, struct buf *out)
{
	const struct process *j = &run->job;
	json_t *o = json_object();

	json_object_set_new(o, "name", jsonify_text(run->name));
	json_object_set_new(o, "state", json_string(state_of(run)));
	json_object_set_new(o, "status", jsonify_text(phrase_status(run)));
	json_object_set_new(o, "exit", json_integer(status));
	json_object_set_new(o, "signal", signal_json(run));
	json_object_set_new(o, "started", jsonify_time(j->started));
	json_object_set_new(o, "ended", jsonify_time(j->ended));
	put_size(o, "milliseconds", j->milliseconds);
	put_size(o, "cpu_milliseconds", j->user + j->system);
	put_size(o, "memory", j->peak);
	put_size(o, "output", run->output.size);
	put_size(o, "lines", run->output.lines);
	put_size(o, "failures", run->now.failures);
	put_size(o, "suppressed", run->now.suppressed);
	json_object_set_new(o, "mail", mail_json(run));
	json_object_set_new(o, "notes", notes_json(run));
	return jsonify_put(o, out);
}

static json_t *job_json(const struct list_job *job)
{
	const struct state *s = &job->state;
	json_t *o = json_object();

	json_object_set_new(o, "name", jsonify_text(job->name));
	json_object_set_new(o, "running", json_boolean(job->is_running));
	json_object_set_new(o, "missed", json_boolean(job->is_missed));
	json_object_set_new(o, "started", jsonify_time(s->started));
	json_object_set_new(o, "ended", jsonify_time(s->ended));
	json_object_set_new(o, "status",
			    jsonify_text(job->is_lost ? "lost" : s->status));
	put_size(o, "exit", (uint64_t)s->exit);
	put_size(o, "milliseconds", s->milliseconds);
	put_size(o, "failures", s->failures);
	json_object_set_new(o, "failed_since", jsonify_time(s->failed_since));
	json_object_set_new(o, "succeeded", jsonify_time(s->succeeded));
	json_object_set_new(o, "mailed", jsonify_time(s->mailed));
	json_object_set_new(o, "next", jsonify_time(s->next));
	put_size(o, "suppressed", s->suppressed);
	json_object_set_new(o, "error", jsonify_text(job->error));
	return o;
}

int run_json_list(const struct list *l, struct buf *out)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(all, job_json(&l->jobs[i]));
	return jsonify_put(all, out);
}
