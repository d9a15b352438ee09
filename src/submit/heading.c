/* heading.c - From, To, Date, Message-ID and the envelope.
 *
 * The sender in the header is -r, else the account's `from`, else
 * login@host.  The reverse-path is -f, else -r, else the account's `from`,
 * else login@host. */
#include "submit/heading.h"

#include <string.h>

#include "base/ascii.h"
#include "base/world.h"
#include "mail/date.h"
#include "mail/msgid.h"
#include "submit/compose.h"
#include "submit/keep.h"

#define VALUE_MAX (1024 * 1024) /* octets of one address field */

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

static const char *qualifying_domain(const struct account *account)
{
	const char *of_from = domain_of(account->from);

	if (account->maildomain)
		return account->maildomain;
	return of_from ? of_from : world_host();
}

static void qualify(struct composition *c, struct address *one)
{
	if (one->group_only || *one->domain || !*one->local)
		return;
	one->domain = qualifying_domain(c->account);
	address_respell(c->arena, one);
}

/* Aliases first, then the domain: what is left bare is this place's. */
static int resolve(struct composition *c, const struct address_list *from,
		   struct address_list *to, struct fault *f)
{
	struct aliases *aliases = &c->aliases;

	if (c->account->aliases && !aliases->path &&
	    aliases_load(c->arena, c->account->aliases, aliases, f) < 0)
		return -1;
	*to = (struct address_list){ 0 };
	for (size_t i = 0; i < from->count; i++)
		if (aliases_expand(c->arena, aliases, &from->items[i], to, f) <
		    0)
			return -1;
	for (size_t i = 0; i < to->count; i++)
		qualify(c, &to->items[i]);
	return 0;
}

/* Who writes, when neither the command nor the header tells. */
static int default_sender(struct composition *c, struct address *out,
			  struct fault *f)
{
	const struct account *account = c->account;

	if (account->from)
		return address_parse(c->arena, account->from, false, out, f);
	*out = (struct address){ .local = world_user(), .domain = "" };
	qualify(c, out);
	return 0;
}

static int header_sender(struct composition *c, struct address *out,
			 struct fault *f)
{
	const struct request *r = c->request;
	const struct account *account = c->account;

	if (r->has_from && (account->allow_from_override || !account->from)) {
		*out = r->from;
		qualify(c, out);
		return 0;
	}
	if (default_sender(c, out, f) < 0)
		return -1;
	if (!out->name && account->from_full_name)
		out->name = account->from_full_name;
	else if (!out->name && !account->from && *world_full_name())
		out->name = world_full_name();
	return 0;
}

static int reverse_path(struct composition *c, struct fault *f)
{
	const struct request *r = c->request;
	struct address path;

	if (c->account->from && !c->account->allow_from_override) {
		if (default_sender(c, &path, f) < 0)
			return -1;
	} else if (r->has_envelope_from) {
		path = r->envelope_from;
	} else if (r->has_from) {
		path = r->from;
	} else if (default_sender(c, &path, f) < 0) {
		return -1;
	}
	qualify(c, &path);
	c->envelope.reverse_path = path.spec;
	c->envelope.sender_needs_smtputf8 = path.needs_smtputf8;
	return 0;
}

static bool contains(const struct address_list *list, const struct address *one)
{
	for (size_t i = 0; i < list->count; i++)
		if (address_equal(&list->items[i], one))
			return true;
	return false;
}

/* Each mailbox once, however often it was named. */
static void add_recipients(struct composition *c,
			   const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only &&
		    !contains(&c->recipients, &list->items[i]))
			address_append(c->arena, &c->recipients,
				       &list->items[i]);
}

static int fill_envelope(struct composition *c, struct fault *f)
{
	const struct request *r = c->request;
	struct envelope *e = &c->envelope;

	if (reverse_path(c, f) < 0)
		return -1;
	e->count = c->recipients.count;
	e->recipients = arena_array(c->arena, e->count, sizeof(*e->recipients));
	for (size_t i = 0; i < e->count; i++) {
		const struct address *one = &c->recipients.items[i];

		e->recipients[i].address = one->spec;
		e->recipients[i].needs_smtputf8 = one->needs_smtputf8;
	}
	e->dsn_notify = r->dsn_notify ? r->dsn_notify : c->account->dsn_notify;
	e->dsn_ret = r->dsn_ret ? r->dsn_ret : c->account->dsn_return;
	e->dsn_envid = r->dsn_envid;
	if (!e->count && r->action != REQUEST_PRINT)
		return fault_set(
			f, FAULT_USAGE,
			"there is no recipient; name one: mailsend -s subject user@example.org");
	return 0;
}

