/* unuu.c - line by line.
 *
 *	SEEK	text that is none of ours
 *	DATA	lines of data; empty ones are passed over
 *	BASE64	the same behind begin-base64, up to "===="
 *	DONE	"end" was there */
#include "codec/unuu.h"

#include <string.h>

#define FULL 45 /* octets of every line but the last */

static int flush(struct unuu *s)
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

/* Octets that the line says it has; 0 for none. */
static size_t told(const char *line, size_t n)
{
	return n && line[0] >= ' ' && line[0] <= '`' ? six(line[0]) : 0;
}

/* Its length is what it should be: whole groups, or none but the characters
 * that are needed, and perhaps one more, which some wrote as a checksum. */
static bool is_data(const struct unuu *s, const char *line, size_t n)
{
	size_t octets = told(line, n);
	size_t least = 1 + (octets * 4 + 2) / 3;
	size_t most = 1 + (octets + 2) / 3 * 4 + 1;

	if (!octets || n > most)
		return false;
	/* spaces at the end get lost on the way */
	if (n < least && !(s->has_spaces && octets == FULL))
		return false;
	for (size_t i = 1; i < n; i++)
		if (line[i] < ' ' || line[i] > '`')
			return false;
	return true;
}

/* "begin" may stand in a sentence: of many files one begins with its data. */
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

static int take_data(struct unuu *s, const char *line, size_t n)
{
	size_t octets = told(line, n), at = 1;

	if (open_file(s) < 0)
		return -1;
	if (s->filled + 64 > sizeof(s->room) && flush(s) < 0)
		return -1;
	s->has_data = true;
	s->has_spaces = s->has_spaces || memchr(line, ' ', n);
	for (size_t i = 0; i < octets; i += 3, at += 4) {
		unsigned bits = 0;

		for (size_t k = at; k < at + 4; k++)
			bits = bits << 6 | (k < n ? six(line[k]) : 0);
		for (size_t k = i; k < i + 3 && k < octets; k++)
			s->room[s->filled++] =
				(char)(bits >> (16 - (k - i) * 8));
	}
	return 0;
}

/* ---- the frame ---- */

/* The octets go out before the caller looks at what became of them. */
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
	if (flush(s) < 0)
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

/* A line that stands for no octets: the one before the end. */
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
	return flush(s);
}

/* A section begins without a frame. */
static int seek_section(struct unuu *s, const char *line, size_t n)
{
	size_t octets = told(line, n);

	if (octets == FULL && is_data(s, line, n) && n > FULL / 3 * 4) {
		/* data goes on where it had ended: something was there */
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

static int take_line(struct unuu *s)
{
	const char *line = s->line;
	size_t n = s->held;

	if (n && line[n - 1] == '\r')
		n--;
	if (s->is_long)
		n = 0;
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
	if ((!n && !s->is_long) || is_nothing(line, n))
		return 0;
	if (is_data(s, line, n))
		return take_data(s, line, n);
	s->was_broken = true;
	s->was_nothing = false;
	s->state = UNUU_SEEK;
	return s->is_many ? take_seek(s, line, n) : 0;
}

/* ---- the sink ---- */

static int put(struct sink *sink, const void *data, size_t n)
{
	struct unuu *s = (struct unuu *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((lf ? lf : end) - p);

		if (s->held + length > sizeof(s->line)) {
			s->is_long = true;
		} else if (!s->is_long) {
			memcpy(s->line + s->held, p, length);
			s->held += length;
		}
		if (!lf)
			break;
		if (take_line(s) < 0)
			return -1;
		s->held = 0;
		s->is_long = false;
		p = lf + 1;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int finish(struct sink *sink)
{
	struct unuu *s = (struct unuu *)sink;

	if ((s->held || s->is_long) && take_line(s) < 0)
		return -1;
	if (s->is_many && s->has_begin)
		return end_file(s);
	if (s->state == UNUU_BASE64 && s->sink.next) {
		sink_close(&s->base64.sink);
		s->is_damaged = true;
	}
	return flush(s);
}

static const struct sink_ops ops = { put, finish };

void unuu_init(struct unuu *s, struct sink *next, bool is_section,
	       struct error *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &ops, .next = next, .error = f };
	s->is_section = is_section;
}
