/* held_digest.c - a mail is read once to copy it and once to find its parts;
 * one that cannot be parsed has no excerpt, but is attached as well. */
#include "queuerun/held_digest.h"

#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "flow/content_scan.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/message.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "mail/rawfield.h"
#include "parts/extract.h"

#define LINE_MAX_OCTETS 998
#define NAMED_MAX	20 /* recipients in To */
#define SUBJECT_MAX	998
#define FIELD_MAX	(64 * 1024)
#define EXCERPT_READ	8192 /* octets of a text, encoded */
#define EXCERPT_LINES	15
#define EXCERPT_LINE	200 /* octets */
#define EXCERPT_MAX	2000

/* ---- a mail ---- */

struct look {
	struct arena *arena; /* of what lasts */
	const struct slice *message;
	struct parser parser;
	struct buf header; /* of the message */
};

static int look_open(struct look *l, struct arena *a, struct arena *scratch,
		     const struct slice *message, struct error *f)
{
	struct slice part = *message;
	struct sink_start header;

	*l = (struct look){ .arena = a, .message = message };
	buf_init(&l->header, PARSE_HEADER_MAX);
	sink_start_init(&header, &l->header, f);
	parser_init(&l->parser, scratch, f);
	if (pump_slice(message, &l->parser.sink) < 0 ||
	    sink_close(&l->parser.sink) < 0 || !l->parser.first)
		return -1;
	part.length = l->parser.first->body < part.length
			      ? l->parser.first->body
			      : part.length;
	return pump_slice(&part, &header.sink);
}

static void look_close(struct look *l)
{
	parser_free(&l->parser);
	buf_free(&l->header);
}

static const char *decode(struct arena *a, const char *text, size_t max)
{
	struct buf out = BUF_INIT(FIELD_MAX * 4);
	const char *meaning;

	encoded_decode(&out, text);
	text_sanitize(out.data);
	meaning =
		arena_dup_n(a, out.data,
			    text_cut(out.data, out.len < max ? out.len : max));
	buf_free(&out);
	return meaning;
}

static void add_named(struct arena *a, struct held_mail *m, const char *text)
{
	struct error unread = ERROR_INIT; /* then it names nobody */

	address_parse_list(a, text, &m->named, &unread);
}

static void read_fields(const struct look *l, struct held_mail *m)
{
	const char *p = l->header.data;
	size_t n = l->header.len;
	struct rawfield x;

	for (; rawfield_read(p, n, &x); p += x.length, n -= x.length) {
		if (x.length > FIELD_MAX)
			continue;
		if (rawfield_is(&x, "Subject"))
			m->subject =
				decode(l->arena, rawfield_text(l->arena, &x),
				       SUBJECT_MAX);
		else if (rawfield_is(&x, "From") && !m->from)
			m->from = rawfield_text(l->arena, &x);
		else if (rawfield_is(&x, "To") || rawfield_is(&x, "Cc"))
			add_named(l->arena, m, rawfield_text(l->arena, &x));
	}
}

/* ---- an excerpt ---- */

/* The first text that is not an attachment. */
static const struct entity *find_text(const struct look *l)
{
	for (const struct entity *e = l->parser.first; e; e = e->next)
		if (e->kind == ENTITY_LEAF && !e->is_attachment &&
		    (e->type == TYPE_PLAIN || e->type == TYPE_NONE))
			return e;
	return NULL;
}

static void find_charset(const struct look *l, const struct entity *e,
			 struct buf *out)
{
	struct error unread = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct slice part = *l->message;
	struct buf text = BUF_INIT(PARSE_HEADER_MAX);
	struct rawfield x;
	struct sink_start s;
	const char *p;
	size_t n;

	sink_start_init(&s, &text, &unread);
	part.offset += e->header;
	part.length = e->body - e->header;
	pump_slice(&part, &s.sink);
	p = text.data;
	for (n = text.len; rawfield_read(p, n, &x);
	     p += x.length, n -= x.length)
		if (rawfield_is(&x, "Content-Type"))
			parameter_get(out, rawfield_text(&a, &x), "charset");
	buf_free(&text);
	arena_free(&a);
}

