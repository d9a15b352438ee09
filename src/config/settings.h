/* settings.h - the one table of settings, and how a value gets in and out.
 *
 * Each row says how the setting is called, where it lies in struct account,
 * what it is when nothing is specified, and which function reads its value.
 * The parser, --set, --show-config and the suggestions all work from it. */
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
	SETTING_NONE,	/* read, checked and of no effect here */
};

enum setting_flags {
	SETTING_FREE = 1 << 0,	  /* blanks and # may stand in the value */
	SETTING_BYTES = 1 << 1,	  /* need not be UTF-8 */
	SETTING_SECRET = 1 << 2,  /* never shown */
	SETTING_COMMAND = 1 << 3, /* the shell will run it */
};

struct setting;
struct value {
	struct arena *arena;
	const struct setting *setting;
	const char *text;  /* "" when the keyword stood alone */
	const char *why;   /* what is wrong, after the name and the value */
	const char *words; /* with `why`: those it may be, blanks between, where
			      it is one of few; or NULL */
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
/* NULL when there is none of that name; older spellings are not rows. */
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

/* What its value may be, blanks between, where that is one of few words (or
 * one of them and something else); NULL where it is not. */
const char *setting_words(struct arena *a, const struct setting *s);
bool setting_is_path(const struct setting *s);

/* Where a value stands: what its origin will say and how errors begin. */
struct setting_place {
	const char *text; /* "FILE:LINE", "--host"; NULL: nothing to say */
	enum error_cause cause;
	bool in_argv; /* anyone on the machine can read it */
};

/* A new account in which everything has its default. */
struct account *setting_account(struct arena *a, const char *name);
/* One with all settings of another. */
struct account *setting_account_like(struct arena *a, const char *name,
				     const struct account *other);
/* Takes older spellings too. */
int setting_assign(struct arena *a, struct account *account, const char *name,
		   const char *value, const struct setting_place *at,
		   struct error *f);
/* Would it be taken? */
int setting_check(struct arena *a, const char *name, const char *value,
		  const struct setting_place *at, struct error *f);
/* Everything, or only what was set in `from` itself and not by defaults. */
void setting_copy(struct account *to, const struct account *from,
		  bool own_only);
/* Was it said anywhere, or is it only the default? */
/* As it is where nothing says anything of it. */
void setting_reset(struct arena *a, struct account *account, const char *name);
/* Is its value the one that has this very origin? */
bool setting_came_from(const struct account *account, const char *name,
		       const char *origin);
bool setting_is_given(const struct account *account, const char *name);
void setting_origin(struct account *account, const char *name,
		    const char *origin);
/* The value as it would be written in a file, without quotes; NULL when there
 * is none and no way to write that. */
const char *setting_text(struct arena *a, const struct setting *s,
			 const struct account *account);

#endif
