/* raw.c - a line in, a reply out. */
#include "fetch/act.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "deliver/account_mailbox.h"
#include "fetch/screen.h"
#include "flow/crlf.h"
#include "flow/source.h"
#include "store/converse.h"

struct input {
	struct source source;
	char room[CONVERSE_LINE_MAX];
	size_t at, have;
};

/* The next line without its end; 0 at the end of the input. */
static int next_line(struct input *in, struct buf *line, struct error *f)
{
	buf_reset(line);
	for (;;) {
		const char *from, *lf;
		size_t n;

		if (in->at == in->have) {
			ssize_t r = source_read(&in->source, in->room,
						sizeof(in->room), f);

			if (r <= 0)
				return r < 0 ? -1 : line->len > 0;
			in->at = 0;
			in->have = (size_t)r;
		}
		from = in->room + in->at;
		lf = memchr(from, '\n', in->have - in->at);
		n = lf ? (size_t)(lf - from) : in->have - in->at;
		if (buf_put(line, from, n) < 0)
			return error_set(f, ERROR_USAGE,
					 "a command has more than %d octets",
					 CONVERSE_LINE_MAX);
		in->at += n + (lf != NULL);
		if (lf)
			return 1;
	}
}

static int check_line(struct buf *line, struct error *f)
{
	if (line->len && line->data[line->len - 1] == '\r')
		buf_truncate(line, line->len - 1);
	if (memchr(line->data, '\0', line->len) ||
	    memchr(line->data, '\r', line->len))
		return error_set(f, ERROR_USAGE,
				 "a command has a NUL or a CR in it");
	return 0;
}

/* A reply is shown before the next command is read: a person may be waiting.
 * The chain is made anew, since closing it is what flushes it. */
static int say(struct converse *c, const char *line, struct error *f)
{
	struct sink_fd out;
	struct screen screen;
	struct lf lf;
	int verdict;

	sink_fd_init(&out, STDOUT_FILENO, "standard output", f);
	screen_init(&screen, &out.sink, true);
	lf_init(&lf,
		sysenv_is_terminal(STDOUT_FILENO) ? &screen.sink : &out.sink);
	verdict = converse_say(c, line, &lf.sink, f);
	if (!error_is_set(f)) {
		sink_close(&lf.sink);
		sink_close(&screen.sink);
		sink_close(&out.sink);
	}
	sink_fd_free(&out);
	return error_is_set(f) ? -1 : verdict;
}

static int talk(struct converse *c, struct error *f)
{
	struct buf line = BUF_INIT(CONVERSE_LINE_MAX);
	struct input in = { .at = 0 };
	size_t count = 0, refused = 0;
	int verdict = CONVERSE_YES;

	source_of_stream(&in.source, STDIN_FILENO, "standard input");
	while (verdict >= 0 && verdict != CONVERSE_OVER &&
	       next_line(&in, &line, f) > 0) {
		if (check_line(&line, f) < 0)
			break;
		if (!line.len && verdict != CONVERSE_MORE)
			continue;
		if (converse_is_done(c, line.data)) {
			log_note("already logged in: a line with %.*s is "
				 "ignored",
				 (int)strcspn(line.data, " "), line.data);
			continue;
		}
		verdict = say(c, line.data, f);
		count++;
		refused += verdict == CONVERSE_NO;
	}
	buf_wipe(&line);
	if (error_is_set(f))
		return -1;
	if (refused)
		return error_set(f, ERROR_UNAVAILABLE,
				 "the server refused %zu of %zu commands",
				 refused, count);
	return 0;
}

int raw_run(struct arena *a, const struct account_mailbox_wish *wish,
	    struct error *f)
{
	struct converse *c;
	int r;

	if (!mailbox_is_url(wish->source))
		return error_set(f, ERROR_USAGE,
				 "--raw is for a server: pop3://, pop3s://, "
				 "imap:// or imaps://");
	c = account_mailbox_converse(a, wish, f);
	if (!c)
		return -1;
	r = talk(c, f);
	converse_close(c);
	return r;
}
