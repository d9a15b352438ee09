/* handshake_steps.h - the steps of a dial, from what is said while it lasts. */
#ifndef CHECK_HANDSHAKE_STEPS_H
#define CHECK_HANDSHAKE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "check/check.h"
#include "smtp/caps.h"

/* What is awaited. */
enum handshake_steps_stage {
	HANDSHAKE_STEPS_CONNECTION, /* by a proxy or a socket */
	HANDSHAKE_STEPS_TLS,
	HANDSHAKE_STEPS_GREETING,
	HANDSHAKE_STEPS_EHLO,
	HANDSHAKE_STEPS_STARTTLS,
	HANDSHAKE_STEPS_AUTH,
	HANDSHAKE_STEPS_DONE,
};

#define HANDSHAKE_STEPS_LINES_MAX 128

struct handshake_steps {
	struct check *check;
	struct trace trace;
	enum handshake_steps_stage stage;
	bool in_tls;
	bool is_again;	/* a second connection: its beginning is known */
	bool is_whole;	/* the reply is */
	uint64_t asked; /* sysenv_ticks() of what is awaited */
	char verb[16];
	const char *lines[HANDSHAKE_STEPS_LINES_MAX +
			  1]; /* of the reply, with codes */
	size_t count;
	int code; /* of the last whole reply */
	struct caps caps;
};

/* Before smarthost_open; the trace is to be given to that. */
const struct trace *handshake_steps_init(struct handshake_steps *h,
					 struct check *c);
/* After it: the step that failed, with check.error; or what is left to tell. */
void handshake_steps_failed(struct handshake_steps *h);
void handshake_steps_succeeded(struct handshake_steps *h);

#endif
