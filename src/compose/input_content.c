/* input_content.c - what is made of a file before it goes into a message: the
 * one mail of an mbox, compressed data, text in UTF-8, HTML with its links.
 * Each is staged once, however often it is asked for. */
#include "compose/input_inside.h"

#include <stdlib.h>
#include <string.h>

#include "codec/to_utf8.h"
#include "flow/content_scan.h"
#include "flow/progress.h"
#include "mail/charset.h"
#include "store/mbox.h"

static bool begins_as_mbox(const struct slice *content, struct error *f)
{
	char start[MBOX_BEGIN_OCTETS];
	size_t n = slice_start(content, start, sizeof(start), f);

	return n > 0 && mbox_begins(start, n);
}

static int count_parts(void *context, const struct mbox_part *part,
		       struct error *f)
{
	struct mbox_part *first = context;

	if (first->length)
		return error_set(
			f, ERROR_DATA,
			"the mbox has more than one message; send each from a "
			"file of its own, or all of them with --batch");
	*first = *part;
	return 0;
}

int input_message(struct inputs *all, struct input *in, struct slice *out,
		  struct error *f)
{
	struct mbox_part part = { .length = 0 };
	struct mbox_message unwrap;

	if (input_slice(all, in, true, out, f) < 0)
		return -1;
	if (!begins_as_mbox(out, f))
		return error_is_set(f) ? -1 : 0;
	if (mbox_scan(out, count_parts, &part, NULL, f) < 0)
		return -1;
	in->is_unwrapped = true;
	stage_init(&in->message, all->spool, in->name, f);
	mbox_message_init(&unwrap, part.is_raw, &in->message.sink);
	if (pump_slice(out, &unwrap.sink) < 0 || sink_close(&unwrap.sink) < 0 ||
	    sink_close(&in->message.sink) < 0)
		return -1;
	*out = stage_slice(&in->message);
	return 0;
}

static int squeeze(struct input *in, enum compression method,
		   const struct slice *content, struct error *f)
{
	struct compress *c = memory_alloc(sizeof(*c));
	struct progress p;
	int r;

	progress_sink(&p, &in->squeezed.sink, "compressing", 0);
	r = compress_init(c, method, &p.sink, f);
	if (r == 0)
		r = pump_slice(content, &c->sink);
	if (r == 0)
		r = sink_close(&c->sink);
	compress_free(c);
	free(c);
	progress_end(&p);
	return r < 0 ? -1 : sink_close(&in->squeezed.sink);
}

int input_compress(struct inputs *all, struct input *in,
		   enum compression method, struct slice *out, struct error *f)
{
	struct source from;
	char start[16];
	ssize_t n;

	source_of_slice(&from, out);
	n = source_read(&from, start, sizeof(start), f);
	if (n < 0)
		return -1;
	if (compression_is_known(start, (size_t)n))
		return 0;
	if (!in->is_squeezed) {
		stage_init(&in->squeezed, all->spool, in->name, f);
		in->is_squeezed = true;
		if (squeeze(in, method, out, f) < 0 ||
		    input_take_stage(all, in, &in->squeezed, &in->compressed,
				     f) < 0)
			return -1;
	}
	*out = in->compressed;
	return 1;
}

/* content -> [to_utf8] -> [cid_links] -> stage */
static int convert(struct inputs *all, struct input *in, enum utf_form form,
		   const struct cid_name *names, const struct slice *content,
		   struct error *f)
{
	struct to_utf8 convert;
	struct cid_links links;
	struct sink *to = &in->text.sink;

	in->is_converted = true;
	stage_init(&in->text, all->spool, in->name, f);
	if (names) {
		cid_links_init(&links, to, names);
		to = &links.sink;
	}
	if (form != UTF_NONE) {
		to_utf8_init(&convert, to, form);
		to = &convert.sink;
	}
	if (pump_slice(content, to) < 0 || sink_close(to) < 0 ||
	    (names && form != UTF_NONE && sink_close(&links.sink) < 0))
		return -1;
	return sink_close(&in->text.sink);
}

int input_text(struct inputs *all, struct input *in, const char *told,
	       struct slice *out, struct error *f)
{
	struct content_scan s;
	enum utf_form form;

	if (content_scan_slice(&s, out, f) < 0)
		return -1;
	form = charset_form(told, out, &s, NULL);
	if (form == UTF_NONE)
		return 0;
	if (!in->is_converted && convert(all, in, form, NULL, out, f) < 0)
		return -1;
	*out = stage_slice(&in->text);
	return 1;
}

int input_html(struct inputs *all, struct input *in,
	       const struct cid_name *names, struct slice *out, struct error *f)
{
	struct content_scan s;
	enum utf_form form;

	if (content_scan_slice(&s, out, f) < 0)
		return -1;
	form = charset_form(NULL, out, &s, NULL);
	if (form == UTF_NONE && !names)
		return 0;
	if (!in->is_converted && convert(all, in, form, names, out, f) < 0)
		return -1;
	*out = stage_slice(&in->text);
	return 1;
}

int input_drop_mark(struct inputs *all, struct input *in, struct slice *out,
		    struct error *f)
{
	enum utf_form form = charset_mark(out);

	if (form == UTF_NONE)
		return 0;
	if (form == UTF_8) {
		out->offset += strlen(UTF_8_MARK);
		out->length -= strlen(UTF_8_MARK);
		return 0;
	}
	if (!in->is_converted && convert(all, in, form, NULL, out, f) < 0)
		return -1;
	*out = stage_slice(&in->text);
	return 0;
}

bool input_is_mbox(const struct input *in)
{
	return in->is_unwrapped;
}
