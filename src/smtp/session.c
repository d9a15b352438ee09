/* session.c - a window of mails, and their replies.
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
 * reply in it was a yes.  Where the 221 comes before any reply to a whole mail,
 * that one and those behind it never reached the server.
 *
 * One case needs more: where a mail was taken for some of its recipients and
 * refused for others, replies that are one too late are replies as they could
 * have been.  Behind such a mail QUIT is said, too.  A reply too many that
 * comes later still is found before the next mail: then no mail is worse for
 * it, and whoever reads our messages is told. */
#include "smtp/session_inside.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"

/* Of silence, where several are on their way: is there still a reply to come?
 */
#define PROBE_SECONDS 30

/* A line at rest may be dead, and nobody has told us. */
#define REST_MS	     1000
#define REST_SECONDS 10

static void lose(struct session *s, const struct error *why)
{
	struct session_state *st = s->state;

	s->broken = st->flight.broken = true;
	if (error_is_set(&st->loss.error))
		return;
	st->loss.error = error_is_set(&st->closing) && !st->loss.is_confused
				 ? st->closing
				 : *why;
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

/* Behind all that was asked.  The mails that were told are told. */
static int answer_late(struct session *s, const struct reply *reply,
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

/* Nobody asked.  Amid the content it is a refusal come early. */
static int answer_unasked(struct session_state *st, const struct reply *reply,
			  struct error *f)
{
	struct transaction *t = st->last;
	int r;

	if (!t && st->session->taken)
		return answer_late(st->session, reply, f);
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

/* RFC 5321 3.8: the server may say so at any time, and goes.  One that does not
 * go may still take what is under way: then each has its own answer. */
static int answer_closing(struct session_state *st, const struct owed *owed,
			  const struct reply *reply, struct error *f)
{
	struct transaction *t = owed->mail;

	if (t)
		reply_words(reply, t->words, sizeof(t->words));
	if (!t || st->count < 2)
		return reply_error(reply, REPLY_MAIL, "the connection", f);
	reply_error(reply, REPLY_MAIL, "the connection", &st->closing);
	t->owed--;
	t->heard++;
	t->is_sent_away = true;
	transaction_answer(t, owed, reply);
	return 0;
}

/* All before it was answered, and nothing of it: QUIT is the next thing that
 * the server saw. */
static int ahead_was_dropped(struct error *f)
{
	error_set(f, ERROR_TEMPORARY,
		  "the server dropped the mails that were sent ahead of its "
		  "replies, although it offers PIPELINING");
	f->reply = 221;
	return -1;
}

static int session_answer(void *context, const struct owed *owed,
			  const struct reply *reply, struct error *f)
{
	struct session_state *st = context;
	struct transaction *t = owed->mail;

	if (reply->code == 421)
		return answer_closing(st, owed, reply, f);
	if (owed->verb == VERB_NONE)
		return answer_unasked(st, reply, f);
	if (owed->verb == VERB_QUIT)
		return reply->code / 100 != 2 || reply->code == 221
			       ? 0
			       : confused(st, " to QUIT", reply, f);
	if (reply->code == 221 && owed->verb == VERB_RSET && !t->heard)
		return ahead_was_dropped(f);
	t->owed--;
	t->heard++;
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
	if (s->state->is_at_rest &&
	    (!s->command_timeout || s->command_timeout > REST_SECONDS))
		s->state->flight.timeout = REST_SECONDS;
	if (session_say(s, t, resets, &f) == 0) {
		t->is_said = true;
		return;
	}
	hear_others(s, t, &f);
	lose(s, &f);
}

/* A line that holds says 221 now, and nothing else. */
static int say_farewell(struct session *s, struct error *f)
{
	if (session_say_plain(s, NULL, VERB_QUIT, "QUIT", f) < 0 ||
	    pipeline_await(&s->state->flight, 0, f) < 0)
		return -1;
	s->broken = true;
	return 0;
}

/* Not where one has recipients left for another transaction over this line. */
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

/* Several mails are answered only when all of it adds up. */
static int await_all(struct session *s, struct error *f)
{
	struct session_state *st = s->state;
	unsigned patience = PROBE_SECONDS;
	int r;

	if (s->command_timeout && s->command_timeout < 2 * PROBE_SECONDS)
		patience = (s->command_timeout + 1) / 2;
	if (!transaction_is_whole(st->last) &&
	    session_say_plain(s, st->last, VERB_RSET, "RSET", f) < 0)
		return -1;
	r = pipeline_await_briefly(&st->flight, patience, f);
	if (r < 0 || (r > 0 && !is_any_mixed(st)))
		return r < 0 ? -1 : 0;
	if (error_is_set(&st->closing))
		return r > 0 ? 0 : error_copy(f, &st->closing);
	return say_farewell(s, f);
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
	    (s->state->count > 1
		     ? await_all(s, &f)
		     : pipeline_await(&s->state->flight, 0, &f)) < 0)
		lose(s, &f);
	interrupt_restore(patience);
	s->broken |= error_is_set(&s->state->closing);
	fit_window(s, sysenv_ticks() - began);
	s->round_trips = s->state->flight.round_trips;
	s->state->heard = sysenv_ticks();
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

static void clear(struct session_state *st)
{
	st->first = st->last = NULL;
	st->count = 0;
	st->octets = st->in_memory = 0;
}

/* In their order: the first that was left without a reply is the one of which
 * the line broke. */
static void settle_all(struct session *s)
{
	const struct loss *loss = &s->state->loss;
	bool is_behind = false;

	for (struct transaction *t = s->state->first; t; t = t->next) {
		bool is_lost = settle(s, t);

		t->mail->may_go_again =
			is_lost && !loss->is_confused && !t->mail->in_doubt &&
			!t->mail->is_unreadable && (is_behind || s->taken);
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

/* Nothing is asked, so that nothing should have come. */
bool session_is_alive(struct session *s)
{
	struct session_state *st = s->state;
	struct error f = ERROR_INIT;

	if (!s->broken && !st->first && pipeline_listen(&st->flight, &f) < 0)
		lose(s, &f);
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
		session_is_alive(s);
		st->began = sysenv_ticks();
		st->is_at_rest = st->heard && st->began - st->heard >= REST_MS;
	}
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

	if (!session_is_alive(s))
		return;
	s->broken = true;
	if (session_say_plain(s, NULL, VERB_QUIT, "QUIT", &ignored) < 0)
		return;
	s->state->flight.timeout = 1;
	pipeline_flush(&s->state->flight, &ignored);
}
