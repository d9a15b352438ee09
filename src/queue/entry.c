/* entry.c - an entry as text, and back.
 *
 * Two tables of rows, one for the mail and one for a recipient, write and read,
 * so that what is written can be read.  A field without a value has no line.
 *
 * Reading is strict: no line twice, no number with trailing characters, nothing
 * after "end".  A truncated file is refused.  When an entry is written, only
 * the replies of servers may be shortened: when the file would be too large,
 * they are cut and finally left out, since the state of a recipient is more
 * important. */
#include "queue/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* ---- the lines of an entry ---- */

#define ENTRY_FIRST_LINE "mailsend-queue 1"

enum row_type {
	ROW_TEXT,  /* const char *; NULL: no line */
	ROW_WORDS, /* const char *, a server's; "" or NULL: no line */
	ROW_CHARS, /* char[size], a server's; "": no line */
	ROW_PATH,  /* const char *, in <> */
	ROW_YES,   /* bool; false: no line */
	ROW_TIME,  /* int64_t; 0: no line */
	ROW_SIZE,  /* uint64_t */
	ROW_COUNT, /* unsigned; 0: no line */
	ROW_CODE,  /* int, a reply code; 0: no line */
	ROW_KIND,
	ROW_STATE,
	ROW_CAUSE, /* ERROR_NONE: no line */
};

struct row {
	const char *name;
	enum row_type type;
	size_t at, size;
	bool is_required;
};

#define SIZE_OF(type, field) sizeof(((struct type *)NULL)->field)
#define ROW(name, type, of, field, required)                                   \
	{                                                                      \
		name, type, offsetof(struct of, field), SIZE_OF(of, field),    \
			required                                               \
	}

#define MAIL(name, type, field, required)                                      \
	ROW(name, type, entry, field, required)
#define RCPT(name, type, field, required)                                      \
	ROW(name, type, entry_recipient, field, required)

static const struct row entry_rows[] = {
	MAIL("kind", ROW_KIND, kind, true),
	MAIL("arrived", ROW_TIME, arrived, true),
	MAIL("size", ROW_SIZE, size, true),
	MAIL("message-id", ROW_TEXT, message_id, false),
	MAIL("held", ROW_YES, is_held, false),
	MAIL("warned", ROW_YES, is_warned, false),
	MAIL("returned", ROW_YES, is_returned, false),
	MAIL("8bit", ROW_YES, has_8bit, false),
	MAIL("8bit-header", ROW_YES, has_8bit_header, false),
	MAIL("prefers-smtputf8", ROW_YES, prefers_smtputf8, false),
	MAIL("account", ROW_TEXT, account, false),
	MAIL("config", ROW_TEXT, config_path, false),
	MAIL("syslog-tag", ROW_TEXT, syslog_tag, false),
	MAIL("owner", ROW_TEXT, owner, false),
	MAIL("limit-by", ROW_TEXT, limit_by, false),
	MAIL("limit-until", ROW_TIME, limit_until, false),
	MAIL("limit-set", ROW_TEXT, limit_set, false),
	MAIL("members", ROW_TEXT, members, false),
	MAIL("dsn-notify", ROW_TEXT, dsn_notify, false),
	MAIL("dsn-ret", ROW_TEXT, dsn_ret, false),
	MAIL("dsn-envid", ROW_TEXT, dsn_envid, false),
	MAIL("from", ROW_PATH, reverse_path, true),
	MAIL("from-smtputf8", ROW_YES, sender_needs_smtputf8, false),
};

/* The first one begins a recipient. */
static const struct row recipient_rows[] = {
	RCPT("to", ROW_PATH, address, true),
	RCPT("state", ROW_STATE, state, true),
	RCPT("smtputf8", ROW_YES, needs_smtputf8, false),
	RCPT("notify", ROW_TEXT, dsn_notify, false),
	RCPT("orcpt", ROW_TEXT, dsn_orcpt, false),
	RCPT("tries", ROW_COUNT, tries, false),
	RCPT("tried", ROW_TIME, tried, false),
	RCPT("next", ROW_TIME, next, false),
	RCPT("cause", ROW_CAUSE, last.cause, false),
	RCPT("temporary", ROW_YES, last.temporary, false),
	RCPT("code", ROW_CODE, last.reply, false),
	RCPT("status", ROW_CHARS, last.esc, false),
	/* the word in existing queues */
	RCPT("fault", ROW_WORDS, last.text, false),
	RCPT("host", ROW_WORDS, host, false),
	RCPT("reply", ROW_WORDS, reply, false),
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
_Static_assert(COUNT(entry_rows) < 32 && COUNT(recipient_rows) < 32,
	       "the rows that were seen fit a word");

/* By number, each list ends in NULL. */
static const char *const entry_kind_words[] = {
	[ENTRY_MAIL] = "mail",
	[ENTRY_FAILURE_NOTICE] = "failure-notice",
	[ENTRY_DELAY_NOTICE] = "delay-notice",
	NULL,
};

static const char *const entry_state_words[] = {
	[ENTRY_WAITING] = "waiting",
	[ENTRY_SENT] = "sent",
	[ENTRY_FAILED] = "failed",
	[ENTRY_REPORTED] = "told",
	NULL,
};

/* ---- text as an entry ---- */

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
	case ROW_COUNT:
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

/* The value is in our own memory, and may be cut. */
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
		return bad_line(r, name, "has an impossible value");
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
	return check_required(r, recipient_rows, COUNT(recipient_rows),
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
		return bad_line(r, "set", "has an impossible value");
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
	    check_required(r, entry_rows, COUNT(entry_rows), r->seen) < 0)
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
		return bad_line(r, name, "comes after the end");
	if (name > line) {
		if (!r->recipient)
			return bad_line(r, name, "belongs to no recipient");
		return read_row(r, recipient_rows, COUNT(recipient_rows),
				&r->recipient_seen, name, value, r->recipient);
	}
	if (!strcmp(name, "to"))
		return begin_recipient(r, value);
	if (!strcmp(name, "set"))
		return read_setting(r, value);
	if (!strcmp(name, "end"))
		return *value ? bad_line(r, name, "has a value") : read_end(r);
	return read_row(r, entry_rows, COUNT(entry_rows), &r->seen, name, value,
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
					"is not the first line of an entry");
		if (r->line > 1 && read_line(r, text) < 0)
			return -1;
	}
	if (!r->is_over)
		return bad_line(r, "end", "is missing: the file is truncated");
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
				 "line 1: it is not text, or too large");
	copy = arena_dup_n(a, text, n);
	r.room = count_recipients(copy);
	if (r.room > ENTRY_RECIPIENTS_MAX)
		return error_set(f, ERROR_DATA,
				 "line 1: %zu recipients are too many", r.room);
	e->recipients = arena_array(a, r.room, sizeof(*e->recipients));
	r.next_setting = &e->settings;
	return read_lines(&r, copy);
}

/* ---- an entry as text ---- */

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
			 "the queue cannot store '%s': its file format "
			 "cannot express the value",
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

/* A server's reply must not keep us from recording the result. */
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
	case ROW_COUNT:
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
	for (size_t i = 0; i < COUNT(recipient_rows); i++) {
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
	for (size_t i = 0; i < COUNT(entry_rows); i++)
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
