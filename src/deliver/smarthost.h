/* smarthost.h - a connection to an account's server, for one mail after
 * another. */
#ifndef DELIVER_SMARTHOST_H
#define DELIVER_SMARTHOST_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/config.h"
#include "deliver/outcome.h"
#include "mail/envelope.h"
#include "smtp/session.h"

struct smarthost {
	const struct account *account;
	bool is_open;
	struct fault trouble; /* why it could not be dialled; FAULT_NONE */
	struct dial dial;
	struct session session;
};

/* "smtp.example.org:587", in the arena. */
const char *smarthost_name(struct arena *a, const struct account *account);

/* to become open, send, close */
struct composition;
int smarthost_send(struct composition *c, const struct trace *trace,
		   const struct session_progress *progress, struct outcome *out,
		   struct fault *f);

#endif
