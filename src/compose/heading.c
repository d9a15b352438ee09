/* heading.c - From, To, Date, Message-ID and the envelope.  Every address
 * passes resolve.h, whether it is from an option or a draft; sender.c chooses
 * the sender. */
#include "compose/heading.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "compose/compose.h"
#include "compose/owner.h"
#include "compose/repeated.h"
#include "compose/rewrite.h"
#include "compose/sender.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/sealed.h"

#define VALUE_MAX (1024 * 1024) /* octets of one address field */

static const char *domain_of(const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;

	return at && at[1] ? at + 1 : NULL;
}

/* Adds each mailbox once. */
static void add_recipients(struct composition *c,
			   const struct address_list *list)
{
	address_reserve(c->arena, &c->recipients, list->count);
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only)
			address_append_once(c->arena, &c->recipients,
					    &c->recipient_index,
					    &list->items[i]);
}

static void note(struct composition *c, const struct address *one,
		 const struct error *why)
{
	struct unresolved *new = arena_alloc(c->arena, sizeof(*new));

	new->name = one->spec;
	if (why)
		new->why = *why;
	new->next = c->unresolved;
	c->unresolved = new;
}

/* Is an undeliverable alias the failure of this recipient alone, as if a server
 * had refused them? */
static bool is_alone_at_error(const struct composition *c,
			      const struct error *why)
{
	const struct request *r = c->request;

	return r->action == REQUEST_SEND && !r->fails_whole &&
	       why->cause == ERROR_CONFIG && !why->temporary;
}

static int take_recipient(struct composition *c, const struct address *one,
			  struct address_list *shown, struct error *f)
{
	struct address_list single = { 0 }, found = { 0 }, seen = { 0 };
	struct error why = ERROR_INIT;
	struct address qualified = *one;

	address_append(c->arena, &single, one);
	if (resolve_recipients(&c->resolver, &single, &seen, &found, &why) <
	    0) {
		if (!is_alone_at_error(c, &why)) {
			*f = why;
			return -1;
		}
		note(c, one, &why);
		error_clear(&why);
		resolve_domain(&c->resolver, &qualified, &why);
		address_append(c->arena, shown, &qualified);
		return 0;
	}
	if (!found.count && !one->group_only)
		note(c, one, NULL);
	add_recipients(c, &found);
	for (size_t i = 0; i < seen.count; i++)
		address_append(c->arena, shown, &seen.items[i]);
	return 0;
}

/* Adds the list to the envelope; *shown is the list for the header. */
static int take_recipients(struct composition *c,
			   const struct address_list *list,
			   struct address_list *shown, struct error *f)
{
	struct address_list seen = *shown, found = { 0 };
	struct error why = ERROR_INIT;

	c->resolver.has_discarded = false;
	if (resolve_recipients(&c->resolver, list, &seen, &found, &why) == 0 &&
	    !c->resolver.has_discarded) {
		*shown = seen;
		add_recipients(c, &found);
		return 0;
	}
	for (size_t i = 0; i < list->count; i++)
		if (take_recipient(c, &list->items[i], shown, f) < 0)
			return -1;
	return 0;
}

/* Recipients that failed before a server is asked come last. */
static void fill_unresolved(struct composition *c)
{
	struct envelope *e = &c->envelope;

	for (struct unresolved *x = c->unresolved; x; x = x->next) {
		struct recipient *one = &e->recipients[e->count++];

		one->address = x->name;
		one->decided = true;
		one->is_discarded = !error_is_set(&x->why);
		envelope_judge(e, one, &x->why);
	}
}

