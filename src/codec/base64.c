/* base64.c - base64, a line at a time.
 *
 * A line is 57 octets in, 76 out, so that no group is ever cut by a line's
 * end and all lines but the last are alike.  The portable code looks up twelve
 * bits at once.  Where the processor has SSSE3 (every x86 since 2006) a line
 * is five overlapping steps of 12 octets, which neither read nor write past
 * its ends; it is more than twice as fast. */
#include "codec/base64.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define OUT_LINE  (BASE64_LINE / 3 * 4)
#define OUT_LINES 128 /* lines in one call of next: 9984 octets */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz"
			       "0123456789+/";

/* clang-format off */
#define ROW(a) \
	{ a, 'A' }, { a, 'B' }, { a, 'C' }, { a, 'D' }, \
	{ a, 'E' }, { a, 'F' }, { a, 'G' }, { a, 'H' }, \
	{ a, 'I' }, { a, 'J' }, { a, 'K' }, { a, 'L' }, \
	{ a, 'M' }, { a, 'N' }, { a, 'O' }, { a, 'P' }, \
	{ a, 'Q' }, { a, 'R' }, { a, 'S' }, { a, 'T' }, \
	{ a, 'U' }, { a, 'V' }, { a, 'W' }, { a, 'X' }, \
	{ a, 'Y' }, { a, 'Z' }, { a, 'a' }, { a, 'b' }, \
	{ a, 'c' }, { a, 'd' }, { a, 'e' }, { a, 'f' }, \
	{ a, 'g' }, { a, 'h' }, { a, 'i' }, { a, 'j' }, \
	{ a, 'k' }, { a, 'l' }, { a, 'm' }, { a, 'n' }, \
	{ a, 'o' }, { a, 'p' }, { a, 'q' }, { a, 'r' }, \
	{ a, 's' }, { a, 't' }, { a, 'u' }, { a, 'v' }, \
	{ a, 'w' }, { a, 'x' }, { a, 'y' }, { a, 'z' }, \
	{ a, '0' }, { a, '1' }, { a, '2' }, { a, '3' }, \
	{ a, '4' }, { a, '5' }, { a, '6' }, { a, '7' }, \
	{ a, '8' }, { a, '9' }, { a, '+' }, { a, '/' },

/* The two characters of each twelve bits. */
static const char pairs[4096][2] = {
	ROW('A') ROW('B') ROW('C') ROW('D') ROW('E') ROW('F') ROW('G') ROW('H')
	ROW('I') ROW('J') ROW('K') ROW('L') ROW('M') ROW('N') ROW('O') ROW('P')
	ROW('Q') ROW('R') ROW('S') ROW('T') ROW('U') ROW('V') ROW('W') ROW('X')
	ROW('Y') ROW('Z') ROW('a') ROW('b') ROW('c') ROW('d') ROW('e') ROW('f')
	ROW('g') ROW('h') ROW('i') ROW('j') ROW('k') ROW('l') ROW('m') ROW('n')
	ROW('o') ROW('p') ROW('q') ROW('r') ROW('s') ROW('t') ROW('u') ROW('v')
	ROW('w') ROW('x') ROW('y') ROW('z') ROW('0') ROW('1') ROW('2') ROW('3')
	ROW('4') ROW('5') ROW('6') ROW('7') ROW('8') ROW('9') ROW('+') ROW('/')
};
/* clang-format on */

/* Whole groups: n is a multiple of 3. */
static void encode_groups(char *out, const unsigned char *in, size_t n)
{
	const unsigned char *end = in + n;

	for (; in < end; in += 3, out += 4) {
		memcpy(out, pairs[in[0] << 4 | in[1] >> 4], 2);
		memcpy(out + 2, pairs[(in[1] & 15) << 8 | in[2]], 2);
	}
}

size_t base64_text(char *out, const void *data, size_t n)
{
	const unsigned char *in = data;
	size_t rest = n % 3, whole = n - rest;
	char *o = out + whole / 3 * 4;

	encode_groups(out, in, whole);
	if (!rest)
		return whole / 3 * 4;
	in += whole;
	o[0] = alphabet[in[0] >> 2];
	if (rest == 1) {
		o[1] = alphabet[(in[0] & 3) << 4];
		o[2] = '=';
	} else {
		o[1] = alphabet[(in[0] & 3) << 4 | in[1] >> 4];
		o[2] = alphabet[(in[1] & 15) << 2];
	}
	o[3] = '=';
	return whole / 3 * 4 + 4;
}

static void put_line_end(char *out)
{
	out[OUT_LINE] = '\r';
	out[OUT_LINE + 1] = '\n';
}

