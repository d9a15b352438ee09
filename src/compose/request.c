/* request.c - an empty request and what is appended to it. */
#include "compose/request.h"
#include "compose/input.h"

#include <string.h>

void request_init(struct request *r)
{
	memset(r, 0, sizeof(*r));
	header_init(&r->extra);
	r->last_attachment = &r->attachments;
	r->last_override = &r->overrides;
}

struct attachment *request_attach(struct arena *a, struct request *r,
				  const char *path)
{
	struct attachment *new = arena_alloc(a, sizeof(*new));

	new->path = path;
	*r->last_attachment = new;
	r->last_attachment = &new->next;
	return new;
}

struct override *request_override(struct arena *a, struct request *r,
				  const char *name, const char *value)
{
	struct override *new = arena_alloc(a, sizeof(*new));

	new->name = name;
	new->value = value;
	new->origin = "--set";
	*r->last_override = new;
	r->last_override = &new->next;
	return new;
}

struct attachment *request_last_attachment(const struct request *r)
{
	struct attachment *one = r->attachments;

	while (one && one->next)
		one = one->next;
	return one;
}

void request_add_overrides(struct arena *a, struct request *r,
			   const struct override *from)
{
	for (; from; from = from->next) {
		struct override *new =
			request_override(a, r, from->name, from->value);

		*new = *from;
		new->next = NULL;
	}
}

struct request *request_copy(struct arena *a, const struct request *r)
{
	struct request *copy = arena_alloc(a, sizeof(*copy));

	*copy = *r;
	copy->attachments = NULL;
	copy->last_attachment = &copy->attachments;
	for (const struct attachment *x = r->attachments; x; x = x->next) {
		struct attachment *new = request_attach(a, copy, x->path);

		*new = *x;
		new->next = NULL;
	}
	copy->overrides = NULL;
	copy->last_override = &copy->overrides;
	request_add_overrides(a, copy, r->overrides);
	return copy;
}

static const char *sender_of(const struct request *r)
{
	if (r->has_envelope_from && *r->envelope_from.spec)
		return r->envelope_from.spec;
	return r->has_from ? r->from.spec : NULL;
}

struct config_query request_config(const struct request *r)
{
	return (struct config_query){
		.path = r->config_path,
		.account = r->account,
		.sender = sender_of(r),
		.overrides = r->overrides,
		.rc_overrides = r->rc_overrides,
	};
}

static size_t mailboxes(const struct address_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += !list->items[i].group_only;
	return count;
}

size_t request_recipients(const struct request *r)
{
	return mailboxes(&r->to) + mailboxes(&r->cc) + mailboxes(&r->bcc);
}

bool request_reads_input(const struct request *r)
{
	for (const struct attachment *a = r->attachments; a; a = a->next)
		if (input_is_standard(a->path))
			return true;
	return r->input_is_messages || input_is_standard(r->draft_path) ||
	       input_is_standard(r->body_path) ||
	       input_is_standard(r->include_path) ||
	       input_is_standard(r->html_path);
}
