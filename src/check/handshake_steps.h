/* handshake_steps.h - the steps of a connection, derived from its events. */
#ifndef CHECK_HANDSHAKE_STEPS_H
#define CHECK_HANDSHAKE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "check/check.h"
#include "smtp/caps.h"

/* The step that is in progress. */
enum handshake_stage {
	HANDSHAKE_CONNECTION, /* through a proxy or a socket */
	HANDSHAKE_TLS,
	HANDSHAKE_GREETING,
	HANDSHAKE_EHLO,
	HANDSHAKE_STARTTLS,
	HANDSHAKE_AUTH,
	HANDSHAKE_DONE,
};

#define HANDSHAKE_LINES_MAX 128

struct handshake_steps {
	struct check *check;
	struct trace trace;
	enum handshake_stage stage;
	bool in_tls;
	uint64_t since; /* sysenv_ticks: when the step began */
	const char *no; /* the last reply, if negative; or NULL */
	size_t count;	/* of check->capabilities */
	bool is_listed; /* the list is complete */
	struct caps caps;
};

/* Before smarthost_open, which gets the returned trace. */
const struct trace *handshake_steps_init(struct handshake_steps *h,
					 struct check *c);
/* After it: adds the step that failed, with check.error; or the remaining
 * steps. */
void handshake_steps_failed(struct handshake_steps *h);
void handshake_steps_succeeded(struct handshake_steps *h);

/* What a capability means for a sender: "SIZE 52428800: mails up to 52.4 MB".
 * An EHLO line, without its code. */
const char *handshake_capability(struct arena *a, const char *line,
				 const struct caps *caps,
				 const struct account *account);
/* A date for people and programs: "2027-01-24". */
const char *handshake_day(struct arena *a, int64_t seconds);

#endif
