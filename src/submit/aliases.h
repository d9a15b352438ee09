/* aliases.h - bare names that stand for addresses (aliases(5)).
 *
 * "name: address, address" lines, continued by lines that begin with white
 * space, "#" comments, names without regard to case; "default" stands for any
 * bare name that has no line of its own.  An alias may name aliases.  What
 * aliases(5) has beyond addresses (commands, files, ":include:") is refused
 * when it is used: nothing is run or written because a list says so. */
#ifndef SUBMIT_ALIASES_H
#define SUBMIT_ALIASES_H

#include "base/arena.h"
#include "base/fault.h"
#include "mail/address.h"

#define ALIASES_FILE_MAX  (4 * 1024 * 1024)
#define ALIASES_DEPTH_MAX 16

struct alias;
struct aliases {
	struct alias *first;
	const char *path;
};

/* An unreadable file is FAULT_CONFIG, as is a line that is none (FILE:LINE). */
int aliases_load(struct arena *a, const char *path, struct aliases *out,
		 struct fault *f);
/* Appends what `one` stands for to `list`: itself when it has a domain or no
 * alias.  A name that comes back to itself stays a bare name (so "root: root,
 * ops@example.org" works); a longer loop is FAULT_CONFIG. */
int aliases_expand(struct arena *a, const struct aliases *aliases,
		   const struct address *one, struct address_list *list,
		   struct fault *f);

#endif
