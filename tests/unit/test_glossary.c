/* test_glossary.c - the form of all of contrib/glossary, nothing in it twice;
 * the replies in it come to their entries, and no row is hidden behind another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "config/settings.h"
#include "net/glossary.h"

/* ---- replies that were seen ---- */

#define LINE 1024

static const char *first_line(void)
{
	return glossary_line_after(glossary_text);
}

/* "HOST CODE ENHANCED TEXT", with - for none; cuts the line up. */
static bool find_seen(char *line, struct advice *out)
{
	char *host = strtok(line, " "), *code = strtok(NULL, " ");
	char *esc = strtok(NULL, " "), *text = strtok(NULL, "\n");

	assert_non_null(text);
	assert_true(strlen(code) == 3 && strtol(code, NULL, 10) >= 400);
	return glossary_advice_find((int)strtol(code, NULL, 10),
				    strcmp(esc, "-") ? esc : "", text,
				    strcmp(host, "-") ? host : NULL, out);
}

static FILE *open_source(void)
{
	FILE *file = fopen("contrib/glossary", "r");

	if (!file)
		fail_msg("contrib/glossary: run it where that is");
	return file;
}

/* They are left out of what is compiled in. */
static void each_reply_comes_to_its_entry(void **state)
{
	char line[LINE], shown[LINE], name[LINE] = "";
	FILE *file = open_source();
	struct advice a;
	size_t count = 0;

	(void)state;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "advice %1000s", name) == 1 ||
		    strncmp(line, "  as ", 5) != 0)
			continue;
		memcpy(shown, line, sizeof(line));
		if (!find_seen(line + 5, &a))
			fail_msg("nothing is known of %s", shown);
		if (strcmp(a.name, name) != 0)
			fail_msg("it comes to %s: %s", a.name, shown);
		count++;
	}
	fclose(file);
	assert_true(count > 80);
}

/* Does one of those that were seen come to it? */
static bool is_reached(const char *row)
{
	char line[LINE];
	FILE *file = open_source();
	struct advice a;
	bool is_hit = false;

	while (!is_hit && fgets(line, sizeof(line), file))
		is_hit = !strncmp(line, "  as ", 5) &&
			 find_seen(line + 5, &a) && a.row == row;
	fclose(file);
	return is_hit;
}

static void no_row_is_hidden(void **state)
{
	(void)state;
	for (const char *l = first_line(); *l; l = glossary_line_after(l))
		if (!strncmp(l, " reply ", 7) && !is_reached(l + 7))
			fail_msg("give a reply that comes to %s", l);
}

static void what_explains_itself_has_none(void **state)
{
	struct advice a;

	(void)state;
	assert_false(
		glossary_advice_find(554, "", "Transaction failed", NULL, &a));
	assert_false(
		glossary_advice_find(550, "", "no", "mail.example.org", &a));
	assert_false(glossary_advice_find(550, "", "we take marbles alone",
					  NULL, &a));
}

static void a_host_is_a_whole_name(void **state)
{
	static const struct {
		const char *host, *name;
	} rows[] = {
		{ "notgmail.com", "wrong-password" },
		{ "SMTP.GMail.com", "gmail-password" },
		{ "com", "wrong-password" },
	};
	struct advice a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(glossary_advice_find(535, "5.7.8", "no",
						 rows[i].host, &a));
		assert_string_equal(a.name, rows[i].name);
	}
}

/* An address in the sentence is nobody's word. */
static void of_a_error(void **state)
{
	struct error f = ERROR_INIT;
	struct advice a;

	(void)state;
	error_set(&f, ERROR_NOUSER,
		  "recipient spamhaus@example.org was refused: 550 5.1.1 no");
	f.reply = 550;
	memcpy(f.esc, "5.1.1", 6);
	assert_true(glossary_advice_of(&f, "x", &a));
	assert_string_equal(a.name, "unknown-user");
	f.reply = 0;
	assert_false(glossary_advice_of(&f, "x", &a));
	f.reply = 551;
	assert_false(glossary_advice_of(&f, "x", &a));
}

static void of_what_no_server_said(void **state)
{
	struct advice a;

	(void)state;
	assert_true(glossary_cause("port-25-no-answer", &a));
	assert_non_null(strstr(a.settings, "port"));
	assert_false(glossary_cause("port-25", &a));
	assert_true(glossary_cause_of_chain(20, &a));
	assert_string_equal(a.name, "certificate-unknown-ca");
	assert_false(glossary_cause_of_chain(0, &a));
	assert_true(glossary_cause_of_handshake("x: Wrong Version Number", &a));
	assert_string_equal(a.name, "tls-not-at-once");
}

