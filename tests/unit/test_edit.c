/* test_edit.c - keys in, a line and a row out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk/edit.h"

static enum edit_event type(struct edit *e, const char *keys)
{
	enum edit_event last = EDIT_MORE;

	for (; *keys; keys++)
		last = edit_key(e, (unsigned char)*keys);
	return last;
}

static void expect(struct edit *e, const char *keys, const char *line,
		   size_t at)
{
	edit_begin(e, false);
	assert_int_equal(type(e, keys), EDIT_MORE);
	assert_string_equal(e->line.data, line);
	assert_int_equal(e->at, at);
}

static void test_keys(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, true);
	expect(&e, "abc", "abc", 3);
	expect(&e, "abc\033[D\033[DX", "aXbc", 2);
	expect(&e, "abc\001X", "Xabc", 1);
	expect(&e, "abc\033[HX\033[FY", "XabcY", 5);
	expect(&e, "abc\033OHX\033OFY", "XabcY", 5);
	expect(&e, "abc\033[1~X\033[4~Y", "XabcY", 5);
	expect(&e, "abc\177\010", "a", 1);
	expect(&e, "abc\001\004", "bc", 0);
	expect(&e, "abc\001\033[3~\033[3~", "c", 0);
	expect(&e, "one two  \027X", "one X", 5);
	expect(&e, "one two\002\002\013", "one t", 5);
	expect(&e, "one two\002\002\025", "wo", 0);
	expect(&e, "ab\002\006\005c", "abc", 3);
	/* unknown ones are passed over whole */
	expect(&e, "a\033[1;5Cb\033[200~c\033[15~d\033xe", "abcde", 5);
	/* what was begun by a lone Escape takes no control with it */
	expect(&e, "ab\033\001c\033\033[Cd", "cadb", 3);
	/* where nothing is to the left or the right */
	expect(&e, "\177\033[D\033[3~\027\013\002a\033[C\006", "a", 1);
	edit_free(&e);
}

static void test_characters(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, true);
	expect(&e, "gr\xc3\xbcn\033[D\033[D\177", "g\xc3\xbcn", 1);
	expect(&e, "a\xe2\x82\xac\177", "a", 1);
	expect(&e, "\xf0\x9f\x99\x82x\001\004", "x", 0);
	expect(&e, "\xf0\x9f\x99\x82x\001\033[C", "\xf0\x9f\x99\x82x", 4);
	/* octets that are none do no harm */
	expect(&e, "\x80\x80\xff\177", "\x80\x80", 2);
	expect(&e, "\x80\x80\177\177\177", "", 0);
	edit_free(&e);
	edit_init(&e, false);
	expect(&e, "gr\xc3\xbcn\002\177", "gr\xc3n", 3);
	edit_free(&e);
}

static void test_events(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, true);
	edit_begin(&e, false);
	assert_int_equal(type(&e, "\004"), EDIT_END);
	assert_int_equal(type(&e, "\003"), EDIT_BREAK);
	assert_int_equal(type(&e, "x\004"), EDIT_MORE);
	assert_int_equal(type(&e, "\003"), EDIT_MORE);
	assert_string_equal(e.line.data, "");
	assert_int_equal(type(&e, "\014"), EDIT_CLEAR);
	assert_int_equal(type(&e, "\032"), EDIT_STOP);
	assert_int_equal(type(&e, "x\r"), EDIT_DONE);
	assert_string_equal(e.line.data, "x");
	edit_free(&e);
}

static void test_history(void **state)
{
	struct edit e;
	char text[32];

	(void)state;
	edit_init(&e, true);
	edit_remember(&e, "one");
	edit_remember(&e, "one");
	edit_remember(&e, "");
	edit_remember(&e, "two");
	assert_int_equal(e.count, 2);
	expect(&e, "new\033[A", "two", 3);
	expect(&e, "new\033[A\033[A\033[A", "one", 3);
	expect(&e, "new\033[A\020\033[B\016\033[B", "new", 3);
	/* a hidden line neither shows the old ones nor becomes one */
	edit_begin(&e, true);
	type(&e, "\033[A");
	assert_string_equal(e.line.data, "");
	for (int i = 0; i < 3 * EDIT_HISTORY_MAX; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		edit_remember(&e, text);
	}
	assert_int_equal(e.count, EDIT_HISTORY_MAX);
	expect(&e, "\033[A", text, strlen(text));
	edit_free(&e);
}

static void test_cap(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, true);
	edit_begin(&e, false);
	for (int i = 0; i < 2 * EDIT_LINE_MAX; i++)
		edit_key(&e, 'x');
	assert_int_equal(e.line.len, EDIT_LINE_MAX);
	assert_int_equal(type(&e, "\177\177y"), EDIT_MORE);
	assert_int_equal(e.line.data[e.line.len - 1], 'y');
	edit_free(&e);
}

static void drawn(const struct edit *e, size_t columns, const char *row)
{
	struct buf out;

	buf_init(&out, 65536);
	edit_draw(e, "> ", 2, columns, &out);
	assert_string_equal(out.data, row);
	buf_free(&out);
}

static void test_row(void **state)
{
	struct edit e;

	(void)state;
	edit_init(&e, true);
	edit_begin(&e, false);
	drawn(&e, 80, "\r\033[K> \r\033[2C");
	type(&e, "g\xc3\xbc\002");
	drawn(&e, 80, "\r\033[K> g\xc3\xbc\r\033[3C");
	/* longer than the row: the end that the cursor is at */
	edit_begin(&e, false);
	type(&e, "abcdefghijklmnopqrstuvwxyz");
	drawn(&e, 20, "\r\033[K> jklmnopqrstuvwxyz\r\033[19C");
	type(&e, "\001");
	drawn(&e, 20, "\r\033[K> abcdefghijklmnopq\r\033[2C");
	/* half a character, C1 and a stray octet are never sent on */
	edit_begin(&e, false);
	type(&e, "a\xc3");
	drawn(&e, 80, "\r\033[K> a?\r\033[4C");
	edit_begin(&e, true);
	type(&e, "secret");
	drawn(&e, 80, "\r\033[K> ");
	edit_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
