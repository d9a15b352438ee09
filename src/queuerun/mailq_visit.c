/* mailq_visit.c - reads without locks: what is taken out meanwhile is passed
 * over, and what moves may be seen in its old place or its new one. */
#include "queuerun/mailq_visit.h"

#include "queuerun/match.h"

static bool entry_fits(const struct mailq_choice *choice, const struct entry *e)
{
	if (!e)
		return !choice->senders.count && !choice->recipients.count;
	if (!match_address(&choice->senders, e->reverse_path))
		return false;
	for (size_t i = 0; i < e->count; i++)
		if (match_address(&choice->recipients,
				  e->recipients[i].address))
			return true;
	return !choice->recipients.count;
}

static int visit_one(struct queue *q, const struct mailq_choice *choice,
		     enum queue_place place, const char *id,
		     int (*each)(void *context, const struct mailq_mail *mail,
				 struct error *f),
		     void *context, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct error why = ERROR_INIT;
	struct entry e = { 0 };
	int r = queue_peek(q, &a, place, id, &e, &why);
	const struct mailq_mail mail = {
		.place = place,
		.id = id,
		.entry = r > 0 ? &e : NULL,
		.why = &why,
	};

	if (r != 0 && entry_fits(choice, mail.entry))
		r = each(context, &mail, f);
	else
		r = 0;
	arena_free(&a);
	return r;
}

int mailq_visit(struct queue *q, const struct mailq_choice *choice,
		int (*each)(void *context, const struct mailq_mail *mail,
			    struct error *f),
		void *context, struct error *f)
{
	int r = 0;

	for (int place = QUEUE_WAITING; r == 0 && place <= QUEUE_BAD; place++) {
		struct arena a = ARENA_INIT;
		struct queue_names names = { 0 };

		r = queue_list(q, &a, (enum queue_place)place, &names, f);
		for (size_t i = 0; r == 0 && i < names.count; i++)
			if (match_id(&choice->ids, names.ids[i]))
				r = visit_one(q, choice,
					      (enum queue_place)place,
					      names.ids[i], each, context, f);
		arena_free(&a);
	}
	return r;
}
