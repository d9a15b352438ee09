/* date.h - what every message is told apart by: its date (RFC 5322 3.3) and
 * its identifier (3.6.4). */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define DATE_SIZE 40

/* "Sun, 22 Nov 2026 05:30:00 +0100"; `zone` in minutes east. */
void date_format(char out[DATE_SIZE], int64_t when, int zone);
/* In the local zone: "2026-11-22T05:30:00+01:00"; and for people "05:30", with
 * the day, "Nov 22 05:30", where it is not today. */
void date_format_iso(char out[DATE_SIZE], int64_t when);
void date_format_short(char out[DATE_SIZE], int64_t when);
/* RFC 5322 (with the obsolete forms), "@SECONDS", or ISO 8601; where no zone
 * is given the local one is meant. */
int date_parse(const char *text, int64_t *when, int *zone, struct error *f);

/* ---- Message-ID ---- */

/* "<time.random@domain>", unique: 80 random bits beside the clock.  `domain`
 * is real and has a dot; NULL takes sysenv's. */
const char *msgid_make(struct arena *a, const char *domain);
bool msgid_is_valid(const char *text);

#endif
