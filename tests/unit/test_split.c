/* Plans: the slices of a set join up, no part is over the limit, and none is
 * smaller than it has to be. */
#include "config_bench.h"

#include "flow/digest.h"
#include "submit/split.h"
#include "submit/split_frame.h"

static const char *const nowhere[] = { "/tmp", NULL };
static const char id[] = "00112233445566778899aabbccddee00";

struct plan {
	struct request request;
	struct composition c;
	struct split_options options;
	struct split split;
	struct slice input;
	struct error error;
};

static void build(struct plan *p, struct state *s, char *content, size_t n,
		  const char *name, enum split_format format)
{
	memset(p, 0, sizeof(*p));
	request_init(&p->request);
	loaded(s, "from me@example.org\n");
	p->request.subject = "a subject";
	p->options.format = format;
	p->request.date = "@1700000000";
	assert_int_equal(address_parse_list(&s->arena, "ops@example.org",
					    &p->request.to, &p->error),
			 0);
	request_attach(&s->arena, &p->request, "-")->name = name;
	composition_init(&p->c, &s->arena, &p->request, s->account, nowhere);
	p->input = slice_of_memory(content, n);
	p->c.inputs.standard = &p->input;
	if (composition_build(&p->c, &p->error) < 0)
		fail_msg("%s", p->error.text);
}

static int plan(struct plan *p, struct state *s, uint64_t limit)
{
	p->options.limit = limit;
	return split_plan(&p->split, &s->arena, &p->c, &p->options, id,
			  &p->error);
}

/* All parts, each in an arena of its own. */
static void check_parts(struct plan *p, uint64_t limit, size_t n)
{
	const struct split_set *set = p->split.sets;
	struct arena a = ARENA_INIT;
	struct composition part;

	for (unsigned number = 1; number <= p->split.total; number++) {
		struct error f = ERROR_INIT;

		if (split_part(&p->split, number, &a, &part, &f) < 0)
			fail_msg("part %u: %s", number, f.text);
		assert_true(part.stage.size <= limit);
		/* one line more, and what the last part says besides, would
		 * not fit */
		if (number > 1 && number < p->split.total &&
		    p->split.format != SPLIT_PARTIAL)
			assert_true(part.stage.size + 600 > limit);
		composition_free(&part);
		arena_free(&a);
	}
	if (p->split.format == SPLIT_PARTIAL)
		assert_int_equal(set->cuts[set->of], set->content.length);
	else
		assert_true(set->first + (set->of - 1) * set->step >= n &&
			    (set->of == 1 ||
			     set->first + (set->of - 2) * set->step < n));
}

static void test_limits(void **state)
{
	struct state *s = *state;
	static char content[40000];
	static const size_t sizes[] = { 4000, 5699, 5700, 5701, 40000 };

	memset(content, 0xfe, sizeof(content));
	for (int format = 0; format < 4; format++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
			for (uint64_t limit = 3600; limit < 5000; limit += 97) {
				struct plan p;

				build(&p, s, content, sizes[i], "file.bin",
				      (enum split_format)format);
				if (plan(&p, s, limit) == 1)
					check_parts(&p, limit, sizes[i]);
				else if (error_is_set(&p.error))
					fail_msg("%s", p.error.text);
				composition_free(&p.c);
			}
}

static void test_places(void **state)
{
	struct state *s = *state;
	static char content[40000];
	struct plan p;
	unsigned set = 9;

	build(&p, s, content, sizeof(content), "file.bin", SPLIT_PARTS);
	request_attach(&s->arena, &p.request, "-")->name = "other";
	composition_free(&p.c);
	composition_init(&p.c, &s->arena, &p.request, s->account, nowhere);
	p.c.inputs.standard = &p.input;
	assert_int_equal(composition_build(&p.c, &p.error), 0);
	assert_int_equal(plan(&p, s, 10000), 1);
	assert_int_equal(p.split.count, 2);
	assert_int_equal(split_place(&p.split, 1, &set), 1);
	assert_int_equal(set, 0);
	assert_int_equal(split_place(&p.split, p.split.sets[0].of + 1, &set),
			 1);
	assert_int_equal(set, 1);
	assert_string_equal(p.split.sets[0].id, id);
	assert_string_equal(p.split.sets[1].id + 30, "01");
	assert_string_equal(split_part_name(&p.split, 2, &s->arena),
			    arena_format(&s->arena, "2/%u file.bin",
					 p.split.sets[0].of));
	composition_free(&p.c);
}

static void refuse(struct state *s, const char *name, enum split_format format,
		   uint64_t limit, const char *word)
{
	static char content[20000000];
	struct plan p;

	memset(content, 'x', sizeof(content));
	build(&p, s, content, sizeof(content), name, format);
	assert_int_equal(plan(&p, s, limit), -1);
	assert_int_equal(p.error.cause, ERROR_USAGE);
	assert_non_null(strstr(p.error.text, word));
	composition_free(&p.c);
}

static void test_refusals(void **state)
{
	static char name[400];

	memset(name, 'x', sizeof(name) - 1);
	refuse(*state, "file", SPLIT_PARTS, 1024, "too few");
	refuse(*state, "file", SPLIT_PARTIAL, 1024, "too few");
	refuse(*state, "file", SPLIT_PARTS, 2200, "100000");
	refuse(*state, "gr\303\274n", SPLIT_SHAR, 10000, "ASCII");
	refuse(*state, name, SPLIT_PARTS, 10000, "255");
}

/* The digits of a part's number grow with the parts. */
static void test_digits(void **state)
{
	assert_int_equal(split_digits(1), 3);
	assert_int_equal(split_digits(999), 3);
	assert_int_equal(split_digits(1000), 4);
	assert_int_equal(split_digits(SPLIT_PARTS_MAX), 6);
	(void)state;
}

/* Made again it is the same, octet for octet. */
static void test_again(void **state)
{
	struct state *s = *state;
	static char content[20000];
	struct plan p;

	build(&p, s, content, sizeof(content), "file.bin", SPLIT_PARTS);
	assert_int_equal(plan(&p, s, 8000), 1);
	for (unsigned number = 1; number <= p.split.total; number++) {
		char digest[2][DIGEST_HEX_SIZE];

		for (int i = 0; i < 2; i++) {
			struct composition part;
			struct slice bytes;

			assert_int_equal(split_part(&p.split, number, &s->arena,
						    &part, &p.error),
					 0);
			bytes = stage_slice(&part.stage);
			assert_int_equal(digest_slice(&bytes, digest[i],
						      &p.error),
					 0);
			composition_free(&part);
		}
		assert_string_equal(digest[0], digest[1]);
	}
	composition_free(&p.c);
}

static int open_all(void **state)
{
	char frozen[400];

	if (bench_open(state) < 0)
		return -1;
	snprintf(frozen, sizeof(frozen), "%s clock=1700000000 seed=1",
		 getenv("MAILSEND_FROZEN"));
	setenv("MAILSEND_FROZEN", frozen, 1);
	sysenv_init();
	return 0;
}

#define SPLIT_TEST(name)                                                       \
	cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPLIT_TEST(test_limits),   SPLIT_TEST(test_places),
		SPLIT_TEST(test_refusals), SPLIT_TEST(test_digits),
		SPLIT_TEST(test_again),
	};

	return cmocka_run_group_tests(tests, open_all, bench_close);
}