/* UTF-8 where the text can be converted; the caller sanitizes the rest. */
static void to_utf8(const struct look *l, const struct entity *e,
		    const struct buf *text, struct buf *out)
{
	struct buf charset = BUF_INIT(100);
	size_t n = text->len;

	find_charset(l, e, &charset);
	if (charset_is_utf8(text->data, text_cut(text->data, n)))
		n = text_cut(text->data, n);
	if (charset_is_utf8(text->data, n) || !charset.len ||
	    charset_decode(out, charset.data, text->data, n) < 0)
		buf_put(out, text->data, n);
	buf_free(&charset);
}

static bool is_signature(const char *line, size_t n)
{
	return (n == 2 && !memcmp(line, "--", 2)) ||
	       (n == 3 && !memcmp(line, "-- ", 3));
}

/* The first lines, without blank ones at either end. */
static void put_lines(struct buf *out, const char *text, bool is_cut)
{
	size_t blank = 0, lines = 0, kept = out->len;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n"), shown = n;

		while (shown && text_is_space(p[shown - 1]))
			shown--;
		if (is_signature(p, n) || lines == EXCERPT_LINES ||
		    out->len + EXCERPT_LINE > EXCERPT_MAX) {
			is_cut = is_cut || !is_signature(p, n);
			break;
		}
		if (shown && lines)
			for (; blank; blank--)
				buf_putc(out, '\n');
		blank = shown ? 0 : blank + 1;
		if (shown) {
			size_t max = text_cut(p, shown < EXCERPT_LINE
							 ? shown
							 : EXCERPT_LINE - 4);

			text_put_safe(out, p, max);
			buf_puts(out, max < shown ? "...\n" : "\n");
			lines++;
			kept = out->len;
		}
		p += n + (p[n] == '\n');
	}
	buf_truncate(out, kept);
	if (is_cut && lines)
		buf_puts(out, "...\n");
}

static void read_excerpt(const struct look *l, struct held_mail *m)
{
	const struct entity *found = find_text(l);
	struct error unread = ERROR_INIT;
	struct buf start = BUF_INIT(EXCERPT_READ);
	struct buf text = BUF_INIT(4 * EXCERPT_READ);
	struct buf out = BUF_INIT(2 * EXCERPT_MAX);
	struct entity e;
	struct sink_start s;

	if (!found || found->end < found->body)
		return;
	e = *found;
	if (e.end - e.body > EXCERPT_READ)
		e.end = e.body + EXCERPT_READ;
	sink_start_init(&s, &start, &unread);
	if (extract_put(l->message, &e, WAY_DECODE, true, &s.sink) >= 0) {
		to_utf8(l, &e, &start, &text);
		put_lines(&out, text.data, e.end < found->end);
		m->excerpt = arena_dup(l->arena, out.data);
	}
	buf_free(&start);
	buf_free(&text);
	buf_free(&out);
}

/* ---- taken in ---- */

static int find_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const struct entry *e, const char *subject, struct error *f)
{
	const char **names = arena_array(a, e->count + 1, sizeof(*names));

	for (size_t i = 0; i < e->count; i++)
		names[i] = e->recipients[i].address;
	return queue_limit_key(key, a, e->reverse_path, names, e->count,
			       subject, f);
}

/* As much as can be read. */
static void read_mail(struct arena *a, const struct slice *message,
		      bool has_excerpt, struct held_mail *m)
{
	struct arena scratch = ARENA_INIT;
	struct error unread = ERROR_INIT;
	struct look l;

	m->subject = m->excerpt = "";
	if (look_open(&l, a, &scratch, message, &unread) == 0) {
		read_fields(&l, m);
		if (has_excerpt)
			read_excerpt(&l, m);
	}
	look_close(&l);
	arena_free(&scratch);
}

