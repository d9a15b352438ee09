/* dial.h - a connection to a submission server, ready for mail.
 *
 * libcurl dials: name look-up, proxy, connection, greeting, EHLO, STARTTLS,
 * certificate, AUTH (CURLOPT_CONNECT_ONLY); then bytes go over its connection
 * by dial_send and dial_receive.  libcurl's one place in submission.
 *
 * What libcurl leaves open is closed here: the mechanisms are pinned, the 235
 * is required, no password goes out without TLS (a unix socket, such as one
 * end of an ssh tunnel, is as good), text that was pipelined behind the
 * STARTTLS reply is refused, environment variables choose no proxy. */
#ifndef SMTP_DIAL_H
#define SMTP_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "net/chain.h"
#include "net/wait.h"
#include "smtp/caps.h"

enum dial_tls { DIAL_TLS_NONE, DIAL_TLS_STARTTLS, DIAL_TLS_IMPLICIT };

struct dial_options {
	const char *host;
	unsigned port;	  /* 0: 587, 465 or 25, as `tls` says */
	const char *ehlo; /* the name that we give */
	enum dial_tls tls;
	bool check_certificate;
	const char *trust_file;	 /* PEM; NULL: the system's */
	const char *crl_file;	 /* PEM; NULL */
	const char *fingerprint; /* SHA-256, SHA-1 or MD5 in hex, with or
				    without colons: pins the certificate in
				    place of the chain */
	const char *cert_file, *key_file; /* our own, PEM; NULL */
	const char *tls_host; /* name expected in the certificate; NULL: host */
	const char *ciphers;  /* OpenSSL's names, with colons; "TLS_..." are
				 those of TLS 1.3 */
	bool use_auth;
	const char *mechanism; /* upper case; NULL: the best that both have */
	const char *user;
	const char *password; /* or the bearer token */
	const char *proxy;    /* "socks5h://h:p", "http://h:p"; NULL */
	const char *source_address;
	const char *unix_socket;  /* instead of host and port; NULL */
	unsigned connect_timeout; /* seconds for all of the dial; 0: 300 */
	struct chain *chain;	  /* the certificates, as they were seen; NULL
				   */
};

/* Who wants to see the conversation.  `direction` is 'C' for our lines, 'S'
 * for the server's, '*' for remarks (TLS version, certificate).  Secrets are
 * masked before they come here. */
struct trace {
	void (*line)(void *context, char direction, const char *text, size_t n);
	void *context;
};

/* Where a dial failed, as far as it was seen. */
enum trouble_kind {
	TROUBLE_NONE,
	TROUBLE_LIBRARY,  /* one is missing here: nobody was dialled */
	TROUBLE_SETTING,  /* cannot be dialled so, or TLS not be set up */
	TROUBLE_INSECURE, /* a log-in without TLS: nobody was dialled */
	TROUBLE_LOOKUP,	  /* the host's name has no address */
	TROUBLE_CONNECT,
	TROUBLE_PROXY, /* it could not or would not */
	TROUBLE_TIME,
	TROUBLE_SILENT,	     /* the same: connected, and nothing came */
	TROUBLE_CERTIFICATE, /* theirs: its chain or fingerprint */
	TROUBLE_NAME,	     /* theirs is for another name */
	TROUBLE_HANDSHAKE,
	TROUBLE_NO_STARTTLS, /* not offered, or refused */
	TROUBLE_FILE,	     /* one of ours that TLS needs */
	TROUBLE_SOURCE,	     /* no such address here */
	TROUBLE_NO_AUTH,     /* no log-in is offered */
	TROUBLE_MECHANISM,   /* none that we can use */
	TROUBLE_LOGIN,
	TROUBLE_REPLY, /* refused, or not SMTP */
	TROUBLE_LOST,
	TROUBLE_OTHER,
};

struct dial {
	void *handle; /* CURL */
	int socket;
	struct caps caps; /* of the last EHLO */
	bool is_tls;
	char peer[64];	      /* address and port connected to */
	char tls_version[64]; /* "TLSv1.3, TLS_AES_256_GCM_SHA384" or "" */
	char mechanism[24];   /* used for AUTH, or "" */
	uint64_t began;	      /* sysenv_ticks() at the last attempt */
	/* milliseconds from there, known once the server has spoken: to the
	 * connection, and to the end of the handshake where TLS comes first */
	unsigned connected_after, secured_after;
	const struct trace *trace; /* or NULL */
	struct dial_state *state;
	enum trouble_kind trouble; /* why dial_open failed; it stays */
};

/* Borrows the options until it returns.  Every failure is told apart: no such
 * host, nobody listens, no answer in time, certificate (which error, which
 * name), TLS not offered, AUTH not offered, log-in refused (with the server's
 * words), greeting refused. */
int dial_open(struct dial *d, const struct dial_options *o,
	      const struct trace *trace, struct error *f);
void dial_close(struct dial *d); /* never blocks; says no QUIT */

/* As much as goes now: 0 when nothing does.  After 0, call again with the
 * same bytes.  -1 with ERROR_TEMPORARY when the connection is gone. */
ssize_t dial_send(struct dial *d, const void *data, size_t n, struct error *f);
/* 0: nothing there now.  *end is set when the server closed. */
ssize_t dial_receive(struct dial *d, void *data, size_t n, bool *end,
		     struct error *f);
/* Waits until one of the two can go on (net/wait.h).  1 ready, 0 time is up, -1
 * error.  Receive until it returns 0 first: TLS may hold bytes back. */
int dial_wait(struct dial *d, bool to_send, struct wait *w, struct error *f);

/* For the transcript of what goes over the open connection. */
void dial_trace(const struct dial *d, char direction, const char *text,
		size_t n);

#endif
