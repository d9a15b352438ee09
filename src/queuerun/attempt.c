/* attempt.c - from verdicts to states.
 *
 *	accepted			sent
 *	refused permanently by a server	failed
 *	or for what it offers (size,
 *	SMTPUTF8)
 *	anything else			waits; failed after the lifetime
 *
 * If we are killed between the server's acceptance and our record
 * (attempt-sent), the mail is sent twice: SMTP cannot avoid that.  So nothing
 * but the record is done in between, and a mail that all recipients have is not
 * written again: removing it needs no space on a full disk. */
#include "queuerun/attempt.h"

#include <string.h>

#include "base/crash.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "deliver/outcome.h"
#include "mail/draft.h"
#include "queuerun/notice.h"

#define DAY 86400

struct attempt {
	struct arena *arena;
	struct queue_claim *claim;
	struct schedule schedule;
	const struct account *account;
	struct envelope envelope;
	struct entry_recipient **tried; /* as the envelope's recipients */
	struct outcome out;
	struct load load;
	struct route_mail mail;
	bool is_tried;
	struct stage seven_bit;
	bool has_seven_bit;
	bool is_cut_short; /* by a signal, before a server was asked */
	enum attempt_result result;
	struct error error; /* it could not be recorded */
};

struct schedule attempt_schedule(const struct account *account)
{
	return (struct schedule){
		.retry = account->queue_retry,
		.retry_max = account->queue_retry_max,
		.lifetime = account->queue_lifetime,
		.warning = account->queue_warning,
	};
}

static bool is_wanted(const struct entry_recipient *r, const struct schedule *s,
		      bool due_only, int64_t now)
{
	return r->state == ENTRY_WAITING &&
	       (!due_only || schedule_is_due(s, r, now));
}

bool attempt_is_wanted(const struct entry *e, const struct schedule *s,
		       bool due_only)
{
	int64_t now = sysenv_now();

	for (size_t i = 0; i < e->count; i++)
		if (is_wanted(&e->recipients[i], s, due_only, now))
			return true;
	return false;
}

/* ---- what a verdict is worth ---- */

static bool is_about_login(const struct small_error *why)
{
	return why->reply == 530 || why->reply == 534 || why->reply == 535 ||
	       why->reply == 538;
}

/* A refusal of the mail or the recipient that will not change. */
static bool is_final(const struct small_error *why)
{
	if (why->temporary || is_about_login(why))
		return false;
	switch (why->cause) {
	case ERROR_USAGE: /* an address that no command can carry */
	case ERROR_DATA:
	case ERROR_NOUSER:
	case ERROR_NOHOST:
	case ERROR_UNAVAILABLE:
	case ERROR_PERMISSION:
		return true;
	case ERROR_PROTOCOL: /* a refusal, or a reply that is not understood? */
		return why->reply >= 500;
	default:
		return false;
	}
}

/* Does a person have to fix it, so that no mail is given up for it? */
static bool needs_person(const struct small_error *why, bool unreachable)
{
	if (!unreachable)
		return why->cause == ERROR_CONFIG || is_about_login(why);
	if (why->reply) /* 4.7.0: the login, for now */
		return why->cause == ERROR_PERMISSION ||
		       strncmp(why->esc + (*why->esc != '\0'), ".7.", 3) == 0;
	switch (why->cause) {
	case ERROR_TEMPORARY: /* RFC 3463 3.5: the name lookup */
		return strcmp(why->esc, "4.4.3") == 0;
	case ERROR_SOFTWARE:
	case ERROR_OS:
	case ERROR_IO:
		return false;
	default:
		return true;
	}
}

static uint32_t random_number(void)
{
	uint32_t n;

	sysenv_random(&n, sizeof(n));
	return n;
}

/* A try that ended without acceptance. */
static void defer(const struct entry *e, struct entry_recipient *r,
		  const struct schedule *s, bool unreachable, int64_t now,
		  uint32_t random)
{
	r->next = schedule_next(s, r, now, random);
	if (!needs_person(&r->last, unreachable) &&
	    schedule_is_over(s, e, r, now))
		r->state = ENTRY_FAILED;
}

