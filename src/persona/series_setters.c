/* series_setters.c - what options say of many mails: splitting, each file,
 * ready messages, going on with what was begun. */
#include "persona/setters.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "submit/series.h"

#define SPLIT_LEAST 1024 /* octets: less has no room for a header */

SETTER(set_split)
{
	struct request_series *s = &run->request->series;
	unsigned long long n;
	char *end;
	int shift = 0;

	(void)row;
	s->asks = ascii_equal(value, "auto");
	if (s->asks)
		return 0;
	n = strtoull(value, &end, 10);
	if (*end) {
		shift = ascii_lower(*end) == 'k'   ? 10
			: ascii_lower(*end) == 'm' ? 20
			: ascii_lower(*end) == 'g' ? 30
						   : 0;
		end += shift ? 1 : 0;
	}
	if (!ascii_is_digit(*value) || *end || n > (UINT64_MAX >> 31) ||
	    n << shift < SPLIT_LEAST)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the size of a mail: 'auto', or "
				 "octets as in 5M or 500k",
				 value);
	s->limit = (uint64_t)n << shift;
	return 0;
}

SETTER(set_split_format)
{
	static const char *const names[] = { [SPLIT_PARTS] = "parts",
					     [SPLIT_UUENCODE] = "uuencode",
					     [SPLIT_PARTIAL] = "partial",
					     [SPLIT_SHAR] = "shar" };

	(void)row;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (ascii_equal(value, names[i])) {
			run->request->series.format = (enum split_format)i;
			return 0;
		}
	return error_set(f, ERROR_USAGE,
			 "'%s' is not a format: parts, uuencode, partial and "
			 "shar are",
			 value);
}

SETTER(set_compression)
{
	int method = compression_parse(value);

	(void)row;
	if (method < 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' compresses nothing: gzip, xz, zstd or "
				 "none",
				 value);
	run->request->compression = (enum compression)method;
	return 0;
}

SETTER(set_connections)
{
	unsigned long n;
	char *end;

	(void)row;
	n = strtoul(value, &end, 10);
	if (!ascii_is_digit(*value) || *end || !n || n > SERIES_CONNECTIONS_MAX)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a number of connections, 1 to %d",
				 value, SERIES_CONNECTIONS_MAX);
	run->request->series.connections = (unsigned)n;
	return 0;
}

/* All that stand together, up to the next option. */
SETTER(set_sources)
{
	struct request_series *s = &run->request->series;
	const char **all;
	int from = run->at;

	if (s->kind != REQUEST_ONE && s->kind != (unsigned)row->value)
		return error_set(f, ERROR_USAGE,
				 "files and ready messages are two commands");
	while (run->at < run->argc &&
	       (run->argv[run->at][0] != '-' || !run->argv[run->at][1]))
		run->at++;
	all = arena_array(run->arena, s->count + 1 + (size_t)(run->at - from),
			  sizeof(*all));
	if (s->count)
		memcpy(all, s->sources, s->count * sizeof(*all));
	all[s->count++] = value;
	for (; from < run->at; from++)
		all[s->count++] = run->argv[from];
	s->sources = all;
	s->kind = row->value == REQUEST_EACH ? REQUEST_EACH : REQUEST_BATCH;
	return 0;
}

/* Row value: does what went before go once more? */
SETTER(set_series)
{
	struct request_series *s = &run->request->series;

	if (s->id)
		return error_set(f, ERROR_USAGE, "one series at a time");
	if (!text_is_hex(value, 32))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the id of a series, which has 32 "
				 "digits and letters a to f",
				 value);
	s->id = value;
	s->again = row->value != 0;
	return 0;
}

SETTER(set_parts)
{
	const char *p = value;

	(void)row;
	do {
		char *end;
		unsigned long from = strtoul(p, &end, 10), to = from;

		if (ascii_is_digit(*p) && *end == '-' && ascii_is_digit(end[1]))
			to = strtoul(end + 1, &end, 10);
		if (!ascii_is_digit(*p) || !from || to < from ||
		    to > 10000000 || (*end && *end != ','))
			return error_set(f, ERROR_USAGE,
					 "'%s' is not a list of parts, as in "
					 "4,7-9",
					 value);
		p = *end ? end + 1 : "";
	} while (*p);
	run->request->series.parts = value;
	return 0;
}
