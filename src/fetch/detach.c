/* detach.c - staged and parsed in one go; then leaf by leaf.
 *
 * A part whose encoding is damaged is kept as far as it could be read, and told
 * of: half of a picture is more than none, and the message is still there. */
#include "fetch/detach.h"

#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "flow/atomic_file.h"
#include "join/marks.h"
#include "join/name.h"
#include "join/passage.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "queue/stage.h"

#define NAMES_MAX 10000 /* tries for one name */

struct detaching {
	struct arena *arena;
	const struct fetch_order *order;
	size_t number;
	struct stage stage;
	struct parser parser;
	struct sink_tee tee;
	size_t leaves, count;
};

/* "part-2.png", by what the part says it is. */
static const char *made_up_name(struct detaching *d, const char *type)
{
	size_t n = type ? parameter_main(type) : 0, from = 0;
	const char *slash = type ? memchr(type, '/', n) : NULL;
	bool fits;

	if (slash)
		from = (size_t)(slash - type) + 1;
	fits = slash && n - from >= 1 && n - from <= 5;
	for (size_t i = from; fits && i < n; i++)
		fits = ascii_is_letter(type[i]) || ascii_is_digit(type[i]);
	if (!fits)
		return arena_format(d->arena, "part-%zu.bin", d->leaves);
	return arena_format(d->arena, "part-%zu.%.*s", d->leaves,
			    (int)(n - from), type + from);
}

/* NAME, NAME.1, NAME.2: the first that is free. */
static int commit(struct detaching *d, struct atomic_file *w, const char *name,
		  const char **chosen, struct fault *f)
{
	int r = atomic_file_commit_as(w, name, d->order->force, f);

	*chosen = name;
	for (int i = 1; r == 1 && i < NAMES_MAX; i++) {
		*chosen = arena_format(d->arena, "%s.%d", name, i);
		r = atomic_file_commit_as(w, *chosen, false, f);
	}
	if (r == 1)
		return fault_set(f, FAULT_CANTCREAT,
				 "%s/%s and %d more of that name are there",
				 d->order->path, name, NAMES_MAX);
	return r;
}

static int tell(const struct detaching *d, const char *name, struct fault *f)
{
	struct buf text = BUF_INIT(8192);
	int r;

	buf_printf(&text, "%s/%s\n", d->order->path, name);
	r = disk_write_all(STDOUT_FILENO, text.data, text.len,
			   "standard output", f);
	buf_free(&text);
	return r;
}

static int put_file(struct detaching *d, const struct entity *e,
		    enum fragment_way way, bool is_text, const char *name,
		    struct fault *f)
{
	struct slice message = stage_slice(&d->stage);
	struct atomic_file file;
	int r;

	if (atomic_file_begin(&file, d->arena, d->order->path, FETCH_PREFIX,
			      ATOMIC_FILE_SHARED, f) < 0)
		return -1;
	r = passage_put(&message, e, way, is_text, &file.out.sink);
	if (r > 0)
		log_warning("message %zu: the encoding of %s is damaged: it is "
			    "kept as far as it could be read",
			    d->number, name);
	if (r >= 0)
		r = commit(d, &file, name, &name, f);
	atomic_file_free(&file);
	if (r < 0)
		return -1;
	d->count++;
	return tell(d, name, f);
}

static int put_leaf(struct detaching *d, const struct entity *e,
		    struct fault *f)
{
	struct slice message = stage_slice(&d->stage);
	struct passage_look look;
	struct marks m;
	bool is_text;

	d->leaves++;
	if (marks_read(&m, d->arena, &message, e, f) < 0)
		return -1;
	is_text = passage_is_text(e, m.type);
	if (passage_is_uu(m.encoding))
		return put_file(d, e, WAY_UU, is_text,
				m.name ? m.name : made_up_name(d, m.type), f);
	if (m.name || !is_text)
		return put_file(d, e, WAY_DECODE, is_text,
				m.name ? m.name : made_up_name(d, m.type), f);
	if (passage_look(&look, d->arena, &message, e, f) < 0)
		return -1;
	if (!look.has_uu || !look.has_begin)
		return 0;
	return put_file(d, e, WAY_UU, true,
			look.uu_name ? look.uu_name : made_up_name(d, m.type),
			f);
}

static int read_message(struct detaching *d, struct mailbox *m, struct fault *f)
{
	int r;

	parser_init(&d->parser, d->arena, f);
	sink_tee_init(&d->tee, &d->stage.sink, &d->parser.sink);
	r = mailbox_read(m, d->number, &d->tee.sink, f);
	if (r == 0 && sink_close(&d->stage.sink) == 0)
		r = sink_close(&d->parser.sink);
	return fault_is_set(f) ? -1 : r;
}

int detach_message(struct arena *a, const struct fetch_order *o,
		   struct mailbox *m, size_t number, size_t *count,
		   struct fault *f)
{
	struct detaching d = { .arena = a, .order = o, .number = number };
	int r;

	stage_init(&d.stage, o->spool, "the message", f);
	r = read_message(&d, m, f);
	for (const struct entity *e = r == 0 ? d.parser.first : NULL;
	     e && r == 0; e = e->next)
		if (e->kind == ENTITY_LEAF)
			r = put_leaf(&d, e, f);
	parser_free(&d.parser);
	stage_free(&d.stage);
	*count += d.count;
	return r;
}