int held_digest_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const struct entry *e, const struct slice *message,
		    struct error *f)
{
	struct held_mail m = { .id = NULL };

	read_mail(a, message, false, &m);
	return find_key(key, a, e, m.subject, f);
}

void held_digest_init(struct held_digest *d, struct error *f)
{
	d->mails = NULL;
	d->count = d->room = 0;
	stage_init(&d->content, d->folders, "the mails of a digest", f);
}

void held_digest_free(struct held_digest *d)
{
	stage_free(&d->content);
}

int held_digest_read(struct held_digest *d, const struct entry *e,
		     const struct slice *message, struct error *f)
{
	struct content_scan scan;
	struct held_mail *m;

	d->mails = arena_grow(d->arena, d->mails, d->count, &d->room,
			      sizeof(*d->mails));
	m = &d->mails[d->count];
	*m = (struct held_mail){ .id = arena_dup(d->arena, e->id),
				 .arrived = e->arrived,
				 .offset = d->content.size,
				 .length = message->length };
	content_scan_init(&scan, &d->content.sink, f);
	if (pump_slice(message, &scan.sink) < 0 || sink_close(&scan.sink) < 0)
		return -1;
	m->is_plain = !scan.high && !scan.nuls && !scan.bare_cr &&
		      !scan.bare_lf && scan.longest <= LINE_MAX_OCTETS;
	read_mail(d->arena, message, true, m);
	if (find_key(m->key, d->arena, e, m->subject, f) < 0)
		return -1;
	d->count++;
	return 0;
}

/* ---- the header ---- */

static bool names(const struct held_mail *m, const char *address)
{
	for (size_t i = 0; i < m->named.count; i++)
		if (!m->named.items[i].group_only &&
		    ascii_equal(m->named.items[i].spec, address))
			return true;
	return false;
}

/* The addresses that every mail names; all others stay hidden. */
static const char *find_to(const struct held_digest *d)
{
	const struct entry *e = d->like;
	struct address_list list = { 0 };
	struct buf text = BUF_INIT(FIELD_MAX);
	const char *to = NULL;

	for (size_t i = 0; i < e->count && e->count <= NAMED_MAX; i++) {
		struct error unfit = ERROR_INIT;
		struct address one;
		size_t k = 0;

		while (k < d->count &&
		       (e->count == 1 ||
			names(&d->mails[k], e->recipients[i].address)))
			k++;
		if (k == d->count &&
		    address_parse(d->arena, e->recipients[i].address, false,
				  &one, &unfit) == 0)
			address_append(d->arena, &list, &one);
	}
	if (list.count && address_put_list(&text, &list) == 0)
		to = arena_dup(d->arena, text.data);
	buf_free(&text);
	return to ? to : "undisclosed-recipients:;";
}

/* Is it a valid field, and does it require no more of the server than the
 * envelope? */
static bool is_from(const struct held_digest *d, const char *value)
{
	struct error unfit = ERROR_INIT;
	struct address_list list = { 0 };
	struct sink_count nowhere;

	sink_count_init(&nowhere, NULL, &unfit);
	if (!value || !*value ||
	    header_write_field(&nowhere.sink, "From", value) < 0 ||
	    address_parse_list(d->arena, value, &list, &unfit) < 0)
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (list.items[i].needs_smtputf8 && !d->has_8bit_header)
			return false;
	return list.count > 0;
}

/* From of the newest mail; if that cannot be used, the sender's address or
 * ours. */
static const char *find_from(const struct held_digest *d)
{
	const char *from = d->mails[d->count - 1].from;

	if (is_from(d, from))
		return from;
	if (is_from(d, d->like->reverse_path))
		return d->like->reverse_path;
	if (is_from(d, d->account->from))
		return d->account->from;
	return arena_format(d->arena, "mailsend <%s@%s>", sysenv_user(),
			    sysenv_domain());
}

