/* serve_client.c - one client: on a connection, in a process of its own, or on
 * standard input and output.
 *
 * SIGTERM reaches the process of a connection through the `wake` of
 * client_stream.h, and leaves it time to finish a transaction.  The process has
 * its own session (setsid): Ctrl-C is for the listening process, and no
 * password is asked for at a terminal. */
#include "server/serve_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "server/allowance.h"
#include "server/conversation.h"
#include "server/intake.h"

#define COMMAND_SECONDS 300 /* RFC 5321 4.5.3.2.7 */
#define SESSION_SECONDS 3600
#define STOP_SECONDS	60
#define HASTE_SECONDS	3 /* the same where somebody waits for our end */
#define REFUSED_SECONDS 2 /* to read that they are */

/* Somebody needs the place of this connection. */
static int place_needed[2] = { -1, -1 };

/* ---- signals ---- */

int serve_pipe(int ends[2], struct error *f)
{
	return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0
		       ? error_errno(f, ERROR_OS, errno, "no pipe for signals")
		       : 0;
}

void serve_drain(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void note_go(int number)
{
	int error = errno;
	ssize_t r = write(place_needed[1], "", 1);

	(void)number;
	(void)r; /* full: there is a byte to be seen */
	errno = error;
}

/* With a pipe of its own, which is there before it can be asked to go. */
pid_t serve_fork(struct error *f)
{
	struct sigaction action = { .sa_handler = note_go };
	pid_t pid;

	if (serve_pipe(place_needed, f) < 0)
		return -1;
	sigemptyset(&action.sa_mask);
	sigaction(CLIENT_CLOSE, &action, NULL);
	pid = fork();
	if (pid == 0) {
		log_stop_progress();
		return 0;
	}
	if (pid < 0)
		error_errno(f, ERROR_OS, errno, "cannot start a process");
	for (int i = 0; i < 2; i++) {
		close(place_needed[i]);
		place_needed[i] = -1;
	}
	return pid;
}

/* What a connection's wait ended for. */
static enum talk_call called(void)
{
	if (interrupt_signal())
		return TALK_STOP;
	serve_drain(place_needed[0]);
	return TALK_GO;
}

/* ---- one session ---- */

const char *serve_name(const struct account *account)
{
	return account->domain ? account->domain : sysenv_host();
}

/* `client` is NULL on stdin.  A user whom the kernel names is logged in by
 * that, and there is nobody between us to be kept out by TLS. */
static int serve_session(const struct serve *s, struct client_stream *line,
			 const char *peer, const struct client *client,
			 struct upstream *upstream, struct error *f)
{
	const struct account *account = s->account;
	const struct peer *user =
		client && client->is_user ? &client->peer : NULL;
	bool is_network = s->options->address && !user;
	struct server_options options = {
		.name = serve_name(account),
		.has_tls = is_network && account->serve_cert,
		.needs_login = is_network && account->serve_auth_command,
		.size_max = user ? allowance_size(account, user)
				 : (uint64_t)account->serve_max_size,
		.recipients_max = user ? allowance_recipients(account, user)
				       : (size_t)account->serve_max_recipients,
	};
	struct server server;
	struct intake intake = {
		.base = s->request,
		.spool = s->spool,
		.trace = s->trace,
		.auth_command = is_network ? account->serve_auth_command : NULL,
		.auth_seconds = (unsigned)account->command_timeout,
		.peer = peer,
		.user = user,
		.sockets = &s->sockets,
		.reply_seconds = COMMAND_SECONDS,
		.line = line,
		.server = &server,
		.upstream = upstream,
	};
	struct talk talk = {
		.intake = &intake,
		.cert = account->serve_cert,
		.key = account->serve_key ? account->serve_key
					  : account->serve_cert,
		.is_implicit = is_network && !account->serve_tls_starttls,
		.client = client ? client->state : NULL,
		.called = client ? called : NULL,
		.command_seconds = COMMAND_SECONDS,
		.session_seconds = SESSION_SECONDS,
		.stop_seconds = client ? STOP_SECONDS : HASTE_SECONDS,
	};
	int r;

	server_init(&server, &options, intake_ops(&intake), &intake);
	server.trace = s->trace;
	if (user)
		snprintf(server.user, sizeof(server.user), "%s", user->name);
	r = talk_run(&talk, f);
	/* they said goodbye, and did not wait for ours */
	if (r < 0 && server.has_quit && user) {
		error_clear(f);
		r = 0;
	}
	/* A script that reads no replies, and whose every line was wrong, must
	 * not take this for success. */
	if (r == 0 && !client && server.errors && !server.helo[0] &&
	    !server.messages)
		r = error_set(
			f, ERROR_DATA,
			"no mail was accepted: %u commands were wrong (do "
			"lines end in CRLF?)",
			server.errors);
	server_free(&server);
	return r;
}

/* Their groups, and whether they are served at all.  A permanent code, and the
 * client gets it: to a libcurl that is slower than we are, a unix socket that
 * is closed already was never connected, which is temporary. */
static bool admit(const struct serve *s, int fd, struct client *client)
{
	const char *name = serve_name(s->account);
	struct client_stream stream;
	struct error f = ERROR_INIT;
	char line[RESPONSE_LINE_MAX];
	ssize_t r;
	int n;

	if (!client->is_user)
		return true;
	if (peer_read_groups(&client->peer, s->arena, fd, &f) < 0) {
		log_error("%s: %s", client->from, f.text);
		n = snprintf(line, sizeof(line),
			     "421 4.3.0 %.300s cannot tell who you are\r\n",
			     name);
	} else if (peer_is_allowed(&client->peer, s->arena,
				   s->account->serve_allow)) {
		return true;
	} else {
		log_warning("%s: is not among those whom serve_allow names",
			    client->from);
		n = snprintf(line, sizeof(line),
			     "554 5.7.1 %.300s does not take mail from %s\r\n",
			     name, client->peer.name);
	}
	r = send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)r;
	client_stream_init(&stream, fd, fd);
	client_stream_linger(&stream,
			     sysenv_ticks() + REFUSED_SECONDS * UINT64_C(1000));
	client_stream_free(&stream);
	return false;
}

