/* jsonify.c - see jsonify.h. */
#include "deliver/jsonify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "mail/date.h"

/* An octet that is not UTF-8 is taken as Latin-1; line ends and tabs are kept,
 * because JSON has escapes for them. */
static void put_piece(struct buf *out, const char *text, size_t n)
{
	while (n) {
		size_t step = text_character(text, n, NULL);
		unsigned char c = (unsigned char)*text;
		char latin1[4];

		if (step)
			text_put_safe(out, text, step);
		else if (c >= 0xA0)
			buf_put(out, latin1, text_encode(latin1, c));
		else
			buf_putc(out, '?');
		step += !step;
		text += step;
		n -= step;
	}
}

json_t *jsonify_text(const char *text)
{
	struct buf safe;
	json_t *value;

	if (!text)
		return json_null();
	buf_init(&safe, 2 * strlen(text));
	while (*text) {
		size_t n = strcspn(text, "\n\t");

		put_piece(&safe, text, n);
		text += n;
		if (*text)
			buf_putc(&safe, *text++);
	}
	value = json_string(safe.data);
	buf_free(&safe);
	return value;
}

void jsonify_reply(json_t *object, const char *reply)
{
	const char *text = reply;
	size_t n;

	if (strspn(text, "0123456789") == 3 && (text[3] == ' ' || !text[3])) {
		json_object_set_new(object, "code",
				    json_integer(strtol(text, NULL, 10)));
		text += text[3] ? 4 : 3;
	} else {
		json_object_set_new(object, "code", json_null());
	}
	n = strspn(text, "0123456789.");
	if (n >= 5 && isdigit((unsigned char)text[0]) && text[1] == '.' &&
	    (text[n] == ' ' || !text[n])) {
		json_object_set_new(object, "enhanced", json_stringn(text, n));
		text += text[n] ? n + 1 : n;
	} else {
		json_object_set_new(object, "enhanced", json_null());
	}
	json_object_set_new(object, "text", jsonify_text(text));
}

json_t *jsonify_time(int64_t when)
{
	char text[DATE_SIZE];

	if (!when)
		return json_null();
	date_format_iso(text, when);
	return json_string(text);
}

json_t *jsonify_exit(int status)
{
	int number = interrupt_signal();

	return json_integer(number ? 128 + number : status);
}

void jsonify_end(json_t *object, int status, const struct error *f)
{
	bool failed = error_is_set(f);

	json_object_set_new(object, "exit", jsonify_exit(status));
	json_object_set_new(object, "cause",
			    failed ? json_string(error_name(f->cause))
				   : json_null());
	json_object_set_new(object, "temporary",
			    failed ? json_boolean(f->temporary) : json_null());
	json_object_set_new(object, "error",
			    failed ? jsonify_text(f->text) : json_null());
}

int jsonify_put(json_t *object, struct buf *to)
{
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	if (text)
		buf_puts(to, text);
	free(text);
	return text ? buf_putc(to, '\n') : -1;
}

int jsonify_failure(const struct error *f, struct buf *to)
{
	json_t *object = json_object();

	json_object_set_new(object, "status", json_string("failed"));
	jsonify_end(object, error_exit(f), f);
	return jsonify_put(object, to);
}
