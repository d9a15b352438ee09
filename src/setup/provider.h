/* provider.h - the large providers, out of contrib/providers.
 *
 * The table is text that is compiled in; it is read when first asked for, into
 * the caller's arena.  What it says is a proposal, never taken unasked. */
#ifndef SETUP_PROVIDER_H
#define SETUP_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define PROVIDER_SERVERS_MAX 4

/* contrib/providers, as it is there; the Makefile makes the string. */
extern const char provider_text[];

struct provider_server {
	const char *host;
	unsigned port;
	bool is_implicit; /* TLS from the first byte; else STARTTLS */
};

enum provider_user {
	PROVIDER_ADDRESS, /* the whole address */
	PROVIDER_LOCAL,	  /* what is before its @ */
	PROVIDER_FIXED,	  /* a word that is the same for all */
	PROVIDER_ASK,
};

struct provider {
	const char *name;
	const char *domains, *mx, *hosts; /* patterns with blanks; "" for none
					   */
	struct provider_server servers[PROVIDER_SERVERS_MAX];
	size_t server_count;
	enum provider_user user;
	const char *fixed_user;
	const char *auth;	    /* NULL: as the server offers */
	const char *oauth, *tenant; /* of the settings; NULL */
	const char *hint;	    /* "" for none */
	struct provider *next;
};

/* NULL with ERROR_SOFTWARE when the text is wrong somewhere: which line. */
struct provider *provider_read(struct arena *a, const char *text,
			       struct error *f);

/* Each finds the first that fits, or NULL. */
const struct provider *provider_of_domain(const struct provider *all,
					  const char *domain);
const struct provider *provider_of_mx(const struct provider *all,
				      const char *host);
/* One of its servers. */
const struct provider *provider_of_host(const struct provider *all,
					const char *host, unsigned port);
/* As a person may call it: "gmail", "Amazon SES". */
const struct provider *provider_named(const struct provider *all,
				      const char *name);

#endif
