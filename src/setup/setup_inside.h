/* setup_inside.h - shared by the files of --setup. */
#ifndef SETUP_SETUP_INSIDE_H
#define SETUP_SETUP_INSIDE_H

#include <sys/types.h>

#include "config/config.h"
#include "setup/provider.h"
#include "setup/setup.h"

#define SETUP_SERVERS_MAX  24
#define SETUP_ANSWER_MAX   4096
#define SETUP_PASSWORD_MAX 4096

struct setup_server {
	const char *host;
	unsigned port;
	enum conn_tls tls;
	const char *origin; /* "by the DNS of example.org" */
	bool is_elsewhere;  /* the name is outside the domain of the address and
			       of all known providers */
};

enum setup_place {
	SETUP_KEYRING, /* secret-tool */
	SETUP_PASS,
	SETUP_FILE,
	SETUP_COMMAND,
	SETUP_NONE,
	SETUP_GIVEN, /* the command line says where */
};

struct setup {
	struct arena *arena;
	const struct request *request;
	const struct setup_hands *hands;

	const char *address, *local, *domain;

	/* the server */
	const struct provider *providers, *provider; /* NULL: none we know */
	struct setup_server found[SETUP_SERVERS_MAX];
	const char *exchanger; /* the domain's first; NULL */
	size_t count, next;    /* ... that is proposed next */
	const char *warned;    /* the last host that was warned about; NULL */
	struct setup_server server;
	unsigned port;	       /* entered with the host; 0: none */
	const char *user;      /* NULL: no login */
	const char *auth;      /* "on", "off" or a mechanism */
	const char *client_id; /* for auth oauth; NULL: not yet */
	const char *trust_file, *fingerprint;
	bool is_untrusted; /* the last test failed at the certificate */
	bool is_corrected; /* from now on an answer overrides an option */

	/* the password */
	enum setup_place place;
	const char *command;	   /* prints it; NULL */
	const char *password_path; /* of SETUP_FILE; NULL */
	struct buf password;	   /* as entered */

	/* the file */
	const char *path;
	bool is_there;
	mode_t mode;
	struct buf old;	      /* its text */
	struct config before; /* its accounts */
	bool is_replaced;     /* replaced, not appended to */
	const char *account;
	const char *fallback; /* the account that "account default" refers to;
				 NULL */
	const char *backup;   /* the copy of the old one; NULL: none */
};

/* ---- setup_ask.c */

int setup_say(struct setup *s, struct error *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Wraps at 78 columns, indented. */
int setup_tell(struct setup *s, const char *text, struct error *f);

struct setup_question {
	const char *text;
	const char *fallback; /* the answer of an empty line; NULL: none */
	const char *help;     /* the text for the answer "?" */
	/* NULL if the answer is valid; otherwise the reason why not. */
	const char *(*judge)(struct setup *s, const char *answer);
};
/* The answer is allocated in the arena. */
int setup_ask(struct setup *s, const struct setup_question *q,
	      const char **answer, struct error *f);
/* One of the words, which end with NULL, or a unique prefix. */
int setup_choose(struct setup *s, const char *text, const char *const *words,
		 size_t fallback, const char *help, size_t *choice,
		 struct error *f);
/* 1 yes, 0 no. */
int setup_confirm(struct setup *s, const char *text, bool fallback,
		  const char *help, struct error *f);

/* The value of a setting on the command line; NULL also if an answer overrides
 * it now. */
const char *setup_given(const struct setup *s, const char *name);

int setup_choose_user(struct setup *s, struct error *f);
bool setup_is_oauth(const struct setup *s);
int setup_choose_place(struct setup *s, struct error *f);
int setup_type_password(struct setup *s, struct error *f);
/* A file of the user's pass store; NULL if there is none. */
const char *setup_pass_file(struct setup *s, const char *name);
int setup_choose_trust(struct setup *s, struct error *f);

/* ---- setup_server.c: the server for the domain ---- */

int setup_find(struct setup *s, struct error *f);
int setup_choose_server(struct setup *s, struct error *f);
const char *setup_tls_words(enum conn_tls tls);

/* ---- setup_file.c: the files ---- */

/* Reads the existing file, and asks whether to extend or replace it. */
int setup_look(struct setup *s, struct error *f);
int setup_choose_name(struct setup *s, struct error *f);

/* ---- setup_write.c: the configuration as text, and writing it ---- */

/* The account only. */
void setup_block(struct setup *s, struct buf *out);
/* The account, parsed from the text of the whole new file. */
int setup_load(struct setup *s, struct account **account, struct error *f);
/* Stores the password in its place, and checks that it can be read. */
int setup_store(struct setup *s, struct error *f);
int setup_write(struct setup *s, struct error *f);

#endif
