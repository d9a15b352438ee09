/* sink.c - an SMTP server that takes mail as fast as it comes and leaves it.
 *
 *	sink [--without CHUNKING|PIPELINING]... [--port N] [COMMAND ...]
 *
 * Listens on loopback.  With a command it ends with that, in whose environment
 * SINK_PORT stands, and then says on standard error what it has seen: mails
 * taken, and flights, which are the times that it had answered all and had to
 * wait.  Without one it says `PORT N' and goes on until it is killed.  A
 *process for each connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOM 262144

static struct {
	atomic_ulong mails, flights, connections;
} * seen;

static bool has_chunking = true, has_pipelining = true;
static int grace; /* milliseconds */

struct talk {
	int fd;
	char in[ROOM], out[ROOM];
	size_t at, have, due;
	size_t recipients;
	bool is_open;
};

static void flush(struct talk *t)
{
	size_t done = 0;

	while (done < t->due) {
		ssize_t n = write(t->fd, t->out + done, t->due - done);

		if (n <= 0)
			_exit(0);
		done += (size_t)n;
	}
	t->due = 0;
}

static void say(struct talk *t, const char *line)
{
	size_t n = strlen(line);

	if (t->due + n > sizeof(t->out))
		flush(t);
	memcpy(t->out + t->due, line, n);
	t->due += n;
}

/* More of what the client says; all was answered. */
static void more(struct talk *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	ssize_t n;

	memmove(t->in, t->in + t->at, t->have - t->at);
	t->have -= t->at;
	t->at = 0;
	if (t->have == sizeof(t->in))
		_exit(1);
	if (t->due && (!grace || poll(&p, 1, grace) == 0)) {
		flush(t);
		seen->flights++;
	}
	n = read(t->fd, t->in + t->have, sizeof(t->in) - t->have);
	if (n <= 0)
		_exit(0);
	t->have += (size_t)n;
}

/* NUL in place of CRLF. */
static char *line(struct talk *t)
{
	char *end;

	while (!(end = memmem(t->in + t->at, t->have - t->at, "\r\n", 2)))
		more(t);
	*end = '\0';
	end = t->in + t->at;
	t->at += strlen(end) + 2;
	return end;
}

static void skip(struct talk *t, size_t n)
{
	while (n) {
		size_t some = t->have - t->at < n ? t->have - t->at : n;

		t->at += some;
		n -= some;
		if (n)
			more(t);
	}
}

static void finish(struct talk *t)
{
	say(t, t->recipients ? "250 2.0.0 Ok: left\r\n"
			     : "554 5.5.1 no valid recipients\r\n");
	seen->mails += t->recipients != 0;
	t->recipients = 0;
	t->is_open = false;
}

static void command(struct talk *t, char *words)
{
	size_t octets;

	if (!strncasecmp(words, "EHLO", 4)) {
		say(t, "250-sink\r\n");
		if (has_pipelining)
			say(t, "250-PIPELINING\r\n");
		if (has_chunking)
			say(t, "250-CHUNKING\r\n");
		say(t, "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
		       "250 SIZE 0\r\n");
	} else if (!strncasecmp(words, "MAIL", 4)) {
		say(t,
		    t->is_open ? "503 5.5.1 nested\r\n" : "250 2.1.0 Ok\r\n");
		t->is_open = true;
	} else if (!strncasecmp(words, "RCPT", 4)) {
		say(t, "250 2.1.5 Ok\r\n");
		t->recipients++;
	} else if (sscanf(words, "BDAT %zu", &octets) == 1) {
		skip(t, octets);
		finish(t);
	} else if (!strcasecmp(words, "DATA")) {
		say(t, "354 Go on\r\n");
		while (strcmp(line(t), ".") != 0)
			;
		finish(t);
	} else if (!strcasecmp(words, "QUIT")) {
		say(t, "221 2.0.0 Bye\r\n");
		flush(t);
		_exit(0);
	} else {
		if (!strcasecmp(words, "RSET"))
			t->recipients = t->is_open = 0;
		say(t, "250 2.0.0 Ok\r\n");
	}
}

static void serve(int fd)
{
	static struct talk t;

	t.fd = fd;
	seen->connections++;
	say(&t, "220 sink ESMTP\r\n");
	for (;;)
		command(&t, line(&t));
}

static void take_all(int listener)
{
	int one = 1;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (fork() == 0) {
			close(listener);
			serve(fd);
		}
		close(fd);
	}
}

static int open_listener(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)*port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
		perror("sink");
		exit(1);
	}
	*port = ntohs(a.sin_port);
	return fd;
}

static int run(char **argv, int listener, unsigned port)
{
	pid_t server = fork(), client;
	char text[16];
	int status;

	if (server == 0)
		take_all(listener);
	close(listener);
	snprintf(text, sizeof(text), "%u", port);
	setenv("SINK_PORT", text, 1);
	client = fork();
	if (client == 0) {
		execvp(*argv, argv);
		perror(*argv);
		_exit(127);
	}
	waitpid(client, &status, 0);
	kill(server, SIGTERM);
	fprintf(stderr, "sink: %lu mails, %lu flights, %lu connections\n",
		seen->mails, seen->flights, seen->connections);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	unsigned port = 0;
	int listener, i = 1;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (!strcmp(argv[i], "--port"))
			port = (unsigned)strtoul(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--grace"))
			grace = atoi(argv[i + 1]);
		else if (!strcmp(argv[i + 1], "CHUNKING"))
			has_chunking = false;
		else
			has_pipelining = false;
	}
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	listener = open_listener(&port);
	if (argv[i])
		return run(argv + i, listener, port);
	printf("PORT %u\n", port);
	fflush(stdout);
	take_all(listener);
}
