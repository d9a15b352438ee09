/* date.c - its own calendar arithmetic (the proleptic Gregorian calendar, in
 * eras of 400 years), since strftime and strptime depend on the locale.
 *
 * Each function advances a cursor over the text that it parses; `bad` stays
 * set, so that a format is parsed in one go and checked once. */
#include "mail/date.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"

#define DAY_SECONDS  86400
#define YEAR_MIN     1900 /* RFC 5322 3.3 */
#define YEAR_MAX     9999
#define WHEN_MIN     INT64_C(-2208988800)  /* 1900-01-01 00:00 UTC */
#define WHEN_MAX     INT64_C(253402300799) /* 9999-12-31 23:59:59 UTC */
#define ZONE_UNKNOWN 99999

static const char *const days[] = { "Sunday",	 "Monday",   "Tuesday",
				    "Wednesday", "Thursday", "Friday",
				    "Saturday" };
static const char *const months[] = { "January", "February", "March",
				      "April",	 "May",	     "June",
				      "July",	 "August",   "September",
				      "October", "November", "December" };

/* RFC 5322 4.3; the military letters are unreliable. */
static const struct zone {
	const char *name;
	int minutes;
} zones[] = {
	{ "UT", 0 },	 { "UTC", 0 },	  { "GMT", 0 },	   { "Z", 0 },
	{ "EDT", -240 }, { "EST", -300 }, { "CDT", -300 }, { "CST", -360 },
	{ "MDT", -360 }, { "MST", -420 }, { "PDT", -420 }, { "PST", -480 },
};

struct moment {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
	int weekday; /* 0 is Sunday, -1: not given */
	int zone;    /* minutes east, or ZONE_UNKNOWN */
};

struct cursor {
	const char *p;
	bool bad;
};

/* Days since 1970-01-01. */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t era, of_era, of_year;

	year -= month <= 2; /* years begin in March */
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

static void civil_of(int64_t n, int *year, int *month, int *day)
{
	int64_t era, of_era, y, of_year, m;

	n += 719468;
	era = (n >= 0 ? n : n - 146096) / 146097;
	of_era = n - era * 146097;
	y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * y + y / 4 - y / 100);
	m = (5 * of_year + 2) / 153;
	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static int weekday_of(int64_t n)
{
	return (int)(((n + 4) % 7 + 7) % 7);
}

struct civil {
	int year, month, day;
	int64_t days;  /* since 1970 */
	unsigned left; /* seconds of the day */
	unsigned east; /* minutes of the zone, without its sign */
	char sign;     /* of the zone */
};

static void break_down(struct civil *c, int64_t when, int zone)
{
	int64_t local, n;

	if (zone <= -24 * 60 || zone >= 24 * 60)
		zone = 0;
	if (when < WHEN_MIN + DAY_SECONDS)
		when = WHEN_MIN + DAY_SECONDS;
	if (when > WHEN_MAX - DAY_SECONDS)
		when = WHEN_MAX - DAY_SECONDS;
	local = when + zone * 60;
	n = (local >= 0 ? local : local - (DAY_SECONDS - 1)) / DAY_SECONDS;
	c->days = n;
	c->left = (unsigned)(local - n * DAY_SECONDS) % DAY_SECONDS;
	c->east = (unsigned)(zone < 0 ? -zone : zone) % (24 * 60);
	c->sign = zone < 0 ? '-' : '+';
	civil_of(n, &c->year, &c->month, &c->day);
}

void date_format(char out[DATE_SIZE], int64_t when, int zone)
{
	struct civil c;

	break_down(&c, when, zone);
	snprintf(out, DATE_SIZE, "%.3s, %u %.3s %04u %02u:%02u:%02u %c%02u%02u",
		 days[weekday_of(c.days)], (unsigned)c.day % 100,
		 months[c.month - 1], (unsigned)c.year % 10000,
		 c.left / 3600 % 24, c.left / 60 % 60, c.left % 60, c.sign,
		 c.east / 60 % 24, c.east % 60);
}

