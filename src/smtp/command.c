/* command.c - parameters are sent only if the server offers them. */
#include "smtp/command.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mail/envelope.h"
#include "mail/rawfield.h"

#define PATH_OCTETS 998

/* ERROR_USAGE for a control, or for UTF-8 where it is not allowed. */
static int check_path(const char *path, bool is_utf8, struct error *f)
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

/* ---- refusals that cost no round trip ---- */

static int check_size(const struct caps *caps,
		      const struct session_content *content, struct error *f)
{
	if (!caps->size || content->bytes.length <= caps->size)
		return 0;
	return error_set(f, ERROR_DATA,
			 "the message has %" PRIu64 " octets and the server "
			 "takes at most %" PRIu64 "; send files over several "
			 "mails with --split auto",
			 content->bytes.length, caps->size);
}

static int refuse_utf8(const char *what, const char *extension, struct error *f)
{
	error_set(f, ERROR_DATA,
		  "%s is not ASCII, and the server does not offer %s", what,
		  extension);
	snprintf(f->esc, sizeof(f->esc), "5.6.7");
	return -1;
}

/* RFC 6531 3.1: who offers SMTPUTF8 has to offer 8BITMIME. */
static int check_header(const struct caps *caps,
			const struct session_content *content, struct error *f)
{
	bool lacks_utf8 = !caps_has(caps, CAPS_SMTPUTF8);
	char name[RAWFIELD_NAME_MAX + 1];
	char what[RAWFIELD_NAME_MAX + 80];

	if (!content->has_8bit_header ||
	    (!lacks_utf8 && caps_has(caps, CAPS_8BITMIME)))
		return 0;
	if (rawfield_find_high(&content->bytes, name, f))
		snprintf(what, sizeof(what),
			 "the header field %s, which may not be encoded "
			 "(an address, or what is signed),",
			 name);
	else
		snprintf(what, sizeof(what), "an address in the header");
	if (error_is_set(f))
		return -1;
	return refuse_utf8(what, lacks_utf8 ? "SMTPUTF8" : "8BITMIME", f);
}

int command_check_message(const struct caps *caps, const struct envelope *e,
			  const struct session_content *content,
			  struct error *f)
{
	if (check_path(e->reverse_path, e->sender_needs_smtputf8, f) < 0 ||
	    check_size(caps, content, f) < 0)
		return -1;
	if (e->sender_needs_smtputf8 && !caps_has(caps, CAPS_SMTPUTF8))
		return refuse_utf8(e->reverse_path, "SMTPUTF8", f);
	if (check_header(caps, content, f) < 0)
		return -1;
	if (content->has_8bit && !caps_has(caps, CAPS_8BITMIME))
		return error_set(f, ERROR_SOFTWARE,
				 "the server does not offer 8BITMIME, and the "
				 "message was not encoded for it");
	return 0;
}

int command_check_recipients(const struct caps *caps, struct envelope *e,
			     struct error *f)
{
	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];
		struct error verdict = ERROR_INIT;

		if (r->decided)
			continue;
		if (check_path(r->address, r->needs_smtputf8, f) < 0)
			return -1;
		if (!r->needs_smtputf8 || caps_has(caps, CAPS_SMTPUTF8))
			continue;
		refuse_utf8(r->address, "SMTPUTF8", &verdict);
		envelope_judge(e, r, &verdict);
		r->decided = true;
	}
	return 0;
}

bool command_needs_smtputf8(const struct envelope *e,
			    const struct session_content *content)
{
	if (e->sender_needs_smtputf8 || content->has_8bit_header)
		return true;
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].needs_smtputf8 &&
		    !e->recipients[i].decided)
			return true;
	return false;
}
