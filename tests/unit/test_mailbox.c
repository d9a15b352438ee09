/* test_mailbox.c - the stores that lie on this machine, their pieces, and how a
 * URL is read. */
#include "laws.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch/fetch.h"
#include "flow/source.h"
#include "scratch.h"
#include "store/mailbox.h"
#include "store/mbox.h"
#include "store/remote.h"

static const char *const spool[] = { "/tmp", NULL };

static void write_file(const char *path, const char *text)
{
	struct error f = ERROR_INIT;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, text, strlen(text), path, &f), 0);
	close(fd);
}

static void make_maildir(void **state, const char *name)
{
	static const char *const parts[] = { "", "/cur", "/new", "/tmp" };

	for (int i = 0; i < 4; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s%s", scratch_path(state, name),
			 parts[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void open_box(struct mailbox *m, struct arena *a, const char *path)
{
	struct error f = ERROR_INIT;

	assert_int_equal(mailbox_open(m, a, path, NULL, spool, &f), 0);
	assert_false(error_is_set(&f));
}

static void message_is(struct mailbox *m, size_t number, const char *want)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	sink_buf_init(&end, &out, &f);
	assert_int_equal(mailbox_read(m, number, &end.sink, &f), 0);
	assert_string_equal(out.data, want);
	buf_free(&out);
}

static void top_is(struct mailbox *m, size_t number, unsigned lines,
		   const char *want)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	sink_buf_init(&end, &out, &f);
	assert_int_equal(mailbox_top(m, number, lines, &end.sink, &f), 0);
	assert_string_equal(out.data, want);
	buf_free(&out);
}

/* ---- URLs ---- */

static void a_url_in_its_parts(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox_url u;

	(void)state;
	assert_int_equal(mailbox_parse_url(&a,
					   "imaps://o%70s%40x@mail.example.org:"
					   "994/Lists/B%C3%BCcher",
					   &u, &f),
			 0);
	assert_int_equal(u.kind, MAILBOX_IMAP);
	assert_true(u.is_implicit_tls);
	assert_string_equal(u.user, "ops@x");
	assert_string_equal(u.host, "mail.example.org");
	assert_int_equal(u.port, 994);
	assert_string_equal(u.folder, "Lists/B\xc3\xbc"
				      "cher");
	assert_int_equal(mailbox_parse_url(&a, "POP3://a@b@[::1]/", &u, &f), 0);
	assert_int_equal(u.kind, MAILBOX_POP3);
	assert_false(u.is_implicit_tls);
	assert_string_equal(u.user, "a@b");
	assert_string_equal(u.host, "::1");
	assert_int_equal(u.port, 0);
	assert_null(u.folder);
	arena_free(&a);
}

static void bad_urls_are_refused(void **state)
{
	static const char *const bad[] = {
		"pop3://me:secret@h", "pop3://me%0d%0aX@h", "pop3://",
		"pop3://u@",	      "pop3://h:0",	    "pop3://h:65536",
		"pop3://h:12x",	      "pop3://[::1",	    "pop3://h/INBOX",
		"imap://h/%0a",	      "imap://h/%4",	    "http://h/",
		"imap://h/%zz",	      "imap://h%2Fx/",	    "pop3://[::1]x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct arena a = ARENA_INIT;
		struct error f = ERROR_INIT;
		struct mailbox_url u;

		assert_true(mailbox_is_url(bad[i]));
		assert_int_equal(mailbox_parse_url(&a, bad[i], &u, &f), -1);
		assert_int_equal(f.cause, ERROR_USAGE);
		assert_null(strstr(f.text, "secret"));
		arena_free(&a);
	}
	assert_false(mailbox_is_url("C:/x"));
	assert_false(mailbox_is_url("a/b://c"));
}

/* ---- cut ---- */

static struct sink *build_cut(struct sink *end, void *room)
{
	top_filter_init(room, end, 2);
	return room;
}

static void cut_ends_after_its_lines(void **state)
{
	static const char text[] = "A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n";
	struct buf out = BUF_INIT(1000);
	struct top_filter s;

	(void)state;
	laws_hold(build_cut, &s, text, strlen(text));
	laws_output((struct laws_chain){ build_cut, &s }, text, strlen(text), 0,
		    &out);
	assert_string_equal(out.data, "A: b\r\nC: d\r\n\r\none\r\n\r\n");
	assert_true(s.is_over);
	buf_free(&out);
}

/* ---- mbox ---- */

static const char box[] = "From a@x Sun Nov 22 05:30:00 2026\n"
			  "Subject: one\n"
			  "Content-Length: 999999\n"
			  "\n"
			  ">From here\n"
			  "From there, no blank before 05:30:00 2026\n"
			  "\n"
			  "From a sentence\n"
			  "\n"
			  "From b@x Sun Nov 22 05:30:00 2026 +0100\n"
			  "Subject: two\n"
			  "\n"
			  "From c@x Sun Nov 22 05:30:00 2026\n"
			  "\n"
			  "three, no end";

static void an_mbox_is_read(void **state)
{
	const char *path = scratch_path(state, "box");
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;

	write_file(path, box);
	open_box(&m, &a, path);
	assert_int_equal(m.kind, MAILBOX_MBOX);
	assert_int_equal(m.count, 3);
	message_is(&m, 1,
		   "Subject: one\r\nContent-Length: 999999\r\n\r\n"
		   "From here\r\nFrom there, no blank before 05:30:00 2026\r\n"
		   "\r\nFrom a sentence\r\n");
	message_is(&m, 2, "Subject: two\r\n");
	message_is(&m, 3, "\r\nthree, no end");
	top_is(&m, 1, 0, "Subject: one\r\nContent-Length: 999999\r\n\r\n");
	top_is(&m, 1, 1,
	       "Subject: one\r\nContent-Length: 999999\r\n\r\nFrom here\r\n");
	assert_string_not_equal(mailbox_id(&m, 1, &f), mailbox_id(&m, 2, &f));
	assert_int_equal(mailbox_read(&m, 4, NULL, &f), -1);
	assert_int_equal(f.cause, ERROR_USAGE);
	mailbox_abandon(&m);
	arena_free(&a);
}

struct parts {
	struct mbox_part list[64];
	size_t count;
	struct mbox_doubt doubt;
};

static int found(void *context, const struct mbox_part *part, struct error *f)
{
	struct parts *p = context;

	(void)f;
	assert_true(p->count < 64);
	p->list[p->count++] = *part;
	return 0;
}

static void scan_text(struct parts *p, const char *text, size_t n)
{
	struct slice all = slice_of_memory(text, n);
	struct error f = ERROR_INIT;
	uint64_t at = 0;

	p->count = 0;
	assert_int_equal(mbox_scan(&all, found, p, &p->doubt, &f), 0);
	/* every octet belongs to exactly one message */
	for (size_t i = 0; i < p->count; i++) {
		assert_true(p->list[i].offset == at);
		at += p->list[i].length;
	}
	assert_true(at == n);
}

#define M(n)	"Subject: " #n "\nX: y\n\ntext " #n "\n"
#define ASCTIME "Sun Nov 22 05:30:00 2026"

static void every_form_of_mbox_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		bool doubt;
	} rows[] = {
		{ "From a@x " ASCTIME "\n" M(1) "\nFrom b@x " ASCTIME "\n" M(2),
		  2, false },
		/* Thunderbird, Gmail's export, nothing, RFC 5322's date */
		{ "From - " ASCTIME "\n" M(1) "\nFrom - " ASCTIME "\n" M(2), 2,
		  false },
		{ "From 1844@xxx " ASCTIME "\n" M(1) "\nFrom 1845@xxx\n" M(2),
		  2, false },
		{ "From \n" M(1) "\nFrom \n" M(2) "\nFrom \n" M(3), 3, false },
		{ "From a@x Sun, 22 Nov 2026 05:30:00 +0100\n" M(
			  1) "\nFrom a@x Sun, 22 Nov 2026 05:30:00 +0100\n" M(2),
		  2, false },
		{ "From \"a b\"@x " ASCTIME
		  "\n" M(1) "\nFrom \"a b\"@x  " ASCTIME "\n" M(2),
		  2, false },
		{ "From a " ASCTIME " remote from h\n" M(
			  1) "\nFrom a " ASCTIME
			     " remote from h\n>From b " ASCTIME "\n" M(2),
		  2, false },
		/* no empty line before, some at the start, a BOM, CRLF */
		{ "From a@x " ASCTIME "\n" M(1) "From b@x " ASCTIME "\n" M(2),
		  2, false },
		{ "\n\r\n\nFrom a@x " ASCTIME "\n" M(1) "\nFrom b@x\n" M(2), 2,
		  false },
		{ "\xEF\xBB\xBF"
		  "From a@x " ASCTIME "\n" M(1) "\nFrom b@x\n" M(2),
		  2, false },
		{ "From a@x " ASCTIME
		  "\r\nA: b\r\n\r\nt\r\n\r\nFrom b@x\r\nA: c\r\n",
		  2, false },
		/* quoted, and a sentence that is not */
		{ "From a@x\n" M(1) "\n>From b@x " ASCTIME "\nA: b\n", 1,
		  false },
		{ "From a@x\n" M(1) "\nFrom here on, all is text\nreally\n", 1,
		  false },
		{ "From a@x\n" M(1) "text\nFrom here\nhttp://x\n", 1, false },
		/* without a header */
		{ "From a@x " ASCTIME "\n" M(1) "\nFrom b@x " ASCTIME "\n\nt\n",
		  2, false },
		/* who knows */
		{ "From a@x\n" M(1) "\nFrom the manual, page one:\nNote: so\n",
		  2, true },
		{ "From a@x\n" M(
			  1) "text\nFrom the manual, page one:\nNote: so\n",
		  1, true },
		{ "From a@x\n" M(1) "\nFrom b@x " ASCTIME "\ntext\n", 2, true },
		{ "From a@x\n" M(1) "text\nFrom b@x " ASCTIME "\ntext\n", 1,
		  true },
		{ "From a@x\n" M(1) "\nFrom Bob\ntext\n", 1, true },
		/* counted: quoted (mboxcl) or not (mboxcl2); lies */
		{ "From a@x\nContent-Length: 5\n\ntext\n\nFrom b@x\n" M(2), 2,
		  false },
		{ "From a@x\nContent-Length: 21\n\nFrom here on, a text\n\nFrom b@x\n" M(
			  2),
		  2, false },
		{ "From a@x\nContent-Length: 20\n\nFrom here on, a text", 1,
		  false },
		{ "From a@x\nContent-Length: 28\n\nFrom b@x\nSubject: hid\n\ntext\n",
		  1, true },
		{ "From a@x\nContent-Length: 24\n\nFrom b@x\nSubject: hid\n\ntext\n",
		  2, false },
		{ "From a@x\nContent-Length: 99999999999999999999\n\nt\n\nFrom b@x\n" M(
			  2),
		  2, false },
		{ "From a@x\nContent-Length: 18446744073709551615\n\nt\n\nFrom b@x\n" M(
			  2),
		  2, false },
		{ "From a@x\nContent-Length: -1\n\nt\n\nFrom b@x\n" M(2), 2,
		  false },
		{ "From a@x\nContent-Length: 2\nContent-Length: 40\n\nt\n\nFrom b@x\n" M(
			  2),
		  2, false },
		{ "From", 1, false },
		{ "From a@x " ASCTIME, 1, false },
		{ "From a@x\n\nFrom b@x " ASCTIME, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct parts p;

		scan_text(&p, rows[i].text, strlen(rows[i].text));
		if (p.count != rows[i].count || p.doubt.is_set != rows[i].doubt)
			fail_msg("row %zu: %zu messages, doubt %d", i, p.count,
				 p.doubt.is_set);
	}
}

