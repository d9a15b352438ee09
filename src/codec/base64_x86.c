/* base64_x86.c - the loops of base64 for SSSE3 and AVX2, chosen at run time.
 *
 * They are in a separate file since they deal with registers, and base64.c with
 * lines and errors.  A register of SSSE3 (every x86-64 since 2006) holds 16
 * characters, which are 12 octets; one of AVX2 (since 2013) holds two such
 * lanes, and its byte shuffles stay within a lane, so both sets have the same
 * steps.
 *
 * Encoding.  `spread` puts the octets a, b, c of each group as b a c b into a
 * lane of 32 bits.  A multiplication shifts each half of it by its own number
 * of bits, which moves the four six-bit values into an octet each.  The
 * difference between a value and its character depends only on its range: the
 * number of the range (0 for 26..51, 1..10 the digits, 11 '+', 12 '/', 13 for
 * 0..25) is the index into a table.  A line is cut into steps that overlap, so
 * that they neither read nor write past its ends.
 *
 * Decoding.  A character is split into its two halves, of four bits each.  The
 * high half puts it into one of five classes, a bit each; a table tells for the
 * low half in which classes it is outside the alphabet:
 *
 *	class	high half  the alphabet has	low halves
 *	1	2	   + /			b f
 *	2	3	   0-9			0-9
 *	4	4, 6	   A-O, a-o		1-f
 *	8	5, 7	   P-Z, p-z		0-a
 *	16	others	   nothing
 *
 * If the two have a bit in common the character is invalid, and only the
 * characters of a register before it are used: usually it is a line end, so
 * lines of any length are equally fast.  The difference between a character and
 * its value depends on the high half, except for '/', which uses the free entry
 * 1.  Two multiplications that add neighbours (a * 64 + b, then ab * 4096 + cd)
 * combine four values to 24 bits. */
#include "codec/base64_loops.h"

#ifdef BASE64_X86
#include <immintrin.h>

#define LINE  57
#define SSSE3 __attribute__((target("ssse3")))
#define AVX2  __attribute__((target("avx2")))

/* Length of the line end here, 0 if there is none. */
static inline size_t line_end(const unsigned char *p)
{
	return p[0] == '\r' && p[1] == '\n' ? 2 : p[0] == '\n';
}

/* ---- SSSE3 ---- */

SSSE3 static inline __m128i encode_step(__m128i in, __m128i spread)
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

/* The last 12 octets of a line, loaded with the 4 before them. */
SSSE3 static inline void encode_end(char *out, const unsigned char *in)
{
	const __m128i spread = _mm_setr_epi8(5, 4, 6, 5, 8, 7, 9, 8, 11, 10, 12,
					     11, 14, 13, 15, 14);
	__m128i x = _mm_loadu_si128((const void *)(in + LINE - 16));

	x = encode_step(x, spread);
	_mm_storeu_si128((void *)(out + BASE64_OUT_LINE - 16), x);
	out[BASE64_OUT_LINE] = '\r';
	out[BASE64_OUT_LINE + 1] = '\n';
}

SSSE3 static void encode_ssse3(char *out, const unsigned char *in, size_t lines)
{
	const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7,
					     10, 9, 11, 10);

	for (; lines; lines--, in += LINE, out += BASE64_OUT_LINE + 2) {
		for (int i = 0; i < 4; i++) {
			__m128i x =
				_mm_loadu_si128((const void *)(in + i * 12));

			x = encode_step(x, spread);
			_mm_storeu_si128((void *)(out + i * 16), x);
		}
		encode_end(out, in);
	}
}

/* Which of 16 characters are invalid; the 12 octets of the others. */
SSSE3 static inline unsigned decode_step(unsigned char *out, __m128i in)
{
	const __m128i classes = _mm_setr_epi8(16, 16, 1, 2, 4, 8, 4, 8, 16, 16,
					      16, 16, 16, 16, 16, 16);
	const __m128i strange =
		_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
			      0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
	const __m128i offsets =
		_mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A',
			      26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
	const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13,
					    12, -1, -1, -1, -1);
	const __m128i half = _mm_set1_epi8(15);
	__m128i high = _mm_and_si128(_mm_srli_epi32(in, 4), half);
	__m128i low = _mm_and_si128(in, half);
	__m128i bad = _mm_and_si128(_mm_shuffle_epi8(classes, high),
				    _mm_shuffle_epi8(strange, low));
	__m128i slash = _mm_cmpeq_epi8(in, _mm_set1_epi8('/'));
	__m128i six =
		_mm_add_epi8(in, _mm_shuffle_epi8(offsets,
						  _mm_add_epi8(high, slash)));

	six = _mm_maddubs_epi16(six, _mm_set1_epi32(0x01400140));
	six = _mm_madd_epi16(six, _mm_set1_epi32(0x00011000));
	_mm_storeu_si128((void *)out, _mm_shuffle_epi8(six, order));
	bad = _mm_cmpeq_epi8(bad, _mm_setzero_si128());
	return (unsigned)_mm_movemask_epi8(bad) ^ 0xffff;
}

