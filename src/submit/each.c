/* each.c - see each.h. */
#include "submit/each.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/text.h"
#include "compose/input.h"
#include "flow/digest.h"
#include "mail/charset.h"

#define NAME_ROOM   256 /* series_ops */
#define SUBJECT_MAX 65536
#define STEM_DIGITS 20 /* of the key, in the Message-ID */

/* ---- each file ---- */

/* The name for the receiver: UTF-8, on one line. */
static const char *shown_name(struct arena *a, const char *path)
{
	const char *name = charset_to_utf8(a, disk_basename(path), NULL);
	char *shown = arena_dup(a, name);

	for (char *p = shown; *p; p++)
		if ((unsigned char)*p < 32 || *p == 127)
			*p = '_';
	return shown;
}

static bool reads_standard(const struct request *r)
{
	for (const struct attachment *x = r->attachments; x; x = x->next)
		if (input_is_standard(x->path))
			return true;
	return input_is_standard(r->body_path) ||
	       input_is_standard(r->html_path) ||
	       input_is_standard(r->include_path);
}

static int check_files(const struct series_options *o, struct error *f)
{
	for (size_t i = 0; i < o->count; i++)
		if (access(o->files[i], R_OK) < 0)
			return error_errno(f, ERROR_NOINPUT, errno,
					   "cannot read %s", o->files[i]);
	return 0;
}

int each_open(struct each *e, struct error *f)
{
	struct input *in;

	e->inputs = (struct inputs){ .arena = e->arena,
				     .spool = e->spool,
				     .dot_ends = e->request->dot_ends_input };
	if (check_files(e->options, f) < 0)
		return -1;
	if (!reads_standard(e->request))
		return 0;
	in = input_open(&e->inputs, "-", f);
	if (!in || input_slice(&e->inputs, in, true, &e->text, f) < 0)
		return -1;
	e->has_text = true;
	return 0;
}

void each_close(struct each *e)
{
	inputs_free(&e->inputs);
}

static const char *fill_subject(const struct each *e, unsigned n,
				struct arena *a, struct error *f)
{
	const struct series_options *o = e->options;
	const struct text_word words[] = {
		{ "name", shown_name(a, o->files[n - 1]) },
		{ "n", arena_format(a, "%u", n) },
		{ "of", arena_format(a, "%zu", o->count) },
		{ NULL, NULL },
	};
	struct buf out = BUF_INIT(SUBJECT_MAX);
	const char *done;

	text_fill(&out, e->request->subject, words);
	if (out.overflow)
		error_set(f, ERROR_USAGE, "the subject is too long");
	done = arena_dup(a, out.data);
	buf_free(&out);
	return done;
}

int each_make(void *context, unsigned n, struct arena *a,
	      struct composition *out, char *name, struct error *f)
{
	const struct each *e = context;
	const char *path = e->options->files[n - 1];
	struct request *r = request_copy(a, e->request);

	snprintf(name, NAME_ROOM, "%s", path);
	request_attach(a, r, path)->name = shown_name(a, path);
	if (e->id)
		r->message_id_left = arena_format(a, "%s.%u", e->id, n);
	if (r->subject)
		r->subject = fill_subject(e, n, a, f);
	composition_init(out, a, r, e->account, e->spool);
	out->inputs.standard = e->has_text ? &e->text : NULL;
	if (error_is_set(f) || composition_build(out, f) < 0)
		return -1;
	return composition_render(out, true, f);
}

/* ---- ready messages ---- */

int batch_open(struct batch *b, struct error *f)
{
	const struct series_options *o = b->options;

	for (size_t i = 0; i < o->count; i++)
		if (mailbox_is_url(o->files[i]))
			return error_set(f, ERROR_USAGE,
					 "%s is on a server: fetch it with "
					 "mailget first, then send the "
					 "directory",
					 o->files[i]);
	b->boxes = arena_array(b->arena, o->count, sizeof(*b->boxes));
	for (size_t i = 0; i < o->count; i++) {
		if (mailbox_open(&b->boxes[i], b->arena, o->files[i], NULL,
				 b->spool, f) < 0) {
			batch_close(b);
			return -1;
		}
		b->count++;
		b->total += (unsigned)b->boxes[i].count;
	}
	return 0;
}

void batch_close(struct batch *b)
{
	while (b->count)
		mailbox_abandon(&b->boxes[--b->count]);
}

/* Finds its mailbox; *n becomes the number within it. */
static struct mailbox *find_box(const struct batch *b, unsigned *n)
{
	struct mailbox *m = b->boxes;

	while (*n > m->count)
		*n -= (unsigned)m++->count;
	return m;
}

static int read_message(struct mailbox *m, unsigned n, struct stage *stage,
			struct error *f)
{
	if (mailbox_read(m, n, &stage->sink, f) < 0)
		return -1;
	return sink_close(&stage->sink);
}

int batch_make(void *context, unsigned n, struct arena *a,
	       struct composition *out, char *name, struct error *f)
{
	const struct batch *b = context;
	const char *key = b->id ? batch_key(context, n, a) : NULL;
	struct mailbox *m = find_box(b, &n);
	struct request *r = request_copy(a, b->request);
	struct slice *content = arena_alloc(a, sizeof(*content));

	snprintf(name, NAME_ROOM, "%s:%u", m->name, n);
	r->recipients_from_header = request_recipients(r) == 0;
	r->reverse_path_from_header = !r->has_envelope_from;
	if (key)
		r->message_id_left =
			arena_format(a, "%s.%.*s", b->id, STEM_DIGITS, key);
	composition_init(out, a, r, b->account, b->spool);
	out->owned = arena_alloc(a, sizeof(*out->owned));
	stage_init(out->owned, b->spool, "the message", f);
	if (read_message(m, n, out->owned, f) < 0)
		return -1;
	*content = stage_slice(out->owned);
	out->is_draft = true;
	out->draft_content = content;
	if (composition_build(out, f) < 0)
		return -1;
	return composition_render(out, true, f);
}

/* By what does not change when mail arrives in the mailbox; a message that
 * occurs twice has two keys. */
const char *batch_key(void *context, unsigned n, struct arena *a)
{
	const struct batch *b = context;
	struct mailbox *m = find_box(b, &n);
	struct error unread = ERROR_INIT;
	const char *id = mailbox_id(m, n, &unread);
	char *key = arena_alloc(a, DIGEST_HEX_SIZE);
	const char *text = id ? arena_format(a, "%s\n%s", m->name, id)
			      : arena_format(a, "%s\n\n%u", m->name, n);

	if (digest_text(text, strlen(text), key, &unread) < 0)
		return arena_format(a, "%u", n);
	return key;
}
