/* extract.c - chains of decoders.
 *
 *	entity -> unbase64 | unqp | as it is -> lf -> unqp | unmangle -> unuu |
 *	unshar */
#include "parts/extract.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "codec/uu.h"
#include "flow/crlf.h"
#include "mail/fragment_label.h"
#include "mail/parameter.h"
#include "parts/file_name.h"
#include "parts/unshar.h"

bool extract_is_uu(const char *encoding)
{
	static const char *const names[] = { "x-uuencode", "uuencode", "x-uue",
					     "x-uu" };
	size_t n = encoding ? parameter_main(encoding) : 0;

	for (size_t i = 0; n && i < sizeof(names) / sizeof(*names); i++)
		if (ascii_is_word(encoding, n, names[i]))
			return true;
	return false;
}

bool extract_is_text(const struct entity *e, const char *type)
{
	return e->type == TYPE_NONE || e->type == TYPE_PLAIN ||
	       e->type == TYPE_TEXT ||
	       (type && ascii_begins(type, "application/x-sh"));
}

/* ---- the transfer encoding ---- */

/* Returns 1 when it is damaged. */
static int decode(const struct slice *message, const struct entity *e,
		  bool is_text, struct sink *to)
{
	struct slice body = *message;
	struct unbase64 base64;
	struct unqp qp;
	struct lf lf;

	body.offset += e->body;
	body.length = e->end - e->body;
	switch (e->label) {
	case LABEL_BASE64:
		unbase64_init(&base64, to);
		pump_slice(&body, &base64.sink);
		return sink_close(&base64.sink) < 0 ? -1 : base64.is_damaged;
	case LABEL_QUOTED_PRINTABLE:
		unqp_init(&qp, to, is_text);
		pump_slice(&body, &qp.sink);
		return sink_close(&qp.sink);
	case LABEL_BINARY:
		return pump_slice(&body, to);
	default:
		/* it is text, whatever its type */
		lf_init(&lf, to);
		pump_slice(&body, &lf.sink);
		return sink_close(&lf.sink);
	}
}

/* The same as text, with LF, even if base64 contained CRLF. */
static int decode_text(const struct slice *message, const struct entity *e,
		       struct sink *to)
{
	struct lf lf;
	int r;

	lf_init(&lf, to);
	r = decode(message, e, true, &lf.sink);
	return sink_close(&lf.sink) < 0 ? -1 : r;
}

/* ... and undo changes made in transit. */
static int decode_mangled(const struct slice *message, const struct entity *e,
			  enum fragment_way way, struct sink *to)
{
	struct unmangle text;
	struct unqp qp;
	struct sink *next = to;
	int r;

	if (way == WAY_UU_MANGLED) {
		unqp_init(&qp, to, true);
		next = &qp.sink;
	} else if (way == WAY_UU_HTML || way == WAY_UU_QUOTED) {
		unmangle_init(&text, to,
			      way == WAY_UU_HTML ? UNMANGLE_HTML
						 : UNMANGLE_QUOTED);
		next = &text.sink;
	}
	r = decode_text(message, e, next);
	return next != to && sink_close(next) < 0 ? -1 : r;
}

/* ---- other text: a line is recognized by its beginning; long ones are text
 * ---- */

#define RULE_LEAST 8 /* characters that make a line of dashes */

static bool is_rule(const char *line)
{
	size_t n = strspn(line, "-_=*~#+ \t");

	return !line[n] &&
	       (n >= RULE_LEAST || !strcmp(line, "--") || !strcmp(line, "-- "));
}

static bool begins_ours(const char *line)
{
	static const char words[] = "This is part ";
	uint64_t n;
	size_t digits;

	line += !strncmp(line, "# ", 2) ? 2 : 0;
	if (strncmp(line, words, strlen(words)) != 0)
		return false;
	line += strlen(words);
	digits = text_digits(line, FRAGMENT_PARTS_MAX, &n);
	return digits && !strncmp(line + digits, " of ", 4);
}

static bool is_label(const char *line)
{
	line += !strncmp(line, "# ", 2) ? 2 : 0;
	return ascii_begins(line, FRAGMENT_LABEL_FIELD ":");
}

