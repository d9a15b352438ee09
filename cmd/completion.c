/* completion.c - option tables as data for shell completion.
 *
 * Command lines of one option, then of each two, are parsed by the real table
 * and checked against the real list of conflicts.  An option that is valid only
 * with another that selects a command (--due with --flush) is offered after
 * that; two that are valid alone and never together exclude each other. */
#include "completion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "config/settings.h"
#include "output.h"
#include "persona/conflicts.h"
#include "persona/personas.h"
#include "persona/setters.h"
#include "reader.h"

#define OPTIONS_MAX 256

static const struct completion_bare addresses[] = {
	{ "", 0, TAKES_ADDRESS, NULL },
};
static const struct completion_bare of_mailsend[] = {
	{ "--flush", 0, TAKES_ID, NULL },
	{ "--login --logout --token", 0, TAKES_ACCOUNT, NULL },
	{ "--talk --setup-queue --show-config --serve --resume --resend", 0,
	  TAKES_NOTHING, NULL },
	{ "", 0, TAKES_ADDRESS, NULL },
};
static const struct completion_bare of_mailq[] = {
	{ "--hold --release --retry --delete", 0, TAKES_ID, "ALL" },
	{ "", 0, TAKES_ID, NULL },
};
static const struct completion_bare of_run[] = {
	{ "--", 0, TAKES_COMMAND, NULL },
	{ "--list --missed", 0, TAKES_NOTHING, NULL },
	{ "", 0, TAKES_ADDRESS, NULL },
};
static const struct completion_bare of_newaliases[] = {
	{ "", 0, TAKES_NOTHING, NULL },
};
static const struct completion_bare of_mailjoin[] = {
	{ "", 0, TAKES_FILE, NULL },
};
static const struct completion_bare of_mailget[] = {
	{ "--talk --raw", 2, TAKES_NOTHING, NULL },
	{ "", 2, TAKES_WORDS, "list show top save attachments delete fetch" },
	{ "", 0, TAKES_FILE, NULL },
};

#define BARE(list) (list), sizeof(list) / sizeof(*(list))
#define SENDS	   (CONFLICTS_MAIL | CONFLICTS_DRAFT)

/* The conflicts of mailget and mailjoin are checked in their finish function.
 */
static const struct program {
	const char *name;
	const struct persona *persona;
	const struct completion_bare *bare;
	size_t bare_count;
	enum conflicts_of conflicts;
	bool is_reader;
} programs[] = {
	{ "mailsend", &persona_mailsend, BARE(of_mailsend),
	  CONFLICTS_MAILSEND | CONFLICTS_DRAFT, false },
	{ "mailsend --mailq", &persona_mailsend_mailq, BARE(of_mailq),
	  CONFLICTS_MAILQ, false },
	{ "mailsend --run", &persona_mailsend_run, BARE(of_run), CONFLICTS_RUN,
	  false },
	{ "sendmail", &persona_sendmail, BARE(addresses), CONFLICTS_SENDMAIL,
	  false },
	{ "mailq", &persona_mailq, BARE(of_mailq), CONFLICTS_MAILQ, false },
	{ "newaliases", &persona_newaliases, BARE(of_newaliases), 0, false },
	{ "mail", &persona_mail, BARE(addresses), SENDS, false },
	{ "mailx", &persona_mailx, BARE(addresses), SENDS, false },
	{ "mutt", &persona_mutt, BARE(addresses), SENDS, false },
	{ "neomutt", &persona_neomutt, BARE(addresses), SENDS, false },
	{ "msmtp", &persona_msmtp, BARE(addresses), CONFLICTS_MSMTP, false },
	{ "mailjoin", &persona_mailjoin, BARE(of_mailjoin), 0, true },
	{ "mailget", &persona_mailget, BARE(of_mailget), 0, true },
};

/* ---- what an option takes ---- */

static bool is_enumeration(const char *argument)
{
	return argument && strchr(argument, '|') &&
	       !argument[strspn(argument, "abcdefghijklmnopqrstuvwxyz_|")];
}

static const struct setting *setting_of(struct arena *a,
					const struct option_row *row)
{
	char *name = arena_dup(a, row->name ? row->name : "");

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return setting_find(name);
}

