/* session.c - what is said, in as few round trips as the server allows.
 *
 *	offered			a mail				the next one
 *	PIPELINING, CHUNKING	MAIL RCPT* BDAT+content	(small)	RSET MAIL ...
 *				MAIL RCPT* | BDAT+content (large) RSET MAIL ...
 *	PIPELINING		MAIL RCPT* DATA | content+dot	MAIL ...
 *	CHUNKING		MAIL | RCPT | ... | BDAT+content	| MAIL
 *... neither			MAIL | RCPT | ... | DATA | content+dot	| MAIL
 *...
 *
 * "|" is where replies are waited for: the next mail follows without one where
 * there is PIPELINING.  The content of a mail may be the first thing of a group
 * and DATA only its last (RFC 2920 3.1), so without CHUNKING there is one round
 * trip a mail.  What a BDAT that failed leaves is not defined and RSET has to
 * come next (RFC 3030 2): it goes along before it is known whether it is
 * needed.
 *
 * A large content waits until it is known that somebody is there to take it;
 * not where the server has just taken these very recipients from this sender.
 *
 * Replies are taken by session_answer, in whatever order waiting and sending
 * are mixed; the code that sends only looks at what it left in the
 * transaction.  Two kinds of error are kept apart: a refusal stands in the
 * transaction, and the line goes on; whatever makes a function here return -1
 * has broken the line, and is the loss of all that are on their way.
 *
 * How a server that lies is found out, where several mails are on their way.
 * Each content has a RSET behind it, also the last.  With a reply too many, the
 * one to the content arrives as that to RSET, which cannot be a no.  With one
 * too few the last never comes: then QUIT is said, and its 221 comes in place
 * of another.  Either way the window is worth nothing, unless every single
 * reply in it was a yes.
 */
#include "smtp/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/sysenv.h"
#include "smtp/command.h"
#include "smtp/transaction.h"

/* What may be sent on the chance that a recipient is accepted; and on the
 * chance that all are again, who just were. */
#define SMALL ((uint64_t)64 * 1024)
#define TRUST (UINT64_C(16) * 1024 * 1024)
/* Once all of it has gone, the reply tells sent from sent twice: a signal that
 * ends us leaves it so long, less than whoever kills what does not end. */
#define VERDICT_MS 3000
/* Of silence, where several are on their way: is there still a reply to come?
 */
#define PROBE_SECONDS 30

struct session_state {
	struct pipeline flight;
	struct session *session;
	struct buf command;
	struct loss loss;
	bool needs_reset; /* what failed before was left open */
	uint64_t
		trusted; /* transaction_parties of a large mail, all taken; 0 */
	/* the window */
	struct transaction *first, *last; /* begun, in order */
	unsigned count, limit;
	uint64_t octets;
	uint64_t began; /* sysenv_ticks() */
};

static void lose(struct session *s, const struct error *why)
{
	struct session_state *st = s->state;

	s->broken = st->flight.broken = true;
	if (!error_is_set(&st->loss.error))
		st->loss.error = *why;
}

/* ---- replies ---- */

/* We no more know what answered what, so that not even a yes is worth
 * anything. */
static int confused(struct session_state *st, const char *what,
		    const struct reply *reply, struct error *f)
{
	char words[200];

	st->loss.is_confused = true;
	reply_words(reply, words, sizeof(words));
	return error_set(f, ERROR_PROTOCOL,
			 "the server sent an unexpected reply%s (%s), so it is "
			 "unknown what it accepted",
			 what, words);
}

/* Whichever of the replies was the one too many: was each of them a yes? */
static bool all_said_yes(const struct session_state *st,
			 const struct reply *reply)
{
	const struct transaction *t = st->first;

	if (!t || reply->code / 100 != 2)
		return false;
	while (t && transaction_said_yes(t))
		t = t->next;
	return !t;
}

