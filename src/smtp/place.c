/* place.c - spelling: brackets for IPv6 (RFC 3986 3.2.2), zones (RFC 6874). */
#include "smtp/place.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_literal(const char *host)
{
	return strchr(host, ':') != NULL;
}

static const char *host_of(const struct dial_options *o)
{
	return o->host ? o->host : "localhost";
}

static int check_host(const char *host, const char *setting, struct error *f)
{
	const char *s = host;

	while (isalnum((unsigned char)*s) || (unsigned char)*s >= 0x80 ||
	       (*s && strchr("-._", *s)) ||
	       (is_literal(host) && *s && strchr(":[]%", *s)))
		s++;
	if (*s || s == host)
		return error_set(f, ERROR_CONFIG,
				 "\"%s\" is no host name; check the setting %s",
				 host, setting);
	return 0;
}

int place_check(const struct dial_options *o, struct error *f)
{
	if (!o->host && !o->unix_socket)
		return error_set(f, ERROR_CONFIG, "no host is configured");
	if (o->host && check_host(o->host, "host", f) < 0)
		return -1;
	if (o->tls_host && check_host(o->tls_host, "tls_host_override", f) < 0)
		return -1;
	if (place_port(o) > 65535)
		return error_set(f, ERROR_CONFIG,
				 "port %u is none: ports end at 65535",
				 o->port);
	return 0;
}

unsigned place_port(const struct dial_options *o)
{
	static const unsigned usual[] = {
		[DIAL_TLS_NONE] = 25,
		[DIAL_TLS_STARTTLS] = 587,
		[DIAL_TLS_IMPLICIT] = 465,
	};

	return o->port ? o->port : usual[o->tls];
}

static void put_host(struct buf *out, const char *host, const char *zone)
{
	if (!is_literal(host)) {
		buf_puts(out, host);
		return;
	}
	buf_putc(out, '[');
	for (; *host; host++) {
		if (*host == '%')
			buf_puts(out, zone);
		else if (*host != '[' && *host != ']')
			buf_putc(out, *host);
	}
	buf_putc(out, ']');
}

/* Without the user and password that a proxy's URL may have. */
static const char *proxy_name(const char *url)
{
	const char *at = strrchr(url, '@');
	const char *host = strstr(url, "://");

	return at ? at + 1 : host ? host + 3 : url;
}

void place_name(const struct dial_options *o, char *out, size_t size)
{
	struct buf text;

	buf_init(&text, 1024);
	if (o->unix_socket) {
		buf_puts(&text, o->unix_socket);
	} else {
		put_host(&text, host_of(o), "%");
		buf_printf(&text, ":%u", place_port(o));
	}
	if (o->proxy)
		buf_printf(&text, " (by the proxy %s)", proxy_name(o->proxy));
	snprintf(out, size, "%s", text.data);
	buf_free(&text);
}

/* The name for EHLO: letters that a path takes as they are. */
static void put_encoded(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-._~", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void place_url(const struct dial_options *o, struct buf *out)
{
	buf_puts(out, o->tls == DIAL_TLS_IMPLICIT ? "smtps://" : "smtp://");
	put_host(out, o->tls_host ? o->tls_host : host_of(o), "%25");
	buf_printf(out, ":%u/", place_port(o));
	put_encoded(out, o->ehlo && *o->ehlo ? o->ehlo : "localhost");
}

void place_connect_to(const struct dial_options *o, struct buf *out)
{
	buf_puts(out, "::");
	put_host(out, host_of(o), "%");
	buf_printf(out, ":%u", place_port(o));
}
