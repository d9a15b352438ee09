/* test_io.c - descriptors that others made non-blocking, and signals. */
#include "laws.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/io.h"

#define SIZE	 300000 /* more than a pipe holds */
#define PAUSE_MS 20

static char octets[SIZE];

static void make_pipe(int ends[2])
{
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 2; i++)
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < SIZE; i++)
		octets[i] = (char)(i * 7 + i / 256);
}

static void reap(pid_t child)
{
	int status = -1;

	assert_int_equal(io_reap(child, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(io_reap(child, &status), -1);
}

static void a_slow_writer_is_waited_for(void **state)
{
	char *back = malloc(SIZE + 1);
	int ends[2];
	pid_t child;

	(void)state;
	make_pipe(ends);
	child = fork();
	if (child == 0) {
		int r;

		close(ends[0]);
		poll(NULL, 0, PAUSE_MS);
		r = io_write_all(ends[1], octets, SIZE / 2);
		poll(NULL, 0, PAUSE_MS);
		if (r == 0)
			r = io_write_all(ends[1], octets + SIZE / 2,
					 SIZE - SIZE / 2);
		_exit(r < 0);
	}
	close(ends[1]);
	assert_int_equal(io_read_full(ends[0], back, SIZE + 1), SIZE);
	assert_memory_equal(back, octets, SIZE);
	assert_int_equal(io_read(ends[0], back, 1), 0);
	close(ends[0]);
	reap(child);
	free(back);
}

static void a_slow_reader_is_waited_for(void **state)
{
	int ends[2];
	pid_t child;

	(void)state;
	make_pipe(ends);
	child = fork();
	if (child == 0) {
		char *back = malloc(SIZE);
		ssize_t n;

		close(ends[1]);
		poll(NULL, 0, PAUSE_MS);
		n = back ? io_read_full(ends[0], back, SIZE) : -1;
		_exit(n != SIZE || memcmp(back, octets, SIZE) != 0);
	}
	close(ends[0]);
	assert_int_equal(io_write_all(ends[1], octets, SIZE), 0);
	close(ends[1]);
	reap(child);
}

static void nothing(int number)
{
	(void)number;
}

static void a_signal_of_no_meaning_ends_no_call(void **state)
{
	struct sigaction alarm = { .sa_handler = nothing };
	struct itimerval often = { .it_interval.tv_usec = 500,
				   .it_value.tv_usec = 500 };

	sigaction(SIGALRM, &alarm, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	a_slow_writer_is_waited_for(state);
	a_slow_reader_is_waited_for(state);
	often = (struct itimerval){ .it_value = { 0 } };
	setitimer(ITIMER_REAL, &often, NULL);
}

/* In a process of its own: standard input that says nothing. */
static int reads_silence(bool is_blocking, int fd)
{
	pid_t reader = getpid();
	bool is_given_up = fd <= STDERR_FILENO;
	int ends[2];
	char c;

	if (pipe(ends) < 0 || dup2(ends[0], fd) < 0)
		return 1;
	if (!is_blocking)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	signal(SIGTERM, SIG_DFL);
	interrupt_catch();
	if (fork() == 0) {
		poll(NULL, 0, PAUSE_MS);
		kill(reader, SIGTERM);
		do
			poll(NULL, 0, PAUSE_MS);
		while (is_given_up && getppid() == reader);
		_exit(write(ends[1], "x", 1) != 1);
	}
	if (!is_given_up)
		return io_read(fd, &c, 1) != 1;
	return io_read(fd, &c, 1) != -1 || errno != EINTR;
}

static void one_that_asks_us_to_end_ends_a_wait_for_others(void **state)
{
	static const int fds[] = { STDIN_FILENO, 9 };

	(void)state;
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(reads_silence(i % 2, fds[i / 2]));
		reap(child);
	}
}

static void the_wrong_way_is_told(void **state)
{
	struct error f = ERROR_INIT;

	(void)state;
	io_read_error(STDIN_FILENO, EBADF, "standard input", &f);
	assert_int_equal(f.cause, ERROR_NOINPUT);
	assert_non_null(strstr(f.text, "not open for reading"));
	error_clear(&f);
	io_write_error(STDOUT_FILENO, EBADF, "standard output", &f);
	assert_int_equal(f.cause, ERROR_CANTCREAT);
	error_clear(&f);
	io_write_error(STDOUT_FILENO, EPIPE, "standard output", &f);
	assert_int_equal(f.cause, ERROR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_writer_is_waited_for),
		cmocka_unit_test(a_slow_reader_is_waited_for),
		cmocka_unit_test(a_signal_of_no_meaning_ends_no_call),
		cmocka_unit_test(
			one_that_asks_us_to_end_ends_a_wait_for_others),
		cmocka_unit_test(the_wrong_way_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
