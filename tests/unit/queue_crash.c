/* queue_crash.c - one change of a queue in a process of its own, to be killed
 * at a named point (base/crash.h), and the judge of what is found then.
 *
 *	queue_crash put FOLDER OCTETS [ID]	says the id
 *	queue_crash update FOLDER ID	defers the first recipient, the second
 *					has it
 *	queue_crash give-up FOLDER ID
 *	queue_crash revive FOLDER ID
 *	queue_crash remove FOLDER ID
 *	queue_crash tidy FOLDER
 *	queue_crash move FOLDER TO	all of it
 *	queue_crash check FOLDER	the table at the top of queue.c
 *
 * Exits with 0; 1 and a sentence when a rule is broken; 64 when called wrongly;
 * else with what the error has.  A message is CRLF lines that tell their place,
 * so that a wrong or torn one is seen: `check' looks at those that begin as
 * ours do. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/sysenv.h"
#include "queue/queue.h"

#define LINE_SIZE 32 /* octets of one */
#define FIRST	  "line 000000000000000000000000\r\n"

static struct arena arena = ARENA_INIT;
static struct queue queue;
static struct error error;

static int failed(void)
{
	fprintf(stderr, "queue_crash: %s\n", error.text);
	return error_exit(&error);
}

static void make_line(uint64_t octet, char line[LINE_SIZE + 1])
{
	snprintf(line, LINE_SIZE + 1, "line %024llu\r\n",
		 (unsigned long long)octet);
	line[LINE_SIZE - 1] = '\n';
}

/* ---- changes ------------------------------------------------------------ */

static int stage_message(struct stage *s, uint64_t size)
{
	char line[LINE_SIZE + 1];

	for (uint64_t at = 0; at < size; at += LINE_SIZE) {
		make_line(at, line);
		if (sink_put(&s->sink, line,
			     size - at < LINE_SIZE ? (size_t)(size - at)
						   : LINE_SIZE) < 0)
			return -1;
	}
	return sink_close(&s->sink);
}

static int do_put(int argc, char **argv)
{
	const char *folders[] = { queue_stage_folder(&arena, argv[2]), "/tmp",
				  NULL };
	struct entry_recipient to[] = { { .address = "a@example.org" },
					{ .address = "b@example.org" } };
	struct entry e = { .arrived = sysenv_now(),
			   .reverse_path = "me@example.org",
			   .recipients = to,
			   .count = 2 };
	struct stage s;
	int r = 0;

	if (argc < 4)
		return EX_USAGE;
	stage_init(&s, folders, "the message", &error);
	if (stage_message(&s, strtoull(argv[3], NULL, 10)) < 0 ||
	    queue_put(&queue, &s, &e, argv[4], &error) < 0)
		r = failed();
	else
		puts(e.id);
	stage_free(&s);
	return r;
}

static int change(struct queue_claim *c)
{
	struct entry_recipient *to = c->entry.recipients;

	to[0].tries++;
	to[0].tried = sysenv_now();
	to[0].next = sysenv_now() + 300;
	to[0].last = (struct small_error){ .cause = ERROR_TEMPORARY,
					   .temporary = true,
					   .text = "not now" };
	if (c->entry.count > 1)
		to[1].state = ENTRY_SENT;
	return queue_update(c, &error);
}

static int do_claim(const char *what, enum queue_place place, const char *id)
{
	struct queue_claim c;
	int r = queue_claim(&queue, &arena, place, id, &c, &error);

	if (r < 0)
		return failed();
	if (r == 0)
		return EX_TEMPFAIL;
	if (!strcmp(what, "update"))
		r = change(&c);
	else if (!strcmp(what, "give-up"))
		r = queue_give_up(&c, &error);
	else if (!strcmp(what, "revive"))
		r = queue_requeue(&c, &error);
	else
		r = queue_remove(&c, &error);
	queue_release(&c);
	return r < 0 ? failed() : 0;
}

static int do_move(const char *folder)
{
	struct queue to;

	if (queue_open(&to, &arena, folder, true, &error) < 0 ||
	    queue_move_all(&queue, &to, &error) < 0)
		return failed();
	return 0;
}

