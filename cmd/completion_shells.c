/* completion_shells.c - the format and quoting of each shell.
 *
 * bash shows no descriptions: its rows are data for a function of
 * contrib/completion/bash. zsh gets specifications for _arguments, fish a
 * command for each row. */
#include <string.h>

#include "completion.h"
#include "config/settings.h"

/* Quoted by '...', with a backslash before each of `escaped`. */
static void put_quoted(struct buf *out, const char *text, const char *escaped)
{
	for (; *text; text++) {
		if (strchr(escaped, *text))
			buf_putc(out, '\\');
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	}
}

/* A name as part of the name of a variable or function. */
static void put_name(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_putc(out, strchr(" -", *name) ? '_' : *name);
}

/* The next word of a list; *list moves past it. */
static size_t next_word(const char **list, const char **word)
{
	size_t n;

	*list += strspn(*list, " ");
	*word = *list;
	n = strcspn(*list, " ");
	*list += n;
	return n;
}

/* "tls=on tls=off ... host= ...", for --set. */
static void put_settings(struct buf *out)
{
	struct arena a = ARENA_INIT;
	const char *word;

	for (const struct setting *s = settings; s->name; s++) {
		const char *words = setting_words(&a, s);

		if (s->kind == SETTING_NONE || s->flags & SETTING_SECRET)
			continue;
		if (!words)
			buf_printf(out, " %s=", s->name);
		for (size_t n; words && (n = next_word(&words, &word));)
			buf_printf(out, " %s=%.*s", s->name, (int)n, word);
	}
	arena_free(&a);
}

/* ---- bash ---- */

static const char *bash_takes(enum completion_takes takes)
{
	static const char *const words[] = {
		[TAKES_NOTHING] = "nothing",	 [TAKES_TEXT] = "text",
		[TAKES_WORDS] = "words",	 [TAKES_FILE] = "file",
		[TAKES_DIRECTORY] = "directory", [TAKES_HOST] = "host",
		[TAKES_ADDRESS] = "address",	 [TAKES_ACCOUNT] = "account",
		[TAKES_SETTING] = "setting",	 [TAKES_ID] = "id",
		[TAKES_COMMAND] = "command",
	};

	return words[takes];
}

static const char *bash_kind(const struct completion_option *o)
{
	if (o->takes == TAKES_NOTHING)
		return "flag";
	if (o->takes_many)
		return "many";
	return o->is_optional ? "optional" : "value";
}

static void bash_table(const struct completion *c, struct buf *out)
{
	buf_puts(out, "\n_mailsend_rows_");
	put_name(out, c->title);
	buf_puts(out, "=(\n");
	for (size_t i = 0; i < c->count; i++) {
		const struct completion_option *o = &c->options[i];

		buf_puts(out, "\t'");
		put_quoted(out, o->forms, "");
		buf_printf(out, "|%s|%s|%s|%s|", bash_kind(o),
			   bash_takes(o->takes), o->words ? o->words : "",
			   o->after);
		put_quoted(out, o->without, "");
		buf_printf(out, "|%s'\n", o->is_hidden ? "hidden" : "");
	}
	buf_puts(out, ")\n_mailsend_bare_");
	put_name(out, c->title);
	buf_puts(out, "=(\n");
	for (size_t i = 0; i < c->bare_count; i++)
		buf_printf(out, "\t'%s|%d|%s|%s'\n", c->bare[i].after,
			   c->bare[i].place, bash_takes(c->bare[i].takes),
			   c->bare[i].words ? c->bare[i].words : "");
	buf_puts(out, ")\n");
}

void completion_bash(const struct completion *c, struct buf *out)
{
	buf_puts(out, "\n_mailsend_settings='");
	put_settings(out);
	buf_puts(out, "'\n");
	bash_table(c, out);
	for (size_t i = 0; i < c->behind_count; i++)
		bash_table(&c->behind[i], out);
	buf_printf(out, "\ncomplete -F _mailsend_complete %s\n", c->name);
}

