/* interrupt.c - a flag, and a pipe that wakes a poll.
 *
 * Only the flag counts: a byte in the pipe ends a poll that began after the
 * flag was checked.  Without SA_RESTART other blocking calls (a lock, opening a
 * FIFO) return with EINTR. */
#include "base/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "base/tempfile.h"

#define SAME_MS	 1000 /* signals within are one */
#define POLL_MAX 64   /* descriptors of one interrupt_poll */

static const struct {
	int number;
	const char *name;
} endings[] = {
	{ SIGINT, "SIGINT" },
	{ SIGTERM, "SIGTERM" },
	{ SIGHUP, "SIGHUP" },
};
#define ENDINGS (sizeof(endings) / sizeof(*endings))

static volatile sig_atomic_t noted;
static volatile uint64_t noted_at; /* set before `noted`, and never again */
static unsigned patience;	   /* milliseconds */
static int ends[2] = { -1, -1 };
static volatile unsigned owner;		 /* of the pipe */
static bool is_noting;			 /* since interrupt_catch */
static struct sigaction former[ENDINGS]; /* that */
static volatile unsigned reporter;	 /* the process that reports */

static void wake(void)
{
	ssize_t r = 0;

	if (owner == sysenv_pid() && ends[1] >= 0)
		r = write(ends[1], "", 1);
	(void)r; /* full: there is a byte to read */
}

static void note(int number)
{
	int error = errno;

	if (!noted) {
		noted_at = sysenv_ticks();
		noted = number;
		wake();
	} else if (sysenv_ticks() - noted_at >= SAME_MS) {
		signal(number, SIG_DFL);
		raise(number); /* has its effect when we return */
	}
	errno = error;
}

/* The signal's own effect, at once. */
static void end_by(int number)
{
	sigset_t one;

	signal(number, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void report(int number)
{
	if (reporter != sysenv_pid())
		end_by(number); /* a child, not yet another program */
	if (noted) {
		if (sysenv_ticks() - noted_at >= SAME_MS)
			end_by(number);
		return;
	}
	noted_at = sysenv_ticks();
	noted = number;
	log_error("ended by %s; %s", interrupt_name(), ending_now()->text);
	tempfile_clean();
	end_by(number);
}

/* A signal that our caller ignores stays ignored. */
static void handle(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ENDINGS && !(flags & SA_NODEFER); i++)
		sigaddset(&action.sa_mask, endings[i].number);
	for (size_t i = 0; i < ENDINGS; i++)
		if (sigaction(endings[i].number, NULL, &former[i]) == 0 &&
		    former[i].sa_handler != SIG_IGN)
			sigaction(endings[i].number, &action, NULL);
}

bool interrupt_catch(void)
{
	if (is_noting)
		return false;
	is_noting = true;
	handle(note, 0);
	return true;
}

void interrupt_release(void)
{
	int number = noted;

	for (size_t i = 0; i < ENDINGS && is_noting; i++)
		sigaction(endings[i].number, &former[i], NULL);
	is_noting = false;
	noted = 0;
	if (number)
		raise(number);
}

/* Until the process ends, so what was before does not matter. */
void interrupt_tell(void)
{
	interrupt_release();
	reporter = sysenv_pid();
	handle(report, SA_NODEFER);
}

int interrupt_take(void)
{
	int number = noted;

	noted = 0;
	patience = 0;
	owner = 0;
	ends[0] = ends[1] = -1;
	return number;
}

void interrupt_forget(void)
{
	interrupt_take();
	is_noting = false;
}

int interrupt_signal(void)
{
	return noted;
}

const char *interrupt_name(void)
{
	for (size_t i = 0; i < ENDINGS; i++)
		if (endings[i].number == noted)
			return endings[i].name;
	return "a signal";
}

bool interrupt_is_due(void)
{
	return noted && sysenv_ticks() >= noted_at + patience;
}

unsigned interrupt_extend(unsigned milliseconds)
{
	unsigned before = patience;

	if (milliseconds > patience)
		patience = milliseconds;
	return before;
}

void interrupt_restore(unsigned milliseconds)
{
	patience = milliseconds;
}

/* The old process's ends are left alone: they may be closed and in use for
 * something else. */
int interrupt_fd(void)
{
	if (owner == sysenv_pid())
		return ends[0];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		ends[0] = ends[1] = -1; /* EINTR has to do */
		return -1;
	}
	owner = sysenv_pid();
	if (noted) /* it came before the pipe was there */
		wake();
	return ends[0];
}

static int left_until(uint64_t until)
{
	uint64_t now = sysenv_ticks();

	if (until == UINT64_MAX)
		return -1;
	if (now >= until)
		return 0;
	return until - now > INT_MAX ? INT_MAX : (int)(until - now);
}

/* Until then, or until the work has to stop. */
static uint64_t limit_of(uint64_t until)
{
	uint64_t stop = noted ? noted_at + patience : UINT64_MAX;

	return stop < until ? stop : until;
}

int interrupt_poll(struct pollfd *p, nfds_t n, int milliseconds)
{
	uint64_t until = milliseconds < 0
				 ? UINT64_MAX
				 : sysenv_ticks() + (uint64_t)milliseconds;
	struct pollfd all[POLL_MAX + 1];
	int r;

	if (n > POLL_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (n)
		memcpy(all, p, n * sizeof(*p));
	/* A descriptor that is ready needs no pipe. */
	if (n && (!owner || owner != sysenv_pid()) && !interrupt_is_due()) {
		r = poll(p, n, 0);
		if (r > 0)
			return r;
	}
	do {
		if (interrupt_is_due()) {
			errno = EINTR;
			return -1;
		}
		all[n] = (struct pollfd){ .fd = noted ? -1 : interrupt_fd(),
					  .events = POLLIN };
		r = poll(all, n + 1, left_until(limit_of(until)));
		if (r > 0 && all[n].revents)
			r--;
	} while (r < 0 ? errno == EINTR : r == 0 && left_until(until) != 0);
	if (r >= 0 && n)
		memcpy(p, all, n * sizeof(*p));
	return r;
}

int interrupt_sleep(unsigned milliseconds)
{
	return interrupt_poll(NULL, 0,
			      milliseconds > INT_MAX ? INT_MAX
						     : (int)milliseconds);
}

int interrupt_error(struct error *f)
{
	return error_set(f, ERROR_INTERRUPTED, "ended by %s", interrupt_name());
}

/* ---- what is true if we end right now ---- */

/* One pointer, so that a handler sees a complete state. */

static const struct ending first = { EX_TEMPFAIL, "nothing was done" };
static const struct ending *volatile current = &first;

void ending_set(const struct ending *now)
{
	current = now;
}

const struct ending *ending_now(void)
{
	return current;
}

/* ---- one mail ---- */

static bool is_awaited;

void ending_await(bool is_one_mail)
{
	is_awaited = is_one_mail;
}

void ending_reached(const struct ending *now)
{
	if (!is_awaited)
		return;
	ending_set(now);
	is_awaited = now->status != 0; /* the last state */
}

/* ---- the last attempt to keep the work ---- */

static struct {
	ending_rescuer *rescuer;
	void *context;
	unsigned pid;
} last;

void ending_rescue(ending_rescuer *rescuer, void *context)
{
	last.rescuer = NULL;
	last.context = context;
	last.pid = sysenv_pid();
	last.rescuer = rescuer;
}

bool ending_run_rescue(const char *why)
{
	ending_rescuer *rescuer = last.rescuer;

	last.rescuer = NULL;
	if (!rescuer || last.pid != sysenv_pid())
		return false;
	rescuer(last.context, why);
	return true;
}
