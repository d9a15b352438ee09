/* users.c - the password database, the spool and the register, in one list.
 *
 * Names of the database are shown on a terminal, and are sanitized here. */
#include "queuerun/users.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/disk.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "queue/spool.h"

#define LOGIN_DEFS     "/etc/login.defs"
#define LOGIN_DEFS_MAX 65536
#define UID_MAX_USUAL  60000
#define NO_GROUP       65534

struct list {
	struct arena *arena;
	struct users *users;
	size_t room;
	size_t sorted; /* of them, from the first on */
	bool is_cut;
};

static void add(struct list *l, struct user one)
{
	struct users *u = l->users;

	if (u->count == USERS_MAX) {
		l->is_cut = true;
		return;
	}
	one.order = u->count;
	u->all = arena_grow(l->arena, u->all, u->count, &l->room,
			    sizeof(*u->all));
	u->all[u->count++] = one;
}

static struct user user_of(struct arena *a, const struct passwd_row *row)
{
	return (struct user){
		.uid = row->uid,
		.gid = row->gid,
		.login = row->name,
		.name = text_dup_safe(a, row->name, strlen(row->name)),
		.home = row->home,
	};
}

static struct user user_without_name(struct arena *a, unsigned uid)
{
	return (struct user){
		.uid = uid,
		.gid = NO_GROUP,
		.name = arena_format(a, "%u", uid),
	};
}

/* ---- in order ---- */

