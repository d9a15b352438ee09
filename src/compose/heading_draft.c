/* heading_draft.c - the header of a message that somebody else made.
 *
 * Fields that may not stand there are dropped, then addresses are resolved, and
 * then fields are replaced or added.  What a signature covers stays. */
#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/text.h"
#include "compose/compose.h"
#include "compose/heading.h"
#include "compose/owner.h"
#include "compose/recipients.h"
#include "compose/rewrite.h"
#include "compose/sender.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/sealed.h"

#define SHOWN_MAX 200 /* octets of a value in a message */

/* Does the draft's signature cover the field?  Then it is not added. */
static bool is_signed(const struct composition *c, const char *name)
{
	return dkim_covers(c->draft.dkim, name);
}

/* ---- recipients in the header ---- */

/* Parses the fields of that name before `end`. */
static int read_field(struct composition *c, const char *name,
		      const struct field *end, struct address_list *list,
		      struct error *f)
{
	struct error found = ERROR_INIT;

	for (struct field *x = c->draft.header.first; x && x != end;
	     x = x->next)
		if (ascii_equal(x->name, name) &&
		    !rewrite_is_notice(x->value) &&
		    address_parse_list(c->arena, x->value, list, &found) < 0)
			return error_set(f, ERROR_DATA, "%s: %s", x->name,
					 found.text);
	return 0;
}

/* The recipients in the draft's header: the newest Resent block if there is one
 * (RFC 5322 3.6.6), else To, Cc and Bcc; for a dead letter, the undelivered
 * ones. */
static int read_recipients(struct composition *c, struct recipient_lists *l,
			   struct error *f)
{
	static const char *const plain[] = { "To", "Cc", "Bcc" };
	static const char *const resent[] = { "Resent-To", "Resent-Cc",
					      "Resent-Bcc" };
	static const char *const kept[] = { DEAD_LETTER_RECIPIENTS, "", "" };
	const struct header *h = &c->draft.header;
	const struct field *end = header_resent_end(h);
	/* Trusted only in our own file: a mail may say anything. */
	bool is_dead_letter =
		c->is_from_mbox && header_has(h, DEAD_LETTER_RECIPIENTS);
	bool is_resent = header_get_before(h, "Resent-To", end) ||
			 header_get_before(h, "Resent-Cc", end) ||
			 header_get_before(h, "Resent-Bcc", end);
	const char *const *names = is_dead_letter ? kept
				   : is_resent	  ? resent
						  : plain;
	struct address_list *into[] = { &l->to, &l->cc, &l->bcc };

	if (names != resent)
		end = NULL;
	for (int i = 0; i < 3; i++) {
		struct address_list list = { 0 };

		if (read_field(c, names[i], end, &list, f) < 0 ||
		    recipients_take(c, &list, into[i], f) < 0)
			return -1;
	}
	return 0;
}

/* ---- fields that are dropped ---- */

/* They may want to send it nevertheless. */
static void warn_of_missing(struct composition *c)
{
	const char *missing = header_get(&c->draft.header, DEAD_LETTER_MISSING);

	if (!missing)
		return;
	if (c->is_from_mbox)
		log_warning("this dead letter is incomplete: %s", missing);
	header_remove(&c->draft.header, DEAD_LETTER_MISSING);
}

/* Is it an empty field that servers may refuse? */
static bool is_void(const struct field *x, const void *context)
{
	const struct composition *c = context;
	const struct account *account = c->account;

	if (x->value[strspn(x->value, " \t")] || is_signed(c, x->name))
		return false;
	if (ascii_equal(x->name, "Date"))
		return account->set_date_header != CONFIG_OFF;
	if (ascii_equal(x->name, "Message-ID"))
		return account->set_msgid_header != CONFIG_OFF;
	if (ascii_equal(x->name, "From"))
		return account->set_from_header != CONFIG_OFF;
	return header_is_address(x->name) && !header_is_bcc(x->name);
}

/* Drops fields that mean nothing to the receiver.  Return-Path and
 * Content-Length are from the mailbox; Postfix drops them, too. */
