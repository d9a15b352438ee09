/* arena.c - blocks in a list; a large piece gets a block of its own. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 16384

struct arena_block {
	struct arena_block *next;
	size_t used, room;
	alignas(max_align_t) char bytes[];
};

static void (*exhausted)(void) = abort;

void memory_on_exhaustion(void (*handler)(void))
{
	exhausted = handler;
}

static void *checked(void *p)
{
	if (!p) {
		exhausted();
		abort(); /* the handler returned */
	}
	return p;
}

void *memory_alloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

char *memory_dup(const char *text)
{
	size_t n = strlen(text) + 1;

	return memcpy(memory_alloc(n), text, n);
}

void *memory_resize(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

void *memory_grow(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	if (*room > SIZE_MAX / 2 / size)
		checked(NULL);
	*room = *room ? 2 * *room : 64;
	return memory_resize(array, *room * size);
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->blocks;

	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
	a->blocks = NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct arena_block *b = a->blocks;
	size_t need, room;
	void *p;

	if (size > SIZE_MAX - 2 * BLOCK_SIZE)
		checked(NULL);
	need = (size + unit - 1) / unit * unit;
	if (!b || b->room - b->used < need) {
		room = need > BLOCK_SIZE ? need : BLOCK_SIZE;
		b = memory_alloc(sizeof(*b) + room);
		b->used = 0;
		b->room = room;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = b->bytes + b->used;
	b->used += need;
	return memset(p, 0, need);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		checked(NULL);
	return arena_alloc(a, count * size);
}

char *arena_dup_n(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *room,
		 size_t size)
{
	void *more;

	if (count < *room)
		return array;
	if (*room > SIZE_MAX / 2)
		checked(NULL);
	*room = *room ? 2 * *room : 16;
	more = arena_array(a, *room, size);
	if (count)
		memcpy(more, array, count * size);
	return more;
}

char *arena_dup(struct arena *a, const char *s)
{
	return arena_dup_n(a, s, strlen(s));
}

char *arena_vformat(struct arena *a, const char *format, va_list ap)
{
	char room[256], *out;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(room, sizeof(room), format, again);
	va_end(again);
	if (n < 0)
		checked(NULL);
	if ((size_t)n < sizeof(room))
		return arena_dup_n(a, room, (size_t)n);
	out = arena_alloc(a, (size_t)n + 1);
	vsnprintf(out, (size_t)n + 1, format, ap);
	return out;
}

char *arena_format(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *out;

	va_start(ap, format);
	out = arena_vformat(a, format, ap);
	va_end(ap);
	return out;
}
