/* heading.c - a function for each field; their order in a message of ours. */
#include "compose/heading.h"

#include <string.h>

#include "base/sysenv.h"
#include "compose/compose.h"
#include "compose/recipients.h"
#include "compose/rewrite.h"
#include "compose/sender.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/sealed.h"

#define VALUE_MAX (1024 * 1024) /* octets of one address field */

int heading_add_addresses(struct composition *c, const char *name,
			  const struct address_list *list, struct error *f)
{
	struct buf value = BUF_INIT(VALUE_MAX);
	int r = 0;

	if (!list->count)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].needs_smtputf8)
			c->has_8bit_header = true;
	if (address_put_list(&value, list) < 0)
		r = error_set(
			f, ERROR_DATA,
			"the %s list is over %u octets; send to fewer at a "
			"time",
			name, VALUE_MAX);
	else
		r = header_add(c->arena, composition_header(c), name,
			       value.data, f);
	buf_free(&value);
	return r;
}

int heading_add_address(struct composition *c, const char *name,
			const struct address *one, struct error *f)
{
	struct address_list list = { 0 };

	address_append(c->arena, &list, one);
	return heading_add_addresses(c, name, &list, f);
}

int heading_add_date(struct composition *c, struct error *f)
{
	int64_t when = sysenv_now();
	int zone = sysenv_zone(when);
	char text[DATE_SIZE];

	if (c->request->date &&
	    date_parse(c->request->date, &when, &zone, f) < 0)
		return -1;
	date_format(text, when, zone);
	return header_add(c->arena, composition_header(c), "Date", text, f);
}

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

int heading_add_message_id(struct composition *c, struct error *f)
{
	const char *domain = domain_of(c->envelope.reverse_path);

	if (domain && (!strchr(domain, '.') || *domain == '['))
		domain = NULL;
	if (c->request->message_id)
		c->message_id = c->request->message_id;
	else if (c->request->message_id_left)
		c->message_id = arena_format(c->arena, "<%s@%s>",
					     c->request->message_id_left,
					     domain ? domain : sysenv_domain());
	else
		c->message_id = msgid_make(c->arena, domain);
	return header_add(c->arena, composition_header(c), "Message-ID",
			  c->message_id, f);
}

/* Marks automatic mail, which vacation programs do not answer (RFC 3834).  Mail
 * of another program may be from a person without a terminal. */
static int add_auto_submitted(struct composition *c, struct error *f)
{
	if (!c->account->auto_submitted || c->request->is_from_program ||
	    sysenv_has_terminal() ||
	    header_has(composition_header(c), "Auto-Submitted") ||
	    dkim_covers(c->draft.dkim, "Auto-Submitted"))
		return 0;
	return header_add(c->arena, composition_header(c), "Auto-Submitted",
			  "auto-generated", f);
}

static int add_extra(struct composition *c, struct error *f)
{
	struct header *h = composition_header(c);
	struct field **added = h->last;

	for (struct field *x = c->request->extra.first; x; x = x->next)
		if (header_add(c->arena, h, x->name, x->value, f) < 0)
			return -1;
	return rewrite_fields(&c->resolver, *added, NULL, NULL,
			      &c->has_8bit_header, f);
}

int heading_add_recipients(struct composition *c,
			   const struct recipient_lists *l, struct error *f)
{
	const struct account *account = c->account;
	struct address_list all = l->to;
	bool is_hidden = account->undisclosed_recipients ||
			 (!l->to.count && !l->cc.count);

	if (is_hidden && !c->recipients.count)
		return 0;
	if (is_hidden)
		return header_add(c->arena, composition_header(c), "To",
				  "undisclosed-recipients:;", f);
	if (!account->set_to_header)
		return heading_add_addresses(c, "To", &l->to, f) < 0
			       ? -1
			       : heading_add_addresses(c, "Cc", &l->cc, f);
	address_append_all(c->arena, &all, &l->cc);
	return heading_add_addresses(c, "To", &all, f);
}

int heading_add_last(struct composition *c, struct error *f)
{
	if (add_extra(c, f) < 0)
		return -1;
	sender_drop_other(c);
	return add_auto_submitted(c, f);
}

int heading_of_message(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct address_list reply_to = { 0 };
	struct address from;
	struct recipient_lists l;

	if (recipients_take_request(c, &l, f) < 0 ||
	    resolve_recipients(&c->resolver, &r->reply_to, &reply_to, NULL, f) <
		    0 ||
	    recipients_fill_envelope(c, f) < 0 ||
	    sender_header(c, &from, f) < 0 || heading_add_date(c, f) < 0 ||
	    heading_add_address(c, "From", &from, f) < 0 ||
	    heading_add_addresses(c, "Reply-To", &reply_to, f) < 0 ||
	    heading_add_recipients(c, &l, f) < 0)
		return -1;
	if (r->subject && header_add(c->arena, composition_header(c), "Subject",
				     r->subject, f) < 0)
		return -1;
	return heading_add_message_id(c, f) < 0 ? -1 : heading_add_last(c, f);
}
