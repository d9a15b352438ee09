/* test_aliases.c - what a bare name stands for. */
#include "laws.h"

#include <fcntl.h>
#include <unistd.h>

#include "scratch.h"
#include "submit/aliases.h"

/* The specs that `name` becomes by `text`, joined by spaces; "!" on a fault. */
static const char *expand(void **state, const char *text, const char *name)
{
	static char out[512];
	const char *path = scratch_path(state, "aliases");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct address_list in = { 0 }, list = { 0 };
	struct arena a = ARENA_INIT;
	struct aliases aliases;
	struct fault f = FAULT_INIT;

	disk_write_all(fd, text, strlen(text), path, &f);
	close(fd);
	out[0] = '\0';
	assert_int_equal(address_parse_list(&a, name, &in, &f), 0);
	if (aliases_load(&a, path, &aliases, &f) < 0 ||
	    aliases_expand(&a, &aliases, &in.items[0], &list, &f) < 0) {
		assert_int_equal(f.cause, FAULT_CONFIG);
		strcpy(out, "!");
	}
	for (size_t i = 0; i < list.count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s",
			 i ? " " : "",
			 *list.items[i].domain ? list.items[i].spec
					       : list.items[i].local);
	arena_free(&a);
	return out;
}

static const char file[] = "# people\n"
			   "root: ops, carol@example.com\n"
			   "Ops:\talice@example.org,\n"
			   "\tbob@example.org # not a comment here\n"
			   "self: self, x@example.org\n"
			   "a: b\nb: a\n";

static void names_become_addresses(void **state)
{
	static const char simple[] = "root: ops, carol@example.com\n"
				     "OPS:\talice@example.org,\n"
				     "# between\n"
				     "\tbob@example.org\n"
				     "self: self, x@example.org\n";

	assert_string_equal(
		expand(state, simple, "root"),
		"alice@example.org bob@example.org carol@example.com");
	assert_string_equal(expand(state, simple, "ROOT"),
			    expand(state, simple, "root"));
	assert_string_equal(expand(state, simple, "nobody"), "nobody");
	assert_string_equal(expand(state, simple, "root@example.net"),
			    "root@example.net");
	assert_string_equal(expand(state, simple, "self"),
			    "self x@example.org");
}

static void a_default_takes_the_rest(void **state)
{
	static const char text[] = "default: all@example.org\nme: me@x.org";

	assert_string_equal(expand(state, text, "me"), "me@x.org");
	assert_string_equal(expand(state, text, "you"), "all@example.org");
}

static void a_circle_is_told(void **state)
{
	assert_string_equal(expand(state, "a: b\nb: c\nc: a\n", "a"), "!");
}

static void what_is_no_address_is_refused(void **state)
{
	assert_string_equal(expand(state, "a: |cat\n", "a"), "!");
	assert_string_equal(expand(state, "a: /dev/null\n", "a"), "!");
	assert_string_equal(expand(state, "a: :include:/x\n", "a"), "!");
	assert_string_equal(expand(state, "a: b c d\n", "a"), "!");
	assert_string_equal(expand(state, "no colon\n", "a"), "!");
	assert_string_equal(expand(state, file, "ops"), "!");
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(names_become_addresses),
		IN_SCRATCH(a_default_takes_the_rest),
		IN_SCRATCH(a_circle_is_told),
		IN_SCRATCH(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests_name("aliases", tests, NULL, NULL);
}
