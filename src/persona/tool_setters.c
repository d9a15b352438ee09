/* tool_setters.c - what options say to the tools: check, round trip, talk,
 * serve, the queue, and to a series of mails. */
#include "persona/setters.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "config/values.h"
#include "persona/validate.h"
#include "server/listener.h"
#include "submit/series.h"

#define DAYS_MAX    10000
#define COUNT_MAX   1000000
#define PARTS_MAX   10000000
#define SPLIT_LEAST 1024 /* octets: less has no room for a header */

/* The command that an option is, besides what it says. */
static int choose(struct options_run *run, enum command_kind kind,
		  struct error *f)
{
	const struct option_row row = { .value = (int)kind };

	return set_command(run, &row, NULL, f);
}

static int read_seconds(struct options_run *run, const char *text, int *seconds,
			struct error *f)
{
	struct value v = { .arena = run->arena, .text = text };

	if (value_duration(&v, seconds) < 0)
		return error_set(f, ERROR_USAGE, "'%s' %s", text, v.why);
	return 0;
}

/* ---- check ---- */

SETTER(set_serverinfo)
{
	(void)row;
	(void)value;
	run->cmdline->check.is_server_only = true;
	return choose(run, COMMAND_CHECK, f);
}

SETTER(set_days)
{
	char *field = (char *)&run->cmdline->check + row->value;
	uint64_t days;
	unsigned result;

	if (!text_number(value, DAYS_MAX, &days))
		return error_set(f, ERROR_USAGE, "'%s' is not a number of days",
				 value);
	result = (unsigned)days;
	memcpy(field, &result, sizeof(result));
	return 0;
}

/* ---- login ---- */

SETTER(set_login_way)
{
	(void)value;
	(void)f;
	run->cmdline->login = (enum login_way)row->value;
	return 0;
}

/* ---- round trip ---- */

SETTER(set_roundtrip)
{
	(void)row;
	run->cmdline->roundtrip.source = value;
	return choose(run, COMMAND_ROUNDTRIP, f);
}

SETTER(set_span)
{
	char *field = (char *)&run->cmdline->roundtrip + row->value;
	int seconds;

	if (read_seconds(run, value, &seconds, f) < 0)
		return -1;
	memcpy(field, &seconds, sizeof(seconds));
	return 0;
}

int settle_roundtrip(struct cmdline *c, struct error *f)
{
	if (!c->roundtrip.wait)
		c->roundtrip.wait = ROUNDTRIP_WAIT;
	if (c->request.to.count == 1 && request_recipients(&c->request) == 1)
		return 0;
	return error_set(f, ERROR_USAGE,
			 "--roundtrip sends one mail to one address, whose "
			 "mailbox it looks into: mailsend --roundtrip SOURCE "
			 "user@example.org");
}

/* ---- talk ---- */

/* The argument that is read next, where it is no option. */
static const char *next_word(struct options_run *run)
{
	const char *next = run->at < run->argc ? run->argv[run->at] : NULL;

	if (!next || *next == '-' || !*next)
		return NULL;
	run->at++;
	return next;
}

SETTER(set_talk)
{
	const char *before = run->cmdline->talk.url;

	(void)row;
	if (!value)
		value = next_word(run);
	if (value && before)
		return error_set(f, ERROR_USAGE,
				 "one talk is with one server, and both %s and "
				 "%s are named",
				 before, value);
	if (value)
		run->cmdline->talk.url = value;
	return choose(run, COMMAND_TALK, f);
}

SETTER(set_transcript)
{
	struct request *r = run->request;

	(void)row;
	(void)f;
	if (!value && run->cmdline->kind == COMMAND_TALK)
		value = next_word(run);
	if (value)
		r->transcript_path = value;
	else
		r->transcript = true;
	return 0;
}

/* "smtps://host" is TLS from the first byte, "smtp://host" is STARTTLS, but on
 * a port that has it otherwise. */
int settle_talk(struct options_run *run, struct error *f)
{
	const char *url = run->cmdline->talk.url;
	bool is_implicit, has_scheme;

	if (!url)
		return 0;
	run->shown = "--talk";
	if (validate_server(run, url, &is_implicit, &has_scheme, f) < 0)
		return -1;
	if (!is_implicit)
		return 0;
	if (override_setting(run, "tls_starttls", "off", f) < 0)
		return -1;
	return override_setting(run, "tls", "on", f);
}

