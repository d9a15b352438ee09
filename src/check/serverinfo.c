/* serverinfo.c - the headings, the order and the fingerprints' labels are
 * those that scripts of msmtp's users look for. */
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "check/check_report.h"
#include "check/meaning.h"

static const char *moment(struct arena *a, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm t;
	char text[64];

	if (!gmtime_r(&when, &t) ||
	    !strftime(text, sizeof(text), "%a %d %b %Y %H:%M:%S UTC", &t))
		return "?";
	return arena_dup(a, text);
}

static void put_parts(struct buf *out, const char *head,
		      const char *const *parts)
{
	static const char *const labels[CHAIN_PARTS] = {
		[CHAIN_COMMON_NAME] = "Common Name",
		[CHAIN_ORGANIZATION] = "Organization",
		[CHAIN_UNIT] = "Organizational unit",
		[CHAIN_LOCALITY] = "Locality",
		[CHAIN_STATE] = "State or Province",
		[CHAIN_COUNTRY] = "Country",
	};

	buf_printf(out, "    %s:\n", head);
	for (int i = 0; i < CHAIN_PARTS; i++)
		if (parts[i])
			buf_printf(out, "        %s: %s\n", labels[i],
				   parts[i]);
}

static void put_certificate(const struct check *c, struct buf *out)
{
	const struct chain_certificate *x = &c->chain.certificates[0];

	buf_puts(out, "TLS certificate information:\n");
	put_parts(out, "Owner", x->owner);
	put_parts(out, "Issuer", x->signer);
	buf_printf(out, "    Validity:\n        Activation time: %s\n",
		   moment(c->arena, x->since));
	buf_printf(out, "        Expiration time: %s\n",
		   moment(c->arena, x->until));
	buf_printf(out,
		   "    Fingerprints:\n        SHA256: %s\n"
		   "        SHA1 (deprecated): %s\n",
		   x->sha256, x->sha1);
}

static void put_capabilities(const struct check *c, struct buf *out)
{
	struct caps caps;

	caps_reset(&caps);
	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++)
		caps_add(&caps, c->capabilities[i]);
	buf_puts(out, c->capabilities && c->capabilities[0]
			      ? "Capabilities:\n"
			      : "No capabilities are told.\n");
	for (size_t i = 0; c->capabilities && c->capabilities[i]; i++) {
		const char *line = c->capabilities[i];
		const char *rest = strpbrk(line, " =");

		if (ascii_begins(line, "AUTH") && rest)
			buf_printf(out, "    AUTH:\n        %s\n",
				   caps.auth.names);
		else
			buf_printf(out, "    %s\n",
				   meaning_of(c->arena, line, &caps,
					      c->account));
	}
	if (!c->account->tls && caps_has(&caps, CAPS_STARTTLS))
		buf_puts(out, "With TLS it may offer others (--tls).\n");
}

void check_serverinfo(const struct check *c, struct buf *out)
{
	const struct dial *d = &c->server.dial;
	const struct account *account = c->account;

	if (account->socket)
		buf_printf(out, "SMTP server at %s:\n", account->socket);
	else
		buf_printf(out, "SMTP server at %s (%s), port %d:\n",
			   account->host,
			   c->reach.count ? c->reach.addresses[0].text
					  : "by a proxy",
			   account->port);
	buf_printf(out, "    %s\n", c->greeting ? c->greeting : "");
	if (d->conn.tls_version[0])
		buf_printf(out, "TLS session parameters:\n    %s\n",
			   d->conn.tls_version);
	if (c->chain.count)
		put_certificate(c, out);
	put_capabilities(c, out);
}
