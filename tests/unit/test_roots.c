/* test_roots.c - certificates of a structure only, found by their subject. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/base64.h"
#include "net/roots.h"
#include "scratch.h"

#define MOST 2048

/* ---- DER ---- */

struct octets {
	unsigned char data[MOST];
	size_t n;
};

static void put(struct octets *o, const void *data, size_t n)
{
	assert_true(o->n + n <= MOST);
	memcpy(o->data + o->n, data, n);
	o->n += n;
}

/* `width`: octets of the length behind the first; 0: the short form. */
static void put_element(struct octets *o, unsigned char tag,
			const struct octets *inside, unsigned width)
{
	unsigned char head[6] = { tag, (unsigned char)inside->n };

	if (width)
		head[1] = (unsigned char)(0x80 | width);
	for (unsigned i = 0; i < width; i++)
		head[2 + i] =
			(unsigned char)(inside->n >> (8 * (width - 1 - i)));
	put(o, head, 2 + width);
	put(o, inside->data, inside->n);
}

static struct octets name_of(const char *text)
{
	struct octets inside = { .n = 0 }, name = { .n = 0 };

	put(&inside, text, strlen(text));
	put_element(&name, 0x30, &inside, 0);
	return name;
}

static struct octets certificate_of(const char *subject, bool has_version,
				    unsigned width)
{
	static const unsigned char version[] = { 0xA0, 3, 2, 1, 2 };
	static const unsigned char serial[] = { 2, 1, 7 };
	static const unsigned char algorithm[] = { 0x30, 2, 5, 0 };
	static const unsigned char rest[] = { 0x30, 1, 0 };
	struct octets name = name_of(subject), issuer = name_of("issuer");
	struct octets signed_part = { .n = 0 }, all = { .n = 0 };
	struct octets whole = { .n = 0 };

	if (has_version)
		put(&signed_part, version, sizeof(version));
	put(&signed_part, serial, sizeof(serial));
	put(&signed_part, algorithm, sizeof(algorithm));
	put(&signed_part, issuer.data, issuer.n);
	put(&signed_part, algorithm, sizeof(algorithm)); /* the validity */
	put(&signed_part, name.data, name.n);
	put(&signed_part, rest, sizeof(rest));
	put_element(&all, 0x30, &signed_part, width);
	put(&all, rest, sizeof(rest));
	put_element(&whole, 0x30, &all, width);
	return whole;
}

/* ---- PEM ---- */

static void put_pem(struct buf *out, const char *label,
		    const struct octets *certificate)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	base64_append(out, certificate->data, certificate->n);
	buf_printf(out, "\n-----END %s-----\n", label);
}

static void put_others(struct buf *out, unsigned count)
{
	while (count--) {
		char subject[32];
		struct octets other;

		snprintf(subject, sizeof(subject), "other %u", count);
		other = certificate_of(subject, true, 0);
		put_pem(out, "CERTIFICATE", &other);
	}
}

static bool reads(void **state, struct roots *r, const struct buf *text)
{
	const char *path = scratch_path(state, "bundle");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text->data, 1, text->len, file), text->len);
	assert_int_equal(fclose(file), 0);
	return roots_read(r, path);
}

/* ---- what is found ---- */

static struct {
	unsigned count;
	struct octets last;
} seen;

static void on_found(void *context, const unsigned char *der, size_t length)
{
	(void)context;
	seen.count++;
	seen.last.n = 0;
	put(&seen.last, der, length);
}

static unsigned find(const struct roots *r, const char *one, const char *other)
{
	struct octets a = name_of(one), b = name_of(other);
	const struct roots_name names[] = { { a.data, a.n }, { b.data, b.n } };

	seen.count = 0;
	roots_find(r, names, 2, on_found, NULL);
	return seen.count;
}

