/* wait.c - poll, and a little bookkeeping before and after.
 *
 * How "again" is told from "not yet": whoever tried and got nothing has emptied
 * the socket, so a look at once afterwards finds it not ready, but for octets
 * that came in between.  One that is ready then, time after time, is stuck. */
#include "net/wait.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/world.h"

#define STALLS_FREE 3	 /* those that mere chance may bring */
#define PAUSE_MAX   100	 /* milliseconds */
#define STALLED_MAX 2000 /* of pauses */

void wait_begin(struct wait *w, uint64_t milliseconds)
{
	*w = (struct wait){ .wake = interrupt_fd() };
	wait_limit(w, milliseconds);
}

void wait_begin_stream(struct wait *w, uint64_t milliseconds)
{
	*w = (struct wait){ .wake = interrupt_fd(), .is_stream = true };
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

void wait_moved(struct wait *w, size_t octets)
{
	uint64_t earned = (uint64_t)octets * 1000 / WAIT_PACE;

	w->was_ready = false;
	w->stalls = 0;
	w->stalled = 0;
	if (!w->is_stream)
		return;
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

/* As poll; a call that is interrupted counts as one that found nothing, or the
 * wake that stands last. */
static int poll_timed(struct wait *w, struct pollfd *p, size_t n, int timeout)
{
	uint64_t before = world_ticks(), spent;
	int r = poll(p, (nfds_t)n, timeout);
	int error = errno;

	spent = world_ticks() - before;
	spend(&w->quiet_left, spent);
	spend(&w->whole_left, spent);
	errno = error;
	if (r >= 0 || error != EINTR)
		return r;
	for (size_t i = 0; i < n; i++)
		p[i].revents = 0;
	if (w->heeds_signals)
		p[n - 1].revents = POLLIN;
	return 0;
}

static int timeout_of(const struct wait *w)
{
	uint64_t n = left(w);
	int whole = n > INT_MAX ? INT_MAX : (int)n;

	return interrupt_timeout(n == WAIT_FOREVER ? -1 : whole);
}

/* ---- "again" ---- */

static int give_up(struct fault *f)
{
	return fault_set(f, FAULT_TEMPORARY,
			 "the connection is ready and yet nothing goes over it "
			 "(is memory out?)");
}

/* Short at first: it may pass. */
static int pause_after(struct wait *w, struct fault *f)
{
	unsigned doublings = w->stalls - STALLS_FREE - 1;
	int pause = doublings < 7 ? 1 << doublings : PAUSE_MAX;
	struct pollfd p = { .fd = w->wake, .events = POLLIN };

	if (w->stalled >= STALLED_MAX)
		return give_up(f);
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	if (left(w) < (uint64_t)pause)
		pause = (int)left(w);
	w->stalled += (uint64_t)pause;
	poll_timed(w, &p, 1, pause);
	return 0;
}

/* ---- the wait ---- */

/* What poll found; WAIT_TIME when that is nothing. */
static enum wait_end result(struct wait *w, const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].revents) {
			w->was_ready = true;
			return WAIT_READY;
		}
	return p[n].revents ? WAIT_WOKEN : WAIT_TIME;
}

static enum wait_end failed(struct fault *f)
{
	fault_errno(f, FAULT_TEMPORARY, errno, "cannot wait");
	return WAIT_FAULT;
}

/* Ready last time, and nothing came of it: is it so again? */
static enum wait_end look_again(struct wait *w, struct pollfd *p, size_t n,
				struct fault *f)
{
	enum wait_end end;

	if (poll_timed(w, p, n + 1, 0) < 0)
		return failed(f);
	end = result(w, p, n);
	if (end != WAIT_READY) {
		w->was_ready = false;
		w->stalls = 0;
		w->stalled = 0;
	} else if (++w->stalls > STALLS_FREE && pause_after(w, f) < 0) {
		return WAIT_FAULT;
	}
	return end;
}

enum wait_end wait_poll(struct wait *w, struct pollfd *p, size_t n,
			struct fault *f)
{
	struct pollfd all[WAIT_FDS_MAX + 1];
	enum wait_end end = WAIT_TIME;

	memcpy(all, p, n * sizeof(*p));
	for (size_t i = 0; i < n; i++)
		all[i].revents = 0;
	all[n] = (struct pollfd){ .fd = w->wake, .events = POLLIN };
	for (;;) {
		/* noted, it is readable for good: from now on the time tells */
		if (interrupt_signal())
			all[n].fd = -1;
		if (interrupt_is_due())
			end = WAIT_WOKEN;
		else if (left(w) && w->was_ready)
			end = look_again(w, all, n, f);
		if (end == WAIT_TIME && left(w)) {
			if (poll_timed(w, all, n + 1, timeout_of(w)) < 0)
				end = failed(f);
			else
				end = result(w, all, n);
		}
		/* its patience may be more than nothing */
		if (end == WAIT_WOKEN && interrupt_signal() &&
		    !interrupt_is_due())
			end = WAIT_TIME;
		if (end != WAIT_TIME || !left(w))
			break;
	}
	for (size_t i = 0; i < n; i++)
		p[i].revents = end == WAIT_READY ? all[i].revents : 0;
	return end;
}

enum wait_end wait_socket(struct wait *w, int fd, short events,
			  const char *place, struct fault *f)
{
	struct pollfd p = { .fd = fd, .events = events };
	struct fault why = FAULT_INIT;
	enum wait_end end = wait_poll(w, &p, 1, &why);

	if (end == WAIT_FAULT)
		fault_set(f, why.cause, "%s: %s", place, why.text);
	else if (end == WAIT_READY && p.revents & POLLNVAL)
		fault_set(f, FAULT_SOFTWARE,
			  "%s: the descriptor of the connection is closed",
			  place);
	else if (end == WAIT_WOKEN)
		interrupt_fault(f);
	else
		return end;
	return WAIT_FAULT;
}
