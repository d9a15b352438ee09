/* conn.h - one connection to a server, for submission, POP3 and IMAP alike.
 *
 * libcurl connects (CURLOPT_CONNECT_ONLY): name lookup, proxy, connection,
 * greeting, capabilities, STARTTLS, the certificate.  It does not log in: from
 * then on the connection is ours, as octets (conn_send, conn_receive,
 * conn_wait, for callers that wait by themselves) and as lines (conn_send_text,
 * conn_read_line).  Everything from a server is limited: the length of a line,
 * the lines of a reply, silence and slowness.
 *
 * Stricter than libcurl: text that was pipelined after the reply to STARTTLS is
 * refused, TLS is never optional, environment variables choose no proxy. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"
#include "net/chain.h"
#include "net/sasl.h"
#include "net/trace.h"
#include "net/wait.h"

#define CONN_LINE_MAX (64 * 1024) /* octets of a line */
#define CONN_ROOM     (64 * 1024)
/* Octets of a reply that are not a message's: lists, and what is dropped. */
#define CONN_TALK_MAX (UINT64_C(256) * 1024 * 1024)

enum conn_tls { CONN_TLS_NONE, CONN_TLS_STARTTLS, CONN_TLS_IMPLICIT };

/* Why a connection failed, as far as is known. */
enum conn_error {
	CONN_FINE,
	CONN_NO_LIBRARY, /* one is missing here: no connection was made */
	CONN_SETTING,	 /* the options are unusable, or TLS cannot be set up */
	CONN_INSECURE,	 /* a login without TLS: no connection was made */
	CONN_LOOKUP,	 /* the host's name has no address */
	CONN_CONNECT,
	CONN_PROXY, /* it could not, or refused */
	CONN_TIME,
	CONN_SILENT,	  /* the same: connected, and nothing came */
	CONN_CERTIFICATE, /* theirs: its chain or fingerprint */
	CONN_NAME,	  /* theirs is for another name */
	CONN_HANDSHAKE,
	CONN_NO_STARTTLS, /* not offered, or refused */
	CONN_FILE,	  /* a client certificate that is required */
	CONN_SOURCE,	  /* no such address here */
	CONN_NO_AUTH,	  /* no log-in is offered */
	CONN_MECHANISM,	  /* none that we can use */
	CONN_LOGIN,
	CONN_REPLY, /* refused, or another protocol */
	CONN_LOST,
	CONN_OTHER,
};

struct conn;

/* Where the protocols differ. */
struct conn_protocol {
	const char *name;     /* "SMTP" */
	const char *scheme;   /* "smtp"; with "s", that of TLS from the start */
	const char *allowed;  /* "smtp,smtps" */
	unsigned ports[3];    /* the usual ones, by enum conn_tls */
	const char *starttls; /* the command */
	enum error_cause host; /* of an invalid host name */
	/* Advice for people: where the host name was configured; what to do
	 * where the server expects TLS first and we wait for a greeting, the
	 * other way round, and where there is no TLS. */
	const char *lookup, *early, *late, *without;
	/* A line that the server sent while connecting, with its end: 1 when it
	 * is not part of the protocol and ignored, -1: hang up. */
	int (*on_line)(struct conn *c, const char *line, size_t n);
	/* Its last reply: -1 negative, 1 positive, 0 neither or incomplete. */
	int (*verdict)(const struct conn *c);
	/* The error for a negative reply; -1. */
	int (*refuse)(const struct conn *c, struct error *f);
};

struct conn_options {
	const struct conn_protocol *protocol;
	void *context;	   /* for its functions */
	const char *host;  /* a literal may have its brackets */
	unsigned port;	   /* 0: the usual one */
	const char *hello; /* our name in EHLO */
	enum conn_tls tls;
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
	const char *proxy;    /* "socks5h://h:p", "http://h:p"; NULL */
	const char *source_address;
	const char *unix_socket; /* instead of host and port; NULL */
	unsigned seconds;	 /* for all of the dial */
	struct chain *chain;	 /* the certificates, as they were seen; NULL */
};

