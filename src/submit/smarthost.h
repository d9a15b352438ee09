/* smarthost.h - one message to an account's server. */
#ifndef SUBMIT_SMARTHOST_H
#define SUBMIT_SMARTHOST_H

#include "smtp/session.h"
#include "submit/compose.h"
#include "submit/outcome.h"

/* Dials, asks the composition for other bytes where the server cannot take
 * these, hands it over.  Every recipient has a verdict afterwards. */
int smarthost_send(struct composition *c, const struct trace *trace,
		   const struct session_progress *progress, struct outcome *out,
		   struct fault *f);

/* "smtp.example.org:587", in the arena. */
const char *smarthost_name(struct arena *a, const struct account *account);

#endif
