/* peer.c - SO_PEERCRED, SO_PEERGROUPS, and names for the numbers. */
#include "server/peer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ascii.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/text.h"
#include "config/values.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

/* What a name of Unix has, so that it cannot end a comment or an address. */
static bool is_plain(const char *name)
{
	if (!*name || *name == '.' || *name == '-')
		return false;
	for (; *name; name++)
		if (!ascii_is_letter(*name) && !ascii_is_digit(*name) &&
		    !strchr("._-$+", *name))
			return false;
	return true;
}

static void find_name(struct peer *p)
{
	struct arena a = ARENA_INIT;
	struct passwd_row row;

	p->has_name = passwd_by_uid(&a, p->uid, &row) &&
		      strlen(row.name) < sizeof(p->name);
	if (p->has_name)
		snprintf(p->name, sizeof(p->name), "%s", row.name);
	arena_free(&a);
}

int peer_read(struct peer *p, int fd, struct error *f)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);

	*p = (struct peer){ .count = 0 };
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "the kernel does not say who is there");
	p->uid = cred.uid;
	p->gid = cred.gid;
	return 0;
}

void peer_name(struct peer *p, const struct peer *known)
{
	if (known) {
		p->has_name = known->has_name;
		memcpy(p->name, known->name, sizeof(p->name));
	} else {
		find_name(p);
	}
	snprintf(p->share, sizeof(p->share), "nameless");
	if (p->has_name)
		snprintf(p->share, sizeof(p->share), "%u", p->uid);
	if (!p->has_name || !is_plain(p->name))
		snprintf(p->name, sizeof(p->name), "uid%u", p->uid);
	snprintf(p->label, sizeof(p->label), "%s, uid %u", p->name, p->uid);
}

/* ---- groups ---- */

static void take_groups(struct peer *p, struct arena *a, const gid_t *groups,
			size_t count)
{
	p->groups = arena_array(a, count + 1, sizeof(*p->groups));
	for (size_t i = 0; i < count; i++)
		p->groups[i] = groups[i];
	p->groups[count] = (gid_t)p->gid;
	p->count = count + 1;
}

/* 1; 0 where the kernel knows of no such question. */
static int ask_kernel(struct peer *p, struct arena *a, int fd, struct error *f)
{
#ifdef SO_PEERGROUPS
	socklen_t size = 64 * sizeof(gid_t);
	gid_t *groups = memory_alloc(size);
	int r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);

	if (r < 0 && errno == ERANGE && size <= GROUPS_MAX * sizeof(gid_t)) {
		free(groups);
		groups = memory_alloc(size);
		r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
	}
	if (r == 0)
		take_groups(p, a, groups, size / sizeof(gid_t));
	free(groups);
	if (r == 0 || errno == ENOPROTOOPT || errno == EINVAL)
		return r == 0;
	return error_errno(f, ERROR_OS, errno,
			   "the kernel does not tell the groups of %s",
			   p->label);
#else
	(void)p, (void)a, (void)fd, (void)f;
	return 0;
#endif
}

static void ask_database(struct peer *p, struct arena *a)
{
	gid_t *groups;
	int count = 64;

	if (!p->has_name) {
		take_groups(p, a, NULL, 0);
		return;
	}
	groups = memory_alloc((size_t)count * sizeof(gid_t));
	if (getgrouplist(p->name, (gid_t)p->gid, groups, &count) < 0 &&
	    count > 0 && count <= GROUPS_MAX) {
		free(groups);
		groups = memory_alloc((size_t)count * sizeof(gid_t));
		if (getgrouplist(p->name, (gid_t)p->gid, groups, &count) < 0)
			count = 0;
	}
	take_groups(p, a, groups, count > 0 ? (size_t)count : 0);
	free(groups);
}

int peer_read_groups(struct peer *p, struct arena *a, int fd, struct error *f)
{
	int r = ask_kernel(p, a, fd, f);

	if (r == 0)
		ask_database(p, a);
	return r < 0 ? -1 : 0;
}

/* ---- lists ---- */

static bool is_in_group(const struct peer *p, const char *name)
{
	const struct group *gr = getgrnam(name);
	uint64_t number = 0;

	if (!gr && !text_number(name, UINT32_MAX, &number))
		return false;
	if (gr)
		number = gr->gr_gid;
	for (size_t i = 0; i < p->count; i++)
		if (p->groups[i] == (gid_t)number)
			return true;
	return false;
}

bool peer_is(const struct peer *p, const char *who)
{
	static const char user[] = "user:";
	uint64_t number;

	if (!ascii_begins(who, user))
		return is_in_group(p, who);
	who += strlen(user);
	if (p->has_name && strcmp(who, p->name) == 0)
		return true;
	return text_number(who, UINT32_MAX, &number) && number == p->uid;
}

bool peer_is_allowed(const struct peer *p, struct arena *a, const char *list)
{
	const char *word;

	if (!list || p->uid == 0)
		return true;
	while ((word = value_next_word(a, &list)))
		if (peer_is(p, word))
			return true;
	return false;
}

static bool is_known(struct arena *a, const char *who)
{
	static const char user[] = "user:";
	struct passwd_row row;
	uint64_t number;

	if (!ascii_begins(who, user))
		return text_number(who, UINT32_MAX, &number) || getgrnam(who);
	who += strlen(user);
	return text_number(who, UINT32_MAX, &number) ||
	       passwd_by_name(a, who, &row);
}

void peer_check_list(struct arena *a, const char *list)
{
	const char *word;

	while (list && (word = value_next_word(a, &list)))
		if (!is_known(a, word))
			log_warning("serve_allow: this machine has no %s "
				    "\"%.100s\"",
				    ascii_begins(word, "user:") ? "user"
								: "group",
				    word);
}
