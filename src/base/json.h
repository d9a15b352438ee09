/* json.h - jansson, loaded on first use.
 *
 * Its functions have their own names, those that are called here: json.c passes
 * each on.  Where jansson cannot be loaded they return what they return when
 * memory is out, so that json_prepare comes first, before there is anything to
 * lose.  jansson's one place. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/error.h"

/* ERROR_UNAVAILABLE or ERROR_TEMPORARY as library_load has them. */
int json_prepare(struct error *f);

#endif