static void lines_portable(char *out, const unsigned char *in, size_t lines)
{
	for (; lines; lines--, in += BASE64_LINE, out += OUT_LINE + 2) {
		encode_groups(out, in, BASE64_LINE);
		put_line_end(out);
	}
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(BASE64_PORTABLE)
#include <tmmintrin.h>

/* Twelve octets, spread by `spread` so that each 32-bit lane has the octets
 * b a c b of a group, become sixteen characters.
 *
 * A multiplication shifts each half lane by its own number of bits, which
 * brings the four sixes into an octet each.  What is to be added to a six to
 * make its character depends on its range alone, so a range number (0 for
 * 26..51, 1..10 the digits, 11 '+', 12 '/', 13 for 0..25) looks it up. */
__attribute__((target("ssse3"))) static inline __m128i
encode_step(__m128i in, __m128i spread)
{
	const __m128i offsets =
		_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	__m128i high, low, six, range, upper;

	in = _mm_shuffle_epi8(in, spread);
	high = _mm_mulhi_epu16(_mm_and_si128(in, _mm_set1_epi32(0x0fc0fc00)),
			       _mm_set1_epi32(0x04000040));
	low = _mm_mullo_epi16(_mm_and_si128(in, _mm_set1_epi32(0x003f03f0)),
			      _mm_set1_epi32(0x01000010));
	six = _mm_or_si128(high, low);
	range = _mm_subs_epu8(six, _mm_set1_epi8(51));
	upper = _mm_cmpgt_epi8(_mm_set1_epi8(26), six);
	range = _mm_or_si128(range, _mm_and_si128(upper, _mm_set1_epi8(13)));
	return _mm_add_epi8(six, _mm_shuffle_epi8(offsets, range));
}

__attribute__((target("ssse3"))) static void
lines_ssse3(char *out, const unsigned char *in, size_t lines)
{
	const __m128i first = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7,
					    10, 9, 11, 10);
	/* The last 12 octets of a line, loaded with the 4 before them. */
	const __m128i last = _mm_setr_epi8(5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12,
					   11, 14, 13, 15, 14);

	for (; lines; lines--, in += BASE64_LINE, out += OUT_LINE + 2) {
		__m128i x;
		int i;

		for (i = 0; i < 4; i++) {
			x = _mm_loadu_si128((const void *)(in + i * 12));
			x = encode_step(x, first);
			_mm_storeu_si128((void *)(out + i * 16), x);
		}
		x = _mm_loadu_si128((const void *)(in + BASE64_LINE - 16));
		x = encode_step(x, last);
		_mm_storeu_si128((void *)(out + OUT_LINE - 16), x);
		put_line_end(out);
	}
}

static void encode_lines(char *out, const unsigned char *in, size_t lines)
{
	if (__builtin_cpu_supports("ssse3"))
		lines_ssse3(out, in, lines);
	else
		lines_portable(out, in, lines);
}
#else
static void encode_lines(char *out, const unsigned char *in, size_t lines)
{
	lines_portable(out, in, lines);
}
#endif

/* Takes whole lines; returns how many octets it took. */
static size_t base64_lines(struct base64 *s, const unsigned char *in, size_t n)
{
	char text[OUT_LINES * (OUT_LINE + 2)];
	size_t left = n / BASE64_LINE;

	while (left) {
		size_t lines = left < OUT_LINES ? left : OUT_LINES;

		encode_lines(text, in, lines);
		sink_put(s->sink.next, text, lines * (OUT_LINE + 2));
		in += lines * BASE64_LINE;
		left -= lines;
	}
	return n - n % BASE64_LINE;
}

