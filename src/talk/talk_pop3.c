/* talk_pop3.c - POP3 (RFC 1939, 2449, 5034). */
#include <string.h>

#include "base/ascii.h"
#include "net/glossary.h"
#include "talk/talk_protocol.h"

/* Which replies go on after a +OK: all but "LIST 3". */
static bool is_list(const char *verb, const char *rest)
{
	static const char *const always[] = { "RETR", "TOP", "CAPA" };
	static const char *const alone[] = { "LIST", "UIDL", "AUTH" };

	for (size_t i = 0; i < 3; i++)
		if (!strcmp(verb, always[i]) ||
		    (!*rest && !strcmp(verb, alone[i])))
			return true;
	return false;
}

static void pop3_say(struct talk_state *s, const char *line, struct buf *out,
		     struct buf *shown)
{
	static const char *const secret[] = { "PASS", "APOP", "AUTH", NULL };
	const char *rest = talk_verb(line, s->verb, sizeof(s->verb));
	bool is_known = glossary_verb("pop3", s->verb, strlen(s->verb), NULL);
	size_t seen = strcspn(rest, " \t"); /* of what stands behind it */

	s->is_login = talk_is_near(s->verb, secret) &&
		      (!is_known || !strcmp(s->verb, "PASS") ||
		       !strcmp(s->verb, "APOP") || !strcmp(s->verb, "AUTH"));
	s->is_farewell = !strcmp(s->verb, "QUIT");
	s->is_list = is_list(s->verb, rest);
	s->is_in_list = false;
	buf_puts(out, line);
	if (!strcmp(s->verb, "PASS") || !is_known)
		seen = 0;
	if (s->is_login && rest[seen])
		buf_printf(shown, "%.*s%s***", (int)(rest - line + (int)seen),
			   line, seen ? " " : "");
	else
		buf_puts(shown, line);
}

static enum talk_heard status_line(struct talk_state *s, const char *line)
{
	error_clear(&s->refusal);
	s->input = TALK_COMMAND;
	if (!strncmp(line, "+OK", 3)) {
		s->is_in_list = s->is_list;
		return s->is_list ? TALK_PART : TALK_REPLY;
	}
	if (!strncmp(line, "-ERR", 4)) {
		error_set(&s->refusal,
			  talk_cause(s, line + 4 + (line[4] == ' ')),
			  "%s was refused: %s", s->verb, line);
	} else if (line[0] == '+') {
		s->input = TALK_ANSWER;
		s->is_challenge = true;
	} else {
		error_set(&s->refusal, ERROR_PROTOCOL,
			  "the server does not speak POP3");
	}
	return TALK_REPLY;
}

static enum talk_heard pop3_hear(struct talk_state *s, const char *line,
				 size_t octets)
{
	(void)octets;
	s->is_challenge = false;
	if (s->is_in_list) {
		s->is_in_list = strcmp(line, ".") != 0;
		return s->is_in_list ? TALK_PART : TALK_REPLY;
	}
	return s->is_awaited ? status_line(s, line) : TALK_UNASKED;
}

static void pop3_gloss(const struct talk_state *s, const char *line,
		       struct buf *out)
{
	const char *about = glossary_response(line);

	if (s->is_in_list && !strcmp(s->verb, "CAPA"))
		about = glossary_extension("pop3", line);
	else if (s->is_in_list || !strcmp(line, "."))
		return;
	if (about)
		buf_puts(out, about);
	else if (s->is_challenge)
		buf_puts(out, "the server asks for more of the login");
	else if (!strncmp(line, "+OK", 3))
		buf_puts(out, "done");
	else if (!strncmp(line, "-ERR", 4))
		buf_puts(out, "refused");
}

const struct talk_protocol talk_pop3 = {
	.name = "POP3",
	.farewell = "QUIT",
	.login = "AUTH",
	.service = "pop",
	.say = pop3_say,
	.hear = pop3_hear,
	.gloss = pop3_gloss,
};
