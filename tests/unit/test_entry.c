/* test_entry.c - an entry comes back as it was written, and whatever else is
 * read is refused or means itself. */
#include "laws.h"

#include <stdio.h>

#include "queue/entry.h"

static struct entry_setting second = { "from", "", NULL };
static struct entry_setting first = { "timeout", " 30 s", &second };

/* Everything that can be said. */
static char long_text[768];

static void fill(struct entry *e, struct entry_recipient to[3])
{
	memset(to, 0, 3 * sizeof(*to));
	to[0] = (struct entry_recipient){
		.address = "\"b > <o\"@example.org",
		.dsn_notify = "failure,delay",
		.dsn_orcpt = "rfc822;bob+2B@example.org",
		.state = ENTRY_WAITING,
		.tries = 4294967295u,
		.next = 1700000300,
		.tried = 1700000000,
		.last = { .cause = ERROR_TEMPORARY,
			  .temporary = true,
			  .reply = 451,
			  .esc = "4.7.1",
			  .text = "the server put off bob: try again" },
		.reply = "451 4.7.1 Greylisted \xC3\xA4",
		.host = "mx.example.org:25",
	};
	to[1] = (struct entry_recipient){
		.address = "\xC3\xA4@example.org",
		.needs_smtputf8 = true,
		.state = ENTRY_SENT,
		.last = { .cause = ERROR_NONE, .reply = 250, .esc = "2.0.0" },
		.reply = "",
		.host = "",
	};
	to[2] = (struct entry_recipient){
		.address = "c@example.org",
		.state = ENTRY_REPORTED,
		.last = { .cause = ERROR_CONFIG, .text = long_text },
		.next = -5,
		.reply = "",
		.host = "",
	};
	memset(long_text, 'x', sizeof(long_text) - 1);
	*e = (struct entry){
		.kind = ENTRY_DELAY_NOTICE,
		.arrived = 1699999999,
		.is_held = true,
		.is_warned = true,
		.is_returned = true,
		.message_id = "<a.b@example.org>",
		.size = UINT64_MAX,
		.has_8bit = true,
		.has_8bit_header = true,
		.prefers_smtputf8 = true,
		.account = "my work",
		.config_path = "/home/a b/conf",
		.settings = &first,
		.syslog_tag = "",
		.reverse_path = "ann@example.org",
		.sender_needs_smtputf8 = true,
		.dsn_notify = "never",
		.dsn_ret = "hdrs",
		.dsn_envid = "an id = that",
		.recipients = to,
		.count = 3,
	};
}

static void fill_least(struct entry *e, struct entry_recipient *to)
{
	*to = (struct entry_recipient){ .address = "b@example.org",
					.reply = "",
					.host = "" };
	*e = (struct entry){ .reverse_path = "", .recipients = to, .count = 1 };
}

static void same_text(const char *got, const char *want)
{
	assert_int_equal(!got, !want);
	if (want)
		assert_string_equal(got, want);
}

static void same_recipient(const struct entry_recipient *got,
			   const struct entry_recipient *want)
{
	same_text(got->address, want->address);
	assert_int_equal(got->needs_smtputf8, want->needs_smtputf8);
	same_text(got->dsn_notify, want->dsn_notify);
	same_text(got->dsn_orcpt, want->dsn_orcpt);
	assert_int_equal(got->state, want->state);
	assert_int_equal(got->tries, want->tries);
	assert_int_equal(got->next, want->next);
	assert_int_equal(got->tried, want->tried);
	assert_int_equal(got->last.cause, want->last.cause);
	assert_int_equal(got->last.temporary, want->last.temporary);
	assert_int_equal(got->last.reply, want->last.reply);
	assert_string_equal(got->last.esc, want->last.esc);
	assert_string_equal(small_error_text(&got->last),
			    small_error_text(&want->last));
	same_text(got->reply, want->reply);
	same_text(got->host, want->host);
}

