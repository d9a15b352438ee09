/* enqueue.c - from verdicts to an entry of the queue.
 *
 *	verdict			in the entry
 *	none, or interrupted	waiting, never tried, due now
 *	deferred		waiting, tried once, next try by schedule.h
 *	permanently refused	failed, or left out
 *	accepted		left out */
#include "submit/enqueue.h"

#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "compose/owner.h"
#include "config/config.h"
#include "config/settings.h"
#include "queue/queue.h"
#include "queue/spool.h"
#include "queuerun/attempt.h"
#include "queuerun/flush.h"
#include "submit/limit.h"

#define PATH_OCTETS 4096

/* ---- whether ---- */

static const char *const words[] = {
	[ENQUEUE_NEVER] = "never",
	[ENQUEUE_DEFERRED] = "auto",
	[ENQUEUE_ALL] = "only",
	[ENQUEUE_BACKGROUND] = "background",
};

const char *enqueue_word(enum enqueue_mode mode)
{
	return words[mode];
}

enum enqueue_mode enqueue_mode(const struct request *r,
			       const struct account *account)
{
	unsigned mode = ENQUEUE_BACKGROUND;

	if (r->caller_retries && !setting_is_given(account, "queue"))
		return ENQUEUE_NEVER;
	while (mode && strcmp(words[mode], account->queue) != 0)
		mode--;
	return (enum enqueue_mode)mode;
}

/* ---- the way ---- */

/* A run of the queue starts in another folder. */
static const char *absolute(struct arena *a, const char *path)
{
	char here[PATH_OCTETS];

	if (*path == '/' || *path == '~' || !getcwd(here, sizeof(here)))
		return path;
	return arena_format(a, "%s/%s", here, path);
}

/* $MAILSEND_CONFIG stands before the system's file: it is named where the
 * account is in it. */
static const char *config_path(const struct composition *c)
{
	const char *named = sysenv_env("MAILSEND_CONFIG");
	const char *origin = c->account->origin;
	size_t n = named ? strlen(named) : 0;

	if (c->request->config_path)
		return absolute(c->arena, c->request->config_path);
	if (!named || (strcmp(origin, "default") != 0 &&
		       (strncmp(origin, named, n) != 0 || origin[n] != ':')))
		return NULL;
	return absolute(c->arena, named);
}

/* Of this run, not of the mail. */
static bool is_of_the_run(const char *name)
{
	return strcmp(name, "queue") == 0 ||
	       strcmp(name, "queue_folder") == 0 ||
	       strcmp(name, "queue_flush") == 0;
}

/* A value that is a path, and not a word that stands in its place. */
static bool is_path(const struct setting *s, const struct account *account,
		    const char *value)
{
	const unsigned no_paths = SETTING_SECRET | SETTING_COMMAND;
	const char *const *field =
		(const void *)((const char *)account + s->field);

	return s->kind == SETTING_TEXT && s->flags & SETTING_BYTES &&
	       !(s->flags & no_paths) && *field && **field &&
	       strcmp(*field, value) == 0 && strcmp(value, "off") != 0 &&
	       strcmp(value, "-") != 0;
}

/* Is it in effect, and out of a start-up file that a later run does not read?
 */
static bool is_of_rc(const struct account *account, const struct override *o)
{
	return o->is_rc && setting_came_from(account, o->name, o->origin);
}

static struct entry_setting *settings_of(const struct composition *c)
{
	struct entry_setting *first = NULL, **last = &first;

	for (const struct override *o = c->request->overrides; o; o = o->next) {
		const struct setting *s = setting_find(o->name);

		if (is_of_the_run(o->name) ||
		    (o->is_rc && !is_of_rc(c->account, o)))
			continue;
		*last = arena_alloc(c->arena, sizeof(**last));
		(*last)->name = o->name;
		(*last)->value = s && is_path(s, c->account, o->value)
					 ? absolute(c->arena, o->value)
					 : o->value;
		last = &(*last)->next;
	}
	return first;
}

static int check_way(const struct composition *c, struct error *f)
{
	const struct account *account = c->account;

	for (const struct override *o = c->request->overrides; o; o = o->next)
		if (is_of_rc(account, o) && strcmp(o->name, "user") == 0)
			return error_set(f, ERROR_CONFIG,
					 "the login comes from %s, which a "
					 "later run does not read; write it "
					 "into the configuration, by mailsend "
					 "--setup",
					 o->origin);
	if (account->password_fd < 0 || strcmp(account->auth, "off") == 0)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "the password of account %s comes from a "
			 "descriptor (password_fd), which a later run "
			 "does not have",
			 account->name);
}

