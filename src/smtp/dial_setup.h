/* dial_setup.h - libcurl's functions, and a handle made ready; dial's own.
 *
 * The inside of dial.h's connection, for dial.c and dial_setup.c alone. */
#ifndef SMTP_DIAL_SETUP_H
#define SMTP_DIAL_SETUP_H

#include <stdbool.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "smtp/dial.h"
#include "smtp/login.h"
#include "smtp/opening.h"
#include "smtp/pin.h"

struct dial_state {
	const struct dial_options *options; /* while dial_open lasts */
	struct opening opening;
	struct login login;
	struct pin pin;
	bool whole_bundle;  /* of CAs, the folder did not do */
	bool has_pin;	    /* OpenSSL can be asked */
	const char *bundle; /* of CAs, for what the folder does not know */
	bool is_described;  /* the trace has seen the TLS */
	bool is_connected;  /* the trace has seen the address */
	unsigned seconds;
	CURLcode setup; /* the first option that was not taken */
	struct curl_slist *connect_to;
	char place[320]; /* "host:port" for sentences */
	char error[CURL_ERROR_SIZE];
};

struct curl_functions {
	CURLcode (*global_init)(long);
	curl_version_info_data *(*version)(CURLversion);
	CURL *(*init)(void);
	CURLcode (*setopt)(CURL *, CURLoption, ...);
	CURLcode (*getinfo)(CURL *, CURLINFO, ...);
	CURLcode (*perform)(CURL *);
	CURLcode (*send)(CURL *, const void *, size_t, size_t *);
	CURLcode (*recv)(CURL *, void *, size_t, size_t *);
	void (*cleanup)(CURL *);
	const char *(*strerror)(CURLcode);
	struct curl_slist *(*append)(struct curl_slist *, const char *);
	void (*free_all)(struct curl_slist *);
};
extern struct curl_functions curl;

/* Once a process. */
int dial_load(struct fault *f);
/* All that the options ask for, but for the ears.  What libcurl does not take
 * is left in state->setup. */
void dial_set_options(struct dial *d, unsigned milliseconds);

#endif