static const char *words_of(struct arena *a, const struct option_row *row)
{
	const struct setting *s = setting_of(a, row);
	char *words;

	if (row->words)
		return row->words;
	if (row->kind == OPTION_FLAG)
		return NULL;
	if (row->kind == OPTION_OPTIONAL && row->argument &&
	    !row->argument[strspn(row->argument, "abcdefghijklmnopqrstuvwxyz")])
		return row->argument;
	if (!is_enumeration(row->argument))
		return s ? setting_words(a, s) : NULL;
	words = arena_dup(a, row->argument);
	for (char *p = words; *p; p++)
		if (*p == '|')
			*p = ' ';
	return words;
}

static enum completion_takes takes_of(struct arena *a,
				      const struct option_row *row)
{
	const struct setting *s = setting_of(a, row);
	const char *argument = row->argument ? row->argument : "";

	if (row->kind == OPTION_FLAG)
		return TAKES_NOTHING;
	if (words_of(a, row))
		return TAKES_WORDS;
	if (row->set == set_any)
		return TAKES_SETTING;
	if (row->field == OPTION_FIELD(account))
		return TAKES_ACCOUNT;
	if (strcmp(argument, "DIR") == 0)
		return TAKES_DIRECTORY;
	if (row->kind == OPTION_FILE || (s && setting_is_path(s)) ||
	    strncmp(argument, "FILE", 4) == 0)
		return TAKES_FILE;
	if (row->set == set_list || row->set == set_from ||
	    (strcmp(argument, "ADDRESS") == 0 && !s))
		return TAKES_ADDRESS;
	return strcmp(argument, "HOST") == 0 ? TAKES_HOST : TAKES_TEXT;
}

/* ---- a command line, tried ---- */

struct trial {
	struct arena *arena;
	const struct program *program;
	struct persona persona;
};

/* Room for the structs that rows of mailget and mailjoin fill. */
union room {
	struct cmdline cmdline;
	char octets[1024 * 1024];
};

static int begin(const struct trial *t, union room *room, char **argv,
		 struct error *f)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(room, 0, sizeof(*room));
	cmdline_init(&room->cmdline);
	return options_parse(&t->persona, argc, argv, &room->cmdline, t->arena,
			     f);
}

/* Other options are ignored with it. */
static bool ends_reading(enum command_kind kind)
{
	return kind == COMMAND_HELP || kind == COMMAND_HELP_ALL ||
	       kind == COMMAND_VERSION;
}

/* Is the command line valid, and which command is it? */
static bool is_right(const struct trial *t, char **argv,
		     enum command_kind *kind)
{
	union room *room = calloc(1, sizeof(*room));
	struct error f = ERROR_INIT;
	struct options_run run = { .persona = &t->persona };
	int r;

	if (!room)
		return false;
	r = begin(t, room, argv, &f);
	run.cmdline = &room->cmdline;
	*kind = room->cmdline.kind;
	if (r == 0 && !ends_reading(*kind))
		r = conflicts_check(&run, t->program->conflicts, &f);
	free(room);
	return r == 0;
}

/* An option as it is written: one or two words. */
struct sample {
	char *words[2];
	bool is_right;	 /* it is valid alone */
	bool is_known;	 /* a valid value was found */
	bool is_command; /* alone it selects a command */
};

static size_t put_sample(const struct sample *s, char **argv, size_t n)
{
	for (size_t i = 0; i < 2 && s->words[i]; i++)
		argv[n++] = s->words[i];
	return n;
}

static bool try_two(const struct trial *t, const struct sample *one,
		    const struct sample *other, enum command_kind *kind)
{
	char *argv[] = {
		(char *)t->persona.name, NULL, NULL, NULL, NULL, NULL, NULL
	};
	size_t n = put_sample(one, argv, 1);

	if (other)
		n = put_sample(other, argv, n);
	/* their argument ends the parsing */
	if (t->program->is_reader)
		argv[n] = (char *)"x";
	return is_right(t, argv, kind);
}

static char *form_of(struct arena *a, const struct option_row *row)
{
	return row->name ? arena_format(a, "--%s", row->name)
			 : arena_format(a, "-%c", row->letter);
}

static bool is_value(const struct trial *t, const char *form, const char *value)
{
	struct error f = ERROR_INIT;
	union room *room = calloc(1, sizeof(*room));
	struct trial first = *t;
	char *argv[] = { (char *)t->persona.name, (char *)form, (char *)value,
			 NULL };
	bool result;

	if (!room)
		return false;
	first.persona.finish = NULL;
	result = begin(&first, room, argv, &f) == 0;
	free(room);
	return result;
}