/* A socket on standard input, as of a service manager that starts us for each
 * connection: whoever is behind it counts, unless that is ourselves, as where a
 * program talks to us by a socketpair.  1: they are not served. */
static int name_other(const struct serve *s, struct client *client,
		      struct error *f)
{
	const struct clients none = { .room = 0 };

	if (client_name_user(&none, client, STDIN_FILENO, f) < 0)
		return -1;
	client->is_user = client->peer.uid != sysenv_file_uid();
	return !admit(s, STDIN_FILENO, client);
}

int serve_stdio(const struct serve *s, struct error *f)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(from);
	struct client client = { .pid = 0 };
	struct upstream upstream = { .trace = s->trace };
	struct client_stream line;
	int r;

	/* started by inetd, others can connect too */
	r = getpeername(STDIN_FILENO, (struct sockaddr *)&from, &size);
	if (r == 0 && from.ss_family == AF_UNIX) {
		r = name_other(s, &client, f);
		if (r != 0)
			return r < 0 ? -1 : 0;
	} else if (r == 0 && !listener_is_local((struct sockaddr *)&from) &&
		   !s->options->is_open)
		return error_set(f, ERROR_CONFIG,
				 "standard input is another machine's "
				 "connection, and there is no login here: "
				 "serve it with --serve, or say "
				 "--serve-anyone");
	client_stream_init(&line, STDIN_FILENO, STDOUT_FILENO);
	line.wake[0] = interrupt_fd();
	r = serve_session(s, &line,
			  client.is_user
				  ? client.from
				  : arena_format(s->arena, "%s@localhost",
						 sysenv_user()),
			  client.is_user ? &client : NULL, &upstream, f);
	upstream_close(&upstream);
	client_stream_free(&line);
	return r;
}

/* ---- the process of a connection ---- */

static void serve_connection(const struct serve *s, int fd,
			     struct client *client, struct upstream *upstream)
{
	struct error f = ERROR_INIT;
	struct client_stream line;

	if (!admit(s, fd, client)) {
		close(fd);
		return;
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client_stream_init(&line, fd, fd);
	line.wake[0] = interrupt_fd();
	line.wake[1] = place_needed[0];
	if (serve_session(s, &line, client->from, client, upstream, &f) < 0)
		log_note("%s: %s", client->from, f.text);
	client_stream_free(&line);
	close(fd);
}

void serve_clients(const struct serve *s, const struct workers *w,
		   struct worker *one, int line, int fd, struct client *client)
{
	struct upstream upstream = { .trace = s->trace };
	struct client next = *client;
	unsigned served = 0;

	setsid();
	signal(SIGCHLD, SIG_DFL);
	interrupt_extend(STOP_SECONDS * 1000);
	do {
		struct arena a = ARENA_INIT; /* for as long as the client */
		struct serve own = *s;

		own.arena = &a;
		serve_connection(&own, fd, &next, &upstream);
		arena_free(&a);
	} while (++served < WORKER_CLIENTS_MAX &&
		 worker_wait(w, one, line, &upstream, &next, &fd));
	upstream_close(&upstream);
}
