/* maildir.h - delivery to a Maildir (the format of qmail's maildir(5)).
 *
 * A message is written to tmp/, synced, linked into new/ and the directory is
 * synced: it is delivered completely or not at all, and never replaces another.
 * Line ends become LF, as usual in local mail. */
#ifndef STORE_MAILDIR_H
#define STORE_MAILDIR_H

#include "base/arena.h"
#include "base/error.h"
#include "flow/source.h"

/* Creates the Maildir (0700) if it does not exist.  `reverse_path` goes into a
 * Return-Path field, `recipient` into Delivered-To.  *path is the new file, in
 * the arena. */
int maildir_deliver(struct arena *a, const char *directory,
		    const char *reverse_path, const char *recipient,
		    const struct slice *message, const char **path,
		    struct error *f);

#endif
