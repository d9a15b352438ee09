/* test_assemble.c - sets, in every order, with what is missing, twice there or
 * wrong; and what a run finds that another one has left. */
#include "laws.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "codec/base64.h"
#include "flow/digest.h"
#include "join/assemble.h"
#include "scratch.h"

#define SET   "0123456789abcdef0123456789abcdef"
#define PARTS 12
#define STEP  100
#define TOTAL (PARTS * STEP - 37)

static const char *const spool[] = { "/tmp", NULL };

struct bench {
	struct arena arena;
	struct assembly assembly;
	struct error error;
	char file[TOTAL];
	char digest[DIGEST_HEX_SIZE];
};

static void bench_open(struct bench *b, void **state, bool is_dry)
{
	b->arena = (struct arena)ARENA_INIT;
	b->error = (struct error)ERROR_INIT;
	b->assembly = (struct assembly){
		.spool = spool,
		.place = { .directory = arena_dup(&b->arena, *state) },
	};
	laws_fill(b->file, sizeof(b->file), 5);
	digest_text(b->file, sizeof(b->file), b->digest, &b->error);
	assert_int_equal(assembly_open(&b->assembly, &b->arena,
				       arena_dup(&b->arena,
						 scratch_path(state, "state")),
				       is_dry, &b->error),
			 0);
}

static void bench_close(struct bench *b)
{
	assembly_close(&b->assembly);
	arena_free(&b->arena);
}

/* The mail with part n; `wrong` is what is wrong with it. */
enum wrong { RIGHT, FLIPPED, FORGED, OTHER_TOTAL };

static void make_mail(const struct bench *b, unsigned n, enum wrong wrong,
		      struct buf *out)
{
	size_t at = (n - 1) * STEP;
	size_t size = TOTAL - at < STEP ? TOTAL - at : STEP;
	char piece[STEP], digest[DIGEST_HEX_SIZE];
	struct error f = ERROR_INIT;
	struct base64 encode;
	struct sink_buf into;

	memcpy(piece, b->file + at, size);
	if (wrong == FORGED)
		piece[0] ^= 1;
	digest_text(piece, size, digest, &f);
	if (wrong == FLIPPED)
		piece[0] ^= 1;
	buf_reset(out);
	buf_printf(out,
		   "X-Mailsend-Part: v=1; set=" SET "; n=%u; of=%d; offset=%zu;"
		   " size=%zu; total=%d; sha256=%s; file-sha256=%s;"
		   " name=file\r\nContent-Type: application/octet-stream\r\n"
		   "Content-Transfer-Encoding: base64\r\n\r\n",
		   n, PARTS, at, size, wrong == OTHER_TOTAL ? TOTAL + 1 : TOTAL,
		   digest, b->digest);
	sink_buf_init(&into, out, &f);
	base64_init(&encode, &into.sink);
	sink_put(&encode.sink, piece, size);
	sink_close(&encode.sink);
}

static enum verdict add(struct bench *b, unsigned n, enum wrong wrong)
{
	struct arena a = ARENA_INIT;
	struct buf mail = BUF_INIT(LAWS_MAX);
	struct fragments s;
	enum verdict verdict = VERDICT_OTHER;
	struct set *set;

	make_mail(b, n, wrong, &mail);
	fragments_init(&s, &a, spool, &b->error);
	sink_put(&s.sink, mail.data, mail.len);
	assert_int_equal(sink_close(&s.sink), 0);
	assert_non_null(s.first);
	assert_int_equal(assembly_add(&b->assembly, &s, s.first, &verdict, &set,
				      &b->error),
			 0);
	fragments_free(&s);
	buf_free(&mail);
	arena_free(&a);
	return verdict;
}

static struct set *judge(struct bench *b)
{
	struct set *set = assembly_find(&b->assembly, SET);

	assert_non_null(set);
	assembly_judge(&b->assembly, set);
	return set;
}

static void joins(struct bench *b, void **state)
{
	struct set *set = judge(b);
	struct buf text = BUF_INIT(LAWS_MAX);

	assert_int_equal(set->state, SET_READY);
	assert_int_equal(assembly_join(&b->assembly, set, &b->error), 0);
	assert_int_equal(set->state, SET_JOINED);
	assert_true(set->is_sure);
	scratch_read(scratch_path(state, "file"), &text);
	laws_equal(&text, b->file, sizeof(b->file));
	assert_int_equal(access(scratch_path(state, "state/" SET), F_OK), -1);
	buf_free(&text);
	remove(scratch_path(state, "file"));
}

static void shuffle(unsigned *order, uint64_t *random)
{
	for (unsigned i = 0; i < PARTS; i++)
		order[i] = i + 1;
	for (unsigned i = PARTS - 1; i; i--) {
		unsigned k = laws_random(random) % (i + 1), swap = order[i];

		order[i] = order[k];
		order[k] = swap;
	}
}

static void test_orders(void **state)
{
	static struct bench b;
	unsigned order[PARTS];
	uint64_t random = 1;

	for (int run = 0; run < 10; run++) {
		shuffle(order, &random);
		bench_open(&b, state, false);
		for (unsigned i = 0; i < PARTS; i++) {
			assert_int_equal(add(&b, order[i], RIGHT),
					 VERDICT_ADDED);
			assert_int_equal(add(&b, order[i / 2], RIGHT),
					 VERDICT_KNOWN);
			assert_int_equal(judge(&b)->state,
					 i + 1 < PARTS ? SET_INCOMPLETE
						       : SET_READY);
		}
		joins(&b, state);
		bench_close(&b);
	}
}