static void drop_fields(struct composition *c)
{
	static const char *const names[] = { DEAD_LETTER_RECIPIENTS,
					     DEAD_LETTER_REASON, "Return-Path",
					     "Content-Length" };
	struct header *h = &c->draft.header;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!is_signed(c, names[i]))
			header_remove(h, names[i]);
	header_remove_if(h, is_void, c);
}

/* ---- fields that stand there twice ---- */

static bool is_from(const char *value)
{
	return address_count_list(value) > 0;
}

static bool is_date(const char *value)
{
	struct error unused = ERROR_INIT;
	int64_t when;
	int zone;

	return date_parse(value, &when, &zone, &unused) == 0;
}

static bool is_text(const char *value)
{
	return value[strspn(value, " \t")] != '\0';
}

static const struct once {
	const char *name;
	bool (*is_valid)(const char *value);
} fields[] = {
	{ "From", is_from },
	{ "Date", is_date },
	{ "Message-ID", is_text },
	{ "Subject", is_text },
};

/* The one to keep, and how many there are. */
static struct field *choose(struct composition *c, const struct once *o,
			    size_t *count)
{
	struct field *first = NULL, *valid = NULL;

	*count = 0;
	for (struct field *x = c->draft.header.first; x; x = x->next) {
		if (!ascii_equal(x->name, o->name))
			continue;
		++*count;
		first = first ? first : x;
		if (!valid && o->is_valid(x->value))
			valid = x;
	}
	return valid ? valid : first;
}

static bool is_other(const struct field *x, const void *context)
{
	const struct field *kept = context;

	return x != kept && ascii_equal(x->name, kept->name);
}

/* Keeps the first valid one of the fields that may occur once (RFC 5322 3.6),
 * as readers may show either and large receivers refuse such mail.  Signed
 * fields are kept.  Both are warnings. */
static void drop_repeated(struct composition *c)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t count;
		struct field *kept = choose(c, &fields[i], &count);

		if (count < 2)
			continue;
		if (is_signed(c, kept->name)) {
			log_warning("the message has %zu %s fields, which are "
				    "signed and kept; many servers refuse "
				    "such mail",
				    count, fields[i].name);
			continue;
		}
		log_warning("the message has %zu %s fields: only \"%.*s\" is "
			    "sent",
			    count, fields[i].name,
			    (int)text_cut(kept->value,
					  strlen(kept->value) < SHOWN_MAX
						  ? strlen(kept->value)
						  : SHOWN_MAX),
			    kept->value);
		header_remove_if(&c->draft.header, is_other, kept);
	}
}

/* ---- fields that are replaced or added ---- */

static bool is_to_set(const struct composition *c, enum config_choice choice,
		      const char *name)
{
	return choice == CONFIG_ON ||
	       (choice == CONFIG_AUTO && !is_signed(c, name) &&
		!header_has(&c->draft.header, name));
}

/* Is the signed From the same already? */
static bool says_signed(const struct composition *c, const struct address *from)
{
	const char *own = header_get(&c->draft.header, "From");
	struct address_list list = { 0 };
	struct error unused = ERROR_INIT;

	if (!own || !is_signed(c, "From") ||
	    address_parse_list(c->arena, own, &list, &unused) < 0 ||
	    list.count != 1 || !address_equal(&list.items[0], from))
		return false;
	return !from->name || (list.items[0].name &&
			       strcmp(list.items[0].name, from->name) == 0);
}

static int replace_from(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct header *h = &c->draft.header;
	bool is_there = header_has(h, "From");
	bool prevails = r->draft_overrides || r->from_is_default;
	struct address from;

	if (!c->odd_from && (!r->has_from || (prevails && is_there)) &&
	    !is_to_set(c, c->account->set_from_header, "From"))
		return 0;
	if (sender_header(c, &from, f) < 0)
		return -1;
	if (says_signed(c, &from))
		return 0;
	header_remove(h, "From");
	return heading_add_address(c, "From", &from, f);
}