void date_format_iso(char out[DATE_SIZE], int64_t when)
{
	struct civil c;

	break_down(&c, when, sysenv_zone(when));
	snprintf(out, DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u",
		 (unsigned)c.year % 10000, (unsigned)c.month % 100,
		 (unsigned)c.day % 100, c.left / 3600 % 24, c.left / 60 % 60,
		 c.left % 60, c.sign, c.east / 60 % 24, c.east % 60);
}

void date_format_short(char out[DATE_SIZE], int64_t when)
{
	int64_t now = sysenv_now();
	struct civil c, today;

	break_down(&c, when, sysenv_zone(when));
	break_down(&today, now, sysenv_zone(now));
	if (c.days == today.days)
		snprintf(out, DATE_SIZE, "%02u:%02u", c.left / 3600 % 24,
			 c.left / 60 % 60);
	else
		snprintf(out, DATE_SIZE, "%.3s %2u %02u:%02u",
			 months[c.month - 1], (unsigned)c.day % 100,
			 c.left / 3600 % 24, c.left / 60 % 60);
}

/* White space and comments (RFC 5322 3.2.2). */
static void skip_space(struct cursor *c)
{
	int depth = 0;

	for (; *c->p; c->p++) {
		if (*c->p == '(')
			depth++;
		else if (*c->p == ')' && depth)
			depth--;
		else if (*c->p == '\\' && depth && c->p[1])
			c->p++;
		else if (!depth && *c->p != ' ' && *c->p != '\t')
			break;
	}
	if (depth)
		c->bad = true;
}

static bool take(struct cursor *c, char sign)
{
	if (*c->p != sign)
		return false;
	c->p++;
	return true;
}

static void want(struct cursor *c, char sign)
{
	if (!take(c, sign))
		c->bad = true;
}

/* A number of `least` to `most` digits, at most nine. */
static int number(struct cursor *c, int least, int most)
{
	int n = 0, digits = 0;

	while (ascii_is_digit(*c->p) && digits < most) {
		n = n * 10 + (*c->p++ - '0');
		digits++;
	}
	if (digits < least || ascii_is_digit(*c->p))
		c->bad = true;
	return n;
}

/* Index of the name at the cursor, by its first three letters or complete; -1
 * if unknown. */
static int name_index(struct cursor *c, const char *const *names, int count)
{
	size_t n = 0;

	while (ascii_is_letter(c->p[n]))
		n++;
	for (int i = 0; i < count; i++) {
		size_t whole = strlen(names[i]), j = 0;

		while (j < n &&
		       ascii_lower(c->p[j]) == ascii_lower(names[i][j]))
			j++;
		if (j == n && (n == 3 || n == whole)) {
			c->p += n;
			return i;
		}
	}
	return -1;
}

/* hh:mm or hh:mm:ss, a fraction is dropped; a leap second becomes the second
 * before it.  `spaced`: white space is allowed between (obs-time). */
static void read_time(struct cursor *c, struct moment *m, bool spaced)
{
	m->hour = number(c, 1, 2);
	if (spaced)
		skip_space(c);
	want(c, ':');
	if (spaced)
		skip_space(c);
	m->minute = number(c, 2, 2);
	if (spaced)
		skip_space(c);
	if (!take(c, ':'))
		return;
	if (spaced)
		skip_space(c);
	m->second = number(c, 2, 2);
	if (m->second == 60)
		m->second = 59;
	if (*c->p == '.' || *c->p == ',')
		for (c->p++; ascii_is_digit(*c->p);)
			c->p++;
}

/* "+0100", "+01:00" or "+01". */
static void read_offset(struct cursor *c, struct moment *m)
{
	int sign = *c->p++ == '-' ? -1 : 1, hours, minutes = 0;

	if (!ascii_is_digit(c->p[0]) || !ascii_is_digit(c->p[1])) {
		c->bad = true;
		return;
	}
	hours = (c->p[0] - '0') * 10 + (c->p[1] - '0');
	c->p += 2;
	if (take(c, ':') || ascii_is_digit(*c->p))
		minutes = number(c, 2, 2);
	if (hours > 23 || minutes > 59)
		c->bad = true;
	m->zone = sign * (hours * 60 + minutes);
}