/* ---- zsh ---- */

static void zsh_action(struct buf *out, enum completion_takes takes,
		       const char *words)
{
	static const char *const actions[] = {
		[TAKES_NOTHING] = " ",
		[TAKES_TEXT] = " ",
		[TAKES_WORDS] = NULL,
		[TAKES_FILE] = "_files",
		[TAKES_DIRECTORY] = "_files -/",
		[TAKES_HOST] = "_hosts",
		[TAKES_ADDRESS] = "_mailsend_addresses",
		[TAKES_ACCOUNT] = "_mailsend_accounts",
		[TAKES_SETTING] = "_mailsend_settings",
		[TAKES_ID] = "_mailsend_ids",
		[TAKES_COMMAND] = "_command_names -e",
	};

	if (!actions[takes])
		buf_printf(out, "(%s)", words);
	else
		buf_printf(out, "%s%s%s", actions[takes], words ? " " : "",
			   words ? words : "");
}

/* How the value of an option is separated. */
static const char *zsh_joint(const struct completion_option *o, bool is_long)
{
	if (o->takes == TAKES_NOTHING)
		return "";
	if (o->is_optional)
		return is_long ? "=-" : "-";
	return is_long ? "=" : "+";
}

static void zsh_value(const struct completion_option *o, struct buf *out)
{
	if (o->takes == TAKES_NOTHING)
		return;
	buf_puts(out, o->is_optional ? "::" : o->takes_many ? ":*-*:" : ":");
	put_quoted(out, o->row->argument ? o->row->argument : "value", "\\:");
	buf_putc(out, ':');
	zsh_action(out, o->takes, o->words);
}

static void zsh_option(const struct completion_option *o, struct buf *out)
{
	const char *rest = o->forms, *form;

	for (size_t n; (n = next_word(&rest, &form));) {
		bool is_long = n > 2 && form[1] == '-';
		char name[64];

		if (n >= sizeof(name))
			continue;
		memcpy(name, form, n);
		name[n] = '\0';
		buf_printf(out, "\t\t'%s", o->is_hidden ? "!" : "");
		if (*o->without) {
			buf_putc(out, '(');
			put_quoted(out, o->without, "");
			buf_putc(out, ')');
		}
		if (o->is_repeated)
			buf_putc(out, '*');
		put_quoted(out, name, ":\\+=[");
		buf_printf(out, "%s[", zsh_joint(o, is_long));
		put_quoted(out, o->row->help, "\\[]:");
		buf_putc(out, ']');
		zsh_value(o, out);
		buf_puts(out, "'\n");
	}
}

/* Empty where there is nothing to offer: a message would hide the options. */
static void zsh_word(const struct completion_bare *b, struct buf *out)
{
	if (b->takes == TAKES_NOTHING)
		return;
	if (b->place)
		buf_printf(out, "'%d", b->place);
	else
		buf_puts(out, "'*");
	buf_printf(out, ":%s:", bash_takes(b->takes));
	zsh_action(out, b->takes, b->words);
	buf_putc(out, '\'');
}

/* The row for that position, 0 for any other. */
static void zsh_bare(const struct completion *c, int place, struct buf *out)
{
	const char *next = "\tif";

	for (size_t i = 0; i < c->bare_count; i++) {
		const struct completion_bare *b = &c->bare[i];

		if (b->place != place)
			continue;
		buf_printf(out, "%s %s %s; then\n\t\tspecs+=(", next,
			   *b->after ? "_mailsend_after" : "true", b->after);
		zsh_word(b, out);
		buf_puts(out, ")\n");
		next = "\telif";
	}
	if (strcmp(next, "\tif") != 0)
		buf_puts(out, "\tfi\n");
}

