/* serve.c - accept, fork, wait.
 *
 * The end of a child writes into a pipe that poll sees, so that none is lost
 * between a look at a flag and the wait; the signals that ask us to end are
 * interrupt.h's.  SIGTERM reaches the session of a connection's process through
 * line.h's `wake`, and leaves it time to finish what has begun.  It is a
 * session of its own too: Ctrl-C is for the one that listens, and nothing asks
 * a terminal for a password behind a client's back. */
#include "submit/serve.h"

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
#include "base/world.h"
#include "submit/intake.h"
#include "submit/listener.h"
#include "submit/talk.h"

#define COMMAND_SECONDS 300 /* RFC 5321 4.5.3.2.7 */
#define HURRY_SECONDS	20  /* the same when nearly all places are taken */
#define SESSION_SECONDS 3600
#define STOP_SECONDS	60
#define HASTE_SECONDS	3  /* the same where somebody waits for our end */
#define KILL_SECONDS	75 /* whoever has not ended by then is ended */
#define BREATH_MS	100
#define SHARE		4 /* one other machine gets a 4th of the places */

static int child_ended[2] = { -1, -1 };

struct child {
	pid_t pid; /* 0: free */
	char from[LISTENER_NAME_SIZE];
	bool is_local;
};

struct crowd {
	struct child *all;
	size_t room, count;
};

/* ---- signals ---- */

static void note_child(int number)
{
	int error = errno;
	ssize_t r = write(child_ended[1], "", 1);

	(void)number;
	(void)r; /* full: there is a byte to be seen */
	errno = error;
}

static int watch_children(struct fault *f)
{
	struct sigaction note = { .sa_handler = note_child };

	if (pipe(child_ended) < 0)
		return fault_errno(f, FAULT_OS, errno, "no pipe for signals");
	for (int i = 0; i < 2; i++) {
		fcntl(child_ended[i], F_SETFD, FD_CLOEXEC);
		fcntl(child_ended[i], F_SETFL, O_NONBLOCK);
	}
	sigemptyset(&note.sa_mask);
	sigaction(SIGCHLD, &note, NULL);
	return 0;
}

/* ---- one session ---- */

static const char *serving_name(const struct account *account)
{
	return account->domain ? account->domain : world_host();
}

static int serve_session(const struct serve *s, struct line *line,
			 const char *peer, unsigned command_seconds,
			 struct fault *f)
{
	const struct account *account = s->account;
	bool is_network = s->request->action == REQUEST_SERVE;
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
		.command_seconds = command_seconds,
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
		r = fault_set(f, FAULT_DATA,
			      "no mail was taken: %u commands were wrong (do "
			      "lines end in CRLF?)",
			      server.errors);
	server_free(&server);
	return r;
}

int serve_stdio(const struct serve *s, struct fault *f)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(from);
	struct line line;
	int r;

	/* inetd's way of starting us opens this door to others */
	if (getpeername(STDIN_FILENO, (struct sockaddr *)&from, &size) == 0 &&
	    !listener_is_local((struct sockaddr *)&from) &&
	    !s->request->serve_anyone)
		return fault_set(f, FAULT_CONFIG,
				 "standard input is another machine's "
				 "connection, and there is no log-in here: "
				 "serve it with --serve, or say "
				 "--serve-anyone");
	line_init(&line, STDIN_FILENO, STDOUT_FILENO);
	line.wake = interrupt_fd();
	r = serve_session(s, &line,
			  arena_format(s->arena, "%s@localhost", world_user()),
			  COMMAND_SECONDS, f);
	line_free(&line);
	return r;
}

/* ---- the process of a connection ---- */

static int serve_connection(const struct serve *s, int fd,
			    const struct child *client, bool hurry)
{
	struct fault f = FAULT_INIT;
	struct line line;

	setsid();
	signal(SIGCHLD, SIG_DFL);
	interrupt_extend(STOP_SECONDS * 1000);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	line_init(&line, fd, fd);
	line.wake = interrupt_fd();
	if (serve_session(s, &line, client->from,
			  hurry ? HURRY_SECONDS : COMMAND_SECONDS, &f) < 0)
		log_note("%s: %s", client->from, f.text);
	line_free(&line);
	close(fd);
	return 0;
}

/* ---- the one that listens ---- */

static size_t from_same(const struct crowd *crowd, const struct child *client)
{
	size_t n = 0;

	for (size_t i = 0; i < crowd->room; i++)
		n += crowd->all[i].pid &&
		     strcmp(crowd->all[i].from, client->from) == 0;
	return n;
}

static bool has_place(const struct crowd *crowd, const struct child *client)
{
	if (crowd->count >= crowd->room)
		return false;
	return client->is_local ||
	       from_same(crowd, client) < (crowd->room + SHARE - 1) / SHARE;
}

static void turn_away(const struct serve *s, int fd)
{
	char line[ANSWER_LINE_MAX];
	int n = snprintf(line, sizeof(line),
			 "421 4.7.0 %.300s has too many connections\r\n",
			 serving_name(s->account));
	ssize_t r = 0;

	/* who begins with TLS could not read it */
	if (s->account->serve_tls_starttls)
		r = send(fd, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)r;
	close(fd);
}

