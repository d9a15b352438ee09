/* session.c - a window of mails, and their replies.
 *
 * on_reply handles all replies, in whatever order waiting and sending are
 * mixed; the code that sends only reads the state of the transaction.  There
 * are two kinds of error.  A refusal is kept in the transaction, and the
 * connection goes on.  Whatever makes a function here return -1 has broken the
 * connection, and with it all mails of the window.
 *
 * How a server whose replies do not match the commands is detected, when
 * several mails were sent: each content is followed by RSET, also the last one.
 * With one reply too many, the reply to the content arrives as the one to RSET,
 * which cannot be negative.  With one too few the last reply never comes: then
 * QUIT is sent, and its 221 comes in place of another reply.  Either way the
 * verdicts of the window are void, unless every single reply in it was
 * positive.  If the 221 comes before any reply to a whole mail, that mail and
 * those behind it never reached the server.
 *
 * One case needs more.  When a mail was accepted for some recipients and
 * refused for others, replies that are shifted by one still look plausible.
 * After such a mail QUIT is sent, too.  A surplus reply that comes even later
 * is found before the next mail: no mail is affected, and a warning is
 * logged. */
#include "smtp/session_inside.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"

/* Without a reply for this long, when several mails were sent, QUIT asks
 * whether one is still to come. */
#define PROBE_SECONDS 30

/* A connection that was idle may be dead without our knowing. */
#define IDLE_MS	     1000
#define IDLE_SECONDS 10

static void mark_lost(struct session *s, const struct error *why)
{
	struct session_state *st = s->state;

	s->broken = st->pipeline.broken = true;
	if (error_is_set(&st->loss.error))
		return;
	st->loss.error = error_is_set(&st->closing) && !st->loss.is_out_of_sync
				 ? st->closing
				 : *why;
}

/* ---- replies ---- */

/* It is no longer known which reply answers which command, so not even a
 * positive one can be trusted. */
static int out_of_sync(struct session_state *st, const char *what,
		       const struct reply *reply, struct error *f)
{
	char words[200];

	st->loss.is_out_of_sync = true;
	reply_words(reply, words, sizeof(words));
	return error_set(f, ERROR_PROTOCOL,
			 "the server sent an unexpected reply%s (%s), so it is "
			 "unknown what it accepted",
			 what, words);
}

/* Whichever reply was the surplus one: was each of them positive? */
static bool all_accepted(const struct session_state *st,
			 const struct reply *reply)
{
	const struct transaction *t = st->first;

	if (!t || reply->code / 100 != 2)
		return false;
	while (t && transaction_all_accepted(t))
		t = t->next;
	return !t;
}

/* A reply after all that were expected.  The verdicts before it were already
 * reported. */
static int on_late_reply(struct session *s, const struct reply *reply,
			 struct error *f)
{
	char words[200];

	reply_words(reply, words, sizeof(words));
	log_warning("%s sent a reply too many (%s): its answers to the last "
		    "mails may be wrong",
		    s->dial->conn.place, words);
	return error_set(f, ERROR_TEMPORARY,
			 "the server sent an unexpected reply (%s) before the "
			 "mail",
			 words);
}

/* Of content that has no recipient.  The first reply is the server's to BDAT,
 * which is early; one that does not discard the octets then reads them as
 * commands, and refuses each. */
static int on_discarded_reply(struct transaction *t, const struct reply *reply,
			      struct error *f)
{
	if (t->is_sending && !t->has_early_reply) {
		t->has_early_reply = true;
		return 0;
	}
	return reply_error(reply, REPLY_CONTENT, "the message", f);
}

/* A reply to no command.  During the content it is an early refusal. */
static int on_unasked_reply(struct session_state *st, const struct reply *reply,
			    struct error *f)
{
	struct transaction *t = st->last;
	int r;

	if (!t && st->session->answered)
		return on_late_reply(st->session, reply, f);
	if (t && reply->code >= 400 && transaction_is_refused(t) &&
	    (t->is_sending || st->count == 1))
		return on_discarded_reply(t, reply, f);
	if (t && t->is_sending && reply->code >= 400) {
		reply_words(reply, t->words, sizeof(t->words));
		return reply_error(reply, REPLY_CONTENT, "the message", f);
	}
	r = out_of_sync(st, "", reply, f);
	st->loss.is_out_of_sync = !all_accepted(st, reply);
	return r;
}

static int on_reset_reply(struct session_state *st, const struct transaction *t,
			  const struct reply *reply, struct error *f)
{
	if (reply->code / 100 == 2)
		return 0;
	if (t != st->first)
		return out_of_sync(st, " to RSET", reply, f);
	return reply_error(reply, REPLY_MAIL, "RSET", f);
}

/* 421 (RFC 5321 3.8): the server may send it at any time, and closes.  One that
 * does not close may still accept mails that were sent: then each has its own
 * reply. */
