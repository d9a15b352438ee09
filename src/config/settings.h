/* settings.h - the table of settings, and how values are read and written.
 *
 * Each row has the name of a setting, its place in struct account, its default,
 * and the function that reads its value.  The parser, --set, --show-config and
 * the suggestions use it. */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"

enum setting_kind {
	SETTING_TEXT,	/* const char * */
	SETTING_NUMBER, /* int */
	SETTING_SWITCH, /* bool */
	SETTING_CHOICE, /* enum config_choice */
	SETTING_NONE,	/* checked and ignored */
};

enum setting_flags {
	SETTING_FREE = 1 << 0,	  /* the value may contain blanks and # */
	SETTING_BYTES = 1 << 1,	  /* need not be UTF-8 */
	SETTING_SECRET = 1 << 2,  /* never shown */
	SETTING_COMMAND = 1 << 3, /* the shell will run it */
	/* by `mailsend --setup-service`: not copied to the service, and kept
	 * for its clients */
	SETTING_PRIVATE = 1 << 4,
	SETTING_CLIENT = 1 << 5,
	SETTING_PASSWORD = 1 << 6, /* says where the password is */
};

struct setting;
struct value {
	struct arena *arena;
	const struct setting *setting;
	const char *text;  /* "" if the keyword has no argument */
	const char *why;   /* what is wrong, to follow the name and the value */
	const char *words; /* with `why`: the valid words, separated by blanks,
			      if there are only a few; or NULL */
};

struct setting {
	const char *name;
	size_t field; /* in struct account */
	/* Fills the field, or returns -1 with `why`. */
	int (*read)(struct value *v, void *field);
	const char *fallback; /* as it would be written; NULL: zero, NULL */
	const char *unset;    /* how "no value" is written; NULL: not at all */
	enum setting_kind kind;
	unsigned flags;
};

/* Ends with a NULL name. */
extern const struct setting settings[];
size_t setting_count(void);
/* NULL if there is none of that name; older names are not rows. */
const struct setting *setting_find(const char *name);
static inline size_t setting_row(const struct setting *s)
{
	return (size_t)(s - settings);
}
static inline void *setting_field(struct account *account,
				  const struct setting *s)
{
	return (char *)account + s->field;
}

/* Its valid words, separated by blanks, if there are only a few (besides other
 * values); otherwise NULL. */
const char *setting_words(struct arena *a, const struct setting *s);
bool setting_is_path(const struct setting *s);

/* Where a value was set, for its origin and for errors. */
struct setting_place {
	const char *text; /* "FILE:LINE", "--host"; NULL: nowhere */
	enum error_cause cause;
	bool in_argv; /* others can read it */
};

/* A new account with all defaults. */
struct account *setting_account(struct arena *a, const char *name);
/* One with all settings of another. */
struct account *setting_account_like(struct arena *a, const char *name,
				     const struct account *other);
/* Accepts older names too. */
int setting_assign(struct arena *a, struct account *account, const char *name,
		   const char *value, const struct setting_place *at,
		   struct error *f);
/* Would it be taken? */
int setting_check(struct arena *a, const char *name, const char *value,
		  const struct setting_place *at, struct error *f);
/* Copies everything, or only what was set in `from` itself. */
void setting_copy(struct account *to, const struct account *from,
		  bool own_only);
/* Have all settings the same value in both, but for those in `except`, which
 * ends with NULL? */
bool setting_all_equal(const struct account *a, const struct account *b,
		       const char *const *except);
/* Resets it to its default. */
void setting_reset(struct arena *a, struct account *account, const char *name);
/* The account has no password any more; origins stay. */
void setting_forget_password(struct arena *a, struct account *account);
/* The name of the setting that says where the password is; NULL: none is. */
const char *setting_password(const struct account *account);
/* Does its value have this origin? */
bool setting_came_from(const struct account *account, const char *name,
		       const char *origin);
bool setting_is_given(const struct account *account, const char *name);
/* The value as written in a file, without quotes; NULL if there is none and
 * that cannot be written. */
const char *setting_text(struct arena *a, const struct setting *s,
			 const struct account *account);

#endif
