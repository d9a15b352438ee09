/* local_domain.c - names compared; the network is not asked. */
#include "deliver/local_domain.h"

#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "mail/domain.h"

const char *local_domain_name(int *n)
{
	const char *host = sysenv_host();

	*n = (int)strcspn(host, ".");
	return host;
}

enum here local_domain_of(const char *domain)
{
	int n;
	const char *host = local_domain_name(&n);

	/* "alice@box" on box.example.org */
	if (!*domain || domain_equal(domain, "localhost") ||
	    domain_equal(domain, "localhost.localdomain") ||
	    ((int)strlen(domain) == n && ascii_begins(host, domain)))
		return LOCAL_DOMAIN_BARE;
	return domain_equal(domain, host) ? LOCAL_DOMAIN_FULL
					  : LOCAL_DOMAIN_NOT;
}