/* Random text out of a few words, whatever the window cuts. */
static void borders_do_not_hang_on_the_window(void **state)
{
	static const char *const words[] = {
		"From a@x Sun Nov 22 05:30:00 2026\n",
		"From a@x Sun Nov 22 05:30:00 2026\r\n",
		"\n",
		"\r\n",
		"From x\n",
		">From y\n",
		"Subject: z\n",
		"Content-Length: 40\n",
		"text\n",
		"F",
		"\r",
	};
	static const size_t steps[] = { 0, 1, 2, 30, 500, 1000, 1024, 4000 };
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct buf text = BUF_INIT(1000000);
		struct parts first, p;

		buf_puts(&text, words[0]);
		for (int i = 0; i < 30; i++)
			buf_puts(&text, words[laws_random(&seed) % 11]);
		scan_text(&first, text.data, text.len);
		for (size_t k = 0; k < sizeof(steps) / sizeof(*steps); k++) {
			struct buf moved = BUF_INIT(1000000);
			size_t fill = 65536 - 512 - steps[k];

			/* the same behind a text that fills the window */
			buf_puts(&moved, "From f@x\nSubject: filling\n\n");
			while (moved.len < fill)
				buf_puts(&moved, "x\n");
			buf_puts(&moved, "\n");
			fill = moved.len;
			buf_put(&moved, text.data, text.len);
			scan_text(&p, moved.data, moved.len);
			/* whether the very first line begins one is judged by
			 * what follows it */
			assert_in_range(p.count, first.count, first.count + 1);
			for (size_t i = 1; i < first.count; i++)
				assert_true(p.list[p.count - i].offset - fill ==
					    first.list[first.count - i].offset);
			buf_free(&moved);
		}
		buf_free(&text);
	}
}