static int on_closing_reply(struct session_state *st,
			    const struct pending *pending,
			    const struct reply *reply, struct error *f)
{
	struct transaction *t = pending->mail;

	if (t)
		reply_words(reply, t->words, sizeof(t->words));
	if (!t || st->count < 2)
		return reply_error(reply, REPLY_MAIL, "the connection", f);
	reply_error(reply, REPLY_MAIL, "the connection", &st->closing);
	t->pending--;
	t->replies++;
	t->has_421 = true;
	transaction_on_reply(t, pending, reply);
	return 0;
}

/* Everything before this mail was answered, and nothing of it: the next command
 * that the server saw is QUIT. */
static int dropped_pipelined(struct error *f)
{
	error_set(f, ERROR_TEMPORARY,
		  "the server dropped the mails that were sent ahead of its "
		  "replies, although it offers PIPELINING");
	f->reply = 221;
	return -1;
}

static int on_reply(void *context, const struct pending *pending,
		    const struct reply *reply, struct error *f)
{
	struct session_state *st = context;
	struct transaction *t = pending->mail;

	if (reply->code == 421)
		return on_closing_reply(st, pending, reply, f);
	if (pending->verb == VERB_NONE)
		return on_unasked_reply(st, reply, f);
	if (pending->verb == VERB_QUIT)
		return reply->code / 100 != 2 || reply->code == 221
			       ? 0
			       : out_of_sync(st, " to QUIT", reply, f);
	if (reply->code == 221 && pending->verb == VERB_RSET && !t->replies)
		return dropped_pipelined(f);
	t->pending--;
	t->replies++;
	/* with one mail alone it is a refusal with an odd code */
	if (st->count > 1 &&
	    ((reply->code / 100 == 3 && pending->verb != VERB_DATA) ||
	     reply->code == 221))
		return out_of_sync(st, "", reply, f);
	if (pending->verb == VERB_RSET)
		return on_reset_reply(st, t, reply, f);
	transaction_on_reply(t, pending, reply);
	return 0;
}

/* ---- a transaction ---- */

/* May the transaction before it still be open? */
static bool needs_reset(const struct session_state *st,
			const struct transaction *before)
{
	if (!before)
		return st->needs_reset;
	if (transaction_is_complete(before))
		return before->is_open && !before->is_done;
	return before->is_chunked;
}

/* Our own sending was cut short (a signal, or the message could not be read):
 * waits for the replies to the mails before it, so that they are not in
 * doubt. */
static void drain_others(struct session *s, const struct transaction *t,
			 const struct error *why)
{
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;
	unsigned patience;

	if (st->count < 2 ||
	    (st->pipeline.broken && why->cause != ERROR_INTERRUPTED))
		return;
	patience = interrupt_extend(VERDICT_MS);
	pipeline_drain(&st->pipeline, t->pending, &f);
	interrupt_restore(patience);
}

static void attempt(struct session *s, struct transaction *t, bool resets)
{
	struct error f = ERROR_INIT;

	transaction_begin(t);
	s->state->pipeline.timeout = s->command_timeout;
	if (s->state->was_idle &&
	    (!s->command_timeout || s->command_timeout > IDLE_SECONDS))
		s->state->pipeline.timeout = IDLE_SECONDS;
	if (session_put_mail(s, t, resets, &f) == 0) {
		t->is_written = true;
		return;
	}
	drain_others(s, t, &f);
	mark_lost(s, &f);
}

/* If replies and commands match, the reply is 221 and nothing else. */
static int quit_and_wait(struct session *s, struct error *f)
{
	if (session_put_command(s, NULL, VERB_QUIT, "QUIT", f) < 0 ||
	    pipeline_await(&s->state->pipeline, 0, f) < 0)
		return -1;
	s->broken = true;
	return 0;
}

/* False if a mail has recipients left for another transaction over this
 * connection. */
static bool is_any_mixed(const struct session_state *st)
{
	bool is_any = false;

	for (const struct transaction *t = st->first; t; t = t->next) {
		if (transaction_has_rest(t))
			return false;
		is_any |= transaction_is_mixed(t);
	}
	return is_any;
}

/* The verdicts of several mails count only if all replies match. */
static int await_all(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	unsigned patience = PROBE_SECONDS;
	int r;

	if (s->command_timeout && s->command_timeout < 2 * PROBE_SECONDS)
		patience = (s->command_timeout + 1) / 2;
	if (!transaction_is_complete(st->last) &&
	    session_put_command(s, st->last, VERB_RSET, "RSET", f) < 0)
		return -1;
	r = pipeline_await_briefly(&st->pipeline, patience, f);
	if (r < 0 || (r > 0 && !is_any_mixed(st)))
		return r < 0 ? -1 : 0;
	if (error_is_set(&st->closing))
		return r > 0 ? 0 : error_copy(f, &st->closing);
	return quit_and_wait(s, f);
}

/* The size of the next window, by the time that the server needed for this one,
 * without the round trip. */
static void resize_window(struct session *s, uint64_t milliseconds)
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

