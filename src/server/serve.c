/* serve.c - accept, fork, wait.
 *
 * SIGCHLD and the workers write into a pipe that is polled, so that no event is
 * lost between the check of a flag and the wait.  The signals that end us are
 * handled by base/interrupt.h. */
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
#include "deliver/smarthost.h"
#include "server/client_stream.h"
#include "server/clients.h"
#include "server/listener.h"
#include "server/response.h"
#include "server/serve_inside.h"
#include "server/service.h"
#include "server/workers.h"
#include "submit/enqueue.h"

#define KILL_SECONDS 75 /* then it is killed */
#define BREATH_MS    100
#define PARTING_MS   1000
#define TELL_MS	     10000
#define AT_ONCE	     64 /* newcomers between two looks at all else */

static int child_ended[2] = { -1, -1 };

/* SIGHUP came, to a service. */
static volatile sig_atomic_t is_to_reload;

/* ---- signals ---- */

static void note(int number)
{
	int error = errno;
	ssize_t r;

	if (number == SIGHUP)
		is_to_reload = 1;
	r = write(child_ended[1], "", 1);
	(void)r; /* full: there is a byte to be seen */
	errno = error;
}

static int watch_signals(bool is_service, struct error *f)
{
	struct sigaction action = { .sa_handler = note };

	if (serve_pipe(child_ended, f) < 0)
		return -1;
	sigemptyset(&action.sa_mask);
	sigaction(SIGCHLD, &action, NULL);
	if (is_service)
		sigaction(SIGHUP, &action, NULL);
	return 0;
}

/* ---- the one that listens ---- */

static void turn_away(const struct serve *s, int fd, bool is_plain,
		      bool is_short)
{
	const char *name = serve_name(s->account);
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
	struct workers workers;
	struct service_runs runs; /* of a service */
	bool is_service;
	uint64_t told; /* when somebody was said to be turned away; 0 */
	unsigned untold;
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
		workers_forget(&v->workers, pid);
	}
	workers_check(&v->workers, &v->clients);
}

/* Many newcomers at once are faster than those who were asked to go. */
static struct client *find_place(struct serving *v,
				 const struct client *newcomer)
{
	struct pollfd p = { .fd = child_ended[0], .events = POLLIN };
	uint64_t until = sysenv_ticks() + PARTING_MS;
	struct client *place;

	workers_check(&v->workers, &v->clients);
	if (clients_has_share(&v->clients, newcomer))
		return NULL;
	while (!(place = clients_place(&v->clients, newcomer)) &&
	       clients_are_closing(&v->clients) && sysenv_ticks() < until &&
	       !interrupt_signal()) {
		poll(&p, 1, BREATH_MS);
		serve_drain(child_ended[0]);
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

static int name_client(const struct clients *all, struct client *newcomer,
		       int fd, const struct sockaddr *from, socklen_t size,
		       struct error *f)
{
	if (from->sa_family == AF_UNIX)
		return client_name_user(all, newcomer, fd, f);
	client_name(newcomer, from, size);
	return 0;
}

/* A flood is told now and then: it is not to fill the log, nor to take the time
 * that others need. */
static void tell_turned_away(struct serving *v, const struct client *newcomer)
{
	uint64_t now = sysenv_ticks();

	v->untold++;
	if (v->told && now - v->told < TELL_MS)
		return;
	log_warning("%s: turned away: there are %zu connections (%u turned "
		    "away since the last such line)",
		    newcomer->from, v->clients.count, v->untold);
	v->told = now;
	v->untold = 0;
}

/* 0 in a new process, when it is done. */
static pid_t start_worker(struct serving *v, struct client *place, int fd,
			  struct error *f)
{
	int line;
	struct worker *one = workers_new(&v->workers, place, &line, f);
	pid_t pid;

	if (!one)
		return -1;
	pid = serve_fork(f);
	if (pid == 0) {
		listener_close(&v->serve->sockets);
		close_spare();
		workers_close(&v->workers);
		serve_clients(v->serve, &v->workers, one, line, fd, place);
	}
	close(line);
	if (pid != 0)
		workers_began(&v->workers, one, place, pid);
	return pid;
}

/* 1 in the process of the connection, when it is done; -1: there was none. */
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
		return -1;
	}
	was_told = false;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (name_client(&v->clients, &newcomer, fd, (struct sockaddr *)&from,
			size, &f) < 0) {
		log_error("%s", f.text);
		close(fd);
		return 0;
	}
	place = find_place(v, &newcomer);
	if (!place) {
		tell_turned_away(v, &newcomer);
		turn_away(s, fd, newcomer.is_user, false);
		return 0;
	}
	pid = workers_send(&v->workers, place, fd);
	if (!pid)
		pid = start_worker(v, place, fd, &f);
	if (pid == 0)
		return 1;
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

	clients_signal(&v->clients, SIGTERM);
	workers_retire(&v->workers);
	if (v->runs.pid)
		kill(v->runs.pid, SIGTERM);
	for (;;) {
		uint64_t now = sysenv_ticks();

		reap(v);
		if (!v->workers.count && !v->runs.pid)
			return;
		if (now >= until)
			break;
		poll(&p, 1, (int)(until - now));
		serve_drain(child_ended[0]);
	}
	log_warning("%zu connections did not end in time", v->clients.count);
	workers_signal(&v->workers, SIGKILL);
	if (v->runs.pid)
		kill(v->runs.pid, SIGKILL);
}

