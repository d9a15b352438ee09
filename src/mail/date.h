/* date.h - the date (RFC 5322 3.3) and the Message-ID (3.6.4) of a message. */
#ifndef MAIL_DATE_H
#define MAIL_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define DATE_SIZE 40

/* "Sun, 22 Nov 2026 05:30:00 +0100"; `zone` in minutes east. */
void date_format(char out[DATE_SIZE], int64_t when, int zone);
/* In the local zone: "2026-11-22T05:30:00+01:00"; and for display "05:30", or
 * "Nov 22 05:30" if it is another day. */
void date_format_iso(char out[DATE_SIZE], int64_t when);
void date_format_short(char out[DATE_SIZE], int64_t when);
/* RFC 5322 (with the obsolete forms), "@SECONDS", or ISO 8601; the default is
 * the local time zone. */
int date_parse(const char *text, int64_t *when, int *zone, struct error *f);

/* ---- Message-ID ---- */

/* "<time.random@domain>", unique: 80 random bits and the time.  `domain` must
 * exist and have a dot; NULL: sysenv_domain. */
const char *msgid_make(struct arena *a, const char *domain);
bool msgid_is_valid(const char *text);

#endif
