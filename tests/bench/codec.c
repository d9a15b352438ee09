/* codec.c - how fast each codec is: codec [-r ROUNDS] [NAME...]
 *
 * Every row takes its input in pieces of 64 KiB, as the pump gives them, and
 * all of it stays in the processor's cache, as the pump's room does.  The rows
 * run in turn, so that a machine that gets slower meanwhile slows all of them
 * down; the median of the rounds is printed, in GB (10^9) of input a second,
 * with the ratio to memcpy in the same run.  NAME is the first word of rows.
 * With "-r 0" nothing is timed and every row takes its input once: under
 * callgrind such a run tells the instructions that each function needs for the
 * octets that are printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "codec/base64_loops.h"

#include "../unit/codecs.h"

#define SIZE	   ((size_t)256 << 10)
#define PIECE	   ((size_t)65536)
#define PASSES	   16 /* in one measurement */
#define ROUNDS_MAX 101

/* ---- inputs ---- */

/* Octets of no order. */
static void fill_binary(struct buf *out)
{
	uint64_t state = 1;

	while (out->len < SIZE) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		buf_putc(out, (char)(state >> 56));
	}
}

/* Lines of words, with a letter beyond ASCII in one of `rare` words. */
static void fill_words(struct buf *out, const char *end, unsigned rare,
		       const char *letter)
{
	static const char *const words[] = {
		"the",	 "message", "a",      "of",    "queue",	 "server",
		"which", "is",	    "copied", "on",    "Monday", "x=1",
		"to",	 "and",	    "host",   "error", "line"
	};
	uint64_t state = 2;
	size_t column = 0;

	while (out->len < SIZE) {
		const char *word;

		state = state * 6364136223846793005u + 1442695040888963407u;
		word = words[(state >> 40) % (sizeof(words) / sizeof(*words))];
		buf_puts(out, word);
		if (rare && (state >> 50) % rare == 0)
			buf_puts(out, letter);
		column += strlen(word) + 1;
		buf_puts(out, column > 68 ? end : " ");
		column = column > 68 ? 0 : column;
	}
}

static void fill_text(struct buf *out)
{
	fill_words(out, "\r\n", 0, "");
}

static void fill_lf_text(struct buf *out)
{
	fill_words(out, "\n", 0, "");
}

static void fill_german(struct buf *out)
{
	fill_words(out, "\r\n", 6, "\xc3\xa4");
}

/* Russian: nearly nothing but letters of two octets. */
static void fill_russian(struct buf *out)
{
	static const char word[] = "\xd0\xbf\xd0\xb8\xd1\x81\xd1\x8c\xd0\xbc"
				   "\xd0\xbe ";

	for (size_t i = 1; out->len < SIZE; i++)
		buf_puts(out, i % 6 ? word : "\r\n");
}

static void through(struct sink *first, const struct buf *in)
{
	sink_put(first, in->data, in->len);
	sink_close(first);
}

static void fill_base64(struct buf *out)
{
	struct error f = ERROR_INIT;
	struct buf in = BUF_INIT(SIZE * 2);
	struct sink_buf end;

	fill_binary(&in);
	sink_buf_init(&end, out, &f);
	base64_init(&room.base64, &end.sink);
	through(&room.base64.sink, &in);
	buf_free(&in);
}

/* The same as an mbox has it. */
static void fill_base64_lf(struct buf *out)
{
	struct buf in = BUF_INIT(SIZE * 2);

	fill_base64(&in);
	for (size_t i = 0; i < in.len; i++)
		if (in.data[i] != '\r')
			buf_putc(out, in.data[i]);
	buf_free(&in);
}

static void fill_uu(struct buf *out)
{
	struct error f = ERROR_INIT;
	struct buf in = BUF_INIT(SIZE * 2);
	struct sink_buf end;

	fill_binary(&in);
	sink_buf_init(&end, out, &f);
	uu_init(&room.uu, &end.sink, "file", 0644, true, true);
	through(&room.uu.sink, &in);
	buf_free(&in);
}

static void fill_qp(struct buf *out, void (*fill)(struct buf *), bool binary)
{
	struct error f = ERROR_INIT;
	struct buf in = BUF_INIT(SIZE * 2);
	struct sink_buf end;

	fill(&in);
	sink_buf_init(&end, out, &f);
	qp_init(&room.qp, &end.sink, binary);
	through(&room.qp.sink, &in);
	buf_free(&in);
}

