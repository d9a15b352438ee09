/* buf.h - bytes that grow, up to a cap.
 *
 * `data` always ends in a NUL that `len` does not count, so it serves as a
 * string too; before the first byte it points to a shared empty one.  What
 * would exceed `max` is rejected whole and `overflow` sticks: check it, or the
 * return, once at the end.  Never for the bytes of a message. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t room; /* allocated, 0 while data is the shared empty string */
	size_t max;  /* octets, not counting the NUL */
	bool overflow;
};

extern char buf_empty[1];
#define BUF_INIT(limit)                                                        \
	{                                                                      \
		.data = buf_empty, .max = (limit)                              \
	}

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Overwrites the memory first: for secrets. */
void buf_wipe(struct buf *b);
/* Keeps the memory, clears the overflow. */
void buf_reset(struct buf *b);

/* Each returns 0, or -1 when the cap would be exceeded. */
int buf_put(struct buf *b, const void *data, size_t n);
/* Room for n more, so that a buf_put of them allocates nothing; -1 also when
 * there is no memory, and then nothing has changed. */
int buf_reserve(struct buf *b, size_t n);
int buf_putc(struct buf *b, char c);
int buf_puts(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Drops n bytes from the front. */
void buf_shift(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t len);

#endif