/* Those that wait there, as many as may come at once; 1 as take_client. */
static int take_all(struct serving *v, int listener)
{
	int r = 0;

	for (int i = 0; i < AT_ONCE && r == 0 && !interrupt_signal(); i++)
		r = take_client(v, listener);
	return r > 0;
}

/* What is wrong with it is told, and all stays as it was. */
static void reload(struct serving *v)
{
	struct serve *s = v->serve;
	struct config_query query = request_config(s->request);
	struct account *account;
	struct error f = ERROR_INIT;
	struct config config;

	is_to_reload = 0;
	if (config_load(&config, s->arena, &query, &f) < 0 ||
	    config_choose(&config, &query, &account, &f) < 0) {
		log_error("the configuration was not read again: %s", f.text);
		return;
	}
	s->account = account;
	workers_retire(&v->workers);
	peer_check_list(s->arena, account->serve_allow);
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
	workers_close(&v->workers);
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
		serve_drain(child_ended[0]);
		reap(v);
		if (is_to_reload)
			reload(v);
		for (nfds_t i = 0; i < n; i++)
			if (p[i].revents && take_all(v, p[i].fd) > 0)
				return 1;
		if (run_queue(v) > 0)
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

static int check_reach(const struct serve *s, struct error *f)
{
	const struct listeners *l = &s->sockets;

	if (listener_check_way(l, s->account, f) < 0)
		return -1;
	if (l->is_local || s->account->serve_auth_command ||
	    s->options->is_open)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "other machines can reach %s, and without a login "
			 "they could send mail in your name: set "
			 "serve_auth_command, or say --serve-anyone",
			 s->options->address);
}

int serve_open(struct serve *s, struct error *f)
{
	int r;

	if (check_settings(s->account, f) < 0)
		return -1;
	r = listener_open(&s->sockets, s->arena, s->options->address,
			  s->account, f);
	if (r == 0)
		r = check_reach(s, f);
	if (r == 0)
		r = service_become(s->arena, s->account, s->sockets.has_unix,
				   f);
	if (r < 0) {
		listener_unlink(&s->sockets);
		listener_close(&s->sockets);
	}
	return r;
}

/* ---- all of it ---- */

static int get_ready(struct serving *v, struct error *f)
{
	struct serve *s = v->serve;

	if (watch_signals(v->is_service, f) < 0 ||
	    clients_init(&v->clients, s->arena,
			 (size_t)s->account->serve_max_connections, f) < 0 ||
	    workers_init(&v->workers, s->arena, &v->clients, child_ended[1],
			 f) < 0)
		return -1;
	if (v->is_service)
		peer_check_list(s->arena, s->account->serve_allow);
	if (v->is_service &&
	    service_runs_init(&v->runs, s->arena, s->account, f) < 0)
		return -1;
	/* once, and not by the process of each connection */
	if (enqueue_mode(s->request, s->account) != ENQUEUE_ALL)
		smarthost_prepare(s->account);
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