/* Each part in a run of its own. */
static void test_runs(void **state)
{
	static struct bench b;
	unsigned order[PARTS];
	uint64_t random = 2;

	shuffle(order, &random);
	for (unsigned i = 0; i < PARTS; i++) {
		bench_open(&b, state, false);
		if (i)
			assert_int_equal(judge(&b)->count, i);
		assert_int_equal(add(&b, order[i], RIGHT), VERDICT_ADDED);
		if (i + 1 == PARTS)
			joins(&b, state);
		bench_close(&b);
	}
}

static void test_wrong(void **state)
{
	static struct bench b;
	struct set *set;

	bench_open(&b, state, false);
	assert_int_equal(add(&b, 1, FLIPPED), VERDICT_DAMAGED);
	assert_int_equal(judge(&b)->state, SET_CORRUPT);
	for (unsigned n = 2; n <= PARTS; n++)
		assert_int_equal(add(&b, n, RIGHT), VERDICT_ADDED);
	assert_int_equal(add(&b, 2, FORGED), VERDICT_CONFLICT);
	assert_int_equal(add(&b, 3, OTHER_TOTAL), VERDICT_CONFLICT);
	assert_int_equal(judge(&b)->state, SET_CORRUPT);
	assert_int_equal(judge(&b)->count, PARTS - 1);
	assert_int_equal(add(&b, 1, RIGHT), VERDICT_ADDED);
	joins(&b, state);
	bench_close(&b);

	/* one that was forged so that its own digest is right */
	bench_open(&b, state, false);
	for (unsigned n = 1; n <= PARTS; n++)
		add(&b, n, n == 7 ? FORGED : RIGHT);
	set = judge(&b);
	assert_int_equal(set->state, SET_READY);
	assert_int_equal(assembly_join(&b.assembly, set, &b.error), 0);
	assert_int_equal(set->state, SET_CORRUPT);
	assert_int_equal(access(scratch_path(state, "file"), F_OK), -1);
	bench_close(&b);
}

/* A part that was changed in the part store counts as missing. */
static void test_shelf_damage(void **state)
{
	static struct bench b;
	struct set *set;
	const struct part_store_part **all;
	char path[400];
	FILE *f;

	bench_open(&b, state, false);
	for (unsigned n = 1; n <= PARTS; n++)
		add(&b, n, RIGHT);
	set = judge(&b);
	all = set_in_order(set);
	snprintf(path, sizeof(path), "%s/5-12-400-100-m-%s",
		 scratch_path(state, "state/" SET), all[4]->sha256);
	free(all);
	f = fopen(path, "r+");
	assert_non_null(f);
	fputc('!', f);
	fclose(f);
	assert_int_equal(assembly_join(&b.assembly, set, &b.error), 0);
	assert_int_equal(judge(&b)->state, SET_INCOMPLETE);
	assert_false(set_has(set, 5));
	assert_int_equal(add(&b, 5, RIGHT), VERDICT_ADDED);
	joins(&b, state);
	bench_close(&b);
}

/* As a process that is gone calls what it writes. */
static const char *dead_name(void)
{
	static char name[128];
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	snprintf(name, sizeof(name), ".mailjoin.%ld.%s.abcdef", (long)pid,
		 sysenv_node());
	return name;
}

/* What a killed run leaves: half a part, a set without a description. */
static void test_leftovers(void **state)
{
	static struct bench b;
	const char *folder = scratch_path(state, "state");
	const char *half;

	mkdir(folder, 0700);
	mkdir(scratch_path(state, "state/" SET), 0700);
	fclose(fopen(scratch_path(state, "state/" SET "/incoming"), "w"));
	bench_open(&b, state, false);
	assert_null(assembly_find(&b.assembly, SET));
	assert_int_equal(access(scratch_path(state, "state/" SET), F_OK), -1);
	add(&b, 1, RIGHT);
	bench_close(&b);
	fclose(fopen(scratch_path(state, "state/" SET "/incoming"), "w"));
	fclose(fopen(scratch_path(state, "state/" SET "/about.new"), "w"));
	fclose(fopen(scratch_path(state, "state/" SET "/not-a-part"), "w"));
	half = dead_name();
	fclose(fopen(scratch_path(state, half), "w"));
	bench_open(&b, state, false);
	assert_int_equal(judge(&b)->count, 1);
	for (unsigned n = 2; n <= PARTS; n++)
		add(&b, n, RIGHT);
	joins(&b, state);
	assert_int_equal(access(scratch_path(state, half), F_OK), -1);
	bench_close(&b);
}

static void test_dry(void **state)
{
	static struct bench b;

	bench_open(&b, state, true);
	for (unsigned n = 1; n <= PARTS; n++)
		assert_int_equal(add(&b, n, RIGHT), VERDICT_ADDED);
	assert_int_equal(judge(&b)->state, SET_READY);
	assert_int_equal(access(scratch_path(state, "state"), F_OK), -1);
	bench_close(&b);
}

static void test_only(void **state)
{
	static struct bench b;

	bench_open(&b, state, false);
	b.assembly.only = "ffff";
	assert_int_equal(add(&b, 1, RIGHT), VERDICT_OTHER);
	b.assembly.only = "0123";
	assert_int_equal(add(&b, 1, RIGHT), VERDICT_ADDED);
	bench_close(&b);
}

#define EACH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_orders),	 EACH(test_runs),      EACH(test_wrong),
		EACH(test_shelf_damage), EACH(test_leftovers), EACH(test_dry),
		EACH(test_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