static void same(const struct entry *got, const struct entry *want)
{
	const struct entry_setting *one = got->settings;

	assert_int_equal(got->kind, want->kind);
	assert_int_equal(got->arrived, want->arrived);
	assert_int_equal(got->is_held, want->is_held);
	assert_int_equal(got->is_warned, want->is_warned);
	assert_int_equal(got->is_returned, want->is_returned);
	same_text(got->message_id, want->message_id);
	assert_true(got->size == want->size);
	assert_int_equal(got->has_8bit, want->has_8bit);
	assert_int_equal(got->has_8bit_header, want->has_8bit_header);
	assert_int_equal(got->prefers_smtputf8, want->prefers_smtputf8);
	same_text(got->account, want->account);
	same_text(got->config_path, want->config_path);
	same_text(got->syslog_tag, want->syslog_tag);
	same_text(got->reverse_path, want->reverse_path);
	assert_int_equal(got->sender_needs_smtputf8,
			 want->sender_needs_smtputf8);
	same_text(got->dsn_notify, want->dsn_notify);
	same_text(got->dsn_ret, want->dsn_ret);
	same_text(got->dsn_envid, want->dsn_envid);
	for (const struct entry_setting *s = want->settings; s; s = s->next) {
		assert_non_null(one);
		assert_string_equal(one->name, s->name);
		assert_string_equal(one->value, s->value);
		one = one->next;
	}
	assert_null(one);
	assert_int_equal(got->count, want->count);
	for (size_t i = 0; i < want->count; i++)
		same_recipient(&got->recipients[i], &want->recipients[i]);
}

static void write_ok(const struct entry *e, struct buf *out)
{
	struct error f = ERROR_INIT;

	assert_int_equal(entry_write(e, out, &f), 0);
	assert_string_equal(f.text, "");
}

/* From memory of its own size, so that a sanitizer sees a read past it. */
static int read_exact(struct arena *a, const char *text, size_t n,
		      struct entry *e, struct error *f)
{
	char *copy = memory_alloc(n);
	int r;

	memcpy(copy, text, n);
	r = entry_read(a, copy, n, e, f);
	free(copy);
	if (r < 0) {
		assert_int_equal(f->cause, ERROR_DATA);
		assert_non_null(strstr(f->text, "line "));
	}
	return r;
}

static void all_comes_back(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX), again = BUF_INIT(ENTRY_MAX);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry_recipient to[3];
	struct entry e, back;

	(void)state;
	fill(&e, to);
	write_ok(&e, &text);
	assert_int_equal(read_exact(&a, text.data, text.len, &back, &f), 0);
	same(&back, &e);
	write_ok(&back, &again);
	laws_equal(&again, text.data, text.len);
	fill_least(&e, to);
	write_ok(&e, &text);
	assert_int_equal(read_exact(&a, text.data, text.len, &back, &f), 0);
	same(&back, &e);
	arena_free(&a);
	buf_free(&text);
	buf_free(&again);
}

static void every_word_comes_back(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct arena a = ARENA_INIT;
	struct entry_recipient to;
	struct entry e, back;

	(void)state;
	fill_least(&e, &to);
	for (int i = ERROR_NONE; i <= ERROR_CONFIG; i++) {
		struct error f = ERROR_INIT;

		e.kind = (enum entry_kind)(i % 3);
		to.state = (enum entry_state)(i % 4);
		to.last.cause = (enum error_cause)i;
		write_ok(&e, &text);
		assert_int_equal(entry_read(&a, text.data, text.len, &back, &f),
				 0);
		same(&back, &e);
	}
	arena_free(&a);
	buf_free(&text);
}

static void a_torn_entry_is_refused_or_whole(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct entry_recipient to[3];
	struct entry e, back;
	unsigned whole = 0;

	(void)state;
	fill(&e, to);
	write_ok(&e, &text);
	for (size_t n = 0; n <= text.len; n++) {
		struct arena a = ARENA_INIT;
		struct error f = ERROR_INIT;

		if (read_exact(&a, text.data, n, &back, &f) == 0) {
			same(&back, &e);
			whole++;
		}
		arena_free(&a);
	}
	assert_int_equal(whole, 2); /* with and without the last line end */
	buf_free(&text);
}

/* Holes and exchanged octets: never a crash, and what is taken can be written
 * again. */
