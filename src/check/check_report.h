/* check_report.h - a check, for a person and for programs. */
#ifndef CHECK_CHECK_REPORT_H
#define CHECK_CHECK_REPORT_H

#include <stdbool.h>

#include "base/buf.h"
#include "check/check.h"

#define CHECK_REPORT_MAX (16 * 1024 * 1024)

struct check_look {
	bool has_ticks; /* a terminal that shows UTF-8 */
	bool has_colour;
};

/* As it is on standard output. */
struct check_look check_look(void);
void check_text_step(const struct check_look *look,
		     const struct check_step *step, struct buf *out);
/* What is to be said when all steps were told. */
void check_text_end(const struct check_look *look, const struct check *c,
		    struct buf *out);

/* One JSON object and a newline. */
int check_json(const struct check *c, struct buf *out);

/* One line with performance data; the status is 0 OK, 1 WARNING, 2 CRITICAL or,
 * where this machine alone is to blame, 3 UNKNOWN. */
int check_nagios(const struct check *c, struct buf *out);

/* As msmtp --serverinfo tells it. */
void check_serverinfo(const struct check *c, struct buf *out);

#endif