/* ---- the judge ---------------------------------------------------------- */

static int broken(const char *folder, const char *name, const char *why)
{
	printf("%s/%s: %s\n", folder, name, why);
	return 1;
}

/* Of ours each line tells its place. */
static bool is_torn(const struct slice *message)
{
	char line[LINE_SIZE + 1], got[LINE_SIZE];
	struct source s;
	ssize_t n;

	source_of_slice(&s, message);
	for (uint64_t at = 0; at < message->length; at += (uint64_t)n) {
		n = source_read(&s, got, LINE_SIZE, &error);
		if (n <= 0)
			return true;
		make_line(at, line);
		if (at == 0 && memcmp(got, FIRST, (size_t)n) != 0)
			return false; /* somebody else's */
		if (memcmp(got, line, (size_t)n) != 0)
			return true;
	}
	return false;
}

static int check_entry(enum queue_place place, const char *folder,
		       const char *id)
{
	struct arena a = ARENA_INIT;
	struct queue_claim c;
	struct entry e;
	int r = queue_peek(&queue, &a, place, id, &e, &error);

	if (r > 0)
		r = queue_claim(&queue, &a, place, id, &c, &error);
	if (r < 0)
		r = broken(folder, id, error.text);
	else if (r > 0) {
		r = is_torn(&c.message)
			    ? broken(folder, id, "its message is torn")
			    : 0;
		queue_release(&c);
	}
	error_clear(&error);
	arena_free(&a);
	return r;
}

static int check_place(enum queue_place place, const char *folder)
{
	struct queue_names names;
	int bad = 0;

	if (queue_list(&queue, &arena, place, &names, &error) < 0)
		return broken(folder, "", error.text);
	for (size_t i = 0; i < names.count; i++)
		bad |= place == QUEUE_BAD
			       ? broken(folder, names.ids[i], "was set aside")
			       : check_entry(place, folder, names.ids[i]);
	return bad;
}

/* Only the owner may enter, read or write. */
static int check_modes(const char *path)
{
	static const char *const parts[] = { "",    "msg", "env",  "failed",
					     "bad", "tmp", "stamp" };
	int bad = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *part =
			arena_format(&arena, "%s/%s", path, parts[i]);
		DIR *folder = opendir(part);
		struct dirent *entry;
		struct stat st;

		while (folder && (entry = readdir(folder))) {
			const char *name = arena_format(&arena, "%s/%s", part,
							entry->d_name);

			if (strcmp(entry->d_name, "..") != 0 &&
			    lstat(name, &st) == 0 && st.st_mode & 077)
				bad |= broken(part, entry->d_name,
					      "others may come to it");
		}
		if (folder)
			closedir(folder);
	}
	return bad;
}

static int do_check(const char *folder)
{
	int bad = check_place(QUEUE_WAITING, "env");

	bad |= check_place(QUEUE_GIVEN_UP, "failed");
	bad |= check_place(QUEUE_BAD, "bad");
	return bad | check_modes(folder);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	bool is_change = !strcmp(what, "update") || !strcmp(what, "give-up") ||
			 !strcmp(what, "remove");
	int r = EX_USAGE;

	sysenv_init();
	if (argc < 3)
		return EX_USAGE;
	if (queue_open(&queue, &arena, argv[2], !strcmp(what, "put"), &error) <
	    0)
		return failed();
	if (!strcmp(what, "put"))
		r = do_put(argc, argv);
	else if (!strcmp(what, "tidy"))
		r = queue_tidy(&queue, &error) < 0 ? failed() : 0;
	else if (!strcmp(what, "check"))
		r = do_check(argv[2]);
	else if (!strcmp(what, "move") && argc > 3)
		r = do_move(argv[3]);
	else if (is_change && argc > 3)
		r = do_claim(what, QUEUE_WAITING, argv[3]);
	else if (!strcmp(what, "revive") && argc > 3)
		r = do_claim(what, QUEUE_GIVEN_UP, argv[3]);
	arena_free(&arena);
	return r;
}
