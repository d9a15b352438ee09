/* allowance.c - a line "RATE USED PENDING" for each user.
 *
 * RATE is the time, in milliseconds since 1970, at which the bucket will be
 * full again (the "theoretical arrival time" of GCRA, ITU-T I.371): one number
 * that needs no update while nobody sends.  If the clock was set back, it is
 * limited to one period from now.  A line that cannot be read counts as none,
 * and the queue as not counted yet. */
#include "server/allowance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/io.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/values.h"
#include "queue/queue.h"

#define LINE_SIZE	80
#define LOOK_OCTETS	((uint64_t)1024 * 1024)
#define RESERVE_MAX	((uint64_t)100 * 1024 * 1024)
#define RESERVE_DIVISOR 20 /* of the file system, where that is less */

struct line {
	uint64_t rate, pending;
	uint64_t used; /* UNCOUNTED: the queue has to be looked at */
};

#define UNCOUNTED ((uint64_t)INT64_MAX)

/* ---- the file ---- */

static int parse(char *text, struct line *out)
{
	uint64_t *fields[] = { &out->rate, &out->used, &out->pending };
	char *save = NULL, *word = strtok_r(text, " \n", &save);

	for (size_t i = 0; i < 3; i++, word = strtok_r(NULL, " \n", &save))
		if (!word || !text_number(word, INT64_MAX, fields[i]))
			return -1;
	return 0;
}

/* Locked, until it is closed. */
static int open_line(const struct allowance *l, struct line *out,
		     struct error *f)
{
	char path[4096], text[LINE_SIZE + 1];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/serving/%s", l->queue, l->peer->share);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		error_errno(f, ERROR_CANTCREAT, errno, "cannot open %s", path);
		return -1;
	}
	n = disk_lock(fd, DISK_LOCK_WAIT, path, f);
	if (n > 0)
		n = disk_pread_full(fd, text, LINE_SIZE, 0, path, f);
	if (n < 0) {
		close(fd);
		return -1;
	}
	text[n] = '\0';
	*out = (struct line){ .rate = 0 };
	if (parse(text, out) < 0)
		*out = (struct line){ .used = UNCOUNTED };
	return fd;
}

/* Of one length, so that a full disk is a matter of the first time. */
static int write_line(int fd, const struct line *line, struct error *f)
{
	char text[LINE_SIZE + 1];
	ssize_t n;

	snprintf(text, sizeof(text),
		 "%-25" PRIu64 " %-25" PRIu64 " %-25" PRIu64, line->rate,
		 line->used, line->pending);
	n = pwrite(fd, text, strlen(text), 0);
	if (n == (ssize_t)strlen(text))
		return 0;
	return error_errno(f, ERROR_IO, n < 0 ? errno : ENOSPC,
			   "cannot write down what a user has sent");
}

/* ---- the rate ---- */

static uint64_t now_ms(void)
{
	int64_t now = sysenv_now();

	return now > 0 ? (uint64_t)now * 1000 : 0;
}

static int refuse(struct error *f, int code, const char *esc, const char *text)
{
	bool is_temporary = code < 500;

	error_set(f, is_temporary ? ERROR_TEMPORARY : ERROR_DATA, "%s", text);
	f->reply = code;
	f->temporary = is_temporary;
	snprintf(f->esc, sizeof(f->esc), "%s", esc);
	return -1;
}

/* Would `count` more fit?  Then they are in line->rate. */
static int spend(const struct allowance *l, struct line *line, size_t count,
		 struct error *f)
{
	unsigned most = 0, seconds = 0;
	uint64_t now = now_ms(), period, then, limit;
	char text[200];

	if (!l->account->serve_rate)
		return 0;
	value_read_rate(l->account->serve_rate, &most, &seconds);
	if (!most)
		return 0;
	period = seconds * UINT64_C(1000);
	limit = now + period;
	then = line->rate < now ? now : line->rate;
	if (then > limit)
		then = limit;
	if (count > most)
		count = most; /* no mail has more (allowance_recipients) */
	then += count * period / most;
	if (then <= limit) {
		line->rate = then;
		return 0;
	}
	snprintf(text, sizeof(text),
		 "%s may send to %s recipients, and has; the next is due in "
		 "%" PRIu64 " seconds",
		 l->peer->name, l->account->serve_rate,
		 (then - limit + 999) / 1000);
	return refuse(f, 450, "4.7.1", text);
}

