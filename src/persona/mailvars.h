/* mailvars.h - the variables of s-nail that "-S name=value" sets.
 *
 * Those that say something of a mail or its server are heeded, those that mean
 * what happens anyway are passed over, and of others a note is made. */
#ifndef PERSONA_MAILVARS_H
#define PERSONA_MAILVARS_H

#include <stdbool.h>

#include "persona/mailrc.h"
#include "persona/options.h"

/* What can be settled only when all of them are known. */
struct mailvars {
	struct mailrc_variable *typed; /* by -S */
	const char *from;	       /* NULL: not set */
	bool is_from_file;	       /* the server */
	bool has_server;
	bool is_implicit; /* TLS comes first */
	bool starttls;
	bool dot; /* ends what is typed */
};

/* "name=value", "name", "noname". */
int mailvars_set(struct options_run *run, struct mailvars *vars,
		 const char *text, struct error *f);
/* What start-up files set, where -S did not. */
int mailvars_read(struct options_run *run, struct mailvars *vars,
		  const struct mailrc *rc, struct error *f);
/* TLS of the server that was named. */
int mailvars_finish(struct options_run *run, const struct mailvars *vars,
		    struct error *f);

#endif
