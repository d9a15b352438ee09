/* finish.h - how all three programs end. */
#ifndef CMD_FINISH_H
#define CMD_FINISH_H

#include "base/error.h"

/* Where the reader of our output went away (`| head`) there is nothing to
 * complain of: ends the process by SIGPIPE, as other filters do. */
void finish_with_reader(const struct error *f);
/* Standard input is a pipe or a socket that was to be read, and something went
 * wrong: reads the rest, so that whoever writes to it can go on. */
void finish_input(void);
/* For --json: the object of an end that has nothing else to tell. */
void finish_json(const struct error *f);
/* The last word of main.  A signal that asked us to end (base/interrupt.h) has
 * its own effect now, so that a shell whose loop we are in sees it: for the
 * shell the status is 128 and its number. */
int finish_process(int status);

#endif
