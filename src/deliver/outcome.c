/* outcome.c - many verdicts, one exit status and one line in the log. */
#include "deliver/outcome.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "mail/date.h"

int outcome_exit(const struct outcome *out, const struct error *f)
{
	const struct envelope *e = out->envelope;

	if (!error_is_set(f))
		return 0;
	if (e && envelope_accepted(e) + envelope_queued(e) > 0)
		return EXIT_SOME_REFUSED;
	/* If a retry may help one recipient, the error is temporary. */
	for (size_t i = 0; e && i < e->count; i++)
		if (e->recipients[i].decided &&
		    e->recipients[i].verdict.cause == ERROR_TEMPORARY)
			return error_exit_of(e->recipients[i].verdict.cause);
	return error_exit(f);
}

/* ---- the log ---- */

/* "name=value" words, in one write so that lines stay whole. */

#define LINE_MAX_OCTETS	 16384
#define NAMES_MAX_OCTETS 8192

static const struct {
	const char *name;
	int code;
} facilities[] = {
	{ "mail", LOG_MAIL },	  { "user", LOG_USER },
	{ "daemon", LOG_DAEMON }, { "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

/* In quotes; control characters and quotes in it are replaced. */
static void put_quoted(struct buf *line, const char *text)
{
	size_t start;

	buf_putc(line, '"');
	start = line->len;
	text_puts_safe(line, text);
	for (char *p = line->data + start; *p; p++)
		if (*p == '"')
			*p = '\'';
	buf_putc(line, '"');
}

static void put_recipients(struct buf *line, const struct envelope *e)
{
	struct buf names = BUF_INIT(NAMES_MAX_OCTETS);
	size_t i;

	for (i = 0; i < e->count; i++)
		if (buf_printf(&names, "%s%s", i ? "," : "",
			       e->recipients[i].address) < 0)
			break;
	buf_puts(line, names.data);
	if (i < e->count)
		buf_printf(line, ",...(%zu in all)", e->count);
	buf_free(&names);
}

static void put_line(struct buf *line, const struct envelope *e,
		     const struct outcome *out, const struct error *failure)
{
	size_t discarded = envelope_discarded(e);
	char until[DATE_SIZE];

	buf_printf(line, "id=%s account=%s host=%s from=<%s> to=",
		   out->message_id ? out->message_id : "-", out->account,
		   out->host				    ? out->host
		   : out->queue_id || discarded == e->count ? "-"
							    : "local",
		   e->reverse_path ? e->reverse_path : "");
	put_recipients(line, e);
	if (out->owner)
		buf_printf(line, " uid=%.*s user=%s",
			   (int)strcspn(out->owner, " "), out->owner,
			   strchr(out->owner, ' ') ? strchr(out->owner, ' ') + 1
						   : "-");
	buf_printf(line, " size=%" PRIu64 " accepted=%zu/%zu exit=%d",
		   out->size, envelope_accepted(e), e->count,
		   outcome_exit(out, failure));
	if (discarded)
		buf_printf(line, " discarded=%zu", discarded);
	buf_printf(line, " time=%" PRIu64 ".%03us", out->milliseconds / 1000,
		   (unsigned)(out->milliseconds % 1000));
	if (out->reply[0]) {
		buf_puts(line, " reply=");
		put_quoted(line, out->reply);
	}
	if (error_is_set(failure)) {
		buf_puts(line, " error=");
		put_quoted(line, failure->text);
	}
	if (out->queue_id)
		buf_printf(line, " queue=%s", out->queue_id);
	if (out->held_by) {
		date_format_iso(until, out->held_until);
		buf_printf(line, " held=%s until=%s", out->held_by, until);
	}
	if (out->dead_letter)
		buf_printf(line, " kept=%s", out->dead_letter);
}

static void put_time(struct buf *line, const char *format)
{
	time_t now = (time_t)sysenv_now();
	char text[128] = "";
	struct tm t = { 0 };

	if (format && !strcmp(format, "none"))
		return;
	localtime_r(&now, &t);
	/* The format is from the configuration. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (!strftime(text, sizeof(text),
		      format ? format : "%Y-%m-%dT%H:%M:%S%z", &t))
		text[0] = '\0';
#pragma GCC diagnostic pop
	buf_printf(line, "%s ", text);
}

static int append(const char *path, const struct buf *line, struct error *f)
{
	bool is_standard = !strcmp(path, "-");
	int fd = is_standard ? STDOUT_FILENO : disk_open_append(path, f);
	int r;

	if (fd < 0)
		return -1;
	r = disk_write_all(fd, line->data, line->len, path, f);
	if (!is_standard && disk_close(fd, path, f) < 0)
		r = -1;
	return r;
}

static void to_syslog(const char *facility, const char *tag, const char *line,
		      int priority)
{
	int code = LOG_MAIL;

	for (size_t i = 0; i < sizeof(facilities) / sizeof(*facilities); i++)
		if (!strcmp(facilities[i].name, facility))
			code = facilities[i].code;
	openlog(tag ? tag : "mailsend", LOG_PID, code);
	syslog(priority, "%s", line);
	closelog();
}

void outcome_warn(const struct account *account, const char *tag,
		  const char *text)
{
	to_syslog(account->syslog ? account->syslog : "mail", tag, text,
		  LOG_WARNING);
}

int outcome_record(const struct account *account, const struct envelope *e,
		   const char *tag, const struct outcome *out,
		   const struct error *failure, struct error *f)
{
	struct buf line = BUF_INIT(LINE_MAX_OCTETS);
	int r = 0;

	if (account->syslog) {
		put_line(&line, e, out, failure);
		to_syslog(account->syslog, tag, line.data,
			  error_is_set(failure) ? LOG_ERR : LOG_INFO);
		buf_reset(&line);
	}
	if (account->logfile) {
		put_time(&line, account->logfile_time_format);
		put_line(&line, e, out, failure);
		buf_truncate(&line, LINE_MAX_OCTETS - 1);
		line.overflow = false;
		buf_putc(&line, '\n');
		r = append(account->logfile, &line, f);
	}
	buf_free(&line);
	return r;
}
