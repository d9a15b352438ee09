/* fetch.c - open, select, act, remember, close.
 *
 * The retrieved messages are recorded last, so that a run that fails or is
 * killed retrieves them again rather than never. */
#include "fetch/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/io.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "deliver/account_mailbox.h"
#include "flow/atomic_file.h"
#include "flow/crlf.h"
#include "flow/source.h"
#include "store/converse.h"

struct act {
	struct arena *arena;
	const struct fetch_order *order;
	struct mailbox mailbox;
	struct choice choice;
	struct seen seen, *is_new; /* is_new: &seen with --new, else NULL */
	bool is_unsafe; /* a saved file might be lost in a power failure */
};

/* ---- which messages: a mark for each, then a list of those marked ---- */

struct range {
	size_t from, to; /* to is 0: the last */
};

/* "7-" is from 7 to the last. */
static bool read_range(const char *word, struct range *r)
{
	uint64_t from, to;
	size_t n;

	if (!strcmp(word, "all")) {
		*r = (struct range){ 1, 0 };
		return true;
	}
	n = text_digits(word, SIZE_MAX, &from);
	if (n && from && strcmp(word + n, "-") == 0)
		to = 0;
	else if (!n || word[text_range(word, SIZE_MAX, &from, &to)] || !from)
		return false;
	*r = (struct range){ (size_t)from, (size_t)to };
	return true;
}

bool choice_is_word(const char *word)
{
	struct range r;

	return !strcmp(word, "last") || read_range(word, &r);
}

static int mark(const struct mailbox *m, char *marks, const char *word,
		struct error *f)
{
	struct range r;

	if (!strcmp(word, "last"))
		r = (struct range){ m->count, m->count };
	else if (!read_range(word, &r))
		return error_set(f, ERROR_USAGE,
				 "\"%s\" is not a message: write a number, "
				 "3-9, last or all",
				 word);
	if (strcmp(word, "all") != 0 &&
	    (!r.from || r.from > m->count || r.to > m->count))
		return error_set(f, ERROR_NOINPUT,
				 "there is no message %s in %s: it has %zu",
				 word, m->name, m->count);
	for (size_t i = r.from; i <= (r.to ? r.to : m->count); i++)
		marks[i - 1] = 1;
	return 0;
}

static int collect(struct choice *c, struct mailbox *m, const char *marks,
		   struct seen *seen, struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		if (!marks[i - 1])
			continue;
		if (seen) {
			const char *id = mailbox_id(m, i, f);

			if (!id)
				return -1;
			if (seen_has(seen, id))
				continue;
		}
		c->numbers[c->count++] = i;
	}
	return 0;
}

/* Without words, all messages.  With `seen` (or NULL), those that were seen
 * before are left out.  ERROR_USAGE for an invalid word, ERROR_NOINPUT for a
 * number that the mailbox does not have. */
static int choose(struct choice *c, struct arena *a, struct mailbox *m,
		  const char *const *words, size_t count, struct seen *seen,
		  struct error *f)
{
	char *marks = arena_alloc(a, m->count + 1);

	*c = (struct choice){
		.numbers = arena_array(a, m->count + 1, sizeof(*c->numbers)),
	};
	if (!count)
		memset(marks, 1, m->count);
	for (size_t i = 0; i < count; i++)
		if (mark(m, marks, words[i], f) < 0)
			return -1;
	return collect(c, m, marks, seen, f);
}

/* ---- --raw ---- */

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

/* A reply is printed before the next command is read: a person may be waiting.
 * The chain is made anew each time, because closing it flushes it. */
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
	verdict = converse_command(c, line, &lf.sink, f);
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

/* A replacement for telnet to port 110.
 *
 * Lines of stdin are commands; replies are printed on stdout as they arrive,
 * with LF.  TLS and login are done before the first command; USER, PASS and
 * similar lines of old scripts are skipped.  The end of the input without QUIT
 * deletes nothing, as with telnet.  ERROR_UNAVAILABLE if a command was refused,
 * after all were tried. */
