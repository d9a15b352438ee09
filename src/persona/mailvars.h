/* mailvars.h - the variables of s-nail that "-S name=value" sets.
 *
 * Those that concern a mail or its server take effect, those that change
 * nothing here are ignored, and others are ignored with a note. */
#ifndef PERSONA_MAILVARS_H
#define PERSONA_MAILVARS_H

#include <stdbool.h>

#include "persona/mailrc.h"
#include "persona/options.h"

/* What can be decided only when all of them are known. */
struct mailvars {
	struct mailrc_variable *typed; /* by -S */
	const char *from;	       /* NULL: not set */
	bool is_from_file;	       /* the server */
	bool has_server;
	bool is_implicit; /* implicit TLS */
	bool starttls;
	bool dot; /* a lone dot ends the input */
};

/* "name=value", "name", "noname". */
int mailvars_set(struct options_run *run, struct mailvars *vars,
		 const char *text, struct error *f);
/* The variables of start-up files that -S did not set. */
int mailvars_read(struct options_run *run, struct mailvars *vars,
		  const struct mailrc *rc, struct error *f);
/* Decides on TLS for the server that was named. */
int mailvars_finish(struct options_run *run, const struct mailvars *vars,
		    struct error *f);

#endif