/* ---- serve ---- */

/* "-": as inetd starts it, or a program that wants to talk to us. */
SETTER(set_serve)
{
	(void)row;
	if (strcmp(value, "-") == 0)
		return choose(run, COMMAND_SERVE_STDIO, f);
	if (listener_check(value, f) < 0)
		return -1;
	run->cmdline->serve.address = value;
	return choose(run, COMMAND_SERVE, f);
}

SETTER(set_serve_tls)
{
	bool is_implicit = ascii_equal(value, "implicit");

	(void)row;
	if (!is_implicit && !ascii_equal(value, "starttls"))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not how TLS begins: starttls or "
				 "implicit",
				 value);
	return override_setting(run, "serve_tls_starttls",
				is_implicit ? "off" : "on", f);
}

/* ---- the queue ---- */

int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f)
{
	struct mailq_choice *q = &run->cmdline->queue.choice;
	struct flush_words *lists[] = { [WORDS_IDS] = &q->ids,
					[WORDS_SENDERS] = &q->senders,
					[WORDS_RECIPIENTS] = &q->recipients };
	struct flush_words *list = lists[which];

	/* an empty one would be any */
	if (!*word)
		return error_set(f, ERROR_USAGE,
				 "it is empty: is a variable not set?");
	list->words = arena_grow(run->arena, list->words, list->count,
				 &list->room, sizeof(*list->words));
	list->words[list->count++] = word;
	return 0;
}

SETTER(set_words)
{
	return choose_queued(run, (enum setter_words)row->value, value, f);
}

SETTER(set_flush)
{
	(void)row;
	(void)value;
	run->cmdline->queue.tells_each = true;
	return choose(run, COMMAND_RUN_QUEUE, f);
}

SETTER(set_setup_queue)
{
	(void)row;
	if (!value)
		value = "on";
	else if (strcmp(value, "on") != 0 && strcmp(value, "remove") != 0 &&
		 strcmp(value, "show") != 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not what to do: nothing, remove or "
				 "show",
				 value);
	run->cmdline->queue.setup = value;
	return choose(run, COMMAND_SETUP_QUEUE, f);
}

/* ... for a monitor */
SETTER(set_limit_count)
{
	char *field = (char *)&run->cmdline->queue.limits + row->value;
	uint64_t count;
	unsigned result;

	if (!text_number(value, COUNT_MAX, &count) || !count)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a count of mails, from 1 on",
				 value);
	result = (unsigned)count;
	memcpy(field, &result, sizeof(result));
	return 0;
}

SETTER(set_limit_age)
{
	char *field = (char *)&run->cmdline->queue.limits + row->value;
	int64_t result;
	int seconds;

	if (read_seconds(run, value, &seconds, f) < 0)
		return -1;
	result = seconds;
	memcpy(field, &result, sizeof(result));
	return 0;
}

/* ---- a series ---- */

/* "k", "m" or "g" behind a number: how far it is shifted; 0 for none. */
static int size_shift(char unit)
{
	switch (ascii_lower(unit)) {
	case 'k':
		return 10;
	case 'm':
		return 20;
	case 'g':
		return 30;
	default:
		return 0;
	}
}

SETTER(set_split)
{
	struct request_series *s = &run->request->series;
	uint64_t n;
	size_t digits = text_digits(value, UINT64_MAX >> 31, &n);
	int shift = digits ? size_shift(value[digits]) : 0;

	(void)row;
	s->asks = ascii_equal(value, "auto");
	if (s->asks)
		return 0;
	if (!digits || value[digits + (shift ? 1 : 0)] ||
	    n << shift < SPLIT_LEAST)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the size of a mail: 'auto', or "
				 "octets as in 5M or 500k",
				 value);
	s->limit = n << shift;
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
	uint64_t n;

	(void)row;
	if (!text_number(value, SERIES_CONNECTIONS_MAX, &n) || !n)
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
	uint64_t from, to;
	size_t n;

	(void)row;
	do {
		n = text_range(p, PARTS_MAX, &from, &to);
		p += n + (p[n] == ',');
	} while (n && p[-1] == ',' && *p);
	if (!n || *p)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a list of parts, as in 4,7-9",
				 value);
	run->request->series.parts = value;
	return 0;
}
