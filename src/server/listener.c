/* listener.c - addresses by getaddrinfo, and sockets in the file system. */
#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"

#define FIRST_PASSED 3	  /* sd_listen_fds(3) */
#define BACKLOG	     4096 /* the kernel cuts it to its own most */

/* Room for what stands behind it while it is made. */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 12)

struct place {
	const char *host; /* NULL: every address */
	const char *port;
};

static bool is_number(const char *text, uint64_t most)
{
	uint64_t n;

	return text_number(text, most, &n);
}

static int read_place(struct arena *a, const char *text, struct place *out,
		      struct error *f)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	const char *host = arena_dup_n(a, text, n);

	out->port = colon ? colon + 1 : text;
	if (n > 2 && host[0] == '[' && host[n - 1] == ']')
		host = arena_dup_n(a, host + 1, n - 2);
	else if (strchr(host, ':'))
		out->port = "";
	out->host = strcmp(host, "*") == 0 ? NULL : *host ? host : "localhost";
	if (is_number(out->port, 65535))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "'%s' is not an address and a port: write one as in "
			 "127.0.0.1:2525, [::1]:2525 or 2525",
			 text);
}

/* The path of "unix:PATH", else NULL. */
static const char *path_in(const char *text)
{
	static const char scheme[] = "unix:";

	return strncmp(text, scheme, strlen(scheme)) == 0
		       ? text + strlen(scheme)
		       : NULL;
}

int listener_check(const char *text, struct error *f)
{
	struct arena a = ARENA_INIT;
	const char *path = path_in(text);
	struct place place;
	int r;

	if (path && (*path != '/' || strlen(path) > SOCKET_PATH_MAX))
		r = error_set(f, ERROR_USAGE,
			      "'%s' is not a socket: write unix: and an "
			      "absolute path of at most %zu characters, as in "
			      "unix:/run/mailsend/submit",
			      text, SOCKET_PATH_MAX);
	else
		r = path ? 0 : read_place(&a, text, &place, f);
	arena_free(&a);
	return r;
}

/* ---- names ---- */

void listener_name(const struct sockaddr *address, socklen_t size, bool port,
		   char out[LISTENER_NAME_SIZE])
{
	char host[56], service[8];
	struct sockaddr_un local;

	memset(&local, 0, sizeof(local));
	if (address->sa_family == AF_UNIX && size <= sizeof(local))
		memcpy(&local, address, size);
	if (local.sun_path[0])
		snprintf(out, LISTENER_NAME_SIZE, "%.107s", local.sun_path);
	else if (getnameinfo(address, size, host, sizeof(host), service,
			     sizeof(service),
			     NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, LISTENER_NAME_SIZE, "a local socket");
	else if (!port)
		snprintf(out, LISTENER_NAME_SIZE, "%s", host);
	else
		snprintf(out, LISTENER_NAME_SIZE,
			 strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
			 service);
}

bool listener_is_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, address, sizeof(four));
		return ntohl(four.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, address, sizeof(six));
		return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) &&
			six.sin6_addr.s6_addr[12] == 127);
	}
	return true; /* a socket in the file system has an owner and a mode */
}

/* ---- opening ---- */

static void set_up(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int add(struct listeners *l, int fd, struct error *f)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "descriptor %d is no socket", fd);
	set_up(fd);
	listener_name((struct sockaddr *)&address, size, true,
		      l->names[l->count]);
	l->fds[l->count++] = fd;
	l->has_unix |= address.ss_family == AF_UNIX;
	if (!listener_is_local((struct sockaddr *)&address))
		l->is_local = false;
	return 0;
}

