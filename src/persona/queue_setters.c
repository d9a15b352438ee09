/* queue_setters.c - what options say of the queue. */
#include "persona/setters.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "config/values.h"

/* Mails that one command line can name are few. */
static void add_word(struct arena *a, struct flush_words *list,
		     const char *word)
{
	const char **new = arena_array(a, list->count + 1, sizeof(*new));

	if (list->count)
		memcpy(new, list->words, list->count * sizeof(*new));
	new[list->count++] = word;
	list->words = new;
}

int choose_queued(struct options_run *run, enum setter_words which,
		  const char *word, struct error *f)
{
	struct mailq_choice *q = &run->request->queue.choice;
	struct flush_words *lists[] = { [WORDS_IDS] = &q->ids,
					[WORDS_SENDERS] = &q->senders,
					[WORDS_RECIPIENTS] = &q->recipients };

	/* an empty one would be any */
	if (!*word)
		return error_set(f, ERROR_USAGE,
				 "it is empty: is a variable not set?");
	add_word(run->arena, lists[which], word);
	return 0;
}

SETTER(set_words)
{
	return choose_queued(run, (enum setter_words)row->value, value, f);
}

SETTER(set_flush)
{
	const struct option_row action = { .value = (int)REQUEST_RUN_QUEUE };

	(void)row;
	run->request->queue.tells_each = true;
	return set_action(run, &action, value, f);
}

SETTER(set_setup_queue)
{
	const struct option_row action = { .value = (int)REQUEST_SETUP_QUEUE };

	(void)row;
	if (!value)
		value = "on";
	else if (strcmp(value, "on") != 0 && strcmp(value, "remove") != 0 &&
		 strcmp(value, "show") != 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not what to do: nothing, remove or "
				 "show",
				 value);
	run->request->queue.setup = value;
	return set_action(run, &action, NULL, f);
}

/* ---- for a monitor ---- */

SETTER(set_limit_count)
{
	char *field = (char *)&run->request->queue.limits + row->value;
	unsigned long count;
	unsigned result;
	char *end;

	count = strtoul(value, &end, 10);
	if (!ascii_is_digit(*value) || *end || count == 0 || count > 1000000)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a count of mails, from 1 on",
				 value);
	result = (unsigned)count;
	memcpy(field, &result, sizeof(result));
	return 0;
}

SETTER(set_limit_age)
{
	char *field = (char *)&run->request->queue.limits + row->value;
	struct value v = { .arena = run->arena, .text = value };
	int seconds;
	int64_t result;

	if (value_duration(&v, &seconds) < 0)
		return error_set(f, ERROR_USAGE, "'%s' %s", value, v.why);
	result = seconds;
	memcpy(field, &result, sizeof(result));
	return 0;
}