/* Nobody asked.  Amid the content it is a refusal come early. */
static int answer_unasked(struct session_state *st, const struct reply *reply,
			  struct error *f)
{
	struct transaction *t = st->last;
	int r;

	if (t && t->is_sending && reply->code >= 400) {
		reply_words(reply, t->words, sizeof(t->words));
		return reply_error(reply, REPLY_CONTENT, "the message", f);
	}
	r = confused(st, "", reply, f);
	st->loss.is_confused = !all_said_yes(st, reply);
	return r;
}

static int answer_reset(struct session_state *st, const struct transaction *t,
			const struct reply *reply, struct error *f)
{
	if (reply->code / 100 == 2)
		return 0;
	if (t != st->first)
		return confused(st, " to RSET", reply, f);
	return reply_error(reply, REPLY_MAIL, "RSET", f);
}

static int session_answer(void *context, const struct owed *owed,
			  const struct reply *reply, struct error *f)
{
	struct session_state *st = context;
	struct transaction *t = owed->mail;

	/* RFC 5321 3.8: the server may say so at any time, and goes. */
	if (reply->code == 421) {
		if (t)
			reply_words(reply, t->words, sizeof(t->words));
		return reply_error(reply, REPLY_MAIL, "the connection", f);
	}
	if (owed->verb == VERB_NONE)
		return answer_unasked(st, reply, f);
	if (owed->verb == VERB_QUIT)
		return 0;
	t->owed--;
	/* of one alone it is a refusal in odd words */
	if (st->count > 1 &&
	    ((reply->code / 100 == 3 && owed->verb != VERB_DATA) ||
	     reply->code == 221))
		return confused(st, "", reply, f);
	if (owed->verb == VERB_RSET)
		return answer_reset(st, t, reply, f);
	transaction_answer(t, owed, reply);
	return 0;
}

/* ---- commands ---- */

static int say(struct session *s, struct transaction *t, enum verb verb,
	       size_t index, struct error *f)
{
	const struct owed owed = { verb, index, t };

	if (verb != VERB_NONE && t)
		t->owed++;
	return pipeline_say(&s->state->flight, &owed, &s->state->command, f);
}

static int say_plain(struct session *s, struct transaction *t, enum verb verb,
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
	return pipeline_await(&s->state->flight, 0, f);
}

/* ---- the content ---- */

static void show_content(struct session *s, const struct transaction *t)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "%" PRIu64 " octets of message",
			 t->mail->content.bytes.length);

	trace_line(s->dial->conn.trace, '*', text, (size_t)n);
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
	if (pipeline_put_raw(&s->state->flight, bytes, t->mail->progress, f) <
	    0)
		return -1;
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
	if (pipeline_put_dotted(fl, &t->mail->content.bytes, t->mail->progress,
				f) < 0)
		return -1;
	return finish_content(s, t, f);
}

/* Nobody need be waited for: the server took them all when it was asked last,
 * for a large mail of the same sender. */
static bool is_on_chance(const struct session_state *st,
			 const struct transaction *t, uint64_t parties)
{
	uint64_t length = t->mail->content.bytes.length;

	return length <= SMALL || (length <= TRUST && parties == st->trusted);
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
	if (say_plain(s, t, VERB_CONTENT, ".", f) < 0)
		return -1;
	return await(s, f);
}

static int send_by_data(struct session *s, struct transaction *t,
			bool is_pipelined, struct error *f)
{
	if (!is_pipelined && !t->taken)
		return 0;
	if (say_plain(s, t, VERB_DATA, "DATA", f) < 0 || await(s, f) < 0)
		return -1;
	if (!t->may_send)
		return 0;
	return t->taken ? send_dotted(s, t, f) : send_lone_dot(s, t, f);
}

/* ---- a transaction ---- */

/* May the one before it have left something open? */
static bool needs_reset(const struct session_state *st,
			const struct transaction *before)
{
	if (!before)
		return st->needs_reset;
	if (transaction_is_whole(before))
		return before->is_open && !before->is_done;
	return before->is_chunked;
}

