/* session_say.c - what is said of a mail, in as few flights as can be.
 *
 *	offered		 a mail				the next one
 *	both		 MAIL RCPT* BDAT+content	RSET MAIL ...
 *	both, large	 MAIL RCPT* | BDAT+content	RSET MAIL ...
 *	PIPELINING	 MAIL RCPT* DATA | content+dot	MAIL ...
 *	CHUNKING	 MAIL | RCPT | BDAT+content	| MAIL ...
 *	neither		 MAIL | RCPT | DATA | content	| MAIL ...
 *
 * "|" is where replies are waited for: the next mail follows without one where
 * there is PIPELINING.  The content of a mail may be the first thing of a group
 * and DATA only its last (RFC 2920 3.1), so without CHUNKING there is one round
 * trip a mail.  What a BDAT that failed leaves is not defined and RSET has to
 * come next (RFC 3030 2): it goes along before it is known whether it is
 * needed.
 *
 * A large content waits until it is known that somebody is there to take it,
 * but where the server has just taken these very recipients from this sender.
 * So does any after a rest: the line may be dead.
 */
#include "smtp/session_inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/interrupt.h"

/* What may be sent on the chance that all are accepted again, who just were. */
#define TRUST (UINT64_C(16) * 1024 * 1024)

/* ---- commands ---- */

static int say(struct session *s, struct transaction *t, enum verb verb,
	       size_t index, struct error *f)
{
	const struct owed owed = { verb, index, t };

	if (verb != VERB_NONE && t)
		t->owed++;
	return pipeline_say(&s->state->flight, &owed, &s->state->command, f);
}

int session_say_plain(struct session *s, struct transaction *t, enum verb verb,
		      const char *command, struct error *f)
{
	buf_reset(&s->state->command);
	buf_puts(&s->state->command, command);
	return say(s, t, verb, 0, f);
}

static int say_mail(struct session *s, struct transaction *t, struct error *f)
{
	const struct session_content *content = &t->mail->content;
	const struct command_needs needs = {
		.size = content->bytes.length,
		.has_8bit = content->has_8bit || content->has_8bit_header,
		.uses_smtputf8 = t->uses_smtputf8,
	};

	buf_reset(&s->state->command);
	command_mail(&s->state->command, t->envelope, &needs, &s->dial->caps);
	return say(s, t, VERB_MAIL, 0, f);
}

static int say_rcpt(struct session *s, struct transaction *t, size_t i,
		    struct error *f)
{
	t->standing[i] = STANDING_ASKED;
	t->asked++;
	envelope_reopen(&t->envelope->recipients[i]);
	buf_reset(&s->state->command);
	command_rcpt(&s->state->command, t->envelope,
		     &t->envelope->recipients[i], &s->dial->caps);
	return say(s, t, VERB_RCPT, i, f);
}

static int await(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	int r = pipeline_await(&st->flight, 0, f);

	st->is_at_rest = false;
	st->flight.timeout = s->command_timeout;
	return r;
}

/* ---- the content ---- */

static void show_content(struct session *s, const struct transaction *t)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%" PRIu64 " octets of message",
			 t->mail->content.bytes.length);

	trace_line(s->dial->conn.trace, '*', text, (size_t)n);
}

/* One behind others moves when it is answered (transaction_answer), as they do:
 * what has left us may lie in a buffer on the way. */
static const struct session_progress *progress_of(const struct session *s,
						  const struct transaction *t)
{
	return s->state->count > 1 ? NULL : t->mail->progress;
}

/* Amid it: no server takes what has no end.  Was it the line that failed? */
static int leave_content(const struct session *s, struct transaction *t)
{
	t->mail->is_unreadable = !s->state->flight.broken;
	return -1;
}

/* If all of it has left us it may have been taken, come what may. */
static int finish_content(struct session *s, struct transaction *t,
			  struct error *f)
{
	const struct owed owed = { .verb = VERB_CONTENT, .mail = t };
	unsigned patience = interrupt_extend(VERDICT_MS);
	int r;

