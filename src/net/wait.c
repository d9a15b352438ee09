/* wait.c - poll, and the accounting before and after it.
 *
 * How a stuck connection is detected: a caller that got EAGAIN has emptied the
 * socket, so a poll right after it finds it not ready, unless octets arrived in
 * between.  A connection that is ready each time is stuck. */
#include "net/wait.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"

#define WAKES	    (sizeof(((struct wait *)0)->wake) / sizeof(int))
#define STALLS_FREE 3	 /* may happen by chance */
#define PAUSE_MAX   100	 /* milliseconds */
#define STALLED_MAX 2000 /* of pauses in total */

void wait_begin(struct wait *w, uint64_t milliseconds)
{
	*w = (struct wait){ .is_interruptible = true,
			    .wake = { -1, -1 },
			    .since = sysenv_ticks() };
	wait_limit(w, milliseconds);
}

void wait_begin_stream(struct wait *w, uint64_t milliseconds)
{
	wait_begin(w, milliseconds);
	w->is_stream = true;
	wait_limit(w, milliseconds);
}

void wait_limit(struct wait *w, uint64_t milliseconds)
{
	unsigned times = w->is_stream ? WAIT_SLOWNESS : 1;

	w->quiet = w->quiet_left = milliseconds;
	w->whole = milliseconds > WAIT_FOREVER / times ? WAIT_FOREVER
						       : milliseconds * times;
	w->whole_left = w->whole;
}

void wait_progress(struct wait *w, size_t octets)
{
	uint64_t earned = (uint64_t)octets * 1000 / WAIT_PACE;

	w->was_ready = false;
	w->stalls = 0;
	w->stalled = 0;
	if (!w->is_stream)
		return;
	w->since = sysenv_ticks();
	w->quiet_left = w->quiet;
	if (earned > w->whole - w->whole_left)
		w->whole_left = w->whole;
	else
		w->whole_left += earned;
}

bool wait_was_slow(const struct wait *w)
{
	return w->is_stream && w->quiet_left > 0;
}

/* ---- the clock ---- */

static uint64_t left(const struct wait *w)
{
	return w->quiet_left < w->whole_left ? w->quiet_left : w->whole_left;
}

static void spend(uint64_t *budget, uint64_t milliseconds)
{
	if (*budget != WAIT_FOREVER)
		*budget -= milliseconds < *budget ? milliseconds : *budget;
}

/* poll for n of them and the wake descriptors after them.  An interrupted call
 * counts as a timeout, or as a wake-up. */
static int poll_timed(struct wait *w, struct pollfd *p, size_t n, int timeout)
{
	uint64_t before = sysenv_ticks(), spent;
	int r, error;

	for (size_t i = 0; i < WAKES; i++)
		p[n + i] =
			(struct pollfd){ .fd = w->wake[i], .events = POLLIN };
	r = w->is_interruptible ? interrupt_poll(p, (nfds_t)n, timeout)
				: poll(p, (nfds_t)n + WAKES, timeout);
	error = errno;

	spent = sysenv_ticks() - before;
	spend(&w->quiet_left, spent);
	spend(&w->whole_left, spent);
	errno = error;
	if (r >= 0 || error != EINTR)
		return r;
	for (size_t i = 0; i < n + WAKES; i++)
		p[i].revents = 0;
	if (w->is_interruptible)
		p[n].revents = POLLIN;
	return 0;
}

/* Until the timeout, or the next update of the progress line. */
static int timeout_of(const struct wait *w)
{
	uint64_t n = left(w), next = UINT64_MAX;

	if (w->act)
		next = log_waiting(w->place, w->act, sysenv_ticks() - w->since);
	if (next < n)
		n = next;
	if (n == WAIT_FOREVER)
		return -1;
	return n > INT_MAX ? INT_MAX : (int)n;
}

/* ---- a connection that is stuck ---- */

static int give_up(struct error *f)
{
	return error_set(f, ERROR_TEMPORARY,
			 "the connection is ready, but nothing can be "
			 "sent or received (out of memory?)");
}

/* Short at first: it may be temporary. */
static int pause_after(struct wait *w, struct error *f)
{
	unsigned doublings = w->stalls - STALLS_FREE - 1;
	int pause = doublings < 7 ? 1 << doublings : PAUSE_MAX;
	struct pollfd p[WAKES];

	if (w->stalled >= STALLED_MAX)
		return give_up(f);
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	if (left(w) < (uint64_t)pause)
		pause = (int)left(w);
	w->stalled += (uint64_t)pause;
	poll_timed(w, p, 0, pause);
	return 0;
}

/* ---- the wait ---- */

/* The result of poll; WAIT_TIME when nothing is ready. */
static enum wait_end result(struct wait *w, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].revents) {
			w->was_ready = true;
			return WAIT_READY;
		}
	for (size_t i = 0; i < WAKES; i++)
		if (p[n + i].revents)
			return WAIT_WOKEN;
	return WAIT_TIME;
}

static enum wait_end failed(struct error *f)
{
	error_errno(f, ERROR_TEMPORARY, errno, "cannot wait");
	return WAIT_ERROR;
}

/* It was ready last time without a result: is it ready again? */
static enum wait_end look_again(struct wait *w, struct pollfd *p, size_t n,
				struct error *f)
{
	enum wait_end end;

	if (poll_timed(w, p, n, 0) < 0)
		return failed(f);
	end = result(w, p, n);
	if (end != WAIT_READY) {
		w->was_ready = false;
		w->stalls = 0;
		w->stalled = 0;
	} else if (++w->stalls > STALLS_FREE && pause_after(w, f) < 0) {
		return WAIT_ERROR;
	}
	return end;
}

enum wait_end wait_poll(struct wait *w, struct pollfd *p, size_t n,
			struct error *f)
{
	struct pollfd all[WAIT_FDS_MAX + WAKES];
	enum wait_end end = WAIT_TIME;

	memcpy(all, p, n * sizeof(*p));
	for (size_t i = 0; i < n; i++)
		all[i].revents = 0;
	if (left(w) && w->was_ready)
		end = look_again(w, all, n, f);
	while (end == WAIT_TIME && left(w)) {
		if (poll_timed(w, all, n, timeout_of(w)) < 0)
			end = failed(f);
		else
			end = result(w, all, n);
	}
	for (size_t i = 0; i < n; i++)
		p[i].revents = end == WAIT_READY ? all[i].revents : 0;
	return end;
}

enum wait_end wait_socket(struct wait *w, int fd, short events,
			  const char *place, struct error *f)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct error why = ERROR_INIT;
	enum wait_end end;

	w->place = place;
	end = wait_poll(w, &p, 1, &why);
	if (w->act)
		log_progress_end();
	if (end == WAIT_ERROR)
		error_set(f, why.cause, "%s: %s", place, why.text);
	else if (end == WAIT_READY && p.revents & POLLNVAL)
		error_set(f, ERROR_SOFTWARE,
			  "%s: the descriptor of the connection is closed",
			  place);
	else if (end == WAIT_WOKEN)
		interrupt_error(f);
	else
		return end;
	return WAIT_ERROR;
}
