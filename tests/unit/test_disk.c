/* test_disk.c - files and libraries: what works, and what is told when not. */
#include "laws.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/library.h"
#include "scratch.h"

static void folders_are_made_with_their_parents(void **state)
{
	const char *path = scratch_path(state, "a/b/c");
	struct error f = ERROR_INIT;
	struct stat st;

	assert_int_equal(disk_make_directory(path, &f), 0);
	assert_int_equal(disk_make_directory(path, &f), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(disk_sync_directory(path, &f), 0);
}

static void a_folder_below_a_file_is_refused(void **state)
{
	const char *file = scratch_path(state, "file");
	struct error f = ERROR_INIT;
	int fd = open(file, O_CREAT | O_WRONLY, 0600);

	close(fd);
	assert_int_equal(disk_make_directory(scratch_path(state, "file/x"), &f),
			 -1);
	assert_int_equal(f.cause, ERROR_CANTCREAT);
}

static void a_lock_is_had_once_and_waited_for(void **state)
{
	const char *path = scratch_path(state, "lock");
	struct error f = ERROR_INIT;
	int one = open(path, O_CREAT | O_RDWR, 0600);
	int other = open(path, O_RDWR);

	assert_int_equal(disk_lock(one, 0, path, &f), 1);
	assert_int_equal(disk_lock(other, 0, path, &f), 0);
	assert_int_equal(disk_lock(other, 20, path, &f), 0);
	close(one);
	assert_int_equal(disk_lock(other, DISK_LOCK_WAIT, path, &f), 1);
	assert_false(error_is_set(&f));
	close(other);
	assert_int_equal(disk_lock(-1, 0, path, &f), -1);
	assert_true(error_is_set(&f));
}

static void an_unnamed_file_leaves_no_name(void **state)
{
	struct error f = ERROR_INIT;
	int fd = disk_open_unnamed(*state, &f);
	char back[6] = "";

	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, "hello", 5, "x", &f), 0);
	assert_int_equal(disk_pread_full(fd, back, 6, 0, "x", &f), 5);
	assert_string_equal(back, "hello");
	assert_int_equal(disk_close(fd, "x", &f), 0);
	assert_int_equal(rmdir(*state), 0); /* it is empty */
	assert_int_equal(mkdir(*state, 0700), 0);
}

static void a_full_device_is_a_temporary_error(void **state)
{
	struct error f = ERROR_INIT;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, "x", 1, "/dev/full", &f), -1);
	assert_true(f.temporary);
	assert_non_null(strstr(f.text, "/dev/full"));
	close(fd);
}

static void a_file_over_its_cap_is_refused(void **state)
{
	const char *path = scratch_path(state, "large");
	struct buf out = BUF_INIT(10);
	struct error f = ERROR_INIT;
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	disk_write_all(fd, "12345678901", 11, path, &f);
	close(fd);
	assert_int_equal(disk_read_file(path, &out, false, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	buf_free(&out);
}

static void a_missing_file_may_be_no_error(void **state)
{
	struct buf out = BUF_INIT(10);
	struct error f = ERROR_INIT;

	assert_int_equal(disk_read_file(scratch_path(state, "none"), &out, true,
					&f),
			 -1);
	assert_int_equal(errno, ENOENT);
	assert_false(error_is_set(&f));
	assert_int_equal(disk_read_file(scratch_path(state, "none"), &out,
					false, &f),
			 -1);
	assert_int_equal(f.cause, ERROR_NOINPUT);
}

static void a_missing_library_names_its_package(void **state)
{
	static const struct library_symbol none[] = { { NULL, NULL } };
	struct library l = { .file = "libnot-there.so.9",
			     .package = "libnot-there9",
			     .symbols = none };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(library_load(&l, &f), -1);
	assert_false(f.temporary); /* no waiting mends it */
	assert_non_null(strstr(f.text, "libnot-there9"));
}

static void a_library_gives_its_functions(void **state)
{
	static double (*cosine)(double);
	static const struct library_symbol cos_only[] = { { "cos", &cosine },
							  { NULL, NULL } };
	static const char *const absent[] = { "libnot-there.so.9", NULL };
	static const struct library_symbol odd[] = {
		{ "no_such_thing", &cosine }, { NULL, NULL }
	};
	struct library good = { .file = "libm.so.6",
				.package = "libc6",
				.symbols = cos_only,
				.parts = absent }; /* and not missed */
	struct library bad = { .file = "libm.so.6",
			       .package = "libc6",
			       .symbols = odd };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(library_load(&good, &f), 0);
	assert_int_equal(library_load(&good, &f), 0);
	assert_true(cosine(0.0) > 0.99);
	assert_int_equal(library_load(&bad, &f), -1);
	assert_non_null(strstr(f.text, "no_such_thing"));
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(folders_are_made_with_their_parents),
		IN_SCRATCH(a_folder_below_a_file_is_refused),
		IN_SCRATCH(a_lock_is_had_once_and_waited_for),
		IN_SCRATCH(an_unnamed_file_leaves_no_name),
		cmocka_unit_test(a_full_device_is_a_temporary_error),
		IN_SCRATCH(a_file_over_its_cap_is_refused),
		IN_SCRATCH(a_missing_file_may_be_no_error),
		cmocka_unit_test(a_missing_library_names_its_package),
		cmocka_unit_test(a_library_gives_its_functions),
	};

	return cmocka_run_group_tests_name("disk", tests, NULL, NULL);
}
