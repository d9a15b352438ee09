/* place.h - where a server is, as URLs, libcurl and sentences spell it.
 *
 * Names and addresses come from settings; place_check lets nothing through
 * that would mean more than a host once it stands in a URL. */
#ifndef SMTP_PLACE_H
#define SMTP_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "smtp/dial.h"

int place_check(const struct dial_options *o, struct error *f);
unsigned place_port(const struct dial_options *o);
/* "mail.example.org:587", "[2001:db8::1]:587", or the path of a socket; then,
 * " (by the proxy HOST:PORT)". */
void place_name(const struct dial_options *o, char *out, size_t size);
/* smtp://host:port/ehlo-name; the host is the one that TLS looks for. */
void place_url(const struct dial_options *o, struct buf *out);
/* For CURLOPT_CONNECT_TO: whatever the URL says, connect to this. */
void place_connect_to(const struct dial_options *o, struct buf *out);

#endif
