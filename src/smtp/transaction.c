/* transaction.c - the verdict of a mail, by the replies to it:
 *
 *	MAIL	RCPT	content		connection	verdict
 *	no	-	-		any		MAIL's refusal, for all
 *	yes	no	none or no	any		its own refusal
 *	yes	yes	2xx		any		accepted
 *	yes	yes	other		any		that refusal
 *	yes	none	none		holds		(not yet)
 *	any	any	not all sent	lost		not sent: may go again
 *	any	any	sent, no reply	lost by 421	not sent: may go again
 *	any	any	sent, no reply	lost		not known: may double
 *	any	any	any		out of sync	not known, reported as
 *						neither sent nor refused
 *
 * "May go again" is for mails that did not break the connection: those behind
 * the first that has no reply, or the first if others had passed over the
 * connection.  A server that sends 421 and closes accepts nothing that it has
 * not answered (RFC 5321 3.8); one that sends it and stays answers the rest. */
#include "smtp/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/interrupt.h"

struct transaction *transaction_new(struct session_mail *m)
{
	struct transaction *t = memory_alloc(sizeof(*t));

	*t = (struct transaction){ .mail = m, .envelope = m->envelope };
	t->rcpt = memory_alloc(m->envelope->count + 1);
	memset(t->rcpt, RCPT_UNASKED, m->envelope->count + 1);
	return t;
}

void transaction_drop(struct transaction *t)
{
	free(t->rcpt);
	free(t);
}

void transaction_begin(struct transaction *t)
{
	t->asked = t->accepted = t->refused = t->pending = t->replies = 0;
	t->is_chunked = t->is_sending = t->is_written = false;
	t->has_early_reply = false;
	t->is_open = t->may_send = t->has_content = t->is_done = false;
	t->has_421 = false;
	error_clear(&t->mail_error);
	error_clear(&t->content_error);
	error_clear(&t->final);
	t->words[0] = t->mail->reply[0] = '\0';
}

bool transaction_is_to_ask(const struct transaction *t, size_t recipient)
{
	return !t->envelope->recipients[recipient].decided &&
	       (t->rcpt[recipient] == RCPT_UNASKED ||
		t->rcpt[recipient] == RCPT_TOO_MANY);
}

bool transaction_has_more(const struct envelope *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (!e->recipients[i].decided)
			return true;
	return false;
}

/* ---- replies ---- */

static void on_mail_reply(struct transaction *t, const struct reply *reply)
{
	char what[300];

	t->is_open = reply->code / 100 == 2;
	if (t->is_open)
		return;
	reply_words(reply, t->words, sizeof(t->words));
	snprintf(what, sizeof(what), "sender <%s>", t->envelope->reverse_path);
	reply_error(reply, REPLY_MAIL, what, &t->mail_error);
}

static void on_rcpt_reply(struct transaction *t, size_t i,
			  const struct reply *reply)
{
	struct recipient *r = &t->envelope->recipients[i];
	bool has_no_reason = !reply->esc[0] || !strcmp(reply->esc + 1, ".5.3");
	struct error verdict = ERROR_INIT;
	char what[300], words[512];

	reply_words(reply, words, sizeof(words));
	envelope_quote(t->envelope, r, words);
	if (reply->code / 100 == 2) {
		t->rcpt[i] = RCPT_ACCEPTED;
		t->accepted++;
		return;
	}
	snprintf(what, sizeof(what), "recipient %s", r->address);
	reply_error(reply, REPLY_RCPT, what, &verdict);
	envelope_judge(t->envelope, r, &verdict);
	t->rcpt[i] = RCPT_REFUSED;
	t->refused++;
	if ((reply->code == 452 || reply->code == 552) && has_no_reason)
		t->rcpt[i] = RCPT_TOO_MANY;
}

static void on_data_reply(struct transaction *t, const struct reply *reply)
{
	t->may_send = reply->code == 354;
	if (t->may_send || !t->accepted)
		return;
	reply_words(reply, t->words, sizeof(t->words));
	reply_error(reply, REPLY_DATA, "the message", &t->content_error);
}

static void show_progress(const struct transaction *t)
{
	const struct session_progress *p = t->mail->progress;
	uint64_t length = t->mail->content.bytes.length;

	if (p)
		p->sent(p->context, length, length);
}

static void on_content_reply(struct transaction *t, const struct reply *reply)
{
	show_progress(t);
	/* The reply to a lone dot: no recipient was accepted. */
	if (!t->accepted)
		return;
	reply_words(reply, t->words, sizeof(t->words));
	reply_words(reply, t->mail->reply, sizeof(t->mail->reply));
	if (reply->code / 100 != 2) {
		reply_error(reply, REPLY_CONTENT, "the message",
			    &t->content_error);
		return;
	}
	t->is_done = true;
	t->final.reply = reply->code;
	memcpy(t->final.esc, reply->esc, sizeof(t->final.esc));
}

void transaction_on_reply(struct transaction *t, const struct pending *pending,
			  const struct reply *reply)
{
	switch (pending->verb) {
	case VERB_MAIL:
		on_mail_reply(t, reply);
		break;
	case VERB_RCPT:
		if (!error_is_set(&t->mail_error))
			on_rcpt_reply(t, pending->index, reply);
		break;
	case VERB_DATA:
		on_data_reply(t, reply);
		break;
	case VERB_CONTENT:
		on_content_reply(t, reply);
		break;
	case VERB_NONE:
	case VERB_RSET:
	case VERB_QUIT:
		break;
	}
}

bool transaction_is_complete(const struct transaction *t)
{
	return t->is_written && !t->pending;
}

