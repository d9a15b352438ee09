/* nearest.c - edit distance by three rows of the usual table. */
#include "base/nearest.h"

#include <string.h>

#include "base/ascii.h"

#define WORD_MAX 63 /* longer ones are no keywords */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void fill_row(const size_t *before, const size_t *above, size_t *row,
		     const char *one, size_t i, const char *other)
{
	char c = ascii_lower(one[i - 1]);

	row[0] = i;
	for (size_t j = 1; other[j - 1]; j++) {
		char d = ascii_lower(other[j - 1]);
		size_t edits = above[j - 1] + (c != d);

		edits = smaller(edits, smaller(above[j], row[j - 1]) + 1);
		if (i > 1 && j > 1 && c == ascii_lower(other[j - 2]) &&
		    ascii_lower(one[i - 2]) == d)
			edits = smaller(edits, before[j - 2] + 1);
		row[j] = edits;
	}
}

static size_t distance(const char *one, const char *other)
{
	size_t rows[3][WORD_MAX + 1] = { { 0 } };
	size_t i;

	for (size_t j = 0; j <= WORD_MAX; j++)
		rows[0][j] = j;
	for (i = 1; one[i - 1]; i++)
		fill_row(rows[(i + 1) % 3], rows[(i + 2) % 3], rows[i % 3], one,
			 i, other);
	return rows[(i + 2) % 3][strlen(other)];
}

void nearest_init(struct nearest *n, const char *word)
{
	*n = (struct nearest){ .word = word, .edits = strlen(word) / 3 + 2 };
	if (strlen(word) > WORD_MAX)
		n->edits = 0;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t edits;

	if (n->edits == 0 || strlen(candidate) > WORD_MAX)
		return;
	edits = distance(n->word, candidate);
	if (edits < n->edits) {
		n->best = candidate;
		n->edits = edits;
	}
}