static void take_text(struct leftover *s, const char *line, size_t n)
{
	if (!s->is_long && unuu_is_line(line, n)) {
		if (unuu_begins(line, n)) {
			s->files++;
			memcpy(s->name, line, n + 1);
		}
		s->footer = 0;
	} else if (!s->is_long && is_rule(line)) {
		s->footer = 1;
	} else if (s->footer) {
		s->footer += n + 1;
		s->has_text |= s->footer > LEFTOVER_FOOTER_MAX;
	} else {
		s->has_text = true;
	}
}

static void take_leftover_line(struct leftover *s)
{
	const char *line = s->line;
	size_t n = s->held;

	while (n && text_is_space(line[n - 1]))
		n--;
	s->line[n] = '\0';
	if (s->state == LEFTOVER_LABEL && text_is_blank(*line))
		return; /* the label continues */
	if (s->state == LEFTOVER_LABEL)
		s->state = LEFTOVER_TEXT;
	if (!n && !s->is_long)
		return;
	if (begins_ours(line))
		s->state = LEFTOVER_OURS;
	else if (is_label(line))
		s->state = LEFTOVER_LABEL;
	else if (s->state == LEFTOVER_OURS &&
		 (unuu_is_line(line, n) || is_rule(line)))
		s->state = LEFTOVER_TEXT;
	if (s->state == LEFTOVER_TEXT)
		take_text(s, line, n);
}

static int leftover_put(struct sink *sink, const void *data, size_t n)
{
	struct leftover *s = (struct leftover *)sink;
	const char *p = data;

	for (; n; p++, n--) {
		if (*p == '\n') {
			take_leftover_line(s);
			s->held = 0;
			s->is_long = false;
		} else if (s->held < sizeof(s->line) - 1) {
			s->line[s->held++] = *p;
		} else {
			s->is_long = true;
		}
	}
	return 0;
}

static int leftover_close(struct sink *sink)
{
	struct leftover *s = (struct leftover *)sink;

	if (s->held)
		take_leftover_line(s);
	s->held = 0;
	return 0;
}

static const struct sink_ops leftover_ops = { .put = leftover_put,
					      .close = leftover_close };

static void leftover_init(struct leftover *s, struct error *f)
{
	*s = (struct leftover){ .sink = { .ops = &leftover_ops, .error = f } };
}

int extract_leftover(const struct slice *message, const struct entity *e,
		     enum fragment_way way, struct leftover *found,
		     struct error *f)
{
	leftover_init(found, f);
	if (decode_mangled(message, e, way, &found->sink) < 0)
		return -1;
	return sink_close(&found->sink);
}

/* ---- examination ---- */

static void take_uu(struct extract_look *look, struct arena *a,
		    const struct unuu *uu, enum fragment_way way)
{
	look->has_uu = uu->has_data || (uu->has_begin && uu->has_end);
	look->has_begin = uu->has_begin;
	look->has_end = uu->has_end;
	look->uu_name = uu->has_begin ? file_name_clean(a, uu->name) : NULL;
	look->uu_way = way;
}

/* Is damaged uuencode valid when it is read that way?  A reply may quote any
 * part of it: it needs a label, or the begin and end of the file. */
static int look_for_mangled(struct extract_look *look, struct arena *a,
			    const struct slice *message, const struct entity *e,
			    enum fragment_way way, bool may_break,
			    struct error *f)
{
	struct fragment_label_search label;
	struct sink_tee both;
	struct unuu uu;
	bool is_sound;
	int r;

	fragment_label_search_init(&label, f);
	unuu_init(&uu, NULL, true, f);
	sink_tee_init(&both, &uu.sink, &label.sink);
	r = decode_mangled(message, e, way, &both.sink);
	if (sink_close(&uu.sink) < 0 || sink_close(&label.sink) < 0)
		r = -1;
	is_sound = !uu.is_damaged && (may_break || !uu.was_broken) &&
		   (uu.has_data || (uu.has_begin && uu.has_end)) &&
		   (way != WAY_UU_QUOTED || label.found ||
		    (uu.has_begin && uu.has_end));
	if (r >= 0 && is_sound) {
		take_uu(look, a, &uu, way);
		if (label.found) {
			look->has_label = true;
			look->label = label.label;
		}
	}
	fragment_label_search_free(&label);
	return r < 0 ? -1 : is_sound;
}

