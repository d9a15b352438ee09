/* test_date.c - against the C library's own calendar, and the forms read. */
#include "laws.h"

#include <stdio.h>
#include <time.h>

#include "base/sysenv.h"
#include "mail/date.h"

/* In the C locale, where the library's names are those of mail. */
static void library_format(char *out, size_t n, int64_t when, int zone)
{
	time_t local = (time_t)(when + zone * 60);
	char text[40];
	struct tm tm;

	gmtime_r(&local, &tm);
	strftime(text, sizeof(text), "%a, %e %b %Y %H:%M:%S", &tm);
	if (text[5] == ' ')
		memmove(text + 5, text + 6, strlen(text + 5));
	snprintf(out, n, "%s %c%02d%02d", text, zone < 0 ? '-' : '+',
		 abs(zone) / 60, abs(zone) % 60);
}

static void formats(void **state)
{
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t when = (int64_t)laws_random(&seed) * 60 - 2000000000 +
			       laws_random(&seed) % 60;
		int zone = (int)(laws_random(&seed) % 1440) - 720, back;
		char got[DATE_SIZE], want[80];
		struct error f = ERROR_INIT;
		int64_t again;

		date_format(got, when, zone);
		library_format(want, sizeof(want), when, zone);
		assert_string_equal(got, want);
		assert_int_equal(date_parse(got, &again, &back, &f), 0);
		assert_int_equal(again, when);
		assert_int_equal(back, zone);
	}
}

static const struct {
	const char *text;
	int64_t when;
	int zone;
} good[] = {
	{ "Sun, 22 Nov 2026 05:30:00 +0100", 1795321800, 60 },
	{ "22 Nov 2026 05:30:00 +0100", 1795321800, 60 },
	{ "22 Nov 2026 05:30 +0100", 1795321800, 60 },
	{ "sunday, 22 november 2026 05:30 +0100", 1795321800, 60 },
	{ "  Sun ,(a (nested \\) one))22(x)Nov  2026 05 : 30 : 00 +0100 (CET)",
	  1795321800, 60 },
	{ "Sun, 22 Nov 26 05:30:00 +0100", 1795321800, 60 },
	{ "22 Nov 126 05:30:00 +0100", 1795321800, 60 },
	{ "Sun, 22 Nov 2026 04:30:00 GMT", 1795321800, 0 },
	{ "Sun, 22 Nov 2026 04:30:00 ut", 1795321800, 0 },
	{ "Sat, 21 Nov 2026 23:30:00 EST", 1795321800, -300 },
	{ "Sat, 21 Nov 2026 20:30:00 PST", 1795321800, -480 },
	{ "Sun, 22 Nov 2026 04:30:00 A", 1795321800, 0 },
	{ "Sun, 22 Nov 2026 04:30:00 -0000", 1795321800, 0 },
	{ "Sun, 22 Nov 2026 04:29:60 +0000", 1795321799, 0 },
	{ "1 Jan 70 00:00 Z", 0, 0 },
	{ "31 Dec 49 23:59:59 Z", 2524607999, 0 },
	{ "1 Jan 50 00:00 Z", -631152000, 0 },
	{ "29 Feb 2024 12:00 +0000", 1709208000, 0 },
	{ "@1795321800", 1795321800, 150 },
	{ "@0", 0, 150 },
	{ "2026-11-22T05:30:00+01:00", 1795321800, 60 },
	{ "2026-11-22T05:30:00.123456+01:00", 1795321800, 60 },
	{ "2026-11-22t04:30:00z", 1795321800, 0 },
	{ "2026-11-22 05:30:00 +0100", 1795321800, 60 },
	{ "2026-11-22 05:30+01", 1795321800, 60 },
	/* the local zone is two and a half hours east */
	{ "2026-11-22 07:00", 1795321800, 150 },
	{ "2026-11-22", 1795296600, 150 },
	{ "22 Nov 2026 07:00", 1795321800, 150 },
};

static const char *const bad[] = {
	"",
	"   ",
	"tomorrow",
	"@",
	"@x",
	"@-5",
	"@99999999999999999999",
	"22 Nov 2026",
	"Mon, 22 Nov 2026 05:30:00 +0100",
	"32 Nov 2026 05:30 +0100",
	"0 Nov 2026 05:30 +0100",
	"31 Nov 2026 05:30 +0100",
	"29 Feb 2026 05:30 +0100",
	"29 Feb 1900 05:30 +0100",
	"22 Nox 2026 05:30 +0100",
	"22 N 2026 05:30 +0100",
	"22 Novem 2026 05:30 +0100",
	"22 Nov 1899 05:30 +0100",
	"22 Nov 20260 05:30 +0100",
	"22 Nov 2026 24:00 +0100",
	"22 Nov 2026 05:60 +0100",
	"22 Nov 2026 05:30:61 +0100",
	"22 Nov 2026 05:3 +0100",
	"22 Nov 2026 05:30 +2400",
	"22 Nov 2026 05:30 +0160",
	"22 Nov 2026 05:30 +1",
	"22 Nov 2026 05:30 +01000",
	"22 Nov 2026 05:30 CET",
	"22 Nov 2026 05:30 J",
	"22 Nov 2026 05:30 +0100 x",
	"22 Nov 2026 05:30 (open",
	"2026-13-01",
	"2026-00-01",
	"2026-11-31",
	"2026-11-22T",
	"2026-11-22T05",
	"2026-1-2",
	"2026-11-22 05:30 CEST",
	"2026-11-22 25:30",
	"2026-11-22x",
};

static void forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct error f = ERROR_INIT;
		int64_t when = -1;
		int zone = -1;

		date_parse(good[i].text, &when, &zone, &f);
		assert_string_equal(f.text, "");
		assert_int_equal(when, good[i].when);
		assert_int_equal(zone, good[i].zone);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error f = ERROR_INIT;
		int64_t when;
		int zone;

		if (date_parse(bad[i], &when, &zone, &f) == 0)
			fail_msg("\"%s\" was taken for a date", bad[i]);
		assert_int_equal(f.cause, ERROR_USAGE);
		assert_non_null(strstr(f.text, "not a date"));
	}
}

/* Summer time begins on 29 March 2026 at 02:00 and ends on 25 October. */
static void local_zones(void **state)
{
	static const struct {
		const char *text;
		int zone;
	} cases[] = {
		{ "2026-03-29 01:59:59", 60 }, { "2026-03-29 03:00", 120 },
		{ "2026-10-25 01:59", 120 },   { "2026-10-25 03:00", 60 },
		{ "2026-07-01", 120 },	       { "22 Nov 2026 05:30", 60 },
		{ "@1795321800", 60 },	       { "@1782864000", 120 },
	};

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error f = ERROR_INIT;
		int64_t when;
		int zone;

		assert_int_equal(date_parse(cases[i].text, &when, &zone, &f),
				 0);
		assert_int_equal(zone, cases[i].zone);
	}
	/* from here on the zone is frozen */
	setenv("MAILSEND_FROZEN", "zone=150", 1);
	sysenv_init();
}

/* Anything may be asked for; the text always fits. */
static void extremes(void **state)
{
	static const int64_t whens[] = { INT64_MIN, -1, 0, INT64_MAX };
	static const int zones[] = { -100000, -1439, 0, 1439, 100000 };
	char text[DATE_SIZE];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t j = 0; j < 5; j++) {
			struct error f = ERROR_INIT;
			int64_t when;
			int zone;

			date_format(text, whens[i], zones[j]);
			assert_int_equal(date_parse(text, &when, &zone, &f), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_zones),
		cmocka_unit_test(formats),
		cmocka_unit_test(forms),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
