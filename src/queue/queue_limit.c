/* queue_limit.c - a text file under a lock.
 *
 *	mailsend-limit 1
 *	account NAME OWNER	for people
 *	due TIME		when what is held is due; left out: nothing is
 *	sent TIME		oldest first
 *	kind KEY TIME		oldest first
 *	end
 *
 * Read whole, changed in memory, written whole.  A held mail changes nothing
 * once `due` is known, so that many of them cost no writes. */
#include "queue/queue_limit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/crash.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "flow/digest.h"
#include "mail/subject_shape.h"
#include "queue/queue_dir.h"

#define FIRST_LINE "mailsend-limit 1"
#define FILE_MAX   (1024 * 1024)
#define ASK_MS	   5000
#define KEY_MAX	   (16 * 1024 * 1024) /* octets that a key is made of */
#define DUE_AGAIN  60

struct kind {
	char key[QUEUE_LIMIT_KEY];
	int64_t when;
};

struct state {
	int64_t due;
	int64_t *sent;
	struct kind *kinds;
	size_t sent_count, sent_room, kind_count, kind_room;
};

const char *queue_limit_word(enum queue_limit_by by)
{
	static const char *const words[] = {
		[QUEUE_LIMIT_NONE] = NULL,
		[QUEUE_LIMIT_SAME] = "limit_same",
		[QUEUE_LIMIT_PER_HOUR] = "limit_hour",
	};

	return words[by];
}

/* ---- the kind of a mail ---- */

int queue_limit_key(char key[QUEUE_LIMIT_KEY], struct arena *a,
		    const char *sender, const char *const *recipients,
		    size_t count, const char *subject, struct error *f)
{
	struct buf text = BUF_INIT(KEY_MAX);
	const char **sorted = arena_array(a, count + 1, sizeof(*sorted));
	char hex[DIGEST_HEX_SIZE];
	int r;

	for (size_t i = 0; i < count; i++)
		sorted[i] = text_lower(a, recipients[i]);
	qsort(sorted, count, sizeof(*sorted), text_compare);
	buf_printf(&text, "%s\n", text_lower(a, sender));
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s\n", sorted[i]);
	subject_shape_put(&text, subject);
	r = digest_text(text.data, text.len, hex, f);
	buf_free(&text);
	if (r == 0)
		snprintf(key, QUEUE_LIMIT_KEY, "%.16s", hex);
	return r;
}

/* ---- locks ---- */

static int open_lock(const char *path, struct error *f)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd >= 0 ? fd
		       : error_errno(f, ERROR_CANTCREAT, errno,
				     "cannot open %s", path);
}

int queue_limit_lock(struct queue *q, const char *name, unsigned wait,
		     struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE], file[64];
	int fd, r;

	queue_dir_path(path, q, "limit", NULL);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create the directory %s", path);
	snprintf(file, sizeof(file), "%s.lock", name);
	fd = open_lock(queue_dir_path(path, q, "limit", file), f);
	if (fd < 0)
		return -1;
	r = disk_lock(fd, wait, path, f);
	if (r > 0)
		return fd;
	if (r == 0)
		error_set(f, ERROR_TEMPORARY, "another process holds %s", path);
	close(fd);
	return -1;
}

/* ---- the file ---- */

static void free_state(struct state *s)
{
	free(s->sent);
	free(s->kinds);
}

static void add_sent(struct state *s, int64_t when)
{
	s->sent = memory_grow(s->sent, s->sent_count, &s->sent_room,
			      sizeof(*s->sent));
	s->sent[s->sent_count++] = when;
}

static void add_kind(struct state *s, const char *key, int64_t when)
{
	struct kind *new;

	s->kinds = memory_grow(s->kinds, s->kind_count, &s->kind_room,
			       sizeof(*s->kinds));
	new = &s->kinds[s->kind_count++];
	snprintf(new->key, sizeof(new->key), "%s", key);
	new->when = when;
}

static struct kind *find_kind(const struct state *s, const char *key)
{
	for (size_t i = s->kind_count; i-- > 0;)
		if (strcmp(s->kinds[i].key, key) == 0)
			return &s->kinds[i];
	return NULL;
}

static void drop_kind(struct state *s, struct kind *one)
{
	size_t at = (size_t)(one - s->kinds);

	memmove(one, one + 1, (--s->kind_count - at) * sizeof(*one));
}

