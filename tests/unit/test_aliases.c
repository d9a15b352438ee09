/* test_aliases.c - what a bare name stands for, in the file alone. */
#include "laws.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "compose/aliases.h"
#include "scratch.h"

static void put(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct error f = ERROR_INIT;

	assert_int_equal(disk_write_all(fd, text, n, path, &f), 0);
	close(fd);
}

struct bench {
	struct arena arena;
	struct aliases aliases;
	struct expansion found;
	struct error error;
};

/* The specs that `name` becomes by `text`, joined by spaces; "!" on an error.
 */
static const char *expand_in(struct bench *b, const char *path,
			     const char *name)
{
	static char out[4096];
	struct address_list in = { 0 };

	out[0] = '\0';
	b->found = (struct expansion){ .is_list = false };
	error_clear(&b->error);
	assert_int_equal(address_parse_list(&b->arena, name, &in, &b->error),
			 0);
	if (aliases_load(&b->arena, path, &b->aliases, &b->error) < 0 ||
	    aliases_expand(&b->arena, &b->aliases, &in.items[0], &b->found,
			   &b->error) < 0) {
		assert_int_equal(b->error.cause, ERROR_CONFIG);
		return "!";
	}
	for (size_t i = 0; i < b->found.list.count; i++) {
		const struct address *one = &b->found.list.items[i];
		size_t n = strlen(out);

		snprintf(out + n, sizeof(out) - n, "%s%s", i ? " " : "",
			 *one->domain ? one->spec : one->local);
	}
	return out;
}

static const char *expand(void **state, const char *text, const char *name)
{
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };
	const char *out;

	put(path, text, strlen(text));
	out = expand_in(&b, path, name);
	arena_free(&b.arena);
	return out;
}

/* The sentence that refuses it. */
static const char *refusal(void **state, const char *text, const char *name)
{
	static char said[sizeof(((struct error *)NULL)->text)];
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };

	put(path, text, strlen(text));
	assert_string_equal(expand_in(&b, path, name), "!");
	strcpy(said, b.error.text);
	arena_free(&b.arena);
	return said;
}

static void assert_refused(void **state, const char *text, const char *word)
{
	const char *said = refusal(state, text, "a");

	if (!strstr(said, word))
		fail_msg("\"%s\" does not say \"%s\"", said, word);
}

static void names_become_addresses(void **state)
{
	static const char simple[] = "# people\n"
				     "root: ops, carol@example.com\n"
				     "OPS:\talice@example.org,\n"
				     "# between\n"
				     "\tbob@example.org\n"
				     "  # a comment, too\n"
				     "\"two words\" : \"T, W\" <tw@x.org>\r\n"
				     "self: self, x@example.org";

	assert_string_equal(
		expand(state, simple, "root"),
		"alice@example.org bob@example.org carol@example.com");
	assert_string_equal(expand(state, simple, "ROOT"),
			    expand(state, simple, "root"));
	assert_string_equal(expand(state, simple, "nobody"), "nobody");
	assert_string_equal(expand(state, simple, "root@example.net"),
			    "root@example.net");
	assert_string_equal(expand(state, simple, "\"two words\"@localhost"),
			    "tw@x.org");
	assert_string_equal(expand(state, simple, "self"),
			    "self x@example.org");
}

static void this_machine_is_no_domain(void **state)
{
	static const char text[] = "root: ops@example.org\n"
				   "a: root@box.example.net\n"
				   "b: b@box.example.net, x@example.org\n";

	assert_string_equal(expand(state, text, "root@LocalHost"),
			    "ops@example.org");
	assert_string_equal(expand(state, text, "root@box"), "ops@example.org");
	assert_string_equal(expand(state, text, "root@box.example.net"),
			    "ops@example.org");
	assert_string_equal(expand(state, text, "root@other.example.net"),
			    "root@other.example.net");
	assert_string_equal(expand(state, text, "a"), "ops@example.org");
	assert_string_equal(expand(state, text, "b"),
			    "b@box.example.net x@example.org");
}

