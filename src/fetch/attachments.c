/* attachments.c - a message is staged and parsed, then its leaves are saved one
 * by one.
 *
 * A part whose encoding is damaged is saved as far as it can be decoded, and
 * reported: half of a picture is better than none, and the message is still
 * there. */
#include "fetch/fetch.h"

#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "flow/atomic_file.h"
#include "flow/stage.h"
#include "mail/parameter.h"
#include "mail/parse.h"
#include "parts/extract.h"
#include "parts/file_name.h"
#include "parts/part_headers.h"

#define NAMES_MAX 10000 /* tries for one name */

struct detaching {
	struct arena *arena;
	const struct fetch_order *order;
	size_t number;
	struct stage stage;
	struct parser parser;
	struct sink_tee tee;
	size_t leaves, count, damaged;
	struct atomic_file file; /* of the current uuencoded file */
	const char *name;
};

/* "part-2.png", by the part's media type. */
static const char *made_up_name(struct detaching *d, const struct entity *e,
				const char *type)
{
	size_t n = type ? parameter_main(type) : 0, from = 0;
	const char *slash = type ? memchr(type, '/', n) : NULL;
	bool fits;

	if (e->type == TYPE_RFC822)
		return arena_format(d->arena, "part-%zu.eml", d->leaves);
	if (e->type == TYPE_NONE || e->type == TYPE_PLAIN)
		return arena_format(d->arena, "part-%zu.txt", d->leaves);
	if (slash)
		from = (size_t)(slash - type) + 1;
	fits = slash && n - from >= 1 && n - from <= 5;
	for (size_t i = from; fits && i < n; i++)
		fits = ascii_is_alnum(type[i]);
	if (!fits)
		return arena_format(d->arena, "part-%zu.bin", d->leaves);
	return arena_format(d->arena, "part-%zu.%.*s", d->leaves,
			    (int)(n - from), type + from);
}

/* NAME, NAME.1, NAME.2: the first that does not exist. */
static int commit(struct detaching *d, struct atomic_file *w, const char *name,
		  const char **chosen, struct error *f)
{
	int r = atomic_file_commit_as(w, name, d->order->force, f);

	*chosen = name;
	for (int i = 1; r == 1 && i < NAMES_MAX; i++) {
		*chosen = arena_format(d->arena, "%s.%d", name, i);
		r = atomic_file_commit_as(w, *chosen, false, f);
	}
	if (r == 1)
		return error_set(f, ERROR_CANTCREAT,
				 "%s/%s and %d more of that name exist already",
				 d->order->path, name, NAMES_MAX);
	return r;
}

static int tell(const struct detaching *d, const char *name, struct error *f)
{
	struct buf text = BUF_INIT(8192);
	int r;

	buf_printf(&text, "%s/%s\n", d->order->path, name);
	r = disk_write_all(STDOUT_FILENO, text.data, text.len,
			   "standard output", f);
	buf_free(&text);
	return r;
}

/* A file that could not be read completely is saved as far as it was read. */
static int finish_file(struct detaching *d, struct atomic_file *file,
		       const char *name, bool is_damaged, struct error *f)
{
	if (is_damaged) {
		d->damaged++;
		log_warning("message %zu: %s is damaged or truncated: it is "
			    "saved as far as it could be decoded",
			    d->number, name);
	}
	if (commit(d, file, name, &name, f) < 0)
		return -1;
	d->count++;
	return tell(d, name, f);
}

static int put_file(struct detaching *d, const struct entity *e,
		    enum fragment_way way, bool is_text, const char *name,
		    struct error *f)
{
	struct slice message = stage_slice(&d->stage);
	struct atomic_file file;
	int r;

	if (atomic_file_begin(&file, d->arena, d->order->path, FETCH_PREFIX,
			      ATOMIC_FILE_SHARED, f) < 0)
		return -1;
	r = extract_put(&message, e, way, is_text, &file.out.sink);
	if (r >= 0)
		r = finish_file(d, &file, name, r > 0, f);
	atomic_file_free(&file);
	return r;
}

/* ---- uuencoded files in a text ---- */

static int open_uu(void *context, const char *name, struct sink **to,
		   struct error *f)
{
	struct detaching *d = context;
	const char *clean = file_name_clean(d->arena, name);

	d->name = clean ? clean
			: arena_format(d->arena, "part-%zu.bin", d->leaves);
	if (atomic_file_begin(&d->file, d->arena, d->order->path, FETCH_PREFIX,
			      ATOMIC_FILE_SHARED, f) < 0)
		return -1;
	*to = &d->file.out.sink;
	return 0;
}

