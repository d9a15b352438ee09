/* talk_smtp.c - SMTP (RFC 5321, 4954, 3030). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "net/glossary.h"
#include "talk/talk_protocol.h"

void talk_state_init(struct talk_state *s)
{
	*s = (struct talk_state){ .input = TALK_COMMAND };
	reply_init(&s->reply);
}

void talk_state_free(struct talk_state *s)
{
	reply_free(&s->reply);
}

const char *talk_verb(const char *line, char *verb, size_t size)
{
	size_t n = 0;

	line += strspn(line, " \t");
	while (*line && *line != ' ' && *line != '\t') {
		if (n + 1 < size)
			verb[n++] = *line >= 'a' && *line <= 'z'
					    ? (char)(*line - 'a' + 'A')
					    : *line;
		line++;
	}
	verb[n] = '\0';
	return line + strspn(line, " \t");
}

enum error_cause talk_cause(const struct talk_state *s, const char *text)
{
	enum error_cause cause = glossary_response_cause(text);

	return cause == ERROR_UNAVAILABLE && s->is_login ? ERROR_PERMISSION
							 : cause;
}

bool talk_is_near(const char *verb, const char *const *secret)
{
	struct nearest nearest;

	nearest_init(&nearest, verb);
	for (; *secret; secret++)
		nearest_offer(&nearest, *secret);
	return nearest.best != NULL;
}

static void smtp_say(struct talk_state *s, const char *line, struct buf *out,
		     struct buf *shown)
{
	static const char *const secret[] = { "AUTH", NULL };
	const char *rest = talk_verb(line, s->verb, sizeof(s->verb));
	size_t word = strcspn(rest, " \t");

	s->is_login = !strcmp(s->verb, "AUTH") ||
		      (!glossary_verb("smtp", s->verb, strlen(s->verb), NULL) &&
		       talk_is_near(s->verb, secret));
	s->is_farewell = !strcmp(s->verb, "QUIT");
	buf_puts(out, line);
	if (s->is_login && rest[word])
		buf_printf(shown, "%.*s ***", (int)(rest - line + (int)word),
			   line);
	else
		buf_puts(shown, line);
	if (!strcmp(s->verb, "BDAT")) {
		s->octets = strtoull(rest, NULL, 10);
		s->input = s->octets ? TALK_OCTETS : TALK_COMMAND;
	}
}

static enum reply_phase phase_of(const char *verb)
{
	static const struct {
		const char *verb;
		enum reply_phase phase;
	} phases[] = {
		{ "MAIL", REPLY_MAIL },		{ "RCPT", REPLY_RCPT },
		{ "DATA", REPLY_DATA },		{ ".", REPLY_CONTENT },
		{ "BDAT", REPLY_CONTENT },	{ "AUTH", REPLY_AUTH },
		{ "STARTTLS", REPLY_STARTTLS },
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (!strcmp(phases[i].verb, verb))
			return phases[i].phase;
	return REPLY_EHLO;
}

static void judge(struct talk_state *s)
{
	const struct reply *r = &s->reply;

	error_clear(&s->refusal);
	if (r->code >= 200 && r->code < 400)
		return;
	reply_error(r, phase_of(s->verb),
		    !strcmp(s->verb, ".") ? "the message" : s->verb,
		    &s->refusal);
}

/* What the reply that is whole lets us say. */
static void turn(struct talk_state *s)
{
	int code = s->reply.code;

	s->input = TALK_COMMAND;
	if (code == 354 && !strcmp(s->verb, "DATA"))
		s->input = TALK_BODY;
	else if (code == 334)
		s->input = TALK_ANSWER;
	s->is_challenge = code == 334;
}

static enum talk_heard smtp_hear(struct talk_state *s, const char *line,
				 size_t octets)
{
	struct error f = ERROR_INIT;
	size_t used;
	int whole;

	(void)octets;
	if (s->is_whole)
		reply_reset(&s->reply);
	whole = reply_feed(&s->reply, line, strlen(line), &used, &f);
	if (whole == 0)
		whole = reply_feed(&s->reply, "\r\n", 2, &used, &f);
	s->is_whole = whole != 0;
	if (whole == 0)
		return s->is_awaited ? TALK_PART : TALK_UNASKED;
	s->is_challenge = false;
	if (whole < 0)
		s->refusal = f;
	else
		judge(s);
	if (s->is_awaited && whole > 0)
		turn(s);
	return s->is_awaited ? TALK_REPLY : TALK_UNASKED;
}

static void smtp_gloss(const struct talk_state *s, const char *line,
		       struct buf *out)
{
	struct glossary_verb meant;
	const char *about = NULL;

	if (strlen(line) < 3)
		return;
	if ((!strcmp(s->verb, "EHLO") || !*s->verb) &&
	    !strncmp(line, "250", 3) && line[3])
		about = glossary_extension("smtp", line + 4);
	if (about)
		buf_puts(out, about);
	if (about || line[3] == '-')
		return;
	glossary_reply(s->reply.code, s->reply.esc, out);
	if (s->reply.code != 500 && s->reply.code != 502)
		return;
	if (glossary_verb_near("smtp", s->verb, strlen(s->verb), &meant) &&
	    strcmp(meant.name, s->verb) != 0)
		buf_printf(out, "; %s?", meant.name);
}

const struct talk_protocol talk_smtp = {
	.name = "SMTP",
	.farewell = "QUIT",
	.login = "AUTH",
	.service = "smtp",
	.counts_exactly = true,
	.say = smtp_say,
	.hear = smtp_hear,
	.gloss = smtp_gloss,
};
