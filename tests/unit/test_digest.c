/* test_digest.c - known digests (FIPS 180-4, RFC 1321). */
#include "laws.h"

#include "flow/digest.h"

static void test_known(void **state)
{
	char hex[DIGEST_HEX_SIZE];
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(digest_text("", 0, hex, &f), 0);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b9"
				 "34ca495991b7852b855");
	assert_int_equal(digest_text("abc", 3, hex, &f), 0);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177"
				 "a9cb410ff61f20015ad");
}

static void test_md5(void **state)
{
	struct error f = ERROR_INIT;
	struct digest d;

	(void)state;
	digest_init_md5(&d, NULL, &f);
	sink_put(&d.sink, "abc", 3);
	assert_int_equal(sink_close(&d.sink), 0);
	assert_string_equal(d.hex, "900150983cd24fb0d6963f7d28e17f72");
	digest_free(&d);
}

/* What passes is the same, and so is the digest, in whatever pieces. */
static void test_passes_on(void **state)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 7 };
	char in[1000], want[DIGEST_HEX_SIZE];
	struct error f = ERROR_INIT;

	(void)state;
	laws_fill(in, sizeof(in), 1);
	assert_int_equal(digest_text(in, sizeof(in), want, &f), 0);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct buf out = BUF_INIT(LAWS_MAX);
		size_t piece = pieces[i] ? pieces[i] : sizeof(in);
		struct laws_end end;
		struct digest d;

		laws_end_init(&end, &out, LAWS_MAX, &f);
		digest_init(&d, &end.sink, &f);
		for (size_t at = 0; at < sizeof(in); at += piece)
			sink_put(&d.sink, in + at,
				 sizeof(in) - at < piece ? sizeof(in) - at
							 : piece);
		assert_int_equal(sink_close(&d.sink), 0);
		assert_string_equal(d.hex, want);
		laws_equal(&out, in, sizeof(in));
		digest_free(&d);
		buf_free(&out);
	}
}

static void test_failure(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct laws_end end;
	struct digest d;

	(void)state;
	laws_end_init(&end, &out, 2, &f);
	digest_init(&d, &end.sink, &f);
	assert_int_equal(sink_put(&d.sink, "abc", 3), -1);
	assert_int_equal(sink_close(&d.sink), -1);
	assert_int_equal(f.cause, ERROR_IO);
	digest_free(&d);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_md5),
		cmocka_unit_test(test_passes_on),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
