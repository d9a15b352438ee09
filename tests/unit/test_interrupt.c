/* test_interrupt.c - a signal ends what waits, and nothing else at first. */
#include "laws.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/sysenv.h"

#define LONG_MS	 120000
#define LATER_MS 1200 /* no longer one with the first */
#define SOME_MS	 2000 /* more than a loaded machine keeps us waiting */

/* What `body` does to a process of its own: its wait status. */
static int status_of(int (*body)(void))
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int waits_no_more(void)
{
	struct error f = ERROR_INIT;
	struct pollfd p = { .fd = -1 };

	interrupt_catch();
	raise(SIGTERM);
	if (interrupt_signal() != SIGTERM ||
	    strcmp(interrupt_name(), "SIGTERM") != 0)
		return 1;
	if (interrupt_poll(&p, 1, LONG_MS) != -1 || errno != EINTR)
		return 2;
	if (interrupt_sleep(LONG_MS) != -1)
		return 3;
	p = (struct pollfd){ .fd = interrupt_fd(), .events = POLLIN };
	if (poll(&p, 1, LONG_MS) != 1)
		return 4;
	interrupt_error(&f);
	return f.cause == ERROR_INTERRUPTED && f.temporary ? 0 : 5;
}

/* From another process, while it waits. */
static int is_woken(void)
{
	pid_t parent = getpid(), child;
	int r;

	interrupt_catch();
	child = fork();
	if (child == 0) {
		poll(NULL, 0, 50);
		kill(parent, SIGHUP);
		_exit(0);
	}
	r = interrupt_sleep(LONG_MS);
	waitpid(child, NULL, 0);
	return r == -1 && interrupt_signal() == SIGHUP ? 0 : 1;
}

static int wakes_itself_alone(void)
{
	struct pollfd p;
	int status = 0;
	pid_t child;

	interrupt_catch();
	interrupt_fd();
	child = fork();
	if (child == 0) {
		raise(SIGINT);
		_exit(interrupt_sleep(LONG_MS) == -1 ? 0 : 1);
	}
	waitpid(child, &status, 0);
	p = (struct pollfd){ .fd = interrupt_fd(), .events = POLLIN };
	return status || interrupt_signal() || poll(&p, 1, 0) != 0;
}

static int two_at_once(void)
{
	interrupt_catch();
	raise(SIGTERM);
	raise(SIGTERM);
	raise(SIGHUP);
	return interrupt_signal() == SIGTERM ? 7 : 1;
}

static int one_later(void)
{
	interrupt_catch();
	raise(SIGTERM);
	poll(NULL, 0, LATER_MS);
	raise(SIGINT);
	return 1;
}

static int one_ignored(void)
{
	signal(SIGHUP, SIG_IGN);
	interrupt_catch();
	raise(SIGHUP);
	interrupt_release();
	raise(SIGHUP);
	return interrupt_signal() ? 1 : 7;
}

static int release_tells(void)
{
	interrupt_catch();
	raise(SIGTERM);
	interrupt_release();
	return 1;
}

/* What is at hand may go on for so long, and no longer. */
static int has_patience(void)
{
	uint64_t began = sysenv_ticks();
	unsigned before = interrupt_extend(SOME_MS);
	struct pollfd p;
	int fds[2];

	interrupt_catch();
	raise(SIGTERM);
	if (before != 0 || interrupt_is_due() || pipe(fds) < 0)
		return 1;
	p = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	if (interrupt_poll(&p, 1, 10) != 0)
		return 2;
	if (write(fds[1], "x", 1) != 1 || interrupt_poll(&p, 1, LONG_MS) != 1 ||
	    !(p.revents & POLLIN))
		return 3;
	p.fd = -1;
	if (interrupt_poll(&p, 1, LONG_MS) != -1 || !interrupt_is_due())
		return 4;
	interrupt_restore(before);
	return sysenv_ticks() - began >= SOME_MS ? 0 : 5;
}

static int time_passes(void)
{
	uint64_t began = sysenv_ticks();

	interrupt_catch();
	return interrupt_sleep(20) == 0 && sysenv_ticks() - began >= 20 ? 7 : 1;
}

static void test_waits(void **state)
{
	(void)state;
	assert_int_equal(status_of(waits_no_more), 0);
	assert_int_equal(status_of(is_woken), 0);
	assert_int_equal(status_of(wakes_itself_alone), 0);
	assert_int_equal(status_of(has_patience), 0);
	assert_int_equal(WEXITSTATUS(status_of(time_passes)), 7);
}

static void test_effects(void **state)
{
	int status;

	(void)state;
	/* that they come at once is up to the machine */
	for (int i = 0; i < 10; i++)
		if (WIFEXITED(status = status_of(two_at_once)))
			break;
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(WEXITSTATUS(status_of(one_ignored)), 7);
	status = status_of(one_later);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	status = status_of(release_tells);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_effects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
