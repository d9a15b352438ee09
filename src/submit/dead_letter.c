/* dead_letter.c - the message, after fields with the rest of its envelope:
 * `mailsend --draft` sends it again unchanged, to those that did not get it. */
#include "submit/dead_letter.h"
#include "base/arena.h"
#include "compose/heading.h"
#include "compose/input.h"
#include "flow/content_scan.h"
#include "mail/date.h"
#include "mail/filetype.h"
#include "mail/rawfield.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "compose/heading.h"
#include "store/mbox.h"

#define LIST_MAX  (1024 * 1024) /* octets of an address field, of the names */
#define START_MAX 4096		/* octets looked at for a first field */
#define NAMES_MAX (64 * 1024 * 1024) /* octets of all recipients */

static void add_name(struct buf *names, const char *address)
{
	if (!address || !*address)
		return;
	if (names->len)
		buf_puts(names, ", ");
	buf_puts(names, address);
}

static void add_names(struct buf *names, const struct address_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->items[i].group_only)
			add_name(names, list->items[i].spec);
}

/* Those that did not get it; without an envelope, those of the command line. */
static void list_recipients(const struct composition *c, struct buf *names)
{
	const struct envelope *e = &c->envelope;

	for (size_t i = 0; i < e->count; i++) {
		const struct recipient *one = &e->recipients[i];

		if (one->is_queued ||
		    (one->decided && !small_error_is_set(&one->verdict)))
			continue;
		add_name(names, one->address);
	}
	if (e->count)
		return;
	add_names(names, &c->request->to);
	add_names(names, &c->request->cc);
	add_names(names, &c->request->bcc);
}

static int describe(const struct composition *c, const char *missing,
		    const struct error *why, struct header *h, struct error *f)
{
	struct buf names = BUF_INIT(NAMES_MAX);
	int r = 0;

	header_init(h);
	list_recipients(c, &names);
	if (names.overflow)
		r = error_set(f, ERROR_SOFTWARE, "it has too many recipients");
	else if (names.len)
		r = header_add(c->arena, h, DEAD_LETTER_RECIPIENTS, names.data,
			       f);
	if (r == 0)
		r = header_add(c->arena, h, DEAD_LETTER_REASON, why->text, f);
	if (r == 0 && *missing)
		r = header_add(c->arena, h, DEAD_LETTER_MISSING, missing, f);
	buf_free(&names);
	return r;
}

/* ---- where ---- */

struct letter {
	const struct composition *composition;
	const struct header *header;
	const struct slice *message;
};

static int append(const struct letter *l, const char *file, struct error *f)
{
	const char *sender = l->composition->envelope.reverse_path;

	return mbox_append(file, sender ? sender : sysenv_user(), l->header,
			   l->message, f);
}

/* A name that cannot be guessed, in a directory that others can write to.
 * mbox_append follows no link and writes to no file of another user. */
static const char *new_name(struct arena *a, const char *folder)
{
	uint64_t chance;

	sysenv_random(&chance, sizeof(chance));
	return arena_format(a, "%s/dead.letter.%s.%016" PRIx64, folder,
			    sysenv_user(), chance);
}

static int dead_letter_in(const struct letter *l, const char *folder,
			  const char **path)
{
	struct error unused = ERROR_INIT;

	*path = new_name(l->composition->arena, folder);
	if (append(l, *path, &unused) < 0) {
		unlink(*path); /* what was written is ours */
		return -1;
	}
	disk_sync_directory(folder, &unused); /* it is written all the same */
	return 0;
}

/* Places that exist when the home does not. */
static int dead_letter_elsewhere(const struct letter *l, const char **path)
{
	struct arena *a = l->composition->arena;
	const char *const *spare = sysenv_spare();
	const char *state = sysenv_state();
	struct error unused = ERROR_INIT;

	if (state && disk_make_directory(state, &unused) == 0) {
		*path = arena_format(a, "%s/dead.letter", state);
		if (append(l, *path, &unused) == 0)
			return 0;
	}
	for (size_t i = 0; spare[i]; i++) {
		if (dead_letter_in(l, spare[i], path) < 0)
			continue;
		if (i)
			log_warning("%s may be emptied when the machine "
				    "starts: move %s away",
				    spare[i], *path);
		return 0;
	}
	return -1;
}

/* The usual file; NULL where there is none. */
static const char *usual_file(const struct composition *c, struct error *f)
{
	const char *file = c->account ? c->account->dead_letter : NULL;

	if (file)
		return file;
	if (sysenv_home())
		return disk_expand_home(c->arena, "~/dead.letter");
	error_set(f, ERROR_CANTCREAT,
		  "there is no home directory for a dead letter; set a file "
		  "with --set dead_letter=FILE");
	return NULL;
}

