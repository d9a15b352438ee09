/* session.c - one transaction, in as few round trips as the server allows.
 *
 *	offered			flights
 *	PIPELINING, CHUNKING	MAIL RCPT* BDAT+content		(small)
 *				MAIL RCPT* | BDAT+content	(large)
 *	PIPELINING		MAIL RCPT* DATA | content+dot
 *	CHUNKING		MAIL | RCPT | ... | BDAT+content
 *	neither			MAIL | RCPT | ... | DATA | content+dot
 *
 * Replies are taken by session_answer, in whatever order waiting and sending
 * are mixed; the code that sends only looks at what it left in the state.
 * Two kinds of error are kept apart: a refusal stands in the state (`mail`,
 * `content`) or in a recipient, and the line goes on; whatever makes a
 * function here return -1 has broken the line. */
#include "smtp/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "smtp/command.h"
#include "smtp/pipeline.h"

/* What may be sent on the chance that a recipient is accepted. */
#define SMALL ((size_t)64 * 1024)
/* Once all of it has gone, the reply tells sent from sent twice: a signal that
 * ends us leaves it so long, less than whoever kills what does not end. */
#define VERDICT_MS 3000

enum standing {
	UNASKED,
	ASKED,
	TAKEN, /* for as long as the content is */
	REFUSED,
	ONE_MORE, /* the server found it one too many */
};

struct session_state {
	struct pipeline flight;
	struct session *session;
	/* of the message that is being sent */
	struct envelope *envelope;
	const struct session_content *content;
	unsigned char *standing; /* one for each recipient */
	bool uses_smtputf8;
	bool needs_reset; /* what failed before was left open */
	/* of the transaction */
	size_t taken;
	bool is_open;	  /* MAIL was accepted */
	bool may_send;	  /* 354 */
	bool is_sending;  /* content, and no reply is due */
	bool is_sent;	  /* all of it */
	bool is_done;	  /* the server took it */
	bool is_confused; /* replies and commands do not match */
	struct error mail, content_error;
	struct error final; /* code and enhanced code of a 2xx */
	char words[512];    /* of the reply that decided */
	struct buf command;
};

/* ---- replies */

static void answer_rcpt(struct session_state *st, size_t i,
			const struct reply *reply)
{
	struct recipient *r = &st->envelope->recipients[i];
	bool has_no_reason = !reply->esc[0] || !strcmp(reply->esc + 1, ".5.3");
	struct error verdict = ERROR_INIT;
	char what[300], words[512];

	reply_words(reply, words, sizeof(words));
	envelope_quote(st->envelope, r, words);
	if (reply->code / 100 == 2) {
		st->standing[i] = TAKEN;
		st->taken++;
		return;
	}
	snprintf(what, sizeof(what), "recipient %s", r->address);
	reply_error(reply, REPLY_RCPT, what, &verdict);
	envelope_judge(st->envelope, r, &verdict);
	st->standing[i] = REFUSED;
	if ((reply->code == 452 || reply->code == 552) && has_no_reason)
		st->standing[i] = ONE_MORE;
}

static void answer_content(struct session_state *st, const struct reply *reply)
{
	/* To a lone dot: there was nobody to take anything for. */
	if (!st->taken)
		return;
	reply_words(reply, st->words, sizeof(st->words));
	reply_words(reply, st->session->final_reply,
		    sizeof(st->session->final_reply));
	if (reply->code / 100 != 2) {
		reply_error(reply, REPLY_CONTENT, "the message",
			    &st->content_error);
		return;
	}
	st->is_done = true;
	st->final.reply = reply->code;
	memcpy(st->final.esc, reply->esc, sizeof(st->final.esc));
}

/* Whichever of the replies was the one too many: was each of them a yes? */
static bool all_said_yes(const struct session_state *st,
			 const struct reply *reply)
{
	if (!st->standing || !st->is_done || reply->code / 100 != 2)
		return false;
	for (size_t i = 0; i < st->envelope->count; i++)
		if (st->standing[i] == REFUSED || st->standing[i] == ONE_MORE)
			return false;
	return true;
}

/* Nobody asked.  Amid the content it is a refusal come early.  Otherwise we no
 * more know what answered what, so that not even a yes is worth anything. */
static int answer_unasked(struct session_state *st, const struct reply *reply,
			  struct error *f)
{
	char words[200];

