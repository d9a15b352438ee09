/* sasl.c - PLAIN is "authorize NUL user NUL password", LOGIN asks twice. */
#include "smtp/sasl.h"

#include <string.h>

#include "base/ascii.h"

enum { IDLE, PLAIN, LOGIN_USER, LOGIN_PASSWORD };

void sasl_init(struct sasl *s)
{
	*s = (struct sasl){ .state = IDLE };
	buf_init(&s->user, SASL_LINE_MAX);
	buf_init(&s->password, SASL_LINE_MAX);
}

void sasl_free(struct sasl *s)
{
	buf_wipe(&s->user);
	buf_wipe(&s->password);
	s->state = IDLE;
}

/* ---- base64, whole groups alone (RFC 4648 3) ---- */

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int decode_group(const char *p, bool is_last, struct buf *out)
{
	int pad = !is_last || p[3] != '=' ? 0 : p[2] != '=' ? 1 : 2;
	unsigned bits = 0;
	char octets[3];

	for (int i = 0; i < 4; i++) {
		int value = i >= 4 - pad ? 0 : digit(p[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (unsigned)value;
	}
	for (int i = 0; i < 3; i++)
		octets[i] = (char)(bits >> (16 - 8 * i) & 0xff);
	buf_put(out, octets, (size_t)(3 - pad));
	explicit_bzero(octets, sizeof(octets));
	return 0;
}

static int decode(const char *text, struct buf *out)
{
	size_t n = strlen(text);

	if (n % 4)
		return -1;
	for (size_t i = 0; i < n; i += 4)
		if (decode_group(text + i, i + 4 == n, out) < 0)
			return -1;
	return out->overflow ? -1 : 0;
}

/* ---- the mechanisms ---- */

/* One that asks for another's rights than its own is not served. */
static int split_plain(struct sasl *s, const struct buf *message)
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

/* They become lines for whoever judges them. */
static bool is_line(const struct buf *b)
{
	return strlen(b->data) == b->len && !strpbrk(b->data, "\r\n");
}

static enum sasl_step finish(struct sasl *s)
{
	s->state = IDLE;
	if (!s->user.len || !is_line(&s->user) || !is_line(&s->password))
		return SASL_MALFORMED;
	return SASL_WHOLE;
}

static enum sasl_step ask(struct sasl *s, int state, const char *challenge)
{
	s->state = state;
	s->challenge = challenge;
	return SASL_MORE;
}

static enum sasl_step take(struct sasl *s, const char *line)
{
	struct buf message = BUF_INIT(SASL_LINE_MAX);
	int r;

	switch (s->state) {
	case PLAIN:
		r = decode(line, &message);
		if (r == 0)
			r = split_plain(s, &message);
		buf_wipe(&message);
		return r < 0 ? SASL_MALFORMED : finish(s);
	case LOGIN_USER:
		if (decode(line, &s->user) < 0)
			return SASL_MALFORMED;
		return ask(s, LOGIN_PASSWORD, "UGFzc3dvcmQ6");
	case LOGIN_PASSWORD:
		return decode(line, &s->password) < 0 ? SASL_MALFORMED
						      : finish(s);
	default:
		return SASL_MALFORMED;
	}
}

enum sasl_step sasl_begin(struct sasl *s, const char *mechanism,
			  const char *initial)
{
	sasl_free(s);
	if (ascii_equal(mechanism, "PLAIN"))
		s->state = PLAIN;
	else if (ascii_equal(mechanism, "LOGIN"))
		s->state = LOGIN_USER;
	else
		return SASL_UNKNOWN;
	if (!initial)
		return ask(s, s->state,
			   s->state == PLAIN ? "" : "VXNlcm5hbWU6");
	/* "=" is an empty one */
	return take(s, strcmp(initial, "=") == 0 ? "" : initial);
}

enum sasl_step sasl_answer(struct sasl *s, const char *line)
{
	return strcmp(line, "*") == 0 ? SASL_CANCELLED : take(s, line);
}