/* An encoding that is valid to its end is preferred; a footer may follow it. */
static int look_below(struct extract_look *look, struct arena *a,
		      const struct slice *message, const struct entity *e,
		      bool is_expected, struct error *f)
{
	static const enum fragment_way ways[] = { WAY_UU_MANGLED, WAY_UU_HTML,
						  WAY_UU_QUOTED };
	size_t count = is_expected ? sizeof(ways) / sizeof(*ways) : 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2 * count; i++)
		r = look_for_mangled(look, a, message, e, ways[i % count],
				     i >= count, f);
	return r < 0 ? -1 : 0;
}

int extract_look(struct extract_look *look, struct arena *a,
		 const struct slice *message, const struct entity *e,
		 bool is_expected, struct error *f)
{
	struct fragment_label_search label;
	struct sink_tee first, second;
	struct unshar shar;
	struct unuu uu;
	int r;

	*look = (struct extract_look){ 0 };
	fragment_label_search_init(&label, f);
	unuu_init(&uu, NULL, true, f);
	unshar_init(&shar, a, NULL, f);
	sink_tee_init(&second, &uu.sink, &shar.sink);
	sink_tee_init(&first, &label.sink, &second.sink);
	r = decode_text(message, e, &first.sink);
	if (sink_close(&label.sink) < 0 || sink_close(&uu.sink) < 0 ||
	    sink_close(&shar.sink) < 0)
		r = -1;
	look->has_label = label.found;
	look->label = label.label;
	take_uu(look, a, &uu, WAY_UU);
	look->is_archive = shar.is_archive && (shar.files || shar.part > 1);
	look->part = shar.part;
	look->of = shar.of;
	look->has_next = shar.has_next;
	look->is_over = shar.is_over;
	look->lock = shar.lock;
	look->title = file_name_show(a, shar.title);
	fragment_label_search_free(&label);
	unshar_free(&shar);
	is_expected = is_expected || look->has_label;
	if (r >= 0 && !look->is_archive &&
	    (uu.is_damaged || uu.was_broken || (is_expected && !look->has_uu)))
		r = look_below(look, a, message, e, is_expected, f);
	return r < 0 ? -1 : 0;
}

/* ---- a script ---- */

static int put_script(const struct slice *message, const struct entity *e,
		      struct sink *to)
{
	struct arena scratch = ARENA_INIT;
	struct unshar s;
	int r;

	unshar_init(&s, &scratch, NULL, to->error);
	unshar_pass_on(&s, to);
	r = decode_text(message, e, &s.sink);
	if (sink_close(&s.sink) < 0)
		r = -1;
	unshar_free(&s);
	arena_free(&scratch);
	return r;
}

/* ---- uuencode, and the file of an archive ---- */

static int put_uu(const struct slice *message, const struct entity *e,
		  enum fragment_way way, struct sink *to)
{
	struct unuu uu;
	int r;

	unuu_init(&uu, to, true, to->error);
	r = decode_mangled(message, e, way, &uu.sink);
	if (sink_close(&uu.sink) < 0 || r < 0)
		return -1;
	return r || uu.is_damaged || (!uu.has_data && !uu.has_begin);
}

static int file_began(struct unuu *uu)
{
	const struct extract_files *files = uu->context;

	return files->open(files->context, uu->name, &uu->sink.next,
			   uu->sink.error);
}

static int file_ended(struct unuu *uu)
{
	const struct extract_files *files = uu->context;

	uu->sink.next = NULL;
	return files->close(files->context, uu->is_damaged, uu->sink.error);
}

int extract_put_files(const struct slice *message, const struct entity *e,
		      const struct extract_files *files, struct error *f)
{
	struct extract_files own = *files;
	struct unuu uu;
	int r;

	unuu_init(&uu, NULL, false, f);
	uu.is_many = true;
	uu.began = file_began;
	uu.ended = file_ended;
	uu.context = &own;
	r = decode_text(message, e, &uu.sink);
	return sink_close(&uu.sink) < 0 ? -1 : r;
}

