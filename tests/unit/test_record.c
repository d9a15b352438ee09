/* test_record.c - records over a pipe: whole whatever the pieces, and nothing
 * believed that is out of range. */
#include "laws.h"

#include <stdio.h>
#include <unistd.h>

#include "queuerun/record.h"

#define OCTETS 65536 /* more than all records here have */

static struct entry_recipient recipient = { .address = "bob@example.net",
					    .state = ENTRY_WAITING,
					    .reply = "",
					    .host = "" };
static const struct entry entry = { .arrived = 1700000000,
				    .size = 300,
				    .reverse_path = "alice@example.org",
				    .recipients = &recipient,
				    .count = 1 };

/* What a process would say. */
static size_t say(unsigned char *out)
{
	const struct record records[] = {
		{ .kind = RECORD_MAIL,
		  .place = QUEUE_GIVEN_UP,
		  .id = "1abcdef-12345",
		  .is_busy = true,
		  .entry = &entry },
		{ .kind = RECORD_MAIL,
		  .place = QUEUE_BAD,
		  .id = "1abcdef-54321",
		  .error = { .cause = ERROR_DATA, .text = "a\033[1mb" } },
		{ .kind = RECORD_DATA, .data = "hello", .size = 5 },
		{ .kind = RECORD_RAN, .ran = { .sent = 3, .bad = 7 } },
		{ .kind = RECORD_FOUND, .index = 2, .count = 9 },
		{ .kind = RECORD_END },
	};
	struct error f = ERROR_INIT;
	size_t n = 0;
	ssize_t r;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++)
		assert_int_equal(record_write(&ends[1], &records[i], &f), 0);
	close(ends[1]);
	while ((r = read(ends[0], out + n, OCTETS - n)) > 0)
		n += (size_t)r;
	close(ends[0]);
	return n;
}

static void check(const struct record *r, size_t at)
{
	switch (at) {
	case 0:
		assert_int_equal(r->kind, RECORD_MAIL);
		assert_int_equal(r->place, QUEUE_GIVEN_UP);
		assert_true(r->is_busy);
		assert_string_equal(r->id, "1abcdef-12345");
		assert_string_equal(r->entry->id, r->id);
		assert_string_equal(r->entry->reverse_path,
				    "alice@example.org");
		assert_int_equal(r->entry->count, 1);
		return;
	case 1:
		assert_null(r->entry);
		assert_int_equal(r->error.cause, ERROR_DATA);
		assert_string_equal(r->error.text, "a?[1mb");
		return;
	case 2:
		assert_int_equal(r->size, 5);
		assert_memory_equal(r->data, "hello", 5);
		return;
	case 3:
		assert_int_equal(r->ran.sent, 3);
		assert_int_equal(r->ran.bad, 7);
		return;
	case 4:
		assert_int_equal(r->index, 2);
		assert_int_equal(r->count, 9);
		return;
	default:
		assert_int_equal(r->kind, RECORD_END);
	}
}

/* How many there are, -1 where one breaks a rule. */
static int read_all(const unsigned char *data, size_t n, size_t piece,
		    bool checks)
{
	struct record_reader reader;
	struct error f = ERROR_INIT;
	int count = 0, r = 0;

	record_reader_init(&reader);
	for (size_t at = 0; r >= 0 && at < n; at += piece) {
		struct arena a = ARENA_INIT;
		struct record record;

		r = record_feed(&reader, data + at,
				n - at < piece ? n - at : piece, &f);
		while (r == 0 &&
		       (r = record_next(&reader, &a, &record, &f)) > 0) {
			if (checks)
				check(&record, (size_t)count);
			count++;
			r = 0;
		}
		arena_free(&a);
	}
	record_reader_free(&reader);
	assert_int_equal(r < 0, error_is_set(&f));
	return r < 0 ? -1 : count;
}

static void pieces_of_any_size(void **state)
{
	static const size_t sizes[] = { 1, 2, 7, 100, 1000, OCTETS };
	unsigned char data[OCTETS];
	size_t n = say(data);

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		assert_int_equal(read_all(data, n, sizes[i], true), 6);
	assert_int_equal(read_all(data, n - 1, n, true), 5);
}

/* Each octet of all of them, wrong: it is found or makes no difference, and
 * nothing is read that is not there. */
static void any_octet_wrong(void **state)
{
	static const unsigned char wrong[] = { 0x00, 0x01, 0x7F, 0x80, 0xFF };
	unsigned char data[OCTETS];
	size_t n = say(data);
	unsigned found = 0;

	(void)state;
	for (size_t at = 0; at < n; at++)
		for (size_t i = 0; i < sizeof(wrong); i++) {
			unsigned char right = data[at];
			int count;

			data[at] = wrong[i];
			count = read_all(data, n, n, false);
			assert_true(count <= 6);
			found += count < 6;
			data[at] = right;
		}
	assert_true(found > 100);
	assert_int_equal(read_all(data, n, n, true), 6);
}

/* A text that does not end within its field is none. */
static void no_end_of_text(void **state)
{
	unsigned char data[OCTETS], *id;
	size_t n = say(data);

	(void)state;
	id = memmem(data, n, "1abcdef-54321", 13);
	assert_non_null(id);
	memset(id, 'a', QUEUE_ID_SIZE);
	assert_int_equal(read_all(data, n, n, false), -1);
}

static void a_name_that_is_a_path(void **state)
{
	unsigned char data[OCTETS], *id;
	size_t n = say(data);

	(void)state;
	id = memmem(data, n, "1abcdef-54321", 13);
	assert_non_null(id);
	memcpy(id, "../../etc/pas", 13);
	assert_int_equal(read_all(data, n, n, false), -1);
}

/* One that never ends is no memory of ours. */
static void more_than_a_record(void **state)
{
	struct record_reader reader;
	struct error f = ERROR_INIT;
	char zeros[OCTETS] = { 0 };
	size_t fed = 0;

	(void)state;
	record_reader_init(&reader);
	while (fed < (size_t)64 * 1024 * 1024 &&
	       record_feed(&reader, zeros, sizeof(zeros), &f) == 0)
		fed += sizeof(zeros);
	assert_true(error_is_set(&f));
	record_reader_free(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_of_any_size),
		cmocka_unit_test(any_octet_wrong),
		cmocka_unit_test(no_end_of_text),
		cmocka_unit_test(a_name_that_is_a_path),
		cmocka_unit_test(more_than_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
