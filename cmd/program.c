/* program.c - see program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#ifdef __GLIBC__
#include <ucontext.h>
#endif
#include <unistd.h>

#include "base/arena.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "flow/source.h"

#define STACK_SIZE                                                             \
	((size_t)1 << 20) /* enough for this program and its libraries */

/* ---- the streams, at the end ---- */

void program_end_by_pipe(const struct error *f)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	if (f->cause != ERROR_IO || poll(&p, 1, 0) <= 0 ||
	    !(p.revents & POLLERR))
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

void program_drain_input(void)
{
	struct error unused = ERROR_INIT;
	struct source from;
	struct stat st;
	char room[4096];

	if (fstat(STDIN_FILENO, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return;
	source_of_stream(&from, STDIN_FILENO, "standard input");
	while (source_read(&from, room, sizeof(room), &unused) > 0)
		;
}

/* ---- rights ---- */

/* The environment has not been read yet. */
static int refuse_rights(struct error *f)
{
	if (!sysenv_is_privileged())
		return 0;
	if (!sysenv_drop_privileges())
		_exit(EX_CONFIG);
	return error_set(f, ERROR_CONFIG,
			 "it does not run set-user-ID or set-group-ID; remove "
			 "that with: chmod ug-s PROGRAM");
}

/* ---- descriptors 0 to 2 ---- */

static bool is_null_device(int fd)
{
	struct stat here, null;

	return fstat(fd, &here) == 0 && S_ISCHR(here.st_mode) &&
	       stat("/dev/null", &null) == 0 && null.st_rdev == here.st_rdev;
}

/* fd is the lowest free descriptor.  Without /dev/null, the end of a pipe
 * without a writer takes its place: it reads as empty and cannot be written. */
static int fill(int fd, int mode)
{
	int ends[2];

	if (open("/dev/null", mode) == fd)
		return 0;
	if (fcntl(fd, F_GETFD) >= 0 || pipe(ends) < 0)
		return -1;
	close(ends[1]);
	return ends[0] == fd ? 0 : -1;
}

static int secure_descriptor(int fd, struct error *f)
{
	int flags = fcntl(fd, F_GETFL);
	int mode = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;

	if (fd == STDIN_FILENO && flags >= 0 &&
	    (flags & O_ACCMODE) == O_WRONLY && is_null_device(fd)) {
		close(fd);
		flags = -1;
	}
	if (flags >= 0 || fill(fd, mode) == 0)
		return 0;
	return error_errno(f, ERROR_OS, errno,
			   "descriptor %d is closed and cannot be opened", fd);
}

static int secure_descriptors(struct error *f)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (secure_descriptor(fd, f) < 0)
			return -1;
	return 0;
}

/* ---- the rest ---- */

/* The umask of the caller stays, except that our own files must be usable by
 * us. */
static void keep_own_access(void)
{
	mode_t mask = umask(077);

	umask(mask & 077);
}

/* libcurl would write session keys to that file. */
static void clean_environment(void)
{
	unsetenv("SSLKEYLOGFILE");
}

/* ---- the end, at once ---- */

/* Octets, for the error message and the rescue; the least that will do. */
#define RESERVE	       (1024 * 1024)
#define RESERVE_LEAST  (64 * 1024)
#define RESCUE_SECONDS 60

static void *reserve;
static volatile sig_atomic_t last_status = EX_TEMPFAIL;

/* Limits the rescue, as the heap or a file may be locked. */
static void give_up(int number)
{
	(void)number;
	_exit(last_status);
}

static void take_reserve(void)
{
	for (size_t n = RESERVE; !reserve && n >= RESERVE_LEAST; n /= 2)
		reserve = malloc(n);
}

/* A second failure during the rescue is not reported, but standard input is
 * read to its end. */
static _Noreturn void end_at_once(const char *why)
{
	static volatile sig_atomic_t has_failed, is_rescuing;
	const struct ending *now = ending_now();

	if (!has_failed) {
		signal(SIGALRM, give_up);
		alarm(RESCUE_SECONDS);
		has_failed = 1;
		last_status = now->status;
		free(reserve);
		sysenv_memory_out();
		log_error("%s; %s%s", why, now->text,
			  now->status == EX_TEMPFAIL ? ", try again later"
						     : "");
		is_rescuing = now->status == EX_TEMPFAIL;
		if (is_rescuing)
			ending_run_rescue(why);
	} else if (is_rescuing) {
		is_rescuing = 0;
		log_error("the message could not be saved completely");
		program_drain_input();
	}
	_exit(now->status);
}

static void out_of_memory(void)
{
	end_at_once("out of memory");
}

#if defined(__SANITIZE_ADDRESS__)
#define IS_CHECKED 1 /* the sanitizer reports these signals */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_CHECKED 1
#endif
#endif
#ifndef IS_CHECKED
#define IS_CHECKED 0
#endif

/* Most often a library that did not check malloc. */
static void on_crash(int number)
{
	end_at_once(number == SIGABRT ? "a library ended the program"
				      : "a library failed (out of memory?)");
}

/* On an alternate stack: the usual one may be exhausted. */
static void catch_crashes(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				       SIGABRT };
	struct sigaction action = { .sa_handler = on_crash,
				    .sa_flags = SA_ONSTACK | SA_NODEFER };
	stack_t stack = { .ss_size = STACK_SIZE };

	if (IS_CHECKED)
		return;
	stack.ss_sp = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack.ss_sp != MAP_FAILED)
		sigaltstack(&stack, NULL);
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

