/* test_secret.c - each place a password can be in, and what goes wrong there.
 *
 * The prompt is met on a terminal of its own, made for the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sysenv.h"
#include "config/evaluate.h"
#include "config/netrc.h"
#include "config/secret.h"
#include "config/settings.h"

static char folder[] = "/tmp/mailsend-secret.XXXXXX";

struct state {
	struct arena arena;
	struct account *account;
	const char *user;
	struct buf password;
	struct error error;
	char path[256], netrc[256];
};

static int set_up(void **out)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->account = setting_account(&s->arena, "default");
	s->account->auth = "on";
	s->account->host = "smtp.example.org";
	s->account->user = "joe";
	buf_init(&s->password, SECRET_MAX);
	snprintf(s->path, sizeof(s->path), "%s/secret", folder);
	snprintf(s->netrc, sizeof(s->netrc), "%s/.netrc", folder);
	*out = s;
	return 0;
}

static int tear_down(void **in)
{
	struct state *s = *in;

	unlink(s->path);
	unlink(s->netrc);
	buf_wipe(&s->password);
	arena_free(&s->arena);
	free(s);
	return 0;
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int get(struct state *s)
{
	buf_wipe(&s->password);
	error_clear(&s->error);
	return secret_get(&s->arena, s->account, &s->user, &s->password,
			  &s->error);
}

static void assert_gets(struct state *s, const char *user, const char *password)
{
	if (get(s) < 0)
		fail_msg("%s", s->error.text);
	assert_string_equal(s->user, user);
	assert_string_equal(s->password.data, password);
}

static void assert_refuses(struct state *s, const char *words)
{
	assert_int_equal(get(s), -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	if (!strstr(s->error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", s->error.text, words);
	assert_null(strstr(s->error.text, "hunter2"));
}

/* ---- the places ---- */

static void the_first_place_that_is_set_counts(void **in)
{
	struct state *s = *in;
	struct account *a = s->account;
	int ends[2];

	put_file(s->netrc, "machine smtp.example.org login joe password p6\n",
		 0600);
	assert_gets(s, "joe", "p6");
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "p5\nmore\n", 8), 8);
	a->password_fd = ends[0];
	assert_gets(s, "joe", "p5"); /* with the other end still open */
	close(ends[0]);
	close(ends[1]);
	setenv("TEST_PASSWORD", "p4", 1);
	a->password_env = "TEST_PASSWORD";
	assert_gets(s, "joe", "p4");
	put_file(s->path, "p3\r\nmore\n", 0600);
	a->password_file = s->path;
	assert_gets(s, "joe", "p3");
	a->passwordeval = "echo p2; echo more";
	assert_gets(s, "joe", "p2");
	a->password = "p1";
	assert_gets(s, "joe", "p1");
}

static void no_password_where_none_is_needed(void **in)
{
	static const char *const mechanisms[] = { "off", "EXTERNAL", "GSSAPI" };
	struct state *s = *in;

	for (int i = 0; i < 3; i++) {
		s->account->auth = mechanisms[i];
		assert_gets(s, "joe", "");
	}
}

static void nothing_to_be_had_tells_where_to_put_it(void **in)
{
	struct state *s = *in;

	assert_refuses(s, "passwordeval");
	s->account->user = NULL;
	assert_refuses(s, "user");
	s->account->password = "hunter2";
	assert_refuses(s, "user");
}

static void an_environment_variable_must_be_set(void **in)
{
	struct state *s = *in;

	unsetenv("TEST_PASSWORD");
	s->account->password_env = "TEST_PASSWORD";
	assert_refuses(s, "TEST_PASSWORD");
}

static void a_descriptor_must_be_open_and_say_something(void **in)
{
	struct state *s = *in;

	s->account->password_fd = 1000;
	assert_refuses(s, "1000");
	s->account->password_fd = open("/dev/null", O_RDONLY);
	assert_refuses(s, "nothing");
	close(s->account->password_fd);
}

static void a_file_is_there_and_private(void **in)
{
	struct state *s = *in;

	s->account->password_file = s->path;
	assert_refuses(s, "secret");
	put_file(s->path, "\nhunter2\n", 0600);
	assert_refuses(s, "nothing");
	put_file(s->path, "hunter2", 0644);
	if (getuid() != 0)
		assert_refuses(s, "chmod 600");
	else /* root's own file is root's choice */
		assert_gets(s, "joe", "hunter2");
}

