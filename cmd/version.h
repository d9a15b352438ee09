/* version.h - what --version prints: the name that was called, the libraries
 * and what they are needed for. */
#ifndef VERSION_H
#define VERSION_H

#include "base/error.h"

/* `name` is the program's: "sendmail". */
int version_print(const char *name, struct error *f);

#endif
