/* message_filter.c - messages on standard output, for tests that have other
 * programs read them.
 *
 *	message_filter message WORD...   a message of parts, in their order:
 *	    body=FILE html=FILE          read by a person
 *	    attach=FILE                  with what was said before it:
 *	    name=N type=T encoding=E     the receiver's name for it and so on
 *	    uu=FILE                      into the last body
 *	    nest                         what follows is one part of the rest
 *	    accept=7bit|8bit             what a server takes
 *	message_filter draft 7bit|8bit FILE   a draft, made fit
 *	message_filter type NAME FILE         the media type
 *
 * What is refused goes to standard error, with status 65. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "mail/draft.h"
#include "mail/filetype.h"
#include "mail/message.h"

static struct arena arena = ARENA_INIT;
static struct error error = ERROR_INIT;

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static struct slice open_slice(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		exit(66);
	}
	return (struct slice){ .fd = fd,
			       .length = (uint64_t)st.st_size,
			       .name = path };
}

struct build {
	struct part *root, **end, *body;
	const char *name, *type;
	enum encoding encoding;
	bool accept_8bit;
};

static struct part *add_part(struct build *b, const char *type)
{
	struct part *p = arena_alloc(&arena, sizeof(*p));

	p->type = type;
	header_init(&p->extra);
	*b->end = p;
	b->end = &p->next;
	return p;
}

static struct piece *add_piece(struct part *p, const char *path)
{
	struct piece **end = &p->pieces;

	while (*end)
		end = &(*end)->next;
	*end = arena_alloc(&arena, sizeof(**end));
	(*end)->content = open_slice(path);
	return *end;
}

static void add_attachment(struct build *b, const char *path)
{
	struct part *p = add_part(b, b->type);

	add_piece(p, path);
	p->filename = b->name ? b->name : base_name(path);
	if (!p->type)
		p->type = filetype_of(&arena, p->filename, &p->pieces->content);
	p->disposition = "attachment";
	p->has_size = true;
	p->encoding = b->encoding;
	b->name = b->type = NULL;
}

static void add_body(struct build *b, const char *path, const char *type)
{
	b->body = add_part(b, type);
	add_piece(b->body, path);
	b->body->is_body = true;
	b->body->encoding = b->encoding;
}

static void add_uuencoded(struct build *b, const char *path)
{
	struct piece *p = add_piece(b->body, path);

	p->uuencode = true;
	p->name = base_name(path);
	p->mode = 0640;
}

static void nest(struct build *b)
{
	struct part *p = add_part(b, "multipart/mixed");

	p->kind = PART_MULTIPART;
	b->end = &p->children;
}

static bool value_of(const char *word, const char *name, const char **value)
{
	size_t n = strlen(name);

	*value = word + n;
	return !strncmp(word, name, n);
}

static void take(struct build *b, const char *word)
{
	const char *value;

	if (value_of(word, "body=", &value))
		add_body(b, value, "text/plain");
	else if (value_of(word, "html=", &value))
		add_body(b, value, "text/html");
	else if (value_of(word, "attach=", &value))
		add_attachment(b, value);
	else if (value_of(word, "uu=", &value))
		add_uuencoded(b, value);
	else if (value_of(word, "name=", &value))
		b->name = value;
	else if (value_of(word, "type=", &value))
		b->type = value;
	else if (value_of(word, "encoding=", &value))
		b->encoding = (enum encoding)encoding_parse(value);
	else if (value_of(word, "accept=", &value))
		b->accept_8bit = !strcmp(value, "8bit");
	else if (!strcmp(word, "nest"))
		nest(b);
	else
		exit(64);
}

static int run_message(char **words, struct sink *to)
{
	struct build b = { .accept_8bit = true };
	struct message m = { .root = NULL };
	struct part mixed = { .kind = PART_MULTIPART,
			      .type = "multipart/mixed" };

	b.end = &b.root;
	for (; *words; words++)
		take(&b, *words);
	header_init(&m.header);
	header_init(&mixed.extra);
	header_add(&arena, &m.header, "From", "J\u00f6rg <a@example.org>",
		   &error);
	header_add(&arena, &m.header, "To", "b@example.org", &error);
	header_add(&arena, &m.header, "Subject", "Gr\u00fc\u00dfe", &error);
	header_add(&arena, &m.header, "Bcc", "secret@example.org", &error);
	mixed.children = b.root;
	m.root = b.root && b.root->next ? &mixed : b.root;
	if (message_prepare(&arena, &m, b.accept_8bit, &error) < 0)
		return -1;
	return message_write(&m, to);
}

static int run_draft(const char *accept, const char *path, struct sink *to)
{
	struct slice content = open_slice(path);
	struct draft d;

	if (draft_read(&arena, &content, &d, &error) < 0)
		return -1;
	return draft_write(&d, !strcmp(accept, "8bit"), to);
}

static int run(int argc, char **argv, struct sink *to)
{
	if (argc > 2 && !strcmp(argv[1], "message"))
		return run_message(argv + 2, to);
	if (argc == 4 && !strcmp(argv[1], "draft"))
		return run_draft(argv[2], argv[3], to);
	if (argc == 4 && !strcmp(argv[1], "type")) {
		struct slice content = open_slice(argv[3]);

		return sink_printf(to, "%s\n",
				   filetype_of(&arena, argv[2], &content));
	}
	return error_set(&error, ERROR_USAGE, "message, draft or type");
}

int main(int argc, char **argv)
{
	struct sink_fd out;

	sysenv_init();
	sink_fd_init(&out, STDOUT_FILENO, "standard output", &error);
	if (!run(argc, argv, &out.sink))
		sink_close(&out.sink);
	sink_fd_free(&out);
	arena_free(&arena);
	if (!error_is_set(&error))
		return 0;
	fprintf(stderr, "%s\n", error.text);
	return error_exit(&error);
}