/* The header of a composition: a draft has its own. */
static struct header *header_of(struct composition *c)
{
	return c->is_draft ? &c->draft.header : &c->message.header;
}

static int add_addresses(struct composition *c, const char *name,
			 const struct address_list *list, struct fault *f)
{
	struct buf value = BUF_INIT(VALUE_MAX);
	int r = 0;

	if (!list->count)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].needs_smtputf8)
			c->has_8bit_header = true;
	if (address_put_list(&value, list) < 0)
		r = fault_set(
			f, FAULT_DATA,
			"the %s list is over %u octets; send to fewer at a time",
			name, VALUE_MAX);
	else
		r = header_add(c->arena, header_of(c), name, value.data, f);
	buf_free(&value);
	return r;
}

static int add_one(struct composition *c, const char *name,
		   const struct address *one, struct fault *f)
{
	struct address_list list = { 0 };

	address_append(c->arena, &list, one);
	return add_addresses(c, name, &list, f);
}

static int add_date(struct composition *c, struct fault *f)
{
	int64_t when = world_now();
	int zone = world_zone(when);
	char text[DATE_SIZE];

	if (c->request->date &&
	    date_parse(c->request->date, &when, &zone, f) < 0)
		return -1;
	date_format(text, when, zone);
	return header_add(c->arena, header_of(c), "Date", text, f);
}

static int add_message_id(struct composition *c, struct fault *f)
{
	const char *domain = domain_of(c->envelope.reverse_path);

	if (domain && (!strchr(domain, '.') || *domain == '['))
		domain = NULL;
	c->message_id = c->request->message_id ? c->request->message_id
					       : msgid_make(c->arena, domain);
	return header_add(c->arena, header_of(c), "Message-ID", c->message_id,
			  f);
}

/* RFC 3834: what no person started tells so, and vacation programs keep
 * still. */
static int add_auto_submitted(struct composition *c, struct fault *f)
{
	if (!c->account->auto_submitted || world_has_terminal() ||
	    header_has(header_of(c), "Auto-Submitted"))
		return 0;
	return header_add(c->arena, header_of(c), "Auto-Submitted",
			  "auto-generated", f);
}

static int add_extra(struct composition *c, struct fault *f)
{
	for (struct field *x = c->request->extra.first; x; x = x->next)
		if (header_add(c->arena, header_of(c), x->name, x->value, f) <
		    0)
			return -1;
	return 0;
}

/* The lists of the request with their names resolved. */
struct lists {
	struct address_list to, cc, bcc;
};

static int resolve_all(struct composition *c, struct lists *l, struct fault *f)
{
	const struct request *r = c->request;

	if (resolve(c, &r->to, &l->to, f) < 0 ||
	    resolve(c, &r->cc, &l->cc, f) < 0 ||
	    resolve(c, &r->bcc, &l->bcc, f) < 0)
		return -1;
	add_recipients(c, &l->to);
	add_recipients(c, &l->cc);
	add_recipients(c, &l->bcc);
	return 0;
}

static int add_recipient_fields(struct composition *c, const struct lists *l,
				struct fault *f)
{
	const struct account *account = c->account;
	struct address_list all = l->to;
	bool is_hidden = account->undisclosed_recipients ||
			 (!l->to.count && !l->cc.count);

	if (is_hidden && !c->recipients.count)
		return 0;
	if (is_hidden)
		return header_add(c->arena, header_of(c), "To",
				  "undisclosed-recipients:;", f);
	if (!account->set_to_header)
		return add_addresses(c, "To", &l->to, f) < 0
			       ? -1
			       : add_addresses(c, "Cc", &l->cc, f);
	for (size_t i = 0; i < l->cc.count; i++)
		address_append(c->arena, &all, &l->cc.items[i]);
	return add_addresses(c, "To", &all, f);
}

int heading_of_message(struct composition *c, struct fault *f)
{
	const struct request *r = c->request;
	struct address_list reply_to;
	struct address from;
	struct lists l;

	if (resolve_all(c, &l, f) < 0 ||
	    resolve(c, &r->reply_to, &reply_to, f) < 0 ||
	    fill_envelope(c, f) < 0 || header_sender(c, &from, f) < 0 ||
	    add_date(c, f) < 0 || add_one(c, "From", &from, f) < 0 ||
	    add_addresses(c, "Reply-To", &reply_to, f) < 0 ||
	    add_recipient_fields(c, &l, f) < 0)
		return -1;
	if (r->subject &&
	    header_add(c->arena, header_of(c), "Subject", r->subject, f) < 0)
		return -1;
	if (add_message_id(c, f) < 0 || add_extra(c, f) < 0)
		return -1;
	return add_auto_submitted(c, f);
}

