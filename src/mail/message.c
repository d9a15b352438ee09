/* message.c - chooses encodings, charsets and boundaries.
 *
 *	content			asked for	goes as
 *	body, plain ASCII	anything	7bit
 *	body, 8 bits		8bit		8bit, where it is accepted
 *	body, anything else			quoted-printable or base64
 *	text and uuencoded			7bit, 8bit where it is
 *						accepted, quoted-printable
 *	attachment		auto, base64	base64
 *				quoted-printable  text with LF line ends as
 *						text, else octet for octet
 *				7bit, 8bit	as asked, if it survives
 *	message/...		auto, 7bit, 8bit  7bit or 8bit if it survives
 *				anything else	base64, another type
 *
 * "Survives" means that a receiver gets the same octets but for the kind of its
 * line ends, which mail cannot tell: LF alone or CRLF alone, no line over 998,
 * no NUL, no CR that ends no line.  RFC 2046 5.2.1 gives message/rfc822 no
 * encoding at all, so one that does not survive is sent octet for octet as
 * application/octet-stream under its own name, for the reader to open.
 *
 * A body line that begins "From " is reason enough to encode: mailboxes on the
 * way would put a '>' there. */
#include "mail/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "codec/base64.h"
#include "codec/words.h"
#include "mail/charset.h"
#include "mail/filetype.h"
#include "mail/parameter.h"

/* ---- a boundary that is in no line ---- */

static char wanted(const struct boundary_search *s)
{
	return s->matched < 2 ? '-' : s->boundary[s->matched - 2];
}

/* What is put next begins a line. */
static void boundary_search_line(struct boundary_search *s)
{
	s->in_line = false;
	s->matched = 0;
}

/* memchr skips everything but the starts of lines. */
static int search_put(struct sink *sink, const void *data, size_t n)
{
	struct boundary_search *s = (struct boundary_search *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		if (s->in_line) {
			p = memchr(p, '\n', (size_t)(end - p));
			if (!p)
				break;
			p++;
			boundary_search_line(s);
		} else if (*p != wanted(s)) {
			/* may itself be a line end: examine it again */
			s->in_line = true;
		} else {
			p++;
			s->matched++;
			if (!wanted(s))
				s->found = s->in_line = true;
		}
	}
	return 0;
}

static const struct sink_ops search_ops = { .put = search_put };

void boundary_search_init(struct boundary_search *s, const char *boundary,
			  struct error *f)
{
	*s = (struct boundary_search){
		.sink = { .ops = &search_ops, .error = f },
		.boundary = boundary,
	};
}

/* ---- the choices ---- */

#define LINE_MAX_OCTETS 998 /* RFC 5322 2.1.1 */
#define QP_LINE		76
#define BOUNDARY_TRIES	8
#define BOUNDARIES_MAX	0x10000
#define UU_NAME_MAX	255

/* RFC 2045 6.7: "=_" cannot occur in quoted-printable, nor '-' in base64. */
#define BOUNDARY_MARK "=_"
#define TAG_LETTERS   (MESSAGE_TAG_SIZE - 1) /* of five bits each */

