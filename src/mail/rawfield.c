/* rawfield.c - lines that begin with white space continue the previous one. */
#include "mail/rawfield.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "mail/charset.h"
#include "mail/encoded.h"

/* RFC 5322 3.6.8, and 4.5.8: white space may be before the colon. */
size_t rawfield_name(const char *line, size_t n)
{
	size_t name = 0, at;

	while (name < n && line[name] > 32 && line[name] < 127 &&
	       line[name] != ':')
		name++;
	if (!name || name > RAWFIELD_NAME_MAX)
		return 0;
	at = name;
	while (at < n && text_is_blank(line[at]))
		at++;
	return at < n && line[at] == ':' ? name : 0;
}

static size_t line_length(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	return end ? (size_t)(end + 1 - p) : n;
}

/* Octets that are invalid in a line, without its line end. */
static void judge_line(const char *p, size_t n, struct rawfield *r)
{
	bool blank = true;

	if (n && p[n - 1] == '\n')
		n--;
	if (n && p[n - 1] == '\r')
		n--;
	if (n > RAWFIELD_LINE_MAX)
		r->fit = false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c > 127)
			r->high = true;
		if (c >= 127 || (c < 32 && c != '\t'))
			r->fit = false;
		if (!text_is_blank(p[i]))
			blank = false;
	}
	/* RFC 5322 3.2.2: a line of only white space is obsolete, and some take
	 * it for the end of the header. */
	if (blank)
		r->fit = false;
}

bool rawfield_read(const char *header, size_t n, struct rawfield *r)
{
	size_t line;

	*r = (struct rawfield){ .start = header, .fit = true };
	r->name = rawfield_name(header, n);
	if (!r->name)
		return false;
	r->value = r->name;
	while (header[r->value] != ':')
		r->value++;
	if (r->value != r->name)
		r->fit = false;
	r->value++;
	do {
		line = line_length(header + r->length, n - r->length);
		judge_line(header + r->length, line, r);
		r->length += line;
	} while (r->length < n && text_is_blank(header[r->length]));
	return true;
}

static bool is_mbox_line(const char *line, size_t n)
{
	if (n && *line == '>')
		line++, n--;
	return n > 5 && !memcmp(line, "From ", 5);
}

size_t rawfield_preamble(const char *text, size_t n)
{
	size_t at = n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;

	while (at < n && !rawfield_name(text + at, n - at)) {
		const char *line = text + at;
		size_t length = line_length(line, n - at);

		if (*line != '\n' && strncmp(line, "\r\n", 2) != 0 &&
		    !is_mbox_line(line, length))
			return 0;
		at += length;
	}
	return at < n ? at : 0;
}

/* One octet of a header at a time: a line that begins with other than white
 * space begins a name, an empty one ends the header. */
struct name_scan {
	char *name;
	size_t length;
	char before;
	bool in_name, is_over;
};

static void scan_octet(struct name_scan *s, char c)
{
	bool at_start = s->before == '\n';

	if (c == '\r')
		return;
	if (at_start && c == '\n') {
		s->is_over = true;
	} else if (at_start && !text_is_blank(c)) {
		s->in_name = true;
		s->length = 0;
	}
	if (c == ':' || text_is_blank(c))
		s->in_name = false;
	if (s->in_name && s->length < RAWFIELD_NAME_MAX)
		s->name[s->length++] = c;
	s->before = c;
}

bool rawfield_find_high(const struct slice *message,
			char name[RAWFIELD_NAME_MAX + 1], struct error *f)
{
	struct name_scan scan = { .name = name, .before = '\n' };
	struct source from;
	char room[4096];
	ssize_t n;

	source_of_slice(&from, message);
	while ((n = source_read(&from, room, sizeof(room), f)) > 0) {
		for (const char *p = room; p < room + n && !scan.is_over; p++) {
			if ((unsigned char)*p > 127) {
				name[scan.length] = '\0';
				return true;
			}
			scan_octet(&scan, *p);
		}
		if (scan.is_over)
			break;
	}
	return false;
}