/* An offset, a name, or nothing, which means unknown. */
static void read_zone(struct cursor *c, struct moment *m)
{
	size_t n = 0;

	if (*c->p == '+' || *c->p == '-') {
		read_offset(c, m);
		return;
	}
	while (ascii_is_letter(c->p[n]))
		n++;
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		if (ascii_is_word(c->p, n, zones[i].name)) {
			m->zone = zones[i].minutes;
			c->p += n;
			return;
		}
	}
	if (n == 1 && ascii_lower(*c->p) != 'j') {
		m->zone = 0;
		c->p++;
	}
}

static int full_year(int year, size_t digits)
{
	if (digits == 2)
		return year + (year < 50 ? 2000 : 1900);
	return digits == 3 ? year + 1900 : year;
}

/* "[Sun,] 22 Nov 2026 05:30[:00] [zone]" (RFC 5322 3.3, 4.3). */
static void read_mail(struct cursor *c, struct moment *m)
{
	const char *start;
	int month;

	skip_space(c);
	m->weekday = name_index(c, days, 7);
	skip_space(c);
	if (m->weekday >= 0)
		take(c, ',');
	skip_space(c);
	m->day = number(c, 1, 2);
	skip_space(c);
	month = name_index(c, months, 12);
	m->month = month + 1;
	skip_space(c);
	start = c->p;
	m->year = number(c, 2, 4);
	m->year = full_year(m->year, (size_t)(c->p - start));
	skip_space(c);
	read_time(c, m, true);
	skip_space(c);
	read_zone(c, m);
	skip_space(c);
}

/* "2026-11-22", "2026-11-22T05:30[:00][zone]", also with a space for the T. */
static void read_iso(struct cursor *c, struct moment *m)
{
	m->year = number(c, 4, 4);
	want(c, '-');
	m->month = number(c, 2, 2);
	want(c, '-');
	m->day = number(c, 2, 2);
	if (!take(c, 'T') && !take(c, 't')) {
		skip_space(c);
		if (!*c->p)
			return;
	}
	read_time(c, m, false);
	skip_space(c);
	read_zone(c, m);
	skip_space(c);
}

static int days_in(int year, int month)
{
	static const int count[] = { 31, 28, 31, 30, 31, 30,
				     31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 || year % 400 == 0);

	return count[month - 1] + (month == 2 && leap);
}

static bool in_range(const struct moment *m)
{
	return m->year >= YEAR_MIN && m->year <= YEAR_MAX && m->month >= 1 &&
	       m->month <= 12 && m->day >= 1 &&
	       m->day <= days_in(m->year, m->month) && m->hour <= 23 &&
	       m->minute <= 59 && m->second <= 59;
}

/* The local offset depends on the time and the time on the offset: the first
 * guess is wrong only near a DST change. */
static int local_zone(int64_t local)
{
	int guess = sysenv_zone(local - sysenv_zone(local) * 60);

	return sysenv_zone(local - guess * 60);
}

static int fail(const char *text, const char *why, struct error *f)
{
	return error_set(f, ERROR_USAGE,
			 "\"%.100s\" is not a date: %s; write \"22 Nov 2026 "
			 "05:30:00 +0100\", \"2026-11-22 05:30\" or @SECONDS",
			 text, why);
}

static int read_seconds(const char *text, int64_t *when, int *zone,
			struct error *f)
{
	const char *p = text + 1;
	int64_t n = 0;

	if (!*p)
		return fail(text, "no number follows the \"@\"", f);
	for (; *p; p++) {
		if (!ascii_is_digit(*p))
			return fail(text,
				    "\"@\" needs seconds since 1970 after it",
				    f);
		n = n * 10 + (*p - '0');
		if (n > WHEN_MAX - DAY_SECONDS)
			return fail(text, "it is too far away", f);
	}
	*when = n;
	*zone = sysenv_zone(n);
	return 0;
}

