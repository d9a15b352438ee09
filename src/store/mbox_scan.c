/* mbox_scan.c - line by line through a window; the meaning of a line depends on
 * itself, the line before and the line after it.
 *
 *	"From " line		empty line	begins a message?
 *				before
 *	a field follows		yes		yes; in doubt if it reads like
 *						a sentence
 *	a field follows		no		if it does not
 *	a date, no field	yes		yes; in doubt if text follows
 *	a date, no field	no		no; in doubt if it does not
 *	neither			yes		read like a sentence
 *	neither			no		no
 *
 * Within a trusted Content-Length no line begins a message. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/rawfield.h"
#include "store/mbox.h"

#define AHEAD 1024 /* octets of lookahead from the start of a line */

struct scan {
	struct slice all;
	struct error *error;
	struct mbox_doubt *doubt;
	/* the window; data[at] is the octet at `offset` */
	char data[64 * 1024];
	size_t at, end;
	uint64_t offset;
	/* the current message */
	struct mbox_part part;
	bool is_in_header, is_after_blank;
	enum { LENGTH_NONE, LENGTH_KNOWN, LENGTH_DIFFERS } has_length;
	uint64_t length;
	uint64_t counted_until; /* of a trusted Content-Length */
};

/* ---- the window ---- */

static ssize_t read_at(struct scan *s, uint64_t offset, char *out, size_t room)
{
	struct slice rest = s->all;
	struct source from;

	rest.offset += offset;
	rest.length -= offset;
	source_of_slice(&from, &rest);
	for (size_t have = 0;;) {
		ssize_t n = have < room ? source_read(&from, out + have,
						      room - have, s->error)
					: 0;

		if (n <= 0)
			return n < 0 ? -1 : (ssize_t)have;
		have += (size_t)n;
	}
}

static size_t available(const struct scan *s)
{
	return s->end - s->at;
}

/* Fills the window with AHEAD octets, if there are as many. */
static int look_ahead(struct scan *s)
{
	uint64_t left = s->all.length - s->offset;
	ssize_t n;

	if (available(s) >= AHEAD || available(s) == left)
		return 0;
	memmove(s->data, s->data + s->at, available(s));
	s->end -= s->at;
	s->at = 0;
	n = read_at(s, s->offset + s->end, s->data + s->end,
		    sizeof(s->data) - s->end);
	if (n < 0)
		return -1;
	s->end += (size_t)n;
	return 0;
}

static void pass(struct scan *s, size_t n)
{
	s->at += n;
	s->offset += n;
}

/* To the start of the next line. */
static int pass_line(struct scan *s)
{
	for (;;) {
		const char *p = s->data + s->at;
		const char *lf = memchr(p, '\n', available(s));

		pass(s, lf ? (size_t)(lf + 1 - p) : available(s));
		if (lf || s->offset == s->all.length)
			return 0;
		if (look_ahead(s) < 0)
			return -1;
	}
}

/* ---- kinds of lines ---- */

/* Length of the line with its line end; n if it is longer. */
static size_t line_length(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);

	return lf ? (size_t)(lf + 1 - p) : n;
}

static bool is_blank(const char *p, size_t n)
{
	return n && (*p == '\n' || (n > 1 && p[0] == '\r' && p[1] == '\n'));
}

/* A header field, or ">From ", which some programs put above the header. */
static bool is_field(const char *p, size_t n)
{
	size_t name = rawfield_name(p, n);

	for (size_t i = 0; i < name; i++)
		if (!ascii_is_letter(p[i]) && !ascii_is_digit(p[i]) &&
		    p[i] != '-' && p[i] != '_')
			return false;
	if (name)
		return n < name + 3 || memcmp(p + name, "://", 3) != 0;
	return n > 6 && !memcmp(p, ">From ", 6);
}

static bool is_calendar_word(const char *p, size_t n)
{
	static const char words[] = "SunMonTueWedThuFriSatJanFebMarAprMayJun"
				    "JulAugSepOctNovDec";

	for (const char *w = words; n >= 3 && *w; w += 3)
		if (!strncasecmp(p, w, 3))
			return true;
	return n && ascii_is_digit(*p);
}

/* "From", nothing or one word, nothing or a date: no sentence. */
static bool is_separator_like(const char *p, size_t n)
{
	bool is_quoted = false;
	size_t i = strlen("From ");

	while (n && text_is_space(p[n - 1]))
		n--;
	while (i < n && text_is_blank(p[i]))
		i++;
	for (; i < n && (is_quoted || !text_is_blank(p[i])); i++)
		is_quoted ^= p[i] == '"';
	if (i >= n)
		return n < strlen("From ") || !strchr(":,.;!?", p[n - 1]);
	while (text_is_blank(p[i]))
		i++;
	return is_calendar_word(p + i, n - i);
}

enum meaning { IS_TEXT, IS_TEXT_PERHAPS, BEGINS, BEGINS_PERHAPS };

/* The kind of the line at p, with n octets in the window. */
static enum meaning meaning_of(const char *p, size_t n, bool after_blank)
{
	size_t length = line_length(p, n);
	const char *next = p + length;
	size_t left = n - length;
	bool is_like, is_dated;

