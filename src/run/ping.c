/* ping.c - a process that has the URL and reads the result as one octet.  If
 * end of file comes first, because we were killed, it reports a failure. */
#include "run/ping.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "net/http.h"

#define LOOK_MS 20

/* "URL/start?x=y" of "URL?x=y". */
static void request(const char *url, const char *what)
{
	struct arena a = ARENA_INIT;
	size_t n = strcspn(url, "?");
	size_t path = n && url[n - 1] == '/' && *what ? n - 1 : n;
	const struct http_request r = {
		.url = arena_format(&a, "%.*s%s%s", (int)path, url, what,
				    url + n),
		.seconds = PING_SECONDS,
	};
	struct error ignored = ERROR_INIT;
	struct http_reply reply;

	http_send(&r, &reply, &ignored);
	buf_free(&reply.body);
	arena_free(&a);
}

static void serve(const char *url, int fd)
{
	char how = 'f';

	request(url, "/start");
	if (io_read_full(fd, &how, 1) != 1)
		how = 'f';
	request(url, how == 'f' ? "/fail" : "");
}

void ping_start(struct ping *p, const char *url)
{
	int ends[2];

	*p = (struct ping){ .fd = -1 };
	if (!url || pipe2(ends, O_CLOEXEC) < 0)
		return;
	p->pid = fork();
	if (p->pid == 0) {
		serve(url, process_detach(ends[0]));
		process_end();
	}
	close(ends[0]);
	p->fd = ends[1];
	if (p->pid > 0)
		return;
	close(ends[1]);
	*p = (struct ping){ .fd = -1 };
}

void ping_tell(struct ping *p, bool has_failed)
{
	if (!p->pid)
		return;
	io_write_all(p->fd, has_failed ? "f" : "s", 1);
	close(p->fd);
	p->fd = -1;
}

void ping_finish(struct ping *p)
{
	uint64_t end = sysenv_ticks() + PING_SECONDS * UINT64_C(1000);
	int status;

	if (!p->pid)
		return;
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (sysenv_ticks() >= end) {
			kill(p->pid, SIGKILL);
			io_reap(p->pid, &status);
			break;
		}
		poll(NULL, 0, LOOK_MS);
	}
	p->pid = 0;
}
