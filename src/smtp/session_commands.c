/* session_commands.c - the commands and the content of a mail, with as few
 * round trips as possible.
 *
 *	offered		 a mail				the next one
 *	both		 MAIL RCPT* BDAT+content	RSET MAIL ...
 *	both, large	 MAIL RCPT* | BDAT+content	RSET MAIL ...
 *	PIPELINING	 MAIL RCPT* DATA | content+dot	MAIL ...
 *	CHUNKING	 MAIL | RCPT | BDAT+content	| MAIL ...
 *	neither		 MAIL | RCPT | DATA | content	| MAIL ...
 *
 * "|" is where replies are waited for.  With PIPELINING the next mail follows
 * without waiting.  The content of a mail may come first in a group, and DATA
 * only last (RFC 2920 3.1), so without CHUNKING each mail costs one round trip.
 * After a BDAT that failed the state is undefined and RSET has to come next
 * (RFC 3030 2): it is sent along before it is known whether it is needed.
 *
 * A large content waits until a recipient was accepted, unless the server has
 * just accepted the same recipients from the same sender.  So does any content
 * after an idle time: the connection may be dead.
 */
#include "smtp/session_inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/interrupt.h"

/* What is sent at once where all recipients were accepted just before. */
#define TRUSTED_MAX (UINT64_C(16) * 1024 * 1024)

/* ---- commands ---- */

static int put_command(struct session *s, struct transaction *t, enum verb verb,
		       size_t index, struct error *f)
{
	const struct pending pending = { verb, index, t };

	if (verb != VERB_NONE && t)
		t->pending++;
	return pipeline_put_command(&s->state->pipeline, &pending,
				    &s->state->command, f);
}

int session_put_command(struct session *s, struct transaction *t,
			enum verb verb, const char *command, struct error *f)
{
	buf_reset(&s->state->command);
	buf_puts(&s->state->command, command);
	return put_command(s, t, verb, 0, f);
}

static int put_mail(struct session *s, struct transaction *t, struct error *f)
{
	const struct session_content *content = &t->mail->content;
	const struct command_needs needs = {
		.size = content->bytes.length,
		.has_8bit = content->has_8bit || content->has_8bit_header,
		.uses_smtputf8 = t->uses_smtputf8,
	};

	buf_reset(&s->state->command);
	command_mail(&s->state->command, t->envelope, &needs, &s->dial->caps);
	return put_command(s, t, VERB_MAIL, 0, f);
}

static int put_rcpt(struct session *s, struct transaction *t, size_t i,
		    struct error *f)
{
	t->rcpt[i] = RCPT_ASKED;
	t->asked++;
	envelope_reopen(&t->envelope->recipients[i]);
	buf_reset(&s->state->command);
	command_rcpt(&s->state->command, t->envelope,
		     &t->envelope->recipients[i], &s->dial->caps);
	return put_command(s, t, VERB_RCPT, i, f);
}

static int await(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	int r = pipeline_await(&st->pipeline, 0, f);

	st->was_idle = false;
	st->pipeline.timeout = s->command_timeout;
	return r;
}

/* ---- the content ---- */

static void trace_content(struct session *s, const struct transaction *t)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%" PRIu64 " octets of message",
			 t->mail->content.bytes.length);

	trace_line(s->dial->conn.trace, '*', text, (size_t)n);
}

/* With several mails the progress moves when they are answered
 * (transaction_on_reply): what was sent may be in a buffer on the way. */
static const struct session_progress *progress_of(const struct session *s,
						  const struct transaction *t)
{
	return s->state->count > 1 ? NULL : t->mail->progress;
}

/* Unfinished content: no server accepts it.  If the connection did not fail,
 * the source did. */
static int abort_content(const struct session *s, struct transaction *t)
{
	t->mail->is_unreadable =
		!s->state->pipeline.broken && !transaction_is_refused(t);
	return -1;
}

/* Once all of it was sent it may have been accepted, whatever happens next. */
static int finish_content(struct session *s, struct transaction *t,
			  struct error *f)
{
	const struct pending pending = { .verb = VERB_CONTENT, .mail = t };
	unsigned patience = interrupt_extend(VERDICT_MS);
	int r;

