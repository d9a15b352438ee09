/* test_route.c - accounts in order, without a network: the dial and the session
 * are small servers of the test, told what to say by the account's host. */
#include "config_bench.h"

#include "deliver/route.h"

/* ---- the servers: what stands behind each host name ---- */

enum word { YES, LATER, NO, LOST, LOST_LATE, TOO_BIG, UNREAD };

/* One mail's answer, the same for all recipients or for each of them. */
struct answer_of {
	const char *only; /* a recipient; NULL: all others */
	enum word word;
};

struct server {
	const char *host;
	const struct answer_of *answers; /* ends with a second NULL and YES */
	bool is_down, is_down_for_good;
	bool lacks_8bit;
	unsigned full_after; /* mails over one connection; 0: no limit */
	/* seen */
	unsigned dials, mails, over_this;
	char asked[400]; /* recipients, in order */
};

static struct server servers[4];

static struct server *server_of(const char *host)
{
	for (size_t i = 0; i < 4; i++)
		if (servers[i].host && strcmp(servers[i].host, host) == 0)
			return &servers[i];
	fail_msg("nobody is %s", host);
	return NULL;
}

int dial_open(struct dial *d, const struct dial_options *o,
	      const struct trace *trace, struct error *f)
{
	struct server *s = server_of(o->conn.host);

	(void)trace;
	memset(d, 0, sizeof(*d));
	s->dials++;
	s->over_this = 0;
	if (s->is_down)
		return error_set(f, ERROR_TEMPORARY, "%s is down", s->host);
	if (s->is_down_for_good)
		return error_set(f, ERROR_PERMISSION, "%s knows us not",
				 s->host);
	d->conn.handle = (struct handle *)s;
	d->caps.flags = s->lacks_8bit ? 0 : CAPS_8BITMIME;
	return 0;
}

void dial_close(struct dial *d)
{
	assert_non_null(d->conn.handle);
	d->conn.handle = NULL;
}

void session_init(struct session *s, struct dial *d)
{
	*s = (struct session){ .dial = d };
}

void session_free(struct session *s)
{
	assert_non_null(s->dial);
	s->dial = NULL;
}

void session_quit(struct session *s)
{
	assert_non_null(s->dial->conn.handle);
}

#define CHANGED 7 /* octets of a content that cannot be read */

static enum word word_for(const struct server *s, const struct session_mail *m,
			  const char *address)
{
	const struct answer_of *a = s->answers;

	if (m->content.bytes.length == CHANGED)
		return UNREAD;
	for (; a && a->only; a++)
		if (strcmp(a->only, address) == 0)
			return a->word;
	return a ? a->word : YES;
}

static void answer(struct session *s, struct session_mail *m,
		   struct recipient *r, enum word word)
{
	static const struct {
		enum error_cause cause;
		int reply;
		const char *text;
	} words[] = {
		[LATER] = { ERROR_TEMPORARY, 451, "not now" },
		[NO] = { ERROR_NOUSER, 550, "never" },
		[LOST] = { ERROR_TEMPORARY, 0, "the line broke" },
		[LOST_LATE] = { ERROR_TEMPORARY, 0, "taken perhaps" },
		[TOO_BIG] = { ERROR_DATA, 0, "too big for it" },
		[UNREAD] = { ERROR_IO, 0, "the file changed" },
	};
	struct error verdict = ERROR_INIT;

	r->decided = true;
	s->broken |= word == LOST || word == LOST_LATE || word == UNREAD;
	m->is_unreadable |= word == UNREAD;
	m->in_doubt |= word == LOST_LATE;
	if (word == YES) {
		r->verdict.reply = 250;
		return;
	}
	error_set(&verdict, words[word].cause, "%s", words[word].text);
	verdict.reply = words[word].reply;
	envelope_judge(m->envelope, r, &verdict);
}

static struct session_mail *window[SESSION_MAILS_MAX];
static unsigned begun;

bool session_has_room(const struct session *s)
{
	return !s->broken && begun < SESSION_MAILS_MAX;
}

void session_begin(struct session *s, struct session_mail *m)
{
	struct server *server = (struct server *)s->dial->conn.handle;

	assert_true(session_has_room(s));
	assert_false(m->content.has_8bit && server->lacks_8bit);
	m->is_unreadable = false;
	window[begun++] = m;
	server->mails++;
}

