/* sender.c - see sender.h. */
#include "compose/sender.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/compose.h"
#include "compose/owner.h"
#include "mail/encoded.h"
#include "mail/header.h"
#include "mail/sealed.h"

#define NAME_MAX_OCTETS 200 /* of an invalid From */

static bool is_bound(const struct composition *c)
{
	return c->account->from && !c->account->allow_from_override;
}

/* ---- the envelope ---- */

/* The default sender. */
static int own_sender(struct composition *c, struct address *out,
		      enum sender_source *source, struct error *f)
{
	const struct owner *owner = c->request->owner;
	const char *own = resolver_own(&c->resolver);

	if (owner) {
		*out = (struct address){ .name = c->odd_from };
		*source = SENDER_LOGIN;
		owner_address(&c->resolver, owner, out);
		return resolve_sender(&c->resolver, out, f);
	}
	*out = (struct address){ .local = own ? "" : sysenv_user(),
				 .domain = "" };
	*source = c->account->from ? SENDER_FROM
		  : own		   ? SENDER_USER
				   : SENDER_LOGIN;
	if (own && address_parse(c->arena, own, false, out, f) < 0)
		return -1;
	return resolve_domain(&c->resolver, out, f);
}

/* The author of a draft: the first address of its newest Resent-From, else of
 * its From. */
static void read_author(struct composition *c)
{
	const struct header *h = &c->draft.header;
	const char *resent =
		header_get_before(h, "Resent-From", header_resent_end(h));
	const char *from = resent ? resent : header_get(h, "From");
	const struct address *author =
		from ? address_first(c->arena, from) : NULL;

	c->has_author = author != NULL;
	if (author)
		c->author = *author;
}

static int choose(struct composition *c, struct error *f)
{
	const struct request *r = c->request;
	struct address *path = &c->sender;

	c->sender_source = SENDER_NAMED;
	if (is_bound(c))
		return own_sender(c, path, &c->sender_source, f);
	if (r->has_envelope_from) {
		*path = r->envelope_from;
		return 0;
	}
	if (r->reverse_path_from_header && c->has_author) {
		*path = c->author;
		c->sender_source = SENDER_MESSAGE;
		return 0;
	}
	if (r->has_from) {
		*path = r->from;
		return 0;
	}
	if (!c->account->from && c->has_author &&
	    !resolver_is_bare(&c->resolver, &c->author)) {
		*path = c->author;
		c->sender_source = SENDER_MESSAGE;
		return 0;
	}
	return own_sender(c, path, &c->sender_source, f);
}

int sender_choose(struct composition *c, struct error *f)
{
	struct address *path = &c->sender;

	if (choose(c, f) < 0 || resolve_sender(&c->resolver, path, f) < 0)
		return -1;
	c->envelope.reverse_path = path->spec;
	c->envelope.sender_needs_smtputf8 = path->needs_smtputf8;
	return 0;
}

/* ---- From ---- */

static void give_name(const struct composition *c, struct address *one,
		      enum sender_source source)
{
	const struct account *account = c->account;

	if (c->request->full_name)
		one->name = c->request->full_name;
	else if (!one->name && account->from_full_name && !c->request->owner)
		one->name = account->from_full_name;
	else if (!one->name && source > SENDER_MESSAGE && !c->request->owner &&
		 *sysenv_full_name())
		one->name = sysenv_full_name();
}

/* The account's own address, with the best display name. */
static int account_sender(struct composition *c, struct address *out,
			  struct error *f)
{
	enum sender_source source;

	if (own_sender(c, out, &source, f) < 0)
		return -1;
	give_name(c, out, source);
	return 0;
}

/* A display name of the message is used only with its address. */
static void envelope_sender(struct composition *c, struct address *out)
{
	*out = c->sender;
	out->group = NULL;
	if (c->sender_source == SENDER_MESSAGE)
		out->name = NULL;
	give_name(c, out, c->sender_source);
}

static int choose_header(struct composition *c, struct address *out,
			 struct error *f)
{
	const struct request *r = c->request;

	if (r->has_from && !is_bound(c)) {
		*out = r->from;
	} else if (c->account->set_from_header == CONFIG_ON &&
		   *c->sender.spec) {
		envelope_sender(c, out);
		return 0;
	} else if (r->is_from_program && r->has_envelope_from &&
		   *r->envelope_from.spec && !is_bound(c)) {
		*out = r->envelope_from;
	} else {
		return account_sender(c, out, f);
	}
	if (!out->name)
		out->name = r->full_name;
	return resolve_sender(&c->resolver, out, f);
}

int sender_header(struct composition *c, struct address *out, struct error *f)
{
	if (choose_header(c, out, f) < 0)
		return -1;
	if (c->odd_from && !c->request->owner)
		out->name = c->odd_from;
	return 0;
}

/* ---- a draft's fields ---- */

/* The text as a display name; NULL if it has no letter or digit. */
static const char *as_name(struct arena *a, const char *value)
{
	struct buf text = BUF_INIT(4 * strlen(value) + 1);
	const char *name = NULL;

	if (encoded_decode(&text, value) < 0)
		buf_reset(&text);
	if (!text.len)
		buf_puts(&text, value);
	buf_truncate(&text, text_cut(text.data, text.len < NAME_MAX_OCTETS
							? text.len
							: NAME_MAX_OCTETS));
	for (const char *c = text.data; *c && !name; c++)
		if (ascii_is_letter(*c) || ascii_is_digit(*c) ||
		    (unsigned char)*c > 127)
			name = text_dup_safe(a, text.data, text.len);
	buf_free(&text);
	return name;
}

void sender_read_draft(struct composition *c)
{
	struct header *h = &c->draft.header;
	const char *from = header_get(h, "From");

	read_author(c);
	if (!from || address_count_list(from) > 0 ||
	    dkim_covers(c->draft.dkim, "From"))
		return;
	c->odd_from = as_name(c->arena, from);
	header_remove(h, "From");
	log_warning("the From of the message is not an address: \"%.*s\"; it "
		    "is sent as the display name of the account's address",
		    (int)text_cut(from, strlen(from) < NAME_MAX_OCTETS
						? strlen(from)
						: NAME_MAX_OCTETS),
		    from);
}

void sender_drop_other(struct composition *c)
{
	if (is_bound(c) && c->account->set_from_header == CONFIG_ON)
		header_remove(composition_header(c), "Sender");
}
