/* jsonify.h - texts of servers and users as JSON. */
#ifndef DELIVER_JSONIFY_H
#define DELIVER_JSONIFY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* A text that is not UTF-8 is taken as Latin-1.  NULL is null. */
json_t *jsonify_text(const char *text);
/* "250 2.1.5 Ok" as the members code, enhanced and text; missing ones are
 * null. */
void jsonify_reply(json_t *object, const char *reply);
/* ISO 8601; 0, for never, is null. */
json_t *jsonify_time(int64_t when);
/* The exit status: 128 and the number where a signal was noted. */
json_t *jsonify_exit(int status);
/* The members for a failure: `exit`; `cause`, `temporary` and `error`, null
 * without an error. */
void jsonify_end(json_t *object, int status, const struct error *f);
/* The object for a failure without other results, and a newline: "status" is
 * "failed", and the above. */
int jsonify_failure(const struct error *f, struct buf *to);
/* On one line; takes the object. */
int jsonify_put(json_t *object, struct buf *to);

#endif
