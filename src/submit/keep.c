/* keep.c - the message, and before it what the envelope knew: `mailsend
 * --draft` sends it again as it lies, to those who are still without it. */
#include "submit/keep.h"

#include <string.h>

#include "base/disk.h"
#include "base/world.h"
#include "store/mbox.h"

#define NAMES_MAX (64 * 1024 * 1024) /* octets of all recipients */

static int describe(struct composition *c, const struct fault *why,
		    struct header *h, struct fault *f)
{
	struct buf names = BUF_INIT(NAMES_MAX);
	struct envelope *e = &c->envelope;
	int r = 0;

	header_init(h);
	for (size_t i = 0; i < e->count; i++) {
		const struct recipient *one = &e->recipients[i];

		if (one->is_queued ||
		    (one->decided && !small_fault_is_set(&one->verdict)))
			continue;
		if (names.len)
			buf_puts(&names, ", ");
		buf_puts(&names, one->address);
	}
	if (names.overflow)
		r = fault_set(f, FAULT_SOFTWARE, "it has too many recipients");
	else if (names.len)
		r = header_add(c->arena, h, KEEP_RECIPIENTS, names.data, f);
	if (r == 0)
		r = header_add(c->arena, h, KEEP_REASON, why->text, f);
	buf_free(&names);
	return r;
}

int keep_dead_letter(struct composition *c, const struct slice *message,
		     const struct fault *why, const char **path,
		     struct fault *f)
{
	const char *file = c->account ? c->account->dead_letter : NULL;
	struct header h;

	*path = NULL;
	if (file && !strcmp(file, "off"))
		return 0;
	if (!file && !world_home())
		return fault_set(
			f, FAULT_CANTCREAT,
			"there is no home folder for a dead letter; name a file with --set dead_letter=FILE");
	if (!file)
		file = disk_expand_home(c->arena, "~/dead.letter");
	if (describe(c, why, &h, f) < 0 ||
	    mbox_append(file,
			c->envelope.reverse_path ? c->envelope.reverse_path
						 : world_user(),
			&h, message, f) < 0)
		return -1;
	*path = file;
	return 0;
}
