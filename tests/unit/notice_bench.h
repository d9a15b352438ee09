/* notice_bench.h - a queue with mails that failed, for the tests of notices
 * and for notice_filter, with which other programs read them. */
#ifndef TESTS_NOTICE_BENCH_H
#define TESTS_NOTICE_BENCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/sysenv.h"
#include "flow/stage.h"
#include "queue/queue.h"
#include "queuerun/notice.h"

#define BENCH_CLOCK	     1700000000
#define BENCH_RECIPIENTS_MAX 1500

/* A mail on its way into the queue; start with bench_mail(). */
struct bench_mail {
	struct entry entry;
	struct slice content;
};

struct bench {
	struct arena arena;
	struct queue queue;
	struct error error;
};

static inline bool bench_open(struct bench *b, const char *folder)
{
	*b = (struct bench){ .arena = ARENA_INIT };
	return queue_open(&b->queue, &b->arena, folder, true, &b->error) == 0;
}

static inline void bench_close(struct bench *b)
{
	arena_free(&b->arena);
}

static inline struct bench_mail bench_mail(struct bench *b, const char *content)
{
	struct bench_mail m = {
		.entry = { .arrived = BENCH_CLOCK - 7200,
			   .reverse_path = "alice@example.org" },
		.content = slice_of_memory(content, strlen(content)),
	};

	m.entry.recipients = arena_array(&b->arena, BENCH_RECIPIENTS_MAX,
					 sizeof(*m.entry.recipients));
	return m;
}

/* One that a server refused for good, to be changed as need be. */
static inline struct entry_recipient *bench_to(struct bench_mail *m,
					       const char *address)
{
	struct entry_recipient *r = &m->entry.recipients[m->entry.count++];

	*r = (struct entry_recipient){
		.address = address,
		.state = ENTRY_FAILED,
		.tries = 1,
		.tried = BENCH_CLOCK - 60,
		.last = { .cause = ERROR_NOUSER,
			  .reply = 550,
			  .esc = "5.1.1",
			  .text = "the server refused the recipient" },
		.reply = "550 5.1.1 No such user here",
		.host = "mx.example.net:25",
	};
	return r;
}

/* Tried for too long. */
static inline struct entry_recipient *bench_gave_up(struct bench_mail *m,
						    const char *address)
{
	struct entry_recipient *r = bench_to(m, address);

	r->tries = 42;
	r->last = (struct small_error){ .cause = ERROR_TEMPORARY,
					.temporary = true,
					.reply = 451,
					.esc = "4.3.2",
					.text = "the server is full" };
	r->reply = "451 4.3.2 Try again later";
	return r;
}

static inline struct entry_recipient *bench_in_state(struct bench_mail *m,
						     const char *address,
						     enum entry_state state)
{
	struct entry_recipient *r = bench_to(m, address);

	r->state = state;
	if (state == ENTRY_WAITING || state == ENTRY_SENT) {
		r->last = (struct small_error){ .cause = ERROR_NONE };
		r->reply = r->host = "";
		r->tried = r->tries = 0;
	}
	return r;
}

/* Its id, or NULL. */
static inline const char *bench_put(struct bench *b, struct bench_mail *m,
				    const char *id)
{
	const char *folders[] = {
		queue_stage_folder(&b->arena, b->queue.folder), NULL
	};
	struct stage s;
	int r;

	stage_init(&s, folders, "a mail", &b->error);
	pump_slice(&m->content, &s.sink);
	r = sink_close(&s.sink);
	if (r == 0)
		r = queue_put(&b->queue, &s, &m->entry, id, &b->error);
	stage_free(&s);
	return r == 0 ? m->entry.id : NULL;
}

#endif
