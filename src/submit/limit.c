/* limit.c - the check of a composition against the limits (queue_limit.h).
 *
 *	no limit is set, or no recipient is left	not checked
 *	the state cannot be read or written		sent, with a warning
 *	over, and the queue is off (queue never)	sent, with a warning
 *	over						held
 *
 * A caller that retries by itself (as msmtp's do) has no queue unless it is
 * requested; setting a limit requests it. */
#include "submit/limit.h"

#include <string.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "compose/owner.h"
#include "config/settings.h"
#include "mail/date.h"
#include "submit/enqueue.h"

static bool has_limit(const struct account *account)
{
	return account->limit_same > 0 || account->limit_hour > 0;
}

static const char *subject_of(const struct composition *c)
{
	const char *subject = header_get(composition_header(c), "Subject");

	return subject ? subject : "";
}

static int find_key(struct limit *l, const struct composition *c,
		    struct error *f)
{
	const struct envelope *e = &c->envelope;
	const char **names =
		arena_array(c->arena, e->count + 1, sizeof(*names));

	for (size_t i = 0; i < e->count; i++)
		names[i] = e->recipients[i].address;
	return queue_limit_key(l->key, c->arena, e->reverse_path, names,
			       e->count, subject_of(c), f);
}

static int ask(struct limit *l, const struct composition *c, bool is_counted,
	       struct error *f)
{
	const char *folder = config_queue(c->arena, c->account, f);

	if (!folder ||
	    queue_open(&l->queue, c->arena, folder, is_counted, f) < 0 ||
	    find_key(l, c, f) < 0)
		return -1;
	return (is_counted ? queue_limit_ask
			   : queue_limit_look)(&l->queue, &l->rule, l->key,
					       l->asked, &l->answer, f);
}

static struct limit limit_of(const struct composition *c)
{
	const struct account *account = c->account;
	const struct owner *owner = c->request->owner;

	return (struct limit){
		.rule = { .account = account->name,
			  .owner = owner ? owner->id : NULL,
			  .same = account->limit_same,
			  .hour = account->limit_hour },
		.asked = sysenv_now(),
	};
}

void limit_ask(struct limit *l, const struct composition *c, const char *set)
{
	const struct account *account = c->account;
	struct error f = ERROR_INIT;

	*l = limit_of(c);
	l->set = set;
	if (!has_limit(account) || !envelope_deferred(&c->envelope))
		return;
	if (ask(l, c, true, &f) < 0) {
		l->answer.by = QUEUE_LIMIT_NONE;
		log_warning("the limits of account %s cannot be checked, "
			    "so the mail is sent: %s",
			    account->name, f.text);
		return;
	}
	l->is_counted = !limit_holds(l);
	if (!limit_holds(l) || !setting_is_given(account, "queue") ||
	    strcmp(account->queue, "never") != 0)
		return;
	log_warning("the mail is over %s, but with \"queue never\" "
		    "it cannot be held, so it is sent",
		    limit_words(c->arena, l));
	l->answer.by = QUEUE_LIMIT_NONE;
}

void limit_return(struct limit *l)
{
	struct error f = ERROR_INIT;

	if (!l->is_counted)
		return;
	l->is_counted = false;
	if (queue_limit_return(&l->queue, &l->rule, l->key, l->asked, &f) < 0)
		log_warning("a mail that was not sent counts for the limits of "
			    "account %s: %s",
			    l->rule.account, f.text);
}

/* "90s", "5m", "1h", "2d". */
static const char *duration(struct arena *a, int seconds)
{
	static const struct {
		int seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (seconds % units[i].seconds == 0)
			return arena_format(a, "%d%c",
					    seconds / units[i].seconds,
					    units[i].unit);
	return arena_format(a, "%ds", seconds);
}

const char *limit_words(struct arena *a, const struct limit *l)
{
	const char *name = queue_limit_word(l->answer.by);

	if (l->answer.by == QUEUE_LIMIT_PER_HOUR)
		return arena_format(a, "%s %d", name, l->rule.hour);
	return arena_format(a, "%s %s", name, duration(a, l->rule.same));
}

void limit_describe(const struct composition *c, struct buf *to)
{
	struct limit l = limit_of(c);
	struct error f = ERROR_INIT;
	char until[DATE_SIZE];

	if (!has_limit(c->account))
		return;
	buf_puts(to, "limits:     ");
	if (l.rule.same)
		buf_printf(to, "one mail of a kind in %s",
			   duration(c->arena, l.rule.same));
	if (l.rule.hour)
		buf_printf(to, "%s%d in an hour", l.rule.same ? ", " : "",
			   l.rule.hour);
	if (ask(&l, c, false, &f) < 0) {
		buf_printf(to, " (%s)", f.text);
	} else if (limit_holds(&l)) {
		date_format_short(until, l.answer.until);
		buf_printf(to, "; this one would be held until %s (%s)", until,
			   queue_limit_word(l.answer.by));
	}
	buf_putc(to, '\n');
}
