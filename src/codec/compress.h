/* compress.h - gzip, xz and zstd, as a sink.
 *
 * Each method has its own library, loaded on first use; a build without the
 * library's header lacks the method and reports that.  Memory does not grow
 * with the input: gzip takes 256 KB, zstd some 4 MB, xz some 10 MB. */
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
	struct sink sink; /* write the octets here, then close */
	enum compression method;
	void *state;
	char room[32768]; /* compressed, on its way to next */
};

/* By its name; -1 if unknown. */
int compression_parse(const char *name);
/* Was the library there when this was built? */
bool compression_is_built(enum compression method);
/* ".gz", ".xz", ".zst" */
const char *compression_suffix(enum compression method);
/* Is it already compressed, in any format?  Judged by the first octets. */
bool compression_is_known(const void *start, size_t n);

/* ERROR_UNAVAILABLE without the library. */
int compress_init(struct compress *c, enum compression method,
		  struct sink *next, struct error *f);
/* After close, or instead of it. */
void compress_free(struct compress *c);

#endif
