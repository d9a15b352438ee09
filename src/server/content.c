/* content.c - content is passed on as it arrives, and checked at its end.
 *
 * Content that was refused already (too big, no space, BDAT out of order) is
 * read and dropped: otherwise the rest of it would be read as commands. */
#include "server/protocol_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define OVERRUN_MAX ((uint64_t)64 * 1024 * 1024) /* past the limit: hang up */

static bool is_too_big(const struct server *s)
{
	return s->options->size_max && s->scan.size > s->options->size_max;
}

struct server_mail *server_mail_new(void)
{
	struct server_mail *m = memory_alloc(sizeof(*m));

	*m = (struct server_mail){ .arena = ARENA_INIT };
	return m;
}

void server_mail_drop(struct server_mail *m)
{
	arena_free(&m->arena);
	free(m);
}

void server_forget(struct server *s)
{
	if (s->in_mail)
		s->ops->forget(s->context, s->mail);
	arena_free(&s->mail->arena);
	*s->mail = (struct server_mail){ .arena = ARENA_INIT };
	s->in_mail = s->in_bdat = false;
}

static void begin(struct server *s)
{
	struct sink *to;

	error_clear(&s->error);
	s->content_octets = 0;
	undot_init(&s->undot);
	to = s->ops->begin(s->context, s->mail, &s->error);
	error_clear(&s->scan_error);
	content_scan_init(&s->scan, to, &s->scan_error);
}

/* Where the next octets go: the scan looks on when nobody wants them. */
static struct sink *target(struct server *s)
{
	if (is_too_big(s) || error_is_set(&s->error))
		s->scan.sink.next = NULL;
	return &s->scan.sink;
}

static bool has_lone(const struct server *s)
{
	return s->scan.bare_lf || s->scan.bare_cr;
}

static void watch_for_end(struct server *s)
{
	uint64_t most = s->options->size_max;

	if (!most || s->content_octets <= most ||
	    s->content_octets - most < OVERRUN_MAX)
		return;
	server_forget(s);
	server_hang_up(s, "4.3.4", "that message has no end");
}

/* Its own errors first: then nobody else need be asked. */
static int judge(struct server *s, struct response *a)
{
	if (is_too_big(s))
		return response_set(
			a, 552, "5.3.4",
			"the message is too big: %llu octets are the most",
			(unsigned long long)s->options->size_max);
	if (error_is_set(&s->error))
		return response_error(a, &s->error);
	if (has_lone(s))
		return response_set(a, 550, "5.6.11",
				    "there is a bare CR or LF in the message: "
				    "a line ends in CR LF");
	response_set(a, 250, "2.0.0", "accepted");
	return s->ops->end(s->context, s->mail, a);
}

/* It belongs to somebody else now, and its answer has its place. */
static void hand_over(struct server *s)
{
	s->later[s->later_count++] = s->out.len;
	s->mail = server_mail_new();
	s->in_mail = s->in_bdat = false;
}

static void finish(struct server *s)
{
	struct response a;
	int r;

	sink_close(&s->scan.sink);
	s->steps++;
	s->mode = SERVER_COMMAND;
	/* Before all else: what follows it may not be their commands. */
	if (!s->in_bdat && has_lone(s)) {
		server_refuse_lone(s);
		server_forget(s);
		return;
	}
	r = judge(s, &a);
	if (r > 0) {
		hand_over(s);
		return;
	}
	if (r == 0)
		server_accepted(s);
	server_reply(s, &a, false);
	server_forget(s);
}

/* ---- DATA ---- */

void server_data(struct server *s, const char *argument)
{
	struct response a = { .code = 354, .text = "go ahead, end with ." };

	if (*argument) {
		server_error(s, 501, "5.5.4", "DATA has no argument");
	} else if (!s->in_mail || s->in_bdat) {
		server_error(s, 503, "5.5.1",
			     s->in_mail ? "only BDAT is allowed between chunks"
					: "say MAIL first");
	} else if (!s->mail->count) {
		server_error(s, 554, "5.5.1", "there is no recipient");
	} else {
		begin(s);
		if (error_is_set(&s->error)) {
			response_error(&a, &s->error);
			server_reply(s, &a, false);
			server_forget(s);
			return;
		}
		s->mode = SERVER_DATA;
		server_reply(s, &a, false);
	}
}

size_t server_feed_data(struct server *s, const char *data, size_t n)
{
	size_t used = undot_feed(&s->undot, data, n, target(s));

	s->octets += used;
	s->content_octets += used;
	if (s->undot.is_done)
		finish(s);
	else
		watch_for_end(s);
	return used;
}

/* ---- BDAT ---- */

static bool read_chunk(struct server *s, const char *argument)
{
	uint64_t n = 0;
	size_t digits = text_digits(argument, INT64_MAX, &n);

	argument += digits;
	argument += strspn(argument, " \t");
	s->chunk_left = n;
	s->chunk_is_last = ascii_equal(argument, "LAST");
	return digits && (s->chunk_is_last || !*argument);
}

static void finish_chunk(struct server *s)
{
	struct response a;

	s->mode = SERVER_COMMAND;
	if (s->chunk_is_stray) {
		server_error(s, 503, "5.5.1",
			     "there is no recipient, or the message was "
			     "refused before: say MAIL");
		return;
	}
	if (s->chunk_is_last) {
		finish(s);
	} else if (is_too_big(s) || error_is_set(&s->error)) {
		judge(s, &a);
		server_reply(s, &a, false);
		server_forget(s);
	} else {
		response_set(&a, 250, "2.0.0", "%llu octets accepted",
			     (unsigned long long)s->scan.size);
		server_reply(s, &a, false);
		if (s->chunk_is_empty)
			server_junk(s);
	}
}

void server_bdat(struct server *s, const char *argument)
{
	if (!read_chunk(s, argument)) {
		/* where the next command begins is not known */
		server_error(s, 501, "5.5.4", "write BDAT octets [LAST]");
		server_hang_up(s, "4.5.4", "cannot go on");
		return;
	}
	s->chunk_is_stray = !s->in_mail || !s->mail->count;
	if (!s->chunk_is_stray && !s->in_bdat) {
		begin(s);
		s->in_bdat = true;
	}
	s->mode = SERVER_CHUNK;
	s->chunk_is_empty = !s->chunk_left;
	if (!s->chunk_left)
		finish_chunk(s);
}

size_t server_feed_chunk(struct server *s, const char *data, size_t n)
{
	size_t used = n < s->chunk_left ? n : (size_t)s->chunk_left;

	s->octets += used;
	s->chunk_left -= used;
	if (!s->chunk_is_stray) {
		struct sink *to = target(s);

		s->content_octets += used;
		if (to)
			sink_put(to, data, used);
	}
	if (!s->chunk_left)
		finish_chunk(s);
	else if (!s->chunk_is_stray)
		watch_for_end(s);
	return used;
}
