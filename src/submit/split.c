/* split.c - how many parts, and where each one begins.
 *
 * The frame of a part is rendered once, empty and with the widest numbers that
 * the set can have; the rest of the limit is for the slice.  The number of
 * parts depends on the size of the frame, which depends on how many digits that
 * number has: the digits are reduced until both agree.
 *
 * The capabilities of the server are not known yet, so a frame is rendered both
 * with 8BITMIME and without, and the larger size counts. */
#include "submit/split.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/uu.h"
#include "flow/digest.h"
#include "mail/fragment_label.h"
#include "submit/split_frame.h"

#define BASE64_TEXT 78	 /* a line of BASE64_LINE octets, and its end */
#define UU_TEXT	    63	 /* a line of UU_LINE octets, and its end */
#define LINE_MOST   1000 /* of a rendered message, with its end */
#define NAME_MOST   (FRAGMENT_NAME_SIZE - 1)

static const char widest[] =
	"0000000000000000000000000000000000000000000000000000000000000000";

void split_new_id(char *id)
{
	unsigned char random[15];

	sysenv_random(random, sizeof(random));
	text_hex(id, random, sizeof(random));
	memcpy(id + 2 * sizeof(random), "00", 3);
}

/* The ids of one command differ in the last two digits. */
static void name_set(const struct split *s, size_t index, char *id)
{
	snprintf(id, SPLIT_ID_SIZE, "%.30s%02x", s->id, (unsigned)index & 255);
}

/* ---- which files ---- */

static int add_set(struct split *s, const char *name, unsigned mode,
		   const struct slice *content, struct error *f)
{
	struct split_set *set = &s->sets[s->count];

	if (s->count == SPLIT_SETS_MAX)
		return error_set(f, ERROR_USAGE,
				 "more than %d files cannot be split at a time",
				 SPLIT_SETS_MAX);
	if (strlen(name) > NAME_MOST)
		return error_set(f, ERROR_USAGE,
				 "the file name \"%.60s...\" is over %d "
				 "octets; give it a shorter one with FILE=NAME",
				 name, NAME_MOST);
	if (s->format == SPLIT_SHAR && !ascii_is_all(name))
		return error_set(f, ERROR_USAGE,
				 "file names in a shell archive are ASCII, and "
				 "%s is not: give it another name with "
				 "FILE=NAME, or leave --format out",
				 name);
	*set = (struct split_set){
		.name = name,
		.mode = mode,
		.content = *content,
		.has_text = s->count == 0,
	};
	name_set(s, s->count++, set->id);
	return 0;
}

static int find_files(struct split *s, struct error *f)
{
	const struct composition *whole = s->whole;

	for (struct part *p = whole->files; p; p = p->next)
		if (add_set(s, p->filename ? p->filename : "file",
			    p->pieces->mode, &p->pieces->content, f) < 0)
			return -1;
	/* uuencoded files are in the text */
	for (struct piece *x = whole->body ? whole->body->pieces : NULL; x;
	     x = x->next)
		if (x->uuencode &&
		    add_set(s, x->name, x->mode, &x->content, f) < 0)
			return -1;
	if (s->count)
		return 0;
	return error_set(f, ERROR_DATA,
			 "the message is larger than %" PRIu64
			 " octets, and there is no file in it that could be "
			 "split: attach what is large, as in --attach -=NAME",
			 s->limit);
}

/* message/partial has no digest: each file gets a label, as its only part, so
 * that mailjoin can verify it. */
static int label_file(const struct split *s, struct part *p, struct error *f)
{
	struct buf text = BUF_INIT(FRAGMENT_VALUE_MAX);
	struct fragment_label label = {
		.n = 1,
		.of = 1,
		.size = p->pieces->content.length,
		.total = p->pieces->content.length,
	};
	int r;

	snprintf(label.name, sizeof(label.name), "%s",
		 p->filename ? p->filename : "file");
	snprintf(label.set, sizeof(label.set), "%s", s->id);
	if (digest_slice(&p->pieces->content, label.sha256, f) < 0)
		return -1;
	memcpy(label.file_sha256, label.sha256, sizeof(label.sha256));
	fragment_label_write(&text, &label);
	r = header_add(s->whole->arena, &p->extra, FRAGMENT_LABEL_FIELD,
		       text.data, f);
	buf_free(&text);
	return r;
}

/* message/partial splits the whole message. */
static int find_message(struct split *s, struct error *f)
{
	struct slice content;
	const char *name = "message";

	if (s->whole->has_8bit_header)
		return error_set(
			f, ERROR_USAGE,
			"a message/partial cannot have an address that "
			"is not ASCII: leave --format out");
	for (struct part *p = s->whole->files; p; p = p->next)
		if (!header_get(&p->extra, FRAGMENT_LABEL_FIELD) &&
		    label_file(s, p, f) < 0)
			return -1;
	/* its parts have no digest that a file which changes would break */
	s->whole->copies_files = true;
	if ((s->whole->has_8bit || s->whole->files) &&
	    composition_render(s->whole, false, f) < 0)
		return -1;
	if (s->whole->files && s->whole->files->filename)
		name = s->whole->files->filename;
	content = stage_slice(&s->whole->stage);
	return add_set(s, name, 0, &content, f);
}

