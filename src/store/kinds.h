/* kinds.h - the stores behind mailbox.h, one opener each.
 *
 * mailbox.c has filled in name, arena and kind and looked at what the source
 * is; an opener finds the messages and sets ops and own.  A descriptor that is
 * handed in belongs to the kind, even when opening fails. */
#ifndef STORE_KINDS_H
#define STORE_KINDS_H

#include "store/mailbox.h"

int mailfile_open(struct mailbox *m, int fd, struct error *f);
int maildirectory_open(struct mailbox *m, struct error *f);
/* Deleting is offered only where kind is MAILBOX_MBOX. */
int mbox_open(struct mailbox *m, int fd, struct error *f);
int maildir_open(struct mailbox *m, struct error *f);
int pop3_open(struct mailbox *m, const struct mailbox_url *url,
	      const struct mailbox_login *login, struct error *f);
int imap_open(struct mailbox *m, const struct mailbox_url *url,
	      const struct mailbox_login *login, struct error *f);

int pop3_sign_in(struct arena *a, const struct mailbox_url *url,
		 const struct mailbox_login *login, struct error *f);
int imap_sign_in(struct arena *a, const struct mailbox_url *url,
		 const struct mailbox_login *login, struct error *f);

/* A descriptor, or -1: ERROR_NOINPUT for what is no plain file; errno is
 * ENOENT where there is none. */
int regular_file_open(const char *path, bool follow_link, struct error *f);
/* Message `number`, or as much of it as is wanted. */
int regular_file_push(struct mailbox *m, size_t number, int fd,
		      const char *path, struct sink *to, struct error *f);

/* Makes room for one more message of the list and returns it; NULL with the
 * error when there are too many. */
struct mailbox_message *mailbox_add(struct mailbox *m, size_t *room,
				    struct error *f);

#endif
