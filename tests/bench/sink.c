/* sink.c - an SMTP server that takes mail as fast as it comes and leaves it.
 *
 *	sink [OPTION VALUE]... [COMMAND ...]
 *
 *	--port N             listen there, on loopback; otherwise on any port
 *	--without KEYWORD    CHUNKING or PIPELINING is not offered
 *	--certificate FILE   STARTTLS is offered and required, with this chain
 *	--key FILE           and this key
 *	--login USER:SECRET  AUTH PLAIN and LOGIN are offered and required
 *	--keep FOLDER        messages are kept there, as 1, 2, ...
 *	--grace MS           a reply waits as long for more commands, so that
 *	                     flights are the same on a slow machine
 *	--report FILE        what was seen, as JSON, when the command has ended
 *
 * With a command it ends with that, in whose environment SINK_PORT stands.
 * Without one it writes "PORT N" to standard output and goes on until it is
 * killed.  A flight is counted when all that came was answered and the client
 * has to wait for it.  There is a process for each connection. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
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
	atomic_ulong mails, recipients, octets, flights, connections, logins,
		kept;
} * seen;

static struct {
	bool has_chunking, has_pipelining;
	const char *certificate, *key, *login, *keep, *report;
	unsigned port;
	int grace;
} wish = { .has_chunking = true, .has_pipelining = true };

static SSL_CTX *context;

struct talk {
	int fd, kept;
	SSL *tls;
	char in[ROOM], out[ROOM];
	size_t at, have, due;
	size_t recipients, octets;
	bool is_open, is_known;
};

/* ---- the connection ---- */

