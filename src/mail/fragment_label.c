/* fragment_label.c - a structured field with parameters, "v=1" its main value.
 *
 * In a text the field may have been folded by us, with white space at the start
 * of a line, or wrapped in transit, without it; so both are tried, up to the
 * empty line. */
#include "mail/fragment_label.h"

#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/words.h"
#include "mail/parameter.h"

#define VERSION "v=1"
#define LINE_MAX                                                               \
	2000 /* octets of a line in a text; longer ones are no label           \
	      */

int fragment_label_write(struct buf *out, const struct fragment_label *l)
{
	buf_printf(out,
		   VERSION "; set=%s; n=%u; of=%u; offset=%" PRIu64
			   "; size=%" PRIu64 "; total=%" PRIu64
			   "; sha256=%s; file-sha256=%s",
		   l->set, l->n, l->of, l->offset, l->size, l->total, l->sha256,
		   l->file_sha256);
	return words_put_parameter(out, "name", l->name);
}

/* ---- reading ---- */

static bool read_number(const char *field, const char *name, uint64_t *out)
{
	struct buf text = BUF_INIT(20);
	bool ok = parameter_get(&text, field, name) && !text.overflow &&
		  text_number(text.data, INT64_MAX, out);

	if (!ok)
		*out = 0;
	buf_free(&text);
	return ok;
}

/* Exactly as many hex digits as `out` has room for. */
static bool read_hex(const char *field, const char *name, char *out,
		     size_t size)
{
	struct buf text = BUF_INIT(size - 1);
	bool ok = parameter_get(&text, field, name) && !text.overflow &&
		  text.len == size - 1;

	for (size_t i = 0; ok && i < text.len; i++)
		out[i] = ascii_lower(text.data[i]);
	out[ok ? size - 1 : 0] = '\0';
	ok = ok && text_is_hex(out, size - 1);
	buf_free(&text);
	return ok;
}

static void read_name(const char *field, char *out)
{
	struct buf text = BUF_INIT(FRAGMENT_VALUE_MAX);
	size_t n;

	parameter_get(&text, field, "name");
	n = strlen(text.data);
	if (n >= FRAGMENT_NAME_SIZE)
		n = text_cut(text.data, FRAGMENT_NAME_SIZE - 1);
	memcpy(out, text.data, n);
	out[n] = '\0';
	buf_free(&text);
}

bool fragment_label_read(struct fragment_label *l, const char *value)
{
	uint64_t n, of;

	*l = (struct fragment_label){ 0 };
	value += strspn(value, " \t");
	if (parameter_main(value) != strlen(VERSION) ||
	    !ascii_begins(value, VERSION))
		return false;
	if (!read_hex(value, "set", l->set, sizeof(l->set)) ||
	    !read_hex(value, "sha256", l->sha256, sizeof(l->sha256)) ||
	    !read_hex(value, "file-sha256", l->file_sha256,
		      sizeof(l->file_sha256)) ||
	    !read_number(value, "n", &n) || !read_number(value, "of", &of) ||
	    !read_number(value, "offset", &l->offset) ||
	    !read_number(value, "size", &l->size) ||
	    !read_number(value, "total", &l->total))
		return false;
	if (n < 1 || n > of || of > FRAGMENT_PARTS_MAX || l->size > l->total ||
	    l->offset > l->total - l->size)
		return false;
	l->n = (unsigned)n;
	l->of = (unsigned)of;
	read_name(value, l->name);
	return true;
}

/* ---- in a text ---- */

/* Folded lines certainly belong to the field; if it is incomplete, wrapped
 * lines may belong to it too. */
static void search_finish(struct fragment_label_search *s)
{
	struct buf *v = &s->value;
	struct fragment_label whole;

	s->in_value = false;
	if (s->folded < v->len && fragment_label_read(&whole, v->data)) {
		buf_truncate(v, s->folded);
		s->found = fragment_label_read(&s->label, v->data);
		if (!s->found || !*s->label.name)
			s->label = whole;
		s->found = true;
		return;
	}
	s->found = fragment_label_read(&s->label, v->data);
	if (!s->found && s->folded < v->len) {
		buf_truncate(v, s->folded);
		s->found = fragment_label_read(&s->label, v->data);
	}
}

static void search_append(struct fragment_label_search *s, const char *text)
{
	buf_putc(&s->value, ' ');
	buf_puts(&s->value, text);
	if (s->is_folded && !s->value.overflow)
		s->folded = s->value.len;
}

static void search_line(struct fragment_label_search *s)
{
	static const char field[] = FRAGMENT_LABEL_FIELD ":";
	size_t n = s->line.len;
	const char *text = s->line.data;

	while (n && strchr(" \t\r", text[n - 1]))
		n--;
	buf_truncate(&s->line, n);
	/* quoted in a reply, or a comment in a script */
	if (!s->in_value || *text == '>')
		text += strspn(text, ">#: \t");
	if (s->in_value && !*text) {
		search_finish(s);
	} else if (ascii_begins(text, field)) {
		if (s->in_value)
			search_finish(s);
		buf_reset(&s->value);
		s->in_value = s->is_folded = true;
		search_append(s, text + strlen(field));
	} else if (s->in_value) {
		s->is_folded = s->is_folded && text_is_blank(*text);
		search_append(s, text);
	}
	if (s->in_value && s->value.overflow)
		search_finish(s);
	buf_reset(&s->line);
}

static int search_put(struct sink *sink, const void *data, size_t n)
{
	struct fragment_label_search *s = (struct fragment_label_search *)sink;
	const char *p = data, *end = p + n;

	while (p < end && !s->found) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		buf_put(&s->line, p, (size_t)((lf ? lf : end) - p));
		if (!lf)
			break;
		if (s->line.overflow)
			buf_reset(&s->line); /* not an empty one */
		else
			search_line(s);
		p = lf + 1;
	}
	return 0;
}

static int search_close(struct sink *sink)
{
	struct fragment_label_search *s = (struct fragment_label_search *)sink;

	if (s->found)
		return 0;
	if (s->line.len && !s->line.overflow)
		search_line(s);
	if (s->in_value)
		search_finish(s);
	return 0;
}

static const struct sink_ops search_ops = { .put = search_put,
					    .close = search_close };

void fragment_label_search_init(struct fragment_label_search *s,
				struct error *f)
{
	*s = (struct fragment_label_search){
		.sink = { .ops = &search_ops, .error = f },
	};
	buf_init(&s->line, LINE_MAX);
	buf_init(&s->value, FRAGMENT_VALUE_MAX);
}

void fragment_label_search_free(struct fragment_label_search *s)
{
	buf_free(&s->line);
	buf_free(&s->value);
}
