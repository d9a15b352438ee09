/* knock.c - many connections to an SMTP server, one after the other.
 *
 *	knock PORT COUNT PARALLEL
 *
 * Connects, waits for the greeting, says QUIT and waits for the reply, COUNT
 * times in all, by PARALLEL processes.  The status is 0 when each was greeted
 * with 220 and dismissed with 221. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool read_reply(int fd, const char *code)
{
	char in[1024];
	size_t have = 0;

	while (have < sizeof(in) && !memchr(in, '\n', have)) {
		ssize_t n = read(fd, in + have, sizeof(in) - have);

		if (n <= 0)
			return false;
		have += (size_t)n;
	}
	return have > 3 && memcmp(in, code, 3) == 0;
}

static bool visit(const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 &&
		  read_reply(fd, "220") && write(fd, "QUIT\r\n", 6) == 6 &&
		  read_reply(fd, "221");

	close(fd);
	return ok;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int count, parallel, status, failed = 0;

	if (argc < 4)
		return 64;
	a.sin_port = htons((uint16_t)atoi(argv[1]));
	count = atoi(argv[2]);
	parallel = atoi(argv[3]);
	for (int i = 0; i < parallel; i++)
		if (fork() == 0) {
			for (int n = i; n < count; n += parallel)
				if (!visit(&a))
					_exit(1);
			_exit(0);
		}
	while (wait(&status) > 0)
		failed |= status != 0;
	return failed;
}
