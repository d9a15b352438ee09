/* envelope.c - stores and counts verdicts; the recent ones are shared. */
#include "mail/envelope.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

/* Servers send the same reply to one recipient after the other. */
const char *envelope_keep(struct envelope *e, const char *words)
{
	const char *copy;

	if (!*words)
		return NULL;
	for (unsigned i = 0; i < ENVELOPE_RECENT; i++)
		if (e->recent[i] && strcmp(e->recent[i], words) == 0)
			return e->recent[i];
	copy = arena_dup(e->arena, words);
	e->recent[e->kept++ % ENVELOPE_RECENT] = copy;
	return copy;
}

void envelope_judge(struct envelope *e, struct recipient *one,
		    const struct error *verdict)
{
	one->verdict = small_error_of(verdict, envelope_keep(e, verdict->text));
}

void envelope_quote(struct envelope *e, struct recipient *one,
		    const char *reply)
{
	one->reply = envelope_keep(e, reply);
}

void envelope_reopen(struct recipient *one)
{
	one->verdict = (struct small_error){ .cause = ERROR_NONE };
	one->reply = NULL;
	one->decided = false;
}

size_t envelope_accepted(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].decided &&
		    !small_error_is_set(&e->recipients[i].verdict))
			n++;
	return n;
}

size_t envelope_discarded(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += e->recipients[i].is_discarded;
	return n;
}

size_t envelope_queued(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += e->recipients[i].is_queued;
	return n;
}

bool envelope_is_deferred(const struct recipient *one)
{
	return !one->decided || one->verdict.temporary;
}

size_t envelope_deferred(const struct envelope *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += envelope_is_deferred(&e->recipients[i]);
	return n;
}

void envelope_decide_rest(struct envelope *e, const struct error *verdict)
{
	for (size_t i = 0; i < e->count; i++) {
		if (e->recipients[i].decided)
			continue;
		envelope_judge(e, &e->recipients[i], verdict);
		e->recipients[i].decided = true;
	}
}

int envelope_sum_up(const struct envelope *e, struct error *f)
{
	const struct small_error *worst = NULL;

	for (size_t i = 0; i < e->count; i++) {
		const struct small_error *v = &e->recipients[i].verdict;

		if (!small_error_is_set(v) || e->recipients[i].is_queued)
			continue;
		if (!worst || (v->temporary && !worst->temporary))
			worst = v;
	}
	if (!worst)
		return 0;
	if (!error_is_set(f))
		*f = small_error_whole(worst);
	return -1;
}

/* ---- xtext ---- */

void xtext_put(struct buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > 32 && c < 127 && c != '+' && c != '=')
			buf_putc(out, *text);
		else
			buf_printf(out, "+%02X", c);
	}
}

static bool is_upper_hex(char c)
{
	return ascii_is_digit(c) || (c >= 'A' && c <= 'F');
}

char *xtext_decode(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1), *to = out;

	for (; *text; text++) {
		if (*text < 33 || *text > 126 || *text == '=')
			return NULL;
		if (*text != '+') {
			*to++ = *text;
			continue;
		}
		if (!is_upper_hex(text[1]) || !is_upper_hex(text[2]))
			return NULL;
		*to = (char)text_hex_octet(text + 1);
		if (!*to++)
			return NULL;
		text += 2;
	}
	return out;
}