/* The first of some common values that the option accepts. */
static const char *find_value(const struct trial *t,
			      const struct completion_option *o,
			      const char *form)
{
	static const char *const usual[] = { "a@example.org",
					     "5m",
					     "1",
					     "25",
					     "tls=on",
					     "X-A: b",
					     "cc: a@example.org",
					     "text/plain",
					     "/dev/null",
					     "@0",
					     "0123456789abcdef0123456789abcdef",
					     "x" };

	if (o->words) {
		const char *first =
			arena_dup_n(t->arena, o->words, strcspn(o->words, " "));

		if (is_value(t, form, first))
			return first;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (is_value(t, form, usual[i]))
			return usual[i];
	return NULL;
}

static struct sample sample_of(const struct trial *t,
			       const struct completion_option *o)
{
	struct sample s = { .words = { form_of(t->arena, o->row) },
			    .is_known = true };
	enum command_kind usual, kind;
	const struct sample none = { .is_right = false };

	try_two(t, &none, NULL, &usual);
	if (o->row->kind == OPTION_TEXT || o->row->kind == OPTION_FILE) {
		s.words[1] = (char *)find_value(t, o, s.words[0]);
		s.is_known = s.words[1] != NULL;
	}
	if (!s.is_known)
		return s;
	s.is_right = try_two(t, &s, NULL, &kind);
	s.is_command = kind != usual;
	s.is_known = !ends_reading(kind);
	return s;
}

/* ---- what goes with what ---- */

static const char *add_words(struct arena *a, const char *list,
			     const char *words)
{
	return *list ? arena_format(a, "%s %s", list, words) : words;
}

static bool go_together(const struct trial *t, const struct sample *one,
			const struct sample *other)
{
	enum command_kind kind;

	return try_two(t, one, other, &kind) || try_two(t, other, one, &kind);
}

static bool is_usable(const struct completion_option *o, const struct sample *s)
{
	return !o->is_hidden && s->is_known;
}

/* The commands that make it valid; none if another option does. */
static const char *find_after(const struct trial *t, const struct completion *c,
			      size_t i, const struct sample *samples)
{
	const char *after = "";

	/* an option whose value decides is offered before that is typed */
	if (samples[i].is_right || t->program->is_reader)
		return after;
	for (size_t k = 0; k < c->count; k++) {
		if (k == i || !is_usable(&c->options[k], &samples[k]) ||
		    !go_together(t, &samples[i], &samples[k]))
			continue;
		if (!samples[k].is_command)
			return "";
		after = add_words(t->arena, after, c->options[k].forms);
	}
	return after;
}

static const char *find_without(const struct trial *t,
				const struct completion *c, size_t i,
				const struct sample *samples)
{
	const struct completion_option *o = &c->options[i];
	/* itself first (completion_shells.c) */
	const char *without = o->is_repeated ? "" : o->forms;

	if (!samples[i].is_right)
		return without;
	for (size_t k = 0; k < c->count; k++)
		if (k != i && is_usable(&c->options[k], &samples[k]) &&
		    samples[k].is_right &&
		    !go_together(t, &samples[i], &samples[k]))
			without = add_words(t->arena, without,
					    c->options[k].forms);
	return without;
}

static void relate(const struct trial *t, struct completion *c)
{
	struct sample *samples =
		arena_array(t->arena, c->count, sizeof(*samples));

	for (size_t i = 0; i < c->count; i++)
		samples[i] = sample_of(t, &c->options[i]);
	for (size_t i = 0; i < c->count; i++) {
		struct completion_option *o = &c->options[i];

		if (!is_usable(o, &samples[i]))
			continue;
		o->after = find_after(t, c, i, samples);
		o->without = find_without(t, c, i, samples);
	}
}

/* ---- the table ---- */

static const char *forms_of(struct arena *a, const struct option_row *row)
{
	const char *forms = "";

	if (row->letter)
		forms = arena_format(a, "-%c", row->letter);
	if (row->other_letter)
		forms = add_words(a, forms,
				  arena_format(a, "-%c", row->other_letter));
	if (row->name)
		forms = add_words(a, forms, arena_format(a, "--%s", row->name));
	return forms;
}

static struct completion_option *add_option(struct completion *c,
					    const struct option_row *row)
{
	struct completion_option *o = &c->options[c->count];

	if (c->count == OPTIONS_MAX)
		return NULL;
	c->count++;
	o->row = row;
	o->after = o->without = "";
	return o;
}

/* "-bp", as the value of a letter can only be joined to it. */
static void add_joined(struct arena *a, struct completion *c,
		       const struct option_row *row)
{
	for (const char *p = row->words; *p; p += *p == ' ') {
		struct completion_option *o = add_option(c, row);
		size_t n = strcspn(p, " ");

		if (!o)
			return;
		o->forms = arena_format(a, "-%c%.*s", row->letter, (int)n, p);
		o->without = o->forms;
		p += n;
	}
}

static void add_row(struct arena *a, struct completion *c,
		    const struct option_row *row)
{
	bool is_joined =
		row->kind == OPTION_OPTIONAL && !row->name && row->words;
	struct completion_option *o = add_option(c, row);

	if (!o)
		return;
	o->forms = forms_of(a, row);
	o->takes = takes_of(a, row);
	o->words = words_of(a, row);
	o->is_optional = row->kind == OPTION_OPTIONAL;
	o->is_repeated = row->kind != OPTION_FLAG && !row->field;
	o->takes_many =
		row->kind == OPTION_FILE && strstr(row->argument, "...");
	o->is_hidden = row->refusal || is_joined ||
		       strncmp(row->help, "ignored", 7) == 0;
	if (is_joined)
		add_joined(a, c, row);
}

static bool is_behind(const struct program *p)
{
	return strncmp(p->name, "mailsend --", 11) == 0;
}

static bool is_first_word(const struct program *p,
			  const struct completion_option *o)
{
	for (size_t i = 0; p->persona == &persona_mailsend &&
			   i < sizeof(programs) / sizeof(*programs);
	     i++)
		if (is_behind(&programs[i]) &&
		    strcmp(strstr(programs[i].name, "--"), o->forms) == 0)
			return true;
	return false;
}

static void make(struct arena *a, const struct program *p, struct completion *c)
{
	struct trial t = { .arena = a, .program = p, .persona = *p->persona };
	struct option_walk w;

	*c = (struct completion){
		.name = p->name,
		.title = p->name,
		.first = strstr(p->name, "--"),
		.options = arena_array(a, OPTIONS_MAX, sizeof(*c->options)),
		.bare = p->bare,
		.bare_count = p->bare_count,
	};
	for (const struct option_row *row = option_first(&w, p->persona->rows);
	     row; row = option_next(&w))
		if (row->kind != OPTION_HEADING)
			add_row(a, c, row);
	if (!p->is_reader)
		t.persona.finish = NULL;
	relate(&t, c);
	for (size_t i = 0; i < c->count; i++)
		if (is_first_word(p, &c->options[i]))
			c->options[i].after = "^";
}

/* ---- all of it ---- */

static const struct program *find_program(const char *name)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}

