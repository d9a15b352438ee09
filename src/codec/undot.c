/* undot.c - five states, told apart by what stands before the next octet:
 *
 *	START	 a CRLF, or nothing	"." -> DOT
 *	IN_LINE				CR -> CR
 *	CR	 CR			LF -> START
 *	DOT	 . at a line's start	CR -> DOT_CR
 *	DOT_CR	 . CR			LF -> the end
 *
 * A dot at a line's start is dropped, whatever follows it; the CR of DOT_CR
 * is held back until it is known not to be the end's. */
#include "codec/undot.h"

enum { START, IN_LINE, CR, DOT, DOT_CR };

void undot_init(struct undot *u)
{
	*u = (struct undot){ .state = START };
}

static void pass(struct sink *to, const char *data, size_t n)
{
	if (to && n)
		sink_put(to, data, n);
}

/* The state behind an octet that belongs to the content. */
static int behind(int state, char c)
{
	if (c == '\r')
		return CR;
	return c == '\n' && state == CR ? START : IN_LINE;
}

size_t undot_feed(struct undot *u, const char *data, size_t n, struct sink *to)
{
	size_t from = 0, i = 0;

	while (i < n && !u->is_done) {
		char c = data[i];

		if (u->state == START && c == '.') {
			pass(to, data + from, i - from);
			from = i + 1;
			u->state = DOT;
		} else if (u->state == DOT && c == '\r') {
			from = i + 1;
			u->state = DOT_CR;
		} else if (u->state == DOT_CR && c == '\n') {
			from = i + 1;
			u->is_done = true;
		} else {
			if (u->state == DOT_CR) {
				pass(to, "\r", 1);
				u->state = CR;
			}
			/* ".\r" and then an LF was the end, so here an LF
			 * behind DOT stands alone */
			u->state =
				behind(u->state == DOT ? IN_LINE : u->state, c);
		}
		i++;
	}
	pass(to, data + from, i - from);
	return i;
}
