/* compose.c - the shape of a message.
 *
 *	mixed( related( alternative( text, html ), inline... ), attachment... )
 *
 * and of these only what is there: a lone part stands alone.  All files are
 * opened first, then the header and envelope are settled, and only then is
 * standard input read: what can fail without it fails before it. */
#include "compose/compose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "codec/base64.h"
#include "compose/heading.h"
#include "compose/pseudo_header.h"
#include "flow/progress.h"
#include "mail/cid_links.h"
#include "mail/filetype.h"
#include "mail/parameter.h"
#include "mail/rawfield.h"

#define PREAMBLE_MAX 4096 /* octets that may stand above a header */
#define CHARSET_MAX  256  /* octets of its name, whatever they say */

/* The files of a request between opening and reading. */
struct opened {
	struct input *include, *body, *html; /* NULL: not there */
	struct input **attachments;	     /* in the request's order */
};

void composition_init(struct composition *c, struct arena *a,
		      const struct request *r, const struct account *account,
		      const char *const *spool)
{
	*c = (struct composition){
		.arena = a,
		.request = r,
		.account = account,
		.inputs = { .arena = a,
			    .spool = spool,
			    .dot_ends = r->dot_ends_input,
			    .has_comments = r->draft_has_comments },
		.is_draft = r->draft_path != NULL,
	};
	header_init(&c->message.header);
	if (r->series.tag)
		snprintf(c->message.tag, sizeof(c->message.tag), "%s",
			 r->series.tag);
	if (account)
		resolver_init(&c->resolver, a, account, r->skip_aliases);
	c->resolver.nicknames = &r->nicknames;
}

void composition_free(struct composition *c)
{
	if (c->has_stage)
		stage_free(&c->stage);
	if (c->owned)
		stage_free(c->owned);
	c->owned = NULL;
	inputs_free(&c->inputs);
	c->has_stage = c->is_rendered = false;
}

static int open_one(struct composition *c, const char *path, struct input **out,
		    struct error *f)
{
	if (!path)
		return 0;
	*out = input_open(&c->inputs, path, f);
	return *out ? 0 : -1;
}

static int open_all(struct composition *c, struct opened *o, struct error *f)
{
	const struct request *r = c->request;
	size_t n = 0;

	for (struct attachment *a = r->attachments; a; a = a->next)
		n++;
	o->attachments = arena_array(c->arena, n, sizeof(struct input *));
	n = 0;
	for (struct attachment *a = r->attachments; a; a = a->next) {
		o->attachments[n] = input_open(&c->inputs, a->path, f);
		if (!o->attachments[n++])
			return -1;
	}
	if (open_one(c, r->html_path, &o->html, f) < 0 ||
	    open_one(c, r->include_path, &o->include, f) < 0)
		return -1;
	return open_one(c, r->body_path, &o->body, f);
}

static struct piece *add_piece(struct composition *c, struct part *p,
			       const struct slice *content)
{
	struct piece **end = &p->pieces;

	while (*end)
		end = &(*end)->next;
	*end = arena_alloc(c->arena, sizeof(**end));
	(*end)->content = *content;
	return *end;
}

static struct part *new_leaf(struct composition *c, const char *type,
			     const struct slice *content)
{
	struct part *p = arena_alloc(c->arena, sizeof(*p));

	p->kind = PART_LEAF;
	p->type = type;
	add_piece(c, p, content);
	header_init(&p->extra);
	return p;
}

static bool is_empty(const struct part *leaf)
{
	for (const struct piece *x = leaf->pieces; x; x = x->next)
		if (x->content.length)
			return false;
	return true;
}

/* `first` and all its siblings under one roof; one alone needs none. */
static struct part *gather(struct composition *c, const char *type,
			   struct part *first)
{
	struct part *p;

	if (!first || !first->next)
		return first;
	p = arena_alloc(c->arena, sizeof(*p));
	p->kind = PART_MULTIPART;
	p->type = type;
	p->children = first;
	header_init(&p->extra);
	return p;
}