static int fill_envelope(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct envelope *e = &c->envelope;
	size_t settled = 0;

	if (sender_choose(c, f) < 0)
		return -1;
	e->arena = c->arena;
	for (const struct unresolved *x = c->unresolved; x; x = x->next)
		settled++;
	e->count = c->recipients.count;
	e->recipients = arena_array(c->arena, e->count + settled,
				    sizeof(*e->recipients));
	for (size_t i = 0; i < e->count; i++) {
		const struct address *one = &c->recipients.items[i];

		e->recipients[i].address = one->spec;
		e->recipients[i].needs_smtputf8 = one->needs_smtputf8;
	}
	e->dsn_notify = r->dsn_notify ? r->dsn_notify : c->account->dsn_notify;
	e->dsn_ret = r->dsn_ret ? r->dsn_ret : c->account->dsn_return;
	e->dsn_envid = r->dsn_envid;
	fill_unresolved(c);
	if (!c->recipients.count && envelope_sum_up(e, f) < 0)
		return -1;
	if (e->count || r->action == REQUEST_PRINT ||
	    r->action == REQUEST_NO_MAIL)
		return 0;
	return error_set(f, ERROR_USAGE,
			 r->recipients_from_header
				 ? "no recipient: there is none in To, Cc or "
				   "Bcc of the message, nor on the command "
				   "line"
				 : "no recipient; give one: mailsend -s "
				   "subject user@example.org");
}

/* The header of the message or the draft. */
static struct header *header_of(struct composition *c)
{
	return c->is_draft ? &c->draft.header : &c->message.header;
}

static int add_addresses(struct composition *c, const char *name,
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
		r = header_add(c->arena, header_of(c), name, value.data, f);
	buf_free(&value);
	return r;
}

static int add_one(struct composition *c, const char *name,
		   const struct address *one, struct error *f)
{
	struct address_list list = { 0 };

	address_append(c->arena, &list, one);
	return add_addresses(c, name, &list, f);
}

static int add_date(struct composition *c, struct error *f)
{
	int64_t when = sysenv_now();
	int zone = sysenv_zone(when);
	char text[DATE_SIZE];

	if (c->request->date &&
	    date_parse(c->request->date, &when, &zone, f) < 0)
		return -1;
	date_format(text, when, zone);
	return header_add(c->arena, header_of(c), "Date", text, f);
}

static int add_message_id(struct composition *c, struct error *f)
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
	return header_add(c->arena, header_of(c), "Message-ID", c->message_id,
			  f);
}

/* Does the draft's signature cover the field?  Then it is not added. */
static bool is_signed(const struct composition *c, const char *name)
{
	return dkim_covers(c->draft.dkim, name);
}

/* Marks automatic mail, which vacation programs do not answer (RFC 3834).  Mail
 * of another program may be from a person without a terminal. */
static int add_auto_submitted(struct composition *c, struct error *f)
{
	if (!c->account->auto_submitted || c->request->is_from_program ||
	    sysenv_has_terminal() ||
	    header_has(header_of(c), "Auto-Submitted") ||
	    is_signed(c, "Auto-Submitted"))
		return 0;
	return header_add(c->arena, header_of(c), "Auto-Submitted",
			  "auto-generated", f);
}

static int add_extra(struct composition *c, struct error *f)
{
	struct header *h = header_of(c);
	struct field **added = h->last;

	for (struct field *x = c->request->extra.first; x; x = x->next)
		if (header_add(c->arena, h, x->name, x->value, f) < 0)
			return -1;
	return rewrite_fields(&c->resolver, *added, NULL, NULL,
			      &c->has_8bit_header, f);
}

/* The lists of the request, for the header. */
struct lists {
	struct address_list to, cc, bcc;
};

static int take_all(struct composition *c, struct lists *l, struct error *f)
{
	const struct request *r = c->request;

	*l = (struct lists){ .to = { .count = 0 } };
	if (take_recipients(c, &r->to, &l->to, f) < 0 ||
	    take_recipients(c, &r->cc, &l->cc, f) < 0)
		return -1;
	return take_recipients(c, &r->bcc, &l->bcc, f);
}

static void append_all(struct composition *c, struct address_list *to,
		       const struct address_list *more)
{
	address_reserve(c->arena, to, more->count);
	for (size_t i = 0; i < more->count; i++)
		address_append(c->arena, to, &more->items[i]);
}

