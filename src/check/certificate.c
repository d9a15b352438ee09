/* certificate.c - see certificate.h. */
#include "check/certificate.h"

#include <string.h>
#include <time.h>

#include "base/sysenv.h"

#define DAY 86400

const char *certificate_day(struct arena *a, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm day;

	if (!gmtime_r(&when, &day))
		return "?";
	return arena_format(a, "%04d-%02d-%02d", day.tm_year + 1900,
			    day.tm_mon + 1, day.tm_mday);
}

/* Begun days count when they are over, too. */
static int days_from_now(int64_t seconds)
{
	int64_t left = seconds - sysenv_now();

	return (int)(left < 0 ? (left - DAY + 1) / DAY : left / DAY);
}

static const char *duration(struct arena *a, const struct chain_certificate *x)
{
	int days = days_from_now(x->until);

	if (x->since > sysenv_now())
		return arena_format(a, "valid from %s",
				    certificate_day(a, x->since));
	return arena_format(a,
			    days < 0 ? "expired on %s, %d day%s ago"
				     : "until %s, %d day%s left",
			    certificate_day(a, x->until),
			    days < 0 ? -days : days,
			    days == 1 || days == -1 ? "" : "s");
}

static const char *wanted_name(const struct account *account)
{
	return account->tls_host_override ? account->tls_host_override
					  : account->host;
}

/* Which of them it may be that the chain's error is about. */
static enum check_mark mark_of(const struct check *c, size_t i)
{
	return c->chain.verify && c->chain.at == i && !c->chain.is_accepted
		       ? CHECK_BAD
		       : CHECK_NOTE;
}

static void add_chain(struct check *c, struct check_step *step)
{
	struct arena *a = c->arena;

	for (size_t i = 0; i < c->chain.count; i++) {
		const struct chain_certificate *x = &c->chain.certificates[i];

		check_add(c, step, mark_of(c, i), "%zu. %s; %s; %s", i + 1,
			  x->subject, duration(a, x), x->key);
		if (i == 0 && *x->names)
			check_add(c, step, CHECK_NOTE, "for %s", x->names);
		if (i + 1 == c->chain.count && strcmp(x->subject, x->issuer))
			check_add(c, step, CHECK_NOTE, "issued by %s",
				  x->issuer);
	}
	/* what tls_fingerprint would have to be, where no chain vouches */
	if (c->chain.verify || c->account->tls_fingerprint)
		check_add(c, step, CHECK_NOTE, "sha256 %s",
			  c->chain.certificates[0].sha256);
}

static void take_days(struct check *c)
{
	int64_t least = c->chain.certificates[0].until;

	/* one above it may be the first to end */
	for (size_t i = 1; i < c->chain.count; i++)
		if (c->chain.certificates[i].until < least)
			least = c->chain.certificates[i].until;
	c->days = days_from_now(least);
	c->has_days = true;
}

static void end_unchecked(struct check *c, struct check_step *step)
{
	check_end(c, step, CHECK_WARNING,
		  "not checked: tls_certcheck is off (%s)%s%s",
		  check_origin(c, "tls_certcheck"),
		  c->chain.verify ? "; it would not do: " : "",
		  c->chain.verify ? c->chain.why : "");
}

void certificate_tell(struct check *c)
{
	struct check_step *step = check_begin(c, "certificate", "certificate");
	const struct account *account = c->account;
	unsigned least = c->options->warn_days;

	take_days(c);
	add_chain(c, step);
	if (account->tls_fingerprint)
		check_end(c, step, CHECK_GOOD,
			  "the one of tls_fingerprint (%s), %d days left",
			  check_origin(c, "tls_fingerprint"), c->days);
	else if (!account->tls_certcheck)
		end_unchecked(c, step);
	else
		check_end(c, step,
			  c->days < (int)least ? CHECK_WARNING : CHECK_GOOD,
			  "good for %s, %d days left",
			  account->socket && !account->host
				  ? "localhost"
				  : wanted_name(account),
			  c->days);
}

void certificate_tell_bad(struct check *c)
{
	struct check_step *step = check_begin(c, "certificate", "certificate");
	const struct chain *chain = &c->chain;
	const char *name = wanted_name(c->account);

	take_days(c);
	add_chain(c, step);
	if (c->account->tls_fingerprint && !chain->is_accepted)
		check_end(c, step, CHECK_BAD,
			  "not the one of tls_fingerprint (%s)",
			  check_origin(c, "tls_fingerprint"));
	else if (chain->verify)
		check_end(c, step, CHECK_BAD, "%s", chain->why);
	else if (c->server.dial.conn.error == CONN_NAME)
		check_end(c, step, CHECK_BAD, "not for the name %s",
			  name ? name : "localhost");
	else
		check_end(c, step, CHECK_BAD, "%s", c->error.text);
}