static void mutations_do_no_harm(void **state)
{
	static const char bytes[] = "\n\n \t<>=-0129aeont\r\x7f\xff";
	struct buf text = BUF_INIT(ENTRY_MAX), again = BUF_INIT(ENTRY_MAX);
	struct entry_recipient to[3];
	struct entry e, back;
	uint64_t seed = 7;

	(void)state;
	fill(&e, to);
	to[2].last.text = "xxxxxxxxx";
	write_ok(&e, &text);
	for (unsigned i = 0; i < 20000; i++) {
		struct buf wrong = BUF_INIT(ENTRY_MAX);
		struct arena a = ARENA_INIT;
		struct error f = ERROR_INIT;

		buf_put(&wrong, text.data, text.len);
		for (unsigned n = 1 + laws_random(&seed) % 4; n; n--) {
			size_t at = laws_random(&seed) % wrong.len;
			size_t cut = laws_random(&seed) % 40;

			if (laws_random(&seed) % 2) {
				wrong.data[at] = bytes[laws_random(&seed) %
						       sizeof(bytes)];
			} else if (at + cut < wrong.len) {
				memmove(wrong.data + at, wrong.data + at + cut,
					wrong.len - at - cut);
				buf_truncate(&wrong, wrong.len - cut);
			}
		}
		if (read_exact(&a, wrong.data, wrong.len, &back, &f) == 0) {
			struct entry twice;

			write_ok(&back, &again);
			assert_int_equal(read_exact(&a, again.data, again.len,
						    &twice, &f),
					 0);
			same(&twice, &back);
		}
		arena_free(&a);
		buf_free(&wrong);
	}
	buf_free(&again);
	buf_free(&text);
}

static void lines_that_cannot_be_are_refused(void **state)
{
#define HEAD "mailsend-queue 1\nkind mail\narrived 1\nsize 2\nfrom <>\n"
#define TO   "to <b@example.org>\n\tstate waiting\n"
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ HEAD TO "end\n", true },
		{ HEAD "\n" TO "\n  \nend", true },
		{ HEAD TO "  tries 3\nend\n", true },
		{ "", false },
		{ "mailsend-queue 2\n" TO "end\n", false },
		{ HEAD "end\n", false },
		{ HEAD TO, false },
		{ HEAD TO "end\nend\n", false },
		{ HEAD TO "end now\n", false },
		{ HEAD TO "end\nto <c@example.org>\n\tstate sent\n", false },
		{ HEAD "to <>\n\tstate waiting\nend\n", false },
		{ HEAD "to\n\tstate waiting\nend\n", false },
		{ HEAD "to\nto\nto\nend\n", false },
		{ HEAD "to b@example.org\n\tstate waiting\nend\n", false },
		{ HEAD "to <b@example.org>\nend\n", false },
		{ HEAD "to <b@example.org>\n" TO "end\n", false },
		{ HEAD TO "\tstate waiting\nend\n", false },
		{ HEAD TO "\tstate gone\nend\n", false },
		{ HEAD TO "\ttries 3x\nend\n", false },
		{ HEAD TO "\ttries -3\nend\n", false },
		{ HEAD TO "\ttries 4294967296\nend\n", false },
		{ HEAD TO "\ttries \nend\n", false },
		{ HEAD TO "\tcode 1000\nend\n", false },
		{ HEAD TO "\tnext 9223372036854775808\nend\n", false },
		{ HEAD TO "\tcause unheard\nend\n", false },
		{ HEAD TO "\ttemporary no\nend\n", false },
		{ HEAD TO "\tstatus 4.7.1.2.3.4.5\nend\n", false },
		{ HEAD TO "\tsize 3\nend\n", false },
		{ HEAD TO "tries 3\nend\n", false },
		{ HEAD "\tstate waiting\n" TO "end\n", false },
		{ HEAD "size 3\n" TO "end\n", false },
		{ HEAD "password secret\n" TO "end\n", false },
		{ HEAD "set \n" TO "end\n", false },
		{ HEAD "set  x\n" TO "end\n", false },
		{ HEAD "account a\rb\n" TO "end\n", false },
		{ HEAD TO "end\r\n", false },
		{ "mailsend-queue 1\r\nkind mail\r\n", false },
		{ "mailsend-queue 1\nkind mail\nsize 2\nfrom <>\n" TO "end\n",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena a = ARENA_INIT;
		struct error f = ERROR_INIT;
		struct entry e;
		int r = read_exact(&a, rows[i].text, strlen(rows[i].text), &e,
				   &f);

		if ((r == 0) != rows[i].ok)
			fail_msg("row %zu: %s", i, f.text);
		arena_free(&a);
	}
}