static int run_raw(struct arena *a,
		   const struct account_mailbox_options *options,
		   struct error *f)
{
	struct converse *c;
	int r;

	if (!mailbox_is_url(options->source))
		return error_set(f, ERROR_USAGE,
				 "--raw is for a server: pop3://, pop3s://, "
				 "imap:// or imaps://");
	c = account_mailbox_converse(a, options, f);
	if (!c)
		return -1;
	r = talk(c, f);
	converse_close(c);
	return r;
}

/* ---- one message ---- */

static int only_one(const struct act *a, size_t *number, struct error *f)
{
	if (a->choice.count == 1) {
		*number = a->choice.numbers[0];
		return 0;
	}
	if (a->choice.count == 0)
		return error_set(f, ERROR_NOINPUT,
				 a->is_new ? "%s has no new message among those"
					   : "%s has no messages",
				 a->mailbox.name);
	return error_set(f, ERROR_USAGE,
			 "one message at a time: give a single number");
}

static int push(struct act *a, size_t number, struct sink *to, struct error *f)
{
	struct lf lf;
	int r;

	lf_init(&lf, to);
	if (a->order->action == FETCH_TOP)
		r = mailbox_top(&a->mailbox, number, a->order->lines, &lf.sink,
				f);
	else
		r = mailbox_read(&a->mailbox, number, &lf.sink, f);
	if (r == 0)
		r = sink_close(&lf.sink);
	return r;
}

