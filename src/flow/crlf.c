/* crlf.c - any line ends in, CRLF out.
 *
 * A CR is held back until the octet after it is known, since that may come
 * with the next put. */
#include "flow/crlf.h"

#include <string.h>

#include "base/block.h"

static void crlf_end_line(struct crlf *s, struct sink_room *r)
{
	sink_room_put(r, "\r\n", 2);
	s->in_line = false;
}

/* The CR held back has no LF after it. */
static void crlf_bare_cr(struct crlf *s, struct sink_room *r)
{
	s->cr = false;
	if (s->bare_cr_ends_line) {
		crlf_end_line(s, r);
	} else {
		sink_room_put(r, "\r", 1);
		s->in_line = true;
	}
}

static const char *crlf_find(const char *p, const char *end)
{
	for (; end - p >= BLOCK; p += BLOCK) {
		struct block b = block_load(p);
		size_t n = block_first(
			block_or(block_equal(b, '\r'), block_equal(b, '\n')));

		if (n < BLOCK)
			return p + n;
	}
	while (p < end && *p != '\r' && *p != '\n')
		p++;
	return p;
}

static int crlf_put(struct sink *sink, const void *data, size_t n)
{
	struct crlf *s = (struct crlf *)sink;
	const char *p = data, *end = p + n;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	while (p < end) {
		const char *stop = crlf_find(p, end);

		if (s->cr && (stop > p || *p == '\r'))
			crlf_bare_cr(s, &r);
		if (stop > p) {
			sink_room_put(&r, p, (size_t)(stop - p));
			s->in_line = true;
		}
		if (stop == end)
			break;
		if (*stop == '\n') {
			s->cr = false;
			crlf_end_line(s, &r);
		} else {
			s->cr = true;
		}
		p = stop + 1;
	}
	sink_room_flush(&r);
	return error_is_set(sink->error) ? -1 : 0;
}

static int crlf_close(struct sink *sink)
{
	struct crlf *s = (struct crlf *)sink;
	struct sink_room r;

	sink_room_init(&r, sink->next);
	if (s->cr)
		crlf_bare_cr(s, &r);
	if (s->final_newline && s->in_line)
		crlf_end_line(s, &r);
	sink_room_flush(&r);
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
