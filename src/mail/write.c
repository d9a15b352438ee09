/* write.c - writes a prepared message.
 *
 *	leaf:       content -> [crlf] -> [base64 | qp | scan] -> to
 *	uuencoded:  content -> uu     -> [qp | scan]          -> to
 *
 * Content that becomes base64 unchanged is passed on as a slice if `to`
 * supports that, and encoded when it is sent.
 *
 * Unencoded content is scanned again while it is written, since a file may have
 * changed after its encoding was chosen.
 *
 * The CRLF before a boundary belongs to the boundary (RFC 2046 5.1.1), so a
 * leaf without a final line end is decoded without one. */
#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "codec/base64_slice.h"
#include "codec/qp.h"
#include "codec/uu.h"
#include "codec/words.h"
#include "flow/content_scan.h"
#include "flow/crlf.h"
#include "mail/message.h"
#include "mail/parameter.h"

#define VALUE_MAX	65536
#define LINE_MAX_OCTETS 998
#define FILE_MODE	0644
#define FILE_NAME_SHORT 60

static uint64_t content_size(const struct part *p)
{
	uint64_t size = 0;

	for (const struct piece *x = p->pieces; x; x = x->next)
		size += x->content.length;
	return size;
}

/* The field for which the buffer was filled. */
static int put_field(struct sink *to, const char *name, struct buf *value)
{
	if (value->overflow)
		return error_set(to->error, ERROR_DATA,
				 "the header field %s of a part is over %d "
				 "octets; use shorter file names",
				 name, VALUE_MAX);
	return header_write_encoded(to, name, value->data);
}

/* RFC 2387 3.1: the type of the root part of a multipart/related. */
static void put_related_type(struct buf *out, const struct part *p)
{
	const char *type = p->children->type;
	struct buf root = BUF_INIT(VALUE_MAX);

	if (!ascii_begins(p->type, "multipart/related") ||
	    parameter_has(p->type, "type"))
		return;
	buf_put(&root, type, parameter_main(type));
	words_put_parameter(out, "type", root.data);
	buf_free(&root);
}

/* A name gets quotes even if it needs none: some readers take a semicolon after
 * it for a part of it, or "%41" for RFC 2231. */
static void put_file_name(struct buf *out, const char *name, const char *value)
{
	size_t n = 0;

	while (value[n] > 32 && value[n] < 127 &&
	       !strchr("()<>@,;:\\\"/[]?=", value[n]))
		n++;
	if (n && !value[n] && n <= FILE_NAME_SHORT)
		buf_printf(out, "; %s=\"%s\"", name, value);
	else
		words_put_parameter(out, name, value);
}

/* For readers that do not support RFC 2231 or Content-Disposition. */
static void put_name(struct buf *out, const struct part *p)
{
	struct buf plain = BUF_INIT(VALUE_MAX);

	if (p->filename && !parameter_has(p->type, "name")) {
		words_put_fallback(&plain, p->filename);
		put_file_name(out, "name", plain.data);
	}
	buf_free(&plain);
}

static int write_type(const struct part *p, struct sink *to)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	int rc;

	buf_puts(&out, p->type);
	if (p->kind == PART_MULTIPART) {
		put_related_type(&out, p);
		buf_printf(&out, "; boundary=\"%s\"", p->boundary);
	} else {
		if (p->charset && !parameter_has(p->type, "charset"))
			words_put_parameter(&out, "charset", p->charset);
		put_name(&out, p);
	}
	rc = put_field(to, "Content-Type", &out);
	buf_free(&out);
	return rc;
}

static int write_disposition(const struct part *p, struct sink *to)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	int rc;

	if (!p->disposition)
		return 0;
	buf_puts(&out, p->disposition);
	if (p->filename)
		put_file_name(&out, "filename", p->filename);
	if (p->has_size)
		buf_printf(&out, "; size=%" PRIu64, content_size(p));
	rc = put_field(to, "Content-Disposition", &out);
	buf_free(&out);
	return rc;
}

/* Characters that are invalid in a msg-id become '_' (RFC 5322 3.6.4). */
static int write_content_id(const struct part *p, struct sink *to)
{
	struct buf out = BUF_INIT(VALUE_MAX);
	int rc;

	if (!p->content_id)
		return 0;
	buf_putc(&out, '<');
	words_put_fallback(&out, p->content_id);
	for (size_t i = 1; i < out.len; i++)
		if (strchr(" \t<>()[]\\,;:\"", out.data[i]))
			out.data[i] = '_';
	buf_putc(&out, '>');
	rc = put_field(to, "Content-ID", &out);
	buf_free(&out);
	return rc;
}

