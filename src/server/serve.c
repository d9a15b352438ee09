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
#include "server/service.h"

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

/* SIGHUP came, to a service. */
static volatile sig_atomic_t is_to_reload;

/* ---- signals ---- */

static void note(int number)
{
	int error = errno;
	ssize_t r;

	if (number == SIGHUP)
		is_to_reload = 1;
	r = write(number != CLIENT_GO ? child_ended[1] : place_needed[1], "",
		  1);

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

static int watch_signals(bool is_service, struct error *f)
{
	struct sigaction action = { .sa_handler = note };

	if (open_pipe(child_ended, f) < 0)
		return -1;
	sigemptyset(&action.sa_mask);
	sigaction(SIGCHLD, &action, NULL);
	sigaction(CLIENT_GO, &action, NULL);
	if (is_service)
		sigaction(SIGHUP, &action, NULL);
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

/* `client` is NULL on stdin.  A user whom the kernel names is logged in by
 * that, and there is nobody between us to be kept out by TLS. */
static int serve_session(const struct serve *s, struct client_stream *line,
			 const char *peer, const struct client *client,
			 struct error *f)
{
	const struct account *account = s->account;
	const struct peer *user =
		client && client->is_user ? &client->peer : NULL;
	bool is_network = s->options->address && !user;
	struct server_options options = {
		.name = serving_name(account),
		.has_tls = is_network && account->serve_cert,
		.needs_login = is_network && account->serve_auth_command,
		.size_max = (uint64_t)account->serve_max_size,
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

/* Their groups, and whether they are served at all.  A permanent code: it is
 * not told as a trouble of today. */
static bool admit(const struct serve *s, int fd, struct client *client)
{
	const char *name = serving_name(s->account);
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
	return false;
}

static int serve_connection(const struct serve *s, int fd,
			    struct client *client)
{
	struct error f = ERROR_INIT;
	struct client_stream line;

	setsid();
	signal(SIGCHLD, SIG_DFL);
	if (!admit(s, fd, client)) {
		close(fd);
		return 0;
	}
	interrupt_extend(STOP_SECONDS * 1000);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client_stream_init(&line, fd, fd);
	line.wake[0] = interrupt_fd();
	line.wake[1] = place_needed[0];
	if (serve_session(s, &line, client->from, client, &f) < 0)
		log_note("%s: %s", client->from, f.text);
	client_stream_free(&line);
	close(fd);
	return 0;
}

/* ---- the one that listens ---- */

static void turn_away(const struct serve *s, int fd, bool is_plain,
		      bool is_short)
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
	if (is_plain || s->account->serve_tls_starttls)
		r = send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* what is unread would take the reply away from them; once, for a
	 * flood would hold us */
	shutdown(fd, SHUT_WR);
	r += recv(fd, line, sizeof(line), MSG_DONTWAIT);
	(void)r;
	close(fd);
}

struct serving {
	struct serve *serve;
	struct clients clients;
	struct service_runs runs; /* of a service */
	bool is_service;
};

static void reap(struct serving *v)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		bool is_run = service_runs_ended(&v->runs, pid);

		if (WIFSIGNALED(status))
			log_error("the process of a %s was ended by signal %d",
				  is_run ? "run of the queue" : "connection",
				  WTERMSIG(status));
		clients_forget(&v->clients, pid);
	}
}

/* Many newcomers at once are faster than those who were asked to go. */
static struct client *find_place(struct serving *v,
				 const struct client *newcomer)
{
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };
	uint64_t until = sysenv_ticks() + PARTING_MS;
	struct client *place;

	if (clients_has_share(&v->clients, newcomer))
		return NULL;
	while (!(place = clients_place(&v->clients, newcomer)) &&
	       clients_are_going(&v->clients) && sysenv_ticks() < until &&
	       !interrupt_signal()) {
		poll(&p, 1, BREATH_MS);
		drain(child_ended[0]);
		reap(v);
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
		turn_away(s, fd, false, true);
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

static int name_client(struct client *newcomer, int fd,
		       const struct sockaddr *from, socklen_t size,
		       struct error *f)
{
	if (from->sa_family == AF_UNIX)
		return client_name_user(newcomer, fd, f);
	client_name(newcomer, from, size);
	return 0;
}

/* 1 in the process of the connection, when it is done. */
static int take_client(struct serving *v, int listener)
{
	const struct serve *s = v->serve;
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	struct client newcomer = { .pid = 0 }, *place;
	struct error f = ERROR_INIT;
	socklen_t size = sizeof(from);
	int fd = accept(listener, (struct sockaddr *)&from, &size);
	pid_t pid = -1;

	if (fd < 0) {
		accept_failed(s, listener, errno);
		return 0;
	}
	was_told = false;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (name_client(&newcomer, fd, (struct sockaddr *)&from, size, &f) <
	    0) {
		log_error("%s", f.text);
		close(fd);
		return 0;
	}
	place = find_place(v, &newcomer);
	if (!place) {
		log_warning("%s: turned away: there are %zu connections",
			    newcomer.from, v->clients.count);
		turn_away(s, fd, newcomer.is_user, false);
		return 0;
	}
	pid = begin_process(&f);
	if (pid == 0) {
		listener_close(&v->serve->sockets);
		close_spare();
		serve_connection(s, fd, place);
		return 1;
	}
	if (pid < 0) {
		log_error("%s", f.text);
		turn_away(s, fd, newcomer.is_user, true);
		return 0;
	}
	close(fd);
	clients_began(&v->clients, place, pid);
	return 0;
}

/* Transactions in progress may finish. */
static void wait_for_all(struct serving *v)
{
	uint64_t until = sysenv_ticks() + KILL_SECONDS * UINT64_C(1000);
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };

	clients_tell(&v->clients, SIGTERM);
	if (v->runs.pid)
		kill(v->runs.pid, SIGTERM);
	for (;;) {
		uint64_t now = sysenv_ticks();

		reap(v);
		if (!v->clients.count && !v->runs.pid)
			return;
		if (now >= until)
			break;
		poll(&p, 1, (int)(until - now));
		drain(child_ended[0]);
	}
	log_warning("%zu connections did not end in time", v->clients.count);
	clients_tell(&v->clients, SIGKILL);
	if (v->runs.pid)
		kill(v->runs.pid, SIGKILL);
}

/* What is wrong with it is told, and all stays as it was. */
static void reload(struct serving *v)
{
	struct serve *s = v->serve;
	struct config_wish wish = request_config(s->request);
	struct account *account;
	struct error f = ERROR_INIT;
	struct config config;

	is_to_reload = 0;
	if (config_load(&config, s->arena, &wish, &f) < 0 ||
	    config_choose(&config, &wish, &account, &f) < 0) {
		log_error("the configuration was not read again: %s", f.text);
		return;
	}
	s->account = account;
	log_note("the configuration was read again");
}

static nfds_t gather(const struct listeners *l, struct pollfd *p)
{
	nfds_t n = 0;

	for (; n < l->count; n++)
		p[n] = (struct pollfd){ .fd = l->fds[n], .events = POLLIN };
	p[n] = (struct pollfd){ .fd = child_ended[0], .events = POLLIN };
	p[n + 1] = (struct pollfd){ .fd = interrupt_fd(), .events = POLLIN };
	return n;
}

/* 1 in another process than that which listens. */
static int run_queue(struct serving *v)
{
	if (!v->is_service || service_runs_wait(&v->runs) != 0 ||
	    service_runs_start(&v->runs) == 0)
		return 0;
	listener_close(&v->serve->sockets);
	close_spare();
	return 1;
}

/* 1 in another process than that which listens. */
static int accept_all(struct serving *v, struct error *f)
{
	struct pollfd p[LISTENERS_MAX + 2];

	while (!interrupt_signal()) {
		nfds_t n = gather(&v->serve->sockets, p);
		int wait = v->is_service ? service_runs_wait(&v->runs) : -1;

		if (poll(p, n + 2, wait) < 0) {
			if (errno == EINTR)
				continue;
			return error_errno(f, ERROR_OS, errno,
					   "cannot wait for clients");
		}
		drain(child_ended[0]);
		reap(v);
		if (is_to_reload)
			reload(v);
		for (nfds_t i = 0; i < n && !interrupt_signal(); i++)
			if (p[i].revents && take_client(v, p[i].fd) > 0)
				return 1;
		if (run_queue(v) > 0)
			return 1;
	}
	return 0;
}

/* ---- all of it ---- */

static int get_ready(struct serving *v, struct error *f)
{
	struct serve *s = v->serve;

	if (watch_signals(v->is_service, f) < 0 ||
	    clients_init(&v->clients, s->arena,
			 (size_t)s->account->serve_max_connections, f) < 0)
		return -1;
	if (v->is_service &&
	    service_runs_init(&v->runs, s->arena, s->account, f) < 0)
		return -1;
	return open_spare(f);
}

int serve_listen(struct serve *s, struct error *f)
{
	struct serving v = { .serve = s, .is_service = s->sockets.has_unix };
	int r = get_ready(&v, f);

	if (r == 0) {
		listener_announce(&s->sockets);
		r = accept_all(&v, f);
	}
	if (r <= 0)
		listener_unlink(&s->sockets);
	listener_close(&s->sockets);
	close_spare();
	if (r > 0)
		return 0;
	wait_for_all(&v);
	return r;
}
