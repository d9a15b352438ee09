/* talk_input.c - the input, line by line; lines that begin with a backslash are
 * commands in a table. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "codec/base64.h"
#include "net/glossary.h"
#include "talk/talk_inside.h"

#define FAREWELL_SECONDS 5

struct command {
	const char *name;
	const char *form, *about;
	int (*run)(struct talk *t, const char *rest, struct error *f);
};

/* Processes an input line, according to the state. */
static int take(struct talk *t, const char *line, struct error *f);

static char *first_word(const char **rest)
{
	size_t n = strcspn(*rest, " \t");
	char *word = memory_alloc(n + 1);

	memcpy(word, *rest, n);
	word[n] = '\0';
	*rest += n;
	*rest += strspn(*rest, " \t");
	return word;
}

/* ---- backslash commands ---- */

static int run_base64(struct talk *t, const char *rest, struct error *f)
{
	struct buf out = BUF_INIT(2 * TALK_LINE_MAX);

	(void)f;
	base64_append(&out, rest, strlen(rest));
	talk_show(t, ' ', out.data, out.len);
	buf_wipe(&out);
	return 0;
}

static int run_base64_sent(struct talk *t, const char *rest, struct error *f)
{
	struct buf out = BUF_INIT(2 * TALK_LINE_MAX);
	int r;

	base64_append(&out, rest, strlen(rest));
	r = take(t, out.data, f);
	buf_wipe(&out);
	return r;
}

static int run_unbase64(struct talk *t, const char *rest, struct error *f)
{
	struct buf out = BUF_INIT(TALK_LINE_MAX);
	int r = 0;

	if (unbase64_text(rest, &out) < 0)
		r = error_set(f, ERROR_USAGE, "that is not base64");
	else
		talk_show(t, ' ', out.data, out.len);
	buf_wipe(&out);
	return r;
}

static int run_auth(struct talk *t, const char *rest, struct error *f)
{
	char *mechanism = first_word(&rest);
	int r = talk_login_begin(t, *mechanism ? mechanism : "plain",
				 *rest ? rest : NULL, f);

	free(mechanism);
	if (r < 0)
		talk_login_end(t);
	return r;
}

static void keep_file(struct talk *t, const char *path)
{
	free(t->file);
	t->file = memory_dup(path);
}

/* IMAP requires the size first. */
static int append_file(struct talk *t, const char *path, const char *mailbox,
		       struct error *f)
{
	struct buf command = BUF_INIT(TALK_LINE_MAX);
	uint64_t octets;
	int r;

	if (talk_measure_file(path, &octets, f) < 0)
		return -1;
	buf_printf(&command, "APPEND %s {%" PRIu64 "}", mailbox, octets);
	keep_file(t, path);
	r = talk_send_command(t, command.data, f);
	buf_free(&command);
	return r;
}

/* Checked first: after DATA it is too late. */
static int send_data(struct talk *t, const char *path, struct error *f)
{
	uint64_t octets;

	if (talk_measure_file(path, &octets, f) < 0)
		return -1;
	keep_file(t, path);
	return talk_send_command(t, "DATA", f);
}

static int run_file(struct talk *t, const char *rest, struct error *f)
{
	char *path = first_word(&rest);
	uint64_t octets;
	int r;

	if (!*path)
		r = error_set(f, ERROR_USAGE, "which file?");
	else if (t->options->protocol == &talk_imap)
		r = append_file(t, path, *rest ? rest : "INBOX", f);
	else if (t->options->protocol != &talk_smtp)
		r = error_set(f, ERROR_USAGE, "%s has no message to send",
			      t->options->protocol->name);
	else if (t->state.input == TALK_BODY)
		r = talk_measure_file(path, &octets, f) < 0
			    ? -1
			    : talk_send_file(t, path, f);
	else
		r = send_data(t, path, f);
	free(path);
	return r;
}

static int run_raw(struct talk *t, const char *rest, struct error *f)
{
	if (t->state.input == TALK_COMMAND)
		return talk_send_command(t, rest, f);
	return talk_send_line(t, rest, NULL, f);
}

static int run_quit(struct talk *t, const char *rest, struct error *f)
{
	(void)rest;
	if (t->state.input == TALK_COMMAND)
		return talk_send_command(t, t->options->protocol->quit_command,
					 f);
	t->is_over = true;
	talk_remark(t, "broken off");
	return 0;
}

