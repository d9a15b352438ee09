/* uu.c - six bits a character, from the backquote (for zero) and '!' up. */
#include "codec/uu.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/block.h"

#define UU_TEXT	 (1 + UU_LINE / 3 * 4 + 2) /* a full line and its end */
#define UU_LINES 64			   /* lines in one call of next */

static char uu_char(unsigned six)
{
	return (char)(six & 63 ? ' ' + (six & 63) : '`');
}

/* One line of n octets; those that fill the last group are zero. */
static size_t uu_line(char *out, const unsigned char *in, size_t n)
{
	char *o = out;
	size_t i;

	*o++ = uu_char((unsigned)n);
	for (i = 0; i < n; i += 3) {
		unsigned a = in[i];
		unsigned b = i + 1 < n ? in[i + 1] : 0;
		unsigned c = i + 2 < n ? in[i + 2] : 0;

		*o++ = uu_char(a >> 2);
		*o++ = uu_char(a << 4 | b >> 4);
		*o++ = uu_char(b << 2 | c >> 6);
		*o++ = uu_char(c);
	}
	*o++ = '\r';
	*o++ = '\n';
	return (size_t)(o - out);
}

/* Takes complete lines; returns how many octets were used. */
static size_t uu_lines(struct uu *s, const unsigned char *in, size_t n)
{
	char text[UU_LINES * UU_TEXT];
	size_t done = 0;

	while (n - done >= UU_LINE) {
		size_t filled = 0;

		while (n - done >= UU_LINE && filled < sizeof(text)) {
			filled += uu_line(text + filled, in + done, UU_LINE);
			done += UU_LINE;
		}
		sink_put(s->sink.next, text, filled);
	}
	return done;
}

