/* mailq_visit.c - a queue, read mail by mail.
 *
 * Without locks: what is taken out meanwhile is passed over, and what moves may
 * be seen in its old place or its new one. */
#include "queuerun/mailq.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/disk.h"
#include "queuerun/selection.h"

/* ---- which ones somebody has just now ----
 *
 * To try a lock would keep it from whoever wants it in that moment: the
 * system's own list of locks is read instead, once.  proc(5): "7: FLOCK
 * ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF"; the device is left out of it,
 * which is not what stat(2) says on every file system.  Where there is no list,
 * nobody is said to have anything. */

struct busy {
	struct buf locks; /* " INODE " of each that is locked */
};

#define LOCKS_MAX (1024 * 1024)

static void take_line(struct buf *out, const char *line, size_t n)
{
	char kind[16], inode[32];
	char text[128];

	if (n >= sizeof(text))
		return;
	memcpy(text, line, n);
	text[n] = '\0';
	if (sscanf(text, "%*s %15s %*s %*s %*s %*[^:]:%*[^:]:%31[0-9]", kind,
		   inode) == 2 &&
	    strcmp(kind, "FLOCK") == 0)
		buf_printf(out, " %s ", inode);
}

static void busy_init(struct busy *b)
{
	struct buf all = BUF_INIT(LOCKS_MAX);
	struct error unread = ERROR_INIT;

	buf_init(&b->locks, LOCKS_MAX);
	if (disk_read_file("/proc/locks", &all, true, &unread) == 0)
		for (const char *p = all.data; *p; p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			take_line(&b->locks, p, n);
			p += n;
		}
	buf_free(&all);
}

static void busy_free(struct busy *b)
{
	buf_free(&b->locks);
}

static bool is_busy(const struct busy *b, const struct queue *q, const char *id)
{
	char path[4096], inode[40];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/msg/%s", q->folder, id);

	if (!b->locks.len || n < 0 || (size_t)n >= sizeof(path) ||
	    lstat(path, &st) < 0)
		return false;
	snprintf(inode, sizeof(inode), " %ju ", (uintmax_t)st.st_ino);
	return strstr(b->locks.data, inode) != NULL;
}

static bool entry_fits(const struct mailq_choice *choice, const struct entry *e)
{
	if (!e)
		return !choice->senders.count && !choice->recipients.count;
	if (!selection_match_address(&choice->senders, e->reverse_path))
		return false;
	for (size_t i = 0; i < e->count; i++)
		if (selection_match_address(&choice->recipients,
					    e->recipients[i].address))
			return true;
	return !choice->recipients.count;
}

/* ---- all ---- */

struct visit {
	struct queue *queue;
	const struct mailq_choice *choice;
	const struct record_to *to;
	struct busy busy;
};

static int visit_one(struct visit *v, enum queue_place place, const char *id,
		     struct error *f)
{
	struct arena a = ARENA_INIT;
	struct entry e = { 0 };
	struct record mail = { .kind = RECORD_MAIL, .place = place, .id = id };
	int r = queue_peek(v->queue, &a, place, id, &e, &mail.error);

	if (r > 0)
		mail.entry = &e;
	if (r != 0 && entry_fits(v->choice, mail.entry)) {
		mail.is_busy = is_busy(&v->busy, v->queue, id);
		r = v->to->put(v->to->context, &mail, f);
	} else {
		r = 0;
	}
	arena_free(&a);
	return r;
}

static int visit_place(struct visit *v, enum queue_place place, size_t most,
		       struct error *f)
{
	struct record more = { .kind = RECORD_MORE, .place = place };
	struct arena a = ARENA_INIT;
	struct queue_names names = { 0 };
	size_t read = 0;
	int r = queue_list(v->queue, &a, place, &names, f);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		if (!selection_match_id(&v->choice->ids, names.ids[i]))
			continue;
		if (most && read++ >= most)
			more.count++;
		else
			r = visit_one(v, place, names.ids[i], f);
	}
	if (r == 0 && more.count)
		r = v->to->put(v->to->context, &more, f);
	arena_free(&a);
	return r;
}

int mailq_visit(struct queue *q, const struct mailq_choice *choice, size_t most,
		const struct record_to *to, struct error *f)
{
	struct visit v = { .queue = q, .choice = choice, .to = to };
	int r = 0;

	busy_init(&v.busy);
	for (int place = QUEUE_WAITING; r == 0 && place <= QUEUE_BAD; place++)
		r = visit_place(&v, (enum queue_place)place, most, f);
	busy_free(&v.busy);
	return r;
}
