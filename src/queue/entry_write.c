/* entry_write.c - an entry as text.
 *
 * The server's words are the one thing that may be cut: when the whole would
 * pass the cap of the file, they are shortened and at last left out, since the
 * state of a recipient must not be lost for the sake of a sentence. */
#include "queue/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "queue/entry_rows.h"

size_t entry_count(const struct entry *e, enum entry_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += e->recipients[i].state == state;
	return n;
}

struct writer {
	struct buf *out;
	const char *indent;
	size_t words_max; /* octets of each of a server's sentences */
	struct error *error;
};

static int cannot_keep(struct writer *w, const char *name)
{
	return error_set(w->error, ERROR_SOFTWARE,
			 "the queue cannot keep '%s': it has a value that the "
			 "queue's file has no words for",
			 name);
}

static int write_line(struct writer *w, const char *name, const char *value)
{
	if (text_has_control(value))
		return cannot_keep(w, name);
	buf_puts(w->out, w->indent);
	buf_puts(w->out, name);
	if (*value)
		buf_putc(w->out, ' ');
	buf_puts(w->out, value);
	buf_putc(w->out, '\n');
	return 0; /* overflow sticks, and is looked at once */
}

/* A server's: what it says must not keep us from writing down that it did. */
static void write_words(struct writer *w, const char *name, const char *value)
{
	size_t n = strlen(value);

	if (n > w->words_max)
		n = text_cut(value, w->words_max);
	if (!n)
		return;
	buf_printf(w->out, "%s%s ", w->indent, name);
	for (size_t i = 0; i < n; i++)
		buf_putc(w->out, text_is_control(value[i]) ? '?' : value[i]);
	buf_putc(w->out, '\n');
}

static int write_path(struct writer *w, const char *name, const char *value)
{
	if (!value || text_has_control(value))
		return cannot_keep(w, name);
	buf_printf(w->out, "%s%s <%s>\n", w->indent, name, value);
	return 0;
}

static int write_word(struct writer *w, const char *name,
		      const char *const *words, unsigned value)
{
	while (*words && value)
		words++, value--;
	return *words ? write_line(w, name, *words) : cannot_keep(w, name);
}

static unsigned enum_at(const void *field)
{
	unsigned value;

	memcpy(&value, field, sizeof(value));
	return value;
}

static int write_enum(struct writer *w, const struct row *row, unsigned value)
{
	if (row->type == ROW_KIND)
		return write_word(w, row->name, entry_kind_words, value);
	if (row->type == ROW_STATE)
		return write_word(w, row->name, entry_state_words, value);
	if (value == ERROR_NONE)
		return 0;
	if (value > ERROR_CONFIG)
		return cannot_keep(w, row->name);
	return write_line(w, row->name, error_name((enum error_cause)value));
}

static int write_number(struct writer *w, const struct row *row,
			const void *field)
{
	char text[24];

	switch (row->type) {
	case ROW_SIZE:
		snprintf(text, sizeof(text), "%" PRIu64,
			 *(const uint64_t *)field);
		break;
	case ROW_TIME:
		snprintf(text, sizeof(text), "%" PRId64,
			 *(const int64_t *)field);
		break;
	case ROW_TALLY:
		snprintf(text, sizeof(text), "%u", *(const unsigned *)field);
		break;
	default:
		if (*(const int *)field < 0 || *(const int *)field > 999)
			return cannot_keep(w, row->name);
		snprintf(text, sizeof(text), "%d", *(const int *)field);
	}
	if (!strcmp(text, "0") && !row->is_required)
		return 0;
	return write_line(w, row->name, text);
}

static int write_row(struct writer *w, const struct row *row, const void *base)
{
	const void *field = (const char *)base + row->at;
	const char *text;

	switch (row->type) {
	case ROW_TEXT:
		text = *(const char *const *)field;
		return text ? write_line(w, row->name, text) : 0;
	case ROW_WORDS:
		text = *(const char *const *)field;
		write_words(w, row->name, text ? text : "");
		return 0;
	case ROW_CHARS:
		write_words(w, row->name, field);
		return 0;
	case ROW_PATH:
		return write_path(w, row->name, *(const char *const *)field);
	case ROW_YES:
		return *(const bool *)field ? write_line(w, row->name, "yes")
					    : 0;
	case ROW_KIND:
	case ROW_STATE:
	case ROW_CAUSE:
		return write_enum(w, row, enum_at(field));
	default:
		return write_number(w, row, field);
	}
}

static int write_setting(struct writer *w, const struct entry_setting *s)
{
	if (!*s->name || strchr(s->name, ' ') || text_has_control(s->name))
		return cannot_keep(w, "set");
	buf_puts(w->out, "set ");
	return write_line(w, s->name, s->value);
}

static int write_recipient(struct writer *w, const struct entry_recipient *to)
{
	w->indent = "";
	for (size_t i = 0; i < recipient_row_count; i++) {
		if (write_row(w, &recipient_rows[i], to) < 0)
			return -1;
		w->indent = "\t";
	}
	return 0;
}

static int write_all(struct writer *w, const struct entry *e)
{
	unsigned settings = 0;

	buf_reset(w->out);
	buf_puts(w->out, ENTRY_FIRST_LINE "\n");
	w->indent = "";
	for (size_t i = 0; i < entry_row_count; i++)
		if (write_row(w, &entry_rows[i], e) < 0)
			return -1;
	for (const struct entry_setting *s = e->settings; s; s = s->next)
		if (settings++ >= ENTRY_SETTINGS_MAX || write_setting(w, s) < 0)
			return cannot_keep(w, "set");
	for (size_t i = 0; i < e->count; i++)
		if (write_recipient(w, &e->recipients[i]) < 0)
			return -1;
	return buf_puts(w->out, "end\n");
}

int entry_write(const struct entry *e, struct buf *out, struct error *f)
{
	static const size_t words_max[] = { SIZE_MAX, 80, 0 };
	struct error why = ERROR_INIT;
	struct writer w = { .out = out, .error = &why };

	if (!e->count || e->count > ENTRY_RECIPIENTS_MAX)
		return error_set(f, ERROR_SOFTWARE,
				 "the queue takes 1 to %d recipients, not %zu",
				 ENTRY_RECIPIENTS_MAX, e->count);
	for (size_t i = 0; i < sizeof(words_max) / sizeof(words_max[0]); i++) {
		w.words_max = words_max[i];
		if (write_all(&w, e) == 0)
			return 0;
		if (error_is_set(&why))
			return error_set(f, why.cause, "%s", why.text);
	}
	return error_set(f, ERROR_SOFTWARE,
			 "the queue's record of a mail is too large");
}