/* ---- the quota ---- */

static bool is_of(const struct allowance *l, const struct entry *e)
{
	size_t n = strlen(l->peer->share);
	const char *name;

	if (!e->owner)
		return false;
	if (l->peer->has_name)
		return strncmp(e->owner, l->peer->share, n) == 0 &&
		       e->owner[n] == ' ';
	name = strchr(e->owner, ' ');
	return name && strncmp(name, " uid", 4) == 0;
}

static int count_place(const struct allowance *l, struct queue *q,
		       enum queue_place place, uint64_t *sum, struct error *f)
{
	struct arena a = ARENA_INIT, each = ARENA_INIT;
	struct error ignored = ERROR_INIT;
	struct queue_names names;
	struct entry e;
	int r = queue_list(q, &a, place, &names, f);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		if (queue_peek(q, &each, place, names.ids[i], &e, &ignored) >
			    0 &&
		    is_of(l, &e))
			*sum += e.size;
		error_clear(&ignored);
		arena_free(&each);
	}
	arena_free(&a);
	return r;
}

/* All that is theirs in the queue, whether it waits or is kept. */
static int count_queue(const struct allowance *l, uint64_t *sum,
		       struct error *f)
{
	struct arena a = ARENA_INIT;
	struct queue q;
	int r = queue_open(&q, &a, l->queue, false, f);

	*sum = 0;
	if (r == 0)
		r = count_place(l, &q, QUEUE_WAITING, sum, f);
	if (r == 0)
		r = count_place(l, &q, QUEUE_GIVEN_UP, sum, f);
	arena_free(&a);
	return r;
}

static int fit(const struct allowance *l, struct line *line, uint64_t size,
	       struct error *f)
{
	uint64_t most = (uint64_t)l->account->serve_quota;
	char text[200];

	if (!most)
		return 0;
	if (size > most) {
		snprintf(text, sizeof(text),
			 "a mail of %" PRIu64 " octets is more than %s may "
			 "have in the queue (%" PRIu64 ")",
			 size, l->peer->name, most);
		return refuse(f, 552, "5.3.4", text);
	}
	if (line->used + size <= most)
		return 0;
	if (count_queue(l, &line->used, f) < 0)
		return -1;
	line->used += line->pending;
	if (line->used + size <= most)
		return 0;
	snprintf(text, sizeof(text),
		 "the queued mails of %s have %" PRIu64 " octets, and %" PRIu64
		 " are allowed",
		 l->peer->name, line->used, most);
	return refuse(f, 452, "4.2.2", text);
}

/* ---- the disk ---- */

static int look_at_disk(const struct allowance *l, uint64_t size,
			struct error *f)
{
	struct statvfs fs;
	uint64_t reserve, available;

	if (statvfs(l->queue, &fs) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot look at the disk of %s", l->queue);
	reserve = (uint64_t)fs.f_blocks * fs.f_frsize / RESERVE_DIVISOR;
	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	if (l->account->serve_reserve)
		reserve = (uint64_t)l->account->serve_reserve;
	available = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (available >= reserve && available - reserve >= size &&
	    (!fs.f_files || fs.f_favail > fs.f_files / RESERVE_DIVISOR / 5))
		return 0;
	return refuse(f, 452, "4.3.1",
		      "the disk has no room for more mail now");
}

/* ---- a mail ---- */

static bool is_unlimited(const struct allowance *l)
{
	return l->peer->uid == 0;
}

static bool has_line(const struct allowance *l)
{
	return !is_unlimited(l) &&
	       (l->account->serve_rate || l->account->serve_quota);
}

int allowance_init(struct allowance *l, struct arena *a,
		   const struct account *account, const struct peer *peer,
		   struct error *f)
{
	struct queue q;

