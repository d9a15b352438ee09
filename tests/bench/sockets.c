/* sockets.c - the least that sends a file by mail: what others are held
 *against.
 *
 *	sockets PORT TEXT [FILE [CA USER SECRET]]
 *
 * Sends TEXT, a file whose lines end in CRLF and begin with the header, to a
 * server on loopback; with FILE (unless it is "") that is attached, in base64.
 * With CA over STARTTLS, the certificate verified, and logged in.  It reads,
 * encodes by a table, writes, and waits for each reply.  It decides nothing,
 * keeps nothing and explains nothing. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE  57 /* octets, which are 76 characters */
#define LINES 800

static int server;
static SSL *tls;

static void fail(const char *what)
{
	fprintf(stderr, "sockets: %s\n", what);
	exit(1);
}

static void put(const char *data, size_t n)
{
	while (n) {
		ssize_t done = tls ? SSL_write(tls, data, (int)n)
				   : write(server, data, n);

		if (done <= 0)
			fail("the server is gone");
		data += done;
		n -= (size_t)done;
	}
}

/* The last line of a reply, which must begin with CODE. */
static void expect(const char *code)
{
	char in[4096];
	size_t have = 0, at = 0;
	char *end;

	for (;;) {
		while ((end = memchr(in + at, '\n', have - at)) &&
		       in[at + 3] == '-')
			at = (size_t)(end - in) + 1;
		if (end)
			break;
		ssize_t n =
			tls ? SSL_read(tls, in + have, (int)(sizeof(in) - have))
			    : read(server, in + have, sizeof(in) - have);
		if (n <= 0)
			fail("the server is gone");
		have += (size_t)n;
	}
	if (strncmp(in + at, code, strlen(code)) != 0)
		fail("the server says no");
}

static void say(const char *line, const char *code)
{
	put(line, strlen(line));
	expect(code);
}

static void dial(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)atoi(port)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	server = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(server, (struct sockaddr *)&a, sizeof(a)) < 0)
		fail("no connection");
	expect("220");
	say("EHLO localhost\r\n", "250");
}

static void start_tls(const char *ca)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *begun;

	say("STARTTLS\r\n", "220");
	if (!context || SSL_CTX_load_verify_locations(context, ca, NULL) <= 0)
		fail("the authority is no good");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	begun = SSL_new(context);
	if (!begun || !SSL_set1_host(begun, "localhost") ||
	    !SSL_set_tlsext_host_name(begun, "localhost") ||
	    !SSL_set_fd(begun, server) || SSL_connect(begun) <= 0)
		fail("no TLS");
	tls = begun;
	say("EHLO localhost\r\n", "250");
}

static void log_in(const char *user, const char *secret)
{
	char both[256], line[512];
	int n = snprintf(both, sizeof(both), "%c%s%c%s", 0, user, 0, secret);

	strcpy(line, "AUTH PLAIN ");
	EVP_EncodeBlock((unsigned char *)line + strlen(line),
			(unsigned char *)both, n);
	strcat(line, "\r\n");
	say(line, "235");
}

static void put_text(const char *path)
{
	char block[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		fail(path);
	while ((n = read(fd, block, sizeof(block))) > 0)
		put(block, (size_t)n);
	close(fd);
}

static size_t encode_line(const unsigned char *in, size_t n, char *out)
{
	static const char table[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = out;
	size_t i;

	for (i = 0; i + 2 < n; i += 3) {
		unsigned x = (unsigned)in[i] << 16 | (unsigned)in[i + 1] << 8 |
			     in[i + 2];

		*at++ = table[x >> 18];
		*at++ = table[x >> 12 & 63];
		*at++ = table[x >> 6 & 63];
		*at++ = table[x & 63];
	}
	if (i < n)
		at += EVP_EncodeBlock((unsigned char *)at, in + i,
				      (int)(n - i));
	*at++ = '\r';
	*at++ = '\n';
	return (size_t)(at - out);
}

static void put_file(const char *path)
{
	static unsigned char in[LINE * LINES];
	static char out[80 * LINES];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		fail(path);
	while ((n = read(fd, in, sizeof(in))) > 0) {
		size_t due = 0;

		for (size_t i = 0; i < (size_t)n; i += LINE) {
			size_t some = (size_t)n - i;

			due += encode_line(in + i, some < LINE ? some : LINE,
					   out + due);
		}
		put(out, due);
	}
	close(fd);
}

#define PART                                                                   \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: application/octet-stream; name=file\r\n"                \
	"Content-Transfer-Encoding: base64\r\n\r\n"

int main(int argc, char **argv)
{
	if (argc < 3)
		return 64;
	dial(argv[1]);
	if (argc > 6) {
		start_tls(argv[4]);
		log_in(argv[5], argv[6]);
	}
	say("MAIL FROM:<me@example.org>\r\n", "250");
	say("RCPT TO:<you@example.org>\r\n", "250");
	say("DATA\r\n", "354");
	if (argc > 3 && *argv[3]) {
		put("Subject: x\r\n" PART, strlen("Subject: x\r\n" PART));
		put_file(argv[3]);
	} else {
		put_text(argv[2]);
	}
	say(".\r\n", "250");
	say("QUIT\r\n", "221");
	return 0;
}