/* One, or a list of them. */
static void append(struct part **list, struct part *p)
{
	while (*list)
		list = &(*list)->next;
	*list = p;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *attachment_name(const struct attachment *a)
{
	if (a->name)
		return a->name;
	return input_is_standard(a->path) ? "stdin" : base_name(a->path);
}

/* What is compressed says so by its name. */
static int compress(struct composition *c, struct input *in,
		    struct slice *content, const char **name, struct error *f)
{
	enum compression method = c->request->compression;
	int r;

	if (method == COMPRESSION_NONE)
		return 0;
	r = input_compress(&c->inputs, in, method, content, f);
	if (r > 0)
		*name = arena_format(c->arena, "%s%s", *name,
				     compression_suffix(method));
	return r < 0 ? -1 : 0;
}

/* The part of a Message-ID behind its '@'. */
static const char *id_domain(const struct composition *c)
{
	const char *at = c->message_id ? strrchr(c->message_id, '@') : NULL;
	size_t n = at ? strcspn(at + 1, ">") : 0;

	return n ? arena_dup_n(c->arena, at + 1, n) : sysenv_domain();
}

static const char *link_name(const struct attachment *a)
{
	return a->content_id ? a->content_id : attachment_name(a);
}

static const char *content_id(const struct composition *c,
			      const struct attachment *a)
{
	return cid_of(c->arena, link_name(a), id_domain(c));
}

/* What the links of an HTML text may name. */
static const struct cid_name *cid_names(const struct composition *c)
{
	struct cid_name *first = NULL;

	for (struct attachment *a = c->request->attachments; a; a = a->next) {
		struct cid_name *one;

		if (!a->is_inline)
			continue;
		one = arena_alloc(c->arena, sizeof(*one));
		one->name = link_name(a);
		one->id = content_id(c, a);
		one->next = first;
		first = one;
	}
	return first;
}

static struct part *attachment_part(struct composition *c,
				    const struct attachment *a,
				    struct input *in, struct error *f)
{
	enum encoding wish = c->request->encoding;
	const char *name = attachment_name(a);
	/* Anything but base64 is chosen by a look at the bytes. */
	bool copy = wish != ENCODING_AUTO && wish != ENCODING_BASE64;
	struct slice content;
	struct part *p;

	if (input_slice(&c->inputs, in, copy, &content, f) < 0 ||
	    compress(c, in, &content, &name, f) < 0)
		return NULL;
	p = new_leaf(c,
		     a->type ? a->type : filetype_of(c->arena, name, &content),
		     &content);
	p->encoding = wish;
	p->disposition = a->is_inline ? "inline" : "attachment";
	p->filename = name;
	p->has_size = true;
	if (a->description &&
	    header_add(c->arena, &p->extra, "Content-Description",
		       a->description, f) < 0)
		return NULL;
	if (a->is_inline)
		p->content_id = content_id(c, a);
	return p;
}

/* The old hands' form: the files stand in the text itself. */
static int uuencode_into(struct composition *c, struct part *body,
			 const struct opened *o, struct error *f)
{
	size_t n = 0;

	for (struct attachment *a = c->request->attachments; a; a = a->next) {
		struct input *in = o->attachments[n++];
		const char *name = attachment_name(a);
		struct slice content;
		struct piece *p;

		if (input_slice(&c->inputs, in, false, &content, f) < 0 ||
		    compress(c, in, &content, &name, f) < 0)
			return -1;
		p = add_piece(c, body, &content);
		p->uuencode = true;
		p->name = name;
		p->mode = input_mode(in);
	}
	return 0;
}

/* What is no text (by its type) stays as it is. */
static int read_piece(struct composition *c, struct part *p, struct input *in,
		      struct error *f)
{
	struct slice content;
	int r = 0;

	if (input_slice(&c->inputs, in, true, &content, f) < 0)
		return -1;
	if (p->is_body)
		r = input_text(&c->inputs, in, c->request->body_charset,
			       &content, f);
	if (r < 0)
		return -1;
	if (r > 0 && p->charset)
		p->charset = "utf-8";
	add_piece(c, p, &content);
	return 0;
}

/* The text, after what is included before it; NULL when an HTML is all there
 * is. */
static int read_text(struct composition *c, const struct opened *o,
		     struct part **text, struct error *f)
{
	const struct request *r = c->request;
	struct slice content = slice_of_memory("", 0);
	struct part *p = new_leaf(c, r->body_type ? r->body_type : "text/plain",
				  &content);

	p->is_body = ascii_begins(p->type, "text/");
	p->charset = r->body_charset;
	if ((o->include && read_piece(c, p, o->include, f) < 0) ||
	    (o->body && read_piece(c, p, o->body, f) < 0))
		return -1;
	if (!is_empty(p) || !o->html || r->encoding == ENCODING_UUENCODE)
		*text = p;
	return 0;
}

/* What is read by a person: text, HTML, or both. */
static int read_bodies(struct composition *c, const struct opened *o,
		       struct part **text, struct part **html, struct error *f)
{
	struct slice content;

	if (read_text(c, o, text, f) < 0)
		return -1;
	if (!o->html)
		return 0;
	if (input_slice(&c->inputs, o->html, true, &content, f) < 0)
		return -1;
	if (input_html(&c->inputs, o->html, cid_names(c), &content, f) < 0)
		return -1;
	*html = new_leaf(c, "text/html", &content);
	(*html)->is_body = true;
	return 0;
}

static int add_attachments(struct composition *c, const struct opened *o,
			   bool inlines, struct part **list, struct error *f)
{
	size_t n = 0;

	for (struct attachment *a = c->request->attachments; a; a = a->next) {
		struct input *in = o->attachments[n++];
		struct part *p;

		if (a->is_inline != inlines)
			continue;
		p = attachment_part(c, a, in, f);
		if (!p)
			return -1;
		append(list, p);
	}
	return 0;
}

static int build_tree(struct composition *c, const struct opened *o,
		      struct error *f)
{
	const struct request *r = c->request;
	struct part *text = NULL, *html = NULL, *list = NULL;

	if (read_bodies(c, o, &text, &html, f) < 0)
		return -1;
	c->is_empty =
		r->skip_empty && !html && !r->attachments && is_empty(text);
	if (text && r->encoding == ENCODING_UUENCODE) {
		c->message.root = c->body = text;
		return uuencode_into(c, text, o, f);
	}
	if (text)
		append(&list, text);
	if (html)
		append(&list, html);
	list = gather(c, "multipart/alternative", list);
	if (html && add_attachments(c, o, true, &list, f) < 0)
		return -1;
	list = gather(c, "multipart/related", list);
	if (!html && add_attachments(c, o, true, &list, f) < 0)
		return -1;
	if (add_attachments(c, o, false, &c->files, f) < 0)
		return -1;
	/* An empty text before attachments says nothing: leave it out. */
	if (list == text && text && (text->next || c->files) && is_empty(text))
		list = text->next;
	c->body = list;
	append(&list, c->files);
	c->message.root = gather(c, "multipart/mixed", list);
	return 0;
}

static int open_draft(struct composition *c, struct slice *content,
		      struct error *f)
{
	struct input *in = input_open(&c->inputs, c->request->draft_path, f);
	bool is_one = c->request->is_handed_over;

	if (!in)
		return -1;
	if ((is_one ? input_slice(&c->inputs, in, true, content, f)
		    : input_message(&c->inputs, in, content, f)) < 0 ||
	    input_drop_mark(&c->inputs, in, content, f) < 0)
		return -1;
	c->is_from_mbox = input_is_mbox(in);
	return 0;
}

/* The text of a draft that has no parts yet, so that it can get some. */
static struct part *text_of_draft(struct composition *c, struct error *f)
{
	const struct header *h = &c->draft.header;
	const char *type = header_get(h, "Content-Type");
	const char *encoding = header_get(h, "Content-Transfer-Encoding");
	struct slice body = c->draft.content;
	struct buf charset = BUF_INIT(CHARSET_MAX);
	struct part *text;

	if (c->draft.dkim) {
		error_set(f, ERROR_DATA,
			  "the draft is signed (DKIM-Signature), and files "
			  "that are attached would break the signature: attach "
			  "them before it is signed");
		return NULL;
	}
	if ((type && !ascii_begins(type, "text/")) ||
	    (encoding && encoding_parse(encoding) != ENCODING_7BIT &&
	     encoding_parse(encoding) != ENCODING_8BIT)) {
		error_set(f, ERROR_DATA,
			  "the draft has MIME parts or an encoding of its own: "
			  "let the program that made it attach files, or give "
			  "it as plain text");
		return NULL;
	}
	if (body.memory)
		body.memory += c->draft.body;
	else
		body.offset += c->draft.body;
	body.length -= c->draft.body;
	text = new_leaf(c, "text/plain", &body);
	text->is_body = true;
	if (type) {
		text->type = arena_dup_n(c->arena, type, parameter_main(type));
		if (parameter_get(&charset, type, "charset"))
			text->charset = arena_dup(c->arena, charset.data);
	}
	buf_free(&charset);
	return text;
}

/* From here on it is a message of ours, with the draft's header. */
static int attach_to_draft(struct composition *c, const struct opened *o,
			   struct error *f)
{
	struct part *list = text_of_draft(c, f);

	if (!list || add_attachments(c, o, false, &list, f) < 0)
		return -1;
	c->message.root = gather(c, "multipart/mixed", list);
	c->message.header = c->draft.header;
	c->message.keeps_bcc = c->draft.keeps_bcc;
	header_remove(&c->message.header, "MIME-Version");
	header_remove(&c->message.header, "Content-Type");
	header_remove(&c->message.header, "Content-Transfer-Encoding");
	header_remove(&c->message.header, "Content-Disposition");
	c->is_draft = false;
	filetype_forget();
	return 0;
}

/* A BOM, empty lines and mbox lines above a header are none of it.  What
 * another program hands over begins where it begins. */
static int skip_preamble(const struct composition *c, struct slice *content,
			 struct error *f)
{
	char start[PREAMBLE_MAX];
	struct source from;
	ssize_t n;
	size_t above;

	if (c->request->is_handed_over)
		return 0;
	source_of_slice(&from, content);
	n = source_read(&from, start, sizeof(start), f);
	if (n < 0)
		return -1;
	above = rawfield_preamble(start, (size_t)n);
	content->offset += above;
	content->length -= above;
	return 0;
}

static int build_draft(struct composition *c, struct error *f)
{
	const bool is_mutts = c->request->draft_is_mutts;
	struct opened o = { 0 };
	struct slice content;

	if (!is_mutts && open_all(c, &o, f) < 0)
		return -1;
	if (c->draft_content)
		content = *c->draft_content;
	else if (open_draft(c, &content, f) < 0)
		return -1;
	if (skip_preamble(c, &content, f) < 0 ||
	    draft_read(c->arena, &content, &c->draft, f) < 0)
		return -1;
	/* its own words may name files, too */
	if (is_mutts &&
	    (pseudo_header_take(c, f) < 0 || open_all(c, &o, f) < 0))
		return -1;
	c->draft.keeps_bcc = !c->account->remove_bcc_headers;
	if (heading_of_draft(c, f) < 0)
		return -1;
	return c->request->attachments ? attach_to_draft(c, &o, f) : 0;
}

int composition_build(struct composition *c, struct error *f)
{
	struct opened o = { 0 };
	int r;

	if (c->is_draft)
		return build_draft(c, f);
	if (open_all(c, &o, f) < 0 || heading_of_message(c, f) < 0)
		return -1;
	r = build_tree(c, &o, f);
	filetype_forget();
	return r;
}

static bool has_8bit_part(const struct part *p)
{
	for (; p; p = p->next)
		if (p->kind == PART_MULTIPART ? has_8bit_part(p->children)
					      : p->encoding == ENCODING_8BIT)
			return true;
	return false;
}

/* About how large it will be, for who waits. */
static uint64_t expected_size(const struct part *p)
{
	uint64_t size = 0;

	for (; p; p = p->next) {
		size += expected_size(p->children);
		for (const struct piece *x = p->pieces; x; x = x->next)
			size += p->encoding == ENCODING_BASE64
					? base64_encoded_size(x->content.length)
					: x->content.length;
	}
	return size;
}

static uint64_t content_size(const struct part *p)
{
	uint64_t size = 0;

	for (; p; p = p->next) {
		size += content_size(p->children);
		for (const struct piece *x = p->pieces; x; x = x->next)
			size += x->content.length;
	}
	return size;
}

uint64_t composition_least(const struct composition *c)
{
	return c->is_draft ? c->draft.content.length
			   : content_size(c->message.root);
}

/* As an address of RFC 6532 has, or a field that is signed. */
static bool header_has_high(const struct stage *stage, struct error *f)
{
	const struct slice message = stage_slice(stage);
	char name[RAWFIELD_NAME_MAX + 1];

	return rawfield_find_high(&message, name, f);
}

/* Into the stage, past a person who may be waiting. */
static int write_all(struct composition *c, bool accept_8bit)
{
	struct progress p;

	progress_sink(&p, &c->stage.sink, "composing",
		      c->is_draft ? c->draft.content.length
				  : expected_size(c->message.root));
	if ((c->is_draft ? draft_write(&c->draft, accept_8bit, &p.sink)
			 : message_write(&c->message, &p.sink)) < 0)
		return -1;
	progress_end(&p);
	return sink_close(&c->stage.sink);
}

bool composition_is_fixed_8bit(const struct composition *c)
{
	return c->is_draft && c->draft.fixed_8bit;
}

int composition_render(struct composition *c, bool accept_8bit, struct error *f)
{
	if (c->is_draft && !accept_8bit && draft_check_7bit(&c->draft, f) < 0)
		return -1;
	if (c->has_stage)
		stage_free(&c->stage);
	c->has_stage = true;
	c->is_rendered = false;
	stage_init(&c->stage, c->inputs.spool, "the message", f);
	if (c->is_draft)
		c->has_8bit = c->draft.has_8bit && accept_8bit;
	else if (message_prepare(c->arena, &c->message, accept_8bit, f) < 0)
		return -1;
	else
		c->has_8bit = has_8bit_part(c->message.root);
	if (write_all(c, accept_8bit) < 0)
		return -1;
	if (c->is_draft)
		c->has_8bit_header = header_has_high(&c->stage, f);
	c->is_rendered = true;
	return error_is_set(f) ? -1 : 0;
}