static void zsh_function(const struct completion *c, struct buf *out)
{
	const char *last = "";

	buf_puts(out, "\n_mailsend_of_");
	put_name(out, c->title);
	buf_puts(out, "() {\n\tlocal -a specs\n\n\tspecs=(\n");
	for (size_t i = 0; i < c->count; i++)
		if (!*c->options[i].after)
			zsh_option(&c->options[i], out);
	buf_puts(out, "\t)\n");
	for (size_t i = 0; i < c->count; i++) {
		const struct completion_option *o = &c->options[i];

		if (!*o->after)
			continue;
		if (strcmp(o->after, last) != 0) {
			buf_puts(out, *last ? "\t)\n" : "");
			if (strcmp(o->after, "^") == 0)
				buf_puts(out, "\t(( CURRENT == 2 ))");
			else
				buf_printf(out, "\t_mailsend_after %s",
					   o->after);
			buf_puts(out, " && specs+=(\n");
			last = o->after;
		}
		zsh_option(o, out);
	}
	buf_puts(out, *last ? "\t)\n" : "");
	zsh_bare(c, 1, out);
	zsh_bare(c, 2, out);
	zsh_bare(c, 0, out);
	/* sendmail's letters have joined values */
	buf_printf(out, "\t_arguments %s-S : $specs\n}\n",
		   strcmp(c->name, "sendmail") == 0 ? "" : "-s ");
}

void completion_zsh(const struct completion *c, struct buf *out)
{
	buf_puts(out, "\ntypeset -g _mailsend_setting_words='");
	put_settings(out);
	buf_puts(out, "'\n");
	zsh_function(c, out);
	for (size_t i = 0; i < c->behind_count; i++) {
		zsh_function(&c->behind[i], out);
		buf_printf(out,
			   "\nif (( CURRENT > 2 )) && [[ $words[2] == %s ]]; "
			   "then\n\tshift words\n\t(( CURRENT-- ))\n"
			   "\t_mailsend_of_",
			   c->behind[i].first);
		put_name(out, c->behind[i].title);
		buf_puts(out, "\n\treturn\nfi\n");
	}
	buf_puts(out, "\n_mailsend_of_");
	put_name(out, c->title);
	buf_putc(out, '\n');
}

/* ---- fish ---- */

static void fish_quoted(struct buf *out, const char *text)
{
	buf_putc(out, '\'');
	for (; *text; text++) {
		if (strchr("\\'", *text))
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
	buf_putc(out, '\'');
}

static void fish_values(struct buf *out, enum completion_takes takes,
			const char *words)
{
	static const char *const values[] = {
		[TAKES_HOST] = "(__fish_print_hostnames)",
		[TAKES_ADDRESS] = "(__mailsend_addresses)",
		[TAKES_ACCOUNT] = "(__mailsend_accounts)",
		[TAKES_SETTING] = "(__mailsend_settings)",
		[TAKES_ID] = "(__mailsend_ids)",
		[TAKES_DIRECTORY] = "(__fish_complete_directories)",
		[TAKES_COMMAND] = "(__fish_complete_command)",
	};

	if (takes == TAKES_FILE) {
		buf_puts(out, " -F");
		return;
	}
	if (takes != TAKES_WORDS)
		words = takes < sizeof(values) / sizeof(*values) ? values[takes]
								 : NULL;
	buf_puts(out, " -f");
	if (!words)
		return;
	buf_puts(out, " -a ");
	fish_quoted(out, words);
}

static void fish_forms(const struct completion_option *o, struct buf *out)
{
	const char *rest = o->forms, *form;

	for (size_t n; (n = next_word(&rest, &form));) {
		bool is_long = n > 2 && form[1] == '-';

		buf_puts(out, is_long ? " -l " : n == 2 ? " -s " : " -o ");
		buf_printf(out, "'%.*s'", (int)n - (is_long ? 2 : 1),
			   form + (is_long ? 2 : 1));
	}
}

static void fish_head(const char *name, const char *when, const char *condition,
		      struct buf *out)
{
	buf_printf(out, "complete -c %s", name);
	if (*when || *condition)
		buf_printf(out, " -n \"%s%s%s\"", when,
			   *when && *condition ? "; and " : "", condition);
}

static void fish_option(const char *name, const char *when,
			const struct completion_option *o, struct buf *out)
{
	struct buf condition = BUF_INIT(COMPLETION_MAX);
	const char *without = o->without;

	/* it is already typed while its value is completed */
	if (o->takes != TAKES_NOTHING && !o->is_optional && !o->is_repeated)
		without += strlen(o->forms);
	if (o->is_hidden)
		buf_puts(&condition, "false");
	else if (*o->after || *without)
		buf_printf(&condition, "__mailsend_can '%s' '%s'", o->after,
			   without + strspn(without, " "));
	fish_head(name, when, condition.data, out);
	buf_free(&condition);
	fish_forms(o, out);
	if (o->takes != TAKES_NOTHING) {
		if (!o->is_optional)
			buf_puts(out, " -r");
		fish_values(out, o->takes, o->words);
	}
	buf_puts(out, " -d ");
	fish_quoted(out, o->row->help);
	buf_putc(out, '\n');
}

/* Options that take any number of files. */
static void put_many(const struct completion *c, struct buf *out)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->options[i].takes_many)
			buf_printf(out, " %s", c->options[i].forms);
}

