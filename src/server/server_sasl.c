/* server_sasl.c - PLAIN is "authorize NUL user NUL password", LOGIN asks twice.
 */
#include "server/server_sasl.h"

#include <string.h>

#include "base/ascii.h"
#include "codec/base64.h"

enum { IDLE, PLAIN, LOGIN_USER, LOGIN_PASSWORD };

void server_sasl_init(struct server_sasl *s)
{
	*s = (struct server_sasl){ .state = IDLE };
	buf_init(&s->user, SERVER_SASL_LINE_MAX);
	buf_init(&s->password, SERVER_SASL_LINE_MAX);
}

void server_sasl_free(struct server_sasl *s)
{
	buf_wipe(&s->user);
	buf_wipe(&s->password);
	s->state = IDLE;
}

/* ---- the mechanisms ---- */

/* One that asks for another's rights than its own is not served. */
static int split_plain(struct server_sasl *s, const struct buf *message)
{
	const char *end = message->data + message->len;
	const char *user = memchr(message->data, '\0', message->len);
	const char *password =
		user ? memchr(user + 1, '\0', (size_t)(end - user - 1)) : NULL;
	size_t first = user ? (size_t)(user - message->data) : 0;

	if (!password)
		return -1;
	user++;
	buf_put(&s->user, user, (size_t)(password - user));
	password++;
	buf_put(&s->password, password, (size_t)(end - password));
	if (first &&
	    (first != s->user.len || memcmp(message->data, user, first) != 0))
		return -1;
	return 0;
}

/* They become lines for the authentication command. */
static bool is_line(const struct buf *b)
{
	return strlen(b->data) == b->len && !strpbrk(b->data, "\r\n");
}

static enum server_sasl_step finish(struct server_sasl *s)
{
	s->state = IDLE;
	if (!s->user.len || !is_line(&s->user) || !is_line(&s->password))
		return SERVER_SASL_MALFORMED;
	return SERVER_SASL_WHOLE;
}

static enum server_sasl_step ask(struct server_sasl *s, int state,
				 const char *challenge)
{
	s->state = state;
	s->challenge = challenge;
	return SERVER_SASL_MORE;
}

static enum server_sasl_step take(struct server_sasl *s, const char *line)
{
	struct buf message = BUF_INIT(SERVER_SASL_LINE_MAX);
	int r;

	switch (s->state) {
	case PLAIN:
		r = unbase64_text(line, &message);
		if (r == 0)
			r = split_plain(s, &message);
		buf_wipe(&message);
		return r < 0 ? SERVER_SASL_MALFORMED : finish(s);
	case LOGIN_USER:
		if (unbase64_text(line, &s->user) < 0)
			return SERVER_SASL_MALFORMED;
		return ask(s, LOGIN_PASSWORD, "UGFzc3dvcmQ6");
	case LOGIN_PASSWORD:
		return unbase64_text(line, &s->password) < 0
			       ? SERVER_SASL_MALFORMED
			       : finish(s);
	default:
		return SERVER_SASL_MALFORMED;
	}
}

enum server_sasl_step server_sasl_begin(struct server_sasl *s,
					const char *mechanism,
					const char *initial)
{
	server_sasl_free(s);
	if (ascii_equal(mechanism, "PLAIN"))
		s->state = PLAIN;
	else if (ascii_equal(mechanism, "LOGIN"))
		s->state = LOGIN_USER;
	else
		return SERVER_SASL_UNKNOWN;
	if (!initial)
		return ask(s, s->state,
			   s->state == PLAIN ? "" : "VXNlcm5hbWU6");
	/* "=" is an empty one */
	return take(s, strcmp(initial, "=") == 0 ? "" : initial);
}

enum server_sasl_step server_sasl_answer(struct server_sasl *s,
					 const char *line)
{
	return strcmp(line, "*") == 0 ? SERVER_SASL_CANCELLED : take(s, line);
}