static int run_explain(struct talk *t, const char *rest, struct error *f)
{
	if (!*rest || ascii_equal(rest, "on"))
		t->explains = true;
	else if (ascii_equal(rest, "off"))
		t->explains = false;
	else
		return error_set(f, ERROR_USAGE, "\\explain on or off");
	return 0;
}

static int run_transcript(struct talk *t, const char *rest, struct error *f)
{
	struct transcript *all = t->options->transcript;
	char *path;
	int r;

	if (transcript_close(all, f) < 0)
		return -1;
	if (!*rest || ascii_equal(rest, "off"))
		return 0;
	path = memory_dup(rest);
	free(t->transcript_path);
	t->transcript_path = path;
	r = transcript_open(all, false, path, f);
	if (r == 0)
		talk_remark(t, "the transcript goes to %s", path);
	return r;
}

static int run_help(struct talk *t, const char *rest, struct error *f);

static const struct command commands[] = {
	{ "help", "[WORD]",
	  "the commands; what a command, a code or an extension means",
	  run_help },
	{ "auth", "[MECHANISM] [USER]",
	  "logs in: plain, login, scram-sha-256, xoauth2 and others",
	  run_auth },
	{ "file", "FILE [MAILBOX]",
	  "the file as the message, with its dots and its end", run_file },
	{ "base64", "TEXT", "encodes the text in base64", run_base64 },
	{ "base64!", "TEXT", "... is sent", run_base64_sent },
	{ "unbase64", "TEXT", "decodes base64", run_unbase64 },
	{ "raw", "TEXT", "sends the line as it is, whatever it looks like",
	  run_raw },
	{ "explain", "on|off", "what each reply means", run_explain },
	{ "transcript", "FILE|off",
	  "writes the dialogue to the file, without secrets", run_transcript },
	{ "quit", "", "ends the session; in a message, cancels it", run_quit },
	{ NULL, NULL, NULL, NULL },
};

/* ---- help ---- */

static int help_one(struct talk *t, const char *word, struct error *f)
{
	const char *protocol = t->options->protocol->name;
	const char *about = glossary_word(protocol, word);
	struct glossary_verb v;
	bool is_near;

	for (const struct command *c = commands; *word == '\\' && c->name; c++)
		if (ascii_equal(c->name, word + 1)) {
			talk_tell(t, "\\%s %s: %s", c->name, c->form, c->about);
			return 0;
		}
	if (glossary_verb(protocol, word, strlen(word), &v)) {
		talk_tell(t, "%s%s%s: %s (%s)", v.name, *v.form ? " " : "",
			  v.form, v.about, v.source);
		return 0;
	}
	if (about) {
		talk_tell(t, "%s: %s", word, about);
		return 0;
	}
	is_near = glossary_verb_near(protocol, word, strlen(word), &v);
	return error_set(f, ERROR_USAGE, "%s has no command '%s'%s%s%s",
			 protocol, word, is_near ? "; did you mean " : "",
			 is_near ? v.name : "", is_near ? "?" : "");
}

static int run_help(struct talk *t, const char *rest, struct error *f)
{
	const char *at = NULL;
	struct glossary_verb v;

	if (*rest)
		return help_one(t, rest, f);
	while (glossary_next_verb(t->options->protocol->name, &at, &v))
		talk_tell(t, "%-12s %s", v.name, v.about);
	for (const struct command *c = commands; c->name; c++)
		talk_tell(t, "\\%-11s %s", c->name, c->about);
	talk_tell(t, "a line that begins with two backslashes is sent with "
		     "one");
	return 0;
}

/* ---- look-up of commands ---- */

static const struct command *find(const char *line)
{
	size_t n = strcspn(line + 1, " \t");

	for (const struct command *c = commands; c->name; c++)
		if (strlen(c->name) == n && ascii_begins(line + 1, c->name))
			return c;
	return NULL;
}

/* In a message, only commands that cannot be meant as text. */
static bool is_for_us(const struct talk *t, const char *line)
{
	if (line[0] != '\\')
		return false;
	if (t->state.input == TALK_COMMAND || t->state.input == TALK_ANSWER)
		return true;
	return t->options->is_terminal && (line[1] == '\\' || find(line));
}