static void flush(struct talk *t)
{
	size_t done = 0;

	while (done < t->due) {
		ssize_t n = t->tls ? SSL_write(t->tls, t->out + done,
					       (int)(t->due - done))
				   : write(t->fd, t->out + done, t->due - done);

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

static bool is_more_there(struct talk *t, int wait)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	return (t->tls && SSL_pending(t->tls)) || poll(&p, 1, wait) > 0;
}

/* More of what the client says; all was answered. */
static void more(struct talk *t)
{
	ssize_t n;
	size_t room;

	memmove(t->in, t->in + t->at, t->have - t->at);
	t->have -= t->at;
	t->at = 0;
	room = sizeof(t->in) - t->have;
	if (!room)
		_exit(1);
	if (t->due && (!wish.grace || !is_more_there(t, wish.grace))) {
		flush(t);
		seen->flights++;
	}
	n = t->tls ? SSL_read(t->tls, t->in + t->have, (int)room)
		   : read(t->fd, t->in + t->have, room);
	if (n <= 0)
		_exit(0);
	t->have += (size_t)n;
}

/* A line without its CRLF, and its length; valid until the next. */
static char *line(struct talk *t, size_t *length)
{
	char *end;

	while (!(end = memmem(t->in + t->at, t->have - t->at, "\r\n", 2)))
		more(t);
	*length = (size_t)(end - (t->in + t->at));
	*end = '\0';
	end = t->in + t->at;
	t->at += *length + 2;
	return end;
}

static void start_tls(struct talk *t)
{
	say(t, "220 2.0.0 go on\r\n");
	flush(t);
	seen->flights++;
	t->at = t->have = 0;
	t->is_known = false;
	t->tls = SSL_new(context);
	if (!t->tls || !SSL_set_fd(t->tls, t->fd) || SSL_accept(t->tls) <= 0)
		_exit(1);
}

/* ---- what is taken ---- */

static void keep(struct talk *t, const char *data, size_t n)
{
	if (t->kept >= 0 && write(t->kept, data, n) != (ssize_t)n)
		_exit(1);
}

static void open_kept(struct talk *t)
{
	char path[4096];

	t->octets = 0;
	t->kept = -1;
	if (!wish.keep)
		return;
	snprintf(path, sizeof(path), "%s/%lu", wish.keep,
		 (unsigned long)++seen->kept);
	t->kept = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void finish(struct talk *t)
{
	say(t, t->recipients ? "250 2.0.0 Ok: left\r\n"
			     : "554 5.5.1 no valid recipients\r\n");
	if (t->kept >= 0)
		close(t->kept);
	t->kept = -1;
	if (t->recipients) {
		seen->mails++;
		seen->recipients += t->recipients;
		seen->octets += t->octets;
	}
	t->recipients = 0;
	t->octets = 0;
	t->is_open = false;
}

static void take_chunk(struct talk *t, const char *words)
{
	size_t left = strtoul(words + 5, NULL, 10);
	bool is_last = strcasestr(words, " LAST") != NULL;

	if (!t->octets)
		open_kept(t);
	t->octets += left;
	while (left) {
		size_t some = t->have - t->at < left ? t->have - t->at : left;

		keep(t, t->in + t->at, some);
		t->at += some;
		left -= some;
		if (left)
			more(t);
	}
	if (is_last)
		finish(t);
	else
		say(t, "250 2.0.0 Ok\r\n");
}

static void take_lines(struct talk *t)
{
	size_t n;

	say(t, "354 go on\r\n");
	open_kept(t);
	for (;;) {
		char *text = line(t, &n);

		if (*text == '.') {
			if (n == 1)
				break;
			text++;
			n--;
		}
		text[n] = '\r';
		keep(t, text, n + 2);
		t->octets += n + 2;
	}
	finish(t);
}

/* ---- who it is ---- */

/* What the client says next, out of base64, with a NUL behind it. */
static size_t ask(struct talk *t, const char *prompt, const char *said,
		  char into[512])
{
	size_t n;
	int length;

	if (!said) {
		say(t, prompt);
		said = line(t, &n);
	}
	n = strlen(said);
	if (n > 600)
		_exit(1);
	length = EVP_DecodeBlock((unsigned char *)into,
				 (const unsigned char *)said, (int)n);
	if (length < 0)
		_exit(1);
	/* Padding is decoded, too. */
	for (; length > 0 && n && said[n - 1] == '='; n--)
		length--;
	into[length] = '\0';
	return (size_t)length;
}

static void log_in(struct talk *t, char *words)
{
	char first[512] = "", second[512] = "", both[1024];
	char *said = strchr(words, ' '), *user = first, *secret = second;

	if (said)
		*said++ = '\0';
	if (!strcasecmp(words, "PLAIN")) {
		size_t n = ask(t, "334 \r\n", said, first);

		/* Whom to act as, user, secret. */
		user = first + strnlen(first, n) + 1;
		secret = user + strlen(user) + 1;
		if (secret > first + n)
			user = secret = second;
	} else {
		ask(t, "334 VXNlcm5hbWU6\r\n", said, first);
		ask(t, "334 UGFzc3dvcmQ6\r\n", NULL, second);
	}
	snprintf(both, sizeof(both), "%s:%s", user, secret);
	t->is_known = wish.login && !strcmp(both, wish.login);
	seen->logins += t->is_known;
	say(t, t->is_known ? "235 2.7.0 Ok\r\n" : "535 5.7.8 no\r\n");
}

/* ---- the dialogue ---- */

static void offer(struct talk *t)
{
	say(t, "250-sink\r\n");
	if (wish.has_pipelining)
		say(t, "250-PIPELINING\r\n");
	if (wish.has_chunking)
		say(t, "250-CHUNKING\r\n");
	if (context && !t->tls)
		say(t, "250-STARTTLS\r\n");
	if (wish.login && (!context || t->tls))
		say(t, "250-AUTH PLAIN LOGIN\r\n");
	say(t, "250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 0\r\n");
}

static void begin(struct talk *t)
{
	if ((context && !t->tls) || (wish.login && !t->is_known)) {
		say(t, "530 5.7.0 not like this\r\n");
		return;
	}
	say(t, t->is_open ? "503 5.5.1 nested\r\n" : "250 2.1.0 Ok\r\n");
	t->is_open = true;
}

static void command(struct talk *t, char *words)
{
	if (!strncasecmp(words, "EHLO", 4)) {
		offer(t);
	} else if (!strncasecmp(words, "HELO", 4)) {
		say(t, "250 sink\r\n");
	} else if (!strncasecmp(words, "MAIL", 4)) {
		begin(t);
	} else if (!strncasecmp(words, "RCPT", 4)) {
		say(t, t->is_open ? "250 2.1.5 Ok\r\n" : "503 5.5.1 MAIL\r\n");
		t->recipients += t->is_open;
	} else if (!strncasecmp(words, "BDAT ", 5)) {
		take_chunk(t, words);
	} else if (!strcasecmp(words, "DATA")) {
		take_lines(t);
	} else if (!strcasecmp(words, "STARTTLS") && context && !t->tls) {
		start_tls(t);
	} else if (!strncasecmp(words, "AUTH ", 5)) {
		log_in(t, words + 5);
	} else if (!strcasecmp(words, "QUIT")) {
		say(t, "221 2.0.0 Bye\r\n");
		flush(t);
		_exit(0);
	} else if (!strcasecmp(words, "RSET") || !strcasecmp(words, "NOOP")) {
		if (!strcasecmp(words, "RSET"))
			t->recipients = t->is_open = 0;
		say(t, "250 2.0.0 Ok\r\n");
	} else {
		say(t, "502 5.5.1 not here\r\n");
	}
}

static void serve(int fd)
{
	static struct talk t;
	size_t n;

	t.fd = fd;
	t.kept = -1;
	seen->connections++;
	say(&t, "220 sink ESMTP\r\n");
	for (;;)
		command(&t, line(&t, &n));
}

/* ---- processes ---- */

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

static int open_listener(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)wish.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, 1024) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
		perror("sink");
		exit(1);
	}
	wish.port = ntohs(a.sin_port);
	return fd;
}