static bool looks_iso(const char *p)
{
	return strspn(p, "0123456789") == 4 && p[4] == '-';
}

int date_parse(const char *text, int64_t *when, int *zone, struct error *f)
{
	struct moment m = { .weekday = -1, .zone = ZONE_UNKNOWN };
	struct cursor c = { .p = text };
	int64_t day, local;
	char why[40];

	skip_space(&c);
	if (*c.p == '@')
		return read_seconds(c.p, when, zone, f);
	if (looks_iso(c.p))
		read_iso(&c, &m);
	else
		read_mail(&c, &m);
	if (!c.bad && *c.p && m.zone == ZONE_UNKNOWN && ascii_is_letter(*c.p))
		return fail(text, "its time zone is ambiguous", f);
	if (c.bad || *c.p)
		return fail(text, "it has an unknown form", f);
	if (!in_range(&m))
		return fail(text, "there is no such day or time", f);
	day = days_of(m.year, m.month, m.day);
	if (m.weekday >= 0 && m.weekday != weekday_of(day)) {
		snprintf(why, sizeof(why), "that day is a %s",
			 days[weekday_of(day)]);
		return fail(text, why, f);
	}
	local = day * DAY_SECONDS + m.hour * 3600 + m.minute * 60 + m.second;
	*zone = m.zone == ZONE_UNKNOWN ? local_zone(local) : m.zone;
	*when = local - *zone * 60;
	return 0;
}

/* ---- Message-ID ---- */

/* The clock, so that ids sort; random bits, so that none repeats.
 *
 * The random part uses 32 characters, five bits each, without those that are
 * easily confused. */

#define MSGID_MAX    996 /* fits a line of its own: " " and 997 */
#define RANDOM_BYTES 10

static const char base36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void put_time(char out[16], int64_t when)
{
	uint64_t left = when > 0 ? (uint64_t)when : 0;
	char digits[16];
	size_t n = 0;

	do
		digits[n++] = base36[left % 36];
	while (left /= 36);
	while (n)
		*out++ = digits[--n];
	*out = '\0';
}

/* Five octets become eight characters. */
static void put_random(char out[RANDOM_BYTES / 5 * 8 + 1])
{
	unsigned char bytes[RANDOM_BYTES];

	sysenv_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < RANDOM_BYTES; i += 5) {
		uint64_t group = 0;

		for (size_t j = 0; j < 5; j++)
			group = group << 8 | bytes[i + j];
		for (int shift = 35; shift >= 0; shift -= 5)
			*out++ = text_base32[group >> shift & 31];
	}
	*out = '\0';
}

const char *msgid_make(struct arena *a, const char *domain)
{
	char when[16], random[RANDOM_BYTES / 5 * 8 + 1];

	put_time(when, sysenv_now());
	put_random(random);
	return arena_format(a, "<%s.%s@%s>", when, random,
			    domain ? domain : sysenv_domain());
}

/* The end of the dot-atom at p; p itself when there is none. */
static const char *skip_dot_atom(const char *p)
{
	const char *start = p;

	while (ascii_is_atext(*p) || (*p == '.' && p > start && p[-1] != '.'))
		p++;
	return p > start && p[-1] == '.' ? start : p;
}

/* "[...]" without folding or quoting (RFC 5322 3.6.4, no-fold-literal). */
static const char *skip_literal(const char *p)
{
	const char *start = p++;

	while (*p > 32 && *p < 127 && !strchr("[]\\", *p))
		p++;
	return *p == ']' ? p + 1 : start;
}

bool msgid_is_valid(const char *text)
{
	const char *p = text, *part;

	if (*p++ != '<' || strlen(text) > MSGID_MAX)
		return false;
	part = p;
	p = skip_dot_atom(p);
	if (p == part || *p++ != '@')
		return false;
	part = p;
	p = *p == '[' ? skip_literal(p) : skip_dot_atom(p);
	return p > part && !strcmp(p, ">");
}
