/* name.c - see name.h. */
#include "join/name.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"

#define SHOW_MAX 200

/* Octets of the character at p, 0 when it is not valid UTF-8. */
static size_t character(const unsigned char *p, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;

	if (n < 2) {
		*point = *p;
		return n;
	}
	*point = *p & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (p[i] & 0x3f);
	}
	if (*point < least[n] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return n;
}

static bool is_harmless(uint32_t point)
{
	if (point < 32 || (point >= 127 && point < 160))
		return false;
	/* line and paragraph ends, directions, the mark of byte order */
	return (point < 0x2028 || point > 0x202e) &&
	       (point < 0x2066 || point > 0x2069) && point != 0x200e &&
	       point != 0x200f && point != 0xfeff;
}

static size_t clean(char *out, const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t filled = 0;

	while (*p) {
		uint32_t point;
		size_t n = character(p, &point);
		bool ok = n && is_harmless(point);
		size_t wide = ok ? n : 1;

		if (filled + wide > max)
			break;
		if (ok)
			memcpy(out + filled, p, n);
		else
			out[filled] = '_';
		filled += wide;
		p += n ? n : 1;
	}
	out[filled] = '\0';
	return filled;
}

const char *name_clean(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, NAME_OCTETS_MAX + 1);
	const char *base = text;
	size_t n;

	for (const char *p = text; *p; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	base += strspn(base, ".- \t");
	n = clean(out, base, NAME_OCTETS_MAX);
	while (n && out[n - 1] == ' ')
		out[--n] = '\0';
	return n ? out : NULL;
}

const char *name_show(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, SHOW_MAX + 1);

	clean(out, text, SHOW_MAX);
	return out;
}

int name_number(const char *name, size_t *stem)
{
	const char *dot = strrchr(name, '.');
	int number = 0;
	size_t digits = 0;

	if (!dot || dot == name)
		return -1;
	for (const char *p = dot + 1; *p; p++) {
		if (!ascii_is_digit(*p) || ++digits > 7)
			return -1;
		number = number * 10 + (*p - '0');
	}
	*stem = (size_t)(dot - name);
	return digits >= 3 ? number : -1;
}