static bool read_time(const char *text, int64_t *out)
{
	uint64_t value;

	if (!text_number(text, INT64_MAX, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

static bool read_kind(struct state *s, char *line)
{
	char *blank = strchr(line, ' ');
	int64_t when;

	if (!blank || s->kind_count >= QUEUE_LIMIT_KINDS)
		return false;
	*blank++ = '\0';
	if (!text_is_hex(line, QUEUE_LIMIT_KEY - 1) || !read_time(blank, &when))
		return false;
	add_kind(s, line, when);
	return true;
}

static bool read_line(struct state *s, char *line)
{
	int64_t when;

	if (!strncmp(line, "account ", 8))
		return true;
	if (!strncmp(line, "due ", 4))
		return read_time(line + 4, &s->due);
	if (!strncmp(line, "kind ", 5))
		return read_kind(s, line + 5);
	if (strncmp(line, "sent ", 5) != 0 ||
	    s->sent_count >= QUEUE_LIMIT_TIMES || !read_time(line + 5, &when))
		return false;
	add_sent(s, when);
	return true;
}

/* False where the file is damaged. */
static bool read_text(struct state *s, struct buf *text)
{
	bool is_text = strlen(text->data) == text->len;
	char *save = NULL, *line = strtok_r(text->data, "\n", &save);

	if (!is_text || !line || strcmp(line, FIRST_LINE) != 0)
		return false;
	while ((line = strtok_r(NULL, "\n", &save))) {
		if (!strcmp(line, "end"))
			return !strtok_r(NULL, "\n", &save);
		if (!read_line(s, line))
			return false;
	}
	return false;
}

static int read_state(const char *path, struct state *s, struct error *f)
{
	struct buf text = BUF_INIT(FILE_MAX);
	bool is_missing = false, is_whole = false;

	*s = (struct state){ 0 };
	if (disk_read_file(path, &text, true, f) < 0)
		is_missing = !error_is_set(f);
	else
		is_whole = read_text(s, &text);
	buf_free(&text);
	if (error_is_set(f))
		return -1;
	if (is_missing || is_whole)
		return 0;
	log_warning("%s is damaged: counting the mails of the past "
		    "hour starts again",
		    path);
	free_state(s);
	*s = (struct state){ 0 };
	return 0;
}

static int write_state(const struct queue *q, const struct queue_limit *l,
		       const char *file, const struct state *s, struct error *f)
{
	struct buf text = BUF_INIT(FILE_MAX);
	struct queue_dir_new new;
	int r = 0;

	buf_puts(&text, FIRST_LINE "\naccount ");
	text_puts_safe(&text, l->account);
	buf_putc(&text, ' ');
	text_puts_safe(&text, l->owner ? l->owner : "");
	if (s->due)
		buf_printf(&text, "\ndue %" PRId64, s->due);
	for (size_t i = 0; i < s->sent_count; i++)
		buf_printf(&text, "\nsent %" PRId64, s->sent[i]);
	for (size_t i = 0; i < s->kind_count; i++)
		buf_printf(&text, "\nkind %s %" PRId64, s->kinds[i].key,
			   s->kinds[i].when);
	buf_puts(&text, "\nend\n");
	if (text.overflow)
		r = error_set(f, ERROR_SOFTWARE, "%s is too large", file);
	if (r == 0)
		r = queue_dir_begin(q, &new, f);
	if (r == 0) {
		crash_point("limit-begun");
		r = queue_dir_fill(&new, text.data, text.len, f);
		crash_point("limit-written");
		if (r == 0)
			r = queue_dir_place(&new, q, "limit", file, f);
		crash_point("limit-placed");
		queue_dir_abandon(&new);
	}
	buf_free(&text);
	return r;
}

/* ---- what is forgotten ---- */

/* A clock that was set back leaves times of the future. */
static void clamp(struct state *s, const struct queue_limit *l, int64_t now)
{
	int64_t window =
		l->same > QUEUE_LIMIT_HOUR ? l->same : QUEUE_LIMIT_HOUR;

	for (size_t i = 0; i < s->sent_count; i++)
		if (s->sent[i] > now)
			s->sent[i] = now;
	for (size_t i = 0; i < s->kind_count; i++)
		if (s->kinds[i].when > now)
			s->kinds[i].when = now;
	if (s->due > now + window)
		s->due = now;
}

/* Drops what does not count any more, and what there is no room for. */
static void prune(struct state *s, const struct queue_limit *l, int64_t now)
{
	size_t old = 0, kept = 0;

	while (old < s->sent_count &&
	       (s->sent[old] <= now - QUEUE_LIMIT_HOUR ||
		s->sent_count - old >= QUEUE_LIMIT_TIMES))
		old++;
	s->sent_count -= old;
	if (old)
		memmove(s->sent, s->sent + old,
			s->sent_count * sizeof(*s->sent));
	for (size_t i = 0; i < s->kind_count; i++)
		if (!l->same || s->kinds[i].when > now - l->same)
			s->kinds[kept++] = s->kinds[i];
	s->kind_count = kept;
	while (s->kind_count >= QUEUE_LIMIT_KINDS)
		drop_kind(s, s->kinds);
}

/* ---- one look at it ---- */

struct held {
	struct queue *queue;
	const struct queue_limit *rule;
	int lock;
	char file[QUEUE_LIMIT_KEY];
	struct state state;
};

static int name_file(char file[QUEUE_LIMIT_KEY], const struct queue_limit *l,
		     struct error *f)
{
	char hex[DIGEST_HEX_SIZE];
	struct buf name = BUF_INIT(KEY_MAX);
	int r;

	buf_printf(&name, "%s\n%s", l->account, l->owner ? l->owner : "");
	r = digest_text(name.data, name.len, hex, f);
	buf_free(&name);
	if (r == 0)
		snprintf(file, QUEUE_LIMIT_KEY, "%.16s", hex);
	return r;
}

static int open_state(struct held *h, struct queue *q,
		      const struct queue_limit *l, int64_t now, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE];

	*h = (struct held){ .queue = q, .rule = l, .lock = -1 };
	if (name_file(h->file, l, f) < 0)
		return -1;
	h->lock = queue_limit_lock(q, "state", ASK_MS, f);
	if (h->lock < 0)
		return -1;
	if (read_state(queue_dir_path(path, q, "limit", h->file), &h->state,
		       f) < 0) {
		free_state(&h->state);
		close(h->lock);
		return -1;
	}
	clamp(&h->state, l, now);
	prune(&h->state, l, now);
	return 0;
}

static int close_state(struct held *h, bool is_changed, struct error *f)
{
	int r = is_changed
			? write_state(h->queue, h->rule, h->file, &h->state, f)
			: 0;

	free_state(&h->state);
	close(h->lock); /* and with it the lock */
	return r;
}

static void count_kind(struct state *s, const struct queue_limit *l,
		       const char *key, int64_t now)
{
	struct kind *kind = find_kind(s, key);

	if (kind)
		drop_kind(s, kind);
	if (l->same)
		add_kind(s, key, now);
}

static void judge(const struct state *s, const struct queue_limit *l,
		  const char *key, struct queue_limit_answer *out)
{
	const struct kind *kind = l->same ? find_kind(s, key) : NULL;
	size_t hour = (size_t)l->hour;

	*out = (struct queue_limit_answer){ .by = QUEUE_LIMIT_NONE };
	if (kind) {
		out->by = QUEUE_LIMIT_SAME;
		out->until = kind->when + l->same;
	} else if (hour && s->sent_count >= hour) {
		out->by = QUEUE_LIMIT_PER_HOUR;
		out->until = s->sent[s->sent_count - hour] + QUEUE_LIMIT_HOUR;
	}
}

int queue_limit_ask(struct queue *q, const struct queue_limit *l,
		    const char *key, int64_t now,
		    struct queue_limit_answer *out, struct error *f)
{
	bool is_changed = true;
	struct held h;
	struct state *s = &h.state;

	*out = (struct queue_limit_answer){ .by = QUEUE_LIMIT_NONE };
	if (open_state(&h, q, l, now, f) < 0)
		return -1;
	judge(s, l, key, out);
	if (!out->by) {
		count_kind(s, l, key, now);
		if (l->hour)
			add_sent(s, now);
	} else {
		is_changed = !s->due || s->due > out->until;
		if (is_changed)
			s->due = out->until;
	}
	if (s->due && s->due <= now) {
		out->is_due = is_changed = true;
		s->due = now + DUE_AGAIN;
	}
	return close_state(&h, is_changed, f);
}

int queue_limit_look(struct queue *q, const struct queue_limit *l,
		     const char *key, int64_t now,
		     struct queue_limit_answer *out, struct error *f)
{
	char path[QUEUE_DIR_PATH_SIZE], file[QUEUE_LIMIT_KEY];
	struct state s;

	*out = (struct queue_limit_answer){ .by = QUEUE_LIMIT_NONE };
	if (name_file(file, l, f) < 0 ||
	    read_state(queue_dir_path(path, q, "limit", file), &s, f) < 0)
		return -1;
	clamp(&s, l, now);
	prune(&s, l, now);
	judge(&s, l, key, out);
	free_state(&s);
	return 0;
}

int queue_limit_return(struct queue *q, const struct queue_limit *l,
		       const char *key, int64_t when, struct error *f)
{
	struct kind *kind;
	struct held h;
	struct state *s = &h.state;

	if (open_state(&h, q, l, sysenv_now(), f) < 0)
		return -1;
	kind = find_kind(s, key);
	if (kind && kind->when == when)
		drop_kind(s, kind);
	for (size_t i = s->sent_count; i-- > 0;)
		if (s->sent[i] == when) {
			memmove(s->sent + i, s->sent + i + 1,
				(--s->sent_count - i) * sizeof(*s->sent));
			break;
		}
	return close_state(&h, true, f);
}

int queue_limit_note(struct queue *q, const struct queue_limit *l,
		     const char (*keys)[QUEUE_LIMIT_KEY], size_t count,
		     int64_t now, int64_t next, struct error *f)
{
	struct held h;

	if (open_state(&h, q, l, now, f) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		count_kind(&h.state, l, keys[i], now);
		prune(&h.state, l, now);
	}
	if (l->hour && count)
		add_sent(&h.state, now);
	h.state.due = next;
	return close_state(&h, true, f);
}
