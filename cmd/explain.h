/* explain.h - `--explain` of a sending command: nothing is sent. */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include "base/arena.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"

struct explain_job {
	struct arena *arena;
	const char *called, *face; /* argv[0], and whose options were read */
	const struct request *request;
	struct config *config;
	const struct account *account;
	const char *const *spool;
};

/* 0, or -1 with the error that the command would end with. */
int explain_command(const struct explain_job *job, struct error *f);

#endif