/* ---- how large ---- */

static int measure_once(struct composition *part, bool accept_8bit,
			uint64_t *size, struct error *f)
{
	struct sink_count count;

	sink_count_init(&count, NULL, f);
	if (message_prepare(part->arena, &part->message, accept_8bit, f) < 0 ||
	    message_write(&part->message, &count.sink) < 0)
		return -1;
	if (count.count > *size)
		*size = count.count;
	return 0;
}

/* The frame of part n, of `of`, with the widest numbers. */
static int measure(const struct split *s, const struct split_set *set,
		   unsigned n, unsigned of, uint64_t *size, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct composition part;
	struct split_piece p = {
		.set = set,
		.n = n,
		.of = of,
		.offset = set->content.length,
		.total = set->content.length,
		.content = slice_of_memory("", 0),
	};
	int r;

	memcpy(p.digest, widest, sizeof(p.digest));
	*size = 0;
	r = split_frame(s, &p, &a, &part, f);
	if (r == 0)
		r = measure_once(&part, true, size, f);
	if (r == 0)
		r = measure_once(&part, false, size, f);
	arena_free(&a);
	return r;
}

/* Octets of the file that fit besides the frame. */
static uint64_t fill(const struct split *s, uint64_t frame)
{
	uint64_t room = frame < s->limit ? s->limit - frame : 0;

	switch (s->format) {
	case SPLIT_PARTS:
		return room / BASE64_TEXT * BASE64_LINE;
	case SPLIT_UUENCODE:
	case SPLIT_SHAR:
		return room / UU_TEXT * UU_LINE;
	case SPLIT_PARTIAL:
		break;
	}
	return room;
}

static int too_small(const struct split *s, uint64_t frame, struct error *f)
{
	return error_set(f, ERROR_USAGE,
			 "%" PRIu64 " octets are too few for a message: the "
			 "header and the text alone take %" PRIu64
			 "; ask for larger ones with --split",
			 s->limit, frame);
}

static unsigned ten_to(int digits)
{
	unsigned n = 1;

	while (digits-- > 0)
		n *= 10;
	return n;
}

/* Calculates with numbers of so many digits. */
static int count_parts(const struct split *s, struct split_set *set, int digits,
		       struct error *f)
{
	/* lost if the last line does not fit */
	uint64_t lost = s->format == SPLIT_PARTIAL ? LINE_MOST - 1 : 0;
	unsigned most = ten_to(digits) - 1;
	uint64_t first, later, rest, of;

	if (measure(s, set, 1, most, &first, f) < 0 ||
	    measure(s, set, most, most, &later, f) < 0)
		return -1;
	set->first = fill(s, first);
	set->step = fill(s, later);
	if (set->first <= lost || set->step <= lost)
		return too_small(s, set->first > lost ? later : first, f);
	rest = set->content.length > set->first - lost
		       ? set->content.length - (set->first - lost)
		       : 0;
	of = 1 + (rest + set->step - lost - 1) / (set->step - lost);
	if (of > SPLIT_PARTS_MAX)
		return error_set(f, ERROR_USAGE,
				 "%s would be over %d messages of %" PRIu64
				 " octets; ask for larger ones with --split",
				 set->name, SPLIT_PARTS_MAX, s->limit);
	set->of = (unsigned)of;
	return 0;
}

static int plan_set(const struct split *s, struct split_set *set,
		    struct error *f)
{
	for (int digits = 1; digits <= 6; digits++) {
		if (count_parts(s, set, digits, f) < 0)
			return -1;
		if (set->of < ten_to(digits))
			return 0;
	}
	return error_set(f, ERROR_SOFTWARE, "no plan was found for %s",
			 set->name);
}

/* message/partial is cut between lines (RFC 2046 5.2.2.1): back from the last
 * octet that would fit to the end of a line. */
static int find_cut(const struct split_set *set, uint64_t from, uint64_t most,
		    uint64_t *cut, struct error *f)
{
	struct slice tail = set->content;
	struct source source;
	char room[LINE_MOST];
	ssize_t n;

	if (set->content.length - from <= most) {
		*cut = set->content.length;
		return 0;
	}
	tail.length = LINE_MOST;
	if (tail.memory)
		tail.memory += from + most - LINE_MOST;
	else
		tail.offset += from + most - LINE_MOST;
	source_of_slice(&source, &tail);
	for (size_t have = 0; have < LINE_MOST; have += (size_t)n) {
		n = source_read(&source, room + have, LINE_MOST - have, f);
		if (n <= 0)
			return -1;
	}
	for (n = LINE_MOST; n > 0; n--)
		if (room[n - 1] == '\n') {
			*cut = from + most - LINE_MOST + (uint64_t)n;
			return 0;
		}
	return error_set(f, ERROR_SOFTWARE,
			 "a line of the message is over %d octets", LINE_MOST);
}