static void a_file_in_doubt_is_not_changed(void **state)
{
	static const char text[] =
		"From a@x\n" M(1) "\nFrom the manual, page one:\nNote: so\n\n"
				  "From b@x " ASCTIME "\n" M(2);
	const char *path = scratch_path(state, "box");
	struct buf after = BUF_INIT(10000);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;

	write_file(path, text);
	open_box(&m, &a, path);
	assert_int_equal(m.count, 3);
	assert_int_equal(mailbox_delete(&m, 1, &f), 0);
	assert_int_equal(mailbox_close(&m, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	scratch_read(path, &after);
	assert_string_equal(after.data, text);
	buf_free(&after);
	arena_free(&a);
}

static void what_is_counted_is_not_unquoted(void **state)
{
	const char *path = scratch_path(state, "box");
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;

	write_file(path, "From a@x\nContent-Length: 27\n\nFrom here on\n"
			 ">From there on\n\nFrom b@x\nContent-Length: 14\n\n"
			 ">From here on\n");
	open_box(&m, &a, path);
	assert_int_equal(m.count, 2);
	message_is(&m, 1,
		   "Content-Length: 27\r\n\r\nFrom here on\r\n"
		   ">From there on\r\n");
	message_is(&m, 2, "Content-Length: 14\r\n\r\nFrom here on\r\n");
	mailbox_abandon(&m);
	(void)f;
	arena_free(&a);
}

static void deleting_leaves_the_others_as_they_were(void **state)
{
	const char *path = scratch_path(state, "box");
	struct buf after = BUF_INIT(10000);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;
	struct stat st;

	write_file(path, box);
	chmod(path, 0640);
	open_box(&m, &a, path);
	assert_int_equal(mailbox_delete(&m, 2, &f), 0);
	assert_int_equal(mailbox_close(&m, &f), 0);
	scratch_read(path, &after);
	assert_int_equal(after.len,
			 strlen(box) -
				 strlen("From b@x Sun Nov 22 05:30:00 2026 "
					"+0100\nSubject: two\n\n"));
	assert_non_null(strstr(after.data, "From c@x"));
	assert_null(strstr(after.data, "Subject: two"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(access(scratch_path(state, "box.lock"), F_OK), -1);
	buf_free(&after);
	arena_free(&a);
}

/* Another program was there between our reading and our deleting. */
static void what_changed_meanwhile_is_not_lost(void **state)
{
	static const char more[] =
		"\n\nFrom d@x Sun Nov 22 05:30:00 2026\n\nfour\n";
	const char *path = scratch_path(state, "box");
	struct buf after = BUF_INIT(10000);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;
	int fd;

	write_file(path, box);
	open_box(&m, &a, path);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, more, strlen(more)), strlen(more));
	close(fd);
	mailbox_delete(&m, 3, &f);
	assert_int_equal(mailbox_close(&m, &f), -1); /* it grew at its end */
	assert_true(f.temporary);
	scratch_read(path, &after);
	assert_int_equal(after.len, strlen(box) + strlen(more));

	error_clear(&f);
	open_box(&m, &a, path);
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, more + 1, strlen(more + 1)),
			 strlen(more + 1));
	close(fd);
	mailbox_delete(&m, 1, &f);
	assert_int_equal(mailbox_close(&m, &f), 0);
	open_box(&m, &a, path);
	assert_int_equal(m.count, 4);
	message_is(&m, 4, "\r\nfour\r\n");
	message_is(&m, 1, "Subject: two\r\n");
	mailbox_abandon(&m);

	/* and one that put another file in its place */
	open_box(&m, &a, path);
	write_file(scratch_path(state, "other"), box);
	assert_int_equal(rename(scratch_path(state, "other"), path), 0);
	mailbox_delete(&m, 1, &f);
	assert_int_equal(mailbox_close(&m, &f), -1);
	scratch_read(path, &after);
	assert_string_equal(after.data, box);
	buf_free(&after);
	arena_free(&a);
}

