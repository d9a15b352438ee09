/* to_utf8.c - octets into units, units into characters. */
#include "codec/to_utf8.h"

#include <string.h>

#define REPLACEMENT 0xfffd
#define MARK	    0xfeff

static void put_character(struct sink_room *r, uint32_t c)
{
	char out[4];

	sink_room_put(r, out, text_encode(out, c));
}

/* ---- UTF-8 ---- */

static void take_octet(struct to_utf8 *s, struct sink_room *r, unsigned char c)
{
	enum utf8_step step = utf8_take(&s->scan, c);

	if (step == UTF8_TORN) {
		put_character(r, REPLACEMENT);
		s->count = 0;
		step = utf8_take(&s->scan, c);
	}
	if (step == UTF8_BAD) {
		put_character(r, REPLACEMENT);
		return;
	}
	s->held[s->count++] = c;
	if (step == UTF8_MORE)
		return;
	sink_room_put(r, s->held, s->count);
	s->count = 0;
}

/* ---- UTF-16 and UTF-32 ---- */

static size_t width_of(enum utf_form form)
{
	return form == UTF_16LE || form == UTF_16BE ? 2 : 4;
}

static uint32_t unit_of(const struct to_utf8 *s)
{
	size_t n = width_of(s->form);
	bool is_little = s->form == UTF_16LE || s->form == UTF_32LE;
	uint32_t unit = 0;

	for (size_t i = 0; i < n; i++)
		unit = unit << 8 | s->held[is_little ? n - 1 - i : i];
	return unit;
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static void take_unit(struct to_utf8 *s, struct sink_room *r, uint32_t unit)
{
	uint32_t high = s->surrogate;

	s->surrogate = 0;
	if (high && is_low(unit)) {
		put_character(r, 0x10000 + ((high - 0xd800) << 10) +
					 (unit - 0xdc00));
		return;
	}
	if (high)
		put_character(r, REPLACEMENT);
	if (is_high(unit) && width_of(s->form) == 2)
		s->surrogate = unit;
	else if (is_high(unit) || is_low(unit) || unit > 0x10ffff)
		put_character(r, REPLACEMENT);
	else if (s->is_begun || unit != MARK)
		put_character(r, unit);
	s->is_begun = true;
}

static void take_wide(struct to_utf8 *s, struct sink_room *r, unsigned char c)
{
	s->held[s->count++] = c;
	if (s->count < width_of(s->form))
		return;
	s->count = 0;
	take_unit(s, r, unit_of(s));
}

/* ---- the sink ---- */

static int to_utf8_put(struct sink *sink, const void *data, size_t n)
{
	struct to_utf8 *s = (struct to_utf8 *)sink;
	const unsigned char *p = data;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	while (n) {
		size_t run = s->form == UTF_8 && !s->count
				     ? text_valid_run((const char *)p, n)
				     : 0;

		sink_room_put(&r, p, run);
		p += run;
		n -= run;
		if (!n)
			break;
		if (s->form == UTF_8)
			take_octet(s, &r, *p);
		else
			take_wide(s, &r, *p);
		p++;
		n--;
	}
	sink_room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

/* The rest is truncated. */
static int to_utf8_close(struct sink *sink)
{
	struct to_utf8 *s = (struct to_utf8 *)sink;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	if (s->count || s->surrogate)
		put_character(&r, REPLACEMENT);
	s->count = 0;
	s->surrogate = 0;
	sink_room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops to_utf8_ops = { .put = to_utf8_put,
					     .close = to_utf8_close };

void to_utf8_init(struct to_utf8 *s, struct sink *next, enum utf_form form)
{
	*s = (struct to_utf8){
		.sink = { .ops = &to_utf8_ops,
			  .next = next,
			  .error = next->error },
		.form = form,
	};
}

/* ---- detection ---- */

/* Two NULs after UTF-16's mark make it UTF-32's. */
enum utf_form utf_form_by_mark(const unsigned char *p, size_t n)
{
	if (n >= 4 && !memcmp(p, "\xff\xfe\0\0", 4))
		return UTF_32LE;
	if (n >= 4 && !memcmp(p, "\0\0\xfe\xff", 4))
		return UTF_32BE;
	if (n >= 2 && !memcmp(p, "\xff\xfe", 2))
		return UTF_16LE;
	if (n >= 2 && !memcmp(p, "\xfe\xff", 2))
		return UTF_16BE;
	return UTF_NONE;
}

/* Most code points are small: where are their zero octets? */
bool utf_is_little(const unsigned char *p, size_t n, size_t width)
{
	size_t first = 0, last = 0;

	for (size_t i = 0; i + width <= n; i += width) {
		first += !p[i];
		last += !p[i + width - 1];
	}
	return last > first;
}
