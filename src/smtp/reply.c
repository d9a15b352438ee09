/* reply.c - a reply is parsed line by line, and a refusal is explained by one
 * table.
 *
 * A line is collected before it is parsed, so nothing depends on how the bytes
 * arrive.  CRLF is expected and a bare LF tolerated.  Octets behind the last
 * line are not consumed: they belong to the next reply, or answer no command,
 * which the session detects. */
#include "smtp/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void reply_init(struct reply *r)
{
	*r = (struct reply){ 0 };
	buf_init(&r->text, REPLY_TEXT_MAX);
	buf_init(&r->line, REPLY_LINE_MAX);
}

void reply_free(struct reply *r)
{
	buf_free(&r->text);
	buf_free(&r->line);
}

void reply_reset(struct reply *r)
{
	r->code = 0;
	r->esc[0] = '\0';
	r->lines = 0;
	buf_reset(&r->text);
	buf_reset(&r->line);
}

/* Length of "5.1.1" at s when its class is that of the code and a space or
 * the end follows (RFC 2034 4), else 0. */
static size_t enhanced_length(const char *s, int code)
{
	size_t n = 0;

	if (s[n++] != '0' + code / 100 || !strchr("245", s[0]))
		return 0;
	for (int part = 0; part < 2; part++) {
		size_t digits;

		if (s[n++] != '.')
			return 0;
		digits = strspn(s + n, "0123456789");
		if (digits < 1 || digits > 3)
			return 0;
		n += digits;
	}
	return s[n] == '\0' || s[n] == ' ' ? n : 0;
}

/* The text of one line, without its enhanced code if that is the one of the
 * first line. */
static void take_text(struct reply *r, const char *s, size_t n)
{
	size_t esc = enhanced_length(s, r->code);

	if (esc && r->lines == 1)
		snprintf(r->esc, sizeof(r->esc), "%.*s", (int)esc, s);
	if (esc && strlen(r->esc) == esc && !strncmp(s, r->esc, esc)) {
		esc += s[esc] == ' ';
		s += esc;
		n -= esc;
	}
	if (r->text.len && n)
		buf_putc(&r->text, ' ');
	if (!r->text.overflow)
		text_put_escaped(&r->text, s, n);
}

static int code_of(const struct buf *line)
{
	const char *s = line->data;

	if (line->len < 3 || strspn(s, "0123456789") < 3)
		return 0;
	if (s[0] < '2' || s[0] > '5')
		return 0;
	if (line->len > 3 && s[3] != ' ' && s[3] != '-')
		return 0;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + (s[2] - '0');
}

static int bad_line(const struct reply *r, struct error *f)
{
	struct buf shown;

	buf_init(&shown, 80);
	text_put_escaped(&shown, r->line.data, r->line.len);
	error_set(f, ERROR_PROTOCOL,
		  "the server does not speak SMTP: it said \"%s\"", shown.data);
	buf_free(&shown);
	return -1;
}

static int take_line(struct reply *r, struct error *f)
{
	bool more;
	int code;

	if (r->line.len && r->line.data[r->line.len - 1] == '\r')
		buf_truncate(&r->line, r->line.len - 1);
	code = code_of(&r->line);
	if (!code || (r->lines && code != r->code))
		return bad_line(r, f);
	if (++r->lines > REPLY_LINES_MAX)
		return error_set(f, ERROR_PROTOCOL,
				 "the server's reply has more than %d lines",
				 REPLY_LINES_MAX);
	r->code = code;
	more = r->line.len > 3 && r->line.data[3] == '-';
	if (r->line.len > 4)
		take_text(r, r->line.data + 4, r->line.len - 4);
	buf_reset(&r->line);
	return more ? 0 : 1;
}

int reply_feed(struct reply *r, const char *data, size_t n, size_t *used,
	       struct error *f)
{
	*used = 0;
	while (*used < n) {
		const char *from = data + *used;
		const char *end = memchr(from, '\n', n - *used);
		size_t piece = end ? (size_t)(end - from) : n - *used;
		int done;

		*used += piece + (end != NULL);
		if (buf_put(&r->line, from, piece) < 0)
			return error_set(f, ERROR_PROTOCOL,
					 "the server sent a line of more than "
					 "%d octets",
					 REPLY_LINE_MAX);
		if (!end)
			return 0;
		done = take_line(r, f);
		if (done)
			return done;
	}
	return 0;
}

void reply_words(const struct reply *r, char *out, size_t size)
{
	int n = snprintf(out, size, "%03d%s%s%s%s", r->code,
			 r->esc[0] ? " " : "", r->esc, r->text.len ? " " : "",
			 r->text.data);

	if (n > 0 && (size_t)n >= size && size > 1)
		text_drop_partial(out);
}

/* The cause of a refusal, by phase and code.  The first row that matches is
 * used.  Rows with an enhanced code come first, since it says more than the
 * three digits and servers choose it with more care.  `esc` is a complete code,
 * or a class that ends in a dot; NULL matches when no code was given, or none
 * of the rows above matched.  The text is not used. */
#define PHASE(p)    (1U << (p))
#define ADDRESSES   (PHASE(REPLY_MAIL) | PHASE(REPLY_RCPT))
#define TRANSACTION (ADDRESSES | PHASE(REPLY_DATA) | PHASE(REPLY_CONTENT))
#define ANY_PHASE   (~0U)

