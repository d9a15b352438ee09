/* roundtrip_report.h - what became of a round trip, for people, programs and
 * monitors. */
#ifndef ROUNDTRIP_ROUNDTRIP_REPORT_H
#define ROUNDTRIP_ROUNDTRIP_REPORT_H

#include "base/buf.h"
#include "roundtrip/roundtrip.h"

#define ROUNDTRIP_REPORT_MAX (1024 * 1024)

/* `f` is roundtrip_run's, ERROR_NONE where it was sent. */
void roundtrip_text(const struct roundtrip *t, struct buf *out);
/* One object and a newline. */
int roundtrip_json(const struct roundtrip *t, const struct error *f,
		   struct buf *out);
/* One line with performance data; the plugin's status, 0 OK to 3 UNKNOWN: too
 * late is critical, and so is a mail that was refused; UNKNOWN is what this
 * machine alone is to blame for. */
int roundtrip_nagios(const struct roundtrip *t, const struct error *f,
		     struct buf *out);
/* 0 arrived, 75 not in time, else as sending ended. */
int roundtrip_exit(const struct roundtrip *t, const struct error *f);
/* A sentence on what is wrong; NULL where nothing is. */
const char *roundtrip_trouble(const struct roundtrip *t);

#endif
