/* service.c - a run of the queue is ended and waited for like the processes of
 * the connections. */
#include "server/service.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/identity.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "queue/queue.h"
#include "queuerun/flush.h"
#include "server/allowance.h"

#define DEFAULT_USER "mailsend"
#define LONGEST_MS   60000

int service_become(struct arena *a, const struct account *account,
		   bool by_default, struct error *f)
{
	const char *name = account->serve_user;
	struct passwd_row row;

	if (sysenv_file_uid() != 0 || (!name && !by_default) ||
	    (name && strcmp(name, "root") == 0))
		return 0;
	if (passwd_by_name(a, name ? name : DEFAULT_USER, &row)) {
		const struct identity who = {
			.uid = row.uid,
			.gid = row.gid,
			.name = row.name,
		};

		if (identity_take(&who, f) < 0)
			return -1;
		sysenv_begin_service(row.name, row.home);
		return 1;
	}
	if (name)
		return error_set(f, ERROR_CONFIG,
				 "serve_user: there is no user \"%s\"", name);
	log_warning("the service runs as root, since there is no user "
		    "\"" DEFAULT_USER "\"; make one, or name another with "
		    "serve_user");
	return 0;
}

/* ---- its queue ---- */

int service_runs_init(struct service_runs *r, struct arena *a,
		      const struct account *account, struct error *f)
{
	struct queue q;

	*r = (struct service_runs){
		.arena = a,
		.queue = config_queue(a, account, f),
		.next = sysenv_ticks(),
		.between = (uint64_t)account->queue_retry * 1000,
	};
	if (!r->queue || queue_open(&q, a, r->queue, true, f) < 0)
		return -1;
	if (r->between > LONGEST_MS)
		r->between = LONGEST_MS;
	queue_note_run(a, r->queue, sysenv_now());
	allowance_forget_pending(a, r->queue);
	return 0;
}

int service_runs_wait(const struct service_runs *r)
{
	uint64_t now = sysenv_ticks();

	if (!r->queue || r->pid)
		return -1;
	return r->next > now ? (int)(r->next - now) : 0;
}

/* With the lock of those who run it behind nobody's back but their own. */
static int lock_queue(const struct service_runs *r)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct queue_names names = { .count = 0 };
	struct queue q;
	int lock = -1;

	if (queue_open(&q, &a, r->queue, false, &f) == 0 &&
	    queue_list(&q, &a, QUEUE_WAITING, &names, &f) == 0 && names.count)
		lock = queue_lock_flush(&q, &f);
	if (error_is_set(&f))
		log_error("the queue cannot be run: %s", f.text);
	else
		queue_note_run(&a, r->queue, sysenv_now());
	arena_free(&a);
	return lock;
}

static void run(const struct service_runs *r)
{
	const struct flush fl = {
		.arena = r->arena,
		.folder = r->queue,
		.due_only = true,
	};
	struct flush_result result;
	struct error f = ERROR_INIT;

	signal(SIGCHLD, SIG_DFL);
	log_stop_progress();
	if (flush_run(&fl, &result, &f) < 0)
		log_error("the queue: %s", f.text);
}

int service_runs_start(struct service_runs *r)
{
	int lock;

	r->next = sysenv_ticks() + r->between;
	lock = lock_queue(r);
	if (lock < 0)
		return 0;
	r->pid = fork();
	if (r->pid == 0) {
		run(r);
		close(lock);
		return 1;
	}
	close(lock);
	if (r->pid < 0) {
		r->pid = 0;
		log_error("the queue is not run now: %s", strerror(errno));
	}
	return 0;
}

bool service_runs_ended(struct service_runs *r, pid_t pid)
{
	if (!r->pid || pid != r->pid)
		return false;
	r->pid = 0;
	r->next = sysenv_ticks() + r->between;
	return true;
}
