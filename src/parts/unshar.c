/* unshar.c - a reader of here-documents.
 *
 *	SCRIPT	lines of the script; one of them may begin a here-document
 *	SKIP	a here-document that is ignored
 *	FILE	one that is a file's text
 *	UU	one that is uuencoded
 *	SUMS	one with the MD5 of the file before it
 *
 * A script begins at "#!" and ends with "exit 0": mailing lists may add text
 * after it.
 *
 * The last line end of a text is held back: sed adds one to a file that had
 * none, and the size in the archive then decides. */
#include "parts/unshar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "mail/fragment_label.h"
#include "parts/file_name.h"

struct unshar_stated {
	const char *name;
	uint64_t size;
};

static void damaged(struct unshar *s, const char *what)
{
	if (!s->problem)
		s->problem =
			arena_format(s->arena, "%s %s",
				     file_name_show(s->arena, s->name), what);
}

/* ---- the file that is open ---- */

static int put_file(struct unshar *s, const void *data, size_t n)
{
	s->size += n;
	if (!s->to)
		return 0;
	if (sink_put(&s->sum.sink, data, n) < 0)
		return -1;
	return sink_put(s->to, data, n);
}

static const struct unshar_stated *find_stated(const struct unshar *s)
{
	for (size_t i = 0; i < s->stated_count; i++)
		if (strcmp(s->stated[i].name, s->name) == 0)
			return &s->stated[i];
	return NULL;
}

static int close_file(struct unshar *s)
{
	const struct unshar_stated *stated = find_stated(s);

	if (!s->is_open)
		return 0;
	if (s->holds_newline && (!stated || stated->size != s->size) &&
	    put_file(s, "\n", 1) < 0)
		return -1;
	s->holds_newline = s->is_open = false;
	if (stated && stated->size != s->size)
		damaged(s, "does not have the size given in its archive");
	if (!s->to)
		return 0;
	if (sink_close(&s->sum.sink) < 0)
		return -1;
	memcpy(s->sum_hex, s->sum.hex, sizeof(s->sum_hex));
	digest_free(&s->sum);
	s->has_sum = true;
	s->to = NULL;
	return s->target.close(s->target.context, s->sink.error);
}

static int open_file(struct unshar *s, const char *name)
{
	if (close_file(s) < 0)
		return -1;
	if (++s->files > UNSHAR_FILES_MAX)
		return error_set(s->sink.error, ERROR_DATA,
				 "the archive has over %d files",
				 UNSHAR_FILES_MAX);
	memmove(s->name, name, strlen(name) + 1);
	s->is_open = true;
	s->has_sum = false;
	s->size = 0;
	if (!s->target.open)
		return 0;
	digest_init_md5(&s->sum, NULL, s->sink.error);
	return s->target.open(s->target.context, s->name, &s->to,
			      s->sink.error);
}

/* ---- uuencoded files ---- */

static int meter_put(struct sink *sink, const void *data, size_t n)
{
	char *at = (char *)sink - offsetof(struct unshar, meter);

	return put_file((struct unshar *)at, data, n);
}

static const struct sink_ops meter_ops = { .put = meter_put };

/* A file named by the begin line, unless by a redirection. */
static int began(struct unuu *uu)
{
	struct unshar *s = uu->context;

	if (s->ends_file)
		return 0;
	if (*s->lock && strstr(uu->name, s->lock)) {
		memcpy(s->name, uu->name, sizeof(uu->name));
		damaged(s, "is compressed within its archive, which is "
			   "not supported: use unshar");
		return 0;
	}
	return open_file(s, uu->name);
}

static void begin_uu(struct unshar *s)
{
	s->meter = (struct sink){ .ops = &meter_ops, .error = s->sink.error };
	unuu_init(&s->uu, &s->meter, false, s->sink.error);
	s->uu.began = began;
	s->uu.context = s;
	s->has_uu = true;
}

static int end_uu(struct unshar *s)
{
	if (!s->has_uu || (!s->uu.has_end && !s->ends_file))
		return 0;
	s->has_uu = false;
	if (sink_close(&s->uu.sink) < 0)
		return -1;
	if (s->uu.is_damaged || !s->uu.has_end)
		damaged(s, "has damaged lines of uuencode");
	return s->ends_file ? 0 : close_file(s);
}

