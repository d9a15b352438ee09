/* test_config_queue.c - where the queue is: who has a say, in which order. */
#include "laws.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "config/config.h"

static struct arena arena;

static int forget(void **state)
{
	(void)state;
	unsetenv("MAILSEND_QUEUE");
	unsetenv("XDG_STATE_HOME");
	setenv("MAILSEND_FROZEN", "uid=1000 home=/home/joe", 1);
	sysenv_init();
	arena_free(&arena);
	return 0;
}

static void is(const struct account *account, const char *path)
{
	struct error f = ERROR_INIT;
	const char *found = config_queue(&arena, account, &f);

	if (!found)
		fail_msg("%s", f.text);
	assert_string_equal(found, path);
}

static void the_user_s_own(void **state)
{
	const struct account account = { .name = "x" };

	(void)state;
	is(NULL, "/home/joe/.local/state/mailsend/queue");
	is(&account, "/home/joe/.local/state/mailsend/queue");
	setenv("XDG_STATE_HOME", "/var/state", 1);
	is(&account, "/var/state/mailsend/queue");
	/* the specification: what is not absolute is not there */
	setenv("XDG_STATE_HOME", "state", 1);
	is(&account, "/home/joe/.local/state/mailsend/queue");
}

static void the_system_s(void **state)
{
	(void)state;
	setenv("MAILSEND_FROZEN", "uid=0 home=/root", 1);
	sysenv_init();
	setenv("XDG_STATE_HOME", "/var/state", 1);
	is(NULL, "/var/spool/mailsend/0");
}

static void what_is_named(void **state)
{
	const struct account account = { .name = "x",
					 .queue_folder = "/srv/queue" };

	(void)state;
	setenv("XDG_STATE_HOME", "/var/state", 1);
	is(&account, "/srv/queue");
	setenv("MAILSEND_QUEUE", "/tmp/queue", 1);
	is(&account, "/tmp/queue");
	is(NULL, "/tmp/queue");
	setenv("MAILSEND_QUEUE", "", 1);
	is(&account, "/srv/queue");
}

/* A run of the queue starts somewhere else. */
static void what_is_relative(void **state)
{
	const struct account account = { .name = "x", .queue_folder = "mine" };
	char here[PATH_MAX], path[PATH_MAX + 16];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/mine", here);
	is(&account, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_user_s_own, forget),
		cmocka_unit_test_setup_teardown(the_system_s, forget, forget),
		cmocka_unit_test_setup(what_is_named, forget),
		cmocka_unit_test_setup_teardown(what_is_relative, forget,
						forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
