/* tree.c - the shape of a message.
 *
 *	mixed( related( alternative( text, html ), inline... ), attachment... )
 *
 * and of these only what is there: a lone part stands alone. */
#include "compose/tree.h"

#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "mail/cid_links.h"
#include "mail/filetype.h"

static int open_one(struct composition *c, const char *path, struct input **out,
		    struct error *f)
{
	if (!path)
		return 0;
	*out = input_open(&c->inputs, path, f);
	return *out ? 0 : -1;
}

int tree_open(struct composition *c, struct tree_files *o, struct error *f)
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

struct part *tree_leaf(struct composition *c, const char *type,
		       const struct slice *content)
{
	struct part *p = arena_alloc(c->arena, sizeof(*p));

	p->kind = PART_LEAF;
	p->type = type;
	message_add_piece(c->arena, p, content);
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

static const char *attachment_name(const struct attachment *a)
{
	if (a->name)
		return a->name;
	return input_is_standard(a->path) ? "stdin" : disk_basename(a->path);
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
	enum encoding requested = c->request->encoding;
	const char *name = attachment_name(a);
	/* Anything but base64 is chosen by a look at the bytes. */
	bool copy = requested != ENCODING_AUTO && requested != ENCODING_BASE64;
	struct slice content;
	struct part *p;

	if (input_slice(&c->inputs, in, copy, &content, f) < 0 ||
	    compress(c, in, &content, &name, f) < 0)
		return NULL;
	p = tree_leaf(c,
		      a->type ? a->type : filetype_of(c->arena, name, &content),
		      &content);
	input_watch(in, &p->pieces->content);
	p->encoding = requested;
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
			 const struct tree_files *o, struct error *f)
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
		p = message_add_piece(c->arena, body, &content);
		input_watch(in, &p->content);
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
	message_add_piece(c->arena, p, &content);
	return 0;
}

/* The text, after what is included before it; NULL when an HTML is all there
 * is. */
static int read_text(struct composition *c, const struct tree_files *o,
		     struct part **text, struct error *f)
{
	const struct request *r = c->request;
	struct slice content = slice_of_memory("", 0);
	struct part *p =
		tree_leaf(c, r->body_type ? r->body_type : "text/plain",
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
static int read_bodies(struct composition *c, const struct tree_files *o,
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
	*html = tree_leaf(c, "text/html", &content);
	(*html)->is_body = true;
	return 0;
}

static int add_attachments(struct composition *c, const struct tree_files *o,
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

int tree_build(struct composition *c, const struct tree_files *o,
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

/* What was chosen for what was there. */
static void reopen(struct part *p)
{
	if (!p->is_prepared || p->is_body)
		return;
	p->encoding = p->requested;
	p->charset = NULL;
	p->is_prepared = false;
}

int tree_copy_changed(struct composition *c, struct part *root, struct error *f)
{
	bool is_any = false;

	for (struct part *p = root; p; p = p->next) {
		int r = tree_copy_changed(c, p->children, f);

		for (struct piece *x = p->pieces; x && r >= 0; x = x->next) {
			r = inputs_copy_changed(&c->inputs, &x->content, f);
			if (r > 0)
				reopen(p);
			is_any |= r > 0;
		}
		if (r < 0)
			return -1;
		is_any |= r > 0;
	}
	return is_any;
}

int tree_attach(struct composition *c, const struct tree_files *o,
		struct part *text, struct error *f)
{
	if (add_attachments(c, o, false, &text, f) < 0)
		return -1;
	c->message.root = gather(c, "multipart/mixed", text);
	return 0;
}