/* ---- the words of a command ---- */

/* Parses one literal word of the shell, and skips it. */
static const char *read_word(const char *p, char *out)
{
	size_t n = 0;
	char quote = 0;

	p += strspn(p, " \t");
	for (; *p && (quote || !strchr(" \t;&|<>()", *p)); p++) {
		if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
			continue;
		}
		if (quote && *p == quote) {
			quote = 0;
			continue;
		}
		if (*p == '\\' && quote != '\'' && p[1])
			p++;
		if (n + 1 < UNSHAR_WORD_MAX)
			out[n++] = *p;
	}
	out[n] = '\0';
	return p;
}

/* "s/^X//", with any delimiter. */
static bool read_prefix(const char *word, char *out)
{
	size_t n = strlen(word);
	char mark = word[0] == 's' ? word[1] : 0;

	if (n < 5 || !mark || word[2] != '^' || word[n - 1] != mark ||
	    word[n - 2] != mark)
		return false;
	memcpy(out, word + 3, n - 5);
	out[n - 5] = '\0';
	return !strpbrk(out, ".*[]\\^$") && strlen(out) == n - 5;
}

struct command {
	char verb[UNSHAR_WORD_MAX], argument[UNSHAR_WORD_MAX];
	char delimiter[UNSHAR_WORD_MAX], target[UNSHAR_WORD_MAX];
	bool has_document, has_target, appends, is_decoded;
};

static void read_command(const char *p, struct command *c)
{
	char word[UNSHAR_WORD_MAX];
	unsigned words = 0;

	memset(c, 0, sizeof(*c));
	while (*(p += strspn(p, " \t"))) {
		if (p[0] == '<' && p[1] == '<') {
			p += 2;
			p += *p == '-';
			p = read_word(p, c->delimiter);
			c->has_document = *c->delimiter != '\0';
		} else if (*p == '>') {
			c->appends = p[1] == '>';
			p = read_word(p + 1 + c->appends, c->target);
			c->has_target = true;
		} else if (strchr(";&|<()", *p)) {
			p++;
		} else {
			const char *next = read_word(p, word);

			c->is_decoded =
				c->is_decoded || strcmp(word, "uudecode") == 0;
			if (words == 0)
				memcpy(c->verb, word, sizeof(word));
			else if (words == 1)
				memcpy(c->argument, word, sizeof(word));
			words++;
			p = next > p ? next : p + 1;
		}
	}
}

/* ---- lines of the script ---- */

/* "#  40000 -rw-r--r-- f.bin" */
static void read_size(struct unshar *s, const char *line)
{
	const char *p = line + strspn(line, "# \t");
	uint64_t size = 0;
	struct unshar_stated *stated;

	if (!ascii_is_digit(*p) || s->stated_count >= UNSHAR_FILES_MAX)
		return;
	for (; ascii_is_digit(*p); p++)
		if (size < UINT64_MAX / 10 - 1)
			size = size * 10 + (uint64_t)(*p - '0');
	if (p[0] != ' ' || (p[1] != '-' && p[1] != 'd') ||
	    strcspn(p + 1, " ") != 10 || !p[11] || !p[12])
		return;
	if (!s->stated)
		s->stated = arena_array(s->arena, UNSHAR_FILES_MAX,
					sizeof(*s->stated));
	stated = &s->stated[s->stated_count++];
	stated->name = arena_dup(s->arena, p + 12);
	stated->size = size;
}

static unsigned number_behind(const char *line, const char *words,
			      const char **rest)
{
	const char *p = strstr(line, words);
	unsigned long n;
	char *end;

	if (!p || !ascii_is_digit(p[strlen(words)]))
		return 0;
	n = strtoul(p + strlen(words), &end, 10);
	*rest = end;
	return n <= FRAGMENT_PARTS_MAX ? (unsigned)n : 0;
}

/* "(part 2 of NAME)" as GNU has it, "This is part 2 of 12 of NAME" as we do,
 * "This is NAME, a shell archive". */
