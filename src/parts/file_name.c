/* file_name.c - see file_name.h for the rules. */
#include "parts/file_name.h"

#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define SHOW_MAX 200

static size_t clean(char *out, const char *text, size_t max)
{
	size_t left = strlen(text), filled = 0;

	while (left) {
		size_t safe = text_safe_step(text, left);
		size_t step = safe ? safe : text_unsafe_step(text, left);

		if (filled + (safe ? safe : 1) > max)
			break;
		if (safe)
			memcpy(out + filled, text, safe);
		else
			out[filled] = '_';
		filled += safe ? safe : 1;
		text += step;
		left -= step;
	}
	out[filled] = '\0';
	return filled;
}

const char *file_name_clean(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, FILE_NAME_OCTETS_MAX + 1);
	const char *base = text;
	size_t n;

	for (const char *p = text; *p; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	base += strspn(base, ".- \t");
	n = clean(out, base, FILE_NAME_OCTETS_MAX);
	while (n && out[n - 1] == ' ')
		out[--n] = '\0';
	return n ? out : NULL;
}

const char *file_name_show(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, SHOW_MAX + 1);

	clean(out, text, SHOW_MAX);
	return out;
}

int file_name_number(const char *name, size_t *stem)
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
