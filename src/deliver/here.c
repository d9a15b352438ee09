/* here.c - names compared; the network is not asked. */
#include "deliver/here.h"

#include <string.h>

#include "base/ascii.h"
#include "base/world.h"
#include "mail/domain.h"

const char *here_name(int *n)
{
	const char *host = world_host();

	*n = (int)strcspn(host, ".");
	return host;
}

enum here here_of(const char *domain)
{
	int n;
	const char *host = here_name(&n);

	/* "alice@box" on box.example.org */
	if (!*domain || domain_equal(domain, "localhost") ||
	    domain_equal(domain, "localhost.localdomain") ||
	    ((int)strlen(domain) == n && ascii_begins(host, domain)))
		return HERE_BARE;
	return domain_equal(domain, host) ? HERE_FULL : HERE_NOT;
}
