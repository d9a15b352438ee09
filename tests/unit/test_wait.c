/* test_wait.c - every wait ends: time, slowness, "again" without an end,
 * signals. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/sysenv.h"
#include "net/handle.h"
#include "net/wait.h"
#include "smtp/session.h"

#define LONG 600000 /* milliseconds: longer than any test */

/* ---- a peer in a process of its own ---- */

struct peer {
	int fd;
	pid_t pid;
};

/* So many octets, each so many milliseconds after the one before; then it
 * stays. */
static void peer_begin(struct peer *p, int octets, int every)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	p->fd = ends[0];
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		close(ends[0]);
		for (int i = 0; i < octets; i++) {
			poll(NULL, 0, every);
			if (send(ends[1], "x", 1, MSG_NOSIGNAL) != 1)
				_exit(0);
		}
		while (read(ends[1], &octets, sizeof(octets)) > 0)
			;
		_exit(0);
	}
	close(ends[1]);
}

static void peer_end(struct peer *p)
{
	close(p->fd);
	assert_int_equal(waitpid(p->pid, NULL, 0), p->pid);
}

static enum wait_end wait_on(struct wait *w, int fd, struct error *f)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return wait_poll(w, &p, 1, f);
}

/* Reads all octets one at a time, until the wait ends. */
static enum wait_end read_all(struct wait *w, int fd, size_t *count)
{
	struct error f = ERROR_INIT;
	enum wait_end end;
	char octet;

	*count = 0;
	while ((end = wait_on(w, fd, &f)) == WAIT_READY) {
		assert_int_equal(read(fd, &octet, 1), 1);
		wait_progress(w, 1);
		++*count;
	}
	return end;
}

/* ---- time ---- */

static void test_silence(void **state)
{
	uint64_t before = sysenv_ticks();
	struct peer peer;
	struct wait w;
	size_t count;

	(void)state;
	peer_begin(&peer, 0, 0);
	wait_begin(&w, 200);
	assert_int_equal(read_all(&w, peer.fd, &count), WAIT_TIME);
	assert_true(sysenv_ticks() - before >= 200);
	assert_false(wait_was_slow(&w));
	peer_end(&peer);
}

/* One octet a while is no reply. */
static void test_drip_is_no_reply(void **state)
{
	struct peer peer;
	struct wait w;
	size_t count;

	(void)state;
	peer_begin(&peer, 1000, 50);
	wait_begin(&w, 500);
	assert_int_equal(read_all(&w, peer.fd, &count), WAIT_TIME);
	assert_in_range(count, 0, 500); /* 10 where nothing else runs */
	peer_end(&peer);
}

/* In a stream each octet breaks the silence, and yet it comes to an end. */
static void test_drip_is_too_slow(void **state)
{
	uint64_t before = sysenv_ticks();
	struct peer peer;
	struct wait w;
	size_t count;

	(void)state;
	peer_begin(&peer, 1000, 100);
	wait_begin_stream(&w, 400);
	assert_int_equal(read_all(&w, peer.fd, &count), WAIT_TIME);
	assert_true(count > 5 || !wait_was_slow(&w));
	assert_in_range(count, 0, 400);
	assert_true(sysenv_ticks() - before >= 400);
	peer_end(&peer);
}

/* Whoever keeps pace has all the time there is. */
static void test_pace(void **state)
{
	struct error f = ERROR_INIT;
	struct peer peer;
	struct wait w;

	(void)state;
	peer_begin(&peer, 100000, 1);
	wait_begin_stream(&w, 10000);
	for (uint64_t i = 0; i < 1000; i++) {
		char octet;

		assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_READY);
		assert_int_equal(read(peer.fd, &octet, 1), 1);
		wait_progress(&w, 1);
	}
	assert_true(w.whole_left > 10000 * (WAIT_SLOWNESS - 1));
	peer_end(&peer);
}

/* What we do ourselves in between costs nothing. */
static void test_only_waiting_counts(void **state)
{
	struct error f = ERROR_INIT;
	struct peer peer;
	struct wait w;
	char octet;

	(void)state;
	peer_begin(&peer, 1, 0);
	wait_begin(&w, 60000);
	assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_READY);
	assert_int_equal(read(peer.fd, &octet, 1), 1);
	wait_progress(&w, 1);
	wait_limit(&w, 100);
	poll(NULL, 0, 150);
	assert_int_equal(w.quiet_left, 100);
	assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_TIME);
	peer_end(&peer);
}

/* ---- "again" ---- */

static void test_stuck(void **state)
{
	struct error f = ERROR_INIT;
	unsigned turns = 0;
	struct peer peer;
	struct wait w;
	enum wait_end end;

	(void)state;
	peer_begin(&peer, 1, 0);
	wait_begin(&w, LONG);
	while ((end = wait_on(&w, peer.fd, &f)) == WAIT_READY)
		turns++;
	assert_int_equal(end, WAIT_ERROR);
	assert_int_equal(f.cause, ERROR_TEMPORARY);
	assert_in_range(turns, 4, 200);
	peer_end(&peer);
}

/* It passes, and counts from the beginning the next time. */
static void test_stuck_for_a_while(void **state)
{
	struct error f = ERROR_INIT;
	struct peer peer;
	struct wait w;
	char octet;

	(void)state;
	peer_begin(&peer, 2, 1);
	wait_begin(&w, LONG);
	for (int i = 0; i < 2; i++) {
		for (int turn = 0; turn < 12; turn++)
			assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_READY);
		assert_int_equal(read(peer.fd, &octet, 1), 1);
		wait_progress(&w, 0);
		assert_int_equal(w.stalled, 0);
	}
	peer_end(&peer);
}