	if (st->is_sending && reply->code >= 400) {
		reply_words(reply, st->words, sizeof(st->words));
		return reply_error(reply, REPLY_CONTENT, "the message", f);
	}
	if (!all_said_yes(st, reply)) {
		st->is_done = false;
		st->is_confused = true;
	}
	reply_words(reply, words, sizeof(words));
	return error_set(f, ERROR_PROTOCOL,
			 "the server sent an unexpected reply (%s), so it is "
			 "unknown what it accepted",
			 words);
}

static void answer_mail(struct session_state *st, const struct reply *reply)
{
	char what[300];

	st->is_open = reply->code / 100 == 2;
	if (st->is_open)
		return;
	reply_words(reply, st->words, sizeof(st->words));
	snprintf(what, sizeof(what), "sender <%s>", st->envelope->reverse_path);
	reply_error(reply, REPLY_MAIL, what, &st->mail);
}

static void answer_data(struct session_state *st, const struct reply *reply)
{
	st->may_send = reply->code == 354;
	if (st->may_send || !st->taken)
		return;
	reply_words(reply, st->words, sizeof(st->words));
	reply_error(reply, REPLY_DATA, "the message", &st->content_error);
}

static int session_answer(void *context, const struct owed *owed,
			  const struct reply *reply, struct error *f)
{
	struct session_state *st = context;

	/* RFC 5321 3.8: the server may say so at any time, and goes. */
	if (reply->code == 421) {
		reply_words(reply, st->words, sizeof(st->words));
		return reply_error(reply, REPLY_MAIL, "the connection", f);
	}
	switch (owed->verb) {
	case VERB_NONE:
		return answer_unasked(st, reply, f);
	case VERB_RSET:
		if (reply->code / 100 == 2)
			return 0;
		return reply_error(reply, REPLY_MAIL, "RSET", f);
	case VERB_MAIL:
		answer_mail(st, reply);
		return 0;
	case VERB_RCPT:
		if (!error_is_set(&st->mail))
			answer_rcpt(st, owed->index, reply);
		return 0;
	case VERB_DATA:
		answer_data(st, reply);
		return 0;
	case VERB_CONTENT:
		answer_content(st, reply);
		return 0;
	case VERB_QUIT:
		break;
	}
	return 0;
}

/* ---- commands */

static int say_mail(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	const struct command_needs needs = {
		.size = st->content->bytes.length,
		.has_8bit =
			st->content->has_8bit || st->content->has_8bit_header,
		.uses_smtputf8 = st->uses_smtputf8,
	};

	buf_reset(&st->command);
	command_mail(&st->command, st->envelope, &needs, &s->dial->caps);
	return pipeline_say(&st->flight, VERB_MAIL, 0, f, &st->command);
}

static int say_rcpt(struct session *s, size_t i, struct error *f)
{
	struct session_state *st = s->state;

	st->standing[i] = ASKED;
	buf_reset(&st->command);
	command_rcpt(&st->command, st->envelope, &st->envelope->recipients[i],
		     &s->dial->caps);
	return pipeline_say(&st->flight, VERB_RCPT, i, f, &st->command);
}

static int say_plain(struct session *s, enum verb verb, const char *command,
		     struct error *f)
{
	struct session_state *st = s->state;

	buf_reset(&st->command);
	buf_puts(&st->command, command);
	return pipeline_say(&st->flight, verb, 0, f, &st->command);
}

/* ---- the content */

static void show_content(struct session *s)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%" PRIu64 " octets of message",
			 s->state->content->bytes.length);

	trace_line(s->dial->conn.trace, '*', text, (size_t)n);
}

static const struct ending in_doubt = { EX_TEMPFAIL,
					"the mail may have been sent" };

static int finish_content(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	unsigned patience = interrupt_extend(VERDICT_MS);
	int r;

	st->is_sending = false;
	if (ending_now()->status == EX_TEMPFAIL)
		ending_reached(&in_doubt);
	pipeline_owe(&st->flight, VERB_CONTENT);
	r = pipeline_await(&st->flight, 0, f);
	interrupt_restore(patience);
	/* If all of it has left us it may have been taken, come what may. */
	st->is_sent = st->flight.out_len == 0;
	return r;
}

static int send_chunk(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	const struct slice *bytes = &st->content->bytes;

	buf_reset(&st->command);
	buf_printf(&st->command, "BDAT %" PRIu64 " LAST", bytes->length);
	if (pipeline_say(&st->flight, VERB_NONE, 0, f, &st->command) < 0)
		return -1;
	show_content(s);
	st->is_sending = true;
	if (pipeline_put_raw(&st->flight, bytes, s->progress, f) < 0)
		return -1;
	return finish_content(s, f);
}

