/* mutf7.c - runs of what is not printable ASCII become "&" base64 "-", the
 * base64 being that of UTF-16 with ',' for '/' and no padding; "&" itself is
 * "&-". */
#include "codec/mutf7.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

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

int mutf7_put(struct buf *out, const char *name)
{
	struct run run = { .out = out };

	while (*name) {
		if (text_is_control(*name))
			return -1;
		if ((unsigned char)*name < 127) {
			buf_putc(out, *name);
			if (*name++ == '&')
				buf_putc(out, '-');
			continue;
		}
		buf_putc(out, '&');
		while ((unsigned char)*name > 127) {
			uint32_t point;
			size_t n = text_character(name, strlen(name), &point);

			if (!n)
				return -1;
			put_point(&run, point);
			name += n;
		}
		if (run.count)
			put_bits(&run, 0, 6 - run.count);
		run.bits = 0;
		buf_putc(out, '-');
	}
	return out->overflow ? -1 : 0;
}