static void fish_at(const struct completion *c, const struct completion_bare *b,
		    const char *word, struct buf *out)
{
	if (!*b->after && !b->place)
		return;
	buf_printf(out, "; and %s__mailsend_at %d '", word, b->place);
	for (size_t i = 0; b->place && i < c->count; i++)
		if (c->options[i].takes != TAKES_NOTHING &&
		    !c->options[i].is_optional)
			buf_printf(out, "%s ", c->options[i].forms);
	buf_printf(out, "' %s", b->after);
}

static void fish_bare(const char *name, const char *when,
		      const struct completion *c, struct buf *out)
{
	struct buf before = BUF_INIT(COMPLETION_MAX);
	size_t length;

	buf_puts(&before, "not __mailsend_many");
	put_many(c, &before);
	for (size_t i = 0; i < c->bare_count; i++) {
		const struct completion_bare *b = &c->bare[i];

		length = before.len;
		fish_at(c, b, "", &before);
		fish_head(name, when, before.data, out);
		fish_values(out, b->takes, b->words);
		buf_putc(out, '\n');
		buf_truncate(&before, length);
		fish_at(c, b, "not ", &before);
	}
	buf_reset(&before);
	buf_puts(&before, "__mailsend_many");
	length = before.len;
	put_many(c, &before);
	if (before.len > length) {
		fish_head(name, when, before.data, out);
		buf_puts(out, " -F\n");
	}
	buf_free(&before);
}

static void fish_table(const char *name, const char *when,
		       const struct completion *c, struct buf *out)
{
	for (size_t i = 0; i < c->count; i++)
		fish_option(name, when, &c->options[i], out);
	fish_bare(name, when, c, out);
}

void completion_fish(const struct completion *c, struct buf *out)
{
	struct buf other = BUF_INIT(COMPLETION_MAX);

	buf_puts(out, "\nset -g __mailsend_setting_words");
	put_settings(out);
	buf_printf(out, "\n\ncomplete -c %s -f\n", c->name);
	buf_puts(&other, c->behind_count ? "not __mailsend_behind" : "");
	for (size_t i = 0; i < c->behind_count; i++)
		buf_printf(&other, " %s", c->behind[i].first);
	fish_table(c->name, other.data, c, out);
	for (size_t i = 0; i < c->behind_count; i++) {
		buf_reset(&other);
		buf_printf(&other, "__mailsend_behind %s", c->behind[i].first);
		fish_table(c->name, other.data, &c->behind[i], out);
	}
	buf_free(&other);
}
