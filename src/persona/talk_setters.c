/* talk_setters.c - options of --talk. */
#include <string.h>

#include "base/ascii.h"
#include "persona/setters.h"
#include "persona/validate.h"

/* The argument that is read next, where it is no option. */
static const char *next_word(struct options_run *run)
{
	const char *next = run->at < run->argc ? run->argv[run->at] : NULL;

	if (!next || *next == '-' || !*next)
		return NULL;
	run->at++;
	return next;
}

SETTER(set_talk)
{
	const struct option_row action = { .value = (int)REQUEST_TALK };

	(void)row;
	if (!value)
		value = next_word(run);
	if (value && run->request->talk.url)
		return error_set(f, ERROR_USAGE,
				 "one talk is with one server, and both %s and "
				 "%s are named",
				 run->request->talk.url, value);
	if (value)
		run->request->talk.url = value;
	return set_action(run, &action, NULL, f);
}

SETTER(set_transcript)
{
	struct request *r = run->request;

	(void)row;
	(void)f;
	if (!value && r->action == REQUEST_TALK)
		value = next_word(run);
	if (value)
		r->transcript_path = value;
	else
		r->transcript = true;
	return 0;
}

/* "smtps://host" is TLS from the first byte, "smtp://host" is STARTTLS, but on
 * a port that has it otherwise. */
static int use_url(struct options_run *run, const char *url, struct error *f)
{
	bool is_implicit, has_scheme;

	run->shown = "--talk";
	if (validate_server(run, url, &is_implicit, &has_scheme, f) < 0)
		return -1;
	if (!is_implicit)
		return 0;
	if (override_setting(run, "tls_starttls", "off", f) < 0)
		return -1;
	return override_setting(run, "tls", "on", f);
}

int settle_talk(struct options_run *run, struct error *f)
{
	const struct request *r = run->request;

	if (r->action != REQUEST_TALK) {
		if (!r->talk.stays_out)
			return 0;
		return error_set(f, ERROR_USAGE,
				 "--no-auth belongs to --talk: for a mail it "
				 "is --auth off");
	}
	if (request_recipients(r) || r->subject || r->draft_path ||
	    r->body_path || r->html_path || r->attachments ||
	    r->series.kind != REQUEST_ONE || r->series.limit)
		return error_set(f, ERROR_USAGE,
				 "--talk leaves the mail to you: leave "
				 "recipients and content out, and write the "
				 "server behind it, as in --talk "
				 "smtp://mail.example.org:587");
	if (r->transcript)
		return error_set(f, ERROR_USAGE,
				 "a talk is seen anyway: name a file, as in "
				 "--transcript=FILE");
	return r->talk.url ? use_url(run, r->talk.url, f) : 0;
}
