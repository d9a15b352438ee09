/* jsonify.h - what servers and users say, as JSON. */
#ifndef DELIVER_JSONIFY_H
#define DELIVER_JSONIFY_H

#include <jansson.h>

/* A server may say what is not UTF-8: then the octets stand for Latin-1.
 * NULL is null. */
json_t *jsonify_text(const char *text);
/* "250 2.1.5 Ok" as the members code, enhanced and text; what is not there is
 * null. */
void jsonify_reply(json_t *object, const char *reply);

#endif