/* Whoever waited for the lock of a file that was replaced writes to the new
 * one. */
static void an_append_finds_the_new_file(void **state)
{
	const char *path = scratch_path(state, "box");
	struct slice message = slice_of_memory("late\r\n", 6);
	struct buf after = BUF_INIT(10000);
	struct error f = ERROR_INIT;
	struct header none;
	int fd;
	pid_t child;

	header_init(&none);
	write_file(path, box);
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	child = fork();
	if (child == 0) {
		close(fd); /* or the lock would be its own, too */
		_exit(mbox_append(path, "a@x", &none, &message, &f) != 0);
	}
	/* it may not even have opened the file yet: then it finds the new one
	 * at once, and the outcome is the same */
	write_file(scratch_path(state, "new"), box);
	assert_int_equal(rename(scratch_path(state, "new"), path), 0);
	close(fd);
	{
		int status;

		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	scratch_read(path, &after);
	assert_non_null(strstr(after.data, "\nlate\n"));
	buf_free(&after);
}

/* ---- Maildir, folders, files ---- */

static void a_maildir_is_read_and_deleted_from(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;

	make_maildir(state, "md");
	write_file(scratch_path(state, "md/new/200.b"), "Subject: b\n\nb\n");
	write_file(scratch_path(state, "md/cur/100.a:2,S"), "Subject: a\r\n");
	write_file(scratch_path(state, "md/cur/1000.c:2,"), "Subject: c\n");
	write_file(scratch_path(state, "md/tmp/50.t"), "not yet\n");
	write_file(scratch_path(state, "md/new/.hidden"), "no\n");
	assert_int_equal(symlink("/etc/passwd",
				 scratch_path(state, "md/new/300.link")),
			 0);
	open_box(&m, &a, scratch_path(state, "md"));
	assert_int_equal(m.kind, MAILBOX_MAILDIR);
	assert_int_equal(m.count, 3);
	assert_string_equal(mailbox_id(&m, 1, &f), "100.a");
	message_is(&m, 1, "Subject: a\r\n");
	/* another program read it meanwhile */
	assert_int_equal(rename(scratch_path(state, "md/new/200.b"),
				scratch_path(state, "md/cur/200.b:2,S")),
			 0);
	message_is(&m, 2, "Subject: b\r\n\r\nb\r\n");
	assert_int_equal(rename(scratch_path(state, "md/cur/200.b:2,S"),
				scratch_path(state, "md/cur/200.b:2,RS")),
			 0);
	mailbox_delete(&m, 2, &f);
	assert_int_equal(mailbox_close(&m, &f), 0);
	assert_int_equal(access(scratch_path(state, "md/cur/200.b:2,RS"), F_OK),
			 -1);
	assert_int_equal(access(scratch_path(state, "md/cur/100.a:2,S"), F_OK),
			 0);
	arena_free(&a);
}

/* A mail program that opens the Maildir takes all out of new/. */
static void all_of_a_maildir_moves_meanwhile(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;
	char from[40], to[40], text[40];

	make_maildir(state, "moving");
	for (int i = 0; i < 300; i++) {
		sprintf(from, "moving/new/%d.b", 100 + i);
		sprintf(text, "Subject: %d\r\n", i);
		write_file(scratch_path(state, from), text);
	}
	open_box(&m, &a, scratch_path(state, "moving"));
	assert_int_equal(m.count, 300);
	for (int i = 0; i < 300; i++) {
		sprintf(from, "moving/new/%d.b", 100 + i);
		sprintf(to, "moving/cur/%d.b:2,%s", 100 + i, i % 3 ? "S" : "");
		assert_int_equal(rename(scratch_path(state, from),
					scratch_path(state, to)),
				 0);
	}
	assert_int_equal(unlink(scratch_path(state, "moving/cur/107.b:2,S")),
			 0);
	for (int i = 0; i < 300; i++) {
		sprintf(text, "Subject: %d\r\n", i);
		if (i != 7)
			message_is(&m, (size_t)i + 1, text);
		mailbox_delete(&m, (size_t)i + 1, &f);
	}
	assert_int_equal(mailbox_close(&m, &f), 0);
	open_box(&m, &a, scratch_path(state, "moving"));
	assert_int_equal(m.count, 0);
	mailbox_abandon(&m);
	arena_free(&a);
}

static void a_folder_and_a_file(void **state)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct mailbox m;

	assert_int_equal(mkdir(scratch_path(state, "d"), 0700), 0);
	assert_int_equal(mkdir(scratch_path(state, "d/sub"), 0700), 0);
	assert_int_equal(mkfifo(scratch_path(state, "d/pipe"), 0600), 0);
	write_file(scratch_path(state, "d/b.eml"), "B: b\n");
	write_file(scratch_path(state, "d/a.eml"), "A: a\n");
	write_file(scratch_path(state, "d/.c"), "C: c\n");
	open_box(&m, &a, scratch_path(state, "d"));
	assert_int_equal(m.kind, MAILBOX_DIRECTORY);
	assert_int_equal(m.count, 2);
	message_is(&m, 1, "A: a\r\n");
	assert_string_equal(mailbox_id(&m, 2, &f), "b.eml");
	mailbox_delete(&m, 1, &f);
	assert_int_equal(mailbox_close(&m, &f), 0);
	assert_int_equal(access(scratch_path(state, "d/a.eml"), F_OK), -1);

	open_box(&m, &a, scratch_path(state, "d/b.eml"));
	assert_int_equal(m.kind, MAILBOX_FILE);
	message_is(&m, 1, "B: b\r\n");
	assert_int_equal(mailbox_delete(&m, 1, &f), -1);
	assert_int_equal(f.cause, ERROR_USAGE);
	mailbox_abandon(&m);

	error_clear(&f);
	assert_int_equal(mailbox_open(&m, &a, scratch_path(state, "none"), NULL,
				      spool, &f),
			 -1);
	assert_int_equal(f.cause, ERROR_NOINPUT);
	arena_free(&a);
}