static void those_that_are_named_are_found(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct octets wanted = certificate_of("wanted", true, 0);
	struct octets old = certificate_of("old", false, 0);
	struct octets wide = certificate_of("wide", true, 4);
	struct roots r;

	buf_puts(&text, "# a comment\n");
	put_others(&text, 20);
	put_pem(&text, "CERTIFICATE", &wanted);
	put_pem(&text, "CERTIFICATE", &old);
	put_others(&text, 2);
	put_pem(&text, "CERTIFICATE", &wide);
	assert_true(reads(state, &r, &text));
	assert_int_equal(find(&r, "wanted", "nobody"), 1);
	assert_int_equal(seen.last.n, wanted.n);
	assert_memory_equal(seen.last.data, wanted.data, wanted.n);
	assert_int_equal(find(&r, "nobody", "old"), 1); /* version 1 */
	assert_memory_equal(seen.last.data, old.data, old.n);
	assert_int_equal(find(&r, "wide", "wanted"), 2);
	assert_int_equal(find(&r, "other 0", "other 1"), 4);
	/* neither the issuer nor a part of a name */
	assert_int_equal(find(&r, "issuer", "wante"), 0);
	assert_int_equal(find(&r, "wanted ", ""), 0);
	roots_free(&r);
	assert_int_equal(find(&r, "wanted", "old"), 0);
	buf_free(&text);
}

/* Cut off anywhere, or with any octet another: never past the end. */
static void what_cannot_be_read_is_passed_over(void **state)
{
	const struct octets whole = certificate_of("wanted", true, 2);

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		for (int c = 0; c < 256; c += 15) {
			struct roots r = { .text = BUF_INIT(1 << 20) };
			struct octets cut = whole, changed = whole;

			cut.n = n;
			changed.data[n] = (unsigned char)c;
			put_pem(&r.text, "CERTIFICATE", &cut);
			put_pem(&r.text, "CERTIFICATE", &changed);
			put_pem(&r.text, "CERTIFICATE", &whole);
			assert_in_range(find(&r, "wanted", "x"), 1, 3);
			assert_memory_equal(seen.last.data, whole.data,
					    whole.n);
			roots_free(&r);
		}
}

static void base64_that_is_damaged_is_passed_over(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct octets wanted = certificate_of("wanted", true, 0);
	struct roots r;

	put_others(&text, 9);
	buf_puts(&text, "-----BEGIN CERTIFICATE-----\nProc-Type: 4\n");
	put_pem(&text, "CERTIFICATE", &wanted);
	put_pem(&text, "CERTIFICATE", &wanted);
	buf_puts(&text, "-----BEGIN CERTIFICATE-----\nMII");
	assert_true(reads(state, &r, &text));
	assert_int_equal(find(&r, "wanted", "x"), 1);
	roots_free(&r);
	buf_free(&text);
}

/* The library reads what is more than certificates, and what is small. */
static void other_files_are_left_alone(void **state)
{
	static const char *const labels[] = { "TRUSTED CERTIFICATE", "X509 CRL",
					      "PRIVATE KEY", "CERTIFICATES" };
	struct octets one = certificate_of("one", true, 0);
	struct roots r;

	assert_false(roots_read(&r, scratch_path(state, "missing")));
	assert_false(roots_read(&r, *state));
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++) {
		struct buf text = BUF_INIT(1 << 20);

		put_others(&text, 12);
		put_pem(&text, labels[i], &one);
		assert_false(reads(state, &r, &text));
		buf_free(&text);
	}
	for (unsigned count = 0; count < 20; count++) {
		struct buf text = BUF_INIT(1 << 20);

		put_others(&text, count);
		assert_int_equal(reads(state, &r, &text), count > 8);
		roots_free(&r);
		buf_put(&text, "\0", 1);
		assert_false(reads(state, &r, &text));
		buf_free(&text);
	}
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(those_that_are_named_are_found),
		IN_SCRATCH(what_cannot_be_read_is_passed_over),
		IN_SCRATCH(base64_that_is_damaged_is_passed_over),
		IN_SCRATCH(other_files_are_left_alone),
	};

	return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