static int transact(struct session *s, struct transaction *t, bool resets,
		    struct error *f)
{
	const struct caps *caps = &s->dial->caps;
	bool is_pipelined = caps_has(caps, CAPS_PIPELINING);
	uint64_t parties = transaction_parties(t);

	if (resets && say_plain(s, t, VERB_RSET, "RSET", f) < 0)
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

/* It broke off amid our own words (a signal, or the message could not be read):
 * those before it shall not be in doubt for that. */
static void hear_others(struct session *s, const struct transaction *t,
			const struct error *why)
{
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;
	unsigned patience;

	if (st->count < 2 ||
	    (st->flight.broken && why->cause != ERROR_INTERRUPTED))
		return;
	patience = interrupt_extend(VERDICT_MS);
	pipeline_hear_out(&st->flight, t->owed, &f);
	interrupt_restore(patience);
}

static void attempt(struct session *s, struct transaction *t, bool resets)
{
	struct error f = ERROR_INIT;

	transaction_begin(t);
	s->state->flight.timeout = s->command_timeout;
	if (transact(s, t, resets, &f) == 0) {
		t->is_said = true;
		return;
	}
	hear_others(s, t, &f);
	lose(s, &f);
}

/* Several mails are answered only when all of it adds up. */
static int await_all(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	unsigned patience = PROBE_SECONDS;
	int r;

	if (s->command_timeout && s->command_timeout < 2 * PROBE_SECONDS)
		patience = (s->command_timeout + 1) / 2;
	if (!transaction_is_whole(st->last) &&
	    say_plain(s, st->last, VERB_RSET, "RSET", f) < 0)
		return -1;
	r = pipeline_await_briefly(&st->flight, patience, f);
	if (r)
		return r < 0 ? -1 : 0;
	if (say_plain(s, NULL, VERB_QUIT, "QUIT", f) < 0 || await(s, f) < 0)
		return -1;
	s->broken = true;
	return 0;
}

/* By what the server took for this one, the way there and back apart. */
static void fit_window(struct session *s, uint64_t milliseconds)
{
	struct session_state *st = s->state;
	uint64_t way = s->dial->conn.connected_after;
	uint64_t work = milliseconds > way ? milliseconds - way : 0;

	if (work > SESSION_COLLECT_MS)
		st->limit = (unsigned)(st->count * SESSION_COLLECT_MS / work);
	else if (work < SESSION_COLLECT_MS / 2)
		st->limit = 2 * st->limit;
	if (st->limit < 1)
		st->limit = 1;
	if (st->limit > SESSION_MAILS_MAX)
		st->limit = SESSION_MAILS_MAX;
}

static void listen_out(struct session *s)
{
	unsigned patience = interrupt_extend(VERDICT_MS);
	uint64_t began = sysenv_ticks();
	struct error f = ERROR_INIT;

	if (!s->broken &&
	    (s->state->count > 1 ? await_all(s, &f) : await(s, &f)) < 0)
		lose(s, &f);
	interrupt_restore(patience);
	fit_window(s, sysenv_ticks() - began);
	s->round_trips = s->state->flight.round_trips;
}

/* Did it break with the line? */
static bool settle(struct session *s, struct transaction *t)
{
	struct session_state *st = s->state;
	bool is_lost = transaction_settle(t, &st->loss,
					  t->has_content &&
						  pipeline_has_sent(&st->flight,
								    t->end));

	s->taken += !is_lost;
	st->needs_reset = t->is_open && !t->is_done;
	return is_lost;
}

/* ---- the window ---- */

static void join(struct session_state *st, struct transaction *t)
{
	if (st->last)
		st->last->next = t;
	else
		st->first = t;
	st->last = t;
	st->count++;
	st->octets += t->mail->content.bytes.length;
}

static void clear(struct session_state *st)
{
	st->first = st->last = NULL;
	st->count = 0;
	st->octets = 0;
}

/* In their order: the first that was left without a reply is the one of which
 * the line broke. */
static void settle_all(struct session *s)
{
	const struct loss *loss = &s->state->loss;
	bool is_behind = false;

	for (struct transaction *t = s->state->first; t; t = t->next) {
		bool is_lost = settle(s, t);

		t->mail->may_go_again = is_lost && !loss->is_confused &&
					!t->mail->in_doubt &&
					(is_behind || s->taken);
		is_behind |= is_lost;
	}
}

/* Until every recipient has its verdict.  Each further transaction follows
 * one that the server took for somebody, so this ends. */
static void send_rest(struct session *s, struct transaction *t)
{
	struct session_state *st = s->state;

	while (transaction_has_more(t->envelope) && !s->broken) {
		join(st, t);
		attempt(s, t, st->needs_reset);
		listen_out(s);
		settle(s, t);
		clear(st);
	}
	if (transaction_has_more(t->envelope))
		transaction_give_up(t);
}

/* ---- for others ---- */

void session_init(struct session *s, struct dial *d)
{
	*s = (struct session){ .dial = d };
	s->state = memory_alloc(sizeof(*s->state));
	*s->state = (struct session_state){ .session = s,
					    .limit = SESSION_MAILS_FIRST };
	buf_init(&s->state->command, COMMAND_MAX);
	pipeline_init(&s->state->flight, &d->conn, session_answer, s->state);
}

void session_free(struct session *s)
{
	struct transaction *next;

	if (!s->state)
		return;
	for (struct transaction *t = s->state->first; t; t = next) {
		next = t->next;
		transaction_drop(t);
	}
	pipeline_free(&s->state->flight);
	buf_free(&s->state->command);
	free(s->state);
	s->state = NULL;
}

bool session_has_room(const struct session *s)
{
	const struct session_state *st = s->state;

	if (s->broken || !st->first)
		return !s->broken;
	return caps_has(&s->dial->caps, CAPS_PIPELINING) &&
	       st->count < st->limit && st->octets < SESSION_OCTETS_MAX &&
	       sysenv_ticks() - st->began < SESSION_WINDOW_MS;
}

void session_begin(struct session *s, struct session_mail *m)
{
	const struct caps *caps = &s->dial->caps;
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;
	struct transaction *t;
	bool resets;

	m->in_doubt = m->may_go_again = false;
	m->reply[0] = '\0';
	if (command_check_message(caps, m->envelope, &m->content, &f) < 0 ||
	    command_check_recipients(caps, m->envelope, &f) < 0) {
		transaction_refuse(m->envelope, &f);
		return;
	}
	if (!transaction_has_more(m->envelope))
		return;
	t = transaction_new(m);
	t->uses_smtputf8 =
		command_needs_smtputf8(m->envelope, &m->content) ||
		(m->content.prefers_smtputf8 && caps_has(caps, CAPS_SMTPUTF8));
	if (!st->first)
		st->began = sysenv_ticks();
	resets = needs_reset(st, st->last);
	join(st, t);
	attempt(s, t, resets);
}

void session_collect(struct session *s)
{
	struct transaction *t, *next;

	listen_out(s);
	settle_all(s);
	t = s->state->first;
	clear(s->state);
	for (; t; t = next) {
		next = t->next;
		t->next = NULL;
		send_rest(s, t);
		transaction_drop(t);
	}
}

int session_send(struct session *s, struct session_mail *m, struct error *f)
{
	session_begin(s, m);
	session_collect(s);
	return envelope_sum_up(m->envelope, f);
}

void session_quit(struct session *s)
{
	struct error ignored = ERROR_INIT;

	if (s->broken)
		return;
	s->broken = true;
	if (say_plain(s, NULL, VERB_QUIT, "QUIT", &ignored) < 0)
		return;
	s->state->flight.timeout = 1;
	pipeline_flush(&s->state->flight, &ignored);
}