static int keep_somewhere(const struct letter *l, bool is_usual,
			  const char **path, struct error *f)
{
	const char *file = is_usual ? usual_file(l->composition, f) : NULL;

	/* users of mailx set DEAD=/dev/null, or make a link to it: nothing is
	 * saved, and not reported as saved */
	if (file && disk_is_null(file))
		return 0;
	if (file && append(l, file, f) == 0) {
		*path = file;
		return 0;
	}
	if (dead_letter_elsewhere(l, path) < 0) {
		*path = NULL;
		return -1;
	}
	if (is_usual)
		log_warning("the message is not saved in the usual place: %s",
			    f->text);
	error_clear(f);
	return 0;
}

int dead_letter_write(struct composition *c, const struct slice *message,
		      const char *missing, const struct error *why,
		      const char **path, struct error *f)
{
	static bool is_amid_one; /* out of memory, and called again */
	bool is_usual = !is_amid_one;
	struct header h;
	const struct letter l = { c, &h, message };
	int r;

	*path = NULL;
	if (c->account && c->account->dead_letter &&
	    strcmp(c->account->dead_letter, "off") == 0)
		return 0;
	if (describe(c, missing, why, &h, f) < 0)
		return -1;
	is_amid_one = true;
	r = keep_somewhere(&l, is_usual, path, f);
	is_amid_one = false;
	return r;
}

/* ---- a mail that was never composed ----
 *
 *	a message	as it came, but for an mbox's "From " line; below fields
 *			of ours where it begins with none
 *	the text	behind our fields, not encoded: whoever opens the file
 *			finds what they wrote, and --draft makes it fit to send
 *	an HTML, a file	a part of a message, as it would have been sent
 */

/* ---- its fields ---- */

/* A field that cannot be written is left out. */
static int add_field(const struct composition *c, struct header *h,
		     const char *name, const char *value, struct error *f)
{
	struct error unfit = ERROR_INIT;
	struct sink_count nowhere;

	sink_count_init(&nowhere, NULL, &unfit);
	if (header_write_field(&nowhere.sink, name, value) < 0)
		return 0;
	return header_add(c->arena, h, name, value, f);
}

static int add_list(const struct composition *c, struct header *h,
		    const char *name, const struct address_list *list,
		    struct error *f)
{
	struct buf value = BUF_INIT(LIST_MAX);
	int r = 0;

	if (list->count && !header_has(h, name) &&
	    address_put_list(&value, list) == 0)
		r = add_field(c, h, name, value.data, f);
	buf_free(&value);
	return r;
}

/* What every message has.  A From is not made up: sending it again needs an
 * account, which was missing here. */
static int add_marks(const struct composition *c, struct header *h,
		     struct error *f)
{
	int64_t now = sysenv_now();
	char date[DATE_SIZE];

	date_format(date, now, sysenv_zone(now));
	if (!header_has(h, "Date") &&
	    header_add(c->arena, h, "Date", date, f) < 0)
		return -1;
	if (header_has(h, "Message-ID"))
		return 0;
	return header_add(c->arena, h, "Message-ID",
			  c->request->message_id ? c->request->message_id
						 : msgid_make(c->arena, NULL),
			  f);
}

/* What the composition has so far, the rest from the command line. */
static int fill_header(const struct composition *c, struct header *h,
		       struct error *f)
{
	const struct request *r = c->request;
	struct address_list from = { 0 };

	header_init(h);
	for (const struct field *x = c->message.header.first; x; x = x->next)
		if (add_field(c, h, x->name, x->value, f) < 0)
			return -1;
	if (r->has_from)
		address_append(c->arena, &from, &r->from);
	if (add_list(c, h, "From", &from, f) < 0 ||
	    add_list(c, h, "Reply-To", &r->reply_to, f) < 0 ||
	    add_list(c, h, "To", &r->to, f) < 0 ||
	    add_list(c, h, "Cc", &r->cc, f) < 0)
		return -1;
	if (r->subject && !header_has(h, "Subject") &&
	    add_field(c, h, "Subject", r->subject, f) < 0)
		return -1;
	for (const struct field *x = r->extra.first; x; x = x->next)
		if (!header_has(h, x->name) &&
		    add_field(c, h, x->name, x->value, f) < 0)
			return -1;
	return add_marks(c, h, f);
}

/* ---- a message ---- */

static struct slice behind(const struct slice *text, size_t n)
{
	struct slice rest = *text;

	if (rest.memory)
		rest.memory += n;
	else
		rest.offset += n;
	rest.length -= n;
	return rest;
}

/* Without the "From " line of an mbox, which ours replaces. */
static struct slice without_envelope(const struct slice *text,
				     const char *start, size_t n)
{
	const char *end = memchr(start, '\n', n);

	if (!mbox_begins(start, n) || !end)
		return *text;
	return behind(text, (size_t)(end + 1 - start));
}

/* ---- the text ---- */

/* Puts a CR before every LF, also after another CR: the mbox, whose lines end
 * in LF, then has exactly the octets of the text. */
struct exact {
	struct sink sink;
};