bool rawfield_is(const struct rawfield *r, const char *name)
{
	size_t i = 0;

	while (i < r->name && name[i] &&
	       ascii_lower(r->start[i]) == ascii_lower(name[i]))
		i++;
	return i == r->name && !name[i];
}

/* In the charset of this machine, except in encoded words. */
static const char *to_utf8(struct arena *a, const char *text)
{
	struct buf out = BUF_INIT(3 * strlen(text) + 1);

	if (strstr(text, "=?")) {
		encoded_quote_raw(&out, text);
		text = arena_dup_n(a, out.data, out.len);
	}
	buf_free(&out);
	return charset_to_utf8(a, text, NULL);
}

const char *rawfield_text(struct arena *a, const struct rawfield *r)
{
	size_t left = r->length - r->value, n = 0;
	const char *p = r->start + r->value;
	char *text = arena_alloc(a, left + 1);

	for (; left; p++, left--) {
		unsigned char c = (unsigned char)*p;

		if (c == '\n' || !c || (c == '\r' && left > 1 && p[1] < 32))
			continue;
		text[n++] = (c < 32 && c != '\t') || c == 127 ? ' ' : *p;
	}
	while (n && text_is_blank(text[n - 1]))
		n--;
	text[n] = '\0';
	text += strspn(text, " \t");
	return r->high ? to_utf8(a, text) : text;
}

/* ---- a header with comments ---- */

/* Nothing is held back: the kind of a line is known at its end and matters only
 * for the next one. */

static const char mbox[] = "From ";

/* The text follows, unless this line belongs to the header. */
static void begin(struct template *t, char c)
{
	t->name = 0;
	t->is_mbox = !t->has_field;
	if (c == '#')
		t->state = TEMPLATE_COMMENT;
	else if (text_is_blank(c) && t->has_field)
		t->state = TEMPLATE_FIELD;
	else
		t->state = TEMPLATE_NAME;
}

static void in_name(struct template *t, char c)
{
	t->is_mbox = t->is_mbox && c == mbox[t->name];
	if (t->is_mbox && !mbox[t->name + 1])
		t->state = TEMPLATE_FIELD;
	else if (c == ':' && t->name)
		t->has_field = true, t->state = TEMPLATE_FIELD;
	else if (text_is_blank(c) && t->name)
		t->state = TEMPLATE_BLANK;
	else if (c <= 32 || c >= 127 || c == ':' ||
		 ++t->name > RAWFIELD_NAME_MAX)
		t->state = TEMPLATE_BODY;
}

static void behind_name(struct template *t, char c)
{
	if (c == ':')
		t->has_field = true, t->state = TEMPLATE_FIELD;
	else if (c != ' ' && c != '\t')
		t->state = TEMPLATE_BODY;
}

/* After the end of the current line, or of the input. */
static const char *to_line_end(struct template *t, const char *p,
			       const char *end)
{
	const char *stop = memchr(p, '\n', (size_t)(end - p));

	if (!stop)
		return end;
	t->state = TEMPLATE_START;
	return stop + 1;
}

static int put(struct sink *sink, const void *data, size_t n)
{
	struct template *t = (struct template *)sink;
	const char *p = data, *end = p + n, *from = p;

	while (p < end && t->state != TEMPLATE_BODY) {
		if (t->state == TEMPLATE_START)
			begin(t, *p);
		if (t->state == TEMPLATE_COMMENT) {
			if (sink_put(t->sink.next, from, (size_t)(p - from)) <
			    0)
				return -1;
			p = from = to_line_end(t, p, end);
		} else if (t->state == TEMPLATE_FIELD) {
			p = to_line_end(t, p, end);
		} else if (t->state == TEMPLATE_NAME) {
			in_name(t, *p++);
		} else {
			behind_name(t, *p++);
		}
	}
	return sink_put(t->sink.next, from, (size_t)(end - from));
}

static const struct sink_ops ops = { .put = put };

void template_init(struct template *t, struct sink *next)
{
	*t = (struct template){
		.sink = { .ops = &ops, .next = next, .error = next->error },
	};
}