static void remember(struct crowd *crowd, const struct child *client)
{
	for (size_t i = 0; i < crowd->room; i++)
		if (!crowd->all[i].pid) {
			crowd->all[i] = *client;
			crowd->count++;
			return;
		}
}

/* 1 in the process of the connection, when it is done. */
static int take_client(const struct serve *s, struct listeners *l,
		       struct crowd *crowd, int listener)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	struct child client = { .pid = 0 };
	socklen_t size = sizeof(from);
	bool hurry = crowd->count >= crowd->room - crowd->room / 5;
	int fd = accept(listener, (struct sockaddr *)&from, &size);

	if (fd < 0) {
		/* out of descriptors or memory: it would be said again at
		 * once, for ever */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			poll(NULL, 0, BREATH_MS);
		return 0;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	client.is_local = listener_is_local((struct sockaddr *)&from);
	listener_name((struct sockaddr *)&from, size, false, client.from);
	if (!has_place(crowd, &client)) {
		log_warning("%s: turned away: there are %zu connections",
			    client.from, crowd->count);
		turn_away(s, fd);
		return 0;
	}
	client.pid = fork();
	if (client.pid == 0) {
		listener_close(l);
		serve_connection(s, fd, &client, hurry);
		return 1;
	}
	if (client.pid < 0) {
		log_error("cannot start a process: %s", strerror(errno));
		turn_away(s, fd);
		return 0;
	}
	close(fd);
	remember(crowd, &client);
	return 0;
}

static void reap(struct crowd *crowd)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (WIFSIGNALED(status))
			log_error("the process of a connection was ended by "
				  "signal %d",
				  WTERMSIG(status));
		for (size_t i = 0; i < crowd->room; i++)
			if (crowd->all[i].pid == pid) {
				crowd->all[i].pid = 0;
				crowd->count--;
			}
	}
}

static void drain_pipe(void)
{
	char bytes[64];

	while (read(child_ended[0], bytes, sizeof(bytes)) > 0)
		;
}

static void tell_all(const struct crowd *crowd, int number)
{
	for (size_t i = 0; i < crowd->room; i++)
		if (crowd->all[i].pid)
			kill(crowd->all[i].pid, number);
}

/* Those who are amid something may finish it. */
static void wait_for_all(struct crowd *crowd)
{
	uint64_t until = world_ticks() + KILL_SECONDS * UINT64_C(1000);
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };

	tell_all(crowd, SIGTERM);
	for (;;) {
		uint64_t now = world_ticks();

		reap(crowd);
		if (!crowd->count)
			return;
		if (now >= until)
			break;
		poll(&p, 1, (int)(until - now));
		drain_pipe();
	}
	log_warning("%zu connections did not end in time", crowd->count);
	tell_all(crowd, SIGKILL);
}

/* 1 in the process of a connection. */
static int accept_all(const struct serve *s, struct listeners *l,
		      struct crowd *crowd, struct fault *f)
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
			return fault_errno(f, FAULT_OS, errno,
					   "cannot wait for clients");
		}
		drain_pipe();
		reap(crowd);
		for (nfds_t i = 0; i < n && !interrupt_signal(); i++)
			if (p[i].revents &&
			    take_client(s, l, crowd, p[i].fd) > 0)
				return 1;
	}
	return 0;
}

/* ---- before anybody comes ---- */

static int check_settings(const struct account *account, struct fault *f)
{
	const char *cert = account->serve_cert;

	if (account->serve_key && !cert)
		return fault_set(f, FAULT_CONFIG,
				 "serve_key needs a certificate: set "
				 "serve_cert too");
	if (account->serve_auth_command && !cert)
		return fault_set(f, FAULT_CONFIG,
				 "nobody logs in without TLS: with "
				 "serve_auth_command set serve_cert and "
				 "serve_key too");
	if (!account->serve_tls_starttls && !cert)
		return fault_set(f, FAULT_CONFIG,
				 "serve_tls_starttls off is TLS from the "
				 "start, which needs a certificate: set "
				 "serve_cert and serve_key too");
	if (!cert)
		return 0;
	return line_check_identity(cert,
				   account->serve_key ? account->serve_key
						      : cert,
				   f);
}

static int check_reach(const struct serve *s, const struct listeners *l,
		       struct fault *f)
{
	if (l->is_local || s->account->serve_auth_command ||
	    s->request->serve_anyone)
		return 0;
	return fault_set(f, FAULT_CONFIG,
			 "other machines can reach %s, and without a log-in "
			 "they could send mail in your name: set "
			 "serve_auth_command, or say --serve-anyone",
			 s->request->serve);
}

int serve_listen(const struct serve *s, struct fault *f)
{
	struct crowd crowd = {
		.room = (size_t)s->account->serve_max_connections
	};
	struct listeners l = { .count = 0 };
	int r;

	if (check_settings(s->account, f) < 0 || watch_children(f) < 0)
		return -1;
	crowd.all = arena_array(s->arena, crowd.room, sizeof(*crowd.all));
	r = listener_open(&l, s->arena, s->request->serve, f);
	if (r == 0)
		r = check_reach(s, &l, f);
	if (r == 0) {
		listener_announce(&l);
		r = accept_all(s, &l, &crowd, f);
	}
	listener_close(&l);
	if (r > 0)
		return 0;
	wait_for_all(&crowd);
	return r;
}