/* What cannot be read twice is kept first. */
static void a_pipe_is_a_mailbox_too(void **state)
{
	const char *path = scratch_path(state, "pipe");
	struct arena a = ARENA_INIT;
	struct mailbox m;
	pid_t child;

	assert_int_equal(mkfifo(path, 0600), 0);
	child = fork();
	if (child == 0) {
		int fd = open(path, O_WRONLY);

		_exit(write(fd, box, strlen(box)) != (ssize_t)strlen(box));
	}
	open_box(&m, &a, path);
	assert_int_equal(m.count, 3);
	message_is(&m, 2, "Subject: two\r\n");
	message_is(&m, 2, "Subject: two\r\n");
	mailbox_abandon(&m);
	waitpid(child, NULL, 0);
	arena_free(&a);
}

/* ---- asking ahead ---- */

static void what_is_expected_is_asked_for_in_order(void **state)
{
	static const size_t list[] = { 2, 5, 7, 9 };
	struct mailbox m = { .count = 10 };
	struct prefetch a = { 0 };

	(void)state;
	mailbox_expect(&m, list, 4, 0);
	prefetch_begin(&a, &m, 2, 0);
	assert_true(prefetch_is_low(&a, 2));
	assert_int_equal(prefetch_take(&a, 2), 2);
	assert_int_equal(prefetch_take(&a, 2), 5);
	assert_int_equal(prefetch_take(&a, 2), 0);
	assert_true(prefetch_is_next(&a, &m, 2, 0));
	assert_false(prefetch_is_next(&a, &m, 2, -1));
	assert_false(prefetch_is_next(&a, &m, 5, 0));
	prefetch_answered(&a);
	assert_true(prefetch_is_next(&a, &m, 5, 0));
	assert_int_equal(prefetch_pending(&a), 1);
	prefetch_answered(&a);
	/* one is passed over; then one that nobody spoke of */
	prefetch_begin(&a, &m, 9, 0);
	assert_int_equal(prefetch_take(&a, 2), 9);
	assert_int_equal(prefetch_take(&a, 2), 0);
	prefetch_answered(&a);
	prefetch_begin(&a, &m, 3, -1);
	assert_int_equal(prefetch_take(&a, 2), 3);
	assert_true(prefetch_is_next(&a, &m, 3, -1));
	assert_int_equal(prefetch_take(&a, 2), 0);
}

