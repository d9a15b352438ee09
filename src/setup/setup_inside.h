/* setup_inside.h - what the parts of --setup share. */
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
	bool is_elsewhere;  /* its name is outside the address's domain, and
			       it is no provider's that we know */
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

	/* the way */
	const struct provider *providers, *provider; /* NULL: none we know */
	struct setup_server found[SETUP_SERVERS_MAX];
	const char *exchanger; /* the domain's first; NULL */
	size_t count, next;    /* ... that is proposed next */
	const char *warned;    /* the last host whose name is elsewhere; NULL */
	struct setup_server server;
	unsigned port;	       /* that was typed with the host; 0: none */
	const char *user;      /* NULL: no login */
	const char *auth;      /* "on", "off" or a mechanism */
	const char *client_id; /* of auth oauth; NULL: not yet */
	const char *trust_file, *fingerprint;
	bool is_untrusted; /* the last try ended at the certificate */
	bool is_corrected; /* an answer counts more than an option now */

	/* the password */
	enum setup_place place;
	const char *command;	   /* that prints it; NULL */
	const char *password_path; /* of SETUP_FILE; NULL */
	struct buf password;	   /* as it was typed */

	/* the file */
	const char *path;
	bool is_there;
	mode_t mode;
	struct buf old;	      /* its text */
	struct config before; /* its accounts */
	bool is_replaced;     /* not added to */
	const char *account;
	const char *fallback; /* whom "account default" is to repeat; NULL */
	const char *backup;   /* the copy of the old one; NULL: none */
};

/* ---- setup_ask.c */

int setup_say(struct setup *s, struct error *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Lines of 78 columns at most, indented. */
int setup_tell(struct setup *s, const char *text, struct error *f);

struct setup_question {
	const char *text;
	const char *fallback; /* what Enter alone says; NULL: it says nothing */
	const char *help;     /* what ? tells */
	/* NULL: the answer can be; else why it cannot. */
	const char *(*judge)(struct setup *s, const char *answer);
};
/* The answer lives in the arena. */
int setup_ask(struct setup *s, const struct setup_question *q,
	      const char **answer, struct error *f);
/* One of the words, which end with NULL, or the beginning of one. */
int setup_choose(struct setup *s, const char *text, const char *const *words,
		 size_t fallback, const char *help, size_t *choice,
		 struct error *f);
/* 1 yes, 0 no. */
int setup_confirm(struct setup *s, const char *text, bool fallback,
		  const char *help, struct error *f);

/* What an option of the command line says of a setting; NULL, too, for one that
 * is asked for by now. */
const char *setup_given(const struct setup *s, const char *name);

int setup_choose_user(struct setup *s, struct error *f);
bool setup_is_oauth(const struct setup *s);
int setup_choose_place(struct setup *s, struct error *f);
int setup_type_password(struct setup *s, struct error *f);
/* A file of the user's store; NULL where there is no such place. */
const char *setup_pass_file(struct setup *s, const char *name);
int setup_choose_trust(struct setup *s, struct error *f);

/* ---- setup_server.c: who takes the mail of the domain */

int setup_find(struct setup *s, struct error *f);
int setup_choose_server(struct setup *s, struct error *f);
const char *setup_tls_words(enum conn_tls tls);

/* ---- setup_file.c: where it is */

/* Looks at what is there, and asks what is to become of it. */
int setup_look(struct setup *s, struct error *f);
int setup_choose_name(struct setup *s, struct error *f);

/* ---- setup_write.c: the configuration as text, and how it gets there */

/* The account alone. */
void setup_block(struct setup *s, struct buf *out);
/* The account, out of the text of the whole file as it is to be. */
int setup_load(struct setup *s, struct account **account, struct error *f);
/* The password goes where it is to be, and can be read from there. */
int setup_store(struct setup *s, struct error *f);
int setup_write(struct setup *s, struct error *f);

#endif
