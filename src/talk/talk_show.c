/* talk_show.c - the screen, the transcript, and what neither may show.
 *
 * A server's text is the server's: only what prints goes to a terminal, the
 * rest as \xNN, the marks that turn the direction of writing too. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/text.h"
#include "codec/base64.h"
#include "talk/talk_inside.h"

#define SHOWN_MAX    (5 * TALK_LINE_MAX)
#define SECRET_LEAST 4 /* octets; what is shorter is in any text */

/* ---- the screen ---- */

static void put_screen(struct talk *t, const char *text, size_t n)
{
	static const char erase[] = "\r\033[K";

	if (error_is_set(&t->trouble))
		return;
	if (t->is_drawn)
		disk_write_all(STDOUT_FILENO, erase, sizeof(erase) - 1,
			       "standard output", &t->trouble);
	t->is_drawn = false;
	if (!error_is_set(&t->trouble))
		disk_write_all(STDOUT_FILENO, text, n, "standard output",
			       &t->trouble);
}

void talk_print(struct talk *t, const char *text)
{
	put_screen(t, text, strlen(text));
}

/* A refusal is seen at once. */
static const char *colour_of(const struct talk *t, char direction,
			     const char *text)
{
	if (!t->options->has_colour)
		return "";
	switch (direction) {
	case 'C':
		return "\033[36m";
	case 'S':
		return *text == '4' || *text == '5' ||
				       ascii_begins(text, "-ERR")
			       ? "\033[31m"
			       : "\033[32m";
	default:
		return "\033[2m";
	}
}

static void to_screen(struct talk *t, char direction, const char *safe)
{
	const char *colour = colour_of(t, direction, safe);
	struct buf row = BUF_INIT(SHOWN_MAX + 64);

	if (direction == '=')
		buf_printf(&row, "%s   (%s)", colour, safe);
	else if (direction == ' ')
		buf_printf(&row, "   %s", safe);
	else
		buf_printf(&row, "%s%c:%s %s", colour, direction,
			   *colour && direction != '*' ? "\033[0m" : "", safe);
	buf_printf(&row, "%s\n", *colour ? "\033[0m" : "");
	put_screen(t, row.data, row.len);
	buf_free(&row);
}

/* ---- secrets ---- */

/* It gets shorter by that. */
static void hide(char *text, const char *secret)
{
	size_t n = strlen(secret);
	char *at = text;

	while ((at = strstr(at, secret))) {
		memset(at, '*', 3);
		memmove(at + 3, at + n, strlen(at + n) + 1);
		at += 3;
	}
}

void talk_hide(const struct talk *t, char *text)
{
	for (size_t i = 0; i < t->secret_count; i++)
		hide(text, t->secrets[i]);
}

static void keep_secret(struct talk *t, const char *secret)
{
	size_t n = strlen(secret);
	char *copy;

	if (n < SECRET_LEAST)
		return;
	if (t->secret_count == TALK_SECRETS_MAX) {
		explicit_bzero(t->secrets[0], strlen(t->secrets[0]));
		free(t->secrets[0]);
		memmove(t->secrets, t->secrets + 1,
			(TALK_SECRETS_MAX - 1) * sizeof(*t->secrets));
		t->secret_count--;
	}
	copy = memory_alloc(n + 1);
	memcpy(copy, secret, n + 1);
	t->secrets[t->secret_count++] = copy;
}

/* The last of PLAIN's three parts is the password. */
static void keep_decoded(struct talk *t, const char *secret)
{
	struct buf plain = BUF_INIT(TALK_LINE_MAX);
	const char *last;

	if (unbase64_text(secret, &plain) == 0 && plain.len) {
		last = memrchr(plain.data, '\0', plain.len);
		if (last)
			keep_secret(t, last + 1);
	}
	buf_wipe(&plain);
}

void talk_remember(struct talk *t, const char *secret)
{
	keep_secret(t, secret);
	keep_decoded(t, secret);
}

void talk_forget(struct talk *t)
{
	while (t->secret_count) {
		char *secret = t->secrets[--t->secret_count];

		explicit_bzero(secret, strlen(secret));
		free(secret);
	}
}

/* ---- lines ---- */

/* In the transcript a challenge is part of a log-in. */
static void show_line(struct talk *t, char direction, const char *text,
		      size_t n, bool is_challenge)
{
	struct buf safe = BUF_INIT(SHOWN_MAX);
	size_t code;

	text_put_escaped(&safe, text, n);
	if (direction == 'S')
		talk_hide(t, safe.data);
	safe.len = strlen(safe.data);
	to_screen(t, direction, safe.data);
	if (is_challenge) {
		code = strcspn(safe.data, " ");
		buf_truncate(&safe, code);
		buf_puts(&safe, " ***");
	}
	if (direction != '=' && direction != ' ' && t->options->transcript)
		trace_line(&t->options->transcript->trace, direction, safe.data,
			   safe.len);
	buf_wipe(&safe);
}

void talk_show(struct talk *t, char direction, const char *text, size_t n)
{
	show_line(t, direction, text, n, false);
}

void talk_show_heard(struct talk *t, const char *line, size_t n)
{
	show_line(t, 'S', line, n, t->state.is_challenge);
}

void talk_tell(struct talk *t, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	talk_show(t, ' ', text, strlen(text));
}

void talk_remark(struct talk *t, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	talk_show(t, '*', text, strlen(text));
}