static void a_default_takes_the_rest(void **state)
{
	static const char text[] = "default: all@example.org\nme: me@x.org";
	static const char bare[] = "default: me, you\nme: me@x.org, he\n";

	assert_string_equal(expand(state, text, "me"), "me@x.org");
	assert_string_equal(expand(state, text, "you"), "all@example.org");
	assert_string_equal(expand(state, text, "you@localhost"),
			    "all@example.org");
	/* an address that is whole needs no default */
	assert_string_equal(expand(state, text, "you@box.example.net"),
			    "you@box.example.net");
	assert_string_equal(expand(state, bare, "she"), "me@x.org he you");
	assert_string_equal(expand(state, bare, "me"), "me@x.org he");
}

static void a_user_may_be_kept(void **state)
{
	static const char text[] = "joe: away@x.org\nroot: joe, ops@x.org\n";
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };

	put(path, text, strlen(text));
	b.aliases.own_user = "joe";
	assert_string_equal(expand_in(&b, path, "joe"), "joe");
	assert_string_equal(expand_in(&b, path, "root"), "joe ops@x.org");
	arena_free(&b.arena);
}

static void localhost_may_be_the_servers(void **state)
{
	static const char text[] = "root: ops@x.org\ndefault: all@x.org\n";
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };

	put(path, text, strlen(text));
	b.aliases.server_is_here = true;
	assert_string_equal(expand_in(&b, path, "root@localhost"), "ops@x.org");
	assert_string_equal(expand_in(&b, path, "joe@localhost"),
			    "joe@localhost");
	assert_string_equal(expand_in(&b, path, "joe"), "all@x.org");
	arena_free(&b.arena);
}

static void a_backslash_ends_it(void **state)
{
	assert_string_equal(expand(state, "a: b, \\b\nb: b@x.org\n", "a"),
			    "b@x.org b");
	assert_string_equal(expand(state, "a: \\a, a@x.org\n", "a"),
			    "a a@x.org");
}

static void a_circle_is_told(void **state)
{
	assert_refused(state, "a: b\nb: c\nc: a\n", "loop");
	assert_refused(state, "a: b\nb: b2@localhost\nb2: a@box\n", "loop");
}

/* As deep as it may be, then one more. */
static void depth_has_an_end(void **state)
{
	char text[4096] = "";
	size_t n = 0;

	for (int i = 0; i <= ALIASES_DEPTH_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d: a%d\n",
				      i, i + 1);
	assert_string_equal(expand(state, text, "a1"), "a17");
	assert_non_null(strstr(refusal(state, text, "a0"), "aliases:16: a0"));
}

/* Each level names the next twice: 2 to the power of 15, unless each is
 * entered once. */
static void doubling_costs_nothing(void **state)
{
	char text[4096] = "";
	size_t n = 0;

	for (int i = 0; i < 15; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "a%d: a%d, a%d, a%d, a%d\n", i, i + 1,
				      i + 1, i + 1, i + 1);
	snprintf(text + n, sizeof(text) - n, "a15: end@x.org\n");
	assert_string_equal(expand(state, text, "a0"), "end@x.org");
}

static void lists_are_included(void **state)
{
	const char *list = scratch_path(state, "list");
	const char *inner = scratch_path(state, "inner list");
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };
	char text[1024];

	snprintf(text, sizeof(text),
		 "# the team\n\na@x.org, \"B, b\" <b@x.org>\n"
		 "  :include:%s\nroot\n",
		 inner);
	put(list, text, strlen(text));
	put(inner, "c@x.org\n# d@x.org\n", 18);
	snprintf(text, sizeof(text),
		 "team: :include:%s\nroot: ops@x.org\n"
		 "both: team, \":Include: %s\", me@x.org\n",
		 list, inner);
	put(path, text, strlen(text));
	assert_string_equal(expand_in(&b, path, "team"),
			    "a@x.org b@x.org c@x.org ops@x.org");
	assert_true(b.found.is_list && b.found.is_alias);
	/* what was entered already is not entered again */
	assert_string_equal(expand_in(&b, path, "both"),
			    "a@x.org b@x.org c@x.org ops@x.org me@x.org");
	assert_string_equal(expand_in(&b, path, "root"), "ops@x.org");
	assert_false(b.found.is_list);
	arena_free(&b.arena);
}

