/* selection.c - reads each entry, a group for each account.
 *
 * Two tables stand between an entry and its group: by what the entry has
 * (configuration, settings, account or sender), so that a configuration is read
 * and an account chosen once for all entries with the same values; and by the
 * account that was chosen, so that senders of one account share a connection.
 * Only names are kept of an entry: a queue may have very many. */
#include "queuerun/selection.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/settings.h"
#include "queuerun/attempt.h"

/* ---- what is asked for ---- */

/* A recipient that has the mail does not count. */
static bool recipient_fits(const struct flush_words *w, const struct entry *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == ENTRY_WAITING &&
		    selection_match_address(w, e->recipients[i].address))
			return true;
	return !w->count;
}

static bool is_asked_for(const struct selection *s, const struct entry *e)
{
	const struct flush *fl = s->flush;

	return selection_match_id(&fl->ids, e->id) &&
	       selection_match_address(&fl->senders, e->reverse_path) &&
	       recipient_fits(&fl->recipients, e);
}

/* A notice that is due is always chosen: this run may have made it. */
bool selection_is_due_only(const struct selection *s, const struct entry *e)
{
	return s->flush->due_only || !is_asked_for(s, e);
}

static bool is_of_kind(const struct selection *s, const struct entry *e)
{
	return s->notices == (e->kind != ENTRY_MAIL);
}

/* Another run has tried it since this one began.  A try in the future was by a
 * clock that has been set back. */
static bool is_tried_by_another(const struct selection *s,
				const struct entry *e)
{
	int64_t now = sysenv_now();

	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state == ENTRY_WAITING &&
		    e->recipients[i].tried > s->began &&
		    e->recipients[i].tried <= now)
			return true;
	return false;
}

bool selection_wants(const struct selection *s, const struct selection_group *g,
		     const struct entry *e)
{
	if (e->is_held || e->limit_by || e->members || !is_of_kind(s, e) ||
	    (!s->notices && !is_asked_for(s, e)))
		return false;
	/* all were sent, and its removal was interrupted */
	if (!entry_count(e, ENTRY_WAITING))
		return !entry_count(e, ENTRY_FAILED) &&
		       entry_count(e, ENTRY_SENT);
	return !is_tried_by_another(s, e) &&
	       attempt_is_wanted(e, &g->schedule, selection_is_due_only(s, e));
}

/* ---- tables ---- */

/* Where the value of the key is; NULL there when the key is new. */
static void **find(struct selection_table *t, struct arena *a, const char *key)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(t->rows[middle].key, key);

		if (!order)
			return &t->rows[middle].value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	t->rows = arena_grow(a, t->rows, t->count, &t->room, sizeof(*t->rows));
	memmove(&t->rows[low + 1], &t->rows[low],
		(t->count++ - low) * sizeof(*t->rows));
	t->rows[low] = (struct selection_row){ .key = arena_dup(a, key) };
	return &t->rows[low].value;
}

/* Parts end in an octet that no value has. */
static void put_part(struct buf *key, const char *mark, const char *text)
{
	buf_printf(key, "%s%s\1", mark, text ? text : "");
}

/* The entry's account and settings. */
static void put_query(struct buf *key, const struct entry *e)
{
	put_part(key, e->config_path ? "=" : "-", e->config_path);
	for (const struct entry_setting *o = e->settings; o; o = o->next) {
		put_part(key, "", o->name);
		put_part(key, "", o->value);
	}
	put_part(key, "\2", "");
}

/* ---- groups ---- */

struct loaded {
	struct config config;
	struct error error;
};

static const char *copy(struct arena *a, const char *text)
{
	return text ? arena_dup(a, text) : NULL;
}

static struct loaded *load(struct selection *s,
			   const struct config_query *query)
{
	void **at = find(&s->configs, s->arena, query->path ? query->path : "");
	struct loaded *new = *at;

	if (new)
		return new;
	*at = new = arena_alloc(s->arena, sizeof(*new));
	config_load(&new->config, s->arena, query, &new->error);
	new->config.is_told = true; /* to whoever sends */
	return new;
}

static struct override *overrides_of(struct arena *a, const struct entry *e)
{
	struct override *first = NULL, **last = &first;

	for (const struct entry_setting *o = e->settings; o; o = o->next) {
		*last = arena_alloc(a, sizeof(**last));
		(*last)->name = arena_dup(a, o->name);
		(*last)->value = arena_dup(a, o->value);
		(*last)->origin = "--set";
		last = &(*last)->next;
	}
	return first;
}

/* The entry's account and settings; a copy, in the arena. */
static struct config_query wish_of(struct arena *a, const struct entry *e)
{
	return (struct config_query){
		.path = copy(a, e->config_path),
		.account = copy(a, e->account),
		.sender =
			*e->reverse_path ? arena_dup(a, e->reverse_path) : NULL,
		.overrides = overrides_of(a, e),
	};
}

