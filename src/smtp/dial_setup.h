/* dial_setup.h - the inside of dial.h's connection, for dial.c and
 * dial_setup.c alone. */
#ifndef SMTP_DIAL_SETUP_H
#define SMTP_DIAL_SETUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "net/handle.h"
#include "smtp/dial.h"
#include "smtp/handshake.h"
#include "smtp/login.h"

struct dial_state {
	const struct dial_options *options; /* while dial_open lasts */
	struct handshake opening;
	struct login login;
	struct handle handle;
	struct handle_options wish; /* for it */
	struct buf url, connect_to; /* of the wish */
	bool is_described;	    /* the trace has seen the TLS */
	bool is_connected;	    /* the trace has seen the address */
	unsigned seconds;
	char place[320]; /* "host:port" for sentences */
	char error[CURL_ERROR_SIZE];
};

/* The options of the dial as the handle's.  Checks what can be checked before
 * anybody is asked. */
int dial_prepare(struct dial *d, struct error *f);
/* Those of the log-in, for a handle that was made. */
void dial_set_login(struct dial *d);

#endif
