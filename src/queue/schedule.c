/* schedule.c - doubling back-off, and the words of servers that greylist.
 *
 * A greylisting server only expects a second try a few minutes later, so that
 * the mail need not wait as long as one whose server is down. */
#include "queue/schedule.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

#define GREY_RETRY     120 /* seconds */
#define GREY_RETRY_MAX 900
#define GREY_TRIES     6
#define JITTER_PART    5

/* Replies that only ask for another try.  `code` 0 and `esc` NULL match any; a
 * phrase is searched in the server's own reply only, as our own messages may
 * have it, too. */
static const struct {
	int code;
	const char *esc;
	const char *phrase;
} grey[] = {
	{ 0, NULL, "greylist" },
	{ 0, NULL, "graylist" },
	{ 0, NULL, "grey list" },
	{ 0, NULL, "gray list" },
	{ 0, NULL, "grey-list" },
	{ 0, NULL, "gray-list" },
	{ 0, "4.7.1", "try again" },
	{ 0, "4.7.1", "try later" },
	{ 450, "", "try again" },
	{ 451, "", "try again" },
	{ 450, "4.2.0", "try again" },
	{ 451, "4.2.0", "try again" },
	{ 450, "4.7", "try again" },
	{ 451, "4.7", "try again" },
	{ 0, NULL, "not yet authorized to deliver" },
	{ 0, NULL, "please come back" },
	{ 0, NULL, "retry in a few minutes" },
};

static bool contains(const char *text, const char *phrase)
{
	for (; text && *text; text++)
		if (ascii_begins(text, phrase))
			return true;
	return false;
}

/* "4.7" stands for all of 4.7.x; "" for a server that has none. */
static bool has_esc(const struct small_error *last, const char *esc)
{
	if (!esc)
		return true;
	if (!*esc || !*last->esc)
		return *esc == *last->esc;
	return !strncmp(last->esc, esc, strlen(esc));
}

static bool is_greylisted(const struct entry_recipient *r)
{
	const struct small_error *last = &r->last;

	if (last->reply < 400 || last->reply > 499)
		return false;
	for (size_t i = 0; i < sizeof(grey) / sizeof(grey[0]); i++)
		if ((!grey[i].code || grey[i].code == last->reply) &&
		    has_esc(last, grey[i].esc) &&
		    contains(r->reply, grey[i].phrase))
			return true;
	return contains(small_error_text(last), "greylist") ||
	       contains(small_error_text(last), "graylist");
}

/* Doubled for each try after the first. */
static int64_t back_off(int64_t first, int64_t most, unsigned tries)
{
	int64_t delay = first > 0 ? first : 0;

	for (; tries > 1 && delay && delay < most; tries--)
		delay *= 2;
	return delay < most ? delay : most;
}

/* At least 0.  A file that was edited may have any number. */
static int64_t from_to(int64_t from, int64_t to)
{
	uint64_t seconds = (uint64_t)to - (uint64_t)from;

	if (to <= from)
		return 0;
	return seconds > INT64_MAX ? INT64_MAX : (int64_t)seconds;
}

static int64_t longest(const struct schedule *s)
{
	int64_t most = s->retry_max > s->retry ? s->retry_max : s->retry;

	return most + most / JITTER_PART;
}

int64_t schedule_next(const struct schedule *s, const struct entry_recipient *r,
		      int64_t now, uint32_t chance)
{
	int64_t delay = back_off(s->retry, s->retry_max, r->tries);
	int64_t most = delay / JITTER_PART;

	if (r->tries <= GREY_TRIES && is_greylisted(r)) {
		int64_t soon = back_off(GREY_RETRY, GREY_RETRY_MAX, r->tries);

		if (soon < delay)
			delay = soon;
		most = delay / JITTER_PART;
	}
	return now + delay + (int64_t)((uint64_t)most * chance >> 32);
}

bool schedule_is_due(const struct schedule *s, const struct entry_recipient *r,
		     int64_t now)
{
	if (r->state != ENTRY_WAITING)
		return false;
	return r->next <= now || from_to(now, r->next) > longest(s);
}

static int64_t age_of(const struct entry *e, int64_t now)
{
	return from_to(e->arrived, now);
}

bool schedule_is_over(const struct schedule *s, const struct entry *e,
		      const struct entry_recipient *r, int64_t now)
{
	int64_t lifetime = s->lifetime;

	if (e->kind != ENTRY_MAIL)
		lifetime /= SCHEDULE_NOTICE_PART;
	return r->tries >= SCHEDULE_TRIES_MIN && age_of(e, now) > lifetime;
}

bool schedule_wants_warning(const struct schedule *s, const struct entry *e,
			    int64_t now)
{
	if (s->warning <= 0 || e->is_warned || e->kind != ENTRY_MAIL)
		return false;
	if (age_of(e, now) < s->warning)
		return false;
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == ENTRY_WAITING &&
		    e->recipients[i].tries)
			return true;
	return false;
}