static void read_comment(struct unshar *s, const char *line)
{
	const char *rest = line, *is = strstr(line, "This is ");
	unsigned part = number_behind(line, "(part ", &rest);

	if (!part)
		part = number_behind(line, "This is part ", &rest);
	if (part && !s->part) {
		s->part = part;
		s->of = number_behind(rest, " of ", &rest);
	}
	read_size(s, line);
	if (!strstr(line, "shell archive") && !part)
		return;
	s->is_archive = true;
	if (*s->title)
		return;
	if (part && ascii_begins(rest, " of ") && !strstr(rest, "multipart"))
		s->title = rest + 4;
	else if (is && strstr(line, ", a shell archive"))
		s->title = is + strlen("This is ");
	s->title = arena_dup_n(s->arena, s->title, strcspn(s->title, ",)\n"));
}

static int begin_text(struct unshar *s, const struct command *c)
{
	if (c->appends && strcmp(c->target, s->name) == 0 && s->is_open) {
		/* the previous line does end */
		if (s->holds_newline && put_file(s, "\n", 1) < 0)
			return -1;
		s->holds_newline = false;
	} else if (open_file(s, c->target) < 0) {
		return -1;
	}
	s->state = UNSHAR_FILE;
	return 0;
}

static int begin_document(struct unshar *s, const struct command *c)
{
	bool is_plain = strcmp(c->verb, "cat") == 0;
	bool has_prefix = strcmp(c->verb, "sed") == 0 &&
			  read_prefix(c->argument, s->prefix);
	bool is_uu = strcmp(c->verb, "uudecode") == 0;
	bool is_temporary = strchr(c->target, '$') != NULL;

	memcpy(s->delimiter, c->delimiter, sizeof(s->delimiter));
	if (!has_prefix)
		s->prefix[0] = '\0';
	s->ends_file = false;
	s->state = UNSHAR_SKIP;
	if (!is_plain && !has_prefix && !is_uu) {
		s->state = UNSHAR_SUMS;
		return close_file(s);
	}
	if (is_uu && c->has_target && !is_temporary) {
		if ((!c->appends || strcmp(c->target, s->name) != 0 ||
		     !s->is_open) &&
		    open_file(s, c->target) < 0)
			return -1;
		s->ends_file = true;
	}
	if (is_uu || is_temporary || c->is_decoded) {
		if (!(c->appends && is_temporary && s->has_uu))
			begin_uu(s);
		s->state = UNSHAR_UU;
		return 0;
	}
	return c->has_target ? begin_text(s, c) : 0;
}

static int script_line(struct unshar *s, const char *line)
{
	struct command c;

	if (!s->is_script) {
		s->is_script =
			line[0] == '#' && line[1] == '!' && strstr(line, "sh");
		return 0;
	}
	if (*line == '#') {
		read_comment(s, line);
		return 0;
	}
	if (ascii_begins(line, "lock_dir=") && !*s->lock)
		s->lock = arena_dup(s->arena, line + strlen("lock_dir="));
	if (ascii_begins(line, "exit 0"))
		s->is_over = true;
	if (!strpbrk(line, "<>"))
		return 0;
	read_command(line, &c);
	if (c.has_document)
		return begin_document(s, &c);
	if (c.has_target && strstr(c.target, "lock_dir}/seq"))
		s->has_next = true;
	/* an empty file */
	if (c.has_target && (!*c.verb || strcmp(c.verb, ":") == 0) &&
	    *c.target && !strchr(c.target, '$'))
		return open_file(s, c.target);
	return 0;
}

/* ---- lines of a here-document ---- */

static int end_document(struct unshar *s)
{
	s->state = UNSHAR_SCRIPT;
	return end_uu(s);
}

/* "14885357f0e0b8a9394bf653fbe725c7  f.bin" */
static void compare_sum(struct unshar *s, const char *line)
{
	size_t n = strspn(line, "0123456789abcdef");

	if (n != 32 || !s->has_sum || strncmp(line + n, "  ", 2) != 0 ||
	    strcmp(line + n + 2, s->name) != 0)
		return;
	if (memcmp(line, s->sum_hex, n) != 0)
		damaged(s, "does not have the MD5 digest given in its archive");
}