static int open_one(const struct addrinfo *info)
{
	int on = 1, fd;

	fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

/* Some machines have no IPv6: one address of a name's is enough. */
static int open_all(struct listeners *l, const char *text,
		    const struct addrinfo *all, struct error *f)
{
	int error = 0;

	for (; all && l->count < LISTENERS_MAX; all = all->ai_next) {
		int fd = open_one(all);

		if (fd < 0)
			error = error ? error : errno;
		else if (add(l, fd, f) < 0)
			return -1;
	}
	if (l->count && error != EADDRINUSE && error != EACCES)
		return 0;
	return error_errno(f, ERROR_UNAVAILABLE, error, "cannot listen on %s",
			   text);
}

/* ---- in the file system ---- */

static int other_there(const char *path, struct error *f)
{
	return error_set(f, ERROR_CANTCREAT,
			 "%s exists and is not a socket of ours; name another "
			 "path, or remove it",
			 path);
}

/* Is the name free, or of a socket that nobody serves any more?  What somebody
 * else put there stays. */
static int check_name(const char *path, const struct sockaddr_un *name,
		      struct error *f)
{
	struct stat st;
	int r = disk_lstat(path, &st, f), fd, error;

	if (r <= 0)
		return r;
	if (!S_ISSOCK(st.st_mode) ||
	    (st.st_uid != sysenv_file_uid() && sysenv_file_uid() != 0))
		return other_there(path, f);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(f, ERROR_OS, errno, "no socket");
	r = connect(fd, (const struct sockaddr *)name, sizeof(*name));
	error = r < 0 ? errno : 0;
	close(fd);
	if (error == ECONNREFUSED || error == ENOENT)
		return 0;
	return error_set(f, ERROR_UNAVAILABLE,
			 "cannot listen on %s: another program does already",
			 path);
}

static int set_owner(const char *path, const struct account *account,
		     struct error *f)
{
	const char *group = account->serve_socket_group;
	unsigned long mode = strtoul(account->serve_socket_mode, NULL, 8);
	const struct group *gr = group ? getgrnam(group) : NULL;

	if (group && !gr)
		return error_set(f, ERROR_CONFIG,
				 "serve_socket_group: there is no group \"%s\"",
				 group);
	if (gr && chown(path, (uid_t)-1, gr->gr_gid) < 0)
		return error_errno(f, ERROR_CONFIG, errno,
				   "cannot give %s to the group %s", path,
				   group);
	if (chmod(path, (mode_t)mode) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot change the mode of %s", path);
	return 0;
}

/* Beside its place, and then to it. */
static int bind_at(struct listeners *l, int fd, const char *path,
		   const char *beside, const struct account *account,
		   struct error *f)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", beside);
	unlink(beside); /* of a process that had our number */
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create the socket %s", path);
	if (set_owner(beside, account, f) < 0)
		return -1;
	if (listen(fd, BACKLOG) < 0)
		return error_errno(f, ERROR_OS, errno, "cannot listen on %s",
				   path);
	if (lstat(beside, &l->named) < 0 || rename(beside, path) < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create the socket %s", path);
	l->path = path;
	return 0;
}

/* As /run/mailsend after a start of the machine: users have to get through. */
static int make_directory(struct arena *a, const char *path, struct error *f)
{
	const char *directory = disk_dirname(a, path);

	if (mkdir(directory, 0755) == 0) {
		if (chmod(directory, 0755) == 0) /* whatever the umask */
			return 0;
	} else if (errno == EEXIST) {
		return 0;
	}
	return error_errno(f, ERROR_CANTCREAT, errno,
			   "cannot create the directory %s", directory);
}

static int open_path(struct listeners *l, struct arena *a, const char *path,
		     const struct account *account, struct error *f)
{
	const char *beside = arena_format(a, "%s.%u", path, sysenv_pid());
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd;

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (make_directory(a, path, f) < 0 || check_name(path, &name, f) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(f, ERROR_OS, errno, "no socket");
	if (bind_at(l, fd, path, beside, account, f) < 0) {
		unlink(beside);
		close(fd);
		return -1;
	}
	if (add(l, fd, f) < 0)
		return -1;
	/* the kernel knows it by the name that it had first */
	snprintf(l->names[l->count - 1], LISTENER_NAME_SIZE, "%s", path);
	return 0;
}

int listener_check_way(const struct listeners *l, const struct account *account,
		       struct error *f)
{
	for (size_t i = 0; account->socket && i < LISTENERS_MAX; i++)
		if (strcmp(l->names[i], account->socket) == 0)
			return error_set(f, ERROR_CONFIG,
					 "account %s sends by the socket %s, "
					 "which is the one that is served: a "
					 "service needs a configuration of its "
					 "own, with a host; name it with "
					 "--config",
					 account->name, account->socket);
	return 0;
}

void listener_unlink(const struct listeners *l)
{
	struct stat st;

	if (l->path && lstat(l->path, &st) == 0 &&
	    st.st_dev == l->named.st_dev && st.st_ino == l->named.st_ino)
		unlink(l->path); /* else the next one replaces it */
}

/* ---- all of them ---- */

/* Those that were opened for us, and for no process that we were before. */
static int take_passed(struct listeners *l, struct error *f)
{
	const char *pid = sysenv_env("LISTEN_PID");
	const char *count = sysenv_env("LISTEN_FDS");
	long n = count ? strtol(count, NULL, 10) : 0;

	if (!pid || strtol(pid, NULL, 10) != (long)sysenv_pid())
		return 0;
	for (long i = 0; i < n && i < LISTENERS_MAX; i++)
		if (add(l, FIRST_PASSED + (int)i, f) < 0)
			return -1;
	return 0;
}

int listener_open(struct listeners *l, struct arena *a, const char *text,
		  const struct account *account, struct error *f)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE };
	struct addrinfo *all = NULL;
	struct place place;
	int r;

	*l = (struct listeners){ .is_local = true };
	if (take_passed(l, f) < 0)
		return -1;
	if (l->count)
		return 0;
	if (path_in(text))
		return open_path(l, a, path_in(text), account, f);
	if (read_place(a, text, &place, f) < 0)
		return -1;
	r = getaddrinfo(place.host, place.port, &hints, &all);
	if (r != 0)
		return error_set(f, ERROR_NOHOST, "cannot listen on %s: %s",
				 text, gai_strerror(r));
	r = open_all(l, text, all, f);
	freeaddrinfo(all);
	return r;
}

void listener_announce(const struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		log_note("listening on %s", l->names[i]);
}

void listener_close(struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		close(l->fds[i]);
	l->count = 0;
}