static int add_header(struct held_digest *d, struct header *h, struct error *f)
{
	struct buf subject = BUF_INIT(SUBJECT_MAX);
	struct arena *a = d->arena;
	char date[DATE_SIZE];
	int rc;

	d->has_8bit_header = d->like->sender_needs_smtputf8;
	for (size_t i = 0; i < d->like->count; i++)
		d->has_8bit_header |= d->like->recipients[i].needs_smtputf8;
	date_format(date, sysenv_now(), sysenv_zone(sysenv_now()));
	d->message_id = msgid_make(a, NULL);
	held_text_subject(d, &subject);
	rc = header_add(a, h, "Date", date, f);
	rc |= header_add(a, h, "From", find_from(d), f);
	rc |= header_add(a, h, "To", find_to(d), f);
	rc |= header_add(a, h, "Subject", subject.data, f);
	rc |= header_add(a, h, "Message-ID", d->message_id, f);
	rc |= header_add(a, h, "Auto-Submitted", "auto-generated", f);
	buf_free(&subject);
	return rc;
}

/* ---- the parts ---- */

struct tree {
	struct message message;
	struct part root, words, digest;
	struct stage text;
};

static struct part *add_part(struct part *to, struct part *p)
{
	struct part **end = &to->children;

	while (*end)
		end = &(*end)->next;
	*end = p;
	return p;
}

static struct slice content_of(const struct held_digest *d,
			       const struct held_mail *m)
{
	struct slice s = stage_slice(&d->content);

	s.offset += m->offset;
	s.length = m->length;
	return s;
}

/* Appends without walking the list for each mail. */
static void add_mails(const struct held_digest *d, struct tree *t)
{
	struct part **plain = &t->digest.children;
	struct part *others = NULL, **other = &others;

	for (size_t i = 0; i < d->count; i++) {
		const struct held_mail *m = &d->mails[i];
		struct slice content = content_of(d, m);
		struct part *p = arena_alloc(d->arena, sizeof(*p));

		header_init(&p->extra);
		p->type = m->is_plain ? "message/rfc822"
				      : "application/octet-stream";
		message_add_piece(d->arena, p, &content);
		if (m->is_plain) {
			*plain = p;
			plain = &p->next;
			continue;
		}
		p->disposition = "attachment";
		p->filename = arena_format(d->arena, "mail-%zu.eml", i + 1);
		*other = p;
		other = &p->next;
	}
	if (t->digest.children)
		add_part(&t->root, &t->digest);
	if (others)
		add_part(&t->root, others);
}

static int build(struct held_digest *d, struct tree *t, struct error *f)
{
	struct slice text;

	header_init(&t->message.header);
	header_init(&t->root.extra);
	header_init(&t->words.extra);
	header_init(&t->digest.extra);
	t->message.root = &t->root;
	t->root.kind = t->digest.kind = PART_MULTIPART;
	t->root.type = "multipart/mixed";
	t->digest.type = "multipart/digest";
	t->words.type = "text/plain";
	t->words.is_body = true;
	stage_init(&t->text, d->folders, "the words of a digest", f);
	if (sink_close(&d->content.sink) < 0 ||
	    add_header(d, &t->message.header, f) < 0 ||
	    held_text_write(d, &t->text.sink) < 0 ||
	    sink_close(&t->text.sink) < 0)
		return -1;
	text = stage_slice(&t->text);
	message_add_piece(d->arena, &t->words, &text);
	add_part(&t->root, &t->words);
	add_mails(d, t);
	return header_add(d->arena, &t->words.extra, "Content-Description",
			  "Summary", f);
}

int held_digest_write(struct held_digest *d, struct sink *to, struct error *f)
{
	struct tree t = { .text = { .fd = -1 } };
	int rc = build(d, &t, f);

	if (rc == 0)
		rc = message_prepare(d->arena, &t.message, false, f);
	if (rc == 0) {
		message_write(&t.message, to);
		rc = sink_close(to);
	}
	stage_free(&t.text);
	return rc;
}
