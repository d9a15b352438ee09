/* compress.c - three libraries with the same interface: feed, then take output
 * until there is none. */
#include "codec/compress.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/library.h"

#include <stdlib.h>

#if __has_include(<zlib.h>)
#include <zlib.h>
#define HAVE_GZIP 1
#else
#define HAVE_GZIP 0
#endif
#if __has_include(<lzma.h>)
#include <lzma.h>
#define HAVE_XZ 1
#else
#define HAVE_XZ 0
#endif
#if __has_include(<zstd.h>)
#include <zstd.h>
#define HAVE_ZSTD 1
#else
#define HAVE_ZSTD 0
#endif

#define GZIP_WINDOW (15 + 16) /* the largest window, with a gzip header */
#define GZIP_MEMORY 8
#define GZIP_LEVEL  6
#define XZ_LEVEL    1 /* higher ones take 10 times the memory */
#define ZSTD_LEVEL  3

struct backend {
	const char *name, *suffix;
	struct library *library; /* NULL: not in this build */
	void *(*open)(void);
	/* Consumes what it can of *n octets at *in, and sets *n to the rest;
	 * *out is the length of the output.  1 at the end of the data, 0
	 * otherwise. */
	int (*step)(void *state, const char **in, size_t *n, bool is_last,
		    char *room, size_t size, size_t *out);
	void (*close)(void *state);
};

/* ---- gzip ---- */

#if HAVE_GZIP
static struct {
	int (*init)(z_stream *, int, int, int, int, int, const char *, int);
	int (*deflate)(z_stream *, int);
	int (*end)(z_stream *);
} zlib;

static const struct library_symbol zlib_symbols[] = {
	{ "deflateInit2_", &zlib.init },
	{ "deflate", &zlib.deflate },
	{ "deflateEnd", &zlib.end },
	{ NULL, NULL },
};
static struct library zlib_library = { .file = "libz.so.1",
				       .package = "zlib1g",
				       .symbols = zlib_symbols };

static void *gzip_open(void)
{
	z_stream *z = memory_alloc(sizeof(*z));

	memset(z, 0, sizeof(*z));
	if (zlib.init(z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
		      Z_DEFAULT_STRATEGY, ZLIB_VERSION,
		      (int)sizeof(*z)) == Z_OK)
		return z;
	free(z);
	return NULL;
}

static int gzip_step(void *state, const char **in, size_t *n, bool is_last,
		     char *room, size_t size, size_t *out)
{
	z_stream *z = state;
	uInt take = *n > 1 << 30 ? 1 << 30 : (uInt)*n;
	int r;

	z->next_in = (Bytef *)(uintptr_t)*in;
	z->avail_in = take;
	z->next_out = (Bytef *)room;
	z->avail_out = (uInt)size;
	r = zlib.deflate(z, is_last && take == *n ? Z_FINISH : Z_NO_FLUSH);
	*in += take - z->avail_in;
	*n -= take - z->avail_in;
	*out = size - z->avail_out;
	return r == Z_STREAM_END ? 1 : r == Z_OK || r == Z_BUF_ERROR ? 0 : -1;
}

static void gzip_close(void *state)
{
	zlib.end(state);
	free(state);
}

#define GZIP_BACKEND &zlib_library, gzip_open, gzip_step, gzip_close
#else
#define GZIP_BACKEND NULL, NULL, NULL, NULL
#endif

/* ---- xz ---- */

#if HAVE_XZ
static struct {
	lzma_ret (*init)(lzma_stream *, uint32_t, lzma_check);
	lzma_ret (*code)(lzma_stream *, lzma_action);
	void (*end)(lzma_stream *);
} lzma;

static const struct library_symbol lzma_symbols[] = {
	{ "lzma_easy_encoder", &lzma.init },
	{ "lzma_code", &lzma.code },
	{ "lzma_end", &lzma.end },
	{ NULL, NULL },
};
static struct library lzma_library = { .file = "liblzma.so.5",
				       .package = "liblzma5",
				       .symbols = lzma_symbols };

static void *xz_open(void)
{
	static const lzma_stream empty = LZMA_STREAM_INIT;
	lzma_stream *x = memory_alloc(sizeof(*x));

	*x = empty;
	if (lzma.init(x, XZ_LEVEL, LZMA_CHECK_CRC64) == LZMA_OK)
		return x;
	free(x);
	return NULL;
}

static int xz_step(void *state, const char **in, size_t *n, bool is_last,
		   char *room, size_t size, size_t *out)
{
	lzma_stream *x = state;
	lzma_ret r;

	x->next_in = (const uint8_t *)*in;
	x->avail_in = *n;
	x->next_out = (uint8_t *)room;
	x->avail_out = size;
	r = lzma.code(x, is_last ? LZMA_FINISH : LZMA_RUN);
	*in += *n - x->avail_in;
	*n = x->avail_in;
	*out = size - x->avail_out;
	return r == LZMA_STREAM_END		     ? 1
	       : r == LZMA_OK || r == LZMA_BUF_ERROR ? 0
						     : -1;
}

static void xz_close(void *state)
{
	lzma.end(state);
	free(state);
}

#define XZ_BACKEND &lzma_library, xz_open, xz_step, xz_close
#else
#define XZ_BACKEND NULL, NULL, NULL, NULL
#endif

/* ---- zstd ---- */

