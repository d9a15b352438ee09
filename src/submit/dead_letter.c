/* dead_letter.c - the message, and before it what the envelope knew: `mailsend
 * --draft` sends it again as it lies, to those who are still without it. */
#include "submit/dead_letter.h"
#include "compose/heading.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "compose/heading.h"
#include "store/mbox.h"

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

/* Those without it; where it did not come to an envelope, as the command had
 * them. */
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

/* A name that nobody knows beforehand, in a folder that others can write to.
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
		unlink(*path); /* what is there of it is ours alone */
		return -1;
	}
	disk_sync_directory(folder, &unused); /* it is there all the same */
	return 0;
}

/* Places that are there when the home is not. */
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

	/* mailx's users write DEAD=/dev/null, or make a link to it: nothing is
	 * kept there, and it is not said to be */
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
	static bool is_amid_one; /* memory is out, and we are called again */
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
