/* jsonify.c - see jsonify.h. */
#include "deliver/jsonify.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

json_t *jsonify_text(const char *text)
{
	struct buf utf8 = BUF_INIT(8192);
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text);
	for (; !value && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 128)
			buf_putc(&utf8, *text);
		else
			buf_printf(&utf8, "%c%c", 0xC0 | c >> 6,
				   0x80 | (c & 0x3F));
	}
	if (!value)
		value = json_string(utf8.data);
	buf_free(&utf8);
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
