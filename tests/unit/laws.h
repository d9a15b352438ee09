/* laws.h - the laws that every sink keeps, as checks for cmocka tests.
 *
 * A test gives a function that puts its sinks in front of `end` and returns
 * the first of them; `room` is the caller's memory for them (a struct qp, or
 * a struct of several).  The checks feed and close the chain sink by sink, up
 * to `end`, and build it anew for each run.
 *
 *	static struct sink *build(struct sink *end, void *room)
 *	{
 *		dot_init(room, end);
 *		return room;
 *	}
 *	...
 *	struct dot s;
 *	laws_hold(build, &s, text, strlen(text));
 */
#ifndef TESTS_LAWS_H
#define TESTS_LAWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "flow/sink.h"

#define LAWS_MAX ((size_t)1 << 28) /* cap of every buffer in a test */

struct laws_chain {
	struct sink *(*build)(struct sink *end, void *room);
	void *room;
};

/* Takes `limit` octets into `out`, then fails.  To be called again after
 * that is an error of the chain, and counted. */
struct laws_end {
	struct sink sink;
	struct buf *out;
	size_t limit;
	bool failed;
	unsigned calls_after;
};

static inline int laws_end_put(struct sink *s, const void *data, size_t n)
{
	struct laws_end *e = (struct laws_end *)s;
	size_t room = e->limit - e->out->len;

	if (e->failed)
		e->calls_after++;
	if (e->failed || n > room) {
		if (!e->failed)
			buf_put(e->out, data, room);
		e->failed = true;
		return error_set(s->error, ERROR_IO, "the end is full");
	}
	return buf_put(e->out, data, n);
}

static inline void laws_end_init(struct laws_end *e, struct buf *out,
				 size_t limit, struct error *f)
{
	static const struct sink_ops ops = { .put = laws_end_put };

	*e = (struct laws_end){ .sink = { .ops = &ops, .error = f },
				.out = out,
				.limit = limit };
}

/* Feeds `in` in pieces (0: whole) and closes; `out` is emptied first.  Each
 * piece lies in memory of its own size, so that a sanitizer sees a read past
 * it.  Returns what the last close returned. */
static inline int laws_feed(struct laws_chain chain, const void *in, size_t n,
			    size_t piece, struct sink *end)
{
	struct sink *first = chain.build(end, chain.room), *s;
	const char *data = in;
	size_t at = 0;
	int result = 0;

	if (!piece)
		piece = n ? n : 1;
	while (at < n) {
		size_t now = n - at < piece ? n - at : piece;
		char *copy = memory_alloc(now);

		memcpy(copy, data + at, now);
		sink_put(first, copy, now);
		free(copy);
		at += now;
	}
	for (s = first; s != end; s = s->next)
		result = sink_close(s);
	return result;
}

/* What the chain makes of `in`, fed in pieces, without a failure. */
static inline void laws_output(struct laws_chain chain, const void *in,
			       size_t n, size_t piece, struct buf *out)
{
	struct error f = ERROR_INIT;
	struct laws_end end;
	int result;

	buf_reset(out);
	laws_end_init(&end, out, LAWS_MAX, &f);
	result = laws_feed(chain, in, n, piece, &end.sink);
	assert_string_equal(f.text, "");
	assert_false(error_is_set(&f));
	assert_int_equal(result, 0);
	assert_false(out->overflow);
}

static inline void laws_equal(const struct buf *got, const void *want, size_t n)
{
	assert_int_equal(got->len, n);
	if (n)
		assert_memory_equal(got->data, want, n);
}

/* The chunk law. */
static inline void laws_chunks(struct laws_chain chain, const void *in,
			       size_t n)
{
	static const size_t pieces[] = { 1, 2, 3, 7 };
	struct buf whole = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	size_t i;

	laws_output(chain, in, n, 0, &whole);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		laws_output(chain, in, n, pieces[i], &out);
		laws_equal(&out, whole.data, whole.len);
	}
	buf_free(&out);
	buf_free(&whole);
}

/* The failure law: wherever the end fails, close says so, the error is the
 * end's own, what came before is right, and the end is left alone after. */
static inline void laws_failures(struct laws_chain chain, const void *in,
				 size_t n)
{
	static const size_t pieces[] = { 0, 1, 7 };
	struct buf whole = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	size_t limit, i;

	laws_output(chain, in, n, 0, &whole);
	for (limit = 0; limit < whole.len; limit++) {
		for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			struct error f = ERROR_INIT;
			struct laws_end end;

			buf_reset(&out);
			laws_end_init(&end, &out, limit, &f);
			assert_int_equal(laws_feed(chain, in, n, pieces[i],
						   &end.sink),
					 -1);
			assert_int_equal(f.cause, ERROR_IO);
			assert_int_equal(end.calls_after, 0);
			laws_equal(&out, whole.data, limit);
		}
	}
	buf_free(&out);
	buf_free(&whole);
}

static inline void laws_hold(struct sink *(*build)(struct sink *, void *),
			     void *room, const void *in, size_t n)
{
	struct laws_chain chain = { build, room };

	laws_chunks(chain, in, n);
	laws_failures(chain, in, n);
}

/* The same octets in every run. */
static inline uint32_t laws_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static inline void laws_fill(void *data, size_t n, uint64_t seed)
{
	unsigned char *p = data;

	while (n--)
		*p++ = (unsigned char)(laws_random(&seed) >> 7);
}

/* Octets out of `from` alone, so that what is rare becomes frequent. */
static inline void laws_fill_from(void *data, size_t n, const char *from,
				  size_t size, uint64_t seed)
{
	unsigned char *p = data;

	while (n--)
		*p++ = (unsigned char)from[laws_random(&seed) % size];
}

/* Runs of what is plain, shorter and longer than any block that is taken at
 * once, among the words of a list that ends with a NULL.  Returns how many
 * octets it wrote, at most `size`. */
static inline size_t laws_fill_runs(char *data, size_t size, const char *plain,
				    const char *const *words, uint64_t seed)
{
	size_t count = 0, kinds = strlen(plain), n = 0;

	while (words[count])
		count++;
	for (;;) {
		size_t run = laws_random(&seed) % 4 ? laws_random(&seed) % 8
						    : laws_random(&seed) % 70;
		const char *word = words[laws_random(&seed) % count];

		if (n + run + strlen(word) > size)
			return n;
		while (run--)
			data[n++] = plain[laws_random(&seed) % kinds];
		memcpy(data + n, word, strlen(word));
		n += strlen(word);
	}
}

#endif