	*l = (struct allowance){ .account = account, .peer = peer };
	l->queue = config_queue(a, account, f);
	if (!l->queue || queue_open(&q, a, l->queue, true, f) < 0)
		return -1;
	return has_line(l) ? disk_make_directory(arena_format(a, "%s/serving",
							      l->queue),
						 f)
			   : 0;
}

size_t allowance_recipients(const struct account *account,
			    const struct peer *peer)
{
	size_t most = (size_t)account->serve_max_recipients;
	unsigned rate, seconds;

	if (peer->uid == 0 || !account->serve_rate)
		return most;
	value_read_rate(account->serve_rate, &rate, &seconds);
	return rate < most ? rate : most;
}

uint64_t allowance_size(const struct account *account, const struct peer *peer)
{
	uint64_t most = (uint64_t)account->serve_max_size;
	uint64_t quota = (uint64_t)account->serve_quota;

	return peer->uid != 0 && quota && (!most || quota < most) ? quota
								  : most;
}

int allowance_check(struct allowance *l, uint64_t size, struct error *f)
{
	struct line line;
	int fd, r;

	if (is_unlimited(l))
		return 0;
	if (look_at_disk(l, size, f) < 0)
		return -1;
	if (!has_line(l))
		return 0;
	fd = open_line(l, &line, f);
	if (fd < 0)
		return -1;
	r = fit(l, &line, size ? size : 1, f);
	if (r == 0)
		r = spend(l, &line, 1, f); /* only a look */
	close(fd);
	return r;
}

int allowance_take(struct allowance *l, size_t recipients, struct error *f)
{
	struct line line;
	int fd, r;

	if (is_unlimited(l) || !l->account->serve_rate)
		return 0;
	fd = open_line(l, &line, f);
	if (fd < 0)
		return -1;
	r = spend(l, &line, recipients, f);
	if (r == 0)
		r = write_line(fd, &line, f);
	close(fd);
	return r;
}

int allowance_hold(struct allowance *l, uint64_t size, struct error *f)
{
	struct line line;
	int fd, r;

	if (is_unlimited(l))
		return 0;
	/* rendered once more, and then linked or copied */
	if (look_at_disk(l, size, f) < 0)
		return -1;
	if (!l->account->serve_quota)
		return 0;
	fd = open_line(l, &line, f);
	if (fd < 0)
		return -1;
	r = fit(l, &line, size, f);
	if (r == 0) {
		line.used += size;
		line.pending += size;
		r = write_line(fd, &line, f);
	}
	if (r == 0)
		l->pending = size;
	close(fd);
	return r;
}

void allowance_settle(struct allowance *l, bool is_queued)
{
	struct error ignored = ERROR_INIT;
	uint64_t size = l->pending;
	struct line line;
	int fd;

	if (!size)
		return;
	l->pending = 0;
	fd = open_line(l, &line, &ignored);
	if (fd < 0)
		return; /* it stays until the service starts anew */
	line.pending -= line.pending < size ? line.pending : size;
	if (!is_queued && line.used != UNCOUNTED)
		line.used -= line.used < size ? line.used : size;
	write_line(fd, &line, &ignored);
	close(fd);
}

/* ---- its content ---- */

static int put(struct sink *s, const void *data, size_t n)
{
	struct allowance *l = (struct allowance *)s;

	l->count += n;
	if (l->count >= l->next && !is_unlimited(l)) {
		l->next = l->count + LOOK_OCTETS;
		if (look_at_disk(l, 0, s->error) < 0)
			return -1;
	}
	return sink_put(s->next, data, n);
}

struct sink *allowance_sink(struct allowance *l, struct sink *next)
{
	static const struct sink_ops ops = { .put = put };

	l->sink = (struct sink){ .ops = &ops,
				 .next = next,
				 .error = next->error };
	l->count = 0;
	l->next = LOOK_OCTETS;
	return &l->sink;
}

/* ---- a service starts ---- */

void allowance_forget_pending(struct arena *a, const char *queue)
{
	const char *path = arena_format(a, "%s/serving", queue);
	struct error ignored = ERROR_INIT;
	struct peer peer = { .uid = 1 };
	struct allowance l = { .queue = queue, .peer = &peer };
	struct directory d;
	const char *name;

	if (directory_open(&d, path, &ignored) <= 0)
		return;
	while ((name = directory_next(&d, &ignored))) {
		struct error each = ERROR_INIT;
		struct line line = { 0 };
		int fd;

		snprintf(peer.share, sizeof(peer.share), "%s", name);
		fd = open_line(&l, &line, &each);
		if (fd < 0)
			continue;
		if (line.pending) {
			line.pending = 0;
			write_line(fd, &line, &each);
		}
		close(fd);
	}
	directory_close(&d);
}