static int replace_reply_to(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct address_list list = { 0 };
	struct header *h = &c->draft.header;

	if (!r->reply_to.count ||
	    (r->draft_overrides && header_has(h, "Reply-To")))
		return 0;
	if (resolve_recipients(&c->resolver, &r->reply_to, &list, NULL, f) < 0)
		return -1;
	header_remove(h, "Reply-To");
	return heading_add_addresses(c, "Reply-To", &list, f);
}

/* Replaces fields by those of the command or the account, and adds missing
 * ones. */
static int replace_fields(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	const struct account *account = c->account;
	struct header *h = &c->draft.header;
	bool prevails = r->draft_overrides;

	if (r->subject && !(prevails && header_has(h, "Subject"))) {
		header_remove(h, "Subject");
		if (header_add(c->arena, h, "Subject", r->subject, f) < 0)
			return -1;
	}
	if (r->date || is_to_set(c, account->set_date_header, "Date")) {
		header_remove(h, "Date");
		if (heading_add_date(c, f) < 0)
			return -1;
	}
	if (r->message_id ||
	    is_to_set(c, account->set_msgid_header, "Message-ID")) {
		header_remove(h, "Message-ID");
		if (heading_add_message_id(c, f) < 0)
			return -1;
	}
	c->message_id = header_get(h, "Message-ID");
	return replace_reply_to(c, f) < 0 ? -1 : replace_from(c, f);
}

/* Adds recipients of the command to the draft's field. */
static int extend_field(struct composition *c, const char *name,
			const struct address_list *added, struct error *f)
{
	struct address_list all = { 0 };
	struct address_index index = { 0 };

	if (!added->count)
		return 0;
	if (read_field(c, name, NULL, &all, f) < 0)
		return -1;
	for (size_t i = 0; i < added->count; i++)
		address_append_once(c->arena, &all, &index, &added->items[i]);
	header_remove(composition_header(c), name);
	return heading_add_addresses(c, name, &all, f);
}

/* To and Cc of a draft, if the account replaces them or they are missing. */
static int replace_recipients(struct composition *c,
			      const struct recipient_lists *own,
			      const struct recipient_lists *added,
			      struct error *f)
{
	const struct account *account = c->account;
	struct header *h = &c->draft.header;
	struct recipient_lists all = *own;

	/* for a message of another program, these are the only recipients known
	 */
	if (c->request->is_from_program) {
		address_append_all(c->arena, &all.to, &added->to);
		address_append_all(c->arena, &all.to, &added->cc);
		address_append_all(c->arena, &all.to, &added->bcc);
	}
	if (account->undisclosed_recipients || account->set_to_header) {
		header_remove(h, "To");
		header_remove(h, "Cc");
		header_remove(h, "Bcc");
		return heading_add_recipients(c, &all, f);
	}
	if (!header_has(h, "To") && !header_has(h, "Cc"))
		return is_signed(c, "To") || is_signed(c, "Cc")
			       ? 0
			       : heading_add_recipients(c, added, f);
	if (!c->request->extends_header)
		return 0;
	return extend_field(c, "To", &added->to, f) < 0
		       ? -1
		       : extend_field(c, "Cc", &added->cc, f);
}

int heading_of_draft(struct composition *c, struct error *f)
{
	struct recipient_lists own = { 0 }, added;

	if (c->request->recipients_from_header &&
	    read_recipients(c, &own, f) < 0)
		return -1;
	drop_fields(c);
	drop_repeated(c);
	warn_of_missing(c);
	if (c->request->owner && owner_restrict_header(c, f) < 0)
		return -1;
	sender_read_draft(c);
	if (rewrite_fields(&c->resolver, c->draft.header.first,
			   header_resent_end(&c->draft.header), c->draft.dkim,
			   &c->has_8bit_header, f) < 0)
		return -1;
	if (recipients_take_request(c, &added, f) < 0 ||
	    recipients_fill_envelope(c, f) < 0 ||
	    replace_recipients(c, &own, &added, f) < 0 ||
	    replace_fields(c, f) < 0)
		return -1;
	return heading_add_last(c, f);
}
