/* values.h - functions that read a value, one for each type.
 *
 * Each returns 0 with the field filled, or -1 with v->why: what is wrong with
 * the value and what is allowed, to follow the name and the value. */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "config/settings.h"

int value_text(struct value *v, void *field);
int value_word(struct value *v, void *field); /* no blanks */
int value_path(struct value *v, void *field); /* ~ expanded */
int value_path_or_off(struct value *v, void *field);
int value_switch(struct value *v, void *field);
int value_to_header(struct value *v, void *field);
int value_choice(struct value *v, void *field);
int value_port(struct value *v, void *field);	    /* must be there */
int value_proxy_port(struct value *v, void *field); /* 0 when empty */
int value_seconds(struct value *v, void *field); /* at most a day; off is 0 */
int value_descriptor(struct value *v, void *field);
int value_count(struct value *v, void *field);	      /* 1 to 10000 */
int value_count_or_off(struct value *v, void *field); /* off is 0 */
int value_size(struct value *v, void *field);	  /* octets, as in 10k, 5 MB */
int value_duration(struct value *v, void *field); /* seconds, as in 1h30m */
int value_duration_or_off(struct value *v, void *field); /* off is 0 */
int value_accounts(struct value *v, void *field); /* names, with commas */
int value_queue(struct value *v, void *field);
int value_notice(struct value *v, void *field);
int value_host(struct value *v, void *field);
int value_proxy(struct value *v, void *field);
int value_ip(struct value *v, void *field);
int value_trust(struct value *v, void *field);
int value_fingerprint(struct value *v, void *field);
int value_auth(struct value *v, void *field);
int value_transport(struct value *v, void *field); /* smtp is NULL */
int value_oauth(struct value *v, void *field);	   /* a name, or an https URL */
int value_oauth_flow(struct value *v, void *field);
int value_variable(struct value *v, void *field);
int value_from(struct value *v, void *field);
int value_notify(struct value *v, void *field);
int value_return(struct value *v, void *field);
int value_syslog(struct value *v, void *field);

/* ---- values_serve.c: what users of this machine may (server/peer.h) ---- */

int value_credential(struct value *v, void *field);  /* a file's bare name */
int value_size_or_off(struct value *v, void *field); /* off is 0 */
int value_mode(struct value *v, void *field);	     /* octal, as in 0660 */
/* Words separated by blanks or commas: GROUP, user:NAME, a number for either;
 * "any" and "" are NULL. */
int value_people(struct value *v, void *field);
/* Words: own, any, ADDRESS, PATTERN; WHO:WORD applies to WHO only. */
int value_senders(struct value *v, void *field);
int value_rate(struct value *v, void *field); /* "100/h"; off is NULL */
/* Parses what value_rate accepted. */
void value_read_rate(const char *text, unsigned *count, unsigned *seconds);
/* The next word of *list, in the arena; NULL: no more. */
const char *value_next_word(struct arena *a, const char **list);

/* ---- of no effect here ---- */

int value_protocol(struct value *v, void *field);
int value_bits(struct value *v, void *field);
int value_anything(struct value *v, void *field);

#endif
