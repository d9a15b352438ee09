/* talk_protocol.c - lines in both directions, for each protocol a table of
 * functions. */
#include "talk/talk_protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "net/glossary.h"

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

/* The meaning of a negative reply with such a text ("[AUTH] no"). */
static enum error_cause cause_of(const struct talk_state *s, const char *text)
{
	enum error_cause cause = glossary_response_cause(text);

	return cause == ERROR_UNAVAILABLE && s->is_login ? ERROR_PERMISSION
							 : cause;
}

/* May the word be a mistyped command that is followed by secrets?  `secret`
 * ends with NULL. */
static bool is_near(const char *verb, const char *const *secret)
{
	struct nearest nearest;

	nearest_init(&nearest, verb);
	for (; *secret; secret++)
		nearest_offer(&nearest, *secret);
	return nearest.best != NULL;
}

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

/* ---- SMTP (RFC 5321, 4954, 3030) ---- */

static void smtp_command(struct talk_state *s, const char *line,
			 struct buf *out, struct buf *shown)
{
	static const char *const secret[] = { "AUTH", NULL };
	const char *rest = talk_verb(line, s->verb, sizeof(s->verb));
	size_t word = strcspn(rest, " \t");

	s->is_login = !strcmp(s->verb, "AUTH") ||
		      (!glossary_verb("smtp", s->verb, strlen(s->verb), NULL) &&
		       is_near(s->verb, secret));
	s->ends_session = !strcmp(s->verb, "QUIT");
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

/* What a complete reply lets us send. */
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

static enum talk_received smtp_reply(struct talk_state *s, const char *line,
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

static void smtp_explain(const struct talk_state *s, const char *line,
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
	.quit_command = "QUIT",
	.login = "AUTH",
	.service = "smtp",
	.counts_exactly = true,
	.parse_command = smtp_command,
	.parse_reply = smtp_reply,
	.explain = smtp_explain,
};

/* ---- POP3 (RFC 1939, 2449, 5034) ---- */

/* Which replies have more lines after +OK: all except "LIST 3". */
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

static void pop3_command(struct talk_state *s, const char *line,
			 struct buf *out, struct buf *shown)
{
	static const char *const secret[] = { "PASS", "APOP", "AUTH", NULL };
	const char *rest = talk_verb(line, s->verb, sizeof(s->verb));
	bool is_known = glossary_verb("pop3", s->verb, strlen(s->verb), NULL);
	size_t seen = strcspn(rest, " \t"); /* of its argument */

	s->is_login = is_near(s->verb, secret) &&
		      (!is_known || !strcmp(s->verb, "PASS") ||
		       !strcmp(s->verb, "APOP") || !strcmp(s->verb, "AUTH"));
	s->ends_session = !strcmp(s->verb, "QUIT");
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

static enum talk_received status_line(struct talk_state *s, const char *line)
{
	error_clear(&s->refusal);
	s->input = TALK_COMMAND;
	if (!strncmp(line, "+OK", 3)) {
		s->is_in_list = s->is_list;
		return s->is_list ? TALK_PART : TALK_REPLY;
	}
	if (!strncmp(line, "-ERR", 4)) {
		error_set(&s->refusal, cause_of(s, line + 4 + (line[4] == ' ')),
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

static enum talk_received pop3_reply(struct talk_state *s, const char *line,
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

static void pop3_explain(const struct talk_state *s, const char *line,
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
	.quit_command = "QUIT",
	.login = "AUTH",
	.service = "pop",
	.parse_command = pop3_command,
	.parse_reply = pop3_reply,
	.explain = pop3_explain,
};

/* ---- IMAP (RFC 3501) ---- */

/* A command needs a tag; one is added to a line without.  Literals are counted
 * in both directions: the contents of the server's are not responses, and the
 * contents of ours are octets, however they are divided into lines. */

/* "a1 SELECT INBOX" has a tag, "SELECT INBOX" has none; of two unknown words
 * the first is the tag. */
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

static enum talk_received go_on(struct talk_state *s)
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

static void imap_command(struct talk_state *s, const char *line,
			 struct buf *out, struct buf *shown)
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
		       is_near(s->verb, secret));
	s->ends_session = !strcmp(s->verb, "LOGOUT");
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

static enum talk_received tagged(struct talk_state *s, const char *line)
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
						    : cause_of(s, why),
			  "%s was refused: %s", s->verb, text);
	return TALK_REPLY;
}

/* A response continues after its literal, on the same line or the next. */
static void pass_literal(struct talk_state *s, const char *line, size_t octets)
{
	uint64_t left = s->literal;
	bool asks;

	s->literal = left > octets ? left - octets : 0;
	if (left >= octets)
		return;
	line += left < strlen(line) ? left : strlen(line);
	s->is_inside = talk_announces(line, &s->literal, &asks);
}

static enum talk_received imap_reply(struct talk_state *s, const char *line,
				     size_t octets)
{
	enum talk_received usual = s->is_awaited ? TALK_PART : TALK_UNASKED;
	size_t tag = strlen(s->tag);
	bool asks;

	s->is_challenge = false;
	s->is_content = s->is_inside;
	if (s->is_inside) {
		pass_literal(s, line, octets);
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

static void imap_explain(const struct talk_state *s, const char *line,
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
	.quit_command = "LOGOUT",
	.login = "AUTHENTICATE",
	.service = "imap",
	.parse_command = imap_command,
	.parse_reply = imap_reply,
	.explain = imap_explain,
};
