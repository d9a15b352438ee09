/* entry.c - text as an entry.
 *
 * Strict: no line twice, no number with a tail, nothing behind "end".  A torn
 * or edited file is either what it was, or refused. */
#include "queue/entry.h"

#include <string.h>

#include "base/text.h"
#include "queue/entry_rows.h"

struct reader {
	struct arena *arena;
	struct entry *entry;
	struct entry_recipient *recipient; /* whose lines these are, or NULL */
	size_t room;			   /* recipients that have memory */
	unsigned seen, recipient_seen;	   /* a bit for each row */
	struct entry_setting **next_setting;
	unsigned settings;
	unsigned line;
	bool is_over; /* "end" was read */
	struct error *error;
};

static int bad_line(struct reader *r, const char *name, const char *why)
{
	return error_set(r->error, ERROR_DATA, "line %u: '%.40s' %s", r->line,
			 name, why);
}

static bool read_time(const char *text, int64_t *out)
{
	bool is_negative = *text == '-';
	uint64_t value;

	if (!text_number(text + is_negative, (uint64_t)INT64_MAX + is_negative,
			 &value))
		return false;
	*out = (int64_t)(is_negative ? 0 - value : value);
	return true;
}

static bool read_word(const char *text, const char *const *words, void *field)
{
	for (unsigned i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) != 0)
			continue;
		memcpy(field, &i, sizeof(i));
		return true;
	}
	return false;
}

static bool read_number(const struct row *row, const char *value, void *field)
{
	uint64_t number;

	switch (row->type) {
	case ROW_TIME:
		return read_time(value, field);
	case ROW_SIZE:
		return text_number(value, UINT64_MAX, field);
	case ROW_TALLY:
		if (!text_number(value, UINT32_MAX, &number))
			return false;
		*(unsigned *)field = (unsigned)number;
		return true;
	default:
		if (!text_number(value, 999, &number))
			return false;
		*(int *)field = (int)number;
		return true;
	}
}

/* The value lies in memory of ours, and may be cut. */
static bool read_path(char *value, const char **field)
{
	size_t n = strlen(value);

	if (n < 2 || value[0] != '<' || value[n - 1] != '>')
		return false;
	value[n - 1] = '\0';
	*field = value + 1;
	return true;
}

static bool read_value(const struct row *row, char *value, void *field)
{
	switch (row->type) {
	case ROW_TEXT:
	case ROW_WORDS:
		*(const char **)field = value;
		return true;
	case ROW_CHARS:
		if (strlen(value) >= row->size)
			return false;
		memcpy(field, value, strlen(value) + 1);
		return true;
	case ROW_PATH:
		return read_path(value, field);
	case ROW_YES:
		*(bool *)field = true;
		return !strcmp(value, "yes");
	case ROW_KIND:
		return read_word(value, entry_kind_words, field);
	case ROW_STATE:
		return read_word(value, entry_state_words, field);
	case ROW_CAUSE:
		return error_cause_of(value, field);
	default:
		return read_number(row, value, field);
	}
}

static int read_row(struct reader *r, const struct row *rows, size_t count,
		    unsigned *seen, const char *name, char *value, void *base)
{
	size_t i = 0;

	while (i < count && strcmp(rows[i].name, name) != 0)
		i++;
	if (i == count)
		return bad_line(r, name, "is not known here");
	if (*seen & 1u << i)
		return bad_line(r, name, "is said twice");
	*seen |= 1u << i;
	if (!read_value(&rows[i], value, (char *)base + rows[i].at))
		return bad_line(r, name, "has a value that cannot be");
	return 0;
}

static int check_required(struct reader *r, const struct row *rows,
			  size_t count, unsigned seen)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].is_required && !(seen & 1u << i))
			return bad_line(r, rows[i].name,
					"is missing before this line");
	return 0;
}

static int end_recipient(struct reader *r)
{
	struct entry_recipient *to = r->recipient;

	if (!to)
		return 0;
	if (!*to->address)
		return bad_line(r, "to", "has no address above this line");
	return check_required(r, recipient_rows, recipient_row_count,
			      r->recipient_seen);
}