static int begin(const struct program *p, struct error *f)
{
	ending_set(&p->first);
	log_open(p->name);
	if (refuse_rights(f) < 0 || secure_descriptors(f) < 0)
		return -1;
	keep_own_access();
	interrupt_catch();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* write() fails instead */
	signal(SIGCHLD,
	       SIG_DFL); /* if it is ignored, waitpid() gets no status */
	clean_environment();
	memory_on_exhaustion(out_of_memory);
	catch_crashes();
	take_reserve();
	sysenv_init();
	return 0;
}

/* ---- the stack ---- */

static int run_here(const struct program *p, int argc, char **argv)
{
	struct error f = ERROR_INIT;

	if (begin(p, &f) == 0)
		return p->run(argc, argv);
	log_error("%s", f.text);
	program_drain_input();
	return error_exit(&f);
}

#ifdef __GLIBC__ /* musl has no makecontext */
static struct {
	ucontext_t before, inside;
	void *stack;
	const struct program *program;
	int argc, status;
	char **argv;
} apart;

static void run_apart(void)
{
	apart.status = run_here(apart.program, apart.argc, apart.argv);
}

/* With a guard page below it. */
static bool make_stack(void)
{
	apart.stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	return apart.stack != MAP_FAILED &&
	       mprotect(apart.stack, (size_t)sysconf(_SC_PAGESIZE),
			PROT_NONE) == 0;
}

/* For threads of libraries. */
static void give_threads_room(void)
{
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) != 0)
		return;
	if (pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0)
		pthread_setattr_default_np(&attributes);
	pthread_attr_destroy(&attributes);
}

static int run_with_room(const struct program *p, int argc, char **argv)
{
	apart.program = p;
	apart.argc = argc;
	apart.argv = argv;
	give_threads_room();
	if (!make_stack() || getcontext(&apart.inside) < 0)
		return run_here(p, argc, argv);
	apart.inside.uc_stack.ss_sp = apart.stack;
	apart.inside.uc_stack.ss_size = STACK_SIZE;
	apart.inside.uc_link = &apart.before;
	makecontext(&apart.inside, run_apart, 0);
	return swapcontext(&apart.before, &apart.inside) < 0
		       ? run_here(p, argc, argv)
		       : apart.status;
}
#else
#define run_with_room run_here
#endif

static bool is_stack_small(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_STACK, &limit) == 0 &&
	       limit.rlim_cur < STACK_SIZE;
}

int program_finish(int status)
{
	interrupt_release();
	return status;
}

int program_main(const struct program *program, int argc, char **argv)
{
	int status = is_stack_small() ? run_with_room(program, argc, argv)
				      : run_here(program, argc, argv);

	/* exit handlers of libraries are useless here, and may fail */
	if (!IS_CHECKED)
		_exit(status);
	return status;
}