static void open_context(void)
{
	context = SSL_CTX_new(TLS_server_method());
	if (!context || !wish.key ||
	    SSL_CTX_use_certificate_chain_file(context, wish.certificate) <=
		    0 ||
	    SSL_CTX_use_PrivateKey_file(context, wish.key, SSL_FILETYPE_PEM) <=
		    0) {
		fprintf(stderr, "sink: the certificate or key is no good\n");
		exit(1);
	}
}

static int report(int status)
{
	FILE *file = wish.report ? fopen(wish.report, "w") : NULL;

	if (wish.report && !file) {
		perror(wish.report);
		return 1;
	}
	fprintf(file ? file : stderr,
		"{\"mails\": %lu, \"recipients\": %lu, \"octets\": %lu, "
		"\"flights\": %lu, \"connections\": %lu, \"logins\": %lu}\n",
		seen->mails, seen->recipients, seen->octets, seen->flights,
		seen->connections, seen->logins);
	if (file && fclose(file) != 0)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int run(char **argv, int listener)
{
	pid_t server = fork(), client;
	char text[16];
	int status;

	if (server == 0)
		take_all(listener);
	close(listener);
	snprintf(text, sizeof(text), "%u", wish.port);
	setenv("SINK_PORT", text, 1);
	client = fork();
	if (client == 0) {
		execvp(*argv, argv);
		perror(*argv);
		_exit(127);
	}
	while (waitpid(client, &status, 0) < 0 && errno == EINTR)
		;
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	return report(status);
}

static bool option(const char *name, char *value)
{
	if (!strcmp(name, "--port"))
		wish.port = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(name, "--grace"))
		wish.grace = atoi(value);
	else if (!strcmp(name, "--certificate"))
		wish.certificate = value;
	else if (!strcmp(name, "--key"))
		wish.key = value;
	else if (!strcmp(name, "--login"))
		wish.login = value;
	else if (!strcmp(name, "--keep"))
		wish.keep = value;
	else if (!strcmp(name, "--report"))
		wish.report = value;
	else if (!strcmp(name, "--without") && !strcmp(value, "CHUNKING"))
		wish.has_chunking = false;
	else if (!strcmp(name, "--without") && !strcmp(value, "PIPELINING"))
		wish.has_pipelining = false;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	int listener, i = 1;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
		if (!option(argv[i], argv[i + 1])) {
			fprintf(stderr, "sink: no option %s %s\n", argv[i],
				argv[i + 1]);
			return 64;
		}
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 1;
	if (wish.certificate)
		open_context();
	listener = open_listener();
	if (argv[i])
		return run(argv + i, listener);
	printf("PORT %u\n", wish.port);
	fflush(stdout);
	take_all(listener);
}