bool transaction_all_accepted(const struct transaction *t)
{
	if (!transaction_is_complete(t) || !t->is_done)
		return false;
	for (size_t i = 0; i < t->envelope->count; i++)
		if (t->rcpt[i] == RCPT_REFUSED || t->rcpt[i] == RCPT_TOO_MANY)
			return false;
	return true;
}

bool transaction_is_refused(const struct transaction *t)
{
	return error_is_set(&t->mail_error) ||
	       (t->asked && t->refused == t->asked);
}

bool transaction_has_rest(const struct transaction *t)
{
	return t->is_done &&
	       memchr(t->rcpt, RCPT_TOO_MANY, t->envelope->count) != NULL;
}

bool transaction_is_mixed(const struct transaction *t)
{
	return t->is_chunked && t->asked > 1 && t->accepted &&
	       (!t->is_done || t->accepted < t->asked);
}

/* FNV-1a; the NUL of each text counts too. */
static uint64_t mix(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return hash;
}

uint64_t transaction_parties(const struct transaction *t)
{
	const struct envelope *e = t->envelope;
	uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), e->reverse_path);

	for (size_t i = 0; i < e->count; i++)
		if (!e->recipients[i].decided)
			hash = mix(hash, e->recipients[i].address);
	return hash;
}

/* ---- verdicts ---- */

static void set_verdict(struct envelope *e, struct recipient *r,
			const struct error *verdict, const char *words)
{
	envelope_judge(e, r, verdict);
	envelope_quote(e, r, words);
	r->decided = true;
}

void transaction_refuse(struct envelope *e, const struct error *verdict)
{
	for (size_t i = 0; i < e->count; i++)
		if (!e->recipients[i].decided)
			set_verdict(e, &e->recipients[i], verdict, "");
}

void transaction_give_up(struct transaction *t)
{
	for (size_t i = 0; i < t->envelope->count; i++)
		t->envelope->recipients[i].decided = true;
}

static const struct ending in_doubt = { EX_TEMPFAIL,
					"the mail may have been sent" };

void transaction_set_doubt(void)
{
	if (ending_now()->status == EX_TEMPFAIL)
		ending_reached(&in_doubt);
}

/* Of the whole mail, before anything else can fail. */
static void set_ending(const struct transaction *t)
{
	static const struct ending all = { 0, "the server has the mail" };
	static const struct ending some = { EXIT_SOME_REFUSED,
					    "the server has the mail for some "
					    "of the recipients" };
	static const struct ending untaken = {
		EX_TEMPFAIL, "the server did not take the mail"
	};
	const struct envelope *e = t->envelope;
	bool is_all = true;

	if (!t->is_done) {
		if (error_is_set(&t->content_error) &&
		    ending_now() == &in_doubt)
			ending_reached(&untaken);
		return;
	}
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided)
			is_all &=
				!small_error_is_set(&e->recipients[i].verdict);
		else
			is_all &= t->rcpt[i] != RCPT_REFUSED &&
				  t->rcpt[i] != RCPT_TOO_MANY;
	ending_reached(is_all ? &all : &some);
}

/* The connection failed: what is known of the content decides. */
static void explain_loss(struct transaction *t, const struct error *lost,
			 bool is_sent, struct error *verdict)
{
	if (!is_sent || lost->reply || transaction_is_refused(t)) {
		*verdict = *lost;
		return;
	}
	t->mail->in_doubt = true;
	error_set(
		verdict,
		lost->cause == ERROR_INTERRUPTED ? ERROR_TEMPORARY
						 : lost->cause,
		"%s; the message had been sent whole and may have been taken, "
		"so that it may arrive twice when it is sent again",
		lost->text);
}

/* True if the verdict is the error of the connection. */
static bool find_verdict(struct transaction *t, const struct loss *loss,
			 bool is_sent, struct error *verdict)
{
	bool is_lost = error_is_set(&loss->error);

	if (loss->is_out_of_sync) {
		*verdict = loss->error;
		return true;
	}
	if (t->is_done)
		*verdict = t->final;
	else if (t->has_421 && is_lost)
		*verdict = loss->error;
	else if (error_is_set(&t->mail_error))
		*verdict = t->mail_error;
	else if (error_is_set(&t->content_error))
		*verdict = t->content_error;
	else if (is_lost)
		explain_loss(t, &loss->error, is_sent, verdict);
	else
		error_set(verdict, ERROR_SOFTWARE,
			  "a transaction ended without a verdict");
	return is_lost && !t->is_done &&
	       (t->has_421 || (!transaction_is_refused(t) &&
			       !error_is_set(&t->content_error)));
}

bool transaction_decide(struct transaction *t, const struct loss *loss,
			bool is_sent)
{
	bool is_broken = error_is_set(&loss->error), is_lost;
	struct error verdict = ERROR_INIT;

	if (!loss->is_out_of_sync)
		set_ending(t);
	is_lost = find_verdict(t, loss, is_sent, &verdict);
	for (size_t i = 0; i < t->envelope->count; i++) {
		struct recipient *r = &t->envelope->recipients[i];

		if (r->decided)
			continue;
		if (loss->is_out_of_sync)
			set_verdict(t->envelope, r, &verdict, t->words);
		else if (t->rcpt[i] == RCPT_REFUSED)
			r->decided = true;
		else if (t->rcpt[i] != RCPT_TOO_MANY)
			set_verdict(t->envelope, r, &verdict, t->words);
		else if (!t->is_done || is_broken)
			r->decided = true;
	}
	return is_lost;
}