static int uu_put(struct sink *sink, const void *data, size_t n)
{
	struct uu *s = (struct uu *)sink;
	const unsigned char *p = data;
	size_t take;

	if (s->held) {
		take = UU_LINE - s->held < n ? UU_LINE - s->held : n;
		memcpy(s->rest + s->held, p, take);
		s->held += take;
		p += take;
		n -= take;
		if (s->held == UU_LINE) {
			uu_lines(s, s->rest, UU_LINE);
			s->held = 0;
		}
	}
	take = uu_lines(s, p, n);
	if (n > take) {
		memcpy(s->rest, p + take, n - take);
		s->held = n - take;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int uu_close(struct sink *sink)
{
	struct uu *s = (struct uu *)sink;
	char text[UU_TEXT];

	if (s->held)
		sink_put(sink->next, text, uu_line(text, s->rest, s->held));
	return s->is_last ? sink_puts(sink->next, "`\r\nend\r\n") : 0;
}

static const struct sink_ops uu_ops = { .put = uu_put, .close = uu_close };

void uu_init(struct uu *s, struct sink *next, const char *name, unsigned mode,
	     bool is_first, bool is_last)
{
	char text[16];

	s->sink = (struct sink){ .ops = &uu_ops,
				 .next = next,
				 .error = next->error };
	s->held = 0;
	s->is_last = is_last;
	if (!is_first)
		return;
	snprintf(text, sizeof(text), "begin %03o ", mode & 0777);
	sink_puts(next, text);
	sink_puts(next, name);
	sink_puts(next, "\r\n");
}

/* Decoding, by lines.
 *
 *	SEEK	other text
 *	DATA	lines of data; empty ones are skipped
 *	BASE64	the same after begin-base64, up to "===="
 *	DONE	"end" was there */

static int unuu_flush(struct unuu *s)
{
	size_t n = s->filled;

	s->filled = 0;
	return s->sink.next ? sink_put(s->sink.next, s->room, n) : 0;
}

/* ---- lines of data ---- */

static unsigned six(char c)
{
	return (unsigned)(c - ' ') & 63;
}

/* The length that the line claims; 0 for none. */
static size_t stated_octets(const char *line, size_t n)
{
	return n && line[0] >= ' ' && line[0] <= '`' ? six(line[0]) : 0;
}

/* Space to backquote, all of them. */
static bool is_alphabet(const char *p, size_t n)
{
	for (; n >= BLOCK; p += BLOCK, n -= BLOCK) {
		struct block b = block_load(p);

		if (block_first(block_or(block_below(b, ' '),
					 block_above(b, '`'))) < BLOCK)
			return false;
	}
	for (; n; p++, n--)
		if (*p < ' ' || *p > '`')
			return false;
	return true;
}

/* Its length is valid: complete groups, or only the required characters, and
 * optionally one more, a checksum of some encoders. */
static bool is_data(const struct unuu *s, const char *line, size_t n)
{
	size_t octets = stated_octets(line, n);
	size_t least = 1 + (octets * 4 + 2) / 3;
	size_t most = 1 + (octets + 2) / 3 * 4 + 1;

	if (!octets || n > most)
		return false;
	/* trailing spaces may be lost in transit */
	if (n < least && !(s->has_spaces && octets == UU_LINE))
		return false;
	return is_alphabet(line + 1, n - 1);
}

/* "begin" may be in a sentence: with several files, data must follow. */
static int open_file(struct unuu *s)
{
	if (!s->is_pending)
		return 0;
	s->is_pending = false;
	if (s->began && s->began(s) < 0)
		return -1;
	if (s->state == UNUU_BASE64 && s->sink.next)
		unbase64_init(&s->base64, s->sink.next);
	return 0;
}

/* Eight characters, which are six octets. */
static void put_eight(char *out, const char *line)
{
	const uint64_t sixes = 0x003f003f003f003fu;
	const uint64_t twelves = 0x00000fff00000fffu;
	uint64_t w;

	memcpy(&w, line, sizeof(w));
	w = le64toh(w) - 0x2020202020202020u;
	w = (w & sixes) << 6 | (w >> 8 & sixes);
	w = (w & twelves) << 12 | (w >> 16 & twelves);
	for (int i = 0; i < 2; i++, w >>= 32) {
		*out++ = (char)(w >> 16);
		*out++ = (char)(w >> 8);
		*out++ = (char)w;
	}
}

/* Missing characters at the end of a line are zero. */
static void put_octets(struct unuu *s, const char *line, size_t n,
		       size_t octets)
{
	char *out = s->room + s->filled;
	size_t at = 1, i = 0;

	for (; i + 6 <= octets && at + 8 <= n; i += 6, at += 8)
		put_eight(out + i, line + at);
	for (; i < octets; i += 3, at += 4) {
		unsigned bits = 0;

		for (size_t k = at; k < at + 4; k++)
			bits = bits << 6 | (k < n ? six(line[k]) : 0);
		for (size_t k = i; k < i + 3 && k < octets; k++)
			out[k] = (char)(bits >> (16 - (k - i) * 8));
	}
	s->filled += octets;
}

static int take_data(struct unuu *s, const char *line, size_t n)
{
	if (open_file(s) < 0)
		return -1;
	if (s->filled + 64 > sizeof(s->room) && unuu_flush(s) < 0)
		return -1;
	s->has_data = true;
	s->has_spaces = s->has_spaces || memchr(line, ' ', n);
	put_octets(s, line, n, stated_octets(line, n));
	return 0;
}

/* ---- the frame ---- */

/* Writes the octets before the caller checks for errors. */
static int end_file(struct unuu *s)
{
	bool is_open = !s->is_pending;

	if (is_open && s->state == UNUU_BASE64 && s->sink.next) {
		sink_close(&s->base64.sink);
		s->is_damaged = s->base64.is_damaged;
	}
	s->is_damaged = s->is_damaged || s->was_broken || !s->has_end;
	s->is_pending = false;
	s->has_begin = s->has_data = s->was_broken = s->is_section = false;
	s->state = UNUU_SEEK;
	if (unuu_flush(s) < 0)
		return -1;
	return is_open && s->ended ? s->ended(s) : 0;
}

static const char *name_at(const char *line, size_t n, bool *is_base64)
{
	static const char plain[] = "begin ", base64[] = "begin-base64 ";
	size_t at = strlen(plain), digits = 0;

	*is_base64 =
		n > strlen(base64) && !memcmp(line, base64, strlen(base64));
	if (*is_base64)
		at = strlen(base64);
	else if (n <= at || memcmp(line, plain, at) != 0)
		return NULL;
	for (; at < n && line[at] >= '0' && line[at] <= '7'; at++)
		digits++;
	if (digits < 3 || digits > 6 || at + 1 >= n || line[at] != ' ')
		return NULL;
	return line + at + 1;
}

const char *unuu_begins(const char *line, size_t n)
{
	bool is_base64;

	return name_at(line, n, &is_base64);
}

static int begin(struct unuu *s, const char *line, size_t n)
{
	bool is_base64;
	const char *name = name_at(line, n, &is_base64);
	size_t length;

	if (!name)
		return 0;
	if (s->is_many && s->has_begin && end_file(s) < 0)
		return -1;
	if (s->is_many)
		s->has_end = s->is_damaged = s->has_spaces = false;
	length = n - (size_t)(name - line);
	if (length > sizeof(s->name) - 1)
		length = sizeof(s->name) - 1;
	memcpy(s->name, name, length);
	s->name[length] = '\0';
	s->has_begin = true;
	s->state = is_base64 ? UNUU_BASE64 : UNUU_DATA;
	s->candidate = 0;
	s->is_pending = true;
	return s->is_many ? 1 : open_file(s) < 0 ? -1 : 1;
}

static bool is_end(const char *line, size_t n)
{
	return n == 3 && !memcmp(line, "end", 3);
}

/* A line without octets: the one before the end. */
static bool is_nothing(const char *line, size_t n)
{
	return n == 1 && (*line == '`' || *line == ' ');
}

bool unuu_is_line(const char *line, size_t n)
{
	const struct unuu any = { .has_spaces = true };

	return unuu_begins(line, n) || is_end(line, n) || is_nothing(line, n) ||
	       is_data(&any, line, n);
}

static int take_candidate(struct unuu *s)
{
	size_t n = s->candidate;

	s->candidate = 0;
	return n ? take_data(s, s->candidate_line, n) : 0;
}

static int finish_data(struct unuu *s)
{
	if (s->has_begin && open_file(s) < 0)
		return -1;
	s->has_end = true;
	s->is_damaged = s->is_damaged || s->was_broken;
	s->state = UNUU_DONE;
	if (s->is_many && s->has_begin)
		return end_file(s);
	return unuu_flush(s);
}

/* A section begins without a frame. */
static int seek_section(struct unuu *s, const char *line, size_t n)
{
	size_t octets = stated_octets(line, n);

	if (octets == UU_LINE && is_data(s, line, n) && n > UU_LINE / 3 * 4) {
		/* data continues after it had ended: lines are missing */
		s->is_damaged = s->is_damaged || s->was_broken;
		s->state = UNUU_DATA;
		s->candidate = 0;
		return take_data(s, line, n);
	}
	if (is_nothing(line, n)) {
		s->was_nothing = true;
		return take_candidate(s);
	}
	if (is_end(line, n) && (s->was_nothing || s->candidate)) {
		if (take_candidate(s) < 0)
			return -1;
		return finish_data(s);
	}
	s->was_nothing = false;
	s->candidate = 0;
	if (is_data(s, line, n) && n <= sizeof(s->candidate_line) &&
	    !s->has_data) {
		memcpy(s->candidate_line, line, n);
		s->candidate = n;
	}
	return 0;
}

static int take_seek(struct unuu *s, const char *line, size_t n)
{
	int r = s->has_begin && !s->is_many ? 0 : begin(s, line, n);

	if (r)
		return r < 0 ? -1 : 0;
	if (s->has_begin && is_end(line, n))
		return finish_data(s);
	return s->is_section || s->has_begin ? seek_section(s, line, n) : 0;
}

static int take_base64(struct unuu *s, const char *line, size_t n)
{
	if (open_file(s) < 0)
		return -1;
	if (n == 4 && !memcmp(line, "====", 4)) {
		s->has_end = true;
		if (s->is_many)
			return end_file(s);
		if (s->sink.next) {
			sink_close(&s->base64.sink);
			s->is_damaged = s->base64.is_damaged;
		}
		s->state = UNUU_DONE;
		return 0;
	}
	s->has_data = true;
	return s->sink.next ? sink_put(&s->base64.sink, line, n) : 0;
}

/* A line that is too long is treated as other text. */
static int take_line(struct unuu *s, const char *line, size_t n)
{
	bool is_long = n > UNUU_LINE_MAX;

	if (is_long)
		n = 0;
	else if (n && line[n - 1] == '\r')
		n--;
	switch (s->state) {
	case UNUU_SEEK:
		return take_seek(s, line, n);
	case UNUU_BASE64:
		return take_base64(s, line, n);
	case UNUU_DONE:
		return 0;
	case UNUU_DATA:
		break;
	}
	if (is_end(line, n))
		return finish_data(s);
	if ((!n && !is_long) || is_nothing(line, n))
		return 0;
	if (is_data(s, line, n))
		return take_data(s, line, n);
	s->was_broken = true;
	s->was_nothing = false;
	s->state = UNUU_SEEK;
	return s->is_many ? take_seek(s, line, n) : 0;
}

/* ---- the sink ---- */

/* An incomplete line is held; of one that is too long, only its length. */
static void hold(struct unuu *s, const char *p, size_t n)
{
	if (s->held + n <= sizeof(s->line))
		memcpy(s->line + s->held, p, n);
	s->held = s->held + n <= sizeof(s->line) ? s->held + n
						 : sizeof(s->line) + 1;
}

static int unuu_put(struct sink *sink, const void *data, size_t n)
{
	struct unuu *s = (struct unuu *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((lf ? lf : end) - p);
		bool is_held = s->held || !lf;

		if (is_held)
			hold(s, p, length);
		if (!lf)
			break;
		if (take_line(s, is_held ? s->line : p,
			      is_held ? s->held : length) < 0)
			return -1;
		s->held = 0;
		p = lf + 1;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int unuu_close(struct sink *sink)
{
	struct unuu *s = (struct unuu *)sink;

	if (s->held && take_line(s, s->line, s->held) < 0)
		return -1;
	if (s->is_many && s->has_begin)
		return end_file(s);
	if (s->state == UNUU_BASE64 && s->sink.next) {
		sink_close(&s->base64.sink);
		s->is_damaged = true;
	}
	return unuu_flush(s);
}

static const struct sink_ops unuu_ops = { .put = unuu_put,
					  .close = unuu_close };

void unuu_init(struct unuu *s, struct sink *next, bool is_section,
	       struct error *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &unuu_ops, .next = next, .error = f };
	s->is_section = is_section;
}