/* A piece of a file's text, without a line end. */
static int put_text(struct unshar *s, const char *text, size_t n, bool starts)
{
	size_t cut = strlen(s->prefix);

	if (starts && s->holds_newline) {
		s->holds_newline = false;
		if (put_file(s, "\n", 1) < 0)
			return -1;
	}
	if (starts && n >= cut && memcmp(text, s->prefix, cut) == 0) {
		text += cut;
		n -= cut;
	}
	return put_file(s, text, n);
}

static int put_uu(struct unshar *s, const char *text, size_t n, bool starts,
		  bool ends)
{
	size_t cut = strlen(s->prefix);

	if (!s->has_uu)
		return 0;
	if (starts && n >= cut && memcmp(text, s->prefix, cut) == 0) {
		text += cut;
		n -= cut;
	}
	if (sink_put(&s->uu.sink, text, n) < 0)
		return -1;
	return ends ? sink_put(&s->uu.sink, "\n", 1) : 0;
}

static int pass_on(struct unshar *s, size_t n, bool ends)
{
	if (!s->sink.next)
		return 0;
	if (sink_put(s->sink.next, s->line, n) < 0)
		return -1;
	return ends ? sink_put(s->sink.next, "\n", 1) : 0;
}

/* The held text is a line, its start, or a further piece of it. */
static int take_line(struct unshar *s, bool ends)
{
	bool starts = !s->is_mid_line;
	size_t n = s->held;

	s->held = 0;
	s->is_mid_line = !ends;
	s->line[n] = '\0';
	if (starts && s->state == UNSHAR_SCRIPT &&
	    ascii_begins(s->line, "#!") && strstr(s->line, "sh")) {
		s->is_script = true;
		s->is_over = false;
	}
	if (!s->is_script || s->is_over)
		return 0;
	if (pass_on(s, n, ends) < 0)
		return -1;
	if (s->state == UNSHAR_SCRIPT)
		return starts ? script_line(s, s->line) : 0;
	if (starts && ends && strcmp(s->line, s->delimiter) == 0 &&
	    strlen(s->line) == n)
		return end_document(s);
	switch (s->state) {
	case UNSHAR_FILE:
		if (put_text(s, s->line, n, starts) < 0)
			return -1;
		s->holds_newline = ends;
		return 0;
	case UNSHAR_UU:
		return put_uu(s, s->line, n, starts, ends);
	case UNSHAR_SUMS:
		if (starts)
			compare_sum(s, s->line);
		return 0;
	default:
		return 0;
	}
}

/* ---- the sink ---- */

static int put(struct sink *sink, const void *data, size_t n)
{
	struct unshar *s = (struct unshar *)sink;
	const char *p = data, *end = p + n;

	while (p < end) {
		size_t room = sizeof(s->line) - 1 - s->held;
		size_t left = (size_t)(end - p);
		const char *lf;
		size_t length;

		if (!room) {
			if (take_line(s, false) < 0)
				return -1;
			continue;
		}
		lf = memchr(p, '\n', left < room ? left : room);
		length = lf ? (size_t)(lf - p) : left < room ? left : room;
		memcpy(s->line + s->held, p, length);
		s->held += length;
		p += length + (lf != NULL);
		if (lf && take_line(s, true) < 0)
			return -1;
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int finish(struct sink *sink)
{
	struct unshar *s = (struct unshar *)sink;

	if ((s->held || s->is_mid_line) && take_line(s, true) < 0)
		return -1;
	if (s->state != UNSHAR_SCRIPT)
		damaged(s, "ends within a here-document");
	if (s->has_uu && sink_close(&s->uu.sink) < 0)
		return -1;
	if (s->has_uu && s->uu.has_data && !s->has_next)
		damaged(s, "has uuencoded data without an end");
	return close_file(s);
}

static const struct sink_ops ops = { .put = put, .close = finish };

void unshar_pass_on(struct unshar *s, struct sink *next)
{
	s->sink.next = next;
}

void unshar_init(struct unshar *s, struct arena *a,
		 const struct unshar_target *target, struct error *f)
{
	memset(s, 0, sizeof(*s));
	s->sink = (struct sink){ .ops = &ops, .error = f };
	s->arena = a;
	s->lock = s->title = "";
	if (target)
		s->target = *target;
}

void unshar_free(struct unshar *s)
{
	if (s->to)
		digest_free(&s->sum);
}