static void serve(struct session *s, struct server *server,
		  struct session_mail *m)
{
	bool is_full =
		server->full_after && server->over_this >= server->full_after;
	bool was_good = s->answered || s->broken;

	server->over_this++;
	for (size_t i = 0; i < m->envelope->count; i++) {
		struct recipient *r = &m->envelope->recipients[i];

		if (r->decided)
			continue;
		if (s->broken || is_full) {
			answer(s, m, r, LOST);
			continue;
		}
		strcat(strcat(server->asked, r->address), " ");
		answer(s, m, r, word_for(server, m, r->address));
	}
	s->answered += !s->broken;
	m->may_go_again = s->broken && !m->in_doubt && was_good;
}

void session_collect(struct session *s)
{
	struct server *server = (struct server *)s->dial->conn.handle;

	s->round_trips += 2;
	for (unsigned i = 0; i < begun; i++)
		serve(s, server, window[i]);
	begun = 0;
}

/* ---- the bench ---- */

static const char three[] = "defaults\ntls off\nfrom me@example.org\n"
			    "account one\nhost one\nfallback two, three\n"
			    "account two\nhost two\n"
			    "account three\nhost three\n";

struct mail {
	struct recipient to[3];
	struct envelope envelope;
	struct load load;
	struct outcome out;
	struct error error;
};

static struct route route;

static void prepare(struct state *s, const char *config)
{
	memset(servers, 0, sizeof(servers));
	servers[0].host = "one";
	servers[1].host = "two";
	servers[2].host = "three";
	s->query.account = "one";
	loaded(s, config);
	if (route_open(&route, &s->arena, &s->config, s->account, NULL, NULL,
		       &s->error) < 0)
		fail_msg("%s", s->error.text);
}

static int send_over(struct mail *m)
{
	struct route_mail one = { .envelope = &m->envelope,
				  .load = &m->load,
				  .out = &m->out };

	route_begin(&route, &one);
	route_collect(&route);
	return envelope_sum_up(&m->envelope, &m->error);
}

static int post(struct mail *m, size_t count)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = 0; i < count; i++)
		m->to[i].address = names[i];
	m->envelope = (struct envelope){ .arena = route.arena,
					 .reverse_path = "me@example.org",
					 .recipients = m->to,
					 .count = count };
	if (!m->load.content.bytes.length)
		m->load.content.bytes = slice_of_memory("x\r\n", 3);
	return send_over(m);
}

static void says(const struct recipient *r, const char *words)
{
	if (!strstr(small_error_text(&r->verdict), words))
		fail_msg("\"%s\" does not say \"%s\"",
			 small_error_text(&r->verdict), words);
}

#define ALL(word_)                                                             \
	(const struct answer_of[])                                             \
	{                                                                      \
		{                                                              \
			NULL, word_                                            \
		}                                                              \
	}

/* ---- a content that cannot be read ---- */

/* What is told to it: 1, 0 or -1, each time. */
static int renew(void *context, struct session_content *content,
		 struct error *f)
{
	int *result = context;

	if (*result > 0)
		content->bytes = slice_of_memory("changed\r\n", 9);
	if (*result < 0)
		error_set(f, ERROR_TEMPORARY, "no room for a copy");
	return *result;
}

static void
a_content_that_changed_goes_anew_over_another_connection(void **state)
{
	int result = 1;
	struct mail m = { .load = { .renew = renew, .context = &result } };

	prepare(*state, three);
	m.load.content.bytes = slice_of_memory("changed", CHANGED);
	assert_int_equal(post(&m, 2), 0);
	assert_int_equal(servers[0].dials, 2);
	assert_int_equal(servers[1].dials, 0);
	assert_int_equal(m.out.size, 9);
	assert_false(m.out.unreachable);
	route_close(&route);
}

static void one_that_stays_unreadable_is_not_sent_again(void **state)
{
	static const char one[] = "defaults\ntls off\nfrom me@example.org\n"
				  "account one\nhost one\n";

	for (int result = -1; result <= 0; result++) {
		struct mail m = { .load = { .renew = renew,
					    .context = &result } };

		prepare(*state, one);
		m.load.content.bytes = slice_of_memory("changed", CHANGED);
		assert_int_equal(post(&m, 1), -1);
		assert_int_equal(servers[0].dials, 1);
		says(&m.to[0], result ? "no room" : "the file changed");
		assert_true(m.to[0].verdict.temporary);
		route_close(&route);
	}
}