	t->is_sending = false;
	t->has_content = true;
	t->end = pipeline_mark(&s->state->flight);
	transaction_tell_doubt();
	t->owed++;
	pipeline_owe(&s->state->flight, &owed);
	r = pipeline_flush(&s->state->flight, f);
	interrupt_restore(patience);
	return r;
}

static int send_chunk(struct session *s, struct transaction *t, struct error *f)
{
	const struct slice *bytes = &t->mail->content.bytes;

	t->is_chunked = true;
	buf_reset(&s->state->command);
	buf_printf(&s->state->command, "BDAT %" PRIu64 " LAST", bytes->length);
	if (say(s, t, VERB_NONE, 0, f) < 0)
		return -1;
	show_content(s, t);
	t->is_sending = true;
	if (pipeline_put_raw(&s->state->flight, bytes, progress_of(s, t), f) <
	    0)
		return leave_content(s, t);
	return finish_content(s, t, f);
}

static int send_dotted(struct session *s, struct transaction *t,
		       struct error *f)
{
	struct pipeline *fl = &s->state->flight;

	/* A server that answers already does not wait for the content. */
	t->is_sending = true;
	if (pipeline_listen(fl, f) < 0)
		return -1;
	show_content(s, t);
	if (pipeline_put_dotted(fl, &t->mail->content.bytes, progress_of(s, t),
				f) < 0)
		return leave_content(s, t);
	return finish_content(s, t, f);
}

/* Nobody need be waited for: the server took them all when it was asked last,
 * for a large mail of the same sender. */
static bool is_on_chance(const struct session_state *st,
			 const struct transaction *t, uint64_t parties)
{
	uint64_t length = t->mail->content.bytes.length;

	if (st->is_at_rest)
		return false;
	return length <= SESSION_CHANCE_MAX ||
	       (length <= TRUST && parties == st->trusted);
}

static int send_by_bdat(struct session *s, struct transaction *t,
			bool is_pipelined, uint64_t parties, struct error *f)
{
	struct session_state *st = s->state;

	if (!is_pipelined || !is_on_chance(st, t, parties)) {
		if (await(s, f) < 0)
			return -1;
		st->trusted = t->taken == t->asked ? parties : 0;
		if (!t->taken)
			return 0;
	}
	return send_chunk(s, t, f);
}

/* RFC 2920 3.1: DATA went along with the recipients and was accepted, though
 * none of them was. */
static int send_lone_dot(struct session *s, struct transaction *t,
			 struct error *f)
{
	if (session_say_plain(s, t, VERB_CONTENT, ".", f) < 0)
		return -1;
	return await(s, f);
}

static int send_by_data(struct session *s, struct transaction *t,
			bool is_pipelined, struct error *f)
{
	if (!is_pipelined && !t->taken)
		return 0;
	if (session_say_plain(s, t, VERB_DATA, "DATA", f) < 0 ||
	    await(s, f) < 0)
		return -1;
	if (!t->may_send)
		return 0;
	return t->taken ? send_dotted(s, t, f) : send_lone_dot(s, t, f);
}

/* ---- a transaction ---- */

int session_say(struct session *s, struct transaction *t, bool resets,
		struct error *f)
{
	const struct caps *caps = &s->dial->caps;
	bool is_pipelined = caps_has(caps, CAPS_PIPELINING);
	uint64_t parties = transaction_parties(t);

	if (resets && session_say_plain(s, t, VERB_RSET, "RSET", f) < 0)
		return -1;
	if (!is_pipelined && await(s, f) < 0)
		return -1;
	if (say_mail(s, t, f) < 0)
		return -1;
	for (size_t i = 0; i < t->envelope->count; i++) {
		if (!transaction_is_to_ask(t, i))
			continue;
		if (!is_pipelined && await(s, f) < 0)
			return -1;
		if (error_is_set(&t->mail_error))
			return await(s, f);
		if (say_rcpt(s, t, i, f) < 0)
			return -1;
	}
	if (!is_pipelined && await(s, f) < 0)
		return -1;
	if (caps_has(caps, CAPS_CHUNKING))
		return send_by_bdat(s, t, is_pipelined, parties, f);
	return send_by_data(s, t, is_pipelined, f);
}
