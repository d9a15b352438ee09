/* timing.h - how long each part of a submission took.
 *
 * A trace that notes when something happened, and passes it on. */
#ifndef ROUNDTRIP_TIMING_H
#define ROUNDTRIP_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "smtp/dial.h"

enum leg {
	LEG_CONNECT,  /* name and connection */
	LEG_GREETING, /* and each EHLO */
	LEG_TLS,      /* with STARTTLS */
	LEG_LOGIN,
	LEG_TRANSACTION,
	LEGS,
};

struct timing {
	struct trace trace; /* give this to whoever dials */
	const struct trace *outer;
	bool is_there[LEGS];
	unsigned milliseconds[LEGS];
	char tls[64], mechanism[24];

	bool is_dialled;
	uint64_t start, since; /* sysenv_ticks: the last event */
};

/* `outer` may be NULL; it points into itself. */
void timing_init(struct timing *l, const struct trace *outer);
/* Of a dial that has just succeeded. */
void timing_connected(struct timing *l, const struct dial *d);
/* The transaction is over; without a dial before, all of it was that. */
void timing_sent(struct timing *l);
const char *timing_name(enum leg leg);

#endif