static void a_error_names_its_line(void **state)
{
	static const char text[] = HEAD TO "\tgarbage here\nend\n";
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry e;

	(void)state;
	assert_int_equal(entry_read(&a, text, strlen(text), &e, &f), -1);
	assert_non_null(strstr(f.text, "line 8"));
	assert_non_null(strstr(f.text, "garbage"));
	error_clear(&f);
	assert_int_equal(entry_read(&a, "a\0b", 3, &e, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	arena_free(&a);
}

static void a_control_byte_is_not_written(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct entry_recipient to[3];
	struct entry e;
	const char **fields[] = { &e.message_id,    &e.account,
				  &e.config_path,   &e.syslog_tag,
				  &e.dsn_ret,	    &e.dsn_envid,
				  &e.reverse_path,  &to[0].address,
				  &to[0].dsn_orcpt, &first.value };

	(void)state;
	fill(&e, to);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *kept = *fields[i];
		struct error f = ERROR_INIT;

		*fields[i] = "a\nto <evil@example.org>";
		assert_int_equal(entry_write(&e, &text, &f), -1);
		assert_int_equal(f.cause, ERROR_SOFTWARE);
		*fields[i] = kept;
	}
	write_ok(&e, &text);
	buf_free(&text);
}

/* What a server says cannot keep its verdict from being written down. */
static void a_servers_words_are_made_harmless(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry_recipient to[3];
	struct entry e, back;

	(void)state;
	fill(&e, to);
	to[0].reply = "550 no\nto <evil@example.org>";
	to[0].last.text = "a\tb\x01";
	write_ok(&e, &text);
	assert_int_equal(entry_read(&a, text.data, text.len, &back, &f), 0);
	assert_int_equal(back.count, 3);
	assert_string_equal(back.recipients[0].reply,
			    "550 no?to <evil@example.org>");
	assert_string_equal(back.recipients[0].last.text, "a?b?");
	arena_free(&a);
	buf_free(&text);
}

static void words_are_cut_before_a_state_is_lost(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX), little = BUF_INIT(0);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry_recipient to[3];
	struct entry e, back;
	size_t brief = 0;

	(void)state;
	fill(&e, to);
	write_ok(&e, &text);
	for (size_t max = text.len; max; max--) {
		error_clear(&f);
		buf_free(&little);
		buf_init(&little, max);
		if (entry_write(&e, &little, &f) < 0)
			break;
		assert_int_equal(entry_read(&a, little.data, little.len, &back,
					    &f),
				 0);
		assert_int_equal(back.recipients[1].state, ENTRY_SENT);
		assert_int_equal(back.recipients[0].tries, to[0].tries);
		brief = little.len;
	}
	assert_int_equal(f.cause, ERROR_SOFTWARE);
	assert_in_range(brief, 1, text.len - 700);
	arena_free(&a);
	buf_free(&little);
	buf_free(&text);
}

static void a_number_of_recipients_is_kept(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct entry e = { .reverse_path = "a@example.org" }, back;
	size_t most = ENTRY_RECIPIENTS_MAX;

	(void)state;
	assert_int_equal(entry_write(&e, &text, &f), -1); /* none */
	error_clear(&f);
	e.recipients = arena_array(&a, most + 1, sizeof(*e.recipients));
	for (size_t i = 0; i <= most; i++)
		e.recipients[i] = (struct entry_recipient){
			.address = "somebody.there@example.org",
			.state = i % 2 ? ENTRY_SENT : ENTRY_FAILED,
			.last = { .text = "the server does not want to know "
					  "about it, and says so at length" },
			.reply = "550 5.1.1 the server does not want to know "
				 "about it, and says so at length, at length, "
				 "and once more, since this is its way",
		};
	e.count = most;
	write_ok(&e, &text);
	assert_int_equal(entry_read(&a, text.data, text.len, &back, &f), 0);
	assert_int_equal(back.count, most);
	assert_int_equal(entry_count(&back, ENTRY_SENT), most / 2);
	assert_int_equal(entry_count(&back, ENTRY_WAITING), 0);
	e.count++;
	assert_int_equal(entry_write(&e, &text, &f), -1);
	buf_reset(&text);
	for (size_t i = 0; i <= most; i++)
		buf_puts(&text, "to <a>\n");
	error_clear(&f);
	assert_int_equal(entry_read(&a, text.data, text.len, &back, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	arena_free(&a);
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_comes_back),
		cmocka_unit_test(every_word_comes_back),
		cmocka_unit_test(a_torn_entry_is_refused_or_whole),
		cmocka_unit_test(mutations_do_no_harm),
		cmocka_unit_test(lines_that_cannot_be_are_refused),
		cmocka_unit_test(a_error_names_its_line),
		cmocka_unit_test(a_control_byte_is_not_written),
		cmocka_unit_test(a_servers_words_are_made_harmless),
		cmocka_unit_test(words_are_cut_before_a_state_is_lost),
		cmocka_unit_test(a_number_of_recipients_is_kept),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
