/* precheck.c - refusals that cost no round trip. */
#include "smtp/precheck.h"

#include <inttypes.h>
#include <stdio.h>

#include "mail/rawfield.h"
#include "smtp/command.h"

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

int precheck_message(const struct caps *caps, const struct envelope *e,
		     const struct session_content *content, struct error *f)
{
	if (command_check_path(e->reverse_path, e->sender_needs_smtputf8, f) <
		    0 ||
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

int precheck_recipients(const struct caps *caps, struct envelope *e,
			struct error *f)
{
	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];
		struct error verdict = ERROR_INIT;

		if (r->decided)
			continue;
		if (command_check_path(r->address, r->needs_smtputf8, f) < 0)
			return -1;
		if (!r->needs_smtputf8 || caps_has(caps, CAPS_SMTPUTF8))
			continue;
		refuse_utf8(r->address, "SMTPUTF8", &verdict);
		envelope_judge(e, r, &verdict);
		r->decided = true;
	}
	return 0;
}

bool precheck_needs_smtputf8(const struct envelope *e,
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