static int cut_lines(const struct split *s, struct split_set *set,
		     struct error *f)
{
	unsigned n = 0, most = set->of;
	uint64_t at = 0;

	set->cuts = arena_array(s->arena, most + 1, sizeof(*set->cuts));
	while (at < set->content.length && n < most) {
		set->cuts[n++] = at;
		if (find_cut(set, at, n == 1 ? set->first : set->step, &at, f) <
		    0)
			return -1;
	}
	set->cuts[n] = at;
	set->of = n;
	if (at < set->content.length)
		return error_set(f, ERROR_SOFTWARE,
				 "%u messages have no room for %s", n,
				 set->name);
	return 0;
}

static int plan_all(struct split *s, struct error *f)
{
	for (size_t i = 0; i < s->count; i++) {
		struct split_set *set = &s->sets[i];

		if (digest_slice(&set->content, set->digest, f) < 0)
			return -1;
		if (plan_set(s, set, f) < 0 ||
		    (s->format == SPLIT_PARTIAL && cut_lines(s, set, f) < 0))
			return -1;
		s->total += set->of;
	}
	return 0;
}

int split_format_parse(const char *name)
{
	const char *rest = SPLIT_FORMATS;
	size_t n;

	for (int i = 0; *rest; i++, rest += n + (rest[n] == ' ')) {
		n = strcspn(rest, " ");
		if (strlen(name) == n && ascii_begins(rest, name))
			return i;
	}
	return -1;
}

bool split_is_wanted(const struct split_options *o)
{
	return o->limit || o->asks_limit;
}

int split_plan(struct split *s, struct arena *a, struct composition *whole,
	       const struct split_options *o, const char *id, struct error *f)
{
	*s = (struct split){
		.arena = a,
		.whole = whole,
		.format = o->format,
		.limit = o->limit,
	};
	if ((composition_least(whole) <= o->limit ||
	     s->format == SPLIT_PARTIAL) &&
	    !whole->is_rendered && composition_render(whole, true, f) < 0)
		return -1;
	if (whole->is_rendered && whole->stage.size <= o->limit)
		return 0;
	if (whole->is_draft && s->format != SPLIT_PARTIAL)
		return error_set(f, ERROR_USAGE,
				 "a complete message can only be split with "
				 "--format partial: attach its files with "
				 "--attach");
	if (whole->request->encoding == ENCODING_UUENCODE &&
	    s->format == SPLIT_PARTS)
		s->format = SPLIT_UUENCODE;
	memcpy(s->id, id, SPLIT_ID_SIZE);
	s->sets = arena_array(a, SPLIT_SETS_MAX, sizeof(*s->sets));
	if ((s->format == SPLIT_PARTIAL ? find_message(s, f)
					: find_files(s, f)) < 0)
		return -1;
	return plan_all(s, f) < 0 ? -1 : 1;
}

/* ---- a part ---- */

static const struct split_set *find_part(const struct split *s,
					 unsigned *number)
{
	const struct split_set *set = s->sets;

	while (*number > set->of)
		*number -= set++->of;
	return set;
}

static void cut(const struct split_set *set, unsigned n, struct split_piece *p)
{
	uint64_t end;

	p->content = set->content;
	if (set->cuts) {
		p->offset = set->cuts[n - 1];
		end = set->cuts[n];
	} else {
		p->offset = n == 1 ? 0 : set->first + (n - 2) * set->step;
		end = set->first + (n - 1) * set->step;
	}
	if (end > set->content.length)
		end = set->content.length;
	p->content.length = end - p->offset;
	if (p->content.memory)
		p->content.memory += p->offset;
	else
		p->content.offset += p->offset;
}

int split_part(const struct split *s, unsigned number, struct arena *a,
	       struct composition *out, struct error *f)
{
	const struct split_set *set = find_part(s, &number);
	struct split_piece p = { .set = set,
				 .n = number,
				 .of = set->of,
				 .total = set->content.length };

	cut(set, number, &p);
	if ((s->format != SPLIT_PARTIAL &&
	     digest_slice(&p.content, p.digest, f) < 0) ||
	    split_frame(s, &p, a, out, f) < 0 ||
	    composition_render(out, true, f) < 0)
		return -1;
	if (out->stage.size <= s->limit)
		return 0;
	return error_set(f, ERROR_SOFTWARE,
			 "part %u of %s has %" PRIu64 " octets, over %" PRIu64,
			 number, set->name, out->stage.size, s->limit);
}

unsigned split_place(const struct split *s, unsigned number, unsigned *set)
{
	*set = (unsigned)(find_part(s, &number) - s->sets);
	return number;
}

const char *split_part_name(const struct split *s, unsigned number,
			    struct arena *a)
{
	const struct split_set *set = find_part(s, &number);

	return arena_format(a, "%u/%u %s", number, set->of, set->name);
}