#if HAVE_ZSTD
static struct {
	ZSTD_CCtx *(*new)(void);
	size_t (*set)(ZSTD_CCtx *, ZSTD_cParameter, int);
	size_t (*step)(ZSTD_CCtx *, ZSTD_outBuffer *, ZSTD_inBuffer *,
		       ZSTD_EndDirective);
	unsigned (*is_error)(size_t);
	size_t (*free)(ZSTD_CCtx *);
} zstd;

static const struct library_symbol zstd_symbols[] = {
	{ "ZSTD_createCCtx", &zstd.new },
	{ "ZSTD_CCtx_setParameter", &zstd.set },
	{ "ZSTD_compressStream2", &zstd.step },
	{ "ZSTD_isError", &zstd.is_error },
	{ "ZSTD_freeCCtx", &zstd.free },
	{ NULL, NULL },
};
static struct library zstd_library = { .file = "libzstd.so.1",
				       .package = "libzstd1",
				       .symbols = zstd_symbols };

static void *zstd_open(void)
{
	ZSTD_CCtx *z = zstd.new();

	if (z) {
		zstd.set(z, ZSTD_c_compressionLevel, ZSTD_LEVEL);
		zstd.set(z, ZSTD_c_checksumFlag, 1);
	}
	return z;
}

static int zstd_step(void *state, const char **in, size_t *n, bool is_last,
		     char *room, size_t size, size_t *out)
{
	ZSTD_inBuffer from = { *in, *n, 0 };
	ZSTD_outBuffer to = { room, size, 0 };
	size_t r = zstd.step(state, &to, &from,
			     is_last ? ZSTD_e_end : ZSTD_e_continue);

	*in += from.pos;
	*n -= from.pos;
	*out = to.pos;
	if (zstd.is_error(r))
		return -1;
	return is_last && r == 0 ? 1 : 0;
}

static void zstd_close(void *state)
{
	zstd.free(state);
}

#define ZSTD_BACKEND &zstd_library, zstd_open, zstd_step, zstd_close
#else
#define ZSTD_BACKEND NULL, NULL, NULL, NULL
#endif

/* ---- the sink ---- */

static const struct backend backends[] = {
	[COMPRESSION_NONE] = { "none", "", NULL, NULL, NULL, NULL },
	[COMPRESSION_GZIP] = { "gzip", ".gz", GZIP_BACKEND },
	[COMPRESSION_XZ] = { "xz", ".xz", XZ_BACKEND },
	[COMPRESSION_ZSTD] = { "zstd", ".zst", ZSTD_BACKEND },
};
#define BACKENDS (sizeof(backends) / sizeof(*backends))

int compression_parse(const char *name)
{
	for (size_t i = 0; i < BACKENDS; i++)
		if (ascii_equal(name, backends[i].name))
			return (int)i;
	return -1;
}

bool compression_is_built(enum compression method)
{
	return backends[method].library != NULL;
}

const char *compression_suffix(enum compression method)
{
	return backends[method].suffix;
}

bool compression_is_known(const void *start, size_t n)
{
	static const struct {
		const char *octets;
		size_t n;
	} marks[] = {
		{ "\x1f\x8b", 2 },
		{ "\xfd"
		  "7zXZ\0",
		  6 },
		{ "\x28\xb5\x2f\xfd", 4 },
		{ "BZh", 3 },
		{ "PK\3\4", 4 },
		{ "7z\xbc\xaf\x27\x1c", 6 },
		{ "Rar!", 4 },
		{ "\x04\x22\x4d\x18", 4 },
		{ "LZIP", 4 },
		{ "\x89PNG", 4 },
		{ "\xff\xd8\xff", 3 },
		{ "GIF8", 4 },
		{ "OggS", 4 },
		{ "\x1a\x45\xdf\xa3", 4 },
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (n >= marks[i].n &&
		    memcmp(start, marks[i].octets, marks[i].n) == 0)
			return true;
	return false;
}

/* Feeds all of it; at the end, until there is no more output. */
static int feed(struct compress *c, const char *in, size_t n, bool is_last)
{
	const struct backend *b = &backends[c->method];
	size_t out;
	int r;

	do {
		r = b->step(c->state, &in, &n, is_last, c->room,
			    sizeof(c->room), &out);
		if (r < 0)
			return error_set(c->sink.error, ERROR_SOFTWARE,
					 "%s cannot compress this", b->name);
		if (out && sink_put(c->sink.next, c->room, out) < 0)
			return -1;
	} while (is_last ? r == 0 : n || out == sizeof(c->room));
	return 0;
}

static int compress_put(struct sink *sink, const void *data, size_t n)
{
	return n ? feed((struct compress *)sink, data, n, false) : 0;
}

static int compress_close(struct sink *sink)
{
	return feed((struct compress *)sink, "", 0, true);
}

static const struct sink_ops ops = { .put = compress_put,
				     .close = compress_close };

int compress_init(struct compress *c, enum compression method,
		  struct sink *next, struct error *f)
{
	const struct backend *b = &backends[method];

	c->sink = (struct sink){ .ops = &ops, .next = next, .error = f };
	c->method = method;
	c->state = NULL;
	if (!b->library)
		return error_set(f, ERROR_UNAVAILABLE,
				 "this mailsend was built without %s", b->name);
	if (library_load(b->library, f) < 0)
		return -1;
	c->state = b->open();
	return c->state
		       ? 0
		       : error_set(f, ERROR_OS, "%s cannot be set up", b->name);
}

void compress_free(struct compress *c)
{
	if (c->state)
		backends[c->method].close(c->state);
	c->state = NULL;
}
