/* buf.c - doubling growth; the shared empty string is never written to. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

char buf_empty[1];

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void buf_free(struct buf *b)
{
	if (b->room)
		free(b->data);
	buf_init(b, b->max);
}

void buf_wipe(struct buf *b)
{
	if (b->room)
		explicit_bzero(b->data, b->room);
	buf_free(b);
}

void buf_reset(struct buf *b)
{
	b->overflow = false;
	buf_truncate(b, 0);
}

/* Room for n more and the NUL.  Grown by copying, so that a wiped secret leaves
 * no copy in memory that realloc freed. */
static int make_room(struct buf *b, size_t n, void *(*alloc)(size_t))
{
	size_t room = b->room ? b->room : 64;
	char *data;

	if (n > b->max || b->len > b->max - n) {
		b->overflow = true;
		return -1;
	}
	if (b->room > b->len + n)
		return 0;
	while (room <= b->len + n)
		room *= 2;
	if (room > b->max + 1)
		room = b->max + 1;
	data = alloc(room);
	if (!data)
		return -1;
	memcpy(data, b->data, b->len + 1);
	if (b->room) {
		explicit_bzero(b->data, b->len);
		free(b->data);
	}
	b->data = data;
	b->room = room;
	return 0;
}

int buf_reserve(struct buf *b, size_t n)
{
	return b->overflow ? -1 : make_room(b, n, malloc);
}

int buf_put(struct buf *b, const void *data, size_t n)
{
	if (b->overflow)
		return -1;
	if (!n)
		return 0;
	if (make_room(b, n, memory_alloc) < 0)
		return -1;
	memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int buf_putc(struct buf *b, char c)
{
	return buf_put(b, &c, 1);
}

int buf_puts(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

int buf_vprintf(struct buf *b, const char *format, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (b->overflow || n < 0 || make_room(b, (size_t)n, memory_alloc) < 0)
		return -1;
	if (n) {
		vsnprintf(b->data + b->len, (size_t)n + 1, format, ap);
		b->len += (size_t)n;
	}
	return 0;
}

int buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int r;

	va_start(ap, format);
	r = buf_vprintf(b, format, ap);
	va_end(ap);
	return r;
}

void buf_shift(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_truncate(b, 0);
		return;
	}
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len) {
		b->len = len;
		b->data[len] = '\0';
	}
}
