/* part_headers.c - see part_headers.h. */
#include "parts/part_headers.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "codec/base64.h"
#include "flow/digest.h"
#include "mail/address.h"
#include "mail/encoded.h"
#include "mail/fragment_label.h"
#include "mail/parameter.h"
#include "mail/rawfield.h"
#include "parts/file_name.h"

#define FIELD_MAX 8192 /* octets of a field; a longer one says nothing */

/* ---- numbers in a subject ---- */

/* Digits and blanks; 0 if there are none, or too many. */
static unsigned read_number(const char **p)
{
	uint64_t n = 0;

	*p += strspn(*p, " ");
	if (!text_digits(*p, FRAGMENT_PARTS_MAX, &n))
		n = 0;
	*p += strspn(*p, "0123456789");
	*p += strspn(*p, " ");
	return (unsigned)n;
}

static bool pass_word(const char **p, const char *word)
{
	if (!ascii_begins(*p, word))
		return false;
	*p += strlen(word);
	return true;
}

/* The length of "(3/12)", "[part 3 of 12]" or "part 3 of 12" at p; 0 if there
 * is none. */
static size_t pair_at(const char *p, unsigned *n, unsigned *of)
{
	char end = *p == '(' ? ')' : *p == '[' ? ']' : 0;
	const char *at = end ? p + 1 : p;

	if (!pass_word(&at, "part ") && !end)
		return 0;
	*n = read_number(&at);
	if (!pass_word(&at, "/") && !pass_word(&at, "of "))
		return 0;
	*of = read_number(&at);
	if ((end && *at++ != end) || !*n || *n > *of)
		return 0;
	return (size_t)(at - p);
}

/* "3/12" with nothing beside it. */
static size_t bare_pair_at(const char *text, const char *p, unsigned *n,
			   unsigned *of)
{
	const char *at = p;
	size_t length;

	if (!ascii_is_digit(*p) || (p > text && p[-1] != ' '))
		return 0;
	at += strspn(at, "0123456789");
	if (*at++ != '/' || !ascii_is_digit(*at))
		return 0;
	at += strspn(at, "0123456789");
	length = (size_t)(at - p);
	if (*at && *at != ' ')
		return 0;
	at = p;
	*n = read_number(&at);
	at++;
	*of = read_number(&at);
	return *n && *n <= *of ? length : 0;
}

/* The text without that many octets at `found`, with single spaces. */
static const char *text_without(struct arena *a, const char *text,
				const char *found, size_t length)
{
	char *out = arena_alloc(a, strlen(text) + 1);
	size_t filled = 0;

	for (const char *p = text; *p; p++) {
		if (p == found)
			p += length;
		if (!*p)
			break;
		if (*p != ' ' || (filled && out[filled - 1] != ' '))
			out[filled++] = *p;
	}
	while (filled && out[filled - 1] == ' ')
		filled--;
	out[filled] = '\0';
	return out;
}

bool part_headers_pair(struct arena *a, const char *text, unsigned *n,
		       unsigned *of, const char **rest)
{
	const char *found = NULL;
	size_t length = 0;

	for (const char *p = text; *p; p++) {
		unsigned each_n, each_of;
		bool is_amid = p > text && ascii_is_letter(*p) &&
			       ascii_is_letter(p[-1]);
		size_t each = is_amid ? 0 : pair_at(p, &each_n, &each_of);

		if (!each)
			continue;
		found = p;
		length = each;
		*n = each_n;
		*of = each_of;
		p += each - 1;
	}
	if (!found)
		return false;
	*rest = text_without(a, text, found, length);
	return true;
}

bool part_headers_bare_pair(struct arena *a, const char *text, unsigned *n,
			    unsigned *of, const char **rest)
{
	const char *found = NULL;
	size_t length = 0;
	unsigned found_n = 0, found_of = 0;

	for (const char *p = text; *p; p++) {
		unsigned each_n, each_of;
		size_t each = bare_pair_at(text, p, &each_n, &each_of);

		if (!each)
			continue;
		if (found)
			return false; /* which of them? */
		found = p;
		length = each;
		found_n = each_n;
		found_of = each_of;
	}
	if (!found)
		return false;
	*n = found_n;
	*of = found_of;
	*rest = text_without(a, text, found, length);
	return true;
}

/* "Re:", "Fwd:", "AW[2]:", "[list]": its length, 0 for none. */
static size_t prefix_length(const char *p)
{
	static const char *const words[] = { "re", "fwd", "fw", "aw", "wg",
					     "rv", "tr",  "sv", "vs", "ref" };
	const char *close = *p == '[' ? strchr(p, ']') : NULL;

	if (close)
		return (size_t)(close + 1 - p);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (!ascii_begins(p, words[i]))
			continue;
		if (p[n] == '[')
			n += strcspn(p + n, "]") + 1;
		if (strlen(p) >= n && p[n] == ':')
			return n + 1;
	}
	return 0;
}

const char *part_headers_stem(struct arena *a, const char *subject)
{
	for (size_t n; (n = prefix_length(subject)) && subject[n];) {
		subject += n;
		subject += strspn(subject, " \t");
	}
	return arena_dup(a, subject);
}

/* ---- sets ---- */