static void fill_qp_text(struct buf *out)
{
	fill_qp(out, fill_text, false);
}

static void fill_qp_german(struct buf *out)
{
	fill_qp(out, fill_german, false);
}

static void fill_qp_russian(struct buf *out)
{
	fill_qp(out, fill_russian, false);
}

static void fill_qp_binary(struct buf *out)
{
	fill_qp(out, fill_binary, true);
}

static const struct input {
	const char *name;
	void (*fill)(struct buf *out);
} inputs[] = {
	{ "binary", fill_binary },
	{ "text", fill_text },
	{ "text, LF", fill_lf_text },
	{ "German", fill_german },
	{ "Russian", fill_russian },
	{ "base64", fill_base64 },
	{ "base64, LF", fill_base64_lf },
	{ "uu", fill_uu },
	{ "qp of text", fill_qp_text },
	{ "qp of German", fill_qp_german },
	{ "qp of Russian", fill_qp_russian },
	{ "qp of binary", fill_qp_binary },
};
#define INPUTS (sizeof(inputs) / sizeof(*inputs))

/* ---- the sinks ---- */

/* What memcpy costs is the measure of all others. */
static int copy_put(struct sink *s, const void *data, size_t n)
{
	static char copy[PIECE];

	memcpy(copy, data, n);
	__asm__ volatile("" : : "r"(copy) : "memory");
	return s->next ? sink_put(s->next, data, n) : 0;
}

static struct sink *open_copy(struct sink *end)
{
	static const struct sink_ops ops = { .put = copy_put };
	static struct sink s;

	s = (struct sink){ .ops = &ops, .next = end, .error = end->error };
	return &s;
}

static struct sink *open_base64_portable(struct sink *end)
{
	base64_init(&room.base64, end);
	room.base64.loops = &base64_portable;
	return &room.base64.sink;
}

static struct sink *open_unbase64_portable(struct sink *end)
{
	unbase64_init(&room.unbase64, end);
	room.unbase64.loops = &base64_portable;
	return &room.unbase64.sink;
}

/* The second best of this processor. */
static struct sink *open_base64_second(struct sink *end)
{
	base64_init(&room.base64, end);
	if (base64_loops(1))
		room.base64.loops = base64_loops(1);
	return &room.base64.sink;
}

static struct sink *open_unbase64_second(struct sink *end)
{
	unbase64_init(&room.unbase64, end);
	if (base64_loops(1))
		room.unbase64.loops = base64_loops(1);
	return &room.unbase64.sink;
}

static struct sink *open_unqp(struct sink *end)
{
	unqp_init(&room.unqp, end, true);
	return &room.unqp.sink;
}

static int undot_put(struct sink *s, const void *data, size_t n)
{
	undot_feed(&room.undot, data, n, s->next);
	return 0;
}

static struct sink *open_undot(struct sink *end)
{
	static const struct sink_ops ops = { .put = undot_put };
	static struct sink s;

	undot_init(&room.undot);
	s = (struct sink){ .ops = &ops, .next = end, .error = end->error };
	return &s;
}

static struct sink *open_lonedot(struct sink *end)
{
	lonedot_init(&room.lonedot, end);
	return &room.lonedot.sink;
}

static struct sink *open_lf(struct sink *end)
{
	lf_init(&room.lf, end);
	return &room.lf.sink;
}

static struct sink *open_scan(struct sink *end)
{
	content_scan_init(&room.scan, NULL, end->error);
	return &room.scan.sink;
}

static struct sink *open_utf8(struct sink *end)
{
	to_utf8_init(&room.to_utf8, end, UTF_8);
	return &room.to_utf8.sink;
}

