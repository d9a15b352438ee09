/* excerpt.c - the lines of a block. */
#include "run/excerpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define LINE_SHOWN 2000 /* octets of a line */
#define PART_ODD   16	/* more than 1/16 of non-text octets: binary */

void excerpt_init(struct excerpt *x, const struct capture *o)
{
	*x = (struct excerpt){
		.output = o,
		.is_marked = o->of[JOB_STDOUT] && o->of[JOB_STDERR],
		.is_shown = { true, true },
		.block = memory_alloc(CAPTURE_BLOCK),
	};
	ansi_init(&x->ansi);
}

void excerpt_free(struct excerpt *x)
{
	free(x->block);
	x->block = NULL;
}

/* ---- is it text? ---- */

static bool is_odd(char c)
{
	return (c >= 0 && c < 32 && !strchr("\t\n\r\b\f\033\a", c)) || c == 127;
}

/* Counts the octets of each stream that do not occur in text; a character that
 * is cut at an end of the block does not count. */
static void count_odd(const struct excerpt *x, size_t from, size_t to,
		      size_t *odd, size_t *nuls)
{
	while (from < to) {
		size_t step = text_character(x->block + from, to - from, NULL);

		if (!x->block[from])
			++*nuls;
		if (!step || (step == 1 && is_odd(x->block[from])))
			++*odd;
		from += step + !step;
	}
}

static void find_binary(struct excerpt *x)
{
	size_t odd[JOB_STREAMS] = { 0 }, nuls[JOB_STREAMS] = { 0 };
	size_t all[JOB_STREAMS] = { 0 };
	size_t at = 0;

	while (at < x->size) {
		uint64_t until;
		enum job_stream s =
			capture_stream(x->output, x->offset + at, &until);
		size_t end = until - x->offset < x->size
				     ? (size_t)(until - x->offset)
				     : x->size;

		count_odd(x, at, end, &odd[s], &nuls[s]);
		all[s] += end - at;
		at = end;
	}
	for (int s = 0; s < JOB_STREAMS; s++)
		if (nuls[s] || odd[s] > all[s] / PART_ODD + 8)
			x->is_shown[s] = false;
}

void excerpt_load(struct excerpt *x, bool is_end)
{
	const struct capture *o = x->output;
	uint64_t least = capture_end_from(o);
	bool has_style = x->ansi.has_style;
	ssize_t n;

	/* the style is unknown where the end begins */
	ansi_init(&x->ansi);
	x->ansi.has_style = has_style;
	x->offset = 0;
	if (is_end && o->size > CAPTURE_BLOCK)
		x->offset = o->size - CAPTURE_BLOCK;
	if (is_end && x->offset < least)
		x->offset = least;
	n = capture_read(o, x->offset, x->block, CAPTURE_BLOCK, &x->error);
	x->size = n < 0 ? 0 : (size_t)n;
	find_binary(x);
}

/* ---- lines ---- */

/* The length of the line at `at`, with its end; *n is that of its text. */
static size_t line_length(const struct excerpt *x, size_t at, size_t to,
			  size_t *n, enum job_stream *stream)
{
	const char *start = x->block + at, *end;
	size_t length = to - at;
	uint64_t until;

	*stream = capture_stream(x->output, x->offset + at, &until);
	if (until - x->offset - at < length)
		length = (size_t)(until - x->offset - at);
	end = memchr(start, '\n', length);
	*n = length;
	if (end) {
		*n = (size_t)(end - start);
		length = *n + 1;
	}
	while (*n && start[*n - 1] == '\r')
		--*n;
	return length;
}

size_t excerpt_first(const struct excerpt *x, unsigned lines, size_t most)
{
	size_t at = 0, end = x->size < most ? x->size : most;

	for (unsigned i = 0; i < lines && at < end; i++) {
		const char *next = memchr(x->block + at, '\n', end - at);

		if (!next)
			return end;
		at = (size_t)(next - x->block) + 1;
	}
	return at;
}

size_t excerpt_last(const struct excerpt *x, unsigned lines, size_t most)
{
	size_t least = x->size > most ? x->size - most : 0;
	size_t at = x->size;
	const char *next;

	/* the end of the last line does not separate two */
	if (at > least && x->block[at - 1] == '\n')
		at--;
	for (; at > least; at--)
		if (x->block[at - 1] == '\n' && !--lines)
			return at;
	if (!least)
		return 0;
	/* in the middle of a line: the next one, if there is one */
	next = memchr(x->block + least, '\n', x->size - least);
	if (next && next + 1 < x->block + x->size)
		return (size_t)(next + 1 - x->block);
	while (least < x->size && text_is_continuation(x->block[least]))
		least++;
	return least;
}

/* The final state of the line. */
static void put_line(struct excerpt *x, const char *line, size_t n,
		     struct buf *text, struct buf *html)
{
	const char *last = memrchr(line, '\r', n);
	char more[64];

	if (last) { /* styles persist */
		ansi_put(&x->ansi, line, (size_t)(last - line), NULL, NULL);
		n -= (size_t)(last + 1 - line);
		line = last + 1;
		x->is_shortened = true;
	}
	if (n <= LINE_SHOWN) {
		ansi_put(&x->ansi, line, n, text, html);
		return;
	}
	x->is_shortened = true;
	ansi_put(&x->ansi, line, text_cut(line, LINE_SHOWN), text, html);
	snprintf(more, sizeof(more), " ... (%zu more octets)",
		 n - text_cut(line, LINE_SHOWN));
	buf_puts(text, more);
	buf_puts(html, more);
}

/* Other lines are not indented: a phone's screen is narrow. */
static void put_mark(const struct excerpt *x, enum job_stream stream,
		     struct buf *text, struct buf *html)
{
	if (!x->is_marked || stream != JOB_STDERR)
		return;
	buf_puts(text, "! ");
	buf_puts(html, "<span style=\"color:#ff8f8f;\">! </span>");
}

void excerpt_put(struct excerpt *x, size_t from, size_t to, struct buf *text,
		 struct buf *html)
{
	while (from < to) {
		enum job_stream stream;
		size_t n, step = line_length(x, from, to, &n, &stream);

		if (x->is_shown[stream]) {
			put_mark(x, stream, text, html);
			put_line(x, x->block + from, n, text, html);
			buf_putc(text, '\n');
			buf_putc(html, '\n');
		}
		from += step;
	}
}