int part_headers_set(char *out, const char *kind, const char *one,
		     const char *other, struct error *f)
{
	struct digest d;
	int r;

	/* the NULs keep them apart */
	digest_init(&d, NULL, f);
	sink_put(&d.sink, kind, strlen(kind) + 1);
	sink_put(&d.sink, one, strlen(one) + 1);
	sink_put(&d.sink, other, strlen(other) + 1);
	r = sink_close(&d.sink);
	memcpy(out, d.hex, FRAGMENT_SET_SIZE - 1);
	out[FRAGMENT_SET_SIZE - 1] = '\0';
	digest_free(&d);
	return r;
}

/* ---- headers ---- */

static const char *decoded(struct arena *a, const char *text)
{
	return encoded_dup(a, text, FIELD_MAX * 4);
}

/* "attachment filename=x", whose semicolon was forgotten, and "filename=x",
 * which has no main value: returns the parameter as if after a semicolon. */
static const char *find_stray(struct arena *a, const char *field,
			      const char *parameter)
{
	size_t n = strlen(parameter);

	for (const char *p = field; *p; p++)
		if ((p == field || text_is_blank(p[-1])) &&
		    ascii_begins(p, parameter) && p[n] && strchr("=*", p[n]))
			return arena_format(a, ";%s", p);
	return NULL;
}

static const char *file_name(struct arena *a, const char *field,
			     const char *parameter)
{
	struct buf value = BUF_INIT(FIELD_MAX);
	const char *name = NULL;

	if (!parameter_has(field, parameter))
		field = find_stray(a, field, parameter);
	if (field && parameter_get(&value, field, parameter) && value.len)
		name = file_name_clean(a, decoded(a, value.data));
	buf_free(&value);
	return name;
}

static const char *address(struct arena *a, const char *text)
{
	struct address_list list = { 0 };
	struct error f = ERROR_INIT;
	char *out;

	if (address_parse_list(a, text, &list, &f) < 0 || !list.count ||
	    !list.items[0].spec)
		return "";
	out = arena_dup(a, list.items[0].spec);
	for (char *p = out; *p; p++)
		*p = ascii_lower(*p);
	return out;
}

/* Content-MD5 (RFC 1864) is base64 of 16 octets. */
static const char *md5_of(struct arena *a, const char *text)
{
	struct error f = ERROR_INIT;
	struct buf octets = BUF_INIT(64);
	struct sink_buf end;
	struct unbase64 s;
	char *hex = NULL;

	sink_buf_init(&end, &octets, &f);
	unbase64_init(&s, &end.sink);
	sink_puts(&s.sink, text);
	if (sink_close(&s.sink) == 0 && octets.len == 16) {
		hex = arena_alloc(a, 33);
		text_hex(hex, octets.data, 16);
	}
	buf_free(&octets);
	return hex;
}

bool part_headers_is_signature(const char *type)
{
	static const char *const types[] = { "application/pkcs7-signature",
					     "application/x-pkcs7-signature",
					     "application/pgp-signature" };

	for (size_t i = 0; type && i < sizeof(types) / sizeof(*types); i++)
		if (ascii_is_word(type, parameter_main(type), types[i]))
			return true;
	return false;
}

static void take_field(struct part_headers *m, struct arena *a,
		       const struct rawfield *r)
{
	const char *text;

	if (r->length > FIELD_MAX)
		return;
	text = rawfield_text(a, r);
	if (rawfield_is(r, FRAGMENT_LABEL_FIELD) && !m->label) {
		m->label = text;
	} else if (rawfield_is(r, "Subject") && !m->subject) {
		m->subject = decoded(a, text);
	} else if (rawfield_is(r, "From") && !m->from) {
		m->from = address(a, text);
	} else if (rawfield_is(r, "Content-Type") && !m->type) {
		m->type = text;
		if (!m->name)
			m->name = file_name(a, text, "name");
	} else if (rawfield_is(r, "Content-Transfer-Encoding") &&
		   !m->encoding) {
		m->encoding = text;
	} else if (rawfield_is(r, "Content-MD5") && !m->md5) {
		m->md5 = md5_of(a, text);
	} else if (rawfield_is(r, "Content-Disposition")) {
		const char *name = file_name(a, text, "filename");

		if (name)
			m->name = name;
	}
}

static bool is_ours(const struct rawfield *r)
{
	static const char *const names[] = { FRAGMENT_LABEL_FIELD,
					     "Subject",
					     "From",
					     "Content-Type",
					     "Content-Transfer-Encoding",
					     "Content-MD5",
					     "Content-Disposition" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (rawfield_is(r, names[i]))
			return true;
	return false;
}

/* Of repeated fields only the first few are examined. */
#define FIELDS_MAX 32

int part_headers_read(struct part_headers *m, struct arena *a,
		      const struct slice *message, const struct entity *e,
		      struct error *f)
{
	struct slice part = *message;
	struct buf text = BUF_INIT(PARSE_HEADER_MAX);
	struct sink_buf into;
	struct rawfield r;
	const char *p;
	size_t n, fields_read = 0;
	int result;

	*m = (struct part_headers){ 0 };
	part.offset += e->header;
	part.length = e->body - e->header;
	sink_buf_init(&into, &text, f);
	result = pump_slice(&part, &into.sink);
	p = text.data;
	n = text.len;
	for (;
	     result == 0 && fields_read < FIELDS_MAX && rawfield_read(p, n, &r);
	     p += r.length, n -= r.length)
		if (is_ours(&r)) {
			take_field(m, a, &r);
			fields_read++;
		}
	buf_free(&text);
	return result;
}
