/* serve.c - accept, fork, wait.
 *
 * The end of a child writes into a pipe that poll sees, so that none is lost
 * between a look at a flag and the wait; the signals that ask us to end are
 * interrupt.h's.  SIGTERM reaches the session of a connection's process through
 * line.h's `wake`, and leaves it time to finish what has begun.  It is a
 * session of its own too: Ctrl-C is for the one that listens, and nothing asks
 * a terminal for a password, unseen by the client. */
#include "server/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "server/clients.h"
#include "server/conversation.h"
#include "server/intake.h"
#include "server/listener.h"

#define COMMAND_SECONDS 300 /* RFC 5321 4.5.3.2.7 */
#define SESSION_SECONDS 3600
#define STOP_SECONDS	60
#define HASTE_SECONDS	3  /* the same where somebody waits for our end */
#define KILL_SECONDS	75 /* then it is killed */
#define BREATH_MS	100
#define PARTING_MS	1000

static int child_ended[2] = { -1, -1 };

/* In the process of a connection: somebody needs its place. */
static int place_needed[2] = { -1, -1 };

/* ---- signals ---- */

static void note(int number)
{
	int error = errno;
	ssize_t r = write(number == SIGCHLD ? child_ended[1] : place_needed[1],
			  "", 1);

	(void)r; /* full: there is a byte to be seen */
	errno = error;
}

static int open_pipe(int ends[2], struct error *f)
{
	if (pipe(ends) < 0)
		return error_errno(f, ERROR_OS, errno, "no pipe for signals");
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int watch_signals(struct error *f)
{
	struct sigaction action = { .sa_handler = note };

	if (open_pipe(child_ended, f) < 0)
		return -1;
	sigemptyset(&action.sa_mask);
	sigaction(SIGCHLD, &action, NULL);
	sigaction(CLIENT_GO, &action, NULL);
	return 0;
}

static void drain(int fd)
{
	char bytes[64];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* What a connection's wait ended for. */
static enum talk_call called(void)
{
	if (interrupt_signal())
		return TALK_STOP;
	drain(place_needed[0]);
	return TALK_GO;
}

/* ---- one session ---- */

static const char *serving_name(const struct account *account)
{
	return account->domain ? account->domain : sysenv_host();
}

/* `client` is NULL on stdin. */
static int serve_session(const struct serve *s, struct client_stream *line,
			 const char *peer, struct client_state *client,
			 struct error *f)
{
	const struct account *account = s->account;
	bool is_network = s->options->address != NULL;
	struct server_options options = {
		.name = serving_name(account),
		.has_tls = is_network && account->serve_cert,
		.needs_login = is_network && account->serve_auth_command,
		.size_max = (uint64_t)account->serve_max_size,
		.recipients_max = (size_t)account->serve_max_recipients,
	};
	struct server server;
	struct intake intake = {
		.base = s->request,
		.spool = s->spool,
		.trace = s->trace,
		.auth_command = is_network ? account->serve_auth_command : NULL,
		.auth_seconds = (unsigned)account->command_timeout,
		.peer = peer,
		.reply_seconds = COMMAND_SECONDS,
		.line = line,
		.server = &server,
	};
	struct talk talk = {
		.intake = &intake,
		.cert = account->serve_cert,
		.key = account->serve_key ? account->serve_key
					  : account->serve_cert,
		.is_implicit = is_network && !account->serve_tls_starttls,
		.client = client,
		.called = client ? called : NULL,
		.command_seconds = COMMAND_SECONDS,
		.session_seconds = SESSION_SECONDS,
		.stop_seconds = is_network ? STOP_SECONDS : HASTE_SECONDS,
	};
	int r;

	server_init(&server, &options, intake_ops(&intake), &intake);
	server.trace = s->trace;
	r = talk_run(&talk, f);
	/* A script that reads no replies, and whose every line was wrong, must
	 * not take this for success. */
	if (r == 0 && !is_network && server.errors && !server.helo[0] &&
	    !server.messages)
		r = error_set(
			f, ERROR_DATA,
			"no mail was accepted: %u commands were wrong (do "
			"lines end in CRLF?)",
			server.errors);
	server_free(&server);
	return r;
}

int serve_stdio(const struct serve *s, struct error *f)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(from);
	struct client_stream line;
	int r;

	/* started by inetd, others can connect too */
	if (getpeername(STDIN_FILENO, (struct sockaddr *)&from, &size) == 0 &&
	    !listener_is_local((struct sockaddr *)&from) &&
	    !s->options->is_open)
		return error_set(f, ERROR_CONFIG,
				 "standard input is another machine's "
				 "connection, and there is no login here: "
				 "serve it with --serve, or say "
				 "--serve-anyone");
	client_stream_init(&line, STDIN_FILENO, STDOUT_FILENO);
	line.wake[0] = interrupt_fd();
	r = serve_session(s, &line,
			  arena_format(s->arena, "%s@localhost", sysenv_user()),
			  NULL, f);
	client_stream_free(&line);
	return r;
}

/* ---- the process of a connection ---- */

static int serve_connection(const struct serve *s, int fd,
			    const struct client *client)
{
	struct error f = ERROR_INIT;
	struct client_stream line;

	setsid();
	signal(SIGCHLD, SIG_DFL);
	interrupt_extend(STOP_SECONDS * 1000);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client_stream_init(&line, fd, fd);
	line.wake[0] = interrupt_fd();
	line.wake[1] = place_needed[0];
	if (serve_session(s, &line, client->from, client->state, &f) < 0)
		log_note("%s: %s", client->from, f.text);
	client_stream_free(&line);
	close(fd);
	return 0;
}

/* ---- the one that listens ---- */

static void turn_away(const struct serve *s, int fd, bool is_short)
{
	const char *name = serving_name(s->account);
	char line[RESPONSE_LINE_MAX];
	ssize_t r = 0;
	int n = is_short ? snprintf(line, sizeof(line),
				    "421 4.3.2 %.300s can take nobody now\r\n",
				    name)
			 : snprintf(line, sizeof(line),
				    "421 4.7.0 %.300s has too many "
				    "connections\r\n",
				    name);

	/* who begins with TLS could not read it */
	if (s->account->serve_tls_starttls)
		r = send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* what is unread would take the reply away from them; once, for a
	 * flood would hold us */
	shutdown(fd, SHUT_WR);
	r += recv(fd, line, sizeof(line), MSG_DONTWAIT);
	(void)r;
	close(fd);
}

static void reap(struct clients *clients)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			log_error("the process of a connection was ended by "
				  "signal %d",
				  WTERMSIG(status));
		clients_forget(clients, pid);
	}
}

