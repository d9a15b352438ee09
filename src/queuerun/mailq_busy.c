/* mailq_busy.c - proc(5): "7: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0
 * EOF".
 *
 * The device is left out of it: what stands there is not what stat(2) says on
 * every file system. */
#include "queuerun/mailq_busy.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/disk.h"

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

void mailq_busy_init(struct mailq_busy *b)
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

void mailq_busy_free(struct mailq_busy *b)
{
	buf_free(&b->locks);
}

bool mailq_is_busy(const struct mailq_busy *b, const struct queue *q,
		   const char *id)
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