/* RFC 2045 6.4: whatever contains an 8bit part is 8bit. */
static enum encoding encoding_of(const struct part *p)
{
	if (p->kind == PART_LEAF)
		return p->encoding;
	for (const struct part *x = p->children; x; x = x->next)
		if (encoding_of(x) == ENCODING_8BIT)
			return ENCODING_8BIT;
	return ENCODING_7BIT;
}

static int write_part_header(const struct part *p, struct sink *to)
{
	enum encoding encoding = encoding_of(p);

	write_type(p, to);
	if (p->kind == PART_LEAF || encoding == ENCODING_8BIT)
		sink_printf(to, "Content-Transfer-Encoding: %s\r\n",
			    encoding_name(encoding));
	write_disposition(p, to);
	write_content_id(p, to);
	header_write(to, &p->extra);
	return sink_puts(to, "\r\n");
}

/* Are its line ends converted to CRLF? */
static bool goes_by_lines(const struct part *p)
{
	if (p->encoding == ENCODING_QUOTED_PRINTABLE)
		return !p->binary_qp;
	return p->is_body || p->encoding != ENCODING_BASE64;
}

static int write_piece(const struct part *p, const struct piece *x,
		       struct sink *to)
{
	struct crlf lines;
	struct uu uu;

	if (x->uuencode) {
		uu_init(&uu, to, x->name, x->mode ? x->mode : FILE_MODE,
			!x->has_earlier, !x->has_later);
		pump_slice(&x->content, &uu.sink);
		return sink_close(&uu.sink);
	}
	if (!goes_by_lines(p))
		return pump_slice(&x->content, to);
	crlf_init(&lines, to, false,
		  p->is_body || (x->next && x->next->uuencode));
	pump_slice(&x->content, &lines.sink);
	return sink_close(&lines.sink);
}

static int write_pieces(const struct part *p, struct sink *to)
{
	for (const struct piece *x = p->pieces; x; x = x->next)
		write_piece(p, x, to);
	return sink_close(to);
}

static int check_unencoded(const struct part *p, const struct content_scan *s,
			   struct sink *to)
{
	if (!s->nuls && !s->bare_cr && !s->bare_lf &&
	    s->longest <= LINE_MAX_OCTETS &&
	    (!s->high || p->encoding == ENCODING_8BIT))
		return 0;
	error_set(to->error, ERROR_IO,
		  "%s changed while it was read; send a copy that is not being "
		  "written to",
		  p->filename ? p->filename : p->pieces->content.name);
	to->error->temporary = true;
	return -1;
}

static int write_base64(const struct part *p, struct sink *to)
{
	const struct piece *x = p->pieces;
	struct base64 base64;
	int r = 0;

	if (x && !x->next && !x->uuencode && !goes_by_lines(p))
		r = sink_refer(to, &x->content, &base64_encoder);
	if (r)
		return r < 0 ? -1 : 0;
	base64_init(&base64, to);
	return write_pieces(p, &base64.sink);
}

static int write_content(const struct part *p, struct sink *to)
{
	struct content_scan scan;
	struct qp qp;

	switch (p->encoding) {
	case ENCODING_BASE64:
		return write_base64(p, to);
	case ENCODING_QUOTED_PRINTABLE:
		qp_init(&qp, to, p->binary_qp);
		return write_pieces(p, &qp.sink);
	case ENCODING_7BIT:
	case ENCODING_8BIT:
		content_scan_init(&scan, to, to->error);
		if (write_pieces(p, &scan.sink) < 0)
			return -1;
		return check_unencoded(p, &scan, to);
	case ENCODING_AUTO:
	case ENCODING_UUENCODE:
		break;
	}
	return error_set(to->error, ERROR_SOFTWARE,
			 "a part is written before it was prepared");
}

/* Base64 ends its last line itself, where line ends do not matter. */
static bool ends_its_line(const struct part *p)
{
	return p->kind == PART_MULTIPART ||
	       (p->encoding == ENCODING_BASE64 && content_size(p) > 0);
}

static int write_part(const struct part *p, struct sink *to)
{
	write_part_header(p, to);
	if (p->kind == PART_LEAF)
		return write_content(p, to);
	for (const struct part *x = p->children; x; x = x->next) {
		sink_printf(to, "--%s\r\n", p->boundary);
		if (write_part(x, to) < 0)
			return -1;
		if (!ends_its_line(x))
			sink_puts(to, "\r\n");
	}
	return sink_printf(to, "--%s--\r\n", p->boundary);
}

int message_write(const struct message *m, struct sink *to)
{
	for (const struct field *x = m->header.first; x; x = x->next)
		if ((!header_is_bcc(x->name) || m->keeps_bcc) &&
		    !ascii_equal(x->name, "MIME-Version"))
			header_write_field(to, x->name, x->value);
	sink_puts(to, "MIME-Version: 1.0\r\n");
	return write_part(m->root, to);
}