static void lists_that_are_none_are_refused(void **state)
{
	char list[256], text[512];

	strcpy(list, scratch_path(state, "list"));
	assert_refused(state, "a: :include:list\n", "begins with /");
	assert_refused(state, "a: :include:~/list\n", "begins with /");
	snprintf(text, sizeof(text), "x: y\n\na: b,\n  :include:%s\n", list);
	assert_refused(state, text, "aliases:3: a");
	assert_refused(state, text, list);
	snprintf(text, sizeof(text), "a: :include:%s\n", (char *)*state);
	assert_refused(state, text, "not a file");
	snprintf(text, sizeof(text), "a: :include:%s\n", list);
	put(list, text + 3, strlen(text + 3));
	assert_refused(state, text, "itself");
	put(list, "b@x.org\n|cat\n", 13);
	assert_refused(state, text, "list:2: a");
	put(list, "# nobody\n", 9);
	assert_refused(state, text, "empty");
	assert_int_equal(unlink(list), 0);
	assert_int_equal(mkfifo(list, 0600), 0);
	assert_refused(state, text, "not a file");
}

static void what_is_no_address_is_refused(void **state)
{
	assert_refused(state, "a: |cat\n", "command");
	assert_refused(state, "a: \"|cat -n, x\"\n", "command");
	assert_refused(state, "a: b\nb: x@y.org, | cat\n", "aliases:2: a");
	assert_refused(state, "a: /dev/nullx\n", "file");
	assert_refused(state, "a: \"/var/mail/a b\"\n", "file");
	assert_refused(state, "a: :fail: gone\n", "neither");
	assert_refused(state, "a: b c d\n", "aliases:1");
	assert_refused(state, "a:\n", "empty");
	assert_refused(state, "a: , ,\n", "empty");
	assert_refused(state, "# x\n\na colon\n", "aliases:3");
	assert_refused(state, "a b@x.org\nb: c@x.org\n", "aliases:1");
}

/* Nobody is to get mail that the file's first half names and its second half
 * takes back. */
static void a_nul_does_not_cut_it_short(void **state)
{
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };

	put(path, "a: b@x.org\n\0c: d@x.org\n", 23);
	assert_string_equal(expand_in(&b, path, "a"), "!");
	arena_free(&b.arena);
}

static void a_comment_may_stand_behind(void **state)
{
	static const char text[] = "a: b@x.org # the boss\n"
				   "b: \"B # b\" <b@x.org>,\t# two, of them\n"
				   "  c#d@x.org #:\n"
				   "#e: x@x.org\n";

	assert_string_equal(expand(state, text, "a"), "b@x.org");
	assert_string_equal(expand(state, text, "b"), "b@x.org c#d@x.org");
	assert_string_equal(expand(state, text, "e"), "e");
}

static void a_star_is_a_default(void **state)
{
	static const char text[] = "*: all@x.org\nme: me@x.org\n";

	assert_string_equal(expand(state, text, "you"), "all@x.org");
	assert_string_equal(expand(state, text, "me"), "me@x.org");
	assert_string_equal(expand(state, text, "you@y.org"), "you@y.org");
}

static void nowhere_discards(void **state)
{
	static const char text[] = "a: /dev/null\nb: \"/dev/null\", b@x.org\n"
				   "c: b, :BlackHole:\nd: a, a\n";
	const char *path = scratch_path(state, "aliases");
	struct bench b = { .arena = ARENA_INIT };

	put(path, text, strlen(text));
	assert_string_equal(expand_in(&b, path, "a"), "");
	assert_true(b.found.is_discarded);
	assert_string_equal(expand_in(&b, path, "d"), "");
	assert_string_equal(expand_in(&b, path, "b"), "b@x.org");
	assert_string_equal(expand_in(&b, path, "c"), "b@x.org");
	arena_free(&b.arena);
}

