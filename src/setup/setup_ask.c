/* setup_ask.c - a question, its default in brackets, an answer. */
#include <stdarg.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "setup/setup_inside.h"

#define COLUMNS 76

int setup_say(struct setup *s, struct error *f, const char *format, ...)
{
	va_list ap;
	const char *text;

	va_start(ap, format);
	text = arena_vformat(s->arena, format, ap);
	va_end(ap);
	return s->hands->say(s->hands->context, text, f);
}

/* How much of the text fits on a line, at least a word. */
static size_t line_of(const char *text)
{
	size_t fits = 0;

	for (size_t i = 0;; i++) {
		if (text[i] != ' ' && text[i] != '\n' && text[i])
			continue;
		if (fits && text_width(text, i) > COLUMNS)
			return fits;
		fits = i;
		if (text[i] != ' ')
			return fits;
	}
}

int setup_tell(struct setup *s, const char *text, struct error *f)
{
	while (*text) {
		size_t n = line_of(text);

		if (setup_say(s, f, "  %.*s\n", (int)n, text) < 0)
			return -1;
		text += text[n] ? n + 1 : n;
	}
	return 0;
}

/* ---- an answer ---- */

static bool has_control(const char *text, size_t n)
{
	while (n && !text_is_control(*text))
		text++, n--;
	return n;
}

/* What was answered is not repeated: it may have been a password, a line too
 * early. */
static int refuse(struct setup *s, const struct setup_question *q,
		  const char *why, struct error *f)
{
	if (s->hands->is_interactive)
		return setup_say(s, f, "  %s\n", why);
	return error_set(f, ERROR_DATA, "invalid answer to \"%s\": %s", q->text,
			 why);
}

static int read_answer(struct setup *s, const struct setup_question *q,
		       const char **answer, struct error *f)
{
	struct buf line = BUF_INIT(SETUP_ANSWER_MAX);
	int r = s->hands->answer(s->hands->context, &line, f);

	*answer = NULL;
	if (r == 0)
		r = error_set(f, ERROR_USAGE,
			      "no answer to \"%s\": nothing was written",
			      q->text);
	else if (r > 0 && (line.overflow || strlen(line.data) != line.len ||
			   has_control(line.data, strcspn(line.data, "\r"))))
		r = refuse(s, q, "it is not a line of text", f);
	else if (r > 0)
		*answer = text_trim(arena_dup(s->arena, line.data));
	buf_free(&line);
	return r < 0 ? -1 : 0;
}

int setup_ask(struct setup *s, const struct setup_question *q,
	      const char **answer, struct error *f)
{
	for (;;) {
		const char *text, *why;

		if (setup_say(s, f, "%s%s%s%s: ", q->text,
			      q->fallback ? " [" : "",
			      q->fallback ? q->fallback : "",
			      q->fallback ? "]" : "") < 0 ||
		    read_answer(s, q, &text, f) < 0)
			return -1;
		if (!s->hands->is_interactive && setup_say(s, f, "\n") < 0)
			return -1;
		if (!text)
			continue;
		if (strcmp(text, "?") == 0) {
			if (setup_tell(s, q->help, f) < 0)
				return -1;
			continue;
		}
		if (!*text && q->fallback)
			text = q->fallback;
		why = !*text	 ? "an answer is required; ? shows help"
		      : q->judge ? q->judge(s, text)
				 : NULL;
		*answer = text;
		if (!why)
			return 0;
		if (refuse(s, q, why, f) < 0)
			return -1;
	}
}

/* ---- words ---- */

/* The one that is so called, or the only one that begins so. */
static bool find_word(const char *const *words, const char *text, size_t *at)
{
	size_t hits = 0;

	for (size_t i = 0; words[i]; i++) {
		if (ascii_equal(words[i], text)) {
			*at = i;
			return true;
		}
		if (!ascii_begins(words[i], text))
			continue;
		*at = i;
		hits++;
	}
	return hits == 1;
}

int setup_choose(struct setup *s, const char *text, const char *const *words,
		 size_t fallback, const char *help, size_t *choice,
		 struct error *f)
{
	const struct setup_question q = { .text = text,
					  .fallback = words[fallback],
					  .help = help };
	const char *answer;

	for (;;) {
		if (setup_ask(s, &q, &answer, f) < 0)
			return -1;
		if (find_word(words, answer, choice))
			return 0;
		if (refuse(s, &q,
			   "it is not one of the choices; ? shows "
			   "help",
			   f) < 0)
			return -1;
	}
}

int setup_confirm(struct setup *s, const char *text, bool fallback,
		  const char *help, struct error *f)
{
	static const char *const words[] = { "no", "yes", NULL };
	size_t choice;

	if (setup_choose(s, text, words, fallback, help, &choice, f) < 0)
		return -1;
	return (int)choice;
}

/* ---- what is not asked ---- */

const char *setup_given(const struct setup *s, const char *name)
{
	static const char *const answers[] = { "host",	       "port", "tls",
					       "tls_starttls", "user", NULL };
	const char *value = NULL;

	for (size_t i = 0; s->is_mended && answers[i]; i++)
		if (strcmp(answers[i], name) == 0)
			return NULL;
	for (const struct override *o = s->request->overrides; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			value = o->value;
	return value;
}