static int by_uid(const void *one, const void *other)
{
	const struct user *a = one, *b = other;

	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int compare_uid(const void *uid, const void *user)
{
	unsigned a = *(const unsigned *)uid;
	unsigned b = ((const struct user *)user)->uid;

	return a < b ? -1 : a > b;
}

static bool is_same_home(const char *one, const char *other)
{
	return !one || !other || strcmp(one, other) == 0;
}

/* Of those with one uid and one home the first in the database is kept. */
static void sort(struct list *l)
{
	struct users *u = l->users;
	size_t kept = 0;

	if (u->count)
		qsort(u->all, u->count, sizeof(*u->all), by_uid);
	for (size_t i = 0; i < u->count; i++) {
		size_t k = kept;

		while (k && u->all[k - 1].uid == u->all[i].uid &&
		       !is_same_home(u->all[k - 1].home, u->all[i].home))
			k--;
		if (k && u->all[k - 1].uid == u->all[i].uid)
			continue;
		u->all[kept] = u->all[i];
		u->all[kept].is_extra_home =
			kept && u->all[kept - 1].uid == u->all[kept].uid;
		kept++;
	}
	l->sorted = u->count = kept;
}

static bool has_uid(const struct list *l, unsigned uid)
{
	return l->sorted && bsearch(&uid, l->users->all, l->sorted,
				    sizeof(*l->users->all), compare_uid);
}

/* ---- the password database ---- */

/* The value of the line "UID_MAX N". */
static unsigned highest_uid(void)
{
	static const char name[] = "UID_MAX";
	struct buf text = BUF_INIT(LOGIN_DEFS_MAX);
	struct error unread = ERROR_INIT;
	unsigned result = UID_MAX_USUAL;
	const char *line;
	uint64_t value;

	if (disk_read_file(LOGIN_DEFS, &text, true, &unread) == 0)
		for (line = text.data; *line; line += *line == '\n') {
			size_t n = strcspn(line, "\n");

			if (strncmp(line, name, strlen(name)) == 0 &&
			    text_is_blank(line[strlen(name)])) {
				const char *p = line + strlen(name);

				p += strspn(p, " \t");
				if (text_digits(p, UINT32_MAX - 1, &value))
					result = (unsigned)value;
			}
			line += n;
		}
	buf_free(&text);
	return result;
}

static void add_database(struct list *l)
{
	unsigned highest = highest_uid();
	struct passwd_row row;

	passwd_rewind();
	while (!l->is_cut && passwd_next(l->arena, &row))
		if (row.uid <= highest)
			add(l, user_of(l->arena, &row));
	passwd_end();
	sort(l);
}

/* ---- the spool and the register ---- */

static void add_uid(struct list *l, unsigned uid)
{
	struct passwd_row row;

	if (has_uid(l, uid))
		return;
	add(l, passwd_by_uid(l->arena, uid, &row)
		       ? user_of(l->arena, &row)
		       : user_without_name(l->arena, uid));
}

static void warn_refused(const struct spool_uids *s)
{
	char more[64] = "";

	if (s->refused > 1)
		snprintf(more, sizeof(more), " (%u more like it)",
			 s->refused - 1);
	if (s->refused)
		log_warning("%s was made by uid %u, not by the user it is "
			    "named after, and is not used%s; remove it",
			    s->refused_path, s->refused_uid, more);
}

static void add_spool(struct list *l, bool in_register)
{
	struct error f = ERROR_INIT;
	struct spool_uids found;

	if (spool_list(l->arena, in_register, &found, &f) < 0)
		log_warning("%s", f.text);
	warn_refused(&found);
	for (size_t i = 0; i < found.count; i++)
		add_uid(l, found.uids[i]);
	sort(l);
}

/* ---- the service ---- */

#define SERVICE_STATE	"/var/lib/mailsend"
#define SERVICE_PRIVATE "/var/lib/private/mailsend" /* of a dynamic user */

/* A directory below root's own; systemd's link to it is root's. */
static void add_service(struct list *l, const char *only)
{
	const char *path = SERVICE_STATE;
	struct error ignored = ERROR_INIT;
	struct users *u = l->users;
	struct passwd_row row;
	struct user one;
	struct stat st;
	int r = disk_lstat(path, &st, &ignored);

	if (r > 0 && S_ISLNK(st.st_mode) && st.st_uid == 0) {
		path = SERVICE_PRIVATE;
		r = disk_lstat(path, &st, &ignored);
	}
	if (r <= 0 || !S_ISDIR(st.st_mode) || st.st_uid == 0 ||
	    (only && !(u->count && u->all[0].uid == st.st_uid)))
		return;
	one = passwd_by_uid(l->arena, st.st_uid, &row)
		      ? user_of(l->arena, &row)
		      : user_without_name(l->arena, st.st_uid);
	one.gid = st.st_gid;
	one.state = path;
	add(l, one);
}

/* ---- one ---- */

static int no_such_user(const char *name, struct error *f)
{
	return error_set(f, ERROR_NOUSER,
			 "there is no user '%s' on this machine", name);
}

/* A name of digits is looked up as a name first, as in chown(1). */
static int add_only(struct list *l, const char *only, struct error *f)
{
	struct passwd_row row;
	uint64_t uid;

	if (passwd_by_name(l->arena, only, &row)) {
		add(l, user_of(l->arena, &row));
		return 0;
	}
	if (!text_number(only, UINT32_MAX - 1, &uid))
		return no_such_user(only, f);
	add_uid(l, (unsigned)uid);
	return 0;
}

int users_list(struct arena *a, const char *only, struct users *out,
	       struct error *f)
{
	struct list l = { .arena = a, .users = out };

	*out = (struct users){ 0 };
	if (only) {
		if (add_only(&l, only, f) < 0)
			return -1;
		add_service(&l, only);
		return 0;
	}
	add_database(&l);
	add_spool(&l, true);
	add_spool(&l, false);
	add_service(&l, NULL);
	if (l.is_cut)
		log_warning("there are more than %d users; the queues of "
			    "the others are not read",
			    USERS_MAX);
	return 0;
}

int users_self(struct arena *a, const char *only, struct user *out,
	       struct error *f)
{
	const char *login = sysenv_user();
	struct passwd_row row;
	uint64_t uid;

	*out = (struct user){
		.uid = sysenv_uid(),
		.login = login,
		.name = text_dup_safe(a, login, strlen(login)),
		.home = sysenv_home(),
	};
	if (!only || strcmp(only, login) == 0)
		return 0;
	if (passwd_by_name(a, only, &row))
		uid = row.uid;
	else if (!text_number(only, UINT32_MAX - 1, &uid))
		return no_such_user(only, f);
	if (uid == out->uid)
		return 0;
	return error_set(f, ERROR_PERMISSION,
			 "the queue of %s belongs to that user: only "
			 "root can use the queues of other users",
			 only);
}
