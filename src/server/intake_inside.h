/* intake_inside.h - a mail between its MAIL (intake.c) and its reply
 * (intake_end.c). */
#ifndef SERVER_INTAKE_INSIDE_H
#define SERVER_INTAKE_INSIDE_H

#include "compose/compose.h"
#include "compose/owner.h"
#include "compose/resolve.h"
#include "flow/stage.h"
#include "server/allowance.h"
#include "server/intake.h"
#include "submit/submit.h"

/* What was asked for one final address. */
struct destination {
	const char *address;
	const char *notify, *orcpt;
	struct destination *next;
};

/* In the arena of what the client said. */
struct intake_mail {
	struct server_mail *said;
	struct request request;
	struct config config;
	struct account *account;
	struct owner owner;
	struct allowance allowance; /* of a user */
	struct resolver resolver;
	struct destination *first, **last;
	struct sink gate; /* before the stage */
	bool has_begun;	  /* something went through it */
	struct stage stage;
	bool has_stage;
	/* once it is whole */
	struct slice content;
	struct composition composition;
	struct submit_mail way;
	struct outcome outcome;
};

/* ---- intake_end.c ---- */

int intake_end(void *context, struct server_mail *m, struct response *answer);

/* ---- intake.c ---- */

/* A reply that is not to tell a user what is no business of theirs. */
int intake_error(const struct intake *in, const struct error *f,
		 struct response *answer);
/* Sends those replies that stand before what is on its way. */
int intake_send_ready(struct intake *in, struct error *f);

#endif
