/* run_json.h - a run, and the known jobs, as JSON: contrib/mailsend.schema.json
 * documents each member. */
#ifndef RUN_RUN_JSON_H
#define RUN_RUN_JSON_H

#include "base/buf.h"
#include "run/list.h"
#include "run/run.h"

/* One object and a newline; `status` is that of the process. */
int run_json(const struct run_record *run, int status, struct buf *out);
/* An array and a newline. */
int run_json_list(const struct list *l, struct buf *out);

#endif
