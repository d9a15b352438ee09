/* text.c - tables and short loops; RFC 3629's table is read from the first
 * octet. */
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/block.h"

/* ---- blanks and controls ---- */

bool text_has_control(const char *text)
{
	while (*text && !text_is_control(*text))
		text++;
	return *text;
}

char *text_trim(char *text)
{
	size_t n;

	while (text_is_space(*text))
		text++;
	n = strlen(text);
	while (n && text_is_space(text[n - 1]))
		n--;
	text[n] = '\0';
	return text;
}

char *text_lower(struct arena *a, const char *text)
{
	char *copy = arena_dup(a, text);

	for (char *p = copy; *p; p++)
		*p = ascii_lower(*p);
	return copy;
}

int text_compare(const void *one, const void *other)
{
	return strcmp(*(const char *const *)one, *(const char *const *)other);
}

bool text_is_among(const char *word, const char *const *list)
{
	while (*list && strcmp(word, *list) != 0)
		list++;
	return *list != NULL;
}

/* ---- numbers ---- */

size_t text_digits(const char *text, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;
	size_t count = 0;

	for (; ascii_is_digit(text[count]); count++) {
		uint64_t digit = (uint64_t)(text[count] - '0');

		if (n > (UINT64_MAX - digit) / 10)
			return 0;
		n = n * 10 + digit;
	}
	if (!count || n > most)
		return 0;
	*out = n;
	return count;
}

size_t text_range(const char *text, uint64_t most, uint64_t *from, uint64_t *to)
{
	size_t n, m;

	*from = 0;
	n = text_digits(text, most, from);
	*to = *from;
	if (!*from || text[n] != '-')
		return *from ? n : 0;
	m = text_digits(text + n + 1, most, to);
	return m && *to >= *from ? n + 1 + m : 0;
}

bool text_number(const char *text, uint64_t most, uint64_t *out)
{
	uint64_t n;
	size_t count = text_digits(text, most, &n);

	if (!count || text[count])
		return false;
	*out = n;
	return true;
}

void text_size(char *out, size_t size, uint64_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = (double)n;
	int unit = 0;

	while (value >= 1000 && unit < 4) {
		value /= 1000;
		unit++;
	}
	snprintf(out, size, unit && value < 100 ? "%.1f %s" : "%.0f %s", value,
		 units[unit]);
}

void text_put_span(struct buf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		int64_t n = seconds / units[i].seconds;

		if (n > 0) {
			buf_printf(out, "%" PRId64 " %s%s", n, units[i].name,
				   n > 1 ? "s" : "");
			return;
		}
	}
	buf_puts(out, "a moment");
}

/* ---- templates ---- */

/* The word at `text`, which begins with a brace; or NULL. */
static const struct text_word *find_word(const char *text,
					 const struct text_word *words)
{
	for (; words->name; words++) {
		size_t n = strlen(words->name);

		if (strncmp(text + 1, words->name, n) == 0 &&
		    text[n + 1] == '}')
			return words;
	}
	return NULL;
}

void text_fill(struct buf *out, const char *template,
	       const struct text_word *words)
{
	while (*template) {
		const struct text_word *word =
			*template == '{' ? find_word(template, words) : NULL;

		if (word)
			buf_puts(out, word->value);
		else
			buf_putc(out, *template);
		template += word ? strlen(word->name) + 2 : 1;
	}
}

/* ---- hex ---- */

const char text_base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
const char text_hex_upper[] = "0123456789ABCDEF";

const unsigned char text_hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