/* A command that fails is reported and does not end the session; but a script
 * fails. */
static int forgive(struct talk *t, const struct error *why)
{
	talk_remark(t, "%s", why->text);
	if (!t->options->is_terminal)
		t->refusal = *why;
	return 0;
}

static int do_command(struct talk *t, const char *line, struct error *f)
{
	struct error why = ERROR_INIT;
	const struct command *c;
	const char *rest = line + 1;

	if (*rest == '\\')
		return run_raw(t, rest, f);
	c = find(line);
	if (!c) {
		error_set(&why, ERROR_USAGE,
			  "there is no \\%.*s; \\help lists the commands",
			  (int)strcspn(rest, " \t"), rest);
		return forgive(t, &why);
	}
	rest += strlen(c->name);
	rest += strspn(rest, " \t");
	if (c->run(t, rest, &why) == 0)
		return 0;
	if (t->is_lost) {
		*f = why;
		return -1;
	}
	return forgive(t, &why);
}

/* ---- completion ---- */

void talk_complete(void *context, const char *word, struct buf *out)
{
	struct talk *t = context;
	const char *at = NULL;
	struct glossary_verb v;
	char found[sizeof(v.name)] = "";
	size_t n = strlen(word), count = 0;

	if (!n || strpbrk(word, " \t"))
		return;
	if (*word == '\\') {
		for (const struct command *c = commands; c->name; c++)
			if (ascii_begins(c->name, word + 1) && ++count)
				snprintf(found, sizeof(found), "%s", c->name);
		n--;
	} else {
		while (glossary_next_verb(t->options->protocol->name, &at, &v))
			if (ascii_begins(v.name, word) && ++count)
				memcpy(found, v.name, sizeof(found));
	}
	if (count != 1)
		return;
	buf_puts(out, found + n);
	buf_putc(out, ' ');
}

/* ---- the input ---- */

/* After a login that was refused at once, the script's answers to challenges
 * that were never sent may follow. */
static bool is_stray_secret(const struct talk *t, const char *line)
{
	const char *protocol = t->options->protocol->name;
	char one[16], two[16];
	const char *rest;

	if (!t->may_be_secret)
		return false;
	rest = talk_verb(line, one, sizeof(one));
	talk_verb(rest, two, sizeof(two));
	return !glossary_verb(protocol, one, strlen(one), NULL) &&
	       !glossary_verb(protocol, two, strlen(two), NULL);
}

static bool is_skipped(struct talk *t, const char *line)
{
	size_t n = strlen(line) + 2;

	if (t->skips_octets) {
		t->skips_octets -= t->skips_octets > n ? n : t->skips_octets;
		return true;
	}
	if (!t->skips_body)
		return false;
	t->skips_body = strcmp(line, ".") != 0;
	return true;
}

static int take(struct talk *t, const char *line, struct error *f)
{
	if (is_skipped(t, line))
		return 0;
	if (is_for_us(t, line))
		return do_command(t, line, f);
	if (t->state.input != TALK_COMMAND)
		return talk_send_line(t, line, NULL, f);
	if (!line[strspn(line, " \t")])
		return 0;
	if (is_stray_secret(t, line)) {
		talk_remark(t, "*** is not sent: the server asked for no "
			       "answer");
		return 0;
	}
	return talk_send_command(t, line, f);
}

