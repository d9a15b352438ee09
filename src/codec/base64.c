/* base64.c - base64, a line at a time.
 *
 * A line is 57 octets in, 76 out, so that no group is split by a line end and
 * all lines but the last have the same length.  The portable loops look up
 * twelve bits at once to encode, one character at a time to decode;
 * base64_x86.c has faster ones. */
#include "codec/base64.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "codec/base64_loops.h"

#define OUT_LINE  BASE64_OUT_LINE
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

/* The two characters for each twelve bits. */
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

static void encode_portable(char *out, const unsigned char *in, size_t lines)
{
	for (; lines; lines--, in += BASE64_LINE, out += OUT_LINE + 2) {
		encode_groups(out, in, BASE64_LINE);
		out[OUT_LINE] = '\r';
		out[OUT_LINE + 1] = '\n';
	}
}

const struct base64_loops *base64_loops(size_t i)
{
#ifdef BASE64_X86
	if (__builtin_cpu_supports("avx2") && !i--)
		return &base64_avx2;
	if (__builtin_cpu_supports("ssse3") && !i--)
		return &base64_ssse3;
#endif
	return i ? NULL : &base64_portable;
}

/* Takes complete lines; returns how many octets were used. */
static size_t base64_lines(struct base64 *s, const unsigned char *in, size_t n)
{
	char text[OUT_LINES * (OUT_LINE + 2)];
	size_t left = n / BASE64_LINE;

	while (left) {
		size_t lines = left < OUT_LINES ? left : OUT_LINES;

		s->loops->encode(text, in, lines);
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
	s->loops = base64_loops(0);
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

/* Decoding: complete groups of four with a table, the rest by single
 * characters. */

#define SPACE	64
#define STRANGE 65
#define PAD	66

#define OUT_ROOM 8192
#define OUT_STEP 32 /* the least room for a step of a loop */

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

static size_t decode_portable(unsigned char *out, size_t room,
			      const unsigned char **in,
			      const unsigned char *end)
{
	unsigned char *o = out, *stop = out + room;
	const unsigned char *g;

	for (g = *in; end - g >= 4 && stop - o >= 3; g += 4) {
		unsigned a = values[g[0]], b = values[g[1]];
		unsigned c = values[g[2]], d = values[g[3]];

		if ((a | b | c | d) & 64)
			break;
		*o++ = (unsigned char)(a << 2 | b >> 4);
		*o++ = (unsigned char)(b << 4 | c >> 2);
		*o++ = (unsigned char)(c << 6 | d);
	}
	*in = g;
	return (size_t)(o - out);
}

const struct base64_loops base64_portable = { "portable", encode_portable,
					      decode_portable };

/* The octets of a group that ends in padding, or is incomplete. */
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

/* The portable loop takes the rest that the fast loops leave at the end of a
 * piece. */
static size_t take_groups(struct unbase64 *s, const unsigned char **p,
			  const unsigned char *end, unsigned char *out,
			  size_t room)
{
	size_t n = s->loops->decode(out, room, p, end);

	return n + decode_portable(out + n, room - n, p, end);
}

static int unbase64_put(struct sink *sink, const void *data, size_t n)
{
	struct unbase64 *s = (struct unbase64 *)sink;
	const unsigned char *p = data, *end = p + n;
	unsigned char out[OUT_ROOM];
	size_t filled = 0;

	while (p < end && !s->is_over) {
		if (!s->count && (!s->is_odd || s->is_damaged))
			filled += take_groups(s, &p, end, out + filled,
					      sizeof(out) - filled);
		if (filled + OUT_STEP > sizeof(out)) {
			sink_put(sink->next, out, filled);
			filled = 0;
		} else if (p < end) {
			filled += take_one(s, *p++, out + filled);
		}
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

static const struct sink_ops unbase64_ops = { .put = unbase64_put,
					      .close = unbase64_close };

void unbase64_init(struct unbase64 *s, struct sink *next)
{
	fill_values();
	*s = (struct unbase64){
		.sink = { .ops = &unbase64_ops,
			  .next = next,
			  .error = next->error },
		.loops = base64_loops(0),
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
