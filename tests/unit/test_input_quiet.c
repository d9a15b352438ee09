/* test_input_quiet.c - a file that changed is copied when nobody writes to it
 * any more.  Time passes in a function of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/interrupt.h"

static int pass_time(unsigned milliseconds);
#define interrupt_sleep pass_time
#include "compose/input.c"
#undef interrupt_sleep

static const char *const nowhere[] = { NULL };

struct bench {
	struct inputs inputs;
	struct input files[3];
	FILE *streams[3];
	struct slice slices[3];
};

static struct bench *now; /* of pass_time */
static time_t written;	  /* the time of the last write */
static unsigned slept;	  /* times */
static unsigned writes;	  /* to go, one in each of those times */
static bool is_signalled;

static void write_at(const struct input *in, char octet)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { .tv_sec = ++written } };

	assert_int_equal(pwrite(in->fd, &octet, 1, 0), 1);
	assert_int_equal(futimens(in->fd, times), 0);
}

static int pass_time(unsigned milliseconds)
{
	assert_true(milliseconds > 0);
	if (is_signalled)
		return -1;
	slept++;
	for (unsigned i = 0; i < 3 && writes; i++)
		write_at(&now->files[i], (char)('a' + slept % 26));
	writes -= writes > 0;
	return 0;
}

static void begin(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->inputs.spool = nowhere;
	now = b;
	slept = writes = 0;
	is_signalled = false;
	for (unsigned i = 0; i < 3; i++) {
		struct input *in = &b->files[i];

		b->streams[i] = tmpfile();
		assert_non_null(b->streams[i]);
		*in = (struct input){ .name = "log",
				      .fd = fileno(b->streams[i]),
				      .next = b->inputs.first };
		b->inputs.first = in;
		write_at(in, 'A');
		assert_int_equal(fstat(in->fd, &in->st), 0);
		slice_file_take(&in->file, in->fd, &in->st);
		b->slices[i] = (struct slice){ .fd = in->fd,
					       .length = 1,
					       .file = &in->file,
					       .name = in->name };
		in->place = b->slices[i];
		write_at(in, 'B');
	}
}

static void end(struct bench *b)
{
	for (unsigned i = 0; i < 3; i++) {
		if (b->files[i].is_staged)
			stage_free(&b->files[i].stage);
		fclose(b->streams[i]);
	}
}

static char copy(struct bench *b, unsigned i)
{
	struct error f = ERROR_INIT;
	char octet = 0;

	assert_int_equal(inputs_copy_changed(&b->inputs, &b->slices[i], &f), 1);
	assert_int_equal(slice_read(&b->slices[i], 0, &octet, 1, &f), 1);
	return octet;
}

static void test_rests_at_last(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	writes = 5;
	assert_int_equal(copy(&b, 0), 'a' + 5);
	assert_int_equal(slept, 6);
	end(&b);
}

/* The limit is one for all of a mail's files. */
static void test_never_rests(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	writes = 1000;
	for (unsigned i = 0; i < 3; i++)
		copy(&b, i);
	assert_int_equal(slept * QUIET_MS, 10000);
	end(&b);
}

static void test_signalled(void **state)
{
	struct bench b;

	(void)state;
	begin(&b);
	is_signalled = true;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(copy(&b, i), 'B');
	assert_int_equal(slept, 0);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rests_at_last),
		cmocka_unit_test(test_never_rests),
		cmocka_unit_test(test_signalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