static const char *const names[] = {
	[ENCODING_AUTO] = "auto",
	[ENCODING_7BIT] = "7bit",
	[ENCODING_8BIT] = "8bit",
	[ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
	[ENCODING_BASE64] = "base64",
	[ENCODING_UUENCODE] = "uuencode",
};
#define NAMES (sizeof(names) / sizeof(*names))

const char *encoding_name(enum encoding e)
{
	return names[e];
}

int encoding_parse(const char *name)
{
	for (size_t i = 0; i < NAMES; i++)
		if (ascii_equal(name, names[i]))
			return (int)i;
	return -1;
}

enum encoding encoding_of_text(const struct content_scan *s)
{
	uint64_t coded = s->equals + s->from_lines;
	uint64_t qp = s->size + s->bare_lf + 2 * coded;

	if (s->controls + s->nuls + s->bare_cr && 2 * coded <= s->size)
		return ENCODING_QUOTED_PRINTABLE;
	if (s->longest > QP_LINE)
		qp += 3 * (qp / (QP_LINE - 1));
	return qp <= base64_encoded_size(s->size + s->bare_lf)
		       ? ENCODING_QUOTED_PRINTABLE
		       : ENCODING_BASE64;
}

struct prepare {
	struct arena *arena;
	bool accept_8bit;
	bool changed; /* encodings are chosen, a boundary is missing */
	const char *tag;
	unsigned boundaries;
	struct error *error;
};

static bool has_uuencoded(const struct part *p)
{
	for (const struct piece *x = p->pieces; x; x = x->next)
		if (x->uuencode)
			return true;
	return false;
}

/* The scan of everything that is not uuencoded. */
static int scan_leaf(const struct part *p, struct content_scan *s,
		     struct error *f)
{
	content_scan_init(s, NULL, f);
	for (const struct piece *x = p->pieces; x; x = x->next)
		if (!x->uuencode && pump_slice(&x->content, &s->sink) < 0)
			return -1;
	return sink_close(&s->sink);
}

/* One charset for all pieces; if the locale's charset fits only some of them,
 * it is not used. */
static const char *find_charset(const struct part *p,
				const struct content_scan *s)
{
	const char *charset = NULL;

	for (const struct piece *x = p->pieces; x; x = x->next) {
		const char *one;

		if (x->uuencode)
			continue;
		one = charset_of(s, &x->content, NULL);
		if (charset && strcmp(charset, one) != 0)
			return "windows-1252";
		charset = one;
	}
	return charset ? charset : "us-ascii";
}

static bool is_text(const struct part *p)
{
	return ascii_begins(p->type, "text/");
}

/* HTML, XML and CSS declare their charset; only a certain label may override
 * that.  The same for files that are text only by their name. */
static bool charset_is_doubtful(const struct part *p,
				const struct content_scan *s)
{
	if (s->nuls)
		return true;
	if (!ascii_begins(p->type, "text/html") &&
	    !ascii_begins(p->type, "text/xml") &&
	    !ascii_begins(p->type, "text/css"))
		return false;
	return s->high ? !s->utf8 : s->controls > 0;
}

static void choose_charset(struct part *p, const struct content_scan *s)
{
	if (p->charset || !is_text(p) || parameter_has(p->type, "charset"))
		return;
	if (p->is_body || !charset_is_doubtful(p, s))
		p->charset = find_charset(p, s);
}

/* Lines that any server accepts, apart from 8-bit octets. */
static bool has_plain_lines(const struct content_scan *s)
{
	return !s->nuls && !s->bare_cr && s->longest <= LINE_MAX_OCTETS;
}

static enum encoding choose_for_body(const struct prepare *c,
				     const struct part *p,
				     const struct content_scan *s)
{
	bool plain = has_plain_lines(s);

	if (has_uuencoded(p)) {
		if (plain && !s->high)
			return ENCODING_7BIT;
		return plain && c->accept_8bit ? ENCODING_8BIT
					       : ENCODING_QUOTED_PRINTABLE;
	}
	if (p->requested == ENCODING_QUOTED_PRINTABLE ||
	    p->requested == ENCODING_BASE64)
		return p->requested;
	if (plain && !s->high && !s->controls && !s->from_lines)
		return ENCODING_7BIT;
	if (plain && c->accept_8bit && p->requested == ENCODING_8BIT)
		return ENCODING_8BIT;
	return encoding_of_text(s);
}

/* begin and end lines are as plain as the text around them. */
static int encode_uu_names(struct prepare *c, struct part *p)
{
	for (struct piece *x = p->pieces; x; x = x->next) {
		struct buf name = BUF_INIT(UU_NAME_MAX);

		if (!x->uuencode)
			continue;
		if (words_put_fallback(&name, x->name) == 0)
			x->name = arena_dup(c->arena, name.data);
		else
			error_set(
				c->error, ERROR_DATA,
				"the file name \"%.60s...\" is over %d "
				"octets; give it a shorter one with FILE=name",
				x->name, UU_NAME_MAX);
		buf_free(&name);
	}
	return error_is_set(c->error) ? -1 : 0;
}

static int choose_body(struct prepare *c, struct part *p)
{
	struct content_scan s;

	if (scan_leaf(p, &s, c->error) < 0 || encode_uu_names(c, p) < 0)
		return -1;
	choose_charset(p, &s);
	p->encoding = choose_for_body(c, p, &s);
	p->binary_qp = false;
	return 0;
}

/* Why the octets would not be preserved; NULL if they are. */
static const char *why_not(const struct content_scan *s, bool accept_8bit,
			   bool root, char room[64])
{
	if (s->nuls)
		return "has a NUL octet";
	if (s->bare_cr)
		return "has a CR that ends no line";
	if (s->bare_lf && s->crlf)
		return "mixes LF and CRLF line ends";
	if (s->longest > LINE_MAX_OCTETS) {
		snprintf(room, 64, "has a line of %" PRIu64 " octets, over %d",
			 s->longest, LINE_MAX_OCTETS);
		return room;
	}
	if (s->high && !accept_8bit)
		return "has octets over 127";
	if (root && !s->final_newline)
		return "does not end in a line end";
	return NULL;
}

static const char *leaf_name(const struct part *p)
{
	if (p->filename)
		return p->filename;
	return p->pieces ? p->pieces->content.name : "an empty part";
}

static void choose_qp(struct part *p, const struct content_scan *s, bool root)
{
	p->encoding = ENCODING_QUOTED_PRINTABLE;
	p->binary_qp = !is_text(p) || s->crlf || s->bare_cr ||
		       (root && !s->final_newline);
}

/* 7bit or 8bit was requested. */
static int choose_unencoded(struct prepare *c, struct part *p,
			    const struct content_scan *s, bool root)
{
	char room[64];
	const char *why = why_not(s, p->requested == ENCODING_8BIT, root, room);

	if (why)
		return error_set(c->error, ERROR_DATA,
				 "%s cannot be sent as %s: it %s; use "
				 "--encoding base64",
				 leaf_name(p), encoding_name(p->requested),
				 why);
	if (!s->high)
		p->encoding = ENCODING_7BIT;
	else if (c->accept_8bit)
		p->encoding = ENCODING_8BIT;
	else
		choose_qp(p, s, root);
	return 0;
}

/* multipart/... would have to be a tree of ours; message/... is valid only
 * without an encoding. */
static int choose_composite(struct prepare *c, struct part *p, bool root)
{
	char room[64];
	struct content_scan s;

	if (ascii_begins(p->type, "message/") &&
	    p->requested != ENCODING_BASE64 &&
	    p->requested != ENCODING_QUOTED_PRINTABLE) {
		if (scan_leaf(p, &s, c->error) < 0)
			return -1;
		if (!why_not(&s, c->accept_8bit, root, room)) {
			p->encoding = s.high ? ENCODING_8BIT : ENCODING_7BIT;
			return 0;
		}
	}
	p->type = FILETYPE_UNKNOWN;
	p->encoding = ENCODING_BASE64;
	return 0;
}

static int choose_attachment(struct prepare *c, struct part *p, bool root)
{
	bool encoded = p->requested == ENCODING_AUTO ||
		       p->requested == ENCODING_BASE64;
	struct content_scan s;

	if (ascii_begins(p->type, "multipart/") ||
	    ascii_begins(p->type, "message/"))
		return choose_composite(c, p, root);
	p->encoding = ENCODING_BASE64;
	if (encoded && (!is_text(p) || p->charset))
		return 0;
	if (scan_leaf(p, &s, c->error) < 0)
		return -1;
	choose_charset(p, &s);
	if (encoded)
		return 0;
	if (p->requested != ENCODING_QUOTED_PRINTABLE)
		return choose_unencoded(c, p, &s, root);
	choose_qp(p, &s, root);
	return 0;
}

static int choose_leaf(struct prepare *c, struct part *p, bool root)
{
	if (!p->is_prepared)
		p->requested = p->encoding;
	else if (p->encoding != ENCODING_8BIT || c->accept_8bit)
		return 0;
	if (p->requested == ENCODING_UUENCODE)
		return error_set(c->error, ERROR_SOFTWARE,
				 "uuencode is not a transfer encoding");
	p->is_prepared = true;
	if (p->is_body || has_uuencoded(p))
		return choose_body(c, p);
	return choose_attachment(c, p, root);
}

static int choose_part(struct prepare *c, struct part *p, unsigned depth)
{
	if (p->kind == PART_LEAF)
		return choose_leaf(c, p, depth == 0);
	if (depth >= MESSAGE_DEPTH_MAX)
		return error_set(c->error, ERROR_DATA,
				 "the message is nested over %d deep",
				 MESSAGE_DEPTH_MAX);
	if (!p->children)
		return error_set(c->error, ERROR_SOFTWARE,
				 "a multipart has no parts");
	if (!*p->boundary)
		c->changed = true;
	for (struct part *x = p->children; x; x = x->next)
		if (choose_part(c, x, depth + 1) < 0)
			return -1;
	return 0;
}

static int search_part(const struct part *p, const char *tag, bool *found,
		       struct error *f)
{
	struct boundary_search s;

	for (const struct part *x = p->children; x; x = x->next)
		if (search_part(x, tag, found, f) < 0)
			return -1;
	if (p->encoding != ENCODING_7BIT && p->encoding != ENCODING_8BIT)
		return 0;
	boundary_search_init(&s, tag, f);
	for (const struct piece *x = p->pieces; x; x = x->next) {
		boundary_search_line(&s);
		/* No uuencoded line is long enough for a boundary. */
		if (!x->uuencode && pump_slice(&x->content, &s.sink) < 0)
			return -1;
	}
	*found = *found || s.found;
	return 0;
}

static void draw_tag(char *tag)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[TAG_LETTERS];

	sysenv_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < TAG_LETTERS; i++)
		tag[i] = letters[bytes[i] & 31];
	tag[TAG_LETTERS] = '\0';
}