static int begin_recipient(struct reader *r, char *value)
{
	if (end_recipient(r) < 0)
		return -1;
	if (r->entry->count == r->room)
		return bad_line(r, "to", "has no address");
	r->recipient = &r->entry->recipients[r->entry->count++];
	r->recipient->reply = "";
	r->recipient->host = "";
	r->recipient_seen = 0;
	return read_row(r, recipient_rows, 1, &r->recipient_seen, "to", value,
			r->recipient);
}

static int read_setting(struct reader *r, char *value)
{
	struct entry_setting *s;
	char *blank = strchr(value, ' ');

	if (!*value || blank == value || ++r->settings > ENTRY_SETTINGS_MAX)
		return bad_line(r, "set", "has a value that cannot be");
	if (blank)
		*blank++ = '\0';
	s = arena_alloc(r->arena, sizeof(*s));
	s->name = value;
	s->value = blank ? blank : "";
	*r->next_setting = s;
	r->next_setting = &s->next;
	return 0;
}

static int read_end(struct reader *r)
{
	if (end_recipient(r) < 0 ||
	    check_required(r, entry_rows, entry_row_count, r->seen) < 0)
		return -1;
	if (!r->entry->count)
		return bad_line(r, "to", "is missing before this line");
	r->is_over = true;
	return 0;
}

/* A line without its end, NUL behind it. */
static int read_line(struct reader *r, char *line)
{
	char *name = line + strspn(line, " \t");
	char *value = name + strcspn(name, " ");

	if (*value)
		*value++ = '\0';
	if (!*name)
		return 0; /* an editor's */
	if (text_has_control(name) || text_has_control(value))
		return bad_line(r, name, "has a control byte");
	if (r->is_over)
		return bad_line(r, name, "stands behind the end");
	if (name > line) {
		if (!r->recipient)
			return bad_line(r, name, "belongs to no recipient");
		return read_row(r, recipient_rows, recipient_row_count,
				&r->recipient_seen, name, value, r->recipient);
	}
	if (!strcmp(name, "to"))
		return begin_recipient(r, value);
	if (!strcmp(name, "set"))
		return read_setting(r, value);
	if (!strcmp(name, "end"))
		return *value ? bad_line(r, name, "has a value") : read_end(r);
	return read_row(r, entry_rows, entry_row_count, &r->seen, name, value,
			r->entry);
}

/* So that their memory is taken once. */
static size_t count_recipients(const char *text)
{
	size_t count = !strncmp(text, "to ", 3);

	for (; (text = strchr(text, '\n')); text++)
		count += !strncmp(text, "\nto ", 4);
	return count;
}

static int read_lines(struct reader *r, char *text)
{
	char *end;

	for (r->line = 1; *text; text = end, r->line++) {
		end = text + strcspn(text, "\n");
		if (*end)
			*end++ = '\0';
		if (r->line == 1 && strcmp(text, ENTRY_FIRST_LINE) != 0)
			return bad_line(r, text,
					"is not what an entry begins with");
		if (r->line > 1 && read_line(r, text) < 0)
			return -1;
	}
	if (!r->is_over)
		return bad_line(r, "end", "is missing: the file is torn");
	return 0;
}

int entry_read(struct arena *a, const char *text, size_t n, struct entry *e,
	       struct error *f)
{
	struct reader r = { .arena = a, .entry = e, .error = f };
	char *copy;

	*e = (struct entry){ 0 };
	if (n > ENTRY_MAX || memchr(text, '\0', n))
		return error_set(f, ERROR_DATA,
				 "line 1: it is no text, or too large");
	copy = arena_dup_n(a, text, n);
	r.room = count_recipients(copy);
	if (r.room > ENTRY_RECIPIENTS_MAX)
		return error_set(f, ERROR_DATA,
				 "line 1: %zu recipients are too many", r.room);
	e->recipients = arena_array(a, r.room, sizeof(*e->recipients));
	r.next_setting = &e->settings;
	return read_lines(&r, copy);
}
