/* certificate.h - the certificates of a server, as a step of the check. */
#ifndef CHECK_CERTIFICATE_H
#define CHECK_CERTIFICATE_H

#include "check/check.h"

/* After a handshake that was good; and after one that the certificate
 * stopped. */
void certificate_tell(struct check *c);
void certificate_tell_bad(struct check *c);

/* A day as people and programs write it: "2027-01-24". */
const char *certificate_day(struct arena *a, int64_t seconds);

#endif
