/* dry_run.c - in lock-step, so that each reply has its own time. */
#include "smtp/dry_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysenv.h"
#include "smtp/command.h"
#include "smtp/pipeline.h"

struct run {
	struct dry_run *result;
	struct envelope *envelope;
	struct pipeline pipeline;
	struct buf command;
	uint64_t asked; /* sysenv_ticks() */
};

static unsigned since(uint64_t ticks)
{
	return (unsigned)(sysenv_ticks() - ticks);
}

static void on_mail_reply(struct run *s, const struct reply *reply)
{
	char what[300];

	s->result->milliseconds = since(s->asked);
	reply_words(reply, s->result->reply, sizeof(s->result->reply));
	if (reply->code / 100 == 2)
		return;
	snprintf(what, sizeof(what), "sender <%s>", s->envelope->reverse_path);
	reply_error(reply, REPLY_MAIL, what, &s->result->mail);
}

static void on_rcpt_reply(struct run *s, size_t i, const struct reply *reply)
{
	struct recipient *to = &s->envelope->recipients[i];
	struct error verdict = ERROR_INIT;
	char what[300], words[512];

	s->result->recipients[i] = since(s->asked);
	reply_words(reply, words, sizeof(words));
	envelope_quote(s->envelope, to, words);
	to->decided = true;
	if (reply->code / 100 == 2)
		return;
	snprintf(what, sizeof(what), "recipient %s", to->address);
	reply_error(reply, REPLY_RCPT, what, &verdict);
	envelope_judge(s->envelope, to, &verdict);
}

static int on_reply(void *context, const struct pending *pending,
		    const struct reply *reply, struct error *f)
{
	struct run *s = context;

	if (pending->verb == VERB_MAIL)
		on_mail_reply(s, reply);
	else if (pending->verb == VERB_RCPT)
		on_rcpt_reply(s, pending->index, reply);
	if (reply->code == 421) /* the server closes: RFC 5321 3.8 */
		return reply_error(reply, REPLY_MAIL, "the connection", f);
	return 0;
}

static int ask(struct run *s, enum verb verb, size_t index, struct error *f)
{
	const struct pending pending = { .verb = verb, .index = index };

	s->asked = sysenv_ticks();
	if (pipeline_put_command(&s->pipeline, &pending, &s->command, f) < 0)
		return -1;
	return pipeline_await(&s->pipeline, 0, f);
}

static int ask_all(struct run *s, const struct caps *caps,
		   const struct command_needs *needs, struct error *f)
{
	struct envelope *e = s->envelope;

	command_mail(&s->command, e, needs, caps);
	if (ask(s, VERB_MAIL, 0, f) < 0)
		return -1;
	if (error_is_set(&s->result->mail))
		return 0;
	for (size_t i = 0; i < e->count; i++) {
		if (e->recipients[i].decided)
			continue;
		buf_reset(&s->command);
		command_rcpt(&s->command, e, &e->recipients[i], caps);
		if (ask(s, VERB_RCPT, i, f) < 0)
			return -1;
	}
	buf_reset(&s->command);
	buf_puts(&s->command, "RSET");
	return ask(s, VERB_RSET, 0, f);
}

int dry_run_session(struct dry_run *r, struct arena *a, struct dial *d,
		    struct envelope *e, uint64_t size, unsigned seconds,
		    struct error *f)
{
	const struct session_content content = { .bytes = { .length = size } };
	struct command_needs needs = { .size = size };
	struct run *s;
	int result;

	*r = (struct dry_run){
		.recipients = arena_array(a, e->count + 1, sizeof(unsigned)),
	};
	if (command_check_message(&d->caps, e, &content, &r->mail) < 0)
		return 0;
	if (command_check_recipients(&d->caps, e, f) < 0)
		return -1;
	needs.uses_smtputf8 = command_needs_smtputf8(e, &content);
	s = memory_alloc(sizeof(*s));
	memset(s, 0, sizeof(*s));
	s->result = r;
	s->envelope = e;
	buf_init(&s->command, COMMAND_MAX);
	pipeline_init(&s->pipeline, &d->conn, on_reply, s);
	s->pipeline.timeout = seconds;
	result = ask_all(s, &d->caps, &needs, f);
	pipeline_free(&s->pipeline);
	buf_free(&s->command);
	free(s);
	return result;
}
