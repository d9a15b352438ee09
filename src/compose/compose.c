/* compose.c - a message of our own, or a draft.
 *
 * All files are opened first, then the header and envelope are settled, and
 * only then is standard input read: what can fail without it fails before it.
 */
#include "compose/compose.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "codec/base64.h"
#include "compose/heading.h"
#include "compose/pseudo_header.h"
#include "compose/tree.h"
#include "flow/progress.h"
#include "mail/filetype.h"
#include "mail/parameter.h"
#include "mail/rawfield.h"

#define PREAMBLE_MAX 4096 /* octets that may stand above a header */
#define CHARSET_MAX  256  /* octets of its name, whatever they say */

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
	if (r->boundary_tag)
		snprintf(c->message.tag, sizeof(c->message.tag), "%s",
			 r->boundary_tag);
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

/* ---- a draft ---- */

static int open_draft(struct composition *c, struct slice *content,
		      struct error *f)
{
	struct input *in = input_open(&c->inputs, c->request->draft_path, f);
	bool is_one = c->request->is_from_program;

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
	text = tree_leaf(c, "text/plain", &body);
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
static int attach_to_draft(struct composition *c, const struct tree_files *o,
			   struct error *f)
{
	struct part *text = text_of_draft(c, f);

	if (!text || tree_attach(c, o, text, f) < 0)
		return -1;
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

	if (c->request->is_from_program)
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
	const bool is_mutts = c->request->draft_is_from_mutt;
	struct tree_files o = { 0 };
	struct slice content;

	if (!is_mutts && tree_open(c, &o, f) < 0)
		return -1;
	if (c->draft_content)
		content = *c->draft_content;
	else if (open_draft(c, &content, f) < 0)
		return -1;
	if (skip_preamble(c, &content, f) < 0 ||
	    draft_read(c->arena, &content, &c->draft, f) < 0)
		return -1;
	if (!is_mutts && !c->request->is_from_program &&
	    pseudo_header_refuse(c, f) < 0)
		return -1;
	/* its own words may name files, too */
	if (is_mutts &&
	    (pseudo_header_take(c, f) < 0 || tree_open(c, &o, f) < 0))
		return -1;
	c->draft.keeps_bcc = !c->account->remove_bcc_headers;
	if (heading_of_draft(c, f) < 0)
		return -1;
	return c->request->attachments ? attach_to_draft(c, &o, f) : 0;
}

/* ---- building and rendering ---- */

int composition_build(struct composition *c, struct error *f)
{
	struct tree_files o = { 0 };
	int r;

	if (c->is_draft)
		return build_draft(c, f);
	if (tree_open(c, &o, f) < 0 || heading_of_message(c, f) < 0)
		return -1;
	r = tree_build(c, &o, f);
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

/* A copy of what was sent is one of these very bytes; and what is printed is
 * all of it or nothing. */
static bool reads_files_later(const struct composition *c)
{
	return !c->copies_files && !c->copies &&
	       c->request->action != REQUEST_PRINT;
}

/* After a failure: 1 when it was of a file that had changed, and is read from a
 * copy from now on; then the error is none.  Each file can do that once. */
static int copy_changed(struct composition *c, struct error *f)
{
	struct error trouble = ERROR_INIT;
	int r = c->is_draft ? 0
			    : tree_copy_changed(c, c->message.root, &trouble);

	if (r < 0)
		*f = trouble;
	if (r > 0)
		error_clear(f);
	return r;
}

static int render(struct composition *c, bool accept_8bit, struct error *f)
{
	if (c->has_stage)
		stage_free(&c->stage);
	c->has_stage = true;
	c->is_rendered = false;
	stage_init(&c->stage, c->inputs.spool, "the message", f);
	c->stage.refers = reads_files_later(c);
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

int composition_render(struct composition *c, bool accept_8bit, struct error *f)
{
	if (c->is_draft && !accept_8bit && draft_check_7bit(&c->draft, f) < 0)
		return -1;
	c->accepts_8bit = accept_8bit;
	while (render(c, accept_8bit, f) < 0)
		if (copy_changed(c, f) <= 0)
			return -1;
	return 0;
}

int composition_renew(struct composition *c, struct error *f)
{
	int r = copy_changed(c, f);

	if (r <= 0)
		return r;
	return composition_render(c, c->accepts_8bit, f) < 0 ? -1 : 1;
}

int composition_check(struct composition *c, struct error *f)
{
	struct slice message = stage_slice(&c->stage);
	struct sink_count count;

	if (!message.segments)
		return 0;
	sink_count_init(&count, NULL, f);
	while (pump_slice(&message, &count.sink) < 0) {
		if (composition_renew(c, f) <= 0)
			return -1;
		message = stage_slice(&c->stage);
	}
	return 0;
}