void text_hex(char *out, const void *octets, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = octets;

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

void text_hex_colons(char *out, const void *octets, size_t n)
{
	const unsigned char *p = octets;

	for (size_t i = 0; i < n; i++) {
		if (i)
			*out++ = ':';
		*out++ = text_hex_upper[p[i] >> 4];
		*out++ = text_hex_upper[p[i] & 15];
	}
	*out = '\0';
}

bool text_is_hex(const char *text, size_t n)
{
	return strspn(text, "0123456789abcdef") == n && !text[n];
}

/* ---- UTF-8 ---- */

size_t text_character(const char *text, size_t n, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	uint32_t code;
	size_t want;

	if (!n)
		return 0;
	want = *s < 0x80   ? 1
	       : *s < 0xC2 ? 0
	       : *s < 0xE0 ? 2
	       : *s < 0xF0 ? 3
			   : 4;
	if (!want || want > n || *s > 0xF4)
		return 0;
	code = want == 1 ? *s : *s & (0x7FU >> want);
	for (size_t i = 1; i < want; i++) {
		if (!text_is_continuation(text[i]))
			return 0;
		code = code << 6 | (s[i] & 0x3FU);
	}
	if (code < least[want] || code > 0x10FFFF ||
	    (code >= 0xD800 && code <= 0xDFFF))
		return 0;
	if (point)
		*point = code;
	return want;
}

/* A fast path for two and three octets without exceptions. */
static inline size_t wide_character(const char *text, size_t n)
{
	unsigned char c = (unsigned char)*text;

	if (c >= 0xC2 && c < 0xE0 && n > 1)
		return text_is_continuation(text[1]) ? 2 : 0;
	if (c > 0xE0 && c < 0xF0 && c != 0xED && n > 2)
		return text_is_continuation(text[1]) &&
				       text_is_continuation(text[2])
			       ? 3
			       : 0;
	return c < 0x80 ? 0 : text_character(text, n, NULL);
}

size_t text_wide_run(const char *text, size_t n, uint64_t *count)
{
	size_t i = 0, step;

	while (i < n && (step = wide_character(text + i, n - i))) {
		i += step;
		++*count;
	}
	return i;
}

static size_t ascii_run(const char *text, size_t n)
{
	size_t i = 0;

	for (; n - i >= BLOCK; i += BLOCK) {
		size_t step =
			block_first(block_above(block_load(text + i), 127));

		if (step < BLOCK)
			return i + step;
	}
	while (i < n && (unsigned char)text[i] < 0x80)
		i++;
	return i;
}

size_t text_valid_run(const char *text, size_t n)
{
	uint64_t count = 0;
	size_t i = 0, step;

	do {
		step = ascii_run(text + i, n - i);
		step += text_wide_run(text + i + step, n - i - step, &count);
		i += step;
	} while (step);
	return i;
}

size_t text_encode(char out[4], uint32_t point)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = point < 0x80	     ? 1
		   : point < 0x800   ? 2
		   : point < 0x10000 ? 3
				     : 4;

	for (size_t i = n; i-- > 1; point >>= 6)
		out[i] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(leads[n] | point);
	return n;
}

size_t text_cut(const char *text, size_t n)
{
	size_t back = 0;

	while (back < 3 && back < n && text_is_continuation(text[n - back]))
		back++;
	return text_is_continuation(text[n - back]) ? n : n - back;
}

void text_drop_partial(char *text)
{
	size_t n = strlen(text), back = 0, want;
	unsigned char first;

	while (back < 3 && back + 1 < n &&
	       text_is_continuation(text[n - 1 - back]))
		back++;
	if (!n)
		return;
	first = (unsigned char)text[n - 1 - back];
	want = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
	if (want > back + 1)
		text[n - 1 - back] = '\0';
}

size_t text_width(const char *text, size_t n)
{
	size_t width = 0;

	for (; n; text++, n--)
		width += !text_is_continuation(*text);
	return width;
}

/* ---- foreign text ---- */

/* Is the character safe to show? */
static bool is_safe(uint32_t point)
{
	if (point < 32 || (point >= 127 && point < 160))
		return false;
	/* line ends, marks of direction, the mark of byte order: with them a
	 * line would be read as another one */
	return point != 0x061C && (point < 0x200E || point > 0x200F) &&
	       (point < 0x2028 || point > 0x202E) &&
	       (point < 0x2066 || point > 0x2069) && point != 0xFEFF;
}

