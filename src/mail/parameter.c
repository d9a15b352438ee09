/* parameter.c - one scan from semicolon to semicolon. */
#include "mail/parameter.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define SECTIONS_MAX 64

/* Past white space and comments, which nest. */
static const char *skip_blank(const char *p)
{
	unsigned depth = 0;

	for (; *p && (depth || text_is_blank(*p) || *p == '('); p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')')
			depth--;
		else if (*p == '\\' && p[1])
			p++;
	}
	return p;
}

/* The octet that ends a quoted string, or the end of all. */
static const char *skip_quoted(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return p;
}

size_t parameter_main(const char *field)
{
	return strcspn(field, "; \t(");
}

static const char *find_semicolon(const char *p)
{
	while (*p && *p != ';') {
		if (*p == '(') {
			p = skip_blank(p);
			continue;
		}
		if (*p == '"')
			p = skip_quoted(p);
		if (*p)
			p++;
	}
	return p;
}

static const char *read_value(struct parameter *p, const char *at)
{
	const char *end;

	p->quoted = *at == '"';
	if (p->quoted) {
		end = skip_quoted(at);
		p->value = at + 1;
	} else {
		end = at + strcspn(at, "; \t");
		p->value = at;
	}
	p->value_length = (size_t)(end - p->value);
	return p->quoted && *end ? end + 1 : end;
}

bool parameter_next(struct parameter *p)
{
	const char *at = p->next;

	for (;;) {
		at = find_semicolon(at);
		if (!*at)
			break;
		at = skip_blank(at + 1);
		p->name = at;
		p->name_length = strcspn(at, "=; \t(\"");
		at = skip_blank(at + p->name_length);
		if (*at != '=' || !p->name_length)
			continue;
		p->next = read_value(p, skip_blank(at + 1));
		return true;
	}
	p->next = at;
	return false;
}

bool parameter_is(const struct parameter *p, const char *name)
{
	size_t n = 0;

	while (n < p->name_length && p->name[n] != '*') {
		if (ascii_lower(p->name[n]) != ascii_lower(name[n]))
			return false;
		n++;
	}
	return !name[n];
}

int parameter_put_value(struct buf *out, const struct parameter *p)
{
	for (size_t i = 0; i < p->value_length; i++) {
		if (p->quoted && p->value[i] == '\\' && i + 1 < p->value_length)
			i++;
		buf_putc(out, p->value[i]);
	}
	return out->overflow ? -1 : 0;
}

/* "charset'language'text%20": what stands behind the quotes, if any. */
static void put_extended(struct buf *out, const struct parameter *p,
			 bool has_charset)
{
	const char *at = p->value, *end = at + p->value_length;

	for (int quotes = has_charset ? 2 : 0; quotes; quotes--) {
		const char *quote = memchr(at, '\'', (size_t)(end - at));

		if (quote)
			at = quote + 1;
	}
	for (; at < end; at++) {
		int octet = *at == '%' && end - at > 2 ? text_hex_octet(at + 1)
						       : -1;

		if (octet >= 0) {
			buf_putc(out, (char)octet);
			at += 2;
		} else {
			buf_putc(out, *at);
		}
	}
}

/* Which section "name*12*" is; -1 when it is not in sections.  `extended`
 * tells of a '*' at the end. */
static int section_of(const struct parameter *p, bool *extended)
{
	const char *star = memchr(p->name, '*', p->name_length);
	const char *end = p->name + p->name_length;
	int section = 0;

	*extended = end[-1] == '*';
	if (!star || star + 1 == end)
		return -1;
	for (star++; star < end && ascii_is_digit(*star) && section < 1000;
	     star++)
		section = section * 10 + (*star - '0');
	return section;
}

static bool put_section(struct buf *out, const char *field, const char *name,
			int wanted)
{
	struct parameter p = { .next = field + parameter_main(field) };

	while (parameter_next(&p)) {
		bool extended;

		if (!parameter_is(&p, name) ||
		    section_of(&p, &extended) != wanted)
			continue;
		if (extended)
			put_extended(out, &p, wanted <= 0);
		else
			parameter_put_value(out, &p);
		return true;
	}
	return false;
}

bool parameter_get(struct buf *out, const char *field, const char *name)
{
	int section = 0;

	if (put_section(out, field, name, -1))
		return true;
	while (section < SECTIONS_MAX && !out->overflow &&
	       put_section(out, field, name, section))
		section++;
	return section > 0;
}

bool parameter_has(const char *field, const char *name)
{
	struct parameter p = { .next = field + parameter_main(field) };

	while (parameter_next(&p))
		if (parameter_is(&p, name))
			return true;
	return false;
}