SSSE3 static size_t decode_ssse3(unsigned char *out, size_t room,
				 const unsigned char **in,
				 const unsigned char *end)
{
	unsigned char *o = out, *stop = out + room;
	const unsigned char *p = *in;

	while (end - p >= 16 + 2 && stop - o >= 16) {
		__m128i x = _mm_loadu_si128((const void *)p);
		unsigned bad = decode_step(o, x);
		unsigned n = bad ? (unsigned)__builtin_ctz(bad) : 16;
		size_t skip;

		p += n / 4 * 4;
		o += n / 4 * 3;
		if (!bad)
			continue;
		skip = line_end(p);
		if (!skip)
			break;
		p += skip;
	}
	*in = p;
	return (size_t)(o - out);
}

const struct base64_loops base64_ssse3 = { "SSSE3", encode_ssse3,
					   decode_ssse3 };

/* ---- AVX2: the same in two lanes ---- */

AVX2 static inline __m256i both(__m128i lane)
{
	return _mm256_broadcastsi128_si256(lane);
}

AVX2 static inline void encode_step_2(char *out, const unsigned char *in)
{
	const __m256i spread = both(_mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6,
						  8, 7, 10, 9, 11, 10));
	const __m256i offsets = both(
		_mm_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
			      '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0));
	__m256i x, high, low, six, range, upper;

	x = _mm256_inserti128_si256(_mm256_castsi128_si256(
					    _mm_loadu_si128((const void *)in)),
				    _mm_loadu_si128((const void *)(in + 12)),
				    1);
	x = _mm256_shuffle_epi8(x, spread);
	high = _mm256_mulhi_epu16(_mm256_and_si256(x, _mm256_set1_epi32(
							      0x0fc0fc00)),
				  _mm256_set1_epi32(0x04000040));
	low = _mm256_mullo_epi16(_mm256_and_si256(x, _mm256_set1_epi32(
							     0x003f03f0)),
				 _mm256_set1_epi32(0x01000010));
	six = _mm256_or_si256(high, low);
	range = _mm256_subs_epu8(six, _mm256_set1_epi8(51));
	upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(26), six);
	range = _mm256_or_si256(range,
				_mm256_and_si256(upper, _mm256_set1_epi8(13)));
	x = _mm256_add_epi8(six, _mm256_shuffle_epi8(offsets, range));
	_mm256_storeu_si256((void *)out, x);
}

AVX2 static void encode_avx2(char *out, const unsigned char *in, size_t lines)
{
	for (; lines; lines--, in += LINE, out += BASE64_OUT_LINE + 2) {
		encode_step_2(out, in);
		encode_step_2(out + 32, in + 24);
		encode_end(out, in);
	}
}

AVX2 static inline unsigned decode_step_2(unsigned char *out, __m256i in)
{
	const __m256i classes = both(_mm_setr_epi8(16, 16, 1, 2, 4, 8, 4, 8, 16,
						   16, 16, 16, 16, 16, 16, 16));
	const __m256i strange = both(
		_mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
			      0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a));
	const __m256i offsets =
		both(_mm_setr_epi8(0, 63 - '/', 62 - '+', 52 - '0', -'A', -'A',
				   26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i order = both(_mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14,
						 13, 12, -1, -1, -1, -1));
	const __m256i half = _mm256_set1_epi8(15);
	__m256i high = _mm256_and_si256(_mm256_srli_epi32(in, 4), half);
	__m256i low = _mm256_and_si256(in, half);
	__m256i bad = _mm256_and_si256(_mm256_shuffle_epi8(classes, high),
				       _mm256_shuffle_epi8(strange, low));
	__m256i slash = _mm256_cmpeq_epi8(in, _mm256_set1_epi8('/'));
	__m256i six = _mm256_add_epi8(
		in, _mm256_shuffle_epi8(offsets, _mm256_add_epi8(high, slash)));

	six = _mm256_maddubs_epi16(six, _mm256_set1_epi32(0x01400140));
	six = _mm256_madd_epi16(six, _mm256_set1_epi32(0x00011000));
	six = _mm256_shuffle_epi8(six, order);
	_mm_storeu_si128((void *)out, _mm256_castsi256_si128(six));
	_mm_storeu_si128((void *)(out + 12), _mm256_extracti128_si256(six, 1));
	bad = _mm256_cmpeq_epi8(bad, _mm256_setzero_si256());
	return ~(unsigned)_mm256_movemask_epi8(bad);
}

AVX2 static size_t decode_avx2(unsigned char *out, size_t room,
			       const unsigned char **in,
			       const unsigned char *end)
{
	unsigned char *o = out, *stop = out + room;
	const unsigned char *p = *in;

	while (end - p >= 32 + 2 && stop - o >= 12 + 16) {
		__m256i x = _mm256_loadu_si256((const void *)p);
		unsigned bad = decode_step_2(o, x);
		unsigned n = bad ? (unsigned)__builtin_ctz(bad) : 32;
		size_t skip;

		p += n / 4 * 4;
		o += n / 4 * 3;
		if (!bad)
			continue;
		skip = line_end(p);
		if (!skip)
			break;
		p += skip;
	}
	*in = p;
	return (size_t)(o - out);
}

const struct base64_loops base64_avx2 = { "AVX2", encode_avx2, decode_avx2 };
#endif
