/* config_bench.h - a folder, a frozen world and a configuration in it. */
#ifndef TESTS_CONFIG_BENCH_H
#define TESTS_CONFIG_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "config/config.h"
#include "config/file.h"
#include "config/guard.h"
#include "config/settings.h"

static char folder[] = "/tmp/mailsend-config.XXXXXX";

struct state {
	struct arena arena;
	struct config_query query;
	struct override *overrides, **last_override;
	struct config config;
	struct account *account;
	struct error error;
	char path[256];
};

static inline int bench_set_up(void **out)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->last_override = &s->overrides;
	snprintf(s->path, sizeof(s->path), "%s/config", folder);
	s->query.path = s->path;
	*out = s;
	return 0;
}

static inline int bench_tear_down(void **in)
{
	struct state *s = *in;

	arena_free(&s->arena);
	free(s);
	return 0;
}

static inline void put_file(const char *path, const char *text, size_t n,
			    mode_t mode)
{
	FILE *file;

	unlink(path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline int load(struct state *s, const char *text)
{
	put_file(s->path, text, strlen(text), 0600);
	error_clear(&s->error);
	return config_load(&s->config, &s->arena, &s->query, &s->error);
}

/* -1 with the first flaw that is in it, in whichever account. */
static inline int load_flawless(struct state *s, const char *text)
{
	if (load(s, text) < 0)
		return -1;
	for (const struct account *a = s->config.accounts; a; a = a->next) {
		if (!a->flaw)
			continue;
		s->error = *a->flaw;
		return -1;
	}
	return 0;
}

static inline void set(struct state *s, const char *name, const char *value)
{
	struct override *o = arena_alloc(&s->arena, sizeof(*o));

	*o = (struct override){ .name = name,
				.value = value,
				.origin = "--set" };
	*s->last_override = o;
	s->query.overrides = s->overrides;
	s->last_override = &o->next;
}

static inline int try_choose(struct state *s)
{
	error_clear(&s->error);
	return config_choose(&s->config, &s->query, &s->account, &s->error);
}

static inline struct account *choose(struct state *s)
{
	if (try_choose(s) < 0)
		fail_msg("%s", s->error.text);
	return s->account;
}

static inline struct account *loaded(struct state *s, const char *text)
{
	if (load(s, text) < 0)
		fail_msg("%s", s->error.text);
	return choose(s);
}

/* In a file that is msmtp's by its name. */
static inline struct account *msmtp_account(struct state *s, const char *text)
{
	char path[280];

	snprintf(path, sizeof(path), "%s/msmtprc", folder);
	put_file(path, text, strlen(text), 0600);
	s->query.path = path;
	error_clear(&s->error);
	if (config_load(&s->config, &s->arena, &s->query, &s->error) < 0)
		fail_msg("%s", s->error.text);
	choose(s);
	unlink(path);
	s->query.path = s->path;
	return s->account;
}

static inline void send_as(struct state *s, const char *address)
{
	s->query.sender = address;
}

static inline void assert_says(const struct state *s, const char *words)
{
	if (!strstr(s->error.text, words))
		fail_msg("\"%s\" does not say \"%s\"", s->error.text, words);
}

static inline void make_folders(void)
{
	static const char *const names[] = { ".config", ".config/mailsend",
					     ".config/msmtp" };
	char path[300];

	assert_non_null(mkdtemp(folder));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static inline void remove_folders(void)
{
	static const char *const names[] = { "config", ".config/mailsend",
					     ".config/msmtp", ".config", "" };
	char path[300];

	for (int i = 0; i < 5; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
}

static inline int bench_open(void **state)
{
	char frozen[300];

	(void)state;
	make_folders();
	unsetenv("MAILSEND_CONFIG");
	unsetenv("XDG_CONFIG_HOME");
	snprintf(frozen, sizeof(frozen),
		 "home=%s user=joe host=box.example.net tty=0", folder);
	setenv("MAILSEND_FROZEN", frozen, 1);
	sysenv_init();
	return 0;
}

static inline int bench_close(void **state)
{
	(void)state;
	remove_folders();
	return 0;
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, bench_set_up, bench_tear_down)

#endif