	if (!mbox_is_from(p, n) || length > MBOX_SEPARATOR_MAX)
		return IS_TEXT;
	is_like = is_separator_like(p, length);
	is_dated = mbox_is_separator(p, length);
	if (is_field(next, left))
		return is_like	     ? BEGINS
		       : after_blank ? BEGINS_PERHAPS
				     : IS_TEXT_PERHAPS;
	if (is_dated && after_blank)
		return !left || is_blank(next, left) ? BEGINS : BEGINS_PERHAPS;
	return is_like && (is_dated || after_blank) ? IS_TEXT_PERHAPS : IS_TEXT;
}

static void set_doubt(struct scan *s)
{
	if (s->doubt && !s->doubt->is_set)
		*s->doubt = (struct mbox_doubt){ true, s->offset };
}

/* ---- Content-Length ---- */

static void read_field(struct scan *s, const char *p, size_t n)
{
	static const char name[] = "Content-Length:";
	char value[24] = "";
	uint64_t length;

	if (n < strlen(name) || strncasecmp(p, name, strlen(name)) != 0)
		return;
	p += strlen(name);
	n -= strlen(name);
	memcpy(value, p, n < sizeof(value) ? n : sizeof(value) - 1);
	if (!text_number(text_trim(value), INT64_MAX, &length) ||
	    (s->has_length == LENGTH_KNOWN && length != s->length))
		s->has_length = LENGTH_DIFFERS;
	else if (s->has_length == LENGTH_NONE)
		s->has_length = LENGTH_KNOWN;
	s->length = length;
}

/* Does another message or the end follow the counted octets?  An empty line may
 * be between.  -1 with the error. */
static int is_believable(struct scan *s)
{
	uint64_t until = s->offset + s->length;
	char near[AHEAD];
	ssize_t n;
	size_t i = 0;

	if (s->has_length != LENGTH_KNOWN || until < s->offset ||
	    until > s->all.length)
		return 0;
	n = read_at(s, until, near, sizeof(near));
	if (n < 0)
		return -1;
	while (is_blank(near + i, (size_t)n - i))
		i += near[i] == '\r' ? 2 : 1;
	if (i == (size_t)n)
		return until + i == s->all.length;
	return meaning_of(near + i, (size_t)n - i, true) == BEGINS;
}

/* ---- line by line ---- */

static int end_part(struct scan *s,
		    int (*found)(void *, const struct mbox_part *,
				 struct error *),
		    void *context)
{
	s->part.length = s->offset - s->part.offset;
	return found(context, &s->part, s->error);
}

static void begin_part(struct scan *s)
{
	s->part = (struct mbox_part){ .offset = s->offset };
	s->is_in_header = true;
	s->has_length = LENGTH_NONE;
	s->counted_until = s->offset;
}

static int end_header(struct scan *s)
{
	int is = is_believable(s);

	s->is_in_header = false;
	if (is > 0)
		s->counted_until = s->offset + s->length;
	return is < 0 ? -1 : 0;
}

/* A "From " line in the counted octets is text; one that would begin a message
 * elsewhere makes the file ambiguous. */
static bool begins_here(struct scan *s)
{
	const char *p = s->data + s->at;
	enum meaning is = meaning_of(p, available(s), s->is_after_blank);

	if (s->offset < s->counted_until) {
		s->part.is_raw |= mbox_is_from(p, available(s));
		if (is == BEGINS)
			set_doubt(s);
		return false;
	}
	if (is == IS_TEXT_PERHAPS || is == BEGINS_PERHAPS)
		set_doubt(s);
	return is == BEGINS || is == BEGINS_PERHAPS;
}

static int take_line(struct scan *s)
{
	const char *p = s->data + s->at;
	size_t n = line_length(p, available(s));
	bool blank = is_blank(p, n);

	if (s->is_in_header && !blank)
		read_field(s, p, n);
	if (pass_line(s) < 0)
		return -1;
	s->is_after_blank = blank;
	return blank && s->is_in_header ? end_header(s) : 0;
}

static int scan_all(struct scan *s,
		    int (*found)(void *, const struct mbox_part *,
				 struct error *),
		    void *context)
{
	if (look_ahead(s) < 0)
		return -1;
	/* text before the first message belongs to it */
	begin_part(s);
	pass(s, mbox_preamble(s->data, available(s)));
	if (pass_line(s) < 0)
		return -1;
	while (s->offset < s->all.length) {
		if (look_ahead(s) < 0)
			return -1;
		if (begins_here(s)) {
			if (end_part(s, found, context) < 0)
				return -1;
			begin_part(s);
			if (pass_line(s) < 0)
				return -1;
			s->is_after_blank = false;
		} else if (take_line(s) < 0) {
			return -1;
		}
	}
	return end_part(s, found, context);
}

int mbox_scan(const struct slice *all,
	      int (*found)(void *context, const struct mbox_part *part,
			   struct error *f),
	      void *context, struct mbox_doubt *doubt, struct error *f)
{
	struct scan *s;
	int r;

	if (doubt)
		doubt->is_set = false;
	if (!all->length)
		return 0;
	s = memory_alloc(sizeof(*s));
	memset(s, 0, sizeof(*s));
	s->all = *all;
	s->error = f;
	s->doubt = doubt;
	r = scan_all(s, found, context);
	free(s);
	return r;
}