/* ---- the envelope ---- */

static void fill_recipient(struct entry_recipient *to,
			   const struct recipient *one,
			   const struct schedule *schedule,
			   const struct outcome *out, uint32_t chance)
{
	*to = (struct entry_recipient){
		.address = one->address,
		.needs_smtputf8 = one->needs_smtputf8,
		.dsn_notify = one->dsn_notify,
		.dsn_orcpt = one->dsn_orcpt,
		.state = envelope_is_deferred(one) ? ENTRY_WAITING
						   : ENTRY_FAILED,
		.reply = recipient_reply(one),
		.host = "",
	};
	if (!one->decided || one->verdict.cause == ERROR_INTERRUPTED)
		return;
	to->tries = 1;
	to->tried = sysenv_now();
	to->last = one->verdict;
	to->host = out->host ? out->host : "";
	if (to->state == ENTRY_WAITING)
		to->next = schedule_next(schedule, to, to->tried, chance);
}

/* Those who have not got it; the same chance for all, so that they go together
 * the next time. */
static void fill_recipients(const struct enqueue *q, const struct outcome *out,
			    struct entry *e)
{
	const struct composition *c = q->composition;
	struct schedule schedule = attempt_schedule(c->account);
	uint32_t chance;

	sysenv_random(&chance, sizeof(chance));
	e->recipients = arena_array(c->arena, c->envelope.count,
				    sizeof(*e->recipients));
	for (size_t i = 0; i < c->envelope.count; i++) {
		const struct recipient *one = &c->envelope.recipients[i];

		if (envelope_is_deferred(one) ||
		    (q->has_failed && small_error_is_set(&one->verdict)))
			fill_recipient(&e->recipients[e->count++], one,
				       &schedule, out, chance);
	}
}

static void fill_entry(const struct enqueue *q, const struct outcome *out,
		       struct entry *e)
{
	const struct composition *c = q->composition;
	bool is_named = strcmp(c->account->origin, "default") != 0;

	*e = (struct entry){
		.kind = ENTRY_MAIL,
		.arrived = sysenv_now(),
		.message_id = c->message_id,
		.has_8bit = c->has_8bit,
		.has_8bit_header = c->has_8bit_header,
		.prefers_smtputf8 = c->request->prefers_smtputf8,
		.account = is_named ? c->account->name : NULL,
		.config_path = config_path(c),
		.settings = settings_of(c),
		.syslog_tag = c->request->syslog_tag,
		.owner = c->request->owner ? c->request->owner->id : NULL,
		.reverse_path = c->envelope.reverse_path,
		.sender_needs_smtputf8 = c->envelope.sender_needs_smtputf8,
		.dsn_notify = c->envelope.dsn_notify,
		.dsn_ret = c->envelope.dsn_ret,
		.dsn_envid = c->envelope.dsn_envid,
	};
	if (q->limit) {
		e->limit_by = queue_limit_word(q->limit->answer.by);
		e->limit_until = q->limit->answer.until;
		e->limit_set = q->limit->set;
	}
	fill_recipients(q, out, e);
}

/* ---- in ---- */

/* Bytes that every server can take, as long as one may have to that was not
 * asked yet; what is signed waits as it is for one that can. */
static int make_lasting(const struct enqueue *q, struct error *f)
{
	struct composition *c = q->composition;

	if (c->is_rendered && (!c->has_8bit || q->takes_8bit))
		return 0;
	return composition_render(c, composition_is_fixed_8bit(c), f);
}

/* Root's is in a directory that others share. */
static int prepare_spool(struct arena *a, const char *folder, struct error *f)
{
	const char *own = config_spool_queue(a);

	return own && strcmp(own, folder) == 0 ? spool_prepare(a, true, f) : 0;
}

/* Where the user has no home, and the machine no place for those. */
static int explain_no_place(struct arena *a, const char *folder,
			    struct error *f)
{
	const char *home = config_home_queue(a), *spool = sysenv_spool();
	struct error why = *f, ignored = ERROR_INIT;

	if (why.cause != ERROR_CANTCREAT || !home || !spool ||
	    strcmp(folder, home) != 0 || disk_exists(spool, &ignored) != 0)
		return -1;
	error_clear(f);
	return error_set(f, why.cause,
			 "%s; root makes %s for users without a home directory "
			 "with: mailsend --setup-queue",
			 why.text, spool);
}