size_t text_safe_step(const char *text, size_t n)
{
	uint32_t point;
	size_t step = text_character(text, n, &point);

	return step && is_safe(point) ? step : 0;
}

size_t text_unsafe_step(const char *text, size_t n)
{
	size_t step = text_character(text, n, NULL);

	return step ? step : 1;
}

/* What replaces the unsafe character there. */
static char substitute(char c)
{
	return text_is_space(c) ? ' ' : '?';
}

void text_put_safe(struct buf *out, const char *text, size_t n)
{
	while (n && !out->overflow) {
		size_t step = text_safe_step(text, n);

		if (step) {
			buf_put(out, text, step);
		} else {
			buf_putc(out, substitute(*text));
			step = text_unsafe_step(text, n);
		}
		text += step;
		n -= step;
	}
}

void text_puts_safe(struct buf *out, const char *text)
{
	text_put_safe(out, text, strlen(text));
}

size_t text_sanitize(char *text)
{
	size_t n = strlen(text);
	char *to = text;

	for (const char *from = text; n;) {
		size_t step = text_safe_step(from, n);

		if (step) {
			memmove(to, from, step);
			to += step;
		} else {
			step = text_unsafe_step(from, n);
			*to++ = substitute(*from);
		}
		from += step;
		n -= step;
	}
	*to = '\0';
	return (size_t)(to - text);
}

void text_put_escaped(struct buf *out, const char *text, size_t n)
{
	for (size_t step; n && !out->overflow; text += step, n -= step) {
		step = text_safe_step(text, n);
		if (step) {
			buf_put(out, text, step);
			continue;
		}
		step = 1;
		if (*text == '\t')
			buf_putc(out, ' ');
		else
			buf_printf(out, "\\x%02X", (unsigned char)*text);
	}
}

void text_put_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
	buf_putc(out, '"');
}

const char *text_dup_safe(struct arena *a, const char *text, size_t n)
{
	struct buf out = BUF_INIT(TEXT_SAFE_MAX);
	const char *kept;

	text_put_safe(&out, text, n);
	kept = arena_dup(a, out.data);
	buf_free(&out);
	return kept;
}

/* ---- the word that was meant ---- */

/* Edit distance by three rows of the usual table. */

#define WORD_MAX 63 /* longer words are not compared */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void fill_row(const size_t *before, const size_t *above, size_t *row,
		     const char *one, size_t i, const char *other)
{
	char c = ascii_lower(one[i - 1]);

	row[0] = i;
	for (size_t j = 1; other[j - 1]; j++) {
		char d = ascii_lower(other[j - 1]);
		size_t edits = above[j - 1] + (c != d);

		edits = smaller(edits, smaller(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && c == ascii_lower(other[j - 2]) &&
		    ascii_lower(one[i - 2]) == d)
			edits = smaller(edits, before[j - 2] + 1);
		row[j] = edits;
	}
}

static size_t distance(const char *one, const char *other)
{
	size_t rows[3][WORD_MAX + 1] = { { 0 } };
	size_t i;

	for (size_t j = 0; j <= WORD_MAX; j++)
		rows[0][j] = j;
	for (i = 1; one[i - 1]; i++)
		fill_row(rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3], one,
			 i, other);
	return rows[(i + 2) % 3][strlen(other)];
}

void nearest_init(struct nearest *n, const char *word)
{
	*n = (struct nearest){ .word = word, .edits = strlen(word) / 3 + 2 };
	if (strlen(word) > WORD_MAX)
		n->edits = 0;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t edits;

	if (n->edits == 0 || strlen(candidate) > WORD_MAX)
		return;
	edits = distance(n->word, candidate);
	if (edits < n->edits) {
		n->best = candidate;
		n->edits = edits;
	}
}
