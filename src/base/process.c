/* process.c - a detached process keeps nothing of its caller's open: whoever
 * waits for the end of a pipe, a terminal or a session must not wait for us. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"

#ifdef __linux__
#include <sys/prctl.h>
#endif

#define FIRST		3     /* after the standard streams */
#define DESCRIPTORS_MAX 65536 /* examined one by one */

static void (*on_end)(void);

void process_on_end(void (*handler)(void))
{
	on_end = handler;
}

noreturn void process_end(void)
{
	if (on_end)
		on_end();
	abort();
}

static void close_from(int first)
{
	long limit;

#ifdef __GLIBC__
#if __GLIBC_PREREQ(2, 34)
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
#endif
#endif
	limit = sysconf(_SC_OPEN_MAX);
	if (limit < 0 || limit > DESCRIPTORS_MAX)
		limit = DESCRIPTORS_MAX;
	for (int fd = first; fd < limit; fd++)
		close(fd);
}

/* `keep` is moved out of the way of the streams, and next to them. */
static int keep_only(int keep)
{
	if (keep < 0) {
		close_from(FIRST);
		return -1;
	}
	if (keep != FIRST && dup2(keep, FIRST) < 0) {
		close_from(FIRST);
		return -1;
	}
	fcntl(FIRST, F_SETFD, FD_CLOEXEC);
	close_from(FIRST + 1);
	return FIRST;
}

/* Those before `end`. */
static void silence_streams(int end)
{
	int null = open("/dev/null", O_RDWR | O_NOCTTY);

	for (int fd = 0; fd < end; fd++)
		if (null < 0)
			close(fd);
		else if (null != fd)
			dup2(null, fd);
	if (null >= FIRST)
		close(null);
}

static void detach_signals(void)
{
	static const int usual[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				     SIGALRM, SIGCHLD, SIGTSTP, SIGTTIN,
				     SIGTTOU, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		signal(usual[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_detach(int keep)
{
	const char *config = sysenv_env("MAILSEND_CONFIG");

	log_silence();
	setsid();
	detach_signals();
	interrupt_forget();
	keep = keep_only(keep);
	silence_streams(FIRST);
	umask(077);
	/* a relative one would not be found from there */
	if (!config || *config == '/') {
		int r = chdir("/");

		(void)r; /* then here */
	}
	return keep;
}

int process_isolate(int keep, int errors)
{
	int r;

	log_stop_progress();
	setsid();
	detach_signals();
	interrupt_forget();
	dup2(errors, STDERR_FILENO);
	keep = keep_only(keep);
	silence_streams(STDERR_FILENO);
	umask(077);
	r = chdir("/");
	(void)r; /* then here */
	return keep;
}

void process_follow(unsigned parent)
{
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if ((unsigned)getppid() != parent) /* it has ended by now */
		raise(SIGTERM);
#else
	(void)parent;
#endif
}

void *process_share(size_t size, struct error *f)
{
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		return page;
	error_errno(f, ERROR_OS, errno, "no memory for the connections");
	return NULL;
}
