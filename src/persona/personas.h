/* personas.h - the names that the program can be called by. */
#ifndef PERSONA_PERSONAS_H
#define PERSONA_PERSONAS_H

#include "persona/options.h"

/* Each in a file; personas.c has the table of names. */
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

/* By the base name of argv[0]; mailsend for an unknown name. */
const struct persona *persona_of(const char *argv0);
/* The same for a command line, whose first argument may select another persona
 * and is then removed. */
const struct persona *persona_choose(int *argc, char ***argv);

#endif