const struct account *selection_account(struct arena *a, const struct entry *e)
{
	struct config_query query = wish_of(a, e);
	struct account *account;
	struct error f = ERROR_INIT;
	struct config config;

	if (config_load(&config, a, &query, &f) == 0) {
		config.is_told = true; /* to whoever sends */
		if (config_choose(&config, &query, &account, &f) == 0)
			return account;
	}
	log_warning("the account of the queued mail %s cannot be "
		    "used, so its notice is made without it: %s",
		    e->id, f.text);
	account = setting_account(a, "default");
	account->origin = "default";
	return account;
}

const char *selection_account_name(const struct entry *e,
				   const struct account *account)
{
	if (e->account || !account->origin ||
	    !strcmp(account->origin, "default"))
		return e->account;
	return account->name;
}

/* A group without mails, for this entry. */
static struct selection_group *new_group(struct selection *s,
					 const struct entry *e)
{
	struct selection_group *g = arena_alloc(s->arena, sizeof(*g));
	struct config_query query = wish_of(s->arena, e);
	struct loaded *loaded = load(s, &query);
	struct account *account = NULL;

	g->config_path = query.path;
	g->config = &loaded->config;
	g->error = loaded->error;
	if (!error_is_set(&g->error))
		config_choose(g->config, &query, &account, &g->error);
	g->account = error_is_set(&g->error) ? NULL : account;
	g->schedule = attempt_schedule(
		g->account ? g->account : setting_account(s->arena, "default"));
	return g;
}

static struct selection_group *group_of(struct selection *s,
					const struct entry *e)
{
	struct buf key = BUF_INIT(ENTRY_MAX);
	struct selection_group *new = NULL;
	void **by_wish, **group;
	size_t way;

	put_query(&key, e);
	way = key.len;
	put_part(&key, e->account ? "a" : "s",
		 e->account ? e->account : e->reverse_path);
	by_wish = find(&s->queries, s->arena, key.data);
	if (!*by_wish) {
		new = new_group(s, e);
		if (new->account) {
			buf_truncate(&key, way);
			put_part(&key, "=", new->account->name);
		}
		group = find(&s->by_account, s->arena, key.data);
		if (!*group)
			*group = new;
		*by_wish = *group;
	}
	buf_free(&key);
	return *by_wish;
}

static void add_mail(struct selection *s, struct selection_group *g,
		     const char *id)
{
	if (!g->count) {
		*s->last = g;
		s->last = &g->next;
	}
	g->ids = arena_grow(s->arena, g->ids, g->count, &g->room,
			    sizeof(*g->ids));
	g->ids[g->count++] = id;
}

/* ---- the look ---- */

static void set_aside(struct selection *s, struct arena *a, const char *id)
{
	struct error why = ERROR_INIT;
	struct queue_claim c;
	int r = queue_claim(s->queue, a, QUEUE_WAITING, id, &c, &why);

	if (r > 0)
		queue_release(&c);
	if (r >= 0)
		return;
	if (why.cause == ERROR_DATA)
		s->result->bad++;
	log_warning("%s: %s", id, why.text);
}

static void look_at(struct selection *s, const char *id)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry e;
	int r = queue_peek(s->queue, &a, QUEUE_WAITING, id, &e, &f);

	if (r < 0 && f.cause == ERROR_DATA) {
		set_aside(s, &a, id);
	} else if (r < 0) {
		log_warning("%s: %s", id, f.text);
	} else if (r > 0 && !is_of_kind(s, &e)) {
		s->saw_notices |= is_asked_for(s, &e);
	} else if (r > 0 && (s->notices || is_asked_for(s, &e))) {
		struct selection_group *g = group_of(s, &e);

		if ((e.is_held || e.limit_by) && is_asked_for(s, &e))
			s->result->held++;
		else if (selection_wants(s, g, &e))
			add_mail(s, g, id);
	}
	arena_free(&a);
}

int selection_make(struct selection *s, struct error *f)
{
	struct queue_names names;

	s->last = &s->groups;
	if (queue_list(s->queue, s->arena, QUEUE_WAITING, &names, f) < 0)
		return -1;
	for (size_t i = 0; i < names.count; i++)
		if (s->notices ||
		    selection_match_id(&s->flush->ids, names.ids[i]))
			look_at(s, names.ids[i]);
	return 0;
}

/* ---- words ---- */

static bool has_part(const char *text, const char *word)
{
	for (; *text; text++)
		if (ascii_begins(text, word))
			return true;
	return !*word;
}

static bool address_fits(const char *address, const char *word)
{
	const char *at = strrchr(address, '@');

	if (*word == '@')
		return at && ascii_equal(at, word);
	if (strcmp(word, "<>") == 0)
		return !*address;
	return *address && has_part(address, word);
}

bool selection_match_id(const struct flush_words *words, const char *id)
{
	for (size_t i = 0; i < words->count; i++)
		if (has_part(id, words->words[i]))
			return true;
	return !words->count;
}

bool selection_match_address(const struct flush_words *words,
			     const char *address)
{
	for (size_t i = 0; i < words->count; i++)
		if (address_fits(address, words->words[i]))
			return true;
	return !words->count;
}
