/* trouble.h - why a dial failed, in a sentence with a way out.
 *
 * dial gathers what libcurl, TLS and the server said; this turns it into a
 * cause.  What might be otherwise tomorrow is temporary, and what nobody but
 * the user can mend is not. */
#ifndef SMTP_TROUBLE_H
#define SMTP_TROUBLE_H

#include <stdbool.h>

#include "base/error.h"
#include "net/pin.h"
#include "smtp/dial.h"
#include "smtp/handshake.h"

struct trouble {
	enum trouble_kind kind;
	const char *text;  /* libcurl's, for people */
	int os_error;	   /* errno of connect(), or 0 */
	long verify;	   /* X509_V_*; 0 or 1: nothing is known of the chain */
	long connect_code; /* HTTP's, from a proxy, or 0 */
	bool is_connected;
	unsigned seconds;  /* that were allowed */
	const char *place; /* "host:port" */
	const struct handshake *opening;
	const struct pin *pin;
};

int trouble_explain(const struct trouble *t, const struct dial_options *o,
		    struct error *f);

#endif
