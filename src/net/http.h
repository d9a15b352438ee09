/* http.h - one HTTP request and its reply, by libcurl.
 *
 * For token endpoints and submission over HTTP: https with a verified
 * certificate, http to a loopback address only.  Redirects are not followed,
 * because a request contains secrets; the whole exchange has a time limit and
 * the reply a size limit.  It is never shown in a transcript. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "flow/source.h"

#define HTTP_SECONDS   60
#define HTTP_REPLY_MAX ((size_t)256 * 1024)

/* All borrowed. */
struct http_request {
	const char *url;
	const char *type;	   /* the body's; NULL: a GET without one */
	const struct slice *body;  /* sent as it is read, again if necessary */
	const char *authorization; /* "Bearer ...", "Basic ..."; NULL */
	const char *trust_file, *crl_file; /* PEM; NULL: the system's */
	const char *proxy, *source_address;
	unsigned seconds; /* for all of it; 0: HTTP_SECONDS */
};

struct http_reply {
	int status;	 /* 200 */
	struct buf body; /* wipe it: buf_wipe */
};

/* Is it https, or http to a loopback address? */
bool http_is_safe(const char *url);
/* "https://host/path" as "host", for messages; `out` has `size` octets. */
void http_host(const char *url, char *out, size_t size);
/* 0 with any status.  -1 if there was no reply: ERROR_CONFIG for a URL that is
 * not safe or a certificate that is refused, otherwise temporary as in
 * verdict.h.  Always initializes the reply's body. */
int http_send(const struct http_request *request, struct http_reply *reply,
	      struct error *f);

#endif
