/* wait.h - waiting for a connection, with a limit: the one place.
 *
 * A wait has a budget of time that only waiting uses up, not the processing in
 * between.  A reply has its budget once (wait_begin).  In a stream
 * (wait_begin_stream) each octet renews the time of silence, and enough of them
 * earn more time in all: a peer that drips octets is given up too.
 *
 * "Again" is not accepted forever: when the descriptor is ready each time and
 * yet nothing could be taken from it or given to it (memory for TLS that is
 * out, above all), the wait pauses a little longer each time, and fails after
 * some seconds.
 *
 * At a terminal, what is waited for is told as soon as that lasts
 * (base/log.h), and taken away when the wait ends.
 *
 * Interrupted calls go on; a signal that asks us to end (base/interrupt) ends
 * each wait early. */
#ifndef NET_WAIT_H
#define NET_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WAIT_FOREVER UINT64_MAX
#define WAIT_FDS_MAX 3
/* Octets a second: a stream that is slower for long is given up. */
#define WAIT_PACE 32
/* ... namely after this many times the timeout for silence, in total. */
#define WAIT_SLOWNESS 5

enum wait_end {
	WAIT_ERROR = -1,
	WAIT_TIME, /* it is up */
	WAIT_READY,
	WAIT_WOKEN, /* we are asked to end; repeated each time */
};

/* Milliseconds. */
struct wait {
	uint64_t quiet, quiet_left; /* without an octet */
	uint64_t whole, whole_left; /* in all */
	bool is_stream;
	/* for the progress line: "smtp.example.org:587", "answer MAIL"; NULL */
	const char *place, *act;
	uint64_t since; /* sysenv_ticks: no octet since then */
	/* what wakes: the signals of base/interrupt, when it is time for us to
	 * end; else descriptors (-1: none) */
	bool is_interruptible;
	int wake[2];
	/* it was ready, but nothing was transferred */
	bool was_ready;
	unsigned stalls;
	uint64_t stalled;
};

void wait_begin(struct wait *w, uint64_t milliseconds);
void wait_begin_stream(struct wait *w, uint64_t milliseconds);
/* Sets another budget for the rest. */
void wait_limit(struct wait *w, uint64_t milliseconds);
/* This many octets were sent or received since the last wait. */
void wait_progress(struct wait *w, size_t octets);
/* After WAIT_TIME: there were octets, but too few. */
bool wait_was_slow(const struct wait *w);

/* Try to read and to write first: TLS may have buffered octets that poll does
 * not report.  Up to WAIT_FDS_MAX descriptors; ERROR_TEMPORARY if nothing is
 * transferred although they are ready. */
enum wait_end wait_poll(struct wait *w, struct pollfd *p, size_t n,
			struct error *f);
/* The same for a client's connection: a wake-up is ERROR_INTERRUPTED there, and
 * with w->act the progress line shows the wait. */
enum wait_end wait_socket(struct wait *w, int fd, short events,
			  const char *place, struct error *f);

#endif
