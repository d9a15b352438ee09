/* command.c - parameters go along only where the server offers them. */
#include "smtp/command.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "codec/xtext.h"

#define PATH_OCTETS 998

int command_check_path(const char *path, bool is_utf8, struct error *f)
{
	for (const char *p = path; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 32 || c == 127 || (c > 127 && !is_utf8))
			return error_set(f, ERROR_USAGE,
					 "the address %s has a character that "
					 "may not stand there",
					 path);
	}
	if (strlen(path) > PATH_OCTETS)
		return error_set(f, ERROR_USAGE,
				 "the address %.60s... is too long", path);
	return 0;
}

/* Keywords: letters and commas, whatever came in. */
static void put_upper(struct buf *out, const char *s)
{
	for (; *s; s++)
		if (isalpha((unsigned char)*s) || *s == ',')
			buf_putc(out, (char)toupper((unsigned char)*s));
}

static bool uses_dsn(const struct envelope *e, const struct caps *caps)
{
	return caps_has(caps, CAPS_DSN) &&
	       (e->dsn_notify || e->dsn_ret || e->dsn_envid);
}

void command_mail(struct buf *out, const struct envelope *e,
		  const struct command_needs *needs, const struct caps *caps)
{
	buf_printf(out, "MAIL FROM:<%s>", e->reverse_path);
	if (caps_has(caps, CAPS_SIZE))
		buf_printf(out, " SIZE=%" PRIu64, needs->size);
	if (needs->has_8bit)
		buf_puts(out, " BODY=8BITMIME");
	if (needs->uses_smtputf8)
		buf_puts(out, " SMTPUTF8");
	if (!uses_dsn(e, caps))
		return;
	if (e->dsn_ret) {
		buf_puts(out, " RET=");
		put_upper(out, e->dsn_ret);
	}
	if (e->dsn_envid) {
		buf_puts(out, " ENVID=");
		xtext_put(out, e->dsn_envid);
	}
}

void command_rcpt(struct buf *out, const struct envelope *e,
		  const struct recipient *to, const struct caps *caps)
{
	const char *notify = to->dsn_notify ? to->dsn_notify : e->dsn_notify;

	buf_printf(out, "RCPT TO:<%s>", to->address);
	if (!uses_dsn(e, caps) &&
	    !(caps_has(caps, CAPS_DSN) && (to->dsn_notify || to->dsn_orcpt)))
		return;
	if (notify) {
		buf_puts(out, " NOTIFY=");
		put_upper(out, notify);
	}
	if (to->dsn_orcpt) {
		buf_printf(out, " ORCPT=%s", to->dsn_orcpt);
	} else if (!to->needs_smtputf8) {
		/* The UTF-8 form (RFC 6533) is beyond most servers. */
		buf_puts(out, " ORCPT=rfc822;");
		xtext_put(out, to->address);
	}
}