static void await_replies(struct session *s)
{
	unsigned patience = interrupt_extend(VERDICT_MS);
	uint64_t began = sysenv_ticks();
	struct error f = ERROR_INIT;

	if (!s->broken &&
	    (s->state->count > 1
		     ? await_all(s, &f)
		     : pipeline_await(&s->state->pipeline, 0, &f)) < 0)
		mark_lost(s, &f);
	interrupt_restore(patience);
	s->broken |= error_is_set(&s->state->closing);
	resize_window(s, sysenv_ticks() - began);
	s->round_trips = s->state->pipeline.round_trips;
	s->state->idle_since = sysenv_ticks();
}

/* Did the broken connection decide it? */
static bool decide(struct session *s, struct transaction *t)
{
	struct session_state *st = s->state;
	bool is_lost = transaction_decide(
		t, &st->loss,
		t->has_content && pipeline_has_sent(&st->pipeline, t->end));

	s->answered += !is_lost;
	st->needs_reset = t->is_open && !t->is_done;
	return is_lost;
}

/* ---- the window ---- */

static void window_add(struct session_state *st, struct transaction *t)
{
	const struct slice *bytes = &t->mail->content.bytes;

	if (st->last)
		st->last->next = t;
	else
		st->first = t;
	st->last = t;
	st->count++;
	st->octets += bytes->length;
	if (bytes->memory)
		st->in_memory += bytes->length;
}

static void window_clear(struct session_state *st)
{
	st->first = st->last = NULL;
	st->count = 0;
	st->octets = st->in_memory = 0;
}

/* In order: the first mail without a reply is the one that broke the
 * connection. */
static void decide_all(struct session *s)
{
	const struct loss *loss = &s->state->loss;
	bool is_behind = false;

	for (struct transaction *t = s->state->first; t; t = t->next) {
		bool is_lost = decide(s, t);

		t->mail->may_go_again = is_lost && !loss->is_out_of_sync &&
					!t->mail->in_doubt &&
					!t->mail->is_unreadable &&
					(is_behind || s->answered);
		is_behind |= is_lost;
	}
}

/* Until every recipient has its verdict.  Each further transaction follows one
 * that the server accepted for somebody, so this ends. */
static void send_rest(struct session *s, struct transaction *t)
{
	struct session_state *st = s->state;

	while (transaction_has_more(t->envelope) && !s->broken) {
		window_add(st, t);
		attempt(s, t, st->needs_reset);
		await_replies(s);
		decide(s, t);
		window_clear(st);
	}
	if (transaction_has_more(t->envelope))
		transaction_give_up(t);
}

/* ---- the interface ---- */

void session_init(struct session *s, struct dial *d)
{
	*s = (struct session){ .dial = d };
	s->state = memory_alloc(sizeof(*s->state));
	*s->state = (struct session_state){ .session = s,
					    .limit = SESSION_MAILS_FIRST };
	buf_init(&s->state->command, COMMAND_MAX);
	pipeline_init(&s->state->pipeline, &d->conn, on_reply, s->state);
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
	pipeline_free(&s->state->pipeline);
	buf_free(&s->state->command);
	free(s->state);
	s->state = NULL;
}

/* Before the first mail of a window: is the connection still open, and has the
 * server sent nothing?  Does not wait. */
static bool is_alive(struct session *s)
{
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;

	if (!s->broken && !st->first && pipeline_receive(&st->pipeline, &f) < 0)
		mark_lost(s, &f);
	return !s->broken;
}

bool session_has_room(const struct session *s)
{
	const struct session_state *st = s->state;

	if (s->broken || !st->first)
		return !s->broken;
	return !error_is_set(&st->closing) &&
	       caps_has(&s->dial->caps, CAPS_PIPELINING) &&
	       st->count < st->limit && st->octets < SESSION_OCTETS_MAX &&
	       st->in_memory < SESSION_MEMORY_MAX &&
	       sysenv_ticks() - st->began < SESSION_WINDOW_MS;
}

void session_begin(struct session *s, struct session_mail *m)
{
	const struct caps *caps = &s->dial->caps;
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;
	struct transaction *t;
	bool resets;

	m->in_doubt = m->may_go_again = m->is_unreadable = false;
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
	if (!st->first) {
		is_alive(s);
		st->began = sysenv_ticks();
		st->was_idle =
			st->idle_since && st->began - st->idle_since >= IDLE_MS;
	}
	resets = needs_reset(st, st->last);
	window_add(st, t);
	attempt(s, t, resets);
}

void session_collect(struct session *s)
{
	struct transaction *t, *next;

	await_replies(s);
	decide_all(s);
	t = s->state->first;
	window_clear(s->state);
	for (; t; t = next) {
		next = t->next;
		t->next = NULL;
		send_rest(s, t);
		transaction_drop(t);
	}
}

void session_quit(struct session *s)
{
	struct error ignored = ERROR_INIT;

	if (!is_alive(s))
		return;
	s->broken = true;
	if (session_put_command(s, NULL, VERB_QUIT, "QUIT", &ignored) < 0)
		return;
	s->state->pipeline.timeout = 1;
	pipeline_flush(&s->state->pipeline, &ignored);
}
