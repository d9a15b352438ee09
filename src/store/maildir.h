/* maildir.h - delivering into a Maildir (the format of qmail's maildir(5)).
 *
 * A message is written below tmp/, synced, linked into new/ and the directory
 * synced: it is there whole or not at all, and never replaces another.  Line
 * ends become LF, as local mail has them. */
#ifndef STORE_MAILDIR_H
#define STORE_MAILDIR_H

#include "base/arena.h"
#include "base/error.h"
#include "flow/source.h"

/* Makes the Maildir (0700) when it is not there.  `reverse_path` goes into a
 * Return-Path field, `recipient` into Delivered-To.  *path is where it lies,
 * in the arena. */
int maildir_deliver(struct arena *a, const char *directory,
		    const char *reverse_path, const char *recipient,
		    const struct slice *message, const char **path,
		    struct error *f);

#endif
