/* series_input.h - what a series has from standard input. */
#ifndef CMD_SERIES_INPUT_H
#define CMD_SERIES_INPUT_H

#include "compose/input.h"
#include "runner.h"

/* What standard input was is a fact, and it is kept unless it is a file that
 * has a name of its own. */
int series_input_keep(struct runner *run, const struct inputs *inputs,
		      struct error *f);
/* Standard input from now on; below 0: it stays what it is. */
int series_input_take(int fd, struct error *f);
/* Messages from a pipe are read and kept before they are looked at: in the
 * journal, or in a file without a name.  Where not all of them come, what came
 * is kept as a dead letter. */
int series_input_save(struct runner *run, struct error *f);

#endif