static void take_verdicts(struct attempt *at)
{
	struct entry *e = &at->claim->entry;
	bool unreachable = at->out.unreachable;
	int64_t now = sysenv_now();
	uint32_t random = random_number();
	const char *host =
		at->out.host ? arena_dup(at->arena, at->out.host) : "";

	for (size_t i = 0; i < at->envelope.count; i++) {
		const struct recipient *from = &at->envelope.recipients[i];
		struct entry_recipient *r = at->tried[i];

		/* it was not tried: nothing has changed */
		if (from->verdict.cause == ERROR_INTERRUPTED) {
			at->is_cut_short = true;
			continue;
		}
		r->tries++;
		r->tried = now;
		r->last = from->verdict;
		r->reply = recipient_reply(from);
		r->host = host;
		if (!small_error_is_set(&from->verdict))
			r->state = ENTRY_SENT;
		else if (!unreachable && is_final(&from->verdict))
			r->state = ENTRY_FAILED;
		else
			defer(e, r, &at->schedule, unreachable, now, random);
	}
}

/* ---- the try ---- */

/* A disk that is full for days must not send a mail to its good recipients with
 * every run: what cannot be recorded is not tried.  A mail with one recipient
 * is removed when it was sent, which needs no space. */
static int make_room(struct queue_claim *c, struct error *f)
{
	const struct entry *e = &c->entry;
	size_t lines = entry_count(e, ENTRY_WAITING) +
		       entry_count(e, ENTRY_FAILED) +
		       entry_count(e, ENTRY_REPORTED);

	if (lines <= 1 || queue_reserve(c, f) == 0)
		return 0;
	log_error(
		"%s was not tried, since the result could not be recorded: %s",
		e->id, f->text);
	return -1;
}

static void fill_envelope(struct attempt *at, bool due_only)
{
	struct entry *e = &at->claim->entry;
	struct envelope *to = &at->envelope;
	int64_t now = sysenv_now();

	*to = (struct envelope){
		.arena = at->arena,
		.reverse_path = e->reverse_path,
		.sender_needs_smtputf8 = e->sender_needs_smtputf8,
		.dsn_notify = e->dsn_notify,
		.dsn_ret = e->dsn_ret,
		.dsn_envid = e->dsn_envid,
	};
	to->recipients =
		arena_array(at->arena, e->count, sizeof(*to->recipients));
	at->tried = arena_array(at->arena, e->count,
				sizeof(struct entry_recipient *));
	for (size_t i = 0; i < e->count; i++) {
		struct entry_recipient *r = &e->recipients[i];

		if (!is_wanted(r, &at->schedule, due_only, now))
			continue;
		at->tried[to->count] = r;
		to->recipients[to->count++] = (struct recipient){
			.address = r->address,
			.needs_smtputf8 = r->needs_smtputf8,
			.dsn_notify = r->dsn_notify,
			.dsn_orcpt = r->dsn_orcpt,
		};
	}
}

/* Encodes the message again, for a server without 8BITMIME; a signed one, which
 * must not be changed, fails. */
static int to_7bit(void *context, struct session_content *content,
		   struct error *f)
{
	struct attempt *at = context;
	const struct queue *q = at->claim->queue;
	const struct slice *message = &at->claim->message;
	const char **folders =
		arena_array(at->arena, SYSENV_SPARE + 2, sizeof(*folders));
	struct draft *draft = arena_alloc(at->arena, sizeof(*draft));

	folders[0] = queue_stage_folder(at->arena, q->folder);
	for (size_t i = 0; sysenv_spare()[i]; i++)
		folders[i + 1] = sysenv_spare()[i];
	stage_init(&at->seven_bit, folders, "the message", f);
	at->has_seven_bit = true;
	if ((at->claim->entry.kind == ENTRY_MAIL
		     ? draft_read(at->arena, message, draft, f)
		     : draft_read_quoting(at->arena, message, draft, f)) < 0)
		return -1;
	draft->keeps_bcc = true; /* it was removed by a user */
	if (draft_write(draft, false, &at->seven_bit.sink) < 0 ||
	    sink_close(&at->seven_bit.sink) < 0)
		return -1;
	content->bytes = stage_slice(&at->seven_bit);
	content->has_8bit = false;
	return 0;
}