/* Pieces of a TLS record are taken in, and are not yet an octet. */
static void test_pieces_are_not_stuck(void **state)
{
	struct error f = ERROR_INIT;
	struct peer peer;
	struct wait w;
	char octets[64];

	(void)state;
	peer_begin(&peer, 3000, 1);
	wait_begin(&w, LONG);
	for (ssize_t i = 0; i < 3000;) {
		assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_READY);
		i += recv(peer.fd, octets, sizeof(octets), 0);
	}
	peer_end(&peer);
}

/* ---- signals ---- */

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void test_interrupted(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval often = { .it_interval = { .tv_usec = 20000 },
				   .it_value = { .tv_usec = 20000 } };
	struct itimerval never = { .it_value = { .tv_usec = 0 } };
	uint64_t before = sysenv_ticks();
	struct error f = ERROR_INIT;
	struct peer peer;
	struct wait w;

	(void)state;
	peer_begin(&peer, 0, 0);
	sigaction(SIGALRM, &action, NULL);
	alarms = 0;
	wait_begin(&w, 400);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_TIME);
	assert_true(sysenv_ticks() - before >= 400);
	assert_true(alarms > 0);
	setitimer(ITIMER_REAL, &never, NULL);
	peer_end(&peer);
}

static void test_woken(void **state)
{
	struct error f = ERROR_INIT;
	struct peer peer, other;
	struct wait w;

	(void)state;
	peer_begin(&peer, 0, 0);
	peer_begin(&other, 1, 1);
	wait_begin(&w, LONG);
	w.is_interruptible = false;
	w.wake[1] = other.fd;
	assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_WOKEN);
	assert_int_equal(wait_on(&w, peer.fd, &f), WAIT_WOKEN);
	assert_int_equal(wait_socket(&w, peer.fd, POLLIN, "mail.example.org",
				     &f),
			 WAIT_ERROR);
	assert_true(f.temporary);
	peer_end(&other);
	peer_end(&peer);
}

/* ---- the clients: libcurl says "again" for ever ---- */

static unsigned tries;
static bool takes_commands;

static CURLcode again(CURL *handle, void *data, size_t n, size_t *got)
{
	(void)handle;
	(void)data;
	(void)n;
	*got = 0;
	tries++;
	return CURLE_AGAIN;
}

static CURLcode send_or_again(CURL *handle, const void *data, size_t n,
			      size_t *sent)
{
	(void)handle;
	(void)data;
	tries++;
	*sent = takes_commands ? n : 0;
	return takes_commands ? CURLE_OK : CURLE_AGAIN;
}

static void test_smtp_again(void **state)
{
	static const char text[] = "Subject: t\r\n\r\nHello.\r\n";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct handle inner = { .curl = NULL };
		struct dial dial = { .conn.handle = &inner,
				     .conn.place = "mail.example.org:25" };
		struct recipient to = { .address = "r@example.org" };
		struct arena arena = ARENA_INIT;
		struct envelope e = { .arena = &arena,
				      .reverse_path = "me@example.org",
				      .recipients = &to,
				      .count = 1 };
		struct session_mail mail = { .envelope = &e };
		struct error f = ERROR_INIT;
		struct session s;
		struct peer peer;

		peer_begin(&peer, 1, 0);
		dial.conn.socket = peer.fd;
		mail.content.bytes = slice_of_memory(text, strlen(text));
		takes_commands = i == 0;
		tries = 0;
		session_init(&s, &dial);
		session_begin(&s, &mail);
		session_collect(&s);
		assert_int_equal(envelope_sum_up(&e, &f), -1);
		assert_int_equal(f.cause, ERROR_TEMPORARY);
		assert_true(s.broken);
		assert_in_range(tries, 1, 1000);
		session_free(&s);
		arena_free(&arena);
		peer_end(&peer);
	}
}

static void test_quit_again(void **state)
{
	struct handle inner = { .curl = NULL };
	struct dial dial = { .conn.handle = &inner,
			     .conn.place = "mail.example.org:25" };
	struct session s;
	struct peer peer;

	(void)state;
	peer_begin(&peer, 1, 0);
	dial.conn.socket = peer.fd;
	takes_commands = false;
	tries = 0;
	session_init(&s, &dial);
	session_quit(&s);
	assert_true(s.broken);
	assert_in_range(tries, 1, 1000);
	session_free(&s);
	peer_end(&peer);
}

static void test_mailbox_again(void **state)
{
	struct handle inner = { .curl = NULL };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct error f = ERROR_INIT;
		struct peer peer;

		peer_begin(&peer, 1, 0);
		struct conn c = { .place = "mail.example.org:110",
				  .handle = &inner,
				  .socket = peer.fd,
				  .milliseconds = LONG };
		buf_init(&c.line, CONN_LINE_MAX);
		takes_commands = i == 0;
		tries = 0;
		if (takes_commands) {
			assert_int_equal(conn_send_text(&c, "NOOP\r\n", NULL,
							&f),
					 0);
			assert_int_equal(conn_read_line(&c, &f), -1);
		} else {
			assert_int_equal(conn_send_text(&c, "NOOP\r\n", NULL,
							&f),
					 -1);
		}
		assert_int_equal(f.cause, ERROR_TEMPORARY);
		assert_true(c.is_broken);
		assert_in_range(tries, 1, 1000);
		buf_free(&c.line);
		free(c.room);
		peer_end(&peer);
	}
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	curl.recv = again;
	curl.send = send_or_again;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_drip_is_no_reply),
		cmocka_unit_test(test_drip_is_too_slow),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_only_waiting_counts),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_stuck_for_a_while),
		cmocka_unit_test(test_pieces_are_not_stuck),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_woken),
		cmocka_unit_test(test_smtp_again),
		cmocka_unit_test(test_quit_again),
		cmocka_unit_test(test_mailbox_again),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