static void a_credential_lies_in_the_directory_of_the_service(void **in)
{
	struct state *s = *in;
	char directory[4096], *slash;

	snprintf(directory, sizeof(directory), "%s", s->path);
	slash = strrchr(directory, '/');
	assert_non_null(slash);
	*slash = '\0';
	s->account->password_credential = slash + 1;
	unsetenv("CREDENTIALS_DIRECTORY");
	put_file(s->path, "p3\nmore\n", 0400);
	assert_refuses(s, "LoadCredential");
	setenv("CREDENTIALS_DIRECTORY", "relative", 1);
	assert_refuses(s, "LoadCredential");
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_gets(s, "joe", "p3");
	/* before the environment, after the file that is named */
	setenv("TEST_PASSWORD", "p4", 1);
	s->account->password_env = "TEST_PASSWORD";
	assert_gets(s, "joe", "p3");
	s->account->password_file = "/nonexistent/file";
	assert_refuses(s, "password_file");
	s->account->password_file = NULL;
	unlink(s->path);
	assert_refuses(s, directory);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_password_has_a_limit(void **in)
{
	struct state *s = *in;

	s->account->passwordeval = "head -c 65536 /dev/zero | tr '\\0' x";
	assert_int_equal(get(s), 0);
	assert_int_equal(s->password.len, 65536);
	s->account->passwordeval = "head -c 65537 /dev/zero | tr '\\0' x";
	assert_refuses(s, "65536");
}

/* ---- commands ---- */

static void commands_that_fail_are_told_and_not_shown(void **in)
{
	static const char *const table[][2] = {
		{ "echo hunter2; exit 9", "9" },
		{ "hunter2_is_no_command 2>/dev/null", "127" },
		{ "kill -9 $$; hunter2", "signal 9" },
		{ "true hunter2", "nothing" },
		{ "echo; echo hunter2", "nothing" },
		{ "printf 'hunter2\\0x\\n'", "NUL" },
	};
	struct state *s = *in;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		s->account->passwordeval = table[i][0];
		assert_refuses(s, table[i][1]);
	}
}

/* Standard input is the message; it must be whole afterwards. */
static void a_command_does_not_read_the_message(void **in)
{
	struct state *s = *in;
	int ends[2], before = dup(STDIN_FILENO);
	char c = '\0';

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "m", 1), 1);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	s->account->passwordeval = "cat; echo p";
	assert_gets(s, "joe", "p");
	assert_int_equal(read(STDIN_FILENO, &c, 1), 1);
	assert_int_equal(c, 'm');
	dup2(before, STDIN_FILENO);
	close(before);
	close(ends[0]);
	close(ends[1]);
}

/* An agent that the command starts may hold its output open for good: the
 * command's end is enough. */
