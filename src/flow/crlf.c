/* crlf.c - any line ends in, CRLF out.
 *
 * A CR is held back until the octet after it is known, since that may come
 * with the next put.  Output is gathered, so that short lines do not cost two
 * calls each. */
#include "flow/crlf.h"

#include <string.h>

struct crlf_room {
	struct crlf *s;
	size_t filled;
	char data[4096];
};

static void room_flush(struct crlf_room *r)
{
	/* A failure sticks in the chain's error. */
	sink_put(r->s->sink.next, r->data, r->filled);
	r->filled = 0;
}

static void room_put(struct crlf_room *r, const char *data, size_t n)
{
	if (r->filled + n > sizeof(r->data))
		room_flush(r);
	if (n > sizeof(r->data)) {
		sink_put(r->s->sink.next, data, n);
		return;
	}
	memcpy(r->data + r->filled, data, n);
	r->filled += n;
}

static void crlf_end_line(struct crlf_room *r)
{
	room_put(r, "\r\n", 2);
	r->s->in_line = false;
}

/* The CR held back has no LF after it. */
static void crlf_bare_cr(struct crlf_room *r)
{
	r->s->cr = false;
	if (r->s->bare_cr_ends_line) {
		crlf_end_line(r);
	} else {
		room_put(r, "\r", 1);
		r->s->in_line = true;
	}
}

static const char *crlf_find(const char *p, const char *end)
{
	while (p < end && *p != '\r' && *p != '\n')
		p++;
	return p;
}

static int crlf_put(struct sink *sink, const void *data, size_t n)
{
	struct crlf *s = (struct crlf *)sink;
	const char *p = data, *end = p + n;
	struct crlf_room r;

	r.s = s;
	r.filled = 0;
	while (p < end) {
		const char *stop = crlf_find(p, end);

		if (s->cr && (stop > p || *p == '\r'))
			crlf_bare_cr(&r);
		if (stop > p) {
			room_put(&r, p, (size_t)(stop - p));
			s->in_line = true;
		}
		if (stop == end)
			break;
		if (*stop == '\n') {
			s->cr = false;
			crlf_end_line(&r);
		} else {
			s->cr = true;
		}
		p = stop + 1;
	}
	room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static int crlf_close(struct sink *sink)
{
	struct crlf *s = (struct crlf *)sink;
	struct crlf_room r;

	r.s = s;
	r.filled = 0;
	if (s->cr)
		crlf_bare_cr(&r);
	if (s->final_newline && s->in_line)
		crlf_end_line(&r);
	room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops crlf_ops = { .put = crlf_put,
					  .close = crlf_close };

void crlf_init(struct crlf *s, struct sink *next, bool bare_cr_ends_line,
	       bool final_newline)
{
	*s = (struct crlf){
		.sink = { .ops = &crlf_ops,
			  .next = next,
			  .error = next->error },
		.bare_cr_ends_line = bare_cr_ends_line,
		.final_newline = final_newline,
	};
}

/* And back.  Runs between CRs go on whole. */

static int lf_put(struct sink *sink, const void *data, size_t n)
{
	struct lf *s = (struct lf *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *cr;

		if (s->cr) {
			s->cr = false;
			if (*p != '\n' && sink_put(sink->next, "\r", 1) < 0)
				return -1;
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		if (sink_put(sink->next, p, (size_t)((cr ? cr : end) - p)) < 0)
			return -1;
		s->cr = cr != NULL;
		p = cr ? cr + 1 : end;
	}
	return 0;
}

static int lf_close(struct sink *sink)
{
	struct lf *s = (struct lf *)sink;

	return s->cr ? sink_put(sink->next, "\r", 1) : 0;
}

static const struct sink_ops lf_ops = { .put = lf_put, .close = lf_close };

void lf_init(struct lf *s, struct sink *next)
{
	*s = (struct lf){
		.sink = { .ops = &lf_ops, .next = next, .error = next->error },
	};
}