static int renew_nothing(void *context, struct session_content *content,
			 struct error *f)
{
	(void)context;
	content->bytes = slice_of_memory("", 0);
	return error_set(f, ERROR_TEMPORARY, "no room to write it anew");
}

static void one_of_which_nothing_is_left_is_offered_to_nobody(void **state)
{
	struct mail m = { .load = { .renew = renew_nothing } };

	prepare(*state, three);
	m.load.content.bytes = slice_of_memory("changed", CHANGED);
	assert_int_equal(post(&m, 1), -1);
	assert_int_equal(servers[0].mails, 1);
	assert_int_equal(servers[1].mails + servers[2].mails, 0);
	says(&m.to[0], "no room");
	assert_true(m.to[0].verdict.temporary);
	route_close(&route);
}

/* ---- which account ---- */

static void the_first_takes_it(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	assert_int_equal(post(&m, 2), 0);
	assert_string_equal(servers[0].asked, "a b ");
	assert_int_equal(servers[1].dials + servers[2].dials, 0);
	assert_string_equal(m.out.account, "one");
	assert_string_equal(m.out.host, "one:25");
	assert_int_equal(m.out.size, 3);
	assert_int_equal(m.out.round_trips, 2);
	assert_false(m.out.unreachable);
	route_close(&route);
}

static void one_that_is_not_there_is_passed_over(void **state)
{
	struct mail m = { .error = ERROR_INIT }, n = m;

	prepare(*state, three);
	servers[0].is_down_for_good = servers[1].is_down = true;
	assert_int_equal(post(&m, 2), 0);
	assert_int_equal(post(&n, 1), 0);
	assert_string_equal(servers[2].asked, "a b a ");
	assert_string_equal(m.out.account, "three");
	assert_false(m.out.unreachable);
	/* and not dialled again, nor the good one twice */
	assert_int_equal(servers[0].dials, 1);
	assert_int_equal(servers[1].dials, 1);
	assert_int_equal(servers[2].dials, 1);
	route_close(&route);
}

static void only_the_deferred_go_on(void **state)
{
	static const struct answer_of first[] = { { "a", YES },
						  { "b", LATER },
						  { NULL, NO } };
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].answers = first;
	assert_int_equal(post(&m, 3), -1);
	assert_string_equal(servers[1].asked, "b ");
	assert_int_equal(servers[2].dials, 0);
	assert_int_equal(envelope_accepted(&m.envelope), 2);
	assert_int_equal(m.error.cause, ERROR_NOUSER);
	assert_false(m.out.unreachable);
	assert_string_equal(m.out.account, "two");
	route_close(&route);
}

static void a_refusal_by_a_later_one_is_final(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].answers = ALL(LATER);
	servers[1].answers = ALL(NO);
	assert_int_equal(post(&m, 1), -1);
	assert_int_equal(m.to[0].verdict.reply, 550);
	assert_int_equal(servers[2].dials, 0);
	route_close(&route);
}

static void who_is_decided_stays_so(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	m.to[0].decided = true;
	m.to[0].verdict = (struct small_error){ .cause = ERROR_TEMPORARY,
						.temporary = true,
						.text = "of an hour ago" };
	servers[0].is_down = true;
	assert_int_equal(post(&m, 2), -1);
	assert_string_equal(servers[1].asked, "b ");
	says(&m.to[0], "of an hour ago");
	assert_true(m.to[1].decided && !small_error_is_set(&m.to[1].verdict));
	route_close(&route);
}

/* ---- whose word counts ---- */

static void nobody_is_there(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	for (int i = 0; i < 3; i++)
		servers[i].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	assert_true(m.out.unreachable);
	assert_string_equal(m.out.account, "one");
	says(&m.to[0], "one is down");
	says(&m.to[0], "account two: two is down");
	says(&m.to[0], "account three: three is down");
	assert_true(m.to[0].verdict.temporary);
	route_close(&route);
}

