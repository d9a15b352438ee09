/* edit_terminal.c - termios, and the signals that would leave it raw.
 *
 * ctrl-c and ctrl-z come as octets (no ISIG), since they mean something to the
 * line that is edited; output keeps its NL to CR NL. */
#include "talk/edit_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define WATCHED (sizeof(watched) / sizeof(*watched))

static struct {
	int fd;
	bool is_raw, is_entered;
	struct termios usual;
	struct sigaction before[WATCHED];
} self;
static volatile sig_atomic_t caught;
static int wake[2] = { -1, -1 };

static void note(int number)
{
	int error = errno;
	ssize_t r = write(wake[1], "", 1);

	(void)r; /* full: there is an octet to be seen */
	caught = number;
	errno = error;
}

/* One that comes before a wait begins must end it, too. */
static int open_wake(struct error *f)
{
	if (wake[0] >= 0)
		return 0;
	if (pipe(wake) < 0)
		return error_errno(f, ERROR_OS, errno, "no pipe for signals");
	for (int i = 0; i < 2; i++) {
		fcntl(wake[i], F_SETFD, FD_CLOEXEC);
		fcntl(wake[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

int edit_terminal_wake(void)
{
	return wake[0];
}

static int set(const struct termios *how)
{
	while (tcsetattr(self.fd, TCSADRAIN, how) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int make_raw(struct error *f)
{
	struct termios raw = self.usual;

	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
	raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (set(&raw) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot set the terminal up");
	self.is_raw = true;
	return 0;
}

int edit_terminal_enter(int fd, struct error *f)
{
	struct sigaction action = { .sa_handler = note };

	self.fd = fd;
	if (tcgetattr(fd, &self.usual) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot ask the terminal for its state");
	if (open_wake(f) < 0)
		return -1;
	caught = 0;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &action, &self.before[i]);
	self.is_entered = true;
	if (make_raw(f) == 0)
		return 0;
	edit_terminal_leave();
	return -1;
}

void edit_terminal_restore(void)
{
	if (self.is_raw)
		set(&self.usual);
	self.is_raw = false;
}

void edit_terminal_leave(void)
{
	if (!self.is_entered)
		return;
	edit_terminal_restore();
	self.is_entered = false;
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &self.before[i], NULL);
	if (caught)
		raise(caught);
}

bool edit_terminal_is_asked(void)
{
	return caught != 0;
}

int edit_terminal_stop(struct error *f)
{
	edit_terminal_restore();
	raise(SIGTSTP);
	return make_raw(f);
}

size_t edit_terminal_columns(void)
{
	struct winsize size;

	if (ioctl(self.fd, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}
