/* line.h - one connection of a client's, from the server's end.
 *
 * Two descriptors (for a socket the same one twice), with TLS over them once
 * that was agreed.  All waiting has an end: a time on world_ticks' clock, or
 * a byte on the `wake` pipe.  OpenSSL is loaded when TLS begins; this is the
 * one place of the serving side that knows it. */
#ifndef SMTP_LINE_H
#define SMTP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "net/wait.h"

struct line {
	int in, out; /* borrowed */
	int wake[2]; /* -1: none */
	void *tls, *context;
	bool is_lost;
	struct wait wait;
	char tls_version[64]; /* "TLSv1.3, TLS_AES_256_GCM_SHA384" or "" */
};

enum line_event {
	LINE_DATA,
	LINE_END,  /* the client closed */
	LINE_TIME, /* nothing came */
	LINE_WAKE, /* somebody wants us to stop; said again until unset */
	LINE_LOST, /* with the fault */
};

/* A descriptor that is a socket should not block. */
void line_init(struct line *l, int in, int out);
void line_free(struct line *l);
enum line_event line_read(struct line *l, void *data, size_t room, size_t *got,
			  uint64_t until, struct fault *f);
int line_write(struct line *l, const void *data, size_t n, uint64_t until,
	       struct fault *f);

/* Has something arrived that was not read yet? */
bool line_has_more(const struct line *l);
/* Ends what goes out, and drops what still comes in, up to a megabyte: a socket
 * that is closed with octets unread takes the last reply away from the client.
 * Nothing for what is no socket. */
void line_linger(struct line *l, uint64_t until);

/* A certificate (with its chain) and its key, PEM.  FAULT_CONFIG when they
 * cannot be used; for a look at them before anybody comes. */
int line_check_identity(const char *cert, const char *key, struct fault *f);
int line_start_tls(struct line *l, const char *cert, const char *key,
		   uint64_t until, struct fault *f);

#endif