static int take_typed(struct talk *t, struct error *f)
{
	struct buf *b = &t->typed;
	char *end = memchr(b->data, '\n', b->len);
	size_t n = end ? (size_t)(end - b->data) : b->len;
	char *line;
	int r;

	if (!end && !(t->is_ended && b->len)) {
		if (b->len < TALK_LINE_MAX)
			return 0;
		return error_set(f, ERROR_DATA,
				 "a line has more than %d octets",
				 TALK_LINE_MAX);
	}
	line = memory_alloc(n + 1);
	memcpy(line, b->data, n);
	if (n && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	buf_shift(b, end ? (size_t)(end - b->data) + 1 : b->len);
	if (strlen(line) != n)
		r = error_set(f, ERROR_DATA, "a line has a NUL in it");
	else
		r = take(t, line, f);
	explicit_bzero(line, n);
	free(line);
	return r < 0 ? -1 : 1;
}

/* ---- keys ---- */

static bool hides_input(const struct talk *t)
{
	return t->state.input == TALK_ANSWER ||
	       (t->state.input == TALK_OCTETS && t->state.is_login);
}

void talk_draw(struct talk *t)
{
	const char *prompt =
		t->options->has_colour ? "\033[36mC:\033[0m " : "C: ";
	bool is_hidden;
	struct buf out = BUF_INIT(4 * EDIT_LINE_MAX);

	if (t->edit.is_hidden != hides_input(t))
		edit_begin(&t->edit, hides_input(t));
	is_hidden = t->edit.is_hidden;
	edit_draw(&t->edit, is_hidden ? "C: (not shown) " : prompt,
		  is_hidden ? 15 : 3, edit_terminal_columns(), &out);
	t->is_drawn = false; /* drawing it erases the row first */
	talk_print(t, out.data);
	t->is_drawn = true;
	t->is_stale = false;
	buf_free(&out);
}

static int take_edited(struct talk *t, struct error *f)
{
	struct edit *e = &t->edit;
	bool is_command = t->state.input == TALK_COMMAND;
	size_t n = e->line.len + 1;
	char *line = memcpy(memory_alloc(n), e->line.data, n);
	int r;

	edit_begin(e, false);
	talk_print(t, "");
	t->state.is_login = is_command ? false : t->state.is_login;
	r = take(t, line, f);
	if (is_command && !t->state.is_login && !ascii_begins(line, "\\base64"))
		edit_remember(e, line);
	explicit_bzero(line, n);
	free(line);
	edit_begin(e, hides_input(t));
	return r < 0 ? -1 : 1;
}

void talk_break_off(struct talk *t)
{
	t->is_over = true;
	talk_remark(t, "broken off");
}

static int end_typing(struct talk *t)
{
	if (t->state.input == TALK_BODY)
		talk_remark(t,
			    "a lone dot ends the message; ctrl-c cancels it");
	else
		t->is_ended = true;
	return 1;
}

static int stop(struct talk *t, struct error *f)
{
	talk_print(t, "");
	return edit_terminal_stop(f) < 0 ? -1 : 1;
}

/* 1 if something was done, 0 if there is no more input. */
static int take_keys(struct talk *t, struct error *f)
{
	while (t->typed.len) {
		unsigned char c = (unsigned char)t->typed.data[0];
		enum edit_event event;

		if (t->edit.is_hidden != hides_input(t))
			edit_begin(&t->edit, hides_input(t));
		event = edit_key(&t->edit, c);
		buf_shift(&t->typed, 1);
		switch (event) {
		case EDIT_DONE:
			return take_edited(t, f);
		case EDIT_END:
			return end_typing(t);
		case EDIT_BREAK:
			talk_break_off(t);
			return 1;
		case EDIT_CLEAR:
			talk_print(t, "\033[H\033[2J");
			break;
		case EDIT_STOP:
			return stop(t, f);
		case EDIT_MORE:
			break;
		}
		t->is_stale = true;
	}
	return 0;
}

/* End of input: ends the session, if that command is possible. */
static int end_input(struct talk *t, struct error *f)
{
	switch (t->state.input) {
	case TALK_BODY:
	case TALK_OCTETS:
		t->is_over = true;
		return error_set(
			f, ERROR_DATA,
			"the input ended within a message: it was not sent");
	case TALK_ANSWER:
		return talk_send_line(t, "*", "*", f) < 0 ? -1 : 1;
	case TALK_LINE:
		return talk_send_line(t, "DONE", "DONE", f) < 0 ? -1 : 1;
	default:
		break;
	}
	if (talk_send_command(t, t->options->protocol->quit_command, f) < 0)
		return -1;
	t->deadline = sysenv_ticks() + FAREWELL_SECONDS * UINT64_C(1000);
	return 1;
}

int talk_take_input(struct talk *t, struct error *f)
{
	int r;

	if (t->state.is_awaited)
		return 0;
	r = t->options->is_terminal ? take_keys(t, f) : take_typed(t, f);
	if (r != 0)
		return r;
	return t->is_ended ? end_input(t, f) : 0;
}
