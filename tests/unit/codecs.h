/* codecs.h - openers of the codecs, for programs that run one at a time. */
#ifndef TESTS_CODECS_H
#define TESTS_CODECS_H

#include "codec/base64.h"
#include "codec/dot.h"
#include "codec/qp.h"
#include "codec/to_utf8.h"
#include "codec/uu.h"
#include "flow/content_scan.h"
#include "flow/crlf.h"

static union {
	struct base64 base64;
	struct unbase64 unbase64;
	struct qp qp;
	struct unqp unqp;
	struct uu uu;
	struct unuu unuu;
	struct dot dot;
	struct crlf crlf;
	struct lf lf;
	struct content_scan scan;
	struct to_utf8 to_utf8;
	struct lonedot lonedot;
	struct undot undot;
} room;

static inline struct sink *open_base64(struct sink *end)
{
	base64_init(&room.base64, end);
	return &room.base64.sink;
}

static inline struct sink *open_unbase64(struct sink *end)
{
	unbase64_init(&room.unbase64, end);
	return &room.unbase64.sink;
}

static inline struct sink *open_qp(struct sink *end)
{
	qp_init(&room.qp, end, false);
	return &room.qp.sink;
}

static inline struct sink *open_uu(struct sink *end)
{
	uu_init(&room.uu, end, "file.bin", 0644, true, true);
	return &room.uu.sink;
}

static inline struct sink *open_unuu(struct sink *end)
{
	unuu_init(&room.unuu, end, false, end->error);
	return &room.unuu.sink;
}

static inline struct sink *open_dot(struct sink *end)
{
	dot_init(&room.dot, end);
	return &room.dot.sink;
}

static inline struct sink *open_crlf(struct sink *end)
{
	crlf_init(&room.crlf, end, false, true);
	return &room.crlf.sink;
}

#endif
