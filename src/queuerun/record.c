/* record.c - a head of one size, then the text of an entry or octets.
 *
 * Both ends are the same program, so that the head is a struct; its values are
 * checked against their ranges, and texts are sanitized. */
#include "queuerun/record.h"

#include <string.h>

#include "base/io.h"
#include "base/text.h"

#define MAGIC	   UINT32_C(0x6d717231)
#define RESULTS	   6	       /* of struct flush_result */
#define COUNTS_MAX 1000000000U /* mails in one run */

struct head {
	uint32_t magic, kind, size; /* octets behind it */
	uint32_t place, is_busy, has_entry, index;
	uint32_t cause, is_temporary;
	uint64_t count;
	uint32_t results[RESULTS];
	char id[QUEUE_ID_SIZE];
	char text[sizeof(((struct error *)NULL)->text)];
};

#define PAYLOAD_MAX ENTRY_MAX

_Static_assert(sizeof(struct flush_result) == RESULTS * sizeof(unsigned),
	       "each result has its place");

/* ---- out ---- */

static void fill(struct head *h, const struct record *r, size_t size)
{
	const unsigned results[RESULTS] = { r->ran.sent,   r->ran.deferred,
					    r->ran.failed, r->ran.busy,
					    r->ran.held,   r->ran.bad };

	memset(h, 0, sizeof(*h));
	h->magic = MAGIC;
	h->kind = r->kind;
	h->size = (uint32_t)size;
	h->place = r->place;
	h->is_busy = r->is_busy;
	h->has_entry = r->entry != NULL;
	h->index = r->index;
	h->cause = r->error.cause;
	h->is_temporary = r->error.temporary;
	h->count = r->count;
	memcpy(h->results, results, sizeof(results));
	if (r->id)
		strncpy(h->id, r->id, sizeof(h->id) - 1);
	memcpy(h->text, r->error.text, sizeof(h->text) - 1);
}

static int put(int fd, const struct record *r, const void *data, size_t size,
	       struct error *f)
{
	struct head h;

	fill(&h, r, size);
	if (io_write_all(fd, &h, sizeof(h)) < 0 ||
	    io_write_all(fd, data, size) < 0)
		return error_set(f, ERROR_IO, "a pipe is closed");
	return 0;
}

int record_write(void *fd, const struct record *r, struct error *f)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct record unread = *r;
	int out = *(const int *)fd, result;

	if (!r->entry)
		return put(out, r, r->data, r->size, f);
	if (entry_write(r->entry, &text, &unread.error) < 0)
		unread.entry = NULL;
	result = put(out, &unread, text.data, unread.entry ? text.len : 0, f);
	buf_free(&text);
	return result;
}

/* ---- in ---- */

void record_reader_init(struct record_reader *r)
{
	*r = (struct record_reader){ .done = 0 };
	buf_init(&r->in, sizeof(struct head) + PAYLOAD_MAX + RECORD_DATA_MAX);
}

void record_reader_free(struct record_reader *r)
{
	buf_free(&r->in);
}

static int broken(struct error *f)
{
	return error_set(
		f, ERROR_SOFTWARE,
		"the process that reads the queue sent an invalid record");
}

int record_feed(struct record_reader *r, const void *data, size_t n,
		struct error *f)
{
	buf_shift(&r->in, r->done);
	r->done = 0;
	return buf_put(&r->in, data, n) < 0 ? broken(f) : 0;
}

static bool is_text(const char *field, size_t size)
{
	return memchr(field, '\0', size) != NULL;
}

static bool is_valid(const struct head *h)
{
	if (h->magic != MAGIC || h->kind >= RECORD_KINDS ||
	    h->place > QUEUE_BAD || h->is_busy > 1 || h->has_entry > 1 ||
	    h->is_temporary > 1 || h->cause > ERROR_CONFIG ||
	    h->count > COUNTS_MAX || !is_text(h->id, sizeof(h->id)) ||
	    !is_text(h->text, sizeof(h->text)))
		return false;
	for (size_t i = 0; i < RESULTS; i++)
		if (h->results[i] > COUNTS_MAX)
			return false;
	if (h->kind == RECORD_MAIL)
		return queue_is_id(h->id) &&
		       h->size <= (h->has_entry ? PAYLOAD_MAX : 0);
	if (h->has_entry)
		return false;
	return h->size <= (h->kind == RECORD_DATA ? RECORD_DATA_MAX : 0);
}

static void take(const struct head *h, struct arena *a, struct record *out)
{
	*out = (struct record){
		.kind = (enum record_kind)h->kind,
		.place = (enum queue_place)h->place,
		.id = arena_dup(a, h->id),
		.is_busy = h->is_busy,
		.count = h->count,
		.index = h->index,
		.ran = { .sent = h->results[0],
			 .deferred = h->results[1],
			 .failed = h->results[2],
			 .busy = h->results[3],
			 .held = h->results[4],
			 .bad = h->results[5] },
	};
	out->error.cause = (enum error_cause)h->cause;
	out->error.temporary = h->is_temporary;
	memcpy(out->error.text, h->text, sizeof(out->error.text));
	text_sanitize(out->error.text);
}

static int take_entry(struct arena *a, const char *text, size_t n,
		      struct record *out, struct error *f)
{
	struct entry *e = arena_alloc(a, sizeof(*e));
	struct error why = ERROR_INIT;

	if (entry_read(a, text, n, e, &why) < 0)
		return broken(f);
	e->id = out->id;
	out->entry = e;
	return 0;
}

int record_next(struct record_reader *r, struct arena *a, struct record *out,
		struct error *f)
{
	const char *at = r->in.data + r->done;
	size_t left = r->in.len - r->done;
	struct head h;

	if (left < sizeof(h))
		return 0;
	memcpy(&h, at, sizeof(h));
	if (!is_valid(&h))
		return broken(f);
	if (left - sizeof(h) < h.size)
		return 0;
	take(&h, a, out);
	out->data = at + sizeof(h);
	out->size = h.size;
	r->done += sizeof(h) + h.size;
	if (h.has_entry && take_entry(a, out->data, out->size, out, f) < 0)
		return -1;
	return 1;
}