static const struct row {
	const char *name, *input;
	struct sink *(*open)(struct sink *end);
} rows[] = {
	{ "memcpy", "binary", open_copy },
	{ "base64", "binary", open_base64 },
	{ "base64 second", "binary", open_base64_second },
	{ "base64 portable", "binary", open_base64_portable },
	{ "unbase64", "base64", open_unbase64 },
	{ "unbase64 second", "base64", open_unbase64_second },
	{ "unbase64 portable", "base64", open_unbase64_portable },
	{ "unbase64", "base64, LF", open_unbase64 },
	{ "qp", "text", open_qp },
	{ "qp", "German", open_qp },
	{ "qp", "Russian", open_qp },
	{ "unqp", "qp of text", open_unqp },
	{ "unqp", "qp of German", open_unqp },
	{ "unqp", "qp of Russian", open_unqp },
	{ "unqp", "qp of binary", open_unqp },
	{ "uu", "binary", open_uu },
	{ "unuu", "uu", open_unuu },
	{ "crlf", "text, LF", open_crlf },
	{ "crlf", "text", open_crlf },
	{ "lf", "text", open_lf },
	{ "content_scan", "text", open_scan },
	{ "content_scan", "German", open_scan },
	{ "content_scan", "Russian", open_scan },
	{ "content_scan", "base64", open_scan },
	{ "content_scan", "binary", open_scan },
	{ "dot", "text", open_dot },
	{ "undot", "text", open_undot },
	{ "lonedot", "text, LF", open_lonedot },
	{ "to_utf8", "text", open_utf8 },
	{ "to_utf8", "Russian", open_utf8 },
};
#define ROWS (sizeof(rows) / sizeof(*rows))

/* ---- measuring ---- */

static struct buf *input_of(const struct row *r)
{
	static struct buf made[INPUTS];

	for (size_t i = 0; i < INPUTS; i++) {
		if (strcmp(inputs[i].name, r->input) != 0)
			continue;
		if (!made[i].len) {
			made[i] = (struct buf)BUF_INIT(SIZE * 4);
			inputs[i].fill(&made[i]);
		}
		return &made[i];
	}
	fprintf(stderr, "codec: there is no input %s\n", r->input);
	exit(70);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(const struct row *r)
{
	const struct buf *in = input_of(r);
	struct error f = ERROR_INIT;
	struct sink_count end;
	struct sink *first;

	sink_count_init(&end, NULL, &f);
	first = r->open(&end.sink);
	for (size_t at = 0, n; at < in->len; at += n) {
		n = in->len - at < PIECE ? in->len - at : PIECE;
		sink_put(first, in->data + at, n);
	}
	if (sink_close(first) < 0) {
		fprintf(stderr, "codec: %s: %s\n", r->name, f.text);
		exit(70);
	}
}

/* Seconds for one pass. */
static double measure(const struct row *r)
{
	double start;

	run(r); /* to warm up */
	start = now();
	for (int i = 0; i < PASSES; i++)
		run(r);
	return (now() - start) / PASSES;
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

static bool is_wanted(const struct row *r, char *const *names)
{
	size_t n = strcspn(r->name, " ");
	bool is = !*names;

	for (; *names; names++)
		is = is || (strlen(*names) == n && !memcmp(*names, r->name, n));
	return is;
}

static double rate_of(const struct row *r, double *times, size_t rounds)
{
	qsort(times, rounds, sizeof(*times), by_size);
	return (double)input_of(r)->len / times[rounds / 2] / 1e9;
}

int main(int argc, char **argv)
{
	static double times[ROWS][ROUNDS_MAX];
	size_t rounds = 15;
	double copy;
	char **names = argv + 1;

	if (argc > 2 && !strcmp(argv[1], "-r")) {
		rounds = strtoul(argv[2], NULL, 10);
		names += 2;
	}
	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (size_t k = 0; k < ROWS && !rounds; k++) {
		if (!is_wanted(&rows[k], names))
			continue;
		run(&rows[k]);
		printf("%-18s %-14s %zu octets\n", rows[k].name, rows[k].input,
		       input_of(&rows[k])->len);
	}
	for (size_t i = 0; i < rounds; i++)
		for (size_t k = 0; k < ROWS; k++)
			if (!k || is_wanted(&rows[k], names))
				times[k][i] = measure(&rows[k]);
	copy = rounds ? rate_of(rows, times[0], rounds) : 0;
	for (size_t k = 0; k < ROWS && rounds; k++) {
		double rate;

		if (k && !is_wanted(&rows[k], names))
			continue;
		rate = rate_of(&rows[k], times[k], rounds);
		printf("%-18s %-14s %6.2f GB/s  memcpy / %.1f\n", rows[k].name,
		       rows[k].input, rate, copy / rate);
	}
	return 0;
}