static const struct {
	const char *name;
	void (*write)(const struct completion *c, struct buf *out);
} shells[] = { { "bash", completion_bash },
	       { "zsh", completion_zsh },
	       { "fish", completion_fish } };

static int write_for(const char *shell, const struct completion *c,
		     struct error *f)
{
	struct buf out = BUF_INIT(COMPLETION_MAX);
	int r = -1;

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(c, &out);
			r = output_put(&out, f);
		}
	buf_free(&out);
	return r;
}

int main(int argc, char **argv)
{
	struct arena arena = ARENA_INIT;
	struct completion c, behind[sizeof(programs) / sizeof(*programs)];
	struct error f = ERROR_INIT;
	const struct program *p = argc == 3 ? find_program(argv[2]) : NULL;
	int r = -1;

	log_silence(); /* command lines tried */
	if (p) {
		make(&arena, p, &c);
		c.behind = behind;
		for (size_t i = 0; p->persona == &persona_mailsend &&
				   i < sizeof(programs) / sizeof(*programs);
		     i++)
			if (is_behind(&programs[i]))
				make(&arena, &programs[i],
				     &behind[c.behind_count++]);
		r = write_for(argv[1], &c, &f);
	}
	if (r < 0)
		fprintf(stderr, "completion: %s\n",
			error_is_set(&f) ? f.text
					 : "usage: bash|zsh|fish NAME");
	arena_free(&arena);
	return r < 0;
}