/* ---- IMAP ---- */

static void items_of_a_fetch(void **state)
{
	const char *at = imap_fetch("* 12 FETCH (FLAGS (\\Seen \"a )b\") UID 7 "
				    "BODY[HEADER.FIELDS (TO)]<0> \"x\\\"y\" "
				    "BODY[] {12}");
	struct imap_item item;
	uint64_t n;

	(void)state;
	assert_non_null(at);
	assert_true(imap_item_next(&at, &item));
	assert_true(imap_item_is(&item, "FLAGS"));
	assert_true(imap_item_next(&at, &item));
	assert_true(imap_item_is(&item, "UID"));
	assert_true(imap_number(item.value, item.value_length, &n));
	assert_int_equal(n, 7);
	assert_true(imap_item_next(&at, &item));
	assert_int_equal(item.name_length,
			 strlen("BODY[HEADER.FIELDS (TO)]<0>"));
	assert_int_equal(item.value_length, strlen("\"x\\\"y\""));
	assert_true(imap_item_next(&at, &item));
	assert_true(imap_item_is(&item, "BODY[]"));
	assert_int_equal(*at, '\0');
	assert_false(imap_item_next(&at, &item));
	assert_null(imap_fetch("* 12 EXISTS"));
	assert_null(imap_fetch("* FETCH ("));
	assert_false(imap_number("99999999999999999999999", 23, &n));
	assert_false(imap_number("", 0, &n));
}