static int open_same(void *context, const char *name, struct sink **to,
		     struct error *f)
{
	(void)name;
	(void)f;
	*to = context;
	return 0;
}

static int close_same(void *context, struct error *f)
{
	(void)context;
	(void)f;
	return 0;
}

static int put_shar(const struct slice *message, const struct entity *e,
		    struct sink *to)
{
	struct unshar_target target = { open_same, close_same, to };
	struct arena scratch = ARENA_INIT;
	struct unshar s;
	int r;

	unshar_init(&s, &scratch, &target, to->error);
	r = decode_text(message, e, &s.sink);
	if (sink_close(&s.sink) < 0)
		r = -1;
	else if (r == 0)
		r = s.problem || s.files != 1;
	unshar_free(&s);
	arena_free(&scratch);
	return r;
}

int extract_put(const struct slice *message, const struct entity *e,
		enum fragment_way way, bool is_text, struct sink *to)
{
	switch (way) {
	case WAY_UU:
	case WAY_UU_MANGLED:
	case WAY_UU_HTML:
	case WAY_UU_QUOTED:
		return put_uu(message, e, way, to);
	case WAY_SCRIPT:
		return put_script(message, e, to);
	case WAY_SHAR:
		return put_shar(message, e, to);
	case WAY_RAW: {
		struct slice body = *message;

		body.offset += e->body;
		body.length = e->end - e->body;
		return pump_slice(&body, to);
	}
	case WAY_DECODE:
		break;
	}
	return decode(message, e, is_text, to);
}

/* ---- undoing changes made to a text in transit ---- */

/* A possible mark is held until it is complete, or is not one. */
static const struct mark {
	enum unmangle_how how;
	const char *text, *meaning;
} marks[] = {
	{ UNMANGLE_QUOTED, "> ", "" },	   { UNMANGLE_HTML, "&amp;", "&" },
	{ UNMANGLE_HTML, "&lt;", "<" },	   { UNMANGLE_HTML, "&gt;", ">" },
	{ UNMANGLE_HTML, "&quot;", "\"" }, { UNMANGLE_HTML, "&#39;", "'" },
	{ UNMANGLE_HTML, "&#96;", "`" },
};

/* The mark that the held octets are, or begin. */
static const struct mark *mark_of(const struct unmangle *s)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i].how == s->how &&
		    !strncmp(marks[i].text, s->room, s->held))
			return &marks[i];
	return NULL;
}

static int pass(struct unmangle *s, const char *text, size_t n)
{
	s->held = 0;
	return n ? sink_put(s->sink.next, text, n) : 0;
}

static int take(struct unmangle *s, char c)
{
	const struct mark *m;

	s->room[s->held++] = c;
	m = s->how == UNMANGLE_QUOTED && s->is_amid ? NULL : mark_of(s);
	if (m && m->text[s->held])
		return 0;
	if (m) {
		s->is_amid = true;
		return pass(s, m->meaning, strlen(m->meaning));
	}
	s->is_amid = c != '\n';
	/* may begin another one */
	if (s->held > 1 && s->how == UNMANGLE_HTML)
		return pass(s, s->room, s->held - 1) < 0 ? -1 : take(s, c);
	return pass(s, s->room, s->held);
}

static int unmangle_put(struct sink *sink, const void *data, size_t n)
{
	struct unmangle *s = (struct unmangle *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *from = p;

		while (p < end && !s->held && s->is_amid && *p != '&' &&
		       *p != '\n')
			p++;
		if (p > from &&
		    sink_put(s->sink.next, from, (size_t)(p - from)) < 0)
			return -1;
		if (p < end && take(s, *p++) < 0)
			return -1;
	}
	return 0;
}

static int unmangle_close(struct sink *sink)
{
	struct unmangle *s = (struct unmangle *)sink;

	return pass(s, s->room, s->held);
}

static const struct sink_ops ops = { .put = unmangle_put,
				     .close = unmangle_close };

void unmangle_init(struct unmangle *s, struct sink *next, enum unmangle_how how)
{
	*s = (struct unmangle){
		.sink = { .ops = &ops, .next = next, .error = next->error },
		.how = how,
	};
}
