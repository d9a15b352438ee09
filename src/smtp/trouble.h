/* trouble.h - why a dial failed, in a sentence with a way out.
 *
 * dial gathers what libcurl, TLS and the server said; this turns it into a
 * cause.  What might be otherwise tomorrow is temporary, and what nobody but
 * the user can mend is not. */
#ifndef SMTP_TROUBLE_H
#define SMTP_TROUBLE_H

#include <stdbool.h>

#include "base/fault.h"
#include "net/pin.h"
#include "smtp/dial.h"
#include "smtp/opening.h"

enum trouble_kind {
	TROUBLE_LOOKUP, /* the host's name has no address */
	TROUBLE_CONNECT,
	TROUBLE_PROXY, /* it could not or would not */
	TROUBLE_TIME,
	TROUBLE_CERTIFICATE, /* theirs */
	TROUBLE_HANDSHAKE,
	TROUBLE_NO_STARTTLS, /* not offered, or refused */
	TROUBLE_FILE,	     /* one of ours that TLS needs */
	TROUBLE_SETTING,
	TROUBLE_SOURCE, /* no such address here */
	TROUBLE_LOGIN,
	TROUBLE_REPLY, /* refused, or not SMTP */
	TROUBLE_LOST,
	TROUBLE_OTHER,
};

struct trouble {
	enum trouble_kind kind;
	const char *text;  /* libcurl's, for people */
	int os_error;	   /* errno of connect(), or 0 */
	long verify;	   /* X509_V_*; 0 or 1: nothing is known of the chain */
	long connect_code; /* HTTP's, from a proxy, or 0 */
	bool is_connected;
	unsigned seconds;  /* that were allowed */
	const char *place; /* "host:port" */
	const struct opening *opening;
	const struct pin *pin;
};

int trouble_explain(const struct trouble *t, const struct dial_options *o,
		    struct fault *f);

#endif