static int add_recipient_fields(struct composition *c, const struct lists *l,
				struct error *f)
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
	append_all(c, &all, &l->cc);
	return add_addresses(c, "To", &all, f);
}

int heading_of_message(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct address_list reply_to = { 0 };
	struct address from;
	struct lists l;

	if (take_all(c, &l, f) < 0 ||
	    resolve_recipients(&c->resolver, &r->reply_to, &reply_to, NULL, f) <
		    0 ||
	    fill_envelope(c, f) < 0 || sender_header(c, &from, f) < 0 ||
	    add_date(c, f) < 0 || add_one(c, "From", &from, f) < 0 ||
	    add_addresses(c, "Reply-To", &reply_to, f) < 0 ||
	    add_recipient_fields(c, &l, f) < 0)
		return -1;
	if (r->subject &&
	    header_add(c->arena, header_of(c), "Subject", r->subject, f) < 0)
		return -1;
	if (add_message_id(c, f) < 0 || add_extra(c, f) < 0)
		return -1;
	sender_drop_other(c);
	return add_auto_submitted(c, f);
}

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
static int read_recipients(struct composition *c, struct lists *l,
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
		    take_recipients(c, &list, into[i], f) < 0)
			return -1;
	}
	return 0;
}

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
	return add_one(c, "From", &from, f);
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
	return add_addresses(c, "Reply-To", &list, f);
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
		if (add_date(c, f) < 0)
			return -1;
	}
	if (r->message_id ||
	    is_to_set(c, account->set_msgid_header, "Message-ID")) {
		header_remove(h, "Message-ID");
		if (add_message_id(c, f) < 0)
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
	header_remove(header_of(c), name);
	return add_addresses(c, name, &all, f);
}

/* To and Cc of a draft, if the account replaces them or they are missing. */
static int replace_recipients(struct composition *c, const struct lists *own,
			      const struct lists *added, struct error *f)
{
	const struct account *account = c->account;
	struct header *h = &c->draft.header;
	struct lists all = *own;

	/* for a message of another program, these are the only recipients known
	 */
	if (c->request->is_from_program) {
		append_all(c, &all.to, &added->to);
		append_all(c, &all.to, &added->cc);
		append_all(c, &all.to, &added->bcc);
	}
	if (account->undisclosed_recipients || account->set_to_header) {
		header_remove(h, "To");
		header_remove(h, "Cc");
		header_remove(h, "Bcc");
		return add_recipient_fields(c, &all, f);
	}
	if (!header_has(h, "To") && !header_has(h, "Cc"))
		return is_signed(c, "To") || is_signed(c, "Cc")
			       ? 0
			       : add_recipient_fields(c, added, f);
	if (!c->request->extends_header)
		return 0;
	return extend_field(c, "To", &added->to, f) < 0
		       ? -1
		       : extend_field(c, "Cc", &added->cc, f);
}

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
static bool is_void(const struct composition *c, const struct field *x)
{
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
	for (struct field **x = &h->first; *x;) {
		if (is_void(c, *x))
			*x = (*x)->next;
		else
			x = &(*x)->next;
		h->last = x;
	}
}

int heading_of_draft(struct composition *c, struct error *f)
{
	struct lists own = { 0 }, added;

	if (c->request->recipients_from_header &&
	    read_recipients(c, &own, f) < 0)
		return -1;
	drop_fields(c);
	repeated_drop(c);
	warn_of_missing(c);
	if (c->request->owner && owner_restrict_header(c, f) < 0)
		return -1;
	sender_read_draft(c);
	if (rewrite_fields(&c->resolver, c->draft.header.first,
			   header_resent_end(&c->draft.header), c->draft.dkim,
			   &c->has_8bit_header, f) < 0)
		return -1;
	if (take_all(c, &added, f) < 0 || fill_envelope(c, f) < 0 ||
	    replace_recipients(c, &own, &added, f) < 0 ||
	    replace_fields(c, f) < 0 || add_extra(c, f) < 0)
		return -1;
	sender_drop_other(c);
	return add_auto_submitted(c, f);
}