/* ---- words ---- */

static void replies_in_words(void **state)
{
	static const struct {
		int code;
		const char *esc, *word;
	} cases[] = {
		{ 354, "", "lone dot" },
		{ 250, "2.1.0", "done" },
		{ 550, "5.1.1", "no such mailbox" },
		{ 450, "4.2.2", "full" },
		{ 421, "", "later" },
		{ 599, "", "refused" },
		{ 550, "5.99.99", "refused" },
		{ 550, "5.7.1", "relay" },
		{ 550, "5.7.13", "refused" },
		{ 535, "", "password" },
	};
	struct buf out = BUF_INIT(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		glossary_reply(cases[i].code, cases[i].esc, &out);
		assert_non_null(strstr(out.data, cases[i].word));
	}
	buf_reset(&out);
	glossary_reply(199, "", &out);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void words_of_a_protocol(void **state)
{
	struct glossary_verb v;

	(void)state;
	assert_non_null(strstr(glossary_response("NO [OVERQUOTA] x"), "full"));
	assert_null(glossary_response("NO OVERQUOTA"));
	assert_int_equal(glossary_response_cause("[LOGIN-DELAY 9] wait"),
			 ERROR_TEMPORARY);
	assert_int_equal(glossary_response_cause("[AUTH] no"),
			 ERROR_PERMISSION);
	assert_int_equal(glossary_response_cause("see [AUTH]"),
			 ERROR_UNAVAILABLE);
	assert_int_equal(glossary_response_cause("[OVERQUOTA] x"),
			 ERROR_UNAVAILABLE);
	assert_non_null(strstr(glossary_extension("smtp", "size 10"), "1870"));
	assert_non_null(glossary_extension("smtp", "AUTH=LOGIN"));
	assert_non_null(glossary_extension("IMAP", "UTF8=ACCEPT"));
	assert_null(glossary_extension("smtp", "XSIZE"));
	assert_null(glossary_extension("smtp", ""));
	assert_true(glossary_is_unused("smtp", "ETRN"));
	assert_false(glossary_is_unused("smtp", "SIZE 1"));
	assert_true(glossary_verb("SMTP", "rcpt to", 4, &v));
	assert_string_equal(v.name, "RCPT");
	assert_string_equal(v.source, "RFC 5321 4.1.1.3");
	assert_false(glossary_verb("smtp", "RCP", 3, NULL));
	assert_false(glossary_verb("pop3", "RCPT", 4, NULL));
	assert_true(glossary_verb_near("smtp", "RCTP", 4, &v));
	assert_string_equal(v.name, "RCPT");
	assert_false(glossary_verb_near("smtp", "XYZZYPLUGH", 10, &v));
	assert_non_null(strstr(glossary_word("smtp", "5.1.1"), "mailbox"));
	assert_non_null(glossary_word("smtp", "550"));
	assert_non_null(glossary_word("pop3", "overquota"));
	assert_null(glossary_word("smtp", "1.1.1.1"));
}

/* ---- the form ---- */

static const struct kind {
	const char *name;
	const char *attributes; /* those it may have */
	size_t words;		/* of its name */
	bool has_text;
} kinds[] = {
	{ "code", "", 1, true },
	{ "detail", "", 1, true },
	{ "response", "cause", 1, true },
	{ "extension", "missing unused", 2, true },
	{ "verb", "form see", 2, true },
	{ "advice", "reply at why do settings sure", 1, false },
	{ "cause", "verify tls why do settings", 1, false },
};

static bool is_listed(const char *list, const char *word, size_t n)
{
	for (size_t k; *list; list += k + (list[k] == ' ')) {
		k = strcspn(list, " ");
		if (k == n && !memcmp(list, word, n))
			return true;
	}
	return false;
}

static const struct kind *kind_of(const char *line)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcspn(line, " ") == strlen(kinds[i].name) &&
		    !strncmp(line, kinds[i].name, strlen(kinds[i].name)))
			return &kinds[i];
	fail_msg("no kind: %s", line);
	return NULL;
}

/* Octets of the kind and the name. */
static size_t key_length(const struct kind *k, const char *line)
{
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < k->words; i++) {
		if (!line[n] || line[n + 1] == ' ')
			fail_msg("no name: %s", line);
		n += 1 + strcspn(line + n + 1, " ");
	}
	return n;
}

/* Half a sentence, in ASCII, without what a terminal would obey. */
static void check_text(const char *line, const char *text)
{
	size_t n = strlen(text);

	if (!n || text[n - 1] == '.' || text[n - 1] == ' ' || *text == ' ' ||
	    strstr(text, "  "))
		fail_msg("not half a sentence: %s", line);
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			fail_msg("not plain text: %s", line);
}