static int send_dotted(struct session *s, struct error *f)
{
	struct session_state *st = s->state;

	/* A server that answers already does not wait for the content. */
	st->is_sending = true;
	if (pipeline_listen(&st->flight, f) < 0)
		return -1;
	show_content(s);
	if (pipeline_put_dotted(&st->flight, &st->content->bytes, s->progress,
				f) < 0)
		return -1;
	return finish_content(s, f);
}

/* RFC 2920 3.1: DATA went along with the recipients and was accepted, though
 * none of them was. */
static int send_lone_dot(struct session *s, struct error *f)
{
	if (say_plain(s, VERB_CONTENT, ".", f) < 0)
		return -1;
	return pipeline_await(&s->state->flight, 0, f);
}

static int send_by_bdat(struct session *s, bool is_pipelined, struct error *f)
{
	struct session_state *st = s->state;
	bool is_small = st->content->bytes.length <= SMALL;

	if (!is_pipelined || !is_small) {
		if (pipeline_await(&st->flight, 0, f) < 0)
			return -1;
		if (!st->taken)
			return 0;
	}
	return send_chunk(s, f);
}

static int send_by_data(struct session *s, bool is_pipelined, struct error *f)
{
	struct session_state *st = s->state;

	if (!is_pipelined && !st->taken)
		return 0;
	if (say_plain(s, VERB_DATA, "DATA", f) < 0 ||
	    pipeline_await(&st->flight, 0, f) < 0)
		return -1;
	if (!st->may_send)
		return 0;
	return st->taken ? send_dotted(s, f) : send_lone_dot(s, f);
}

/* ---- the transaction */

static bool is_to_ask(const struct session_state *st, size_t i)
{
	return !st->envelope->recipients[i].decided &&
	       (st->standing[i] == UNASKED || st->standing[i] == ONE_MORE);
}

static int transact(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	const struct caps *caps = &s->dial->caps;
	bool is_pipelined = caps_has(caps, CAPS_PIPELINING);

	if (st->needs_reset && say_plain(s, VERB_RSET, "RSET", f) < 0)
		return -1;
	st->needs_reset = false;
	if (!is_pipelined && pipeline_await(&st->flight, 0, f) < 0)
		return -1;
	if (say_mail(s, f) < 0)
		return -1;
	for (size_t i = 0; i < st->envelope->count; i++) {
		if (!is_to_ask(st, i))
			continue;
		if (!is_pipelined && pipeline_await(&st->flight, 0, f) < 0)
			return -1;
		if (error_is_set(&st->mail))
			return pipeline_await(&st->flight, 0, f);
		envelope_reopen(&st->envelope->recipients[i]);
		if (say_rcpt(s, i, f) < 0)
			return -1;
	}
	if (!is_pipelined && pipeline_await(&st->flight, 0, f) < 0)
		return -1;
	if (caps_has(caps, CAPS_CHUNKING))
		return send_by_bdat(s, is_pipelined, f);
	return send_by_data(s, is_pipelined, f);
}

static void begin(struct session_state *st)
{
	st->taken = 0;
	st->is_open = st->may_send = false;
	st->is_sending = st->is_sent = false;
	st->is_done = st->is_confused = false;
	error_clear(&st->mail);
	error_clear(&st->content_error);
	st->words[0] = st->session->final_reply[0] = '\0';
}

/* A line that failed: what is known of the content decides. */
static void explain_loss(struct session_state *st, const struct error *lost,
			 struct error *verdict)
{
	if (!st->is_sent || lost->reply) {
		*verdict = *lost;
		return;
	}
	st->session->in_doubt = true;
	error_set(
		verdict,
		lost->cause == ERROR_INTERRUPTED ? ERROR_TEMPORARY
						 : lost->cause,
		"%s; the message had been sent whole and may have been taken, "
		"so that it may arrive twice when it is sent again",
		lost->text);
}

static void decide(struct envelope *e, struct recipient *r,
		   const struct error *verdict, const char *words)
{
	envelope_judge(e, r, verdict);
	envelope_quote(e, r, words);
	r->decided = true;
}