static void begin_sending(struct attempt *at, struct route *route,
			  const struct session_progress *progress)
{
	struct entry *e = &at->claim->entry;

	at->load = (struct load){
		.content = {
			.bytes = at->claim->message,
			.has_8bit = e->has_8bit,
			.has_8bit_header = e->has_8bit_header,
			.prefers_smtputf8 = e->prefers_smtputf8,
		},
		.to_7bit = to_7bit,
		.context = at,
	};
	at->out = (struct outcome){
		.message_id = e->message_id,
		.account = at->account->name,
		.owner = e->owner,
		.size = e->size,
		.envelope = &at->envelope,
		.queue_id = e->id,
	};
	at->mail = (struct route_mail){ .envelope = &at->envelope,
					.load = &at->load,
					.progress = progress,
					.out = &at->out };
	at->is_tried = true;
	crash_point("attempt-before-send");
	route_begin(route, &at->mail);
}

static void record_result(struct attempt *at)
{
	struct error failure = ERROR_INIT, trouble = ERROR_INIT;

	envelope_sum_up(&at->envelope, &failure);
	take_verdicts(at);
	if (outcome_record(at->account, &at->envelope,
			   at->claim->entry.syslog_tag, &at->out, &failure,
			   &trouble) < 0)
		log_warning("%s", trouble.text);
}

/* ---- the record ---- */

static enum attempt_result result_of(const struct entry *e)
{
	if (entry_count(e, ENTRY_WAITING))
		return ATTEMPT_DEFERRED;
	return entry_count(e, ENTRY_FAILED) ? ATTEMPT_FAILED : ATTEMPT_SENT;
}

/* What was delivered and could not be recorded will be delivered again. */
static void report_unwritten(const struct attempt *at)
{
	const struct entry *e = &at->claim->entry;
	size_t accepted = envelope_accepted(&at->envelope);

	if (accepted)
		log_error("%s was sent to %zu recipient%s, <%s>%s, but "
			  "this could not be recorded in the queue; it "
			  "may be sent there again: %s",
			  e->id, accepted, accepted == 1 ? "" : "s",
			  at->envelope.recipients[0].address,
			  accepted == 1 ? "" : " and others", at->error.text);
	else
		log_error("%s: the try could not be recorded: %s", e->id,
			  at->error.text);
}

/* Can it be removed from the queue? */
static bool is_removable(const struct attempt *at)
{
	return at->result == ATTEMPT_SENT &&
	       !notice_needs_content(&at->claim->entry);
}

static void write_down(struct attempt *at)
{
	struct error second = ERROR_INIT;
	int r;

	if (at->result != ATTEMPT_SENT)
		r = queue_update(at->claim, &at->error);
	else
		r = queue_give_up(at->claim, &at->error);
	if (r < 0 && at->result == ATTEMPT_SENT &&
	    queue_update(at->claim, &second) == 0)
		r = 0;
	if (r == 0)
		error_clear(&at->error);
	else
		report_unwritten(at);
}

/* What cannot be removed is at least recorded as sent. */
static void take_out(struct attempt *const *all, size_t count)
{
	struct queue_claim *claims[ATTEMPT_MAX];
	struct error f = ERROR_INIT;
	bool removed[ATTEMPT_MAX];

	for (size_t i = 0; i < count; i++)
		claims[i] = all[i]->claim;
	if (queue_remove_all(claims, count, removed, &f) == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct error second = ERROR_INIT;

		if (removed[i] || queue_update(claims[i], &second) == 0)
			continue;
		all[i]->error = f;
		report_unwritten(all[i]);
	}
}

static void warn_of_delay(struct attempt *at)
{
	struct entry *e = &at->claim->entry;
	struct error trouble = ERROR_INIT;

	if (e->kind != ENTRY_MAIL || e->is_warned ||
	    !schedule_wants_warning(&at->schedule, e, sysenv_now()))
		return;
	if (notice_delay(at->claim, at->arena, at->account, &trouble) < 0)
		log_warning("%s: no warning of the delay was sent: %s", e->id,
			    trouble.text);
}

