/* workers.c - a table in the listening process, and a page shared with the
 * workers.
 *
 * A client is passed as a struct, with its descriptor: both processes are the
 * same program, and its pointers are into the shared page. */
#include "server/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/process.h"
#include "base/sysenv.h"

#define FDS 2 /* that a worker waits for, with that of interrupt.h */

int workers_init(struct workers *w, struct arena *a, const struct clients *c,
		 int wake, struct error *f)
{
	size_t room = 2 * c->room; /* those that are about to end, too */
	atomic_int *stages = process_share(room * sizeof(*stages), f);

	if (!stages)
		return -1;
	*w = (struct workers){ .all = arena_array(a, room, sizeof(*w->all)),
			       .room = room,
			       .wake = wake };
	for (size_t i = 0; i < room; i++) {
		w->all[i].stage = stages + i;
		w->all[i].line = -1;
	}
	return 0;
}

/* ---- in the process that listens ---- */

/* A message and a descriptor. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static void fill(struct msghdr *m, struct iovec *part, struct client *client,
		 union control *control)
{
	*part = (struct iovec){ .iov_base = client,
				.iov_len = sizeof(*client) };
	memset(control, 0, sizeof(*control));
	*m = (struct msghdr){ .msg_iov = part,
			      .msg_iovlen = 1,
			      .msg_control = control->room,
			      .msg_controllen = sizeof(control->room) };
}

static bool send_client(int line, struct client *client, int fd)
{
	union control control;
	struct cmsghdr *head;
	struct iovec part;
	struct msghdr m;

	fill(&m, &part, client, &control);
	head = CMSG_FIRSTHDR(&m);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(line, &m, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)sizeof(*client);
}

static bool change(const struct worker *one, int from, int to)
{
	return atomic_compare_exchange_strong(one->stage, &from, to);
}

static bool is_idle(const struct worker *one)
{
	return one->pid && !one->place && one->line >= 0;
}

/* The one that was idle last: the others are not needed so much. */
static struct worker *find(const struct workers *w, const struct client *place)
{
	struct worker *found = NULL;

	for (size_t i = 0; i < w->room; i++) {
		struct worker *one = &w->all[i];

		if (is_idle(one) && one->is_user == place->is_user &&
		    strcmp(one->from, place->from) == 0 &&
		    (!found || one->since > found->since))
			found = one;
	}
	return found;
}

static void close_line(struct worker *one)
{
	if (one->line >= 0)
		close(one->line);
	one->line = -1;
}

/* Ends by itself. */
static void hang_up(struct worker *one)
{
	change(one, WORKER_IDLE, WORKER_ENDS);
	close_line(one);
}

pid_t workers_send(struct workers *w, struct client *place, int fd)
{
	struct worker *one;

	while ((one = find(w, place))) {
		if (change(one, WORKER_IDLE, WORKER_BUSY) &&
		    send_client(one->line, place, fd)) {
			one->place = place;
			return one->pid;
		}
		hang_up(one);
	}
	return 0;
}

struct worker *workers_new(struct workers *w, const struct client *place,
			   int *line, struct error *f)
{
	struct worker *one = w->all;
	int ends[2];

	while (one < w->all + w->room && one->pid)
		one++;
	if (one == w->all + w->room) {
		error_set(f, ERROR_OS, "too many connections are ending");
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		error_errno(f, ERROR_OS, errno, "no socket for a connection");
		return NULL;
	}
	one->line = ends[0];
	*line = ends[1];
	memcpy(one->from, place->from, sizeof(one->from));
	one->is_user = place->is_user;
	one->is_stale = false;
	one->place = NULL;
	atomic_store(one->stage, WORKER_BUSY);
	return one;
}

void workers_began(struct workers *w, struct worker *one, struct client *place,
		   pid_t pid)
{
	if (pid <= 0) {
		hang_up(one);
		return;
	}
	one->pid = pid;
	one->place = place;
	w->count++;
}

