/* parameter.c - one scan from semicolon to semicolon. */
#include "mail/parameter.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/charset.h"

#define SECTIONS_MAX 64
#define CHARSET_ROOM 48

/* Skips white space and comments, which nest. */
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

/* The end of a quoted string, or of the text. */
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

static bool is_file_name(const struct parameter *p)
{
	return parameter_is(p, "filename") || parameter_is(p, "name");
}

/* "This is a test.txt" without quotes: up to the semicolon, unless what
 * follows the blank is a parameter whose semicolon was forgotten. */
static const char *unquoted_end(const struct parameter *p, const char *at)
{
	const char *end = at + strcspn(at, "; \t");
	const char *all = at + strcspn(at, ";");

	if (!is_file_name(p) || memchr(end, '=', (size_t)(all - end)))
		return end;
	while (all > end && text_is_blank(all[-1]))
		all--;
	return all;
}

static const char *read_value(struct parameter *p, const char *at)
{
	const char *end;

	p->quoted = *at == '"';
	if (p->quoted) {
		end = skip_quoted(at);
		p->value = at + 1;
	} else {
		end = unquoted_end(p, at);
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

/* "C:\TEMP\report.pdf", whose writer meant no quoted pairs. */
static bool is_windows_path(const struct parameter *p)
{
	const char *v = p->value;

	return is_file_name(p) && p->value_length > 3 &&
	       ((ascii_is_letter(v[0]) && v[1] == ':' && v[2] == '\\') ||
		(v[0] == '\\' && v[1] == '\\'));
}

int parameter_put_value(struct buf *out, const struct parameter *p)
{
	bool has_pairs = p->quoted && !is_windows_path(p);

	for (size_t i = 0; i < p->value_length; i++) {
		if (has_pairs && p->value[i] == '\\' && i + 1 < p->value_length)
			i++;
		buf_putc(out, p->value[i]);
	}
	return out->overflow ? -1 : 0;
}

/* The value so far, and its charset. */
struct gathering {
	struct buf octets;
	char charset[CHARSET_ROOM];
};

/* "charset'language'text%20": what follows the quotes, if any. */
static void put_extended(struct gathering *g, const struct parameter *p,
			 bool has_charset)
{
	const char *at = p->value, *end = at + p->value_length;

	for (int quotes = has_charset ? 2 : 0; quotes; quotes--) {
		const char *quote = memchr(at, '\'', (size_t)(end - at));

		if (quote && quotes == 2 &&
		    (size_t)(quote - at) < sizeof(g->charset)) {
			memcpy(g->charset, at, (size_t)(quote - at));
			g->charset[quote - at] = '\0';
		}
		if (quote)
			at = quote + 1;
	}
	for (; at < end; at++) {
		int octet = *at == '%' && end - at > 2 ? text_hex_octet(at + 1)
						       : -1;

		if (octet >= 0) {
			buf_putc(&g->octets, (char)octet);
			at += 2;
		} else {
			buf_putc(&g->octets, *at);
		}
	}
}

/* Which section "name*12*" is; -1 when it is not in sections.  `extended`: it
 * ends in '*'. */
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

/* `wanted` is -1 for a value without sections. */
static bool gather_section(struct gathering *g, const char *field,
			   const char *name, int wanted, bool is_extended)
{
	struct parameter p = { .next = field + parameter_main(field) };

	while (parameter_next(&p)) {
		bool extended;

		if (!parameter_is(&p, name) ||
		    section_of(&p, &extended) != wanted ||
		    (wanted < 0 && extended != is_extended))
			continue;
		if (extended)
			put_extended(g, &p, wanted <= 0);
		else
			parameter_put_value(&g->octets, &p);
		return true;
	}
	return false;
}

/* The most expressive form first: many mailers add a second one for old
 * programs. */
static bool gather(struct gathering *g, const char *field, const char *name)
{
	int section = 0;

	if (gather_section(g, field, name, -1, true))
		return true;
	while (section < SECTIONS_MAX && !g->octets.overflow &&
	       gather_section(g, field, name, section, false))
		section++;
	return section > 0 || gather_section(g, field, name, -1, false);
}

bool parameter_get(struct buf *out, const char *field, const char *name)
{
	struct gathering g = { .octets = BUF_INIT(out->max) };
	bool found = gather(&g, field, name);

	if (g.octets.overflow)
		out->overflow = true;
	else if (!*g.charset || charset_decode(out, g.charset, g.octets.data,
					       g.octets.len) < 0)
		buf_put(out, g.octets.data, g.octets.len);
	buf_free(&g.octets);
	return found;
}

bool parameter_has(const char *field, const char *name)
{
	struct parameter p = { .next = field + parameter_main(field) };

	while (parameter_next(&p))
		if (parameter_is(&p, name))
			return true;
	return false;
}