/* Who cannot be reached now may be reached tomorrow: that is no "never". */
static void what_may_pass_outweighs_what_may_not(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].is_down_for_good = servers[2].is_down_for_good = true;
	servers[1].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	assert_true(m.to[0].verdict.temporary);
	assert_true(m.out.unreachable);
	says(&m.to[0], "two is down");
	says(&m.to[0], "one knows us not");
	says(&m.to[0], "three knows us not");
	route_close(&route);
}

static void a_server_word_outweighs_the_way(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].answers = ALL(LATER);
	servers[1].is_down = servers[2].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	assert_int_equal(m.to[0].verdict.reply, 451);
	assert_false(m.out.unreachable);
	assert_string_equal(m.out.account, "one");
	route_close(&route);
}

/* What a later one cannot do for want of a capability is no word on the mail.
 */
static void an_understudy_is_no_judge(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].is_down = true;
	servers[1].answers = ALL(TOO_BIG);
	servers[2].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	assert_true(m.to[0].verdict.temporary);
	assert_true(m.out.unreachable);
	says(&m.to[0], "one is down");
	says(&m.to[0], "too big for it");
	route_close(&route);
}

static void what_the_first_cannot_do_is_told(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].answers = ALL(TOO_BIG);
	assert_int_equal(post(&m, 1), -1);
	assert_int_equal(m.to[0].verdict.cause, ERROR_DATA);
	assert_int_equal(servers[1].dials, 0);
	route_close(&route);
}

/* ---- connections ---- */

static void a_broken_one_is_dialled_anew(void **state)
{
	struct mail m = { .error = ERROR_INIT }, n = m;

	prepare(*state, three);
	servers[0].answers = ALL(LOST);
	servers[1].is_down = servers[2].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	servers[0].answers = NULL;
	assert_int_equal(post(&n, 1), 0);
	assert_int_equal(servers[0].dials, 2);
	route_close(&route);
}

/* A server that takes two mails over a connection and closes it. */
static void one_that_was_used_up_costs_no_mail(void **state)
{
	prepare(*state, three);
	servers[0].full_after = 2;
	for (int i = 0; i < 5; i++) {
		struct mail m = { .error = ERROR_INIT };

		assert_int_equal(post(&m, 2), 0);
		assert_string_equal(m.out.account, "one");
	}
	assert_int_equal(servers[0].dials, 3);
	assert_int_equal(servers[1].dials, 0);
	route_close(&route);
}

#define MANY 40

static void begin_one(struct mail *m, struct route_mail *way, const char *to)
{
	m->to[0].address = to;
	m->envelope = (struct envelope){ .arena = route.arena,
					 .reverse_path = "me@example.org",
					 .recipients = m->to,
					 .count = 1 };
	m->load.content.bytes = slice_of_memory("x\r\n", 3);
	*way = (struct route_mail){ .envelope = &m->envelope,
				    .load = &m->load,
				    .out = &m->out };
	route_begin(&route, way);
}

/* Sends so many, as many at a time as there is room for. */
static void post_many(struct mail *all, unsigned count)
{
	struct route_mail ways[MANY];
	unsigned n = 0;

	while (n < count) {
		do {
			begin_one(&all[n], &ways[n], "a");
			n++;
		} while (n < count && route_has_room(&route));
		route_collect(&route);
	}
	for (n = 0; n < count; n++)
		envelope_sum_up(&all[n].envelope, &all[n].error);
}

/* Those that were on their way go over the next, and then no more at a time
 * than it takes. */
static void many_over_one_that_is_used_up(void **state)
{
	static const struct {
		unsigned full_after, dials, mails;
	} cases[] = {
		{ 0, 1, MANY }, { 10, 4, 0 }, { 1, MANY, 0 }, { 39, 2, 0 }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct mail all[MANY] = { { .to = { { .address = "a" } } } };

		prepare(*state, three);
		servers[0].full_after = cases[i].full_after;
		post_many(all, MANY);
		for (unsigned n = 0; n < MANY; n++) {
			assert_false(error_is_set(&all[n].error));
			assert_string_equal(all[n].out.account, "one");
		}
		assert_int_equal(servers[0].dials, cases[i].dials);
		/* not many were begun in vain */
		assert_true(servers[0].mails <= 3 * MANY);
		assert_int_equal(strlen(servers[0].asked), 2 * MANY);
		assert_int_equal(servers[1].dials, 0);
		route_close(&route);
	}
}

