/* handle.h - libcurl's handle of a connection, with its options: proxy, TLS,
 * trust.  conn.h is built on it. */
#ifndef NET_HANDLE_H
#define NET_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/error.h"
#include "net/conn.h"
#include "net/pin.h"

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

struct handle {
	CURL *curl;			    /* NULL: none */
	const struct conn_options *options; /* borrowed */
	struct conn_names names;
	CURLcode setup; /* the first option that was rejected */
	struct pin pin;
	struct pin_judge judge; /* of the last handshake */
	bool has_pin;		/* OpenSSL can be asked */
	const char *bundle;	/* of CAs, for what the directory does not
				   know */
	struct roots roots;	/* the bundle, where it is not libcurl that
				   reads it */
	struct curl_slist *resolve_to; /* names.connect_to */
	/* how often libcurl has polled lately */
	uint64_t counted_from;
	unsigned polls;
	/* since when we wait for the server, and when to show that, in
	 * sysenv_ticks */
	uint64_t since, show_at;
	bool has_received; /* octets of the server */
	bool tls_begun;	   /* so the connection was made */
};

/* Once a process. */
int handle_load(struct error *f);
/* Checks the options without a connection: call before handle_make. */
int handle_check(struct handle *h, const struct conn_options *o,
		 struct error *f);
/* A new CURL with the options of handle_check.  Out of memory and a rejected
 * option are left in h->setup. */
void handle_make(struct handle *h);
/* Sets a host or a URL: libcurl reads one that is not ASCII in the user's
 * charset.  Returns it. */
const char *handle_name(const char *name);
/* At a terminal, shows what a longer wait is for. */
CURLcode handle_perform(struct handle *h);
/* Call whenever the server has sent something. */
void handle_received(struct handle *h);
/* Was the server's certificate refused, for its chain or its fingerprint?
 * *verify is X509_V_*, 0 or 1 where nothing is known of the chain. */
bool handle_refused(const struct handle *h, CURLcode code, long *verify);
void handle_free(struct handle *h);

/* ---- verdict.c ---- */

/* Why a connection failed, in a sentence with advice.  What may change by
 * itself is temporary, and what only the user can fix is not.  Sets c->error,
 * too; -1. */
int conn_explain(struct conn *c, CURLcode code, struct error *f);

#endif
