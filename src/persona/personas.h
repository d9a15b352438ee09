/* personas.h - the names that we answer to. */
#ifndef PERSONA_PERSONAS_H
#define PERSONA_PERSONAS_H

#include "persona/options.h"

/* A persona a file; personas.c says which names each one has. */
extern const struct persona persona_mailsend;
extern const struct persona persona_sendmail;
extern const struct persona persona_mail, persona_mailx;
extern const struct persona persona_mutt, persona_neomutt;
extern const struct persona persona_msmtp;
/* The second is reached as `mailsend --mailq`. */
extern const struct persona persona_mailq, persona_mailsend_mailq;
extern const struct persona persona_newaliases;
/* `mailsend --run` */
extern const struct persona persona_mailsend_run;

/* By the base name of argv[0]; mailsend when it is none of ours. */
const struct persona *persona_of(const char *argv0);
/* The same, of a whole command line: its first argument may choose another
 * one, and is then taken away. */
const struct persona *persona_choose(int *argc, char ***argv);

#endif
