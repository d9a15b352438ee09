/* hear.h - the steps of a dial, from what is said while it lasts. */
#ifndef PROBE_HEAR_H
#define PROBE_HEAR_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/check.h"
#include "smtp/caps.h"

/* What is awaited. */
enum hear_stage {
	HEAR_CONNECTION, /* by a proxy or a socket */
	HEAR_TLS,
	HEAR_GREETING,
	HEAR_EHLO,
	HEAR_STARTTLS,
	HEAR_AUTH,
	HEAR_DONE,
};

#define HEAR_LINES_MAX 128

struct hear {
	struct check *check;
	struct trace trace;
	enum hear_stage stage;
	bool in_tls;
	bool is_again;	/* a second connection: its beginning is known */
	bool is_whole;	/* the reply is */
	uint64_t asked; /* world_ticks() of what is awaited */
	char verb[16];
	const char *lines[HEAR_LINES_MAX + 1]; /* of the reply, with codes */
	size_t count;
	int code; /* of the last whole reply */
	struct caps caps;
};

/* Before smarthost_open; the trace is to be given to that. */
const struct trace *hear_init(struct hear *h, struct check *c);
/* After it: the step that failed, with check.fault; or what is left to tell. */
void hear_failed(struct hear *h);
void hear_succeeded(struct hear *h);

#endif