/* Of the whole, before anything else can fail. */
static void tell_ending(const struct session_state *st)
{
	static const struct ending all = { 0, "the server has the mail" };
	static const struct ending some = { EXIT_SOME_REFUSED,
					    "the server has the mail for some "
					    "of the recipients" };
	static const struct ending untaken = {
		EX_TEMPFAIL, "the server did not take the mail"
	};
	const struct envelope *e = st->envelope;
	bool is_all = true;

	if (st->is_done && error_is_set(&st->final) &&
	    ending_now() == &in_doubt)
		ending_reached(&untaken);
	if (!st->is_done || error_is_set(&st->final))
		return;
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided)
			is_all &=
				!small_error_is_set(&e->recipients[i].verdict);
		else
			is_all &= st->standing[i] != REFUSED &&
				  st->standing[i] != ONE_MORE;
	ending_reached(is_all ? &all : &some);
}

/* Now each of those that were asked gets its verdict; only those who were one
 * too many may be left, when it is of use to ask again. */
static void settle(struct session *s, const struct error *lost)
{
	struct session_state *st = s->state;
	struct error verdict = ERROR_INIT;

	tell_ending(st);
	if (st->is_done)
		verdict = st->final;
	else if (st->is_confused)
		verdict = *lost;
	else if (error_is_set(&st->mail))
		verdict = st->mail;
	else if (error_is_set(&st->content_error))
		verdict = st->content_error;
	else if (error_is_set(lost))
		explain_loss(st, lost, &verdict);
	else
		error_set(&verdict, ERROR_SOFTWARE,
			  "a transaction ended without a verdict");
	for (size_t i = 0; i < st->envelope->count; i++) {
		struct recipient *r = &st->envelope->recipients[i];

		if (r->decided)
			continue;
		if (st->is_confused)
			decide(st->envelope, r, &verdict, st->words);
		else if (st->standing[i] == REFUSED)
			r->decided = true;
		else if (st->standing[i] != ONE_MORE)
			decide(st->envelope, r, &verdict, st->words);
		else if (!st->is_done || s->broken)
			r->decided = true;
	}
}

static bool has_one_more(const struct session_state *st)
{
	for (size_t i = 0; i < st->envelope->count; i++)
		if (!st->envelope->recipients[i].decided)
			return true;
	return false;
}

/* Until every recipient has its verdict.  Each further transaction follows
 * one that the server took for somebody, so this ends. */
static void send_all(struct session *s)
{
	struct session_state *st = s->state;

	do {
		struct error lost = ERROR_INIT;

		begin(st);
		if (transact(s, &lost) < 0)
			st->flight.broken = true;
		s->broken = st->flight.broken;
		settle(s, &lost);
		st->needs_reset = st->is_open && !st->is_done;
	} while (has_one_more(st));
}

static int refuse_all(struct envelope *e, struct error *f)
{
	for (size_t i = 0; i < e->count; i++)
		if (!e->recipients[i].decided)
			decide(e, &e->recipients[i], f, "");
	return -1;
}

void session_init(struct session *s, struct dial *d)
{
	*s = (struct session){ .dial = d };
	s->state = memory_alloc(sizeof(*s->state));
	*s->state = (struct session_state){ .session = s };
	buf_init(&s->state->command, COMMAND_MAX);
	pipeline_init(&s->state->flight, &d->conn, session_answer, s->state);
}

void session_free(struct session *s)
{
	if (!s->state)
		return;
	pipeline_free(&s->state->flight);
	buf_free(&s->state->command);
	free(s->state);
	s->state = NULL;
}

int session_send(struct session *s, struct envelope *e,
		 const struct session_content *content, struct error *f)
{
	struct session_state *st = s->state;

	st->envelope = e;
	st->content = content;
	st->flight.timeout = s->command_timeout;
	s->in_doubt = false;
	if (command_check_message(&s->dial->caps, e, content, f) < 0 ||
	    command_check_recipients(&s->dial->caps, e, f) < 0)
		return refuse_all(e, f);
	st->uses_smtputf8 = command_needs_smtputf8(e, content) ||
			    (content->prefers_smtputf8 &&
			     caps_has(&s->dial->caps, CAPS_SMTPUTF8));
	if (has_one_more(st)) {
		st->standing = memory_alloc(e->count);
		memset(st->standing, UNASKED, e->count);
		send_all(s);
		free(st->standing);
		st->standing = NULL;
	}
	s->round_trips = st->flight.round_trips;
	return envelope_sum_up(e, f);
}

void session_quit(struct session *s)
{
	struct error ignored = ERROR_INIT;

	if (s->broken)
		return;
	s->broken = true;
	if (say_plain(s, VERB_QUIT, "QUIT", &ignored) < 0)
		return;
	s->state->flight.timeout = 1;
	pipeline_flush(&s->state->flight, &ignored);
}
