/* split_frame.c - the text and fields around a slice.
 *
 * A text for people says how to join the file with standard tools.  The label
 * (mail/fragment_label.h) is for mailjoin; it is written three times, since
 * gateways remove fields and mail readers save only some of them.
 *
 * A shar part appends its slice to the file, which the first part creates;
 * nothing else.
 *
 * A uuencoded part has to be 7bit, or its size would depend on its content: so
 * our text in it is ASCII, and a text of the user that is not becomes a part of
 * its own before it. */
#include "submit/split_frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/words.h"
#include "mail/fragment_label.h"

#define TEXT_MAX      65536 /* octets of words around a slice */
#define COMMENT_MAX   65536 /* of the person's text as a shell's comments */
#define PLAIN_LONGEST 900   /* octets of a line in the midst of ours */
#define DIGITS_LEAST  3

struct frame {
	const struct split *split;
	const struct split_piece *piece;
	struct arena *arena;
	struct composition *out;
	const char *label; /* the value of X-Mailsend-Part */
	struct error *error;
};

int split_digits(unsigned of)
{
	int n = 1;

	while (of >= 10)
		of /= 10, n++;
	return n > DIGITS_LEAST ? n : DIGITS_LEAST;
}

/* ---- words ---- */

static const char *take(struct frame *fr, struct buf *text)
{
	const char *copy = arena_dup(fr->arena, text->data);

	if (text->overflow && !error_is_set(fr->error))
		error_set(fr->error, ERROR_USAGE,
			  "the name of %.100s is too long for a mail that "
			  "tells how to put it together",
			  fr->piece->set->name);
	buf_free(text);
	return copy;
}