	t->is_sending = false;
	t->has_content = true;
	t->end = pipeline_mark(&s->state->pipeline);
	if (!transaction_is_refused(t))
		transaction_set_doubt();
	if (!t->has_early_reply) {
		t->pending++;
		pipeline_expect(&s->state->pipeline, &pending);
	}
	r = pipeline_flush(&s->state->pipeline, f);
	interrupt_restore(patience);
	return r;
}

static int send_chunk(struct session *s, struct transaction *t, struct error *f)
{
	const struct slice *bytes = &t->mail->content.bytes;

	t->is_chunked = true;
	buf_reset(&s->state->command);
	buf_printf(&s->state->command, "BDAT %" PRIu64 " LAST", bytes->length);
	if (put_command(s, t, VERB_NONE, 0, f) < 0)
		return -1;
	trace_content(s, t);
	t->is_sending = true;
	if (pipeline_put_raw(&s->state->pipeline, bytes, progress_of(s, t), f) <
	    0)
		return abort_content(s, t);
	return finish_content(s, t, f);
}

static int send_dotted(struct session *s, struct transaction *t,
		       struct error *f)
{
	struct pipeline *p = &s->state->pipeline;

	/* A server that has already replied does not wait for the content. */
	t->is_sending = true;
	if (pipeline_receive(p, f) < 0)
		return -1;
	trace_content(s, t);
	if (pipeline_put_dotted(p, &t->mail->content.bytes, progress_of(s, t),
				f) < 0)
		return abort_content(s, t);
	return finish_content(s, t, f);
}

/* The content is sent before the replies to RCPT are known: it is small, or the
 * server accepted all these recipients the last time. */
static bool is_optimistic(const struct session_state *st,
			  const struct transaction *t, uint64_t parties)
{
	uint64_t length = t->mail->content.bytes.length;

	if (st->was_idle)
		return false;
	return length <= SESSION_OPTIMISTIC_MAX ||
	       (length <= TRUSTED_MAX && parties == st->trusted);
}

static int send_by_bdat(struct session *s, struct transaction *t,
			bool is_pipelined, uint64_t parties, struct error *f)
{
	struct session_state *st = s->state;

	if (!is_pipelined || !is_optimistic(st, t, parties)) {
		if (await(s, f) < 0)
			return -1;
		st->trusted = t->accepted == t->asked ? parties : 0;
		if (!t->accepted)
			return 0;
	}
	return send_chunk(s, t, f);
}

/* RFC 2920 3.1: DATA was pipelined and accepted, although no recipient was. */
static int send_lone_dot(struct session *s, struct transaction *t,
			 struct error *f)
{
	if (session_put_command(s, t, VERB_CONTENT, ".", f) < 0)
		return -1;
	return await(s, f);
}

static int send_by_data(struct session *s, struct transaction *t,
			bool is_pipelined, struct error *f)
{
	if (!is_pipelined && !t->accepted)
		return 0;
	if (session_put_command(s, t, VERB_DATA, "DATA", f) < 0 ||
	    await(s, f) < 0)
		return -1;
	if (!t->may_send)
		return 0;
	return t->accepted ? send_dotted(s, t, f) : send_lone_dot(s, t, f);
}

/* ---- a transaction ---- */

int session_put_mail(struct session *s, struct transaction *t, bool resets,
		     struct error *f)
{
	const struct caps *caps = &s->dial->caps;
	bool is_pipelined = caps_has(caps, CAPS_PIPELINING);
	uint64_t parties = transaction_parties(t);

	if (resets && session_put_command(s, t, VERB_RSET, "RSET", f) < 0)
		return -1;
	if (!is_pipelined && await(s, f) < 0)
		return -1;
	if (put_mail(s, t, f) < 0)
		return -1;
	for (size_t i = 0; i < t->envelope->count; i++) {
		if (!transaction_is_to_ask(t, i))
			continue;
		if (!is_pipelined && await(s, f) < 0)
			return -1;
		if (error_is_set(&t->mail_error))
			return await(s, f);
		if (put_rcpt(s, t, i, f) < 0)
			return -1;
	}
	if (!is_pipelined && await(s, f) < 0)
		return -1;
	if (caps_has(caps, CAPS_CHUNKING))
		return send_by_bdat(s, t, is_pipelined, parties, f);
	return send_by_data(s, t, is_pipelined, f);
}
