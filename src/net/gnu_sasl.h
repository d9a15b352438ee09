/* gnu_sasl.h - the mechanisms that are computed from challenges, by GNU SASL.
 *
 * For sasl.c alone; loaded when one of them is first used. */
#ifndef NET_GNU_SASL_H
#define NET_GNU_SASL_H

#include "net/sasl.h"

int gnu_sasl_load(struct error *f);
int gnu_sasl_begin(struct sasl *s, struct error *f);
/* As sasl_answer; sets is_done. */
int gnu_sasl_answer(struct sasl *s, const char *challenge, struct error *f);
void gnu_sasl_end(struct sasl *s);

#endif