/* Many newcomers at once are faster than those who were asked to go. */
static struct client *find_place(struct clients *clients,
				 const struct client *newcomer)
{
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };
	uint64_t until = sysenv_ticks() + PARTING_MS;
	struct client *place;

	while (!(place = clients_place(clients, newcomer)) &&
	       clients_are_going(clients) && sysenv_ticks() < until &&
	       !interrupt_signal()) {
		poll(&p, 1, BREATH_MS);
		drain(child_ended[0]);
		reap(clients);
	}
	return place;
}

/* A descriptor that is given up where there is no other, so that a
 * client gets a reply. */
static int spare = -1;

static int open_spare(struct error *f)
{
	spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return spare < 0 ? error_errno(f, ERROR_OS, errno,
				       "cannot open /dev/null")
			 : 0;
}

static void close_spare(void)
{
	if (spare >= 0)
		close(spare);
	spare = -1;
}

static void turn_away_next(const struct serve *s, int listener)
{
	struct error unused = ERROR_INIT;
	int fd;

	close_spare();
	fd = accept(listener, NULL, NULL);
	if (fd >= 0)
		turn_away(s, fd, true);
	open_spare(&unused); /* else it is tried again the next time */
}

/* Out of descriptors or memory, or no socket any more: it would be said again
 * at once, forever. */
static bool was_told; /* of that */

static void accept_failed(const struct serve *s, int listener, int error)
{
	if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR ||
	    error == ECONNABORTED)
		return;
	if (!was_told)
		log_error("no connection can be accepted: %s", strerror(error));
	was_told = true;
	if (error == EMFILE || error == ENFILE)
		turn_away_next(s, listener);
	poll(NULL, 0, BREATH_MS);
}