struct conn {
	const struct conn_options *options; /* while conn_open lasts */
	void *context;
	const struct trace *trace; /* or NULL */
	struct handle *handle;	   /* libcurl's */
	int socket;
	char place[320]; /* "host:port", for sentences */
	char peer[64];	 /* address and port connected to */
	bool is_tls;
	bool is_local;	      /* no network is in between */
	bool is_broken;	      /* nothing more can be sent */
	char tls_version[64]; /* "TLSv1.3, TLS_AES_256_GCM_SHA384" or "" */
	struct sasl_binding binding;
	uint64_t began; /* sysenv_ticks() when it was dialled */
	/* milliseconds from there, known after the first reply: to the
	 * connection, and to the end of the handshake where TLS comes first */
	unsigned connected_after, secured_after;
	enum conn_error error; /* why conn_open failed; kept */

	/* while it is dialled */
	bool is_connected, is_described, is_greeted, asked_tls;
	char verb[16]; /* of our last command, without a tag; "": none yet */
	char greeting[512], last[512]; /* lines; `last`: of the last reply */
	char words[256];	       /* libcurl's, of what went wrong */

	/* lines */
	const struct sasl *sasl; /* during the login: what is secret */
	unsigned milliseconds;	 /* maximum of silence, or ... */
	bool limits_reply;	 /* ... of a whole reply */
	unsigned shown_seconds;	 /* in messages, instead of that; 0 */
	struct wait wait;
	uint64_t talk;	 /* octets of the reply that are not of a message */
	struct buf line; /* of conn_read_line */
	size_t at, have; /* in room */
	char *room;	 /* CONN_ROOM, from the first line on */
};

/* ---- conn_dial.c, handle.c ---- */

/* How a server is written: for messages ("[2001:db8::1]:587", or the path of a
 * socket; then " (by the proxy HOST:PORT)"), as a URL, where the host is the
 * one that TLS looks for, and for CURLOPT_CONNECT_TO.  Rejects what would be
 * more than a host in a URL. */
struct conn_names {
	char place[320];
	struct buf url, connect_to;
};
int conn_format_names(const struct conn_options *o, struct conn_names *names,
		      struct error *f);
unsigned conn_port(const struct conn_options *o);

/* Loads the libraries that conn_open needs, for processes that are forked later
 * and then share them.  A failure is reported by their conn_open. */
void conn_prepare(bool uses_tls);
/* Borrows the options until it returns, the trace and the context until
 * conn_close, which may be called after a failure, too.  Failures are
 * distinguished: no such host, connection refused, no answer in time,
 * certificate (which error, which name), TLS not offered, greeting refused. */
int conn_open(struct conn *c, const struct conn_options *o,
	      const struct trace *trace, struct error *f);
void conn_close(struct conn *c); /* never blocks; sends no QUIT */

/* ---- conn.c: octets ---- */

/* As much as can be sent now: 0 when nothing can.  After 0, call again with the
 * same bytes.  -1 with ERROR_TEMPORARY when the connection is gone. */
ssize_t conn_send(struct conn *c, const void *data, size_t n, struct error *f);
/* 0: nothing there now.  *end is set when the server closed. */
ssize_t conn_receive(struct conn *c, void *data, size_t n, bool *end,
		     struct error *f);
/* Waits until one of the two can continue (net/wait.h).  1 ready, 0 time is up,
 * -1 error.  Receive until it returns 0 first: TLS may have buffered bytes. */
int conn_wait(struct conn *c, bool to_send, struct wait *w, struct error *f);

/* ---- conn.c: lines ---- */

/* All of it, or -1 with ERROR_TEMPORARY.  `shown` replaces in the transcript
 * what is secret; NULL: it is shown as it is. */
int conn_send_text(struct conn *c, const char *text, const char *shown,
		   struct error *f);
/* A new reply is expected, with its limits of time and size.  conn_send_text
 * calls it; callers that send several commands at once call it themselves. */
void conn_expect(struct conn *c);
/* From now on a whole reply has no more time than that. */
void conn_limit_time(struct conn *c, unsigned milliseconds);
/* The next line without its end, in c->line until the next call. */
int conn_read_line(struct conn *c, struct error *f);
/* At least one octet that has arrived, *n of them at *data.  What is not passed
 * to conn_consume is returned again. */
int conn_peek(struct conn *c, const char **data, size_t *n, struct error *f);
void conn_consume(struct conn *c, size_t n);
/* Drops that many octets; -1 when it is too much for one reply. */
int conn_count(struct conn *c, size_t n, struct error *f);
/* Reports that the connection cannot be used any more, and why; -1. */
int conn_garbled(struct conn *c, const char *what, struct error *f);

#endif
