/* crash.c - only in a test build; after SIGKILL nothing is cleaned up.
 *
 * The list is written before the process is killed, so that the reader of it
 * knows the point at which it died, and counts for all processes together.
 * Without one each process counts on from its parent. */
#include "base/crash.h"

#ifdef MAILSEND_CRASH_POINTS
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"

#define LIST_MAX (4 * 1024 * 1024) /* octets */

static void write_down(const char *path, const char *name)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	const char *line = arena_format(&a, "%s\n", name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		abort(); /* a test that gets no report must not pass */
	if (disk_write_all(fd, line, strlen(line), path, &f) < 0 ||
	    disk_close(fd, path, &f) < 0)
		abort();
	arena_free(&a);
}

static unsigned long count_lines(const char *path, const char *name)
{
	struct buf text = BUF_INIT(LIST_MAX);
	struct error f = ERROR_INIT;
	unsigned long count = 0;
	char *save = NULL;

	if (disk_read_file(path, &text, false, &f) < 0)
		abort();
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		count += !strcmp(line, name);
	buf_free(&text);
	return count;
}

/* Is it the name, and has it been passed often enough? */
static bool is_the_one(const char *name, const char *list)
{
	static unsigned long passed;
	const char *value = sysenv_env("MAILSEND_CRASH");
	size_t n = strlen(name);
	unsigned long at = 1;

	if (!value || strncmp(value, name, n) != 0)
		return false;
	if (value[n] == ':')
		at = strtoul(value + n + 1, NULL, 10);
	else if (value[n] != '\0')
		return false;
	return (list ? count_lines(list, name) : ++passed) == at;
}

void crash_point(const char *name)
{
	const char *list = sysenv_env("MAILSEND_CRASH_LIST");

	if (list)
		write_down(list, name);
	if (!is_the_one(name, list))
		return;
	if (list)
		write_down(list, "killed");
	raise(SIGKILL);
}
#endif
