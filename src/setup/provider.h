/* provider.h - large mail providers, from contrib/providers.
 *
 * The table is compiled in as text, and parsed into the caller's arena when it
 * is first needed.  Its contents are only proposals, which the user
 * confirms. */
#ifndef SETUP_PROVIDER_H
#define SETUP_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

#define PROVIDER_SERVERS_MAX 4

/* contrib/providers unchanged; the Makefile generates the string. */
extern const char provider_text[];

struct provider_server {
	const char *host;
	unsigned port;
	bool is_implicit; /* implicit TLS; otherwise STARTTLS */
};

enum provider_user {
	PROVIDER_ADDRESS, /* the whole address */
	PROVIDER_LOCAL,	  /* the part before its @ */
	PROVIDER_FIXED,	  /* a fixed word */
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
	const char *hint;	    /* "" if none */
	struct provider *next;
};

/* NULL with ERROR_SOFTWARE, which names the line, if the text is invalid. */
struct provider *provider_read(struct arena *a, const char *text,
			       struct error *f);

/* Each finds the first match, or NULL. */
const struct provider *provider_of_domain(const struct provider *all,
					  const char *domain);
const struct provider *provider_of_mx(const struct provider *all,
				      const char *host);
/* By one of its servers. */
const struct provider *provider_of_host(const struct provider *all,
					const char *host, unsigned port);
/* By a name that a person may enter: "gmail", "Amazon SES". */
const struct provider *provider_named(const struct provider *all,
				      const char *name);

#endif