/* A common tag and a number of fixed length: none is a prefix of another. */
static int set_boundaries(struct prepare *c, struct part *p)
{
	if (p->kind != PART_MULTIPART)
		return 0;
	if (c->boundaries >= BOUNDARIES_MAX)
		return error_set(c->error, ERROR_DATA,
				 "the message has over %d multiparts",
				 BOUNDARIES_MAX);
	snprintf(p->boundary, sizeof(p->boundary), BOUNDARY_MARK "%s_%04x",
		 c->tag, c->boundaries++ & (BOUNDARIES_MAX - 1));
	for (struct part *x = p->children; x; x = x->next)
		if (set_boundaries(c, x) < 0)
			return -1;
	return 0;
}

static int choose_boundaries(struct prepare *c, struct message *m)
{
	c->tag = m->tag;
	for (int i = 0; i < BOUNDARY_TRIES; i++) {
		char start[sizeof(BOUNDARY_MARK) + TAG_LETTERS];
		bool found = false;

		if (i > 0 || strlen(m->tag) != TAG_LETTERS)
			draw_tag(m->tag);
		snprintf(start, sizeof(start), BOUNDARY_MARK "%s", m->tag);
		if (search_part(m->root, start, &found, c->error) < 0)
			return -1;
		if (!found)
			return set_boundaries(c, m->root);
	}
	return error_set(
		c->error, ERROR_SOFTWARE,
		"no boundary was found that does not occur in the content");
}

int message_prepare(struct arena *a, struct message *m, bool accept_8bit,
		    struct error *f)
{
	struct prepare c = { .arena = a,
			     .accept_8bit = accept_8bit,
			     .error = f };

	if (choose_part(&c, m->root, 0) < 0)
		return -1;
	return c.changed ? choose_boundaries(&c, m) : 0;
}

struct piece *message_add_piece(struct arena *a, struct part *leaf,
				const struct slice *content)
{
	struct piece **end = &leaf->pieces;

	while (*end)
		end = &(*end)->next;
	*end = arena_alloc(a, sizeof(**end));
	(*end)->content = *content;
	return *end;
}
