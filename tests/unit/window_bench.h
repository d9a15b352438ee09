/* window_bench.h - many mails for a session, and what is true of them in the
 * end. */
#ifndef TESTS_WINDOW_BENCH_H
#define TESTS_WINDOW_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/session.h"
#include "wire.h"

#define FULL  (CAPS_PIPELINING | CAPS_CHUNKING | CAPS_SIZE)
#define MAILS 200
#define EACH  2 /* recipients */

static const unsigned offers[] = { FULL, CAPS_PIPELINING, CAPS_CHUNKING, 0 };
#define OFFERS (sizeof(offers) / sizeof(*offers))

/* Mail n is from sN@example.org to aN and bN, and its text says which. */
struct bench {
	struct arena arena;
	struct wire wire;
	struct session session;
	struct session_mail mails[MAILS];
	struct envelope envelopes[MAILS];
	struct recipient to[MAILS][EACH];
	unsigned collects;
};

static inline void begin(struct bench *b, const struct wire_step *steps,
			 unsigned caps)
{
	memset(b, 0, sizeof(*b));
	wire_init(&b->wire, steps, caps);
	session_init(&b->session, &b->wire.dial);
	for (unsigned n = 0; n < MAILS; n++) {
		struct envelope *e = &b->envelopes[n];
		const char *text =
			arena_format(&b->arena,
				     "Subject: %u\r\n\r\n.Mail %u.\r\n", n, n);

		b->to[n][0].address =
			arena_format(&b->arena, "a%u@example.org", n);
		b->to[n][1].address =
			arena_format(&b->arena, "b%u@example.org", n);
		*e = (struct envelope){
			.arena = &b->arena,
			.reverse_path =
				arena_format(&b->arena, "s%u@example.org", n),
			.recipients = b->to[n],
			.count = EACH,
		};
		b->mails[n].envelope = e;
		b->mails[n].content.bytes = slice_of_memory(text, strlen(text));
	}
}

static inline void end(struct bench *b)
{
	session_free(&b->session);
	wire_free(&b->wire);
	arena_free(&b->arena);
}

/* How many of them were begun: a line that breaks ends it. */
static inline unsigned run(struct bench *b, unsigned count)
{
	unsigned n = 0;

	while (n < count && !b->session.broken) {
		do
			session_begin(&b->session, &b->mails[n++]);
		while (n < count && session_has_room(&b->session));
		session_collect(&b->session);
		b->collects++;
	}
	return n;
}

static inline bool server_has(const struct bench *b, unsigned n)
{
	char mail[64];

	snprintf(mail, sizeof(mail), "MAIL FROM:<s%u@", n);
	return strstr(b->wire.got.data ? b->wire.got.data : "", mail) != NULL;
}

static inline bool is_accepted(const struct bench *b, unsigned n)
{
	return envelope_accepted(&b->envelopes[n]) > 0;
}

static inline void check_truth(const struct bench *b, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		const struct session_mail *m = &b->mails[n];

		for (unsigned i = 0; i < EACH; i++)
			assert_true(b->to[n][i].decided);
		if (is_accepted(b, n)) {
			assert_true(server_has(b, n));
			assert_false(m->may_go_again);
		}
		if (envelope_accepted(&b->envelopes[n]) == EACH)
			assert_false(m->in_doubt);
		assert_false(m->in_doubt && m->may_go_again);
		if (m->may_go_again)
			assert_false(server_has(b, n));
		/* neither sent nor in doubt is not sent */
		if (!is_accepted(b, n) && !m->in_doubt &&
		    b->to[n][0].verdict.cause != ERROR_PROTOCOL)
			assert_false(server_has(b, n));
	}
}

#endif
