/* ask.c - have a Python script run by the interpreter that waits for it.
 *
 *	ask SCRIPT|-|-c TEXT [ARGUMENT...]
 *
 * As "python3 ..." it would be, with our standard streams, folder, umask and
 * environment, but without the time that an interpreter takes to start and to
 * import what judges need: answer.py has done so, and forks.  Without
 * $MAILSEND_JUDGES, its socket, this becomes python3 itself.
 *
 * The request: the octets that follow, in decimal and a newline, with the three
 * streams; then NUL-terminated strings: umask, folder, the count of arguments,
 * they, the environment.  The answer: the status, in decimal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

static int call(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || fd < 3 || strlen(path) >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, strlen(path));
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -1 : fd;
}

static char *write_request(int argc, char **argv, size_t *size)
{
	char *text = NULL, *folder = getcwd(NULL, 0);
	mode_t mask = umask(0);
	FILE *out = open_memstream(&text, size);

	umask(mask);
	if (!out || !folder)
		return NULL;
	fprintf(out, "%o%c%s%c%d%c", (unsigned)mask, 0, folder, 0, argc - 1, 0);
	for (char **word = argv + 1; *word; word++)
		fprintf(out, "%s%c", *word, 0);
	for (char **word = environ; *word; word++)
		fprintf(out, "%s%c", *word, 0);
	free(folder);
	return fclose(out) == 0 ? text : NULL;
}

static int send_streams(int fd, const char *head)
{
	int streams[3] = { 0, 1, 2 };
	char room[CMSG_SPACE(sizeof(streams))] = { 0 };
	struct iovec io = { (void *)head, strlen(head) };
	struct msghdr message = { .msg_iov = &io,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(streams));
	memcpy(CMSG_DATA(c), streams, sizeof(streams));
	return sendmsg(fd, &message, MSG_NOSIGNAL) == (ssize_t)io.iov_len ? 0
									  : -1;
}

/* Nothing was run as long as this fails. */
static int ask(int argc, char **argv)
{
	const char *path = getenv("MAILSEND_JUDGES");
	int fd = path ? call(path) : -1;
	char head[32], *text;
	size_t size;

	if (fd < 0)
		return -1;
	text = write_request(argc, argv, &size);
	if (!text)
		return -1;
	snprintf(head, sizeof(head), "%zu\n", size);
	if (send_streams(fd, head) < 0)
		return -1;
	for (size_t at = 0; at < size;) {
		ssize_t n = send(fd, text + at, size - at, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		at += (size_t)n;
	}
	free(text);
	return fd;
}

int main(int argc, char **argv)
{
	char status[8] = "";
	int fd = ask(argc, argv);

	if (fd < 0) {
		execvp("python3", argv);
		perror("ask: python3");
		return 127;
	}
	if (recv(fd, status, sizeof(status) - 1, 0) <= 0) {
		fputs("ask: the script ended without a status\n", stderr);
		return 70;
	}
	return atoi(status);
}
