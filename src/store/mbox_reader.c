/* mbox_reader.c - one pass finds the offsets; a message is then a slice. */
#include "store/mbox_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/source.h"
#include "store/mbox.h"
#include "store/mbox_scan.h"

struct finding {
	struct mailbox *m;
	size_t room;
	struct mbox_part *parts; /* as many as there is room for */
};

static int found(void *context, const struct mbox_part *part, struct error *f)
{
	struct finding *list = context;
	size_t before = list->room;

	if (!mailbox_add(list->m, &list->room, f))
		return -1;
	if (list->room != before)
		list->parts = memory_resize(list->parts,
					    list->room * sizeof(*list->parts));
	list->parts[list->m->count - 1] = *part;
	return 0;
}

static int scan(struct mailbox *m, struct finding *list, struct error *f)
{
	struct mbox_reader *own = m->own;
	struct slice all = { .fd = own->fd,
			     .length = own->size,
			     .name = m->name };

	return mbox_scan(&all, found, list, &own->doubt, f);
}

static void keep_parts(struct mailbox *m, const struct finding *list)
{
	struct mbox_reader *own = m->own;

	own->parts = arena_array(m->arena, m->count + 1, sizeof(*own->parts));
	for (size_t i = 0; i < m->count; i++) {
		own->parts[i] = list->parts[i];
		m->messages[i].size = list->parts[i].length;
	}
}

static int mbox_read(struct mailbox *m, size_t number, struct sink *to,
		     struct error *f)
{
	struct mbox_reader *own = m->own;
	const struct mbox_part *part = &own->parts[number - 1];
	struct slice slice = {
		.fd = own->fd,
		.offset = part->offset,
		.length = part->length,
		.name = m->name,
	};
	struct mbox_message message;
	struct source source;

	mbox_message_init(&message, part->is_raw, to);
	source_of_slice(&source, &slice);
	source.is_over = m->enough;
	if (pump(&source, &message.sink) == 0 && sink_close(&message.sink) == 0)
		return 0;
	m->messages[number - 1].is_unreadable = source.failed;
	if (!error_is_set(f))
		*f = *to->error;
	return -1;
}

static void mbox_free(struct mailbox *m)
{
	struct mbox_reader *own = m->own;

	close(own->fd); /* only read from: nothing can be lost */
}

static const struct mailbox_ops file_ops = {
	.read = mbox_read,
	.commit = mbox_rewrite,
	.free = mbox_free,
};
static const struct mailbox_ops input_ops = {
	.read = mbox_read,
	.free = mbox_free,
};

int mbox_open(struct mailbox *m, int fd, struct error *f)
{
	struct mbox_reader *own = arena_alloc(m->arena, sizeof(*own));
	struct finding list = { .m = m };
	struct stat st;
	int r;

	own->fd = fd;
	m->own = own;
	if (fstat(fd, &st) < 0) {
		close(fd);
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   m->name);
	}
	own->size = (uint64_t)st.st_size;
	r = scan(m, &list, f);
	keep_parts(m, &list);
	free(list.parts);
	if (r < 0) {
		close(fd);
		return -1;
	}
	m->ops = m->kind == MAILBOX_MBOX ? &file_ops : &input_ops;
	return 0;
}