static void an_agent_left_behind_does_not_hold_us_up(void **in)
{
	struct state *s = *in;
	char command[600], line[32];
	FILE *file;

	snprintf(command, sizeof(command), "sleep 600 & echo $! > %s; printf p",
		 s->path);
	s->account->passwordeval = command;
	assert_gets(s, "joe", "p");
	file = fopen(s->path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(kill((pid_t)atoi(line), SIGTERM), 0);
}

static void a_command_that_goes_on_talking_ends_well(void **in)
{
	struct state *s = *in;

	s->account->passwordeval = "echo p; head -c 300000 /dev/zero";
	assert_gets(s, "joe", "p");
}

static void ignored_children_do_not_hide_a_failure(void **in)
{
	struct state *s = *in;

	signal(SIGCHLD, SIG_IGN);
	s->account->passwordeval = "echo hunter2; exit 4";
	assert_refuses(s, "4");
	assert_true(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

/* ---- ~/.netrc ---- */

static void netrc_says(const char *text, const char *host, const char *user,
		       const char *login, const char *password)
{
	struct buf copy = BUF_INIT(65536);
	struct netrc_entry entry;
	bool found;

	buf_puts(&copy, text);
	found = netrc_find(&copy, host, user, &entry);
	if (found != (password != NULL))
		fail_msg("%s: %sfound", text, found ? "" : "not ");
	if (found) {
		assert_string_equal(entry.password, password);
		if (login)
			assert_string_equal(entry.login, login);
		else
			assert_null(entry.login);
	}
	buf_free(&copy);
}

static void netrc_is_read_as_it_is_written(void **in)
{
	static const char two[] = "machine a login x password 1\n"
				  "machine a login y password 2\n"
				  "machine b\n\tlogin z\n\tpassword 3\n"
				  "default login anonymous password 4";

	(void)in;
	netrc_says(two, "a", NULL, "x", "1");
	netrc_says(two, "A", "y", "y", "2");
	netrc_says(two, "b", "z", "z", "3");
	netrc_says(two, "b", "x", NULL, NULL);
	netrc_says(two, "c", NULL, "anonymous", "4");
	netrc_says("", "a", NULL, NULL, NULL);
	netrc_says("machine a password 1", "a", "x", NULL, "1");
	netrc_says("machine a password 1", "a", NULL, NULL, NULL);
	netrc_says("machine a login x", "a", NULL, NULL, NULL);
	netrc_says("# machine a login x password 1\nmachine a login x "
		   "password #2",
		   "a", NULL, "x", "#2");
	netrc_says("machine a login \"j d\" password \"p \\\"q\\\\ \\tr\"", "a",
		   NULL, "j d", "p \"q\\ \tr");
	netrc_says("machine a login x password \"open", "a", NULL, "x", "open");
	netrc_says("machine a login x account z password p\r\n", "a", NULL, "x",
		   "p");
	netrc_says("machine", "a", NULL, NULL, NULL);
	netrc_says("machine a password", "a", "x", NULL, NULL);
}

static void netrc_macros_are_passed_over(void **in)
{
	(void)in;
	netrc_says("macdef init\nmachine a login x password no\n\n"
		   "machine a login x password yes\n",
		   "a", NULL, "x", "yes");
	netrc_says("machine b login x password p\nmacdef m \n"
		   "default login x password no\n \n\n"
		   "machine a login x password yes\n",
		   "a", NULL, "x", "yes");
	netrc_says("macdef init\n\nmachine a login x password yes\n", "a", NULL,
		   "x", "yes");
	netrc_says("macdef init\nmachine a login x password no", "a", NULL,
		   NULL, NULL);
	netrc_says("macdef", "a", NULL, NULL, NULL);
}

static void any_beginning_of_a_netrc_ends_well(void **in)
{
	static const char text[] = "# c\nmacdef m\nx\n\nmachine \"a\\\" login "
				   "\"x\\n\" password\n default # password p";
	struct netrc_entry entry;

	(void)in;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct buf copy = BUF_INIT(1024);

		buf_put(&copy, text, n);
		if (netrc_find(&copy, "a", NULL, &entry))
			assert_non_null(entry.password);
		buf_free(&copy);
	}
}

static void netrc_names_the_user_and_is_private(void **in)
{
	struct state *s = *in;

	put_file(s->netrc, "machine smtp.example.org login ann password p\n",
		 0600);
	assert_refuses(s, "passwordeval"); /* joe has none there */
	s->account->user = NULL;
	assert_gets(s, "ann", "p");
	assert_int_equal(chmod(s->netrc, 0640), 0);
	assert_refuses(s, "chmod 600");
	s->account->host = "other.example";
	assert_refuses(s, "user");
}

/* ---- the prompt ---- */

/* In the child: asks, and tells by its exit whether the answer was right. */
static void ask_and_compare(const char *answer)
{
	struct buf out = BUF_INIT(64);
	struct error f = ERROR_INIT;
	int r = secret_prompt("the question: ", &out, &f);

	if (r < 0)
		_exit(f.cause == ERROR_CONFIG ? 2 : 3);
	r = strcmp(out.data, answer) == 0 ? 0 : 1;
	buf_wipe(&out);
	_exit(r);
}

/* What the terminal shows, until it has shown `words`. */
static void read_until(int tty, char *shown, size_t size, const char *words)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };
	size_t n = strlen(shown);

	while (!strstr(shown, words)) {
		ssize_t got;

		if (poll(&p, 1, 10000) != 1)
			fail_msg("the terminal shows \"%s\"", shown);
		got = read(tty, shown + n, size - 1 - n);
		if (got <= 0)
			fail_msg("the terminal ended with \"%s\"", shown);
		n += (size_t)got;
		shown[n] = '\0';
	}
}