/* A word of the shell, whatever is in it. */
static void put_word(struct buf *out, const char *text)
{
	bool is_plain = *text && *text != '-' && *text != '~';

	for (const char *p = text; *p; p++)
		is_plain =
			is_plain &&
			((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			 (*p >= '0' && *p <= '9') || strchr("._-+,@%=:", *p));
	if (is_plain) {
		buf_puts(out, text);
		return;
	}
	if (*text == '-')
		buf_puts(out, "./");
	buf_putc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	buf_putc(out, '\'');
}

static const char *slice_name(struct frame *fr)
{
	const struct split_piece *p = fr->piece;

	return arena_format(fr->arena, "%s.%0*u", p->set->name,
			    split_digits(p->of), p->n);
}

/* For all formats that a person may have to read. */
static void put_which(struct buf *t, const struct split_piece *p,
		      const char *name)
{
	buf_printf(t, "This is part %u of %u of %s", p->n, p->of, name);
	buf_printf(t, ", which has %" PRIu64 " octets.\n", p->total);
}

static void put_check(struct buf *t, const struct split_piece *p)
{
	buf_printf(t, "    printf '%%s  %%s\\n' %s ", p->set->digest);
	put_word(t, p->set->name);
	buf_puts(t, " | sha256sum -c");
}

/* In the text it is folded as in a header, with an empty line behind it. */
static void put_label(struct frame *fr, struct buf *t)
{
	struct sink_buf into;

	sink_buf_init(&into, t, fr->error);
	header_write_encoded(&into.sink, FRAGMENT_LABEL_FIELD, fr->label);
	buf_puts(t, "\n");
}

static const char *parts_text(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct buf t = BUF_INIT(TEXT_MAX);

	put_which(&t, p, p->set->name);
	buf_puts(&t, "Save the attachments of all parts in one "
		     "directory; then this joins them\nand verifies "
		     "the result:\n\n    cat ");
	put_word(&t, p->set->name);
	buf_putc(&t, '.');
	for (int i = 0; i < split_digits(p->of); i++)
		buf_putc(&t, '?');
	buf_puts(&t, " > ");
	put_word(&t, p->set->name);
	buf_putc(&t, '\n');
	put_check(&t, p);
	buf_puts(&t, "\n\nThe program mailjoin does all of this, "
		     "from files or from a mailbox.\n\n");
	put_label(fr, &t);
	return take(fr, &t);
}

/* As it stands in the line "begin". */
static const char *plain_name(struct frame *fr)
{
	struct buf name = BUF_INIT(TEXT_MAX);

	words_put_fallback(&name, fr->piece->set->name);
	return take(fr, &name);
}

static const char *uuencode_text(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct buf t = BUF_INIT(TEXT_MAX);

	put_which(&t, p, plain_name(fr));
	buf_puts(&t, "Save all parts in order in one file, without "
		     "the text around the uuencoded\nlines, and run "
		     "uudecode on it; uudeview and mailjoin accept "
		     "the mails unchanged.\n\n");
	put_label(fr, &t);
	return take(fr, &t);
}

static const char *shar_head(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct buf t = BUF_INIT(TEXT_MAX), name = BUF_INIT(TEXT_MAX);

	put_word(&name, p->set->name);
	buf_puts(&t, "#!/bin/sh\n# ");
	put_which(&t, p, p->set->name);
	buf_puts(&t, "# This is a shell archive: run sh on the "
		     "parts in their order, or unshar -E 'exit 0'.\n");
	buf_printf(&t, "# " FRAGMENT_LABEL_FIELD ": %s\n", fr->label);
	if (p->n == 1)
		buf_printf(&t,
			   "if test -e %s; then\n"
			   "\techo %s is here already: move it away >&2\n"
			   "\texit 1\nfi\n",
			   name.data, name.data);
	else
		buf_printf(&t,
			   "if test \"$(wc -c < %s | tr -d ' ')\" != "
			   "%" PRIu64 "; then\n"
			   "\techo part %u comes before this one >&2\n"
			   "\texit 1\nfi\n",
			   name.data, p->offset, p->n - 1);
	buf_printf(&t, "uudecode -o /dev/stdout << 'SHAR_EOF' %s %s\n",
		   p->n == 1 ? ">" : ">>", name.data);
	buf_free(&name);
	return take(fr, &t);
}

static const char *shar_tail(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct buf t = BUF_INIT(TEXT_MAX);

	buf_puts(&t, "SHAR_EOF\n");
	if (p->n == p->of) {
		buf_printf(&t, "chmod %03o ",
			   p->set->mode ? p->set->mode & 0777 : 0644);
		put_word(&t, p->set->name);
		buf_printf(&t, "\nif command -v sha256sum > /dev/null; then\n");
		put_check(&t, p);
		buf_puts(&t, " || exit 1\nfi\n");
	}
	buf_puts(&t, "exit 0\n");
	return take(fr, &t);
}

/* ---- the header ---- */

static const char *subject(struct frame *fr, const char *own)
{
	const struct split_piece *p = fr->piece;
	const char *name = p->set->name, *gap = own && *own ? " " : "";

	if (!own)
		own = "";
	switch (fr->split->format) {
	case SPLIT_UUENCODE:
		return arena_format(fr->arena, "%s%s%s (%u/%u)", own,
				    *gap ? " - " : "", name, p->n, p->of);
	case SPLIT_PARTIAL:
		return arena_format(fr->arena, "%s%s[%u/%u]", own, gap, p->n,
				    p->of);
	case SPLIT_PARTS:
	case SPLIT_SHAR:
		break;
	}
	return arena_format(fr->arena, "%s%s[%u/%u] %s", own, gap, p->n, p->of,
			    name);
}

/* Of one part of the set: the same each time that it is made. */
static const char *message_id(struct frame *fr, unsigned n)
{
	const char *at = fr->split->whole->message_id
				 ? strrchr(fr->split->whole->message_id, '@')
				 : NULL;

	return arena_format(fr->arena, "<%s.%u%s", fr->piece->set->id, n,
			    at ? at : "@localhost>");
}

static bool is_replaced(const char *name)
{
	static const char *const names[] = { "Subject",
					     "Message-ID",
					     "MIME-Version",
					     "Content-Type",
					     "Content-Transfer-Encoding",
					     "Content-Disposition",
					     NULL };

	return ascii_is_among(name, names);
}

static int add(struct frame *fr, const char *name, const char *value)
{
	return header_add(fr->arena, &fr->out->message.header, name, value,
			  fr->error);
}

static int make_header(struct frame *fr)
{
	const struct header *h = composition_header(fr->split->whole);

	header_init(&fr->out->message.header);
	for (const struct field *x = h->first; x; x = x->next)
		if (!is_replaced(x->name) && add(fr, x->name, x->value) < 0)
			return -1;
	fr->out->message_id = message_id(fr, fr->piece->n);
	if (add(fr, "Subject", subject(fr, header_get(h, "Subject"))) < 0 ||
	    add(fr, "Message-ID", fr->out->message_id) < 0)
		return -1;
	if (fr->piece->n > 1 && add(fr, "References", message_id(fr, 1)) < 0)
		return -1;
	return fr->split->format == SPLIT_PARTIAL
		       ? 0
		       : add(fr, FRAGMENT_LABEL_FIELD, fr->label);
}

static const char *make_label(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct buf text = BUF_INIT(TEXT_MAX);
	struct fragment_label label = {
		.n = p->n,
		.of = p->of,
		.offset = p->offset,
		.size = p->content.length ? p->content.length : p->total,
		.total = p->total,
	};

	snprintf(label.name, sizeof(label.name), "%s", p->set->name);
	snprintf(label.set, sizeof(label.set), "%s", p->set->id);
	snprintf(label.sha256, sizeof(label.sha256), "%s", p->digest);
	snprintf(label.file_sha256, sizeof(label.file_sha256), "%s",
		 p->set->digest);
	fragment_label_write(&text, &label);
	return take(fr, &text);
}

/* ---- the body ---- */

static void add_words(struct frame *fr, struct part *p, const char *text)
{
	struct slice words = slice_of_memory(text, strlen(text));

	message_add_piece(fr->arena, p, &words);
}

static struct part *new_part(struct frame *fr, enum part_kind kind,
			     const char *type)
{
	struct part *p = arena_alloc(fr->arena, sizeof(*p));

	p->kind = kind;
	p->type = type;
	header_init(&p->extra);
	return p;
}

static struct part *new_text(struct frame *fr)
{
	struct part *p = new_part(fr, PART_LEAF, "text/plain");

	p->is_body = true;
	return p;
}

/* Of the whole's tree only what is told once is taken, and message_prepare
 * changes what it is given: hence copies. */
static struct part *copy(struct frame *fr, const struct part *p,
			 const struct part *end)
{
	struct part *first = NULL, **last = &first;

	for (; p && p != end; p = p->next) {
		struct part *x = arena_alloc(fr->arena, sizeof(*x));

		*x = *p;
		x->next = NULL;
		x->children = copy(fr, p->children, NULL);
		x->is_prepared = false;
		x->encoding = p->is_prepared ? p->requested : p->encoding;
		*last = x;
		last = &x->next;
	}
	return first;
}

/* Files that stand in a text have mails of their own. */
static void drop_uuencoded(struct frame *fr, struct part *p)
{
	struct piece *all = p->pieces;

	p->pieces = NULL;
	for (; all; all = all->next)
		if (!all->uuencode)
			message_add_piece(fr->arena, p, &all->content);
}

static bool has_text(const struct frame *fr)
{
	return fr->piece->set->has_text && fr->piece->n == 1 &&
	       fr->split->whole->body;
}

/* multipart/mixed: what the person wrote, how to go on, the slice. */
static void make_parts(struct frame *fr)
{
	const struct composition *whole = fr->split->whole;
	struct part *root = new_part(fr, PART_MULTIPART, "multipart/mixed");
	struct part *text = new_text(fr), *file, **last = &root->children;

	add_words(fr, text, parts_text(fr));
	file = new_part(fr, PART_LEAF, "application/octet-stream");
	message_add_piece(fr->arena, file, &fr->piece->content);
	file->encoding = ENCODING_BASE64;
	file->disposition = "attachment";
	file->filename = slice_name(fr);
	header_add(fr->arena, &file->extra, FRAGMENT_LABEL_FIELD, fr->label,
		   fr->error);
	if (has_text(fr))
		*last = copy(fr, whole->body, whole->files);
	while (*last)
		last = &(*last)->next;
	*last = text;
	text->next = file;
	fr->out->message.root = root;
}

/* What the person wrote, where it is text that stays as it is. */
static const struct part *plain_text(struct frame *fr)
{
	const struct part *body = fr->split->whole->body;
	struct content_scan s;

	if (body->kind != PART_LEAF || !ascii_equal(body->type, "text/plain") ||
	    (body->next && body->next != fr->split->whole->files))
		return NULL;
	content_scan_init(&s, NULL, fr->error);
	for (const struct piece *x = body->pieces; x; x = x->next)
		if (!x->uuencode && pump_slice(&x->content, &s.sink) < 0)
			return NULL;
	sink_close(&s.sink);
	return s.high || s.nuls || s.bare_cr || s.longest > PLAIN_LONGEST ||
			       s.size > COMMENT_MAX / 4
		       ? NULL
		       : body;
}

/* Before the part that the format is about, or alone. */
static void put_before(struct frame *fr, struct part *format)
{
	const struct composition *whole = fr->split->whole;
	struct part *root, **last;

	fr->out->message.root = format;
	if (!has_text(fr) || plain_text(fr))
		return;
	root = new_part(fr, PART_MULTIPART, "multipart/mixed");
	last = &root->children;
	*last = copy(fr, whole->body, whole->files);
	for (struct part *p = *last; p; p = p->next)
		drop_uuencoded(fr, p);
	while (*last)
		last = &(*last)->next;
	*last = format;
	fr->out->message.root = root;
}

static void add_own_text(struct frame *fr, struct part *to)
{
	const struct part *body = has_text(fr) ? plain_text(fr) : NULL;

	for (const struct piece *x = body ? body->pieces : NULL; x; x = x->next)
		if (!x->uuencode)
			message_add_piece(fr->arena, to, &x->content);
}

static void make_uuencode(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct part *text = new_text(fr);
	struct piece *uu;

	add_own_text(fr, text);
	add_words(fr, text, uuencode_text(fr));
	uu = message_add_piece(fr->arena, text, &p->content);
	uu->uuencode = true;
	uu->has_earlier = p->n > 1;
	uu->has_later = p->n < p->of;
	uu->name = p->set->name;
	uu->mode = p->set->mode;
	put_before(fr, text);
}

/* As comments: the body is a script from its first line. */
static int comment(struct frame *fr, struct part *to)
{
	struct part own = { .kind = PART_LEAF };
	struct buf text = BUF_INIT(COMMENT_MAX), out = BUF_INIT(COMMENT_MAX);
	struct sink_buf into;
	int r = 0;

	add_own_text(fr, &own);
	sink_buf_init(&into, &text, fr->error);
	for (struct piece *x = own.pieces; x && r == 0; x = x->next)
		r = pump_slice(&x->content, &into.sink);
	for (const char *line = text.data; r == 0 && *line;) {
		size_t n = strcspn(line, "\r\n");

		buf_puts(&out, "# ");
		buf_put(&out, line, n);
		buf_putc(&out, '\n');
		line += n;
		line += strspn(line, "\r");
		line += *line == '\n';
	}
	if (r == 0 && out.len)
		add_words(fr, to, take(fr, &out));
	buf_free(&text);
	buf_free(&out);
	return r;
}

static void make_shar(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	struct part *text = new_text(fr);
	struct piece *uu;

	add_words(fr, text, shar_head(fr));
	comment(fr, text);
	uu = message_add_piece(fr->arena, text, &p->content);
	uu->uuencode = true;
	uu->name = p->set->name;
	uu->mode = p->set->mode;
	add_words(fr, text, shar_tail(fr));
	put_before(fr, text);
}

/* The total stands in the last alone: munpack knows no better. */
static void make_partial(struct frame *fr)
{
	const struct split_piece *p = fr->piece;
	const char *id = message_id(fr, 0);
	const char *type =
		arena_format(fr->arena,
			     "message/partial; id=\"%.*s\"; number=%u",
			     (int)strlen(id) - 2, id + 1, p->n);
	struct part *root;

	if (p->n == p->of)
		type = arena_format(fr->arena, "%s; total=%u", type, p->of);
	root = new_part(fr, PART_LEAF, type);
	root->encoding = ENCODING_7BIT;
	message_add_piece(fr->arena, root, &p->content);
	fr->out->message.root = root;
}

static void copy_envelope(struct frame *fr)
{
	const struct envelope *from = &fr->split->whole->envelope;
	struct envelope *to = &fr->out->envelope;

	*to = *from;
	to->recipients =
		arena_array(fr->arena, from->count, sizeof(*to->recipients));
	for (size_t i = 0; i < from->count; i++)
		to->recipients[i] = from->recipients[i];
}

int split_frame(const struct split *s, const struct split_piece *p,
		struct arena *a, struct composition *out, struct error *f)
{
	const struct composition *whole = s->whole;
	struct frame fr = {
		.split = s, .piece = p, .arena = a, .out = out, .error = f
	};

	*out = (struct composition){
		.arena = a,
		.request = whole->request,
		.account = whole->account,
		.inputs = { .arena = a, .spool = whole->inputs.spool },
		.resolver = whole->resolver,
		.recipients = whole->recipients,
		.has_8bit_header = whole->has_8bit_header,
	};
	/* a part that is made again is the same */
	snprintf(out->message.tag, sizeof(out->message.tag), "%.*s",
		 MESSAGE_TAG_SIZE - 1, p->set->id);
	copy_envelope(&fr);
	fr.label = make_label(&fr);
	if (make_header(&fr) < 0)
		return -1;
	switch (s->format) {
	case SPLIT_PARTS:
		make_parts(&fr);
		break;
	case SPLIT_UUENCODE:
		make_uuencode(&fr);
		break;
	case SPLIT_SHAR:
		make_shar(&fr);
		break;
	case SPLIT_PARTIAL:
		make_partial(&fr);
		break;
	}
	return error_is_set(f) ? -1 : 0;
}
