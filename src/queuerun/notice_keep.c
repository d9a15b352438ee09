/* notice_keep.c - the end of the line: a notice that no server takes is put
 * where its reader may find it, and never thrown away. */
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "queuerun/notice.h"
#include "queuerun/notice_report.h"
#include "store/maildir.h"

/* Did nobody of those who failed, now or before, want a notice? */
static bool is_unwanted(const struct entry *e)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct entry_recipient *r = &e->recipients[i];

		if (r->state != ENTRY_SENT &&
		    notice_report_may(e, r, NOTICE_FAILED))
			return false;
	}
	return true;
}

bool notice_owes_content(const struct entry *e)
{
	if (entry_count(e, ENTRY_TOLD) == 0)
		return false;
	if (e->kind != ENTRY_MAIL)
		return true;
	return !e->is_returned && (!*e->reverse_path || !is_unwanted(e));
}

static int deliver(struct queue_claim *c, struct arena *a,
		   const struct account *account, const char **path,
		   struct error *f)
{
	const struct entry *e = &c->entry;
	const char *folder = account ? account->maildir : NULL;

	if (!folder && !sysenv_home())
		return error_set(f, ERROR_CONFIG,
				 "there is no home folder for a Maildir; name "
				 "one by the setting maildir");
	if (!folder)
		folder = disk_expand_home(a, "~/Maildir");
	return maildir_deliver(a, folder, e->reverse_path,
			       e->count ? e->recipients[0].address : "",
			       &c->message, path, f);
}

/* As failed/ has them: nobody is to be told any more. */
static int give_up(struct queue_claim *c, struct error *f)
{
	struct entry *e = &c->entry;

	for (size_t i = 0; i < e->count; i++)
		if (e->recipients[i].state != ENTRY_SENT)
			e->recipients[i].state = ENTRY_TOLD;
	return queue_give_up(c, f);
}

int notice_keep(struct queue_claim *c, struct arena *a,
		const struct account *account, struct error *f)
{
	struct error trouble = ERROR_INIT;
	const char *path = "";

	if (deliver(c, a, account, &path, &trouble) == 0) {
		log_warning("the notice %s cannot be sent and lies in %s",
			    c->entry.id, path);
		return queue_remove(c, f);
	}
	log_error("the notice %s cannot be sent, nor put into a Maildir (%s); "
		  "it is kept in the queue, see mailq",
		  c->entry.id, trouble.text);
	return give_up(c, f);
}
