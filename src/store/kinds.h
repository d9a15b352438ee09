/* kinds.h - the kinds of mailbox, one open function each.
 *
 * mailbox.c sets name, arena and kind and determines what the source is; the
 * open function lists the messages and sets ops and own.  It takes ownership of
 * a descriptor argument, even on failure. */
#ifndef STORE_KINDS_H
#define STORE_KINDS_H

#include "store/mailbox.h"

int mailfile_open(struct mailbox *m, int fd, struct error *f);
int maildirectory_open(struct mailbox *m, struct error *f);
/* Only MAILBOX_MBOX can delete. */
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

/* A descriptor, or -1: ERROR_NOINPUT for anything but a regular file; errno is
 * ENOENT if it does not exist. */
int regular_file_open(const char *path, bool follow_link, struct error *f);
/* Message `number`, or as much of it as is needed. */
int regular_file_push(struct mailbox *m, size_t number, int fd,
		      const char *path, struct sink *to, struct error *f);

/* Appends an entry to the list of messages and returns it; NULL with the error
 * when there are too many. */
struct mailbox_message *mailbox_add(struct mailbox *m, size_t *room,
				    struct error *f);

#endif