static void check_settings(const char *line, const char *names)
{
	for (size_t n; *names; names += n + (names[n] == ' ')) {
		char name[64];

		n = strcspn(names, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		if (!setting_find(name))
			fail_msg("no setting %s: %s", name, line);
	}
}

/* "535 5.7.8 words": a code or *, a code or a beginning of one or *. */
static void check_reply(const char *line, const char *row)
{
	size_t code = strcspn(row, " "), esc;

	if (!(code == 1 && *row == '*') &&
	    !(code == 3 && strspn(row, "0123456789") == 3 && *row >= '4'))
		fail_msg("no code: %s", line);
	row += code + (row[code] == ' ');
	esc = strcspn(row, " ");
	if (!(esc == 1 && *row == '*') &&
	    !(esc >= 4 && strspn(row, "0123456789.") == esc && row[1] == '.'))
		fail_msg("no enhanced code: %s", line);
	row += esc + (row[esc] == ' ');
	if (code == 1 && esc == 1 && !*row)
		fail_msg("anything would fit: %s", line);
	if (strstr(row, "||") || strstr(row, " |") || strstr(row, "| "))
		fail_msg("an empty word: %s", line);
}

static void check_attribute(const struct kind *k, const char *line)
{
	size_t n = strcspn(line + 1, " ");
	const char *value = line + 1 + n + (line[1 + n] == ' ');
	enum error_cause cause;

	if (!is_listed(k->attributes, line + 1, n))
		fail_msg("a %s has no such line: %s", k->name, line);
	if (is_listed("unused sure", line + 1, n) != !*value)
		fail_msg("a value too many, or none: %s", line);
	if (*value && !is_listed("form reply", line + 1, n))
		check_text(line, value);
	if (is_listed("settings", line + 1, n))
		check_settings(line, value);
	if (is_listed("cause", line + 1, n) && !error_cause_of(value, &cause))
		fail_msg("no cause: %s", line);
	if (is_listed("reply", line + 1, n))
		check_reply(line, value);
}

static void every_line_has_its_form(void **state)
{
	const struct kind *k = NULL;
	size_t entries = 0;

	(void)state;
	for (const char *l = first_line(); *l; l = glossary_line_after(l)) {
		if (*l == ' ') {
			assert_non_null(k);
			check_attribute(k, l);
			continue;
		}
		k = kind_of(l);
		entries++;
		if (k->has_text)
			check_text(l, l + key_length(k, l) + 1);
		else if (l[key_length(k, l)])
			fail_msg("a name is one word: %s", l);
	}
	assert_true(entries > 250);
}

/* Advice may come by one name with other words; nothing else is there twice. */
static void nothing_stands_there_twice(void **state)
{
	(void)state;
	for (const char *l = first_line(); *l; l = glossary_line_after(l)) {
		const struct kind *k;
		size_t n;

		if (*l == ' ' || !strncmp(l, "advice ", 7))
			continue;
		k = kind_of(l);
		n = key_length(k, l);
		for (const char *m = glossary_line_after(l); *m;
		     m = glossary_line_after(m))
			if (!strncmp(l, m, n) && (!m[n] || m[n] == ' '))
				fail_msg("twice: %s", m);
	}
}

static bool has_line(const char *entry, const char *name)
{
	while (*(entry = glossary_line_after(entry)) == ' ')
		if (is_listed(name, entry + 1, strcspn(entry + 1, " ")))
			return true;
	return false;
}

static void entries_are_whole(void **state)
{
	(void)state;
	for (const char *l = first_line(); *l; l = glossary_line_after(l)) {
		bool is_advice = !strncmp(l, "advice ", 7);

		if (is_advice && !has_line(l, "reply"))
			fail_msg("it never applies: %s", l);
		if ((is_advice || !strncmp(l, "cause ", 6)) &&
		    (!has_line(l, "why") || !has_line(l, "do")))
			fail_msg("no why or do: %s", l);
		if (!strncmp(l, "verb ", 5) && !has_line(l, "see"))
			fail_msg("no RFC: %s", l);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_has_its_form),
		cmocka_unit_test(nothing_stands_there_twice),
		cmocka_unit_test(entries_are_whole),
		cmocka_unit_test(each_reply_comes_to_its_entry),
		cmocka_unit_test(no_row_is_hidden),
		cmocka_unit_test(what_explains_itself_has_none),
		cmocka_unit_test(a_host_is_a_whole_name),
		cmocka_unit_test(of_a_error),
		cmocka_unit_test(of_what_no_server_said),
		cmocka_unit_test(replies_in_words),
		cmocka_unit_test(words_of_a_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