static int exact_put(struct sink *s, const void *data, size_t n)
{
	const char *p = data, *end = p + n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		n = (size_t)((lf ? lf : end) - p);
		if (sink_put(s->next, p, n) < 0)
			return -1;
		p += n;
		if (lf && sink_put(s->next, "\r\n", 2) < 0)
			return -1;
		p += lf != NULL;
	}
	return 0;
}

static const struct sink_ops exact_ops = { .put = exact_put };

static int put_exact(const struct slice *text, struct sink *to)
{
	struct exact exact = {
		.sink = { .ops = &exact_ops, .next = to, .error = to->error }
	};

	return pump_slice(text, &exact.sink);
}

/* For other programs that read the file. */
static int add_type(const struct unsent *u, struct header *h, struct error *f)
{
	const struct composition *c = u->composition;
	struct content_scan s;

	content_scan_init(&s, NULL, f);
	if (content_scan_slice(&s, u->text, f) < 0)
		return -1;
	if (!s.high || !s.utf8 || s.nuls)
		return 0;
	if (header_add(c->arena, h, "MIME-Version", "1.0", f) < 0 ||
	    header_add(c->arena, h, "Content-Type", "text/plain; charset=utf-8",
		       f) < 0)
		return -1;
	return header_add(c->arena, h, "Content-Transfer-Encoding", "8bit", f);
}

static int write_text(const struct unsent *u, struct stage *to,
		      const struct slice *text, bool is_labelled,
		      struct error *f)
{
	struct header h;

	if (fill_header(u->composition, &h, f) < 0 ||
	    (is_labelled && add_type(u, &h, f) < 0) ||
	    header_write(&to->sink, &h) < 0 ||
	    sink_put(&to->sink, "\r\n", 2) < 0)
		return -1;
	return put_exact(text, &to->sink);
}

static int write_message_text(const struct unsent *u, struct stage *to,
			      struct error *f)
{
	char start[START_MAX];
	size_t n = slice_start(u->text, start, sizeof(start), f);
	struct slice text = without_envelope(u->text, start, n);
	size_t skipped = (size_t)(u->text->length - text.length);

	if (rawfield_name(start + skipped, n - skipped) == 0)
		return write_text(u, to, &text, false, f);
	return put_exact(&text, &to->sink);
}

/* ---- a part ---- */

/* The attachment that standard input was; NULL: none. */
static const struct attachment *attachment_of(const struct request *r)
{
	for (const struct attachment *a = r->attachments; a; a = a->next)
		if (input_is_standard(a->path))
			return a;
	return NULL;
}

static int write_part(const struct unsent *u, const struct attachment *a,
		      struct stage *to, struct error *f)
{
	const struct composition *c = u->composition;
	struct piece piece = { .content = *u->text };
	struct part leaf = { .kind = PART_LEAF, .pieces = &piece };
	struct message m = { .root = &leaf };

	header_init(&leaf.extra);
	if (fill_header(c, &m.header, f) < 0)
		return -1;
	if (a) {
		leaf.filename = a->name ? a->name : "stdin";
		leaf.disposition = a->is_inline ? "inline" : "attachment";
		leaf.type =
			a->type ? a->type
				: filetype_of(c->arena, leaf.filename, u->text);
		leaf.has_size = true;
		filetype_forget();
	} else {
		leaf.type = "text/html";
		leaf.is_body = true;
	}
	if (message_prepare(c->arena, &m, true, f) < 0)
		return -1;
	return message_write(&m, &to->sink);
}

/* ---- all of it ---- */

int dead_letter_make(const struct unsent *u, struct stage *to, struct error *f)
{
	const struct request *r = u->composition->request;
	const struct attachment *a = attachment_of(r);
	int done;

	if (input_is_standard(r->draft_path) || r->input_is_messages)
		done = write_message_text(u, to, f);
	else if (a || input_is_standard(r->html_path))
		done = write_part(u, a, to, f);
	else
		done = write_text(u, to, u->text, true, f);
	return done < 0 ? -1 : sink_close(&to->sink);
}

static void add_missing(struct buf *list, const char *what, const char *path)
{
	if (path && !input_is_standard(path))
		buf_printf(list, "%s%s%s", list->len ? ", " : "", what, path);
}

const char *dead_letter_missing(const struct unsent *u)
{
	const struct composition *c = u->composition;
	static const struct request none;
	const struct request *r = c->request;
	struct buf list = BUF_INIT(LIST_MAX);
	const char *text;

	if (u->cut)
		buf_printf(&list, "the end of it: %s", u->cut);
	if (c->is_rendered)
		r = &none; /* what the command named is in it */
	add_missing(&list, "the message ", r->draft_path);
	add_missing(&list, "the text ", r->include_path);
	add_missing(&list, "the text ", r->body_path);
	add_missing(&list, "the HTML ", r->html_path);
	for (const struct attachment *a = r->attachments; a; a = a->next)
		add_missing(&list,
			    a->is_inline ? "the inline file "
					 : "the attachment ",
			    a->path);
	text = text_dup_safe(c->arena, list.len ? list.data : "", list.len);
	buf_free(&list);
	return text;
}
