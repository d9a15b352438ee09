/* block.h - many octets at a time, to find the next one that matters.
 *
 * A block has BLOCK octets: 16 with SSE2, which every x86-64 has, else 8 in a
 * word ("SIMD within a register").  A question gives a mask of the octets that
 * are meant; masks are joined by block_or, and all that can be asked of one is
 * where its first octet lies. */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(BLOCK_PORTABLE)
#include <emmintrin.h>

#define BLOCK 16

struct block {
	__m128i octets;
};

static inline struct block block_load(const void *p)
{
	return (struct block){ _mm_loadu_si128(p) };
}

static inline void block_store(void *p, struct block b)
{
	_mm_storeu_si128(p, b.octets);
}

static inline struct block block_or(struct block a, struct block b)
{
	return (struct block){ _mm_or_si128(a.octets, b.octets) };
}

static inline struct block block_equal(struct block b, char c)
{
	return (struct block){ _mm_cmpeq_epi8(b.octets, _mm_set1_epi8(c)) };
}

/* Those that are less than n, which is 1 to 128. */
static inline struct block block_below(struct block b, unsigned n)
{
	__m128i most = _mm_set1_epi8((char)(n - 1));

	return (struct block){ _mm_cmpeq_epi8(_mm_min_epu8(b.octets, most),
					      b.octets) };
}

/* Those that are more than n, which is 0 to 127. */
static inline struct block block_above(struct block b, unsigned n)
{
	__m128i least = _mm_set1_epi8((char)(n + 1));

	return (struct block){ _mm_cmpeq_epi8(_mm_max_epu8(b.octets, least),
					      b.octets) };
}

/* BLOCK where there is none. */
static inline size_t block_first(struct block mask)
{
	unsigned bits = (unsigned)_mm_movemask_epi8(mask.octets);

	return (size_t)__builtin_ctz(bits | 1u << BLOCK);
}

#else

#define BLOCK 8

/* The first octet in the lowest bits.  A mask has the highest bit of each octet
 * that is meant; above the first it may have others, by a carry. */
struct block {
	uint64_t word;
};

#define BLOCK_ONES 0x0101010101010101u
#define BLOCK_HIGH (BLOCK_ONES << 7)

static inline struct block block_load(const void *p)
{
	struct block b;

	memcpy(&b.word, p, BLOCK);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	b.word = __builtin_bswap64(b.word);
#endif
	return b;
}

static inline void block_store(void *p, struct block b)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	b.word = __builtin_bswap64(b.word);
#endif
	memcpy(p, &b.word, BLOCK);
}

static inline struct block block_or(struct block a, struct block b)
{
	return (struct block){ a.word | b.word };
}

static inline struct block block_below(struct block b, unsigned n)
{
	return (struct block){ (b.word - BLOCK_ONES * n) & ~b.word &
			       BLOCK_HIGH };
}

static inline struct block block_equal(struct block b, char c)
{
	b.word ^= BLOCK_ONES * (unsigned char)c;
	return block_below(b, 1);
}

static inline struct block block_above(struct block b, unsigned n)
{
	uint64_t low = b.word & ~BLOCK_HIGH;

	return (struct block){ ((low + BLOCK_ONES * (127 - n)) | b.word) &
			       BLOCK_HIGH };
}

static inline size_t block_first(struct block mask)
{
	return mask.word ? (size_t)__builtin_ctzll(mask.word) / 8 : BLOCK;
}

#endif

#endif