static int ended(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static bool echoes(int tty)
{
	struct termios t;

	assert_int_equal(tcgetattr(tty, &t), 0);
	return t.c_lflag & ECHO;
}

static void what_is_typed_is_taken_and_not_shown(void **in)
{
	char shown[512] = "";
	int tty, status;
	pid_t child = forkpty(&tty, NULL, NULL, NULL);

	(void)in;
	if (child == 0)
		ask_and_compare("hunter2");
	assert_true(child > 0);
	read_until(tty, shown, sizeof(shown), "the question: ");
	assert_false(echoes(tty));
	assert_int_equal(write(tty, "hunter2\n", 8), 8);
	status = ended(child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(echoes(tty));
	read_until(tty, shown, sizeof(shown), "\n");
	assert_null(strstr(shown, "hunter2"));
	close(tty);
}

static void an_interrupt_ends_us_with_the_echo_on(void **in)
{
	char shown[512] = "";
	int tty, status;
	pid_t child = forkpty(&tty, NULL, NULL, NULL);

	(void)in;
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		ask_and_compare("");
	}
	assert_true(child > 0);
	read_until(tty, shown, sizeof(shown), "the question: ");
	assert_int_equal(write(tty, "hun\003", 4), 4);
	status = ended(child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
	assert_true(echoes(tty));
	close(tty);
}

/* The child's group is orphaned, so SIGTSTP does not stop it: it comes back at
 * once, as it would after SIGCONT. */
static void a_stop_asks_anew(void **in)
{
	char shown[512] = "";
	int tty, status;
	pid_t child = forkpty(&tty, NULL, NULL, NULL);

	(void)in;
	if (child == 0) {
		signal(SIGTSTP, SIG_DFL);
		ask_and_compare("second");
	}
	assert_true(child > 0);
	read_until(tty, shown, sizeof(shown), "the question: ");
	shown[0] = '\0';
	/* by the key: the terminal has taken what was typed before it */
	assert_int_equal(write(tty, "first\032", 6), 6);
	read_until(tty, shown, sizeof(shown), "the question: ");
	assert_int_equal(write(tty, "second\n", 7), 7);
	status = ended(child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(tty);
}

static void nothing_typed_is_a_error(void **in)
{
	static const char *const typed[] = { "\n", "\004" };

	(void)in;
	for (int i = 0; i < 2; i++) {
		char shown[512] = "";
		int tty, status;
		pid_t child = forkpty(&tty, NULL, NULL, NULL);

		if (child == 0)
			ask_and_compare("");
		assert_true(child > 0);
		read_until(tty, shown, sizeof(shown), "the question: ");
		assert_int_equal(write(tty, typed[i], 1), 1);
		status = ended(child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
		close(tty);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	TEST(the_first_place_that_is_set_counts),
	TEST(no_password_where_none_is_needed),
	TEST(nothing_to_be_had_tells_where_to_put_it),
	TEST(an_environment_variable_must_be_set),
	TEST(a_descriptor_must_be_open_and_say_something),
	TEST(a_file_is_there_and_private),
	TEST(a_credential_lies_in_the_directory_of_the_service),
	TEST(a_password_has_a_limit),
	TEST(commands_that_fail_are_told_and_not_shown),
	TEST(a_command_does_not_read_the_message),
	TEST(an_agent_left_behind_does_not_hold_us_up),
	TEST(a_command_that_goes_on_talking_ends_well),
	TEST(ignored_children_do_not_hide_a_failure),
	TEST(netrc_is_read_as_it_is_written),
	TEST(netrc_macros_are_passed_over),
	TEST(any_beginning_of_a_netrc_ends_well),
	TEST(netrc_names_the_user_and_is_private),
	TEST(what_is_typed_is_taken_and_not_shown),
	TEST(an_interrupt_ends_us_with_the_echo_on),
	TEST(a_stop_asks_anew),
	TEST(nothing_typed_is_a_error),
};

int main(void)
{
	char frozen[300];
	int failed;

	assert_non_null(mkdtemp(folder));
	snprintf(frozen, sizeof(frozen), "home=%s tty=0", folder);
	setenv("MAILSEND_FROZEN", frozen, 1);
	sysenv_init();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
