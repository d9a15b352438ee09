/* client_stream.h - the server's side of one client's connection.
 *
 * Two descriptors (for a socket the same one twice), with TLS after STARTTLS.
 * Every wait is limited by a time in sysenv_ticks, and ends early with a byte
 * on the `wake` pipe.  OpenSSL is loaded when TLS begins; no other file of the
 * server uses it. */
#ifndef SERVER_CLIENT_STREAM_H
#define SERVER_CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "net/wait.h"

struct client_stream {
	int in, out; /* borrowed */
	int wake[2]; /* -1: none */
	void *tls, *context;
	bool is_lost;
	struct wait wait;
	char tls_version[64]; /* "TLSv1.3, TLS_AES_256_GCM_SHA384" or "" */
};

enum client_stream_event {
	CLIENT_STREAM_DATA,
	CLIENT_STREAM_END,  /* the client closed */
	CLIENT_STREAM_TIME, /* nothing came */
	CLIENT_STREAM_WAKE, /* we are asked to stop; said again until unset
			     */
	CLIENT_STREAM_LOST, /* with the error */
};

/* A descriptor that is a socket should not block. */
void client_stream_init(struct client_stream *l, int in, int out);
void client_stream_free(struct client_stream *l);
enum client_stream_event client_stream_read(struct client_stream *l, void *data,
					    size_t room, size_t *got,
					    uint64_t until, struct error *f);
int client_stream_write(struct client_stream *l, const void *data, size_t n,
			uint64_t until, struct error *f);

/* Has something arrived that was not read yet? */
bool client_stream_has_more(const struct client_stream *l);
/* Ends what goes out, and drops what still comes in, up to a megabyte: a socket
 * that is closed with octets unread takes the last reply away from the client.
 * Nothing for what is no socket. */
void client_stream_linger(struct client_stream *l, uint64_t until);

/* A certificate (with its chain) and its key, PEM.  ERROR_CONFIG when they
 * cannot be used; for a look at them before anybody comes. */
int client_stream_check_identity(const char *cert, const char *key,
				 struct error *f);
int client_stream_start_tls(struct client_stream *l, const char *cert,
			    const char *key, uint64_t until, struct error *f);

#endif