/* Unchanged to a pipe or a file, sanitized to a terminal. */
static int show(struct act *a, size_t number, struct error *f)
{
	bool is_terminal = sysenv_is_terminal(STDOUT_FILENO);
	struct screen screen;
	struct sink_fd out;
	int r;

	sink_fd_init(&out, STDOUT_FILENO, "standard output", f);
	screen_init(&screen, &out.sink, strcmp(sysenv_charset(), "utf-8") == 0);
	r = push(a, number, is_terminal ? &screen.sink : &out.sink, f);
	if (r == 0)
		r = sink_close(&screen.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	return r;
}

static int save(struct act *a, size_t number, struct error *f)
{
	const char *path = a->order->path;
	struct atomic_file file;
	int r;

	if (!strcmp(path, "-"))
		return show(a, number, f);
	tempfile_tidy(disk_dirname(a->arena, path), FETCH_PREFIX);
	r = atomic_file_open(&file, a->arena, path, FETCH_PREFIX,
			     a->order->force, ATOMIC_FILE_PRIVATE, f);
	if (r == 0)
		r = push(a, number, &file.out.sink, f);
	if (r == 0)
		r = atomic_file_commit(&file, f);
	a->is_unsafe |= file.is_unsafe;
	atomic_file_free(&file);
	if (r == 1)
		return error_set(f, ERROR_CANTCREAT,
				 "%s exists already; name another file, or "
				 "overwrite it with --force",
				 path);
	return r;
}

static int take_one(struct act *a, struct error *f)
{
	size_t number = 0;
	int r;

	if (only_one(a, &number, f) < 0)
		return -1;
	r = a->order->action == FETCH_SAVE ? save(a, number, f)
					   : show(a, number, f);
	if (r == 0 && a->is_new)
		r = seen_add(a->is_new, mailbox_id(&a->mailbox, number, f));
	return error_is_set(f) ? -1 : r;
}

/* ---- attachments ---- */

static int take_attachments(struct act *a, struct error *f)
{
	struct detached found = { 0 };
	int r = disk_make_directory(a->order->path, f);

	tempfile_tidy(a->order->path, FETCH_PREFIX);
	mailbox_expect(&a->mailbox, a->choice.numbers, a->choice.count, -1);
	for (size_t i = 0; r == 0 && i < a->choice.count; i++) {
		struct arena each = ARENA_INIT;

		r = attachments_message(&each, a->order, &a->mailbox,
					a->choice.numbers[i], &found, f);
		arena_free(&each);
		if (r == 0 && a->is_new)
			r = seen_add(a->is_new,
				     mailbox_id(&a->mailbox,
						a->choice.numbers[i], f));
	}
	if (found.count)
		a->is_unsafe |= !atomic_file_sync(a->order->path);
	if (r == 0 && !found.count)
		log_note("no attachments");
	if (r == 0 && found.damaged)
		r = error_set(f, ERROR_DATA,
			      "%zu of %zu attachments are damaged or truncated",
			      found.damaged, found.count);
	return error_is_set(f) ? -1 : r;
}

/* ---- deleting ---- */

static int ask(const struct act *a, struct error *f)
{
	struct buf question = BUF_INIT(4096);
	char answer[16];
	ssize_t n;
	int fd, r;

	fd = sysenv_has_terminal()
		     ? open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
		     : -1;
	if (fd < 0)
		return error_set(f, ERROR_USAGE,
				 "there is no terminal to confirm that %zu "
				 "message%s to be deleted; confirm with --yes",
				 a->choice.count,
				 a->choice.count == 1 ? " is" : "s are");
	buf_printf(&question, "delete %zu message%s of %s permanently? [y/N] ",
		   a->choice.count, a->choice.count == 1 ? "" : "s",
		   a->mailbox.name);
	r = disk_write_all(fd, question.data, question.len, "the terminal", f);
	buf_free(&question);
	n = r == 0 ? io_read(fd, answer, sizeof(answer)) : -1;
	close(fd);
	if (r == 0 && n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	return error_set(f, ERROR_USAGE, "nothing was deleted");
}

static int delete_chosen(struct act *a, struct error *f)
{
	if (!a->choice.count)
		return 0;
	for (size_t i = 0; i < a->choice.count; i++)
		if (mailbox_delete(&a->mailbox, a->choice.numbers[i], f) < 0)
			return -1;
	return a->order->yes ? 0 : ask(a, f);
}

/* ---- the whole command ---- */

static int do_action(struct act *a, struct error *f)
{
	switch (a->order->action) {
	case FETCH_LIST:
		return listing_print(&a->mailbox, &a->choice, a->order->json,
				     f);
	case FETCH_SHOW:
	case FETCH_TOP:
	case FETCH_SAVE:
		return take_one(a, f);
	case FETCH_ATTACHMENTS:
		return take_attachments(a, f);
	case FETCH_DELETE:
		return delete_chosen(a, f);
	case FETCH_KEEP:
		return save_messages(a->arena, a->order, &a->mailbox,
				     &a->choice, a->is_new, &a->is_unsafe, f);
	case FETCH_RAW:
		break;
	}
	return error_set(f, ERROR_SOFTWARE, "no such action");
}

static int remember(struct act *a, struct error *f)
{
	if (!a->is_unsafe)
		return seen_keep(a->is_new, &a->mailbox, f);
	log_warning("so it is not recorded as retrieved: the next run with "
		    "--new retrieves it again");
	return 0;
}

/* Deletions are carried out when the mailbox is closed. */
static int run(struct act *a, const struct account_mailbox_options *options,
	       struct error *f)
{
	int r;

	if (account_mailbox_open(&a->mailbox, a->arena, options, f) < 0)
		return -1;
	r = choose(&a->choice, a->arena, &a->mailbox, a->order->words,
		   a->order->word_count, a->is_new, f);
	if (r == 0)
		r = do_action(a, f);
	if (r == 0 && a->is_new)
		r = remember(a, f);
	if (r == 0)
		return mailbox_close(&a->mailbox, f);
	mailbox_abandon(&a->mailbox);
	return -1;
}

int fetch_run(struct arena *arena, const struct fetch_order *o, struct error *f)
{
	const struct account_mailbox_options options = {
		.source = o->source,
		.spool = o->spool,
		.config = o->config,
		.trace = o->trace,
	};
	struct act a = { .arena = arena, .order = o };
	int r;

	if (o->action == FETCH_RAW)
		return run_raw(arena, &options, f);
	if (o->only_new) {
		if (seen_open(&a.seen, arena, o->source, f) < 0)
			return -1;
		a.is_new = &a.seen;
	}
	r = run(&a, &options, f);
	if (a.is_new)
		seen_close(a.is_new);
	return r;
}