/* What it takes to the queue is what its files have by now. */
static int put_message(const struct enqueue *q, struct queue *queue,
		       struct entry *e, struct error *f)
{
	struct composition *c = q->composition;

	while (queue_put(queue, &c->stage, e, NULL, f) < 0) {
		if (composition_renew(c, f) <= 0)
			return -1;
		if (envelope_accepted(&c->envelope))
			log_warning("a file changed after the mail was sent to "
				    "some of its recipients; the others get "
				    "it as it is now");
	}
	return 0;
}

static int put(const struct enqueue *q, struct entry *e, struct outcome *out,
	       struct error *f)
{
	struct composition *c = q->composition;
	const char *folder = config_queue(c->arena, c->account, f);
	enum queue_runner runner;
	struct queue queue;

	if (!folder || prepare_spool(c->arena, folder, f) < 0)
		return -1;
	if (queue_open(&queue, c->arena, folder, true, f) < 0)
		return explain_no_place(c->arena, folder, f);
	if (put_message(q, &queue, e, f) < 0)
		return -1;
	if (!sysenv_env("MAILSEND_QUEUE"))
		spool_register(c->arena, folder);
	runner = spool_is_run(c->arena, sysenv_now())
			 ? QUEUE_RUNS
			 : queue_runner(&queue, sysenv_now());
	out->has_runner = runner == QUEUE_RUNS;
	out->is_told = runner == QUEUE_IDLE_TOLD;
	return 0;
}

int enqueue_mail(const struct enqueue *q, struct outcome *out, struct error *f)
{
	struct composition *c = q->composition;
	struct entry e;

	if (check_way(c, f) < 0 || make_lasting(q, f) < 0)
		return -1;
	fill_entry(q, out, &e);
	if (put(q, &e, out, f) < 0)
		return -1;
	for (size_t i = 0; i < c->envelope.count; i++) {
		struct recipient *one = &c->envelope.recipients[i];

		one->is_queued = envelope_is_deferred(one);
	}
	out->queue_id = e.id;
	out->size = c->stage.size;
	out->has_notice = q->has_failed;
	out->held_by = e.limit_by;
	out->held_until = e.limit_until;
	return 0;
}

/* ---- runs ---- */

void enqueue_start(const struct enqueue *q, const struct outcome *out, bool now)
{
	const struct composition *c = q->composition;
	const char *ids[] = { out->queue_id };
	struct error f = ERROR_INIT;
	struct flush fl = {
		.arena = c->arena,
		.ids = { .words = ids, .count = 1 },
		.due_only = !now,
	};

	if (interrupt_signal())
		return; /* nothing is begun any more */
	fl.folder = config_queue(c->arena, c->account, &f);
	if (!fl.folder || flush_start(&fl, false, &f) < 0)
		log_warning("the queue could not be run now, and %s waits for "
			    "the next run: %s",
			    out->queue_id, f.text);
}

/* Of a queue that is not in order nobody hears who sent what went: mailq tells
 * it, and the first mail that has to wait. */
static void flush_due(struct arena *a, const struct account *account)
{
	struct error ignored = ERROR_INIT;
	const struct flush fl = {
		.arena = a,
		.folder = config_queue(a, account, &ignored),
		.due_only = true,
	};

	if (fl.folder && !interrupt_signal())
		flush_start(&fl, true, &ignored);
}

bool enqueue_has_runner(struct arena *a, const struct account *account)
{
	struct error ignored = ERROR_INIT;
	const char *folder = config_queue(a, account, &ignored);
	struct queue queue;

	if (spool_is_run(a, sysenv_now()))
		return true;
	return folder && queue_open(&queue, a, folder, false, &ignored) == 0 &&
	       queue_runner(&queue, sysenv_now()) == QUEUE_RUNS;
}

void enqueue_flush_due(struct arena *a, const struct account *account)
{
	if (account->queue_flush)
		flush_due(a, account);
}

void enqueue_flush_after(struct arena *a, const struct request *r,
			 const struct account *account, bool has_queued)
{
	enum enqueue_mode mode = enqueue_mode(r, account);

	if (mode == ENQUEUE_BACKGROUND && has_queued)
		flush_due(a, account);
	else if (mode == ENQUEUE_DEFERRED && !has_queued)
		enqueue_flush_due(a, account);
}