/* One breaks its connection whenever it comes: the others go all the same. */
static void one_of_many_breaks_the_connection(void **state)
{
	static const struct answer_of answers[] = { { "bad", LOST },
						    { NULL, YES } };
	struct mail all[MANY] = { { .to = { { .address = "a" } } } };
	struct route_mail ways[MANY];

	prepare(*state, "account one\nhost one\ntls off\nfrom me@x.org\n");
	servers[0].answers = answers;
	for (unsigned n = 0; n < 9; n++)
		begin_one(&all[n], &ways[n], n == 0 || n == 5 ? "bad" : "a");
	route_collect(&route);
	for (unsigned n = 0; n < 9; n++)
		assert_int_equal(envelope_sum_up(&all[n].envelope,
						 &all[n].error),
				 n == 0 || n == 5 ? -1 : 0);
	route_close(&route);
}

/* It was taken, perhaps: it is not sent again without need. */
static void in_doubt_nothing_is_sent_twice_at_once(void **state)
{
	struct mail m = { .error = ERROR_INIT }, n = m;

	prepare(*state, "account one\nhost one\ntls off\nfrom me@x.org\n");
	assert_int_equal(post(&m, 1), 0);
	servers[0].answers = ALL(LOST_LATE);
	assert_int_equal(post(&n, 1), -1);
	assert_int_equal(servers[0].dials, 1);
	assert_int_equal(servers[0].mails, 2);
	route_close(&route);
}

/* A used connection that breaks, and nobody there when it is dialled. */
static void used_up_and_then_down(void **state)
{
	struct mail m = { .error = ERROR_INIT }, n = m, o = m;

	prepare(*state, "account one\nhost one\ntls off\nfrom me@x.org\n");
	servers[0].full_after = 1;
	assert_int_equal(post(&m, 1), 0);
	servers[0].is_down = true;
	assert_int_equal(post(&n, 1), -1);
	assert_true(n.out.unreachable && n.to[0].verdict.temporary);
	assert_int_equal(post(&o, 1), -1);
	assert_int_equal(servers[0].dials, 2);
	route_close(&route);
}

/* ---- what is sent ---- */

static int to_7bit(void *context, struct session_content *content,
		   struct error *f)
{
	(void)f;
	++*(int *)context;
	content->bytes = slice_of_memory("=78\r\n", 5);
	content->has_8bit = false;
	return 0;
}

static void seven_bits_where_eight_are_too_many(void **state)
{
	int count = 0;
	struct mail m = { .load = { .to_7bit = to_7bit, .context = &count } };

	prepare(*state, three);
	assert_false(route_takes_8bit(&route));
	m.load.content.has_8bit = true;
	servers[0].answers = ALL(LATER);
	servers[1].lacks_8bit = true;
	assert_int_equal(post(&m, 1), 0);
	assert_int_equal(count, 1);
	assert_int_equal(m.out.size, 5);
	assert_false(route_takes_8bit(&route));
	route_close(&route);
}

static void eight_bits_are_known_once_all_were_asked(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, three);
	servers[0].answers = servers[1].answers = servers[2].answers =
		ALL(LATER);
	assert_int_equal(post(&m, 1), -1);
	assert_true(route_takes_8bit(&route));
	route_close(&route);
}

/* ---- the list ---- */

static void circles_and_twins_are_passed_over(void **state)
{
	prepare(*state, "defaults\ntls off\nfrom me@example.org\n"
			"account one\nhost one\nfallback one,two two , one\n"
			"account two\nhost two\nfallback one\n");
	assert_int_equal(route.count, 2);
	assert_string_equal(route.hosts[1].account->name, "two");
	route_close(&route);
}

/* The command line is about the account that was chosen. */
static void overrides_are_the_first_ones(void **state)
{
	struct state *s = *state;

	set(s, "port", "2525");
	prepare(s, three);
	assert_string_equal(route.hosts[0].name, "one:2525");
	assert_string_equal(route.hosts[1].name, "two:25");
	route_close(&route);
}