static int close_uu(void *context, bool is_damaged, struct error *f)
{
	struct detaching *d = context;
	int r = finish_file(d, &d->file, d->name, is_damaged, f);

	atomic_file_free(&d->file);
	d->name = NULL;
	return r;
}

static int put_uu_files(struct detaching *d, const struct entity *e,
			struct error *f)
{
	const struct extract_files files = { open_uu, close_uu, d };
	struct slice message = stage_slice(&d->stage);
	int r = extract_put_files(&message, e, &files, f);

	if (d->name) /* decoding failed half-way */
		atomic_file_free(&d->file);
	d->name = NULL;
	return r < 0 ? -1 : 0;
}

/* ---- parts ---- */

static int put_leaf(struct detaching *d, const struct entity *e,
		    struct error *f)
{
	struct slice message = stage_slice(&d->stage);
	struct part_headers m;
	bool is_text;

	d->leaves++;
	if (part_headers_read(&m, d->arena, &message, e, f) < 0)
		return -1;
	is_text = extract_is_text(e, m.type) || e->type == TYPE_RFC822;
	if (extract_is_uu(m.encoding))
		return put_file(d, e, WAY_UU, is_text,
				m.name ? m.name : made_up_name(d, e, m.type),
				f);
	if (m.name || !is_text || e->is_attachment || e->type == TYPE_RFC822)
		return put_file(d, e, WAY_DECODE, is_text,
				m.name ? m.name : made_up_name(d, e, m.type),
				f);
	return put_uu_files(d, e, f);
}

/* "report.eml", from the file name of the part or the subject. */
static const char *message_name(struct detaching *d, const struct entity *e,
				const struct part_headers *own, struct error *f)
{
	struct slice message = stage_slice(&d->stage);
	struct part_headers inner;
	const char *name = own->name;

	if (!name && e->next && e->next->parent == e &&
	    part_headers_read(&inner, d->arena, &message, e->next, f) == 0 &&
	    inner.subject)
		name = file_name_clean(d->arena, inner.subject);
	if (!name)
		return made_up_name(d, e, NULL);
	return strrchr(name, '.') && own->name
		       ? name
		       : arena_format(d->arena, "%s.eml", name);
}

/* An attached message, unchanged. */
static int put_message(struct detaching *d, const struct entity *e,
		       struct error *f)
{
	struct slice message = stage_slice(&d->stage);
	struct entity whole = *e;
	struct part_headers m;

	d->leaves++;
	if (part_headers_read(&m, d->arena, &message, e, f) < 0)
		return -1;
	whole.end = e->until;
	return put_file(d, &whole, WAY_DECODE, true, message_name(d, e, &m, f),
			f);
}

static bool is_inside(const struct entity *e, const struct entity *message)
{
	for (; e; e = e->parent)
		if (e == message)
			return true;
	return false;
}

static int put_parts(struct detaching *d, struct error *f)
{
	const struct entity *attached = NULL; /* saved as a whole */
	int r = 0;

	for (const struct entity *e = d->parser.first; e && r == 0;
	     e = e->next) {
		if (attached && is_inside(e, attached))
			continue;
		attached = NULL;
		if (e->kind == ENTITY_LEAF) {
			r = put_leaf(d, e, f);
		} else if (e->kind == ENTITY_MESSAGE &&
			   !d->order->goes_inside) {
			r = put_message(d, e, f);
			attached = e;
		}
	}
	return r;
}

static int read_message(struct detaching *d, struct mailbox *m, struct error *f)
{
	int r;

	parser_init(&d->parser, d->arena, f);
	d->parser.skips_preamble = true;
	sink_tee_init(&d->tee, &d->stage.sink, &d->parser.sink);
	r = mailbox_read(m, d->number, &d->tee.sink, f);
	if (r == 0 && sink_close(&d->stage.sink) == 0)
		r = sink_close(&d->parser.sink);
	return error_is_set(f) ? -1 : r;
}

int attachments_message(struct arena *a, const struct fetch_order *o,
			struct mailbox *m, size_t number,
			struct detached *found, struct error *f)
{
	struct detaching d = { .arena = a, .order = o, .number = number };
	int r;

	stage_init(&d.stage, o->spool, "the message", f);
	r = read_message(&d, m, f);
	if (r == 0)
		r = put_parts(&d, f);
	parser_free(&d.parser);
	stage_free(&d.stage);
	found->count += d.count;
	found->damaged += d.damaged;
	return r;
}
