/* base64_slice.c - whole lines at a time, without a buffer besides the
 * reader's.
 *
 * The input is read into the end of the reader's buffer, and the text is
 * written from its start.  Of n lines, the text of line j (from 0) ends at 78
 * (j + 1), and its input begins at 21 n + 57 j: until the last four lines, the
 * text overwrites only input that was used. The input of the last ones is
 * copied first. */
#include "codec/base64_slice.h"

#include <string.h>

#include "codec/base64.h"
#include "codec/base64_loops.h"

#define TEXT_LINE  (BASE64_OUT_LINE + 2)
#define LAST_LINES 8

/* All n octets, also from segments. */
static int read_full(const struct slice *from, uint64_t at, char *data,
		     size_t n, struct error *f)
{
	for (size_t done = 0; done < n;) {
		ssize_t r =
			slice_read(from, at + done, data + done, n - done, f);

		if (r <= 0)
			return -1;
		done += (size_t)r;
	}
	return 0;
}

static ssize_t read_lines(const struct slice *from, uint64_t line, size_t lines,
			  char *data, struct error *f)
{
	const struct base64_loops *loops = base64_loops(0);
	size_t taken = lines * BASE64_LINE;
	size_t last = lines < LAST_LINES ? lines : LAST_LINES;
	size_t first = lines - last;
	char *raw = data + lines * TEXT_LINE - taken;
	unsigned char aside[LAST_LINES * BASE64_LINE];

	if (read_full(from, line * BASE64_LINE, raw, taken, f) < 0)
		return -1;
	loops->encode(data, (unsigned char *)raw, first);
	memcpy(aside, raw + first * BASE64_LINE, last * BASE64_LINE);
	loops->encode(data + first * TEXT_LINE, aside, last);
	return (ssize_t)(lines * TEXT_LINE);
}

/* A part of one line, or the last. */
static ssize_t read_line(const struct slice *from, uint64_t line, size_t column,
			 char *data, size_t n, struct error *f)
{
	uint64_t at = line * BASE64_LINE, left = from->length - at;
	size_t taken = left < BASE64_LINE ? (size_t)left : BASE64_LINE, size;
	char raw[BASE64_LINE], text[TEXT_LINE];

	if (read_full(from, at, raw, taken, f) < 0)
		return -1;
	size = base64_text(text, raw, taken);
	text[size++] = '\r';
	text[size++] = '\n';
	if (n > size - column)
		n = size - column;
	memcpy(data, text + column, n);
	return (ssize_t)n;
}

static ssize_t base64_read(const struct slice *from, uint64_t at, void *data,
			   size_t n, struct error *f)
{
	uint64_t line = at / TEXT_LINE, whole = from->length / BASE64_LINE;
	size_t lines = n / TEXT_LINE;

	if (n == 0 || at >= base64_encoded_size(from->length))
		return 0;
	if (at % TEXT_LINE || !lines || line >= whole)
		return read_line(from, line, (size_t)(at % TEXT_LINE), data, n,
				 f);
	if (lines > whole - line)
		lines = (size_t)(whole - line);
	return read_lines(from, line, lines, data, f);
}

const struct encoder base64_encoder = { .size = base64_encoded_size,
					.read = base64_read };
