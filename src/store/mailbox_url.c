/* mailbox_url.c - pop3://, imap:// and their sisters with TLS from the first
 * byte (RFC 3986; RFC 2384; RFC 5092 as far as a folder). */
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "store/mailbox.h"

static const struct {
	const char *prefix;
	enum mailbox_kind kind;
	bool is_implicit_tls;
} schemes[] = {
	{ "pop3://", MAILBOX_POP3, false }, { "pop3s://", MAILBOX_POP3, true },
	{ "pop://", MAILBOX_POP3, false },  { "pops://", MAILBOX_POP3, true },
	{ "imap://", MAILBOX_IMAP, false }, { "imaps://", MAILBOX_IMAP, true },
};
#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

static size_t find_scheme(const char *source)
{
	size_t i = 0;

	while (i < SCHEMES && !ascii_begins(source, schemes[i].prefix))
		i++;
	return i;
}

/* Others are URLs too, and refused as such rather than as missing files. */
bool mailbox_is_url(const char *source)
{
	size_t n = strspn(source, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");

	return n > 1 && strncmp(source + n, "://", 3) == 0;
}

/* Percent-decoded, in the arena; control bytes are refused. */
static const char *decode(struct arena *a, const char *text, size_t n,
			  const char *what, struct error *f)
{
	char *out = arena_alloc(a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		bool is_coded = text[i] == '%' && i + 2 < n;
		int octet = is_coded ? text_hex_octet(text + i + 1) : -1;

		if (text[i] == '%' && octet < 0) {
			error_set(
				f, ERROR_USAGE,
				"the %s in the URL has a %% that is not "
				"followed by two hex digits; write %%25 for it",
				what);
			return NULL;
		}
		*to = octet < 0 ? text[i] : (char)octet;
		i += octet < 0 ? 0 : 2;
		if (text_is_control(*to)) {
			error_set(f, ERROR_USAGE,
				  "the %s in the URL has a control character",
				  what);
			return NULL;
		}
		to++;
	}
	return out;
}

static int parse_port(const char *text, size_t n, unsigned *port,
		      struct error *f)
{
	uint64_t value;

	if (text_digits(text, 65535, &value) != n || !value)
		return error_set(f, ERROR_USAGE,
				 "\"%.*s\" is no port: it is a number up to "
				 "65535",
				 (int)(n > 64 ? 64 : n), text);
	*port = (unsigned)value;
	return 0;
}

/* "user@" in front of the host; RFC 2384's ";AUTH=..." is not for us. */
static int parse_user(struct arena *a, const char *text, size_t n,
		      struct mailbox_url *out, struct error *f)
{
	if (memchr(text, ':', n))
		return error_set(f, ERROR_USAGE,
				 "a password in a URL can be read by everyone "
				 "on this machine; leave it out and give it by "
				 "the account's passwordeval, ~/.netrc or the "
				 "prompt");
	out->user = decode(a, text, n, "user", f);
	return out->user ? 0 : -1;
}

static int parse_host(struct arena *a, const char *text, size_t n,
		      struct mailbox_url *out, struct error *f)
{
	const char *end = text + n, *colon;

	if (n && *text == '[') {
		const char *close = memchr(text, ']', n);

		if (!close)
			return error_set(f, ERROR_USAGE,
					 "the URL's host lacks its ]");
		out->host = decode(a, text + 1, (size_t)(close - text) - 1,
				   "host", f);
		colon = close + 1;
	} else {
		colon = memchr(text, ':', n);
		if (!colon)
			colon = end;
		out->host = decode(a, text, (size_t)(colon - text), "host", f);
	}
	if (!out->host)
		return -1;
	if (!*out->host || strpbrk(out->host, "/@ ?#\"<>\\") ||
	    (colon < end && *colon != ':'))
		return error_set(f, ERROR_USAGE,
				 "the URL names no host: it is written "
				 "SCHEME://USER@HOST");
	if (colon == end)
		return 0;
	return parse_port(colon + 1, (size_t)(end - colon) - 1, &out->port, f);
}

static int parse_path(struct arena *a, const char *path,
		      struct mailbox_url *out, struct error *f)
{
	if (!*path || !path[1])
		return 0;
	if (out->kind == MAILBOX_POP3)
		return error_set(f, ERROR_USAGE,
				 "POP3 has no folders: leave '%.200s' out",
				 path);
	out->folder = decode(a, path + 1, strlen(path) - 1, "folder", f);
	return out->folder ? 0 : -1;
}

int mailbox_parse_url(struct arena *a, const char *source,
		      struct mailbox_url *out, struct error *f)
{
	size_t scheme = find_scheme(source), n;
	const char *text, *at = NULL;

	*out = (struct mailbox_url){ 0 };
	if (scheme == SCHEMES)
		return error_set(f, ERROR_USAGE,
				 "\"%.*s\" is no mailbox: it is pop3://, "
				 "pop3s://, imap:// or imaps://, a directory, "
				 "a file, or -",
				 (int)(strcspn(source, ":") + 3), source);
	out->kind = schemes[scheme].kind;
	out->is_implicit_tls = schemes[scheme].is_implicit_tls;
	text = source + strlen(schemes[scheme].prefix);
	n = strcspn(text, "/");
	for (size_t i = 0; i < n; i++)
		if (text[i] == '@')
			at = text + i;
	if (at) {
		if (parse_user(a, text, (size_t)(at - text), out, f) < 0)
			return -1;
		n -= (size_t)(at - text) + 1;
		text = at + 1;
	}
	if (parse_host(a, text, n, out, f) < 0)
		return -1;
	return parse_path(a, text + n, out, f);
}