/* With a pipe of its own, which is there before it can be asked to go. */
static pid_t begin_process(struct error *f)
{
	pid_t pid;

	if (open_pipe(place_needed, f) < 0)
		return -1;
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

/* 1 in the process of the connection, when it is done. */
static int take_client(const struct serve *s, struct listeners *l,
		       struct clients *clients, int listener)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	struct client newcomer = { .pid = 0 }, *place;
	struct error f = ERROR_INIT;
	socklen_t size = sizeof(from);
	int fd = accept(listener, (struct sockaddr *)&from, &size);
	pid_t pid;

	if (fd < 0) {
		accept_failed(s, listener, errno);
		return 0;
	}
	was_told = false;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	client_name(&newcomer, (struct sockaddr *)&from, size);
	place = find_place(clients, &newcomer);
	if (!place) {
		log_warning("%s: turned away: there are %zu connections",
			    newcomer.from, clients->count);
		turn_away(s, fd, false);
		return 0;
	}
	pid = begin_process(&f);
	if (pid == 0) {
		listener_close(l);
		close_spare();
		serve_connection(s, fd, place);
		return 1;
	}
	if (pid < 0) {
		log_error("%s", f.text);
		turn_away(s, fd, true);
		return 0;
	}
	close(fd);
	clients_began(clients, place, pid);
	return 0;
}

/* Transactions in progress may finish. */
static void wait_for_all(struct clients *clients)
{
	uint64_t until = sysenv_ticks() + KILL_SECONDS * UINT64_C(1000);
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };

	clients_tell(clients, SIGTERM);
	for (;;) {
		uint64_t now = sysenv_ticks();

		reap(clients);
		if (!clients->count)
			return;
		if (now >= until)
			break;
		poll(&p, 1, (int)(until - now));
		drain(child_ended[0]);
	}
	log_warning("%zu connections did not end in time", clients->count);
	clients_tell(clients, SIGKILL);
}

/* 1 in the process of a connection. */
static int accept_all(const struct serve *s, struct listeners *l,
		      struct clients *clients, struct error *f)
{
	struct pollfd p[LISTENERS_MAX + 2];

	while (!interrupt_signal()) {
		nfds_t n = 0;

		for (; n < l->count; n++)
			p[n] = (struct pollfd){ .fd = l->fds[n],
						.events = POLLIN };
		p[n] = (struct pollfd){ .fd = child_ended[0],
					.events = POLLIN };
		p[n + 1] = (struct pollfd){ .fd = interrupt_fd(),
					    .events = POLLIN };
		if (poll(p, n + 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(f, ERROR_OS, errno,
					   "cannot wait for clients");
		}
		drain(child_ended[0]);
		reap(clients);
		for (nfds_t i = 0; i < n && !interrupt_signal(); i++)
			if (p[i].revents &&
			    take_client(s, l, clients, p[i].fd) > 0)
				return 1;
	}
	return 0;
}

/* ---- before anybody comes ---- */

static int check_settings(const struct account *account, struct error *f)
{
	const char *cert = account->serve_cert;

	if (account->serve_key && !cert)
		return error_set(f, ERROR_CONFIG,
				 "serve_key needs a certificate: set "
				 "serve_cert too");
	if (account->serve_auth_command && !cert)
		return error_set(f, ERROR_CONFIG,
				 "login requires TLS: with serve_auth_command "
				 "set serve_cert and serve_key too");
	if (!account->serve_tls_starttls && !cert)
		return error_set(f, ERROR_CONFIG,
				 "serve_tls_starttls off is TLS from the "
				 "start, which needs a certificate: set "
				 "serve_cert and serve_key too");
	if (!cert)
		return 0;
	return client_stream_check_identity(
		cert, account->serve_key ? account->serve_key : cert, f);
}

static int check_reach(const struct serve *s, const struct listeners *l,
		       struct error *f)
{
	if (l->is_local || s->account->serve_auth_command ||
	    s->options->is_open)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "other machines can reach %s, and without a login "
			 "they could send mail in your name: set "
			 "serve_auth_command, or say --serve-anyone",
			 s->options->address);
}

int serve_listen(const struct serve *s, struct error *f)
{
	struct clients clients = { .count = 0 };
	struct listeners l = { .count = 0 };
	int r;

	if (check_settings(s->account, f) < 0 || watch_signals(f) < 0)
		return -1;
	r = clients_init(&clients, s->arena,
			 (size_t)s->account->serve_max_connections, f);
	if (r == 0)
		r = listener_open(&l, s->arena, s->options->address, f);
	if (r == 0)
		r = check_reach(s, &l, f);
	if (r == 0)
		r = open_spare(f);
	if (r == 0) {
		listener_announce(&l);
		r = accept_all(s, &l, &clients, f);
	}
	listener_close(&l);
	close_spare();
	if (r > 0)
		return 0;
	wait_for_all(&clients);
	return r;
}
