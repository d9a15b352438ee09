/* compress.h - gzip, xz and zstd, as a sink.
 *
 * Each by its own library, loaded when it is asked for; a build without a
 * library's header has no such method, and says so.  Memory does not grow with
 * the input: gzip takes 256 KB, zstd some 4 MB, xz some 10 MB. */
#ifndef CODEC_COMPRESS_H
#define CODEC_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_XZ,
	COMPRESSION_ZSTD,
};

/* Their names, for help. */
#define COMPRESSIONS "gzip xz zstd none"

struct compress {
	struct sink sink; /* put the octets here, then close */
	enum compression method;
	void *state;
	char room[32768]; /* compressed, on its way to next */
};

/* By its name; -1 when it is none. */
int compression_parse(const char *name);
/* Was the library there when this was built? */
bool compression_is_built(enum compression method);
/* ".gz", ".xz", ".zst" */
const char *compression_suffix(enum compression method);
/* Is it compressed already, whatever made it?  By its first octets. */
bool compression_is_known(const void *start, size_t n);

/* ERROR_UNAVAILABLE where there is no such library. */
int compress_init(struct compress *c, enum compression method,
		  struct sink *next, struct error *f);
/* After close, or instead of it. */
void compress_free(struct compress *c);

#endif
