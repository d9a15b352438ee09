/* talk.c - replies are sent when no input is left to answer, so that those to
 * commands which came together go together (RFC 2920 3.2). */
#include "submit/talk.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/world.h"

#define ROOM 65536

struct session {
	const struct talk *talk;
	struct server *server;
	struct line *line;
	char *room;
	size_t at, have;
	uint64_t steps; /* of the machine, when the time was last set */
	uint64_t command_until, session_until;
	bool is_stopping;
};

static uint64_t in_seconds(unsigned seconds)
{
	return world_ticks() + seconds * UINT64_C(1000);
}

/* A command that drips in by single octets gets no more time. */
static uint64_t time_limit(struct session *s)
{
	if (s->server->steps != s->steps || !s->command_until) {
		s->steps = s->server->steps;
		s->command_until = in_seconds(s->talk->command_seconds);
	}
	return s->command_until < s->session_until ? s->command_until
						   : s->session_until;
}

static void stop(struct session *s)
{
	uint64_t until = in_seconds(s->talk->stop_seconds);

	s->is_stopping = true;
	s->line->wake = -1;
	if (until < s->session_until)
		s->session_until = until;
}

/* 1 when the session goes on, 0 when it is over. */
static int listen_on(struct session *s, struct fault *f)
{
	s->at = s->have = 0;
	switch (line_read(s->line, s->room, ROOM, &s->have, time_limit(s), f)) {
	case LINE_DATA:
		return 1;
	case LINE_WAKE:
		stop(s);
		return 1;
	case LINE_TIME:
		server_hang_up(s->server, "4.4.2", "you took too long");
		return 1;
	case LINE_END:
		return 0;
	case LINE_LOST:
		break;
	}
	return -1;
}

static int secure(struct session *s, struct fault *f)
{
	if (line_start_tls(s->line, s->talk->cert, s->talk->key, time_limit(s),
			   f) < 0)
		return -1;
	server_secured(s->server);
	return 0;
}

static int start_tls(struct session *s, struct fault *f)
{
	bool agreed = server_agree_tls(s->server, s->at < s->have);

	s->at = s->have = 0;
	if (intake_flush(s->talk->intake, f) < 0)
		return -1;
	return agreed ? secure(s, f) : 0;
}

static int run(struct session *s, struct fault *f)
{
	struct server *server = s->server;

	for (;;) {
		int r;

		if (server->want == SERVER_TLS) {
			if (start_tls(s, f) < 0)
				return -1;
			continue;
		}
		if (s->at < s->have && server->want == SERVER_READ)
			s->at += server_feed(server, s->room + s->at,
					     s->have - s->at);
		if (server->want == SERVER_TLS)
			continue;
		if (s->is_stopping && server->want == SERVER_READ &&
		    server_is_idle(server))
			server_hang_up(server, "4.3.2", "is shutting down");
		if ((s->at == s->have || server->want == SERVER_CLOSE ||
		     server->out.len > ROOM / 4) &&
		    intake_flush(s->talk->intake, f) < 0)
			return -1;
		if (server->want == SERVER_CLOSE)
			return 0;
		if (s->at < s->have)
			continue;
		r = listen_on(s, f);
		if (r <= 0)
			return r;
	}
}

int talk_run(const struct talk *t, struct fault *f)
{
	struct session s = {
		.talk = t,
		.server = t->intake->server,
		.line = t->intake->line,
		.room = memory_alloc(ROOM),
		.session_until = in_seconds(t->session_seconds),
	};
	int r = t->is_implicit ? secure(&s, f) : 0;

	if (r == 0) {
		server_greet(s.server);
		r = run(&s, f);
	}
	free(s.room);
	return r;
}