static void names_may_have_blanks(void **state)
{
	static const char text[] = "\"mail admin\": m@x.org\n"
				   "odd one: o@x.org\n"
				   "a: \"Mail Admin\", \"odd one\"\n"
				   "b: \"no one\"\n";

	assert_string_equal(expand(state, text, "\"mail admin\"@localhost"),
			    "m@x.org");
	assert_string_equal(expand(state, text, "a"), "m@x.org o@x.org");
	assert_non_null(strstr(refusal(state, text, "b"), "aliases:4"));
}

/* A line that is none stops the name that it begins with, unless another line
 * has that; nobody else. */
static void a_line_that_is_none_stops_its_name(void **state)
{
	static const char text[] = "\"bob\" b@x.org\n+ nis\nroot ops\n"
				   "root: ops@x.org\n:\ndefault: all@x.org\n"
				   "team: root, bob\n";

	assert_string_equal(expand(state, text, "root"), "ops@x.org");
	assert_string_equal(expand(state, text, "other"), "all@x.org");
	assert_non_null(strstr(refusal(state, text, "bob"), "aliases:1"));
	assert_non_null(strstr(refusal(state, text, "team"), "aliases:1"));
}

static void the_systems_file_may_have_more(void **state)
{
	static const char text[] = "+ nis\nroot: ops@x.org\nname error\n";
	const char *path = scratch_path(state, "aliases");
	struct address root = { .local = "root", .domain = "" };
	struct expansion found = { .is_list = false };
	struct aliases aliases = { .run = 0 };
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;

	put(path, text, strlen(text));
	assert_int_equal(aliases_load(&a, path, &aliases, &f), 0);
	assert_int_equal(aliases_expand(&a, &aliases, &root, &found, &f), 0);
	assert_int_equal(found.list.count, 1);
	assert_string_equal(found.list.items[0].spec, "ops@x.org");
	arena_free(&a);
}

static void all_can_be_checked(void **state)
{
	const char *path = scratch_path(state, "aliases");
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	unsigned count;

	put(path, "a: b\nb: c@x.org\ndefault: \\root\n", 31);
	assert_int_equal(aliases_check(&a, path, &count, &f), 0);
	assert_int_equal(count, 3);
	put(path, "a: b@x.org\n: c@x.org\n", 21);
	assert_int_equal(aliases_check(&a, path, &count, &f), -1);
	assert_non_null(strstr(f.text, "aliases:2"));
	error_clear(&f);
	put(path, "a: b\nb: |cat\n", 13);
	assert_int_equal(aliases_check(&a, path, &count, &f), -1);
	assert_non_null(strstr(f.text, "aliases:2"));
	error_clear(&f);
	assert_int_equal(aliases_check(&a, "/nonexistent", &count, &f), -1);
	assert_int_equal(f.cause, ERROR_CONFIG);
	arena_free(&a);
}

static int freeze(void **state)
{
	(void)state;
	setenv("MAILSEND_FROZEN", "host=box.example.net user=joe", 1);
	sysenv_init();
	return 0;
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(names_become_addresses),
		IN_SCRATCH(this_machine_is_no_domain),
		IN_SCRATCH(a_default_takes_the_rest),
		IN_SCRATCH(a_user_may_be_kept),
		IN_SCRATCH(localhost_may_be_the_servers),
		IN_SCRATCH(a_backslash_ends_it),
		IN_SCRATCH(a_circle_is_told),
		IN_SCRATCH(depth_has_an_end),
		IN_SCRATCH(doubling_costs_nothing),
		IN_SCRATCH(lists_are_included),
		IN_SCRATCH(lists_that_are_none_are_refused),
		IN_SCRATCH(what_is_no_address_is_refused),
		IN_SCRATCH(a_nul_does_not_cut_it_short),
		IN_SCRATCH(a_comment_may_stand_behind),
		IN_SCRATCH(a_star_is_a_default),
		IN_SCRATCH(nowhere_discards),
		IN_SCRATCH(names_may_have_blanks),
		IN_SCRATCH(a_line_that_is_none_stops_its_name),
		IN_SCRATCH(the_systems_file_may_have_more),
		IN_SCRATCH(all_can_be_checked),
	};

	return cmocka_run_group_tests_name("aliases", tests, freeze, NULL);
}