/* Nothing that a server says reads past the line. */
static void items_end_where_the_line_ends(void **state)
{
	static const char letters[] = "()[]{}\"\\ *BODYUIDFETCH0123456789";
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = laws_random(&seed) % 40;
		char *line = memory_alloc(n + 12);
		struct imap_item item;
		const char *at;

		memcpy(line, "* 1 FETCH (", 11);
		laws_fill_from(line + 11, n, letters, strlen(letters), seed);
		line[11 + n] = '\0';
		at = imap_fetch(line);
		for (size_t i = 0; at && imap_item_next(&at, &item); i++)
			assert_true(i <= n && at <= line + 11 + n);
		free(line);
	}
}

static void folders_in_modified_utf_7(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	/* RFC 3501 5.1.3's own */
	assert_int_equal(imap_put_mutf7(&out,
					"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
					"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
					"\x9e"),
			 0);
	assert_string_equal(out.data, "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
	buf_reset(&out);
	assert_int_equal(imap_put_mutf7(&out, "a&b\xf0\x9f\x98\x80"), 0);
	assert_string_equal(out.data, "a&-b&2D3eAA-");
	assert_int_equal(imap_put_mutf7(&out, "a\nb"), -1);
	assert_int_equal(imap_put_mutf7(&out, "\xc3"), -1);
	assert_int_equal(imap_put_mutf7(&out, "\xed\xa0\x80"), -1);
	buf_free(&out);
}

/* ---- the terminal ---- */

static struct sink *build_screen(struct sink *end, void *room)
{
	screen_init(room, end, true);
	return room;
}

static void a_terminal_is_given_no_orders(void **state)
{
	static const char text[] = "a\x1b[31mb\tc\r\n\x9b\xc2\x9b\xc3\xbc"
				   "\xe2\x80\xae\xc3\xf0\x9f\x98\x80\x7f\xed"
				   "\xa0\x80\xc3";
	struct buf out = BUF_INIT(1000);
	struct screen s;

	(void)state;
	laws_hold(build_screen, &s, text, strlen(text));
	laws_output((struct laws_chain){ build_screen, &s }, text, strlen(text),
		    0, &out);
	assert_string_equal(out.data, "a?[31mb\tc?\n???\xc3\xbc???"
				      "?\xf0\x9f\x98\x80?????");
	buf_free(&out);
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_in_its_parts),
		cmocka_unit_test(bad_urls_are_refused),
		cmocka_unit_test(cut_ends_after_its_lines),
		IN_SCRATCH(an_mbox_is_read),
		cmocka_unit_test(every_form_of_mbox_is_read),
		cmocka_unit_test(borders_do_not_hang_on_the_window),
		IN_SCRATCH(a_file_in_doubt_is_not_changed),
		IN_SCRATCH(what_is_counted_is_not_unquoted),
		IN_SCRATCH(deleting_leaves_the_others_as_they_were),
		IN_SCRATCH(what_changed_meanwhile_is_not_lost),
		IN_SCRATCH(an_append_finds_the_new_file),
		IN_SCRATCH(a_maildir_is_read_and_deleted_from),
		IN_SCRATCH(all_of_a_maildir_moves_meanwhile),
		IN_SCRATCH(a_folder_and_a_file),
		IN_SCRATCH(a_pipe_is_a_mailbox_too),
		cmocka_unit_test(what_is_expected_is_asked_for_in_order),
		cmocka_unit_test(items_of_a_fetch),
		cmocka_unit_test(items_end_where_the_line_ends),
		cmocka_unit_test(folders_in_modified_utf_7),
		cmocka_unit_test(a_terminal_is_given_no_orders),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
