/* mailto.h - a recipient as a link has it (RFC 6068):
 * "mailto:ops@example.org?subject=hello".
 *
 * What is written where links are clicked is not to be trusted: of the fields
 * only those are heeded that a person would see in the mail, and no file is
 * ever attached. */
#ifndef PERSONA_MAILTO_H
#define PERSONA_MAILTO_H

#include <stdbool.h>

#include "persona/options.h"

bool mailto_is(const char *text);
/* Takes recipients, Subject and the like into the request; what is passed
 * over is told.  ERROR_USAGE for a text, which would be lost. */
int mailto_take(struct options_run *run, const char *text, struct error *f);

#endif