static void no_such_fallback(void **state)
{
	struct state *s = *state;

	s->query.account = "one";
	loaded(s, "account one\nhost one\nfallback nobody\n");
	assert_int_equal(route_open(&route, &s->arena, &s->config, s->account,
				    NULL, NULL, &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	assert_says(s, "one");
	assert_says(s, "nobody");
}

static void too_many_fallbacks(void **state)
{
	struct state *s = *state;
	struct buf text = BUF_INIT(4096);

	buf_puts(&text, "account one\nhost one\nfallback ");
	for (int i = 0; i < ROUTE_MAX; i++)
		buf_printf(&text, "x%d ", i);
	for (int i = 0; i < ROUTE_MAX; i++)
		buf_printf(&text, "\naccount x%d\nhost x", i);
	buf_putc(&text, '\n');
	s->query.account = "one";
	loaded(s, text.data);
	assert_int_equal(route_open(&route, &s->arena, &s->config, s->account,
				    NULL, NULL, &s->error),
			 -1);
	assert_int_equal(s->error.cause, ERROR_CONFIG);
	buf_free(&text);
}

/* ---- this machine ---- */

static void without_a_server_it_is_this_machine(void **state)
{
	struct state *s = *state;
	char config[400];
	struct mail m = { .error = ERROR_INIT };

	snprintf(config, sizeof(config),
		 "account one\nmaildir %s/box\nfallback two\n"
		 "account two\nhost two\ntls off\n",
		 folder);
	prepare(s, config);
	m.to[0].address = "joe";
	m.to[1].address = "someone@example.net";
	m.envelope = (struct envelope){ .arena = route.arena,
					.reverse_path = "joe@box.example.net",
					.recipients = m.to,
					.count = 2 };
	m.load.content.bytes = slice_of_memory("x: y\r\n\r\nz\r\n", 11);
	assert_int_equal(send_over(&m), 0);
	/* who is not of this machine has no way from here: the next one */
	assert_string_equal(servers[1].asked, "someone@example.net ");
	assert_non_null(strstr(m.to[0].reply, "/box/"));
	route_close(&route);
	snprintf(config, sizeof(config), "rm -r '%s/box'", folder);
	assert_int_equal(system(config), 0);
}

/* As the one behind a server it takes the caller's own mail, and says of no
 * other that it cannot go. */
static void this_machine_as_the_last_way(void **state)
{
	struct mail m = { .error = ERROR_INIT };

	prepare(*state, "account one\nhost one\ntls off\nfrom me@x.org\n"
			"fallback two\naccount two\n");
	servers[0].is_down = true;
	assert_int_equal(post(&m, 1), -1);
	assert_true(m.to[0].verdict.temporary);
	assert_true(m.out.unreachable);
	says(&m.to[0], "one is down");
	route_close(&route);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_content_that_changed_goes_anew_over_another_connection),
		TEST(one_that_stays_unreadable_is_not_sent_again),
		TEST(one_of_which_nothing_is_left_is_offered_to_nobody),
		TEST(the_first_takes_it),
		TEST(one_that_is_not_there_is_passed_over),
		TEST(only_the_deferred_go_on),
		TEST(a_refusal_by_a_later_one_is_final),
		TEST(who_is_decided_stays_so),
		TEST(nobody_is_there),
		TEST(what_may_pass_outweighs_what_may_not),
		TEST(a_server_word_outweighs_the_way),
		TEST(an_understudy_is_no_judge),
		TEST(what_the_first_cannot_do_is_told),
		TEST(a_broken_one_is_dialled_anew),
		TEST(one_that_was_used_up_costs_no_mail),
		TEST(many_over_one_that_is_used_up),
		TEST(one_of_many_breaks_the_connection),
		TEST(in_doubt_nothing_is_sent_twice_at_once),
		TEST(used_up_and_then_down),
		TEST(seven_bits_where_eight_are_too_many),
		TEST(eight_bits_are_known_once_all_were_asked),
		TEST(circles_and_twins_are_passed_over),
		TEST(overrides_are_the_first_ones),
		TEST(no_such_fallback),
		TEST(too_many_fallbacks),
		TEST(without_a_server_it_is_this_machine),
		TEST(this_machine_as_the_last_way),
	};

	return cmocka_run_group_tests(tests, bench_open, bench_close);
}