/* The recipients that a draft's header names: those of its newest Resent
 * block where it has one (RFC 5322 3.6.6), else To, Cc and Bcc; of a dead
 * letter, those who are still without it. */
static int read_recipients(struct composition *c, struct lists *l,
			   struct fault *f)
{
	static const char *const plain[] = { "To", "Cc", "Bcc" };
	static const char *const resent[] = { "Resent-To", "Resent-Cc",
					      "Resent-Bcc" };
	static const char *const kept[] = { KEEP_RECIPIENTS, "", "" };
	const struct header *h = &c->draft.header;
	/* Only our own file is believed: a mail may say anything. */
	bool is_dead_letter = c->is_from_mbox && header_has(h, KEEP_RECIPIENTS);
	bool is_resent = header_has(h, "Resent-To") ||
			 header_has(h, "Resent-Cc") ||
			 header_has(h, "Resent-Bcc");
	const char *const *names = is_dead_letter ? kept
				   : is_resent	  ? resent
						  : plain;
	struct address_list *into[] = { &l->to, &l->cc, &l->bcc };

	for (int i = 0; i < 3; i++) {
		struct address_list list = { 0 };

		for (struct field *x = h->first; x; x = x->next)
			if (ascii_equal(x->name, names[i]) &&
			    address_parse_list(c->arena, x->value, &list, f) <
				    0)
				return -1;
		if (resolve(c, &list, into[i], f) < 0)
			return -1;
		add_recipients(c, into[i]);
	}
	return 0;
}

static bool is_to_set(enum config_choice choice, bool is_there)
{
	return choice == CONFIG_ON || (choice == CONFIG_AUTO && !is_there);
}

/* What the command or the account says stands in place of what a draft has;
 * what it lacks is added. */
static int replace_fields(struct composition *c, struct fault *f)
{
	const struct request *r = c->request;
	const struct account *account = c->account;
	struct header *h = &c->draft.header;
	struct address from;

	if (r->subject) {
		header_remove(h, "Subject");
		if (header_add(c->arena, h, "Subject", r->subject, f) < 0)
			return -1;
	}
	if (r->date ||
	    is_to_set(account->set_date_header, header_has(h, "Date"))) {
		header_remove(h, "Date");
		if (add_date(c, f) < 0)
			return -1;
	}
	if (r->message_id ||
	    is_to_set(account->set_msgid_header, header_has(h, "Message-ID"))) {
		header_remove(h, "Message-ID");
		if (add_message_id(c, f) < 0)
			return -1;
	}
	c->message_id = header_get(h, "Message-ID");
	if (!r->has_from &&
	    !is_to_set(account->set_from_header, header_has(h, "From")))
		return 0;
	header_remove(h, "From");
	if (header_sender(c, &from, f) < 0)
		return -1;
	return add_one(c, "From", &from, f);
}

/* To and Cc of a draft, where the account wants others or there are none. */
static int replace_recipients(struct composition *c, const struct lists *own,
			      const struct lists *added, struct fault *f)
{
	const struct account *account = c->account;
	struct header *h = &c->draft.header;

	if (account->undisclosed_recipients || account->set_to_header) {
		header_remove(h, "To");
		header_remove(h, "Cc");
		return add_recipient_fields(c, own, f);
	}
	if (header_has(h, "To") || header_has(h, "Cc"))
		return 0;
	return add_recipient_fields(c, added, f);
}

int heading_of_draft(struct composition *c, struct fault *f)
{
	struct lists own = { 0 }, added;

	if (c->request->recipients_from_header &&
	    read_recipients(c, &own, f) < 0)
		return -1;
	header_remove(&c->draft.header, KEEP_RECIPIENTS);
	header_remove(&c->draft.header, KEEP_REASON);
	if (resolve_all(c, &added, f) < 0 || fill_envelope(c, f) < 0 ||
	    replace_recipients(c, &own, &added, f) < 0 ||
	    replace_fields(c, f) < 0 || add_extra(c, f) < 0)
		return -1;
	return add_auto_submitted(c, f);
}
