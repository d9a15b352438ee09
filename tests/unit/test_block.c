/* test_block.c - every question about a block, against a loop. */
#include "laws.h"

#include "base/block.h"

static size_t first_of(const unsigned char *p, unsigned from, unsigned to)
{
	size_t n = 0;

	while (n < BLOCK && (p[n] < from || p[n] > to))
		n++;
	return n;
}

static void check(const unsigned char *p)
{
	struct block b = block_load(p);

	for (unsigned n = 0; n < 128; n++) {
		if (n)
			assert_int_equal(block_first(block_below(b, n)),
					 first_of(p, 0, n - 1));
		assert_int_equal(block_first(block_above(b, n)),
				 first_of(p, n + 1, 255));
	}
	assert_int_equal(block_first(block_below(b, 128)), first_of(p, 0, 127));
	for (unsigned c = 0; c < 256; c++)
		assert_int_equal(block_first(block_equal(b, (char)c)),
				 first_of(p, c, c));
}

static void test_questions(void **state)
{
	unsigned char in[BLOCK];

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		if (seed % 2)
			laws_fill(in, sizeof(in), seed);
		else
			laws_fill_from(in, sizeof(in),
				       "\x00\x01\x7f\x80\x81\xff=", 7, seed);
		check(in);
	}
}

static void test_joined(void **state)
{
	unsigned char in[BLOCK];

	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		struct block b;
		size_t a, c;

		laws_fill_from(in, sizeof(in), "abcdefgh", 8, seed);
		b = block_load(in);
		a = first_of(in, 'a', 'a');
		c = first_of(in, 'c', 'c');
		assert_int_equal(block_first(block_or(block_equal(b, 'c'),
						      block_equal(b, 'a'))),
				 a < c ? a : c);
	}
}

static void test_copy(void **state)
{
	unsigned char in[BLOCK], out[BLOCK];

	(void)state;
	laws_fill(in, sizeof(in), 1);
	block_store(out, block_load(in));
	assert_memory_equal(out, in, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_joined),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