/* A notice of ours that failed, or that no server could be asked for: it is
 * delivered on this machine, while it may still be of interest. */
static bool keeps_notice(const struct attempt *at, enum attempt_result result)
{
	return at->claim->entry.kind != ENTRY_MAIL && !at->is_cut_short &&
	       (result == ATTEMPT_FAILED ||
		(result == ATTEMPT_DEFERRED && at->out.unreachable));
}

/* Mail that waits for a login waits for a person, who may not see what a timer
 * prints: it is logged to syslog once a day. */
static void warn_of_login(struct attempt *at)
{
	const struct small_error *why = &at->envelope.recipients[0].verdict;
	struct queue *q = at->claim->queue;
	int64_t now = sysenv_now(), last = queue_stamp(q, "login");
	struct error ignored = ERROR_INIT;

	if (!at->out.unreachable || why->cause != ERROR_PERMISSION ||
	    why->reply || (last <= now && now - last < DAY))
		return;
	outcome_warn(at->account, at->claim->entry.syslog_tag,
		     arena_format(at->arena, "mail stays in the queue: %s",
				  small_error_text(why)));
	queue_set_stamp(q, "login", now, &ignored);
}

/* Notices and warnings, after the record was written. */
static void follow_up(struct attempt *at)
{
	if (keeps_notice(at, at->result)) {
		notice_keep(at->claim, at->arena, at->account, &at->error);
		return;
	}
	if (at->result == ATTEMPT_DEFERRED && at->envelope.count)
		warn_of_login(at);
	if (at->result == ATTEMPT_DEFERRED)
		warn_of_delay(at);
}

struct attempt *attempt_begin(struct arena *a, struct queue_claim *c,
			      struct route *route, bool due_only,
			      const struct session_progress *progress,
			      struct error *f)
{
	struct attempt *at = arena_alloc(a, sizeof(*at));

	*at = (struct attempt){
		.arena = a,
		.claim = c,
		.account = route->hosts[0].account,
	};
	at->schedule = attempt_schedule(at->account);
	fill_envelope(at, due_only);
	at->result = result_of(&c->entry);
	if (at->envelope.count && make_room(c, f) < 0)
		return NULL;
	if (at->envelope.count)
		begin_sending(at, route, progress);
	return at;
}

void attempt_record(struct attempt *const *all, size_t count)
{
	struct attempt *sent[ATTEMPT_MAX], *done[ATTEMPT_MAX];
	size_t out = 0, n = 0;

	crash_point("attempt-sent");
	for (size_t i = 0; i < count; i++) {
		struct attempt *at = all[i];

		if (at->is_tried)
			record_result(at);
		at->result = result_of(&at->claim->entry);
		/* all were sent: its removal was interrupted */
		if (!at->is_tried && at->result != ATTEMPT_SENT)
			continue;
		done[n++] = at;
		if (is_removable(at))
			sent[out++] = at;
	}
	take_out(sent, out);
	for (size_t i = 0; i < n; i++)
		if (!is_removable(done[i]))
			write_down(done[i]);
	crash_point("attempt-recorded");
	for (size_t i = 0; i < n; i++)
		if (!error_is_set(&done[i]->error))
			follow_up(done[i]);
}

int attempt_end(struct attempt *at, enum attempt_result *result,
		bool *unreachable, struct error *f)
{
	if (at->has_seven_bit)
		stage_free(&at->seven_bit);
	*result = at->result;
	*unreachable = at->out.unreachable;
	if (!error_is_set(&at->error))
		return 0;
	*f = at->error;
	return -1;
}

int attempt_defer(struct queue_claim *c, const struct schedule *s,
		  bool due_only, const struct error *why, struct error *f)
{
	struct entry *e = &c->entry;
	int64_t now = sysenv_now();
	uint32_t random = random_number();

	for (size_t i = 0; i < e->count; i++) {
		struct entry_recipient *r = &e->recipients[i];

		if (!is_wanted(r, s, due_only, now))
			continue;
		r->tries++;
		r->tried = now;
		r->last = small_error_of(why, why->text);
		r->reply = r->host = "";
		defer(e, r, s, true, now, random);
	}
	return queue_update(c, f);
}
