/* notice_filter.c - notices made of mails that failed, for tests that have
 * other programs read them.
 *
 *	notice_filter FOLDER WORD...
 *
 * FOLDER is a queue.  The words are taken one after the other:
 *
 *	file=F		begins a mail with this content (CRLF)
 *	id=I from=A ret=R envid=E notify=N arrived=T account=A kind=K
 *	message-id=M 8bit utf8		of the mail
 *	to=A waiting=A sent=A told=A	begins a recipient; to= is a failed one
 *	reply=R host=H text=T esc=E temporary orcpt=O wants=N	of it
 *	put		it goes into the queue
 *	copies=N	and so do N of it, id1, id2 ...
 *	run		notice_failures; "made N"
 *	delay=I		notice_delay of that mail
 *	keep=I		notice_keep of that notice
 *	list		each mail, "PLACE ID KIND STATES": f(ailed) t(old)
 *			w(aiting) s(ent)
 *	show=I print=I	the entry of one; the mail
 *
 * What is an error goes to standard error, with status 1. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"
#include "notice_bench.h"

static struct bench bench;
static struct bench_mail mail;
static struct entry_recipient *last;
static const char *wish; /* for the mail's id */

static void die(const char *what)
{
	fprintf(stderr, "notice_filter: %s: %s\n", what, bench.error.text);
	exit(1);
}

static struct slice open_slice(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	return (struct slice){ .fd = fd,
			       .length = (uint64_t)st.st_size,
			       .name = path };
}

static void begin(const char *path)
{
	mail = bench_mail(&bench, "");
	mail.content = open_slice(path);
	wish = NULL;
}

static void put(void)
{
	if (!bench_put(&bench, &mail, wish))
		die("put");
}

static void put_copies(int n)
{
	for (int i = 1; i <= n; i++)
		if (!bench_put(&bench, &mail,
			       arena_format(&bench.arena, "id%d", i)))
			die("copies");
}

static void run(void)
{
	unsigned made;

	if (notice_failures(&bench.queue, &bench.arena, &made, &bench.error) <
	    0)
		die("run");
	printf("made %u\n", made);
}

static struct queue_claim claim(const char *id)
{
	struct queue_claim c;

	if (queue_claim(&bench.queue, &bench.arena, QUEUE_WAITING, id, &c,
			&bench.error) <= 0)
		die(id);
	return c;
}

static const struct account *choose(void)
{
	struct config_query w = { .sender = "alice@example.org" };
	struct account *account = NULL;
	struct config config;

	if (config_load(&config, &bench.arena, &w, &bench.error) < 0 ||
	    config_choose(&config, &w, &account, &bench.error) < 0)
		die("the configuration");
	return account;
}

static void delay(const char *id)
{
	struct queue_claim c = claim(id);

	if (notice_delay(&c, &bench.arena, choose(), &bench.error) < 0)
		die("delay");
	queue_release(&c);
}

static void keep(const char *id)
{
	struct queue_claim c = claim(id);

	if (notice_keep(&c, &bench.arena, choose(), &bench.error) < 0)
		die("keep");
	queue_release(&c);
}

static void list_place(enum queue_place place, const char *name)
{
	static const char *const kinds[] = { "mail", "failure", "delay" };
	struct queue_names names;
	struct entry e;

	if (queue_list(&bench.queue, &bench.arena, place, &names,
		       &bench.error) < 0)
		die(name);
	for (size_t i = 0; i < names.count; i++) {
		if (queue_peek(&bench.queue, &bench.arena, place, names.ids[i],
			       &e, &bench.error) <= 0)
			die(names.ids[i]);
		printf("%s %s %s ", name, e.id, kinds[e.kind]);
		for (size_t j = 0; j < e.count; j++)
			putchar("wsft"[e.recipients[j].state]);
		putchar('\n');
	}
}