static int base64_put(struct sink *sink, const void *data, size_t n)
{
	struct base64 *s = (struct base64 *)sink;
	const unsigned char *p = data;
	size_t take;

	if (s->held) {
		take = BASE64_LINE - s->held;
		if (n < take)
			take = n;
		memcpy(s->rest + s->held, p, take);
		s->held += take;
		p += take;
		n -= take;
		if (s->held == BASE64_LINE) {
			base64_lines(s, s->rest, BASE64_LINE);
			s->held = 0;
		}
	}
	take = base64_lines(s, p, n);
	if (n > take) {
		memcpy(s->rest, p + take, n - take);
		s->held = n - take;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int base64_close(struct sink *sink)
{
	struct base64 *s = (struct base64 *)sink;
	char text[OUT_LINE + 2];
	size_t n;

	if (!s->held)
		return 0;
	n = base64_text(text, s->rest, s->held);
	text[n++] = '\r';
	text[n++] = '\n';
	return sink_put(sink->next, text, n);
}

static const struct sink_ops base64_ops = { .put = base64_put,
					    .close = base64_close };

void base64_init(struct base64 *s, struct sink *next)
{
	s->sink = (struct sink){ .ops = &base64_ops,
				 .next = next,
				 .error = next->error };
	s->held = 0;
}

uint64_t base64_encoded_size(uint64_t n)
{
	uint64_t rest = n % BASE64_LINE;

	return n / BASE64_LINE * (OUT_LINE + 2) +
	       (rest ? (rest + 2) / 3 * 4 + 2 : 0);
}

int base64_append(struct buf *out, const void *data, size_t n)
{
	size_t room = (n + 2) / 3 * 4 + 1;
	char *text = memory_alloc(room);
	int r;

	r = buf_put(out, text, base64_text(text, data, n));
	explicit_bzero(text, room);
	free(text);
	return r;
}

/* And back.  Whole groups of four by table, the rest character by character. */

#define SPACE	64
#define STRANGE 65
#define PAD	66

#define OUT_ROOM 8190 /* a multiple of 3 */

static unsigned char values[256];

static void fill_values(void)
{
	if (values['B'])
		return;
	memset(values, STRANGE, sizeof(values));
	for (unsigned char i = 0; i < 64; i++)
		values[(unsigned char)alphabet[i]] = i;
	values[' '] = values['\t'] = values['\r'] = values['\n'] = SPACE;
	values['='] = PAD;
}

/* Whole groups from p on, as many as `out` has room for. */
static size_t take_groups(const unsigned char **p, const unsigned char *end,
			  unsigned char *out, size_t room)
{
	unsigned char *o = out, *stop = out + room;

	while (end - *p >= 4 && stop - o >= 3) {
		const unsigned char *g = *p;
		unsigned a = values[g[0]], b = values[g[1]];
		unsigned c = values[g[2]], d = values[g[3]];

		if ((a | b | c | d) & 64)
			break;
		*o++ = (unsigned char)(a << 2 | b >> 4);
		*o++ = (unsigned char)(b << 4 | c >> 2);
		*o++ = (unsigned char)(c << 6 | d);
		*p += 4;
	}
	return (size_t)(o - out);
}

/* The octets of a group that was cut by its padding, or by the end. */
static size_t take_rest(struct unbase64 *s, unsigned char *out)
{
	size_t n = s->count > 1 ? s->count - 1 : 0;
	uint32_t bits = s->bits << (6 * (4 - s->count));

	if (s->count == 1)
		s->is_damaged = true;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	s->count = 0;
	s->bits = 0;
	return n;
}

/* One character; returns how many octets it completes. */
static size_t take_one(struct unbase64 *s, unsigned char c, unsigned char *out)
{
	unsigned value = values[c];

	if (value == PAD && !s->count) {
		s->is_odd = true;
		return 0;
	}
	if (value == PAD) {
		s->is_over = true;
		return take_rest(s, out);
	}
	if (value >= 64) {
		s->is_damaged = s->is_damaged || value == STRANGE;
		return 0;
	}
	s->is_damaged = s->is_damaged || s->is_odd;
	s->bits = s->bits << 6 | value;
	if (++s->count < 4)
		return 0;
	out[0] = (unsigned char)(s->bits >> 16);
	out[1] = (unsigned char)(s->bits >> 8);
	out[2] = (unsigned char)s->bits;
	s->count = 0;
	s->bits = 0;
	return 3;
}

static int unbase64_put(struct sink *sink, const void *data, size_t n)
{
	struct unbase64 *s = (struct unbase64 *)sink;
	const unsigned char *p = data, *end = p + n;
	unsigned char out[OUT_ROOM];
	size_t filled = 0;

	while (p < end && !s->is_over) {
		if (!s->count && !s->is_odd)
			filled += take_groups(&p, end, out + filled,
					      sizeof(out) - filled);
		if (filled + 3 > sizeof(out)) {
			sink_put(sink->next, out, filled);
			filled = 0;
		}
		if (p < end)
			filled += take_one(s, *p++, out + filled);
	}
	return sink_put(sink->next, out, filled);
}

static int unbase64_close(struct sink *sink)
{
	struct unbase64 *s = (struct unbase64 *)sink;
	unsigned char out[3];

	if (!s->count)
		return 0;
	s->is_damaged = true;
	return sink_put(sink->next, out, take_rest(s, out));
}

static const struct sink_ops unbase64_ops = { unbase64_put, unbase64_close };

void unbase64_init(struct unbase64 *s, struct sink *next)
{
	fill_values();
	*s = (struct unbase64){
		.sink = { .ops = &unbase64_ops,
			  .next = next,
			  .error = next->error },
	};
}

int unbase64_text(const char *text, struct buf *out)
{
	size_t n = strlen(text), body = strcspn(text, "=");
	struct unbase64 s = { .is_damaged = n % 4 || n - body > 2 };
	unsigned char octets[3];

	fill_values();
	if (strspn(text + body, "=") != n - body ||
	    strcspn(text, " \t\r\n") != n)
		s.is_damaged = true;
	for (size_t i = 0; i < n && !s.is_over && !s.is_damaged; i++)
		buf_put(out, octets,
			take_one(&s, (unsigned char)text[i], octets));
	explicit_bzero(octets, sizeof(octets));
	return s.is_damaged || out->overflow ? -1 : 0;
}
