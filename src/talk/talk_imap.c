/* talk_imap.c - IMAP (RFC 3501).
 *
 * A command needs a tag; one is put before a line that has none.  Literals are
 * counted both ways: what lies in one of theirs is no response, and what they
 * grant us is octets, whatever lines they come in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "net/glossary.h"
#include "talk/talk_protocol.h"

bool talk_announces(const char *line, uint64_t *octets, bool *asks)
{
	const char *open = strrchr(line, '{');
	char *end;

	if (!open || !ascii_is_digit(open[1]))
		return false;
	*octets = strtoull(open + 1, &end, 10);
	*asks = *end != '+'; /* RFC 7888 */
	end += *end == '+';
	return end[0] == '}' && !end[1];
}

/* "a1 SELECT INBOX" has a tag, "SELECT INBOX" has none; of two words that are
 * no commands the first is the tag. */
static bool has_tag(const char *line)
{
	char first[32], second[32];
	const char *rest = talk_verb(line, first, sizeof(first));

	if (!*rest)
		return false;
	talk_verb(rest, second, sizeof(second));
	if (glossary_verb("imap", second, strlen(second), NULL) &&
	    strcmp(first, "UID") != 0)
		return true;
	return !glossary_verb_near("imap", first, strlen(first), NULL);
}

static enum talk_heard go_on(struct talk_state *s)
{
	if (s->has_announced) {
		s->input = TALK_OCTETS;
		s->octets = s->announced;
		s->has_announced = false;
	} else if (!strcmp(s->verb, "AUTHENTICATE")) {
		s->input = TALK_ANSWER;
		s->is_challenge = true;
	} else {
		s->input = TALK_LINE;
	}
	return TALK_REPLY;
}

static void imap_say(struct talk_state *s, const char *line, struct buf *out,
		     struct buf *shown)
{
	static const char *const secret[] = { "LOGIN", "AUTHENTICATE", NULL };
	const char *rest;
	bool asks;
	size_t seen;

	line += strspn(line, " \t");
	if (!has_tag(line))
		buf_printf(out, "t%u ", ++s->tags);
	buf_puts(out, line);
	snprintf(s->tag, sizeof(s->tag), "%.*s", (int)strcspn(out->data, " "),
		 out->data);
	rest = out->data + strlen(s->tag);
	rest = talk_verb(rest, s->verb, sizeof(s->verb));
	s->is_login = !strcmp(s->verb, "LOGIN") ||
		      !strcmp(s->verb, "AUTHENTICATE") ||
		      (!glossary_verb("imap", s->verb, strlen(s->verb), NULL) &&
		       talk_is_near(s->verb, secret));
	s->is_farewell = !strcmp(s->verb, "LOGOUT");
	s->has_announced = talk_announces(out->data, &s->announced, &asks);
	if (s->has_announced && !asks)
		go_on(s);
	seen = strcmp(s->verb, "AUTHENTICATE") ? 0 : strcspn(rest, " \t");
	if (s->is_login && rest[seen])
		buf_printf(shown, "%.*s%s***",
			   (int)(rest - out->data + (int)seen), out->data,
			   seen ? " " : "");
	else
		buf_puts(shown, out->data);
}

static enum talk_heard tagged(struct talk_state *s, const char *line)
{
	const char *text = line + strlen(s->tag), *why;

	error_clear(&s->refusal);
	s->input = TALK_COMMAND;
	text += *text == ' ';
	why = text + strcspn(text, " ");
	why += *why == ' ';
	if (!ascii_begins(text, "OK"))
		error_set(&s->refusal,
			  ascii_begins(text, "BAD") ? ERROR_PROTOCOL
						    : talk_cause(s, why),
			  "%s was refused: %s", s->verb, text);
	return TALK_REPLY;
}

/* A response goes on behind its literal, in that line or the next. */
static void hear_inside(struct talk_state *s, const char *line, size_t octets)
{
	uint64_t left = s->literal;
	bool asks;

	s->literal = left > octets ? left - octets : 0;
	if (left >= octets)
		return;
	line += left < strlen(line) ? left : strlen(line);
	s->is_inside = talk_announces(line, &s->literal, &asks);
}

static enum talk_heard imap_hear(struct talk_state *s, const char *line,
				 size_t octets)
{
	enum talk_heard usual = s->is_awaited ? TALK_PART : TALK_UNASKED;
	size_t tag = strlen(s->tag);
	bool asks;

	s->is_challenge = false;
	s->is_content = s->is_inside;
	if (s->is_inside) {
		hear_inside(s, line, octets);
		return usual;
	}
	if (line[0] == '*' && line[1] == ' ') {
		s->is_inside = talk_announces(line, &s->literal, &asks);
		return usual;
	}
	if (!s->is_awaited)
		return TALK_UNASKED;
	if (line[0] == '+')
		return go_on(s);
	if (tag && !strncmp(line, s->tag, tag) &&
	    (line[tag] == ' ' || !line[tag]))
		return tagged(s, line);
	error_clear(&s->refusal);
	error_set(&s->refusal, ERROR_PROTOCOL,
		  "the server does not speak IMAP");
	s->input = TALK_COMMAND;
	return TALK_REPLY;
}

static void imap_gloss(const struct talk_state *s, const char *line,
		       struct buf *out)
{
	const char *about = glossary_response(line);
	size_t tag = strlen(s->tag);

	if (s->is_content)
		return;
	if (line[0] == '*') {
		if (about && (ascii_begins(line, "* OK [") ||
			      ascii_begins(line, "* NO")))
			buf_puts(out, about);
		else if (ascii_begins(line, "* BYE"))
			buf_puts(out, "the server closes the connection");
		return;
	}
	if (line[0] == '+') {
		buf_puts(out, "go on");
		return;
	}
	if (!tag || strncmp(line, s->tag, tag) != 0)
		return;
	line += tag;
	if (about)
		buf_puts(out, about);
	else if (ascii_begins(line, " OK"))
		buf_puts(out, "done");
	else if (ascii_begins(line, " NO"))
		buf_puts(out, "refused");
	else if (ascii_begins(line, " BAD"))
		buf_puts(out, "the server does not understand that");
}

const struct talk_protocol talk_imap = {
	.name = "IMAP",
	.farewell = "LOGOUT",
	.login = "AUTHENTICATE",
	.service = "imap",
	.say = imap_say,
	.hear = imap_hear,
	.gloss = imap_gloss,
};