static void show(const char *id)
{
	struct entry e;

	if (queue_peek(&bench.queue, &bench.arena, QUEUE_WAITING, id, &e,
		       &bench.error) <= 0)
		die(id);
	printf("from=<%s>\nto=<%s>\naccount=%s\nnotify=%s\nmessage-id=%s\n"
	       "8bit=%d\nutf8=%d\narrived=%" PRId64 "\nwarned=%d\n",
	       e.reverse_path, e.recipients[0].address,
	       e.account ? e.account : "-", e.dsn_notify ? e.dsn_notify : "-",
	       e.message_id ? e.message_id : "-", e.has_8bit, e.has_8bit_header,
	       e.arrived, e.is_warned);
}

static void print(const char *id)
{
	struct queue_claim c = claim(id);
	struct sink_fd out;

	fflush(stdout);
	sink_fd_init(&out, STDOUT_FILENO, "standard output", &bench.error);
	pump_slice(&c.message, &out.sink);
	if (sink_close(&out.sink) < 0)
		die(id);
	sink_fd_free(&out);
	queue_release(&c);
}

static bool take_mail(const char *name, const char *value)
{
	struct entry *e = &mail.entry;
	struct {
		const char *name;
		const char **at;
	} texts[] = { { "id", &wish },
		      { "from", &e->reverse_path },
		      { "ret", &e->dsn_ret },
		      { "envid", &e->dsn_envid },
		      { "notify", &e->dsn_notify },
		      { "account", &e->account },
		      { "message-id", &e->message_id } };

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(name, texts[i].name)) {
			*texts[i].at = value;
			return true;
		}
	if (!strcmp(name, "arrived"))
		e->arrived = atoll(value);
	else if (!strcmp(name, "kind"))
		e->kind = (enum entry_kind)atoi(value);
	else if (!strcmp(name, "8bit"))
		e->has_8bit = true;
	else if (!strcmp(name, "utf8"))
		e->has_8bit = e->has_8bit_header = true;
	else
		return false;
	return true;
}

static bool take_recipient(const char *name, const char *value)
{
	if (!strcmp(name, "to"))
		last = bench_to(&mail, value);
	else if (!strcmp(name, "gave-up"))
		last = bench_gave_up(&mail, value);
	else if (!strcmp(name, "waiting"))
		last = bench_in_state(&mail, value, ENTRY_WAITING);
	else if (!strcmp(name, "sent"))
		last = bench_in_state(&mail, value, ENTRY_SENT);
	else if (!strcmp(name, "told"))
		last = bench_in_state(&mail, value, ENTRY_REPORTED);
	else if (!strcmp(name, "reply"))
		last->reply = value;
	else if (!strcmp(name, "host"))
		last->host = value;
	else if (!strcmp(name, "text"))
		last->last.text = value;
	else if (!strcmp(name, "esc"))
		snprintf(last->last.esc, sizeof(last->last.esc), "%s", value);
	else if (!strcmp(name, "temporary"))
		last->last.temporary = true;
	else if (!strcmp(name, "orcpt"))
		last->dsn_orcpt = value;
	else if (!strcmp(name, "wants"))
		last->dsn_notify = value;
	else
		return false;
	return true;
}

static bool take_action(const char *name, const char *value)
{
	if (!strcmp(name, "file"))
		begin(value);
	else if (!strcmp(name, "put"))
		put();
	else if (!strcmp(name, "copies"))
		put_copies(atoi(value));
	else if (!strcmp(name, "run"))
		run();
	else if (!strcmp(name, "delay"))
		delay(value);
	else if (!strcmp(name, "keep"))
		keep(value);
	else if (!strcmp(name, "show"))
		show(value);
	else if (!strcmp(name, "print"))
		print(value);
	else if (!strcmp(name, "list")) {
		list_place(QUEUE_WAITING, "env");
		list_place(QUEUE_GIVEN_UP, "failed");
	} else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	sysenv_init();
	log_open("notice_filter");
	if (argc < 2 || !bench_open(&bench, argv[1]))
		die("the queue");
	for (int i = 2; i < argc; i++) {
		size_t n = strcspn(argv[i], "=");
		const char *name = arena_dup_n(&bench.arena, argv[i], n);
		const char *value = argv[i] + n + (argv[i][n] == '=');

		if (!take_action(name, value) && !take_mail(name, value) &&
		    !take_recipient(name, value))
			die(argv[i]);
	}
	bench_close(&bench);
	return 0;
}
