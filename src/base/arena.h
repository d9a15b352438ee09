/* arena.h - memory that is freed all at once.
 *
 * What one run builds from its options (addresses, headers, the message tree)
 * lives as long as the run, so it is allocated from an arena and dropped with
 * it.  Nothing here returns NULL: when there is no memory the handler that cmd
 * installed is called, and it does not return. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *blocks;
};

#define ARENA_INIT                                                             \
	{                                                                      \
		NULL                                                           \
	}

void arena_free(struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* A zeroed array; an overflow of the size counts as out of memory. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Makes room for one more than `count`; *room is the capacity, at first 0, with
 * the array NULL.  It grows by doubling: the old copies together take no more
 * memory than the last. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *room,
		 size_t size);
char *arena_dup(struct arena *a, const char *s);
/* The copy gets a NUL of its own. */
char *arena_dup_n(struct arena *a, const char *s, size_t n);
char *arena_format(struct arena *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *a, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* For memory that is not in an arena; never NULL either; free() releases it. */
void *memory_alloc(size_t size);
char *memory_dup(const char *text);
void *memory_resize(void *p, size_t size);
/* The array with room for one more than `count`; *room is how many it has room
 * for, at first 0, with the array NULL. */
void *memory_grow(void *array, size_t count, size_t *room, size_t size);
/* The handler must not return; without one the process is aborted. */
void memory_on_exhaustion(void (*handler)(void));

#endif
