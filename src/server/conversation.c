/* conversation.c - replies are sent when no input is left to process, so that
 * the replies to pipelined commands go together (RFC 2920 3.2). */
#include "server/conversation.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/sysenv.h"

#define ROOM	       65536
#define LINGER_SECONDS 2
#define ENVELOPE_MS    60000 /* when places run out */

struct dialogue {
	const struct talk *talk;
	struct server *server;
	struct client_stream *line;
	char *room;
	size_t at, have;
	uint64_t steps, octets; /* of the machine, when the time was last set */
	uint64_t command_until, session_until;
	/* a mail began, or the last one ended */
	bool in_mail;
	unsigned messages;
	uint64_t since;
	bool is_stopping;
};

static uint64_t in_seconds(unsigned seconds)
{
	return sysenv_ticks() + seconds * UINT64_C(1000);
}

/* A command that drips in by single octets gets no more time; content gets some
 * for each octet, so that it has to keep a pace (net/wait.h). */
static uint64_t time_limit(struct dialogue *s)
{
	uint64_t full = in_seconds(s->talk->command_seconds);
	uint64_t earned = (s->server->octets - s->octets) * 1000 / WAIT_PACE;

	if (s->server->steps != s->steps || !s->command_until ||
	    earned >= full - s->command_until)
		s->command_until = full;
	else
		s->command_until += earned;
	s->steps = s->server->steps;
	s->octets = s->server->octets;
	return s->command_until < s->session_until ? s->command_until
						   : s->session_until;
}

/* ---- who needs the place ---- */

/* Before we wait for the client: the listener may look. */
static void show_stage(struct dialogue *s)
{
	const struct server *server = s->server;
	uint64_t now = sysenv_ticks();
	uint64_t slow =
		s->command_until - s->talk->command_seconds * UINT64_C(1000);

	if (!s->since || s->in_mail != server->in_mail ||
	    s->messages != server->messages)
		s->since = now;
	s->in_mail = server->in_mail;
	s->messages = server->messages;
	if (!server->helo[0] && !server->is_tls) {
		client_set_stage(s->talk->client, CLIENT_NEW, s->since);
	} else if (!s->in_mail) {
		client_set_stage(s->talk->client, CLIENT_IDLE, s->since);
	} else {
		/* nor does an envelope go on forever */
		if (server->mode == SERVER_COMMAND &&
		    slow > s->since + ENVELOPE_MS)
			slow = s->since + ENVELOPE_MS;
		client_set_stage(s->talk->client, CLIENT_IN_MAIL, slow);
	}
}

static void stop(struct dialogue *s)
{
	uint64_t until = in_seconds(s->talk->stop_seconds);

	s->is_stopping = true;
	s->line->wake[0] = -1;
	if (until < s->session_until)
		s->session_until = until;
}

static void heed(struct dialogue *s)
{
	const struct talk *t = s->talk;

	switch (t->called ? t->called() : TALK_STOP) {
	case TALK_STOP:
		stop(s);
		break;
	case TALK_GO:
		if (t->client && client_must_close(t->client, sysenv_ticks()))
			server_hang_up(s->server, "4.7.0",
				       "needs this place for others");
		break;
	case TALK_NOTHING:
		break;
	}
}

/* 1 when the session goes on, 0 when it is over. */
static int listen_on(struct dialogue *s, struct error *f)
{
	uint64_t until = time_limit(s), now = sysenv_ticks();
	uint64_t rest = intake_wait(s->talk->intake);
	bool is_for_rest = rest < (until > now ? until - now : 0);

	s->at = s->have = 0;
	show_stage(s);
	switch (client_stream_read(s->line, s->room, ROOM, &s->have,
				   is_for_rest ? now + rest : until, f)) {
	case CLIENT_STREAM_DATA:
		client_set_stage(s->talk->client, CLIENT_WORKING, 0);
		return 1;
	case CLIENT_STREAM_WAKE:
		heed(s);
		return 1;
	case CLIENT_STREAM_TIME:
		if (is_for_rest) {
			upstream_close_idle(s->talk->intake->upstream);
			return 1;
		}
		server_hang_up(s->server, "4.4.2", "you took too long");
		return 1;
	case CLIENT_STREAM_END:
		return 0;
	case CLIENT_STREAM_LOST:
		break;
	}
	return -1;
}

static int secure(struct dialogue *s, struct error *f)
{
	if (client_stream_start_tls(s->line, s->talk->cert, s->talk->key,
				    time_limit(s), f) < 0)
		return -1;
	server_secured(s->server);
	return 0;
}

static int start_tls(struct dialogue *s, struct error *f)
{
	bool agreed = server_agree_tls(s->server, s->at < s->have);

	s->at = s->have = 0;
	if (intake_flush(s->talk->intake, f) < 0)
		return -1;
	return agreed ? secure(s, f) : 0;
}

/* A client that is still sending, or has sent more, is to read our last reply.
 */
static int end(struct dialogue *s)
{
	if (!s->server->has_quit &&
	    (s->at < s->have || s->server->mode != SERVER_COMMAND ||
	     client_stream_has_more(s->line)))
		client_stream_linger(s->line, in_seconds(LINGER_SECONDS));
	return 0;
}

/* The client has said more that can go along with what is on its way; or so it
 * seems: of TLS it may be a part of a record. */
static bool has_more(const struct dialogue *s)
{
	return !s->is_stopping && s->server->want == SERVER_READ &&
	       intake_may_wait(s->talk->intake) &&
	       client_stream_has_more(s->line);
}

static int run(struct dialogue *s, struct error *f)
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
		if (((s->at == s->have && !has_more(s)) ||
		     server->want == SERVER_CLOSE ||
		     server->out.len > ROOM / 4) &&
		    intake_flush(s->talk->intake, f) < 0)
			return -1;
		if (server->want == SERVER_CLOSE)
			return end(s);
		if (s->at < s->have)
			continue;
		r = listen_on(s, f);
		if (r <= 0)
			return r;
	}
}

int talk_run(const struct talk *t, struct error *f)
{
	struct dialogue s = {
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
	intake_collect(t->intake);
	free(s.room);
	return r;
}