static void close_oldest(struct workers *w)
{
	struct worker *oldest = NULL;
	size_t idle = 0;

	for (size_t i = 0; i < w->room; i++) {
		struct worker *one = &w->all[i];

		if (!is_idle(one))
			continue;
		idle++;
		if (!oldest || one->since < oldest->since)
			oldest = one;
	}
	if (idle > WORKERS_IDLE_MAX)
		hang_up(oldest);
}

void workers_check(struct workers *w, struct clients *c)
{
	for (size_t i = 0; i < w->room; i++) {
		struct worker *one = &w->all[i];

		if (!one->pid || !one->place ||
		    atomic_load(one->stage) != WORKER_IDLE)
			continue;
		clients_forget(c, one->pid);
		one->place = NULL;
		one->since = sysenv_ticks();
		if (one->is_stale)
			hang_up(one);
		close_oldest(w);
	}
}

void workers_forget(struct workers *w, pid_t pid)
{
	for (size_t i = 0; i < w->room; i++) {
		struct worker *one = &w->all[i];

		if (one->pid != pid)
			continue;
		atomic_store(one->stage, WORKER_ENDS);
		hang_up(one);
		one->pid = 0;
		one->place = NULL;
		w->count--;
	}
}

void workers_retire(struct workers *w)
{
	for (size_t i = 0; i < w->room; i++) {
		w->all[i].is_stale = true;
		if (is_idle(&w->all[i]))
			hang_up(&w->all[i]);
	}
}

void workers_signal(const struct workers *w, int number)
{
	for (size_t i = 0; i < w->room; i++)
		if (w->all[i].pid)
			kill(w->all[i].pid, number);
}

void workers_close(struct workers *w)
{
	for (size_t i = 0; i < w->room; i++)
		close_line(&w->all[i]);
}

/* ---- in the worker ---- */

/* False: the listener has hung up, or is gone. */
static bool receive_client(int line, struct client *client, int *fd)
{
	union control control;
	struct cmsghdr *head;
	struct iovec part;
	struct msghdr m;
	ssize_t n;

	do {
		fill(&m, &part, client, &control);
		n = recvmsg(line, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	head = CMSG_FIRSTHDR(&m);
	if (n != (ssize_t)sizeof(*client) || !head ||
	    head->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(fd, CMSG_DATA(head), sizeof(*fd));
	return true;
}

static bool is_crowd(const struct workers *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->room; i++)
		n += atomic_load(w->all[i].stage) == WORKER_IDLE;
	return n > WORKERS_IDLE_FEW;
}

/* Until a client comes, or there is nothing more to wait for. */
static void await_client(const struct workers *w, int line,
			 struct upstream *upstream)
{
	uint64_t crowd = sysenv_ticks() + WORKER_CROWD_MS, now;
	uint64_t until = crowd - WORKER_CROWD_MS + WORKER_IDLE_MS;
	struct pollfd p[FDS] = { { .fd = line, .events = POLLIN },
				 { .fd = interrupt_fd(), .events = POLLIN } };

	while ((now = sysenv_ticks()) < until && !interrupt_signal()) {
		uint64_t wait = upstream_wait(upstream);
		uint64_t end = now < crowd ? crowd : until;

		if (now >= crowd && is_crowd(w))
			return;
		if (wait > end - now)
			wait = end - now;
		if (poll(p, FDS, (int)wait) > 0)
			return;
		upstream_close_idle(upstream);
	}
}

bool worker_wait(const struct workers *w, struct worker *one, int line,
		 struct upstream *upstream, struct client *client, int *fd)
{
	ssize_t r;

	if (interrupt_signal())
		return false;
	atomic_store(one->stage, WORKER_IDLE);
	r = write(w->wake, "", 1);
	(void)r; /* full: there is a byte to be seen */
	await_client(w, line, upstream);
	if (change(one, WORKER_IDLE, WORKER_ENDS))
		return false;
	return receive_client(line, client, fd);
}
