/* mutf7.c - runs of what is not printable ASCII become "&" base64 "-", the
 * base64 being that of UTF-16 with ',' for '/' and no padding; "&" itself is
 * "&-". */
#include "codec/mutf7.h"

#include <stdint.h>
#include <string.h>

struct run {
	struct buf *out;
	uint32_t bits;
	unsigned count; /* of bits that wait */
};

static void put_bits(struct run *r, uint32_t value, unsigned n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+,";

	r->bits = r->bits << n | value;
	r->count += n;
	while (r->count >= 6) {
		r->count -= 6;
		buf_putc(r->out, letters[r->bits >> r->count & 63]);
	}
}

static void put_point(struct run *r, uint32_t point)
{
	if (point >= 0x10000) {
		point -= 0x10000;
		put_bits(r, 0xd800 | point >> 10, 16);
		point = 0xdc00 | (point & 0x3ff);
	}
	put_bits(r, point, 16);
}

/* The character at *p, which moves on; 0 when there is none. */
static uint32_t take_point(const unsigned char **p)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = *p;
	unsigned n = *s < 0x80	 ? 1
		     : *s < 0xc2 ? 0
		     : *s < 0xe0 ? 2
		     : *s < 0xf0 ? 3
		     : *s < 0xf5 ? 4
				 : 0;
	uint32_t point = n == 1 ? *s : *s & (0x7fU >> n);

	for (unsigned i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3f);
	}
	if (!n || point < least[n] || point > 0x10ffff ||
	    (point >= 0xd800 && point < 0xe000))
		return 0;
	*p += n;
	return point;
}

int mutf7_put(struct buf *out, const char *name)
{
	const unsigned char *p = (const unsigned char *)name;
	struct run run = { .out = out };

	while (*p) {
		if (*p < 32 || *p == 127)
			return -1;
		if (*p < 127) {
			buf_putc(out, (char)*p);
			if (*p++ == '&')
				buf_putc(out, '-');
			continue;
		}
		buf_putc(out, '&');
		while (*p >= 127) {
			uint32_t point = take_point(&p);

			if (!point)
				return -1;
			put_point(&run, point);
		}
		if (run.count)
			put_bits(&run, 0, 6 - run.count);
		run.bits = 0;
		buf_putc(out, '-');
	}
	return out->overflow ? -1 : 0;
}