static const struct rule {
	unsigned phases;
	const char *esc;
	int code; /* 0: any 5xx */
	enum error_cause cause;
} rules[] = {
	/* Whatever refuses a log-in, it is one: RFC 4954 6. */
	{ PHASE(REPLY_AUTH), NULL, 0, ERROR_PERMISSION },

	/* RFC 3463 3.2, addressing */
	{ TRANSACTION, "5.1.1", 0, ERROR_NOUSER },  /* no such mailbox */
	{ TRANSACTION, "5.1.2", 0, ERROR_NOHOST },  /* no such domain */
	{ TRANSACTION, "5.1.3", 0, ERROR_NOUSER },  /* not an address */
	{ TRANSACTION, "5.1.6", 0, ERROR_NOUSER },  /* moved, no new one */
	{ TRANSACTION, "5.1.7", 0, ERROR_DATA },    /* sender's syntax */
	{ TRANSACTION, "5.1.8", 0, ERROR_NOHOST },  /* sender's domain */
	{ TRANSACTION, "5.1.10", 0, ERROR_NOUSER }, /* null MX, RFC 7505 */
	/* 3.3 and 3.4, mailbox and system: full or off is not "no user" */
	{ TRANSACTION, "5.2.3", 0, ERROR_DATA }, /* longer than it takes */
	{ TRANSACTION, "5.3.4", 0, ERROR_DATA }, /* too big for the system */
	{ TRANSACTION, "5.2.", 0, ERROR_UNAVAILABLE },
	{ TRANSACTION, "5.3.", 0, ERROR_UNAVAILABLE },
	/* 3.5, routing */
	{ TRANSACTION, "5.4.4", 0, ERROR_NOHOST },
	{ TRANSACTION, "5.4.", 0, ERROR_UNAVAILABLE },
	/* 3.6, protocol; too many recipients: the rest may go another time
	 * (RFC 5321 4.5.3.1.10) */
	{ PHASE(REPLY_RCPT), "5.5.3", 0, ERROR_TEMPORARY },
	{ TRANSACTION, "5.5.", 0, ERROR_PROTOCOL },
	/* 3.7 and 3.8, content and policy */
	{ TRANSACTION, "5.6.", 0, ERROR_DATA },
	{ TRANSACTION, "5.7.", 0, ERROR_PERMISSION },

	/* RFC 4954 6: log in first, or more strongly */
	{ ANY_PHASE, NULL, 530, ERROR_PERMISSION },
	{ ANY_PHASE, NULL, 534, ERROR_PERMISSION },
	{ ANY_PHASE, NULL, 535, ERROR_PERMISSION },
	{ ANY_PHASE, NULL, 538, ERROR_PERMISSION },
	/* RFC 5321 4.2.3, RFC 7504 */
	{ PHASE(REPLY_RCPT), NULL, 501, ERROR_NOUSER },
	{ PHASE(REPLY_RCPT), NULL, 550, ERROR_NOUSER },
	{ PHASE(REPLY_RCPT), NULL, 551, ERROR_NOUSER },
	{ PHASE(REPLY_RCPT), NULL, 552, ERROR_TEMPORARY }, /* see 5.5.3 */
	{ PHASE(REPLY_RCPT), NULL, 553, ERROR_NOUSER },
	{ PHASE(REPLY_RCPT), NULL, 556, ERROR_NOHOST },
	{ PHASE(REPLY_MAIL), NULL, 501, ERROR_DATA },
	{ PHASE(REPLY_MAIL), NULL, 550, ERROR_PERMISSION },
	{ PHASE(REPLY_MAIL), NULL, 551, ERROR_PERMISSION },
	{ PHASE(REPLY_MAIL), NULL, 552, ERROR_DATA }, /* RFC 1870 6.1 */
	{ PHASE(REPLY_MAIL), NULL, 553, ERROR_PERMISSION },
	{ PHASE(REPLY_CONTENT), NULL, 552, ERROR_DATA },
	/* 554 is "transaction failed" and no more than that */
	{ TRANSACTION, NULL, 500, ERROR_PROTOCOL },
	{ TRANSACTION, NULL, 501, ERROR_PROTOCOL },
	{ TRANSACTION, NULL, 502, ERROR_PROTOCOL },
	{ TRANSACTION, NULL, 503, ERROR_PROTOCOL },
	{ TRANSACTION, NULL, 504, ERROR_PROTOCOL },
	{ TRANSACTION, NULL, 555, ERROR_PROTOCOL },
	{ ANY_PHASE, NULL, 0, ERROR_UNAVAILABLE },
};

static bool rule_fits(const struct rule *rule, const struct reply *r,
		      enum reply_phase phase)
{
	size_t n;

	if (!(rule->phases & PHASE(phase)))
		return false;
	if (rule->code && rule->code != r->code)
		return false;
	if (!rule->esc)
		return true;
	n = strlen(rule->esc);
	return rule->esc[n - 1] == '.' ? !strncmp(r->esc, rule->esc, n)
				       : !strcmp(r->esc, rule->esc);
}

static enum error_cause cause_of(const struct reply *r, enum reply_phase phase)
{
	const struct rule *rule = rules;

	if (r->code / 100 == 4)
		return ERROR_TEMPORARY;
	if (r->code / 100 != 5)
		return ERROR_PROTOCOL;
	while (!rule_fits(rule, r, phase))
		rule++;
	return rule->cause;
}

int reply_error(const struct reply *r, enum reply_phase phase, const char *what,
		struct error *f)
{
	enum error_cause cause = cause_of(r, phase);
	const char *how = "was refused";
	char words[512];

	if (error_is_set(f))
		return -1;
	if (cause == ERROR_TEMPORARY)
		how = "was refused for now";
	if (r->code < 400)
		how = "got an answer that has no meaning there";
	reply_words(r, words, sizeof(words));
	error_set(f, cause, "%s %s: %s", what, how, words);
	f->reply = r->code;
	memcpy(f->esc, r->esc, sizeof(f->esc));
	return -1;
}
