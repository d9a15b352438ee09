/* handshake.c - the order of RFC 5321 3.1, 3207 4 and 4954 4, read off the
 * reply codes:
 *
 *	awaited		220	250		235, 334	4xx, 5xx
 *	GREETING	EHLO	-		-		refused
 *	EHLO		-	STARTTLS/AUTH	-		(libcurl: HELO)
 *	STARTTLS	EHLO	-		-		refused
 *	AUTH		-	-		stays		refused
 */
#include "smtp/handshake.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "smtp/login.h"

void handshake_init(struct handshake *o, const struct dial_options *options,
		    const struct trace *trace)
{
	*o = (struct handshake){
		.phase = REPLY_GREETING,
		.options = options,
		.trace = trace,
	};
	reply_init(&o->reply);
}

void handshake_free(struct handshake *o)
{
	reply_free(&o->reply);
}

static void show(const struct handshake *o, char direction, const char *text,
		 size_t n)
{
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (o->trace)
		o->trace->line(o->trace->context, direction, text, n);
}

void handshake_remark(const struct handshake *o, const char *format, ...)
{
	char text[1024];
	va_list ap;

	if (!o->trace)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	show(o, '*', text, strlen(text));
}

static bool wants_starttls(const struct handshake *o)
{
	return o->options->tls == DIAL_TLS_STARTTLS && !o->tls_started;
}

/* Where the talk stands now that a reply is whole. */
static void turn(struct handshake *o)
{
	int code = o->reply.code;

	switch (o->phase) {
	case REPLY_GREETING:
		o->greeted = true;
		if (code == 220)
			o->phase = REPLY_EHLO;
		break;
	case REPLY_EHLO:
		if (code == 250)
			o->phase =
				wants_starttls(o) ? REPLY_STARTTLS : REPLY_AUTH;
		break;
	case REPLY_STARTTLS:
		if (code != 220)
			break;
		o->tls_started = true;
		o->phase = REPLY_EHLO;
		caps_reset(&o->caps);
		break;
	default:
		o->auth_answered = true;
		o->authenticated = code == 235;
		if (code != 334)
			o->in_auth = false;
		break;
	}
}

/* The first line of a group begins the list anew; it is the server's name. */
static void gather_caps(struct handshake *o, const char *line, size_t n)
{
	char text[REPLY_LINE_MAX];

	if (o->phase != REPLY_EHLO || o->reply.code != 250 || n < 4)
		return;
	if (o->reply.lines == 1) {
		caps_reset(&o->caps);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int)(n - 4), line + 4);
	caps_add(&o->caps, text);
}

/* Shows a line and takes it in.  1 when it ends the reply. */
static int take_line(struct handshake *o, const char *line, size_t n)
{
	size_t used;

	if (o->phase == REPLY_AUTH && n >= 4 && !memcmp(line, "334", 3))
		show(o, 'S', "334 ***", 7);
	else
		show(o, 'S', line, n);
	if (o->is_whole)
		reply_reset(&o->reply);
	o->is_whole = false;
	return reply_feed(&o->reply, line, n, &used, &o->error);
}

/* The same, of a line that may repeat what was secret. */
static int take_answer(struct handshake *o, const char *line, size_t n)
{
	char text[REPLY_LINE_MAX + 2];

	if (n >= sizeof(text))
		return take_line(o, line, n);
	for (size_t i = 0; i < n; i++)
		text[i] = line[i] ? line[i] : '?';
	text[n] = '\0';
	login_hide(o->options, text);
	return take_line(o, text, strlen(text));
}

int handshake_receive(struct handshake *o, const char *line, size_t n)
{
	int whole;

	if (!o->greeted && !o->reply.lines &&
	    !(n && isdigit((unsigned char)*line)))
		return 0;
	whole = o->phase == REPLY_AUTH ? take_answer(o, line, n)
				       : take_line(o, line, n);
	if (whole < 0)
		return -1;
	gather_caps(o, line, n);
	if (!whole)
		return 0;
	o->is_whole = true;
	turn(o);
	/* libcurl takes any "no" to EHLO for that of a server that is too old
	 * for it; only a 5xx is. */
	if (o->phase == REPLY_EHLO && o->reply.code != 220 &&
	    o->reply.code / 100 != 5)
		return -1;
	return 0;
}

static void say_line(struct handshake *o, const char *line, size_t n)
{
	char text[64];
	size_t word;

	if (o->in_auth) {
		show(o, 'C', "***", 3);
		return;
	}
	if (n < 5 || strncasecmp(line, "AUTH ", 5)) {
		show(o, 'C', line, n);
		return;
	}
	o->in_auth = true;
	word = 5;
	while (word < n && !isspace((unsigned char)line[word]))
		word++;
	snprintf(text, sizeof(text), "%.*s%s", (int)word, line,
		 word < n && line[word] == ' ' ? " ***" : "");
	show(o, 'C', text, strlen(text));
}

void handshake_say(struct handshake *o, const char *data, size_t n)
{
	/* Before the greeting it is a proxy that we talk to, and the lines
	 * below its CONNECT may hold a password. */
	if (!o->greeted) {
		const char *end = memchr(data, '\n', n);

		if (n > 8 && !memcmp(data, "CONNECT ", 8))
			handshake_remark(o, "proxy: %.*s",
					 (int)(end ? end - data - 1
						   : (ptrdiff_t)n),
					 data);
		return;
	}
	while (n) {
		const char *end = memchr(data, '\n', n);
		size_t piece = end ? (size_t)(end - data) + 1 : n;

		say_line(o, data, piece);
		data += piece;
		n -= piece;
	}
}
