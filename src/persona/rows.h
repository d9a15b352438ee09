/* rows.h - shorthand for the rows of an option table.
 *
 * FLAG(letter, "name", .field or .set ..., .help = ...); a letter of 0 or a
 * NULL name means none.  A table ends with ROWS_END. */
#ifndef PERSONA_ROWS_H
#define PERSONA_ROWS_H

#include "persona/options.h"

#define HEADING(text)                                                          \
	{                                                                      \
		.kind = OPTION_HEADING, .help = (text)                         \
	}
#define FLAG(c, word, ...)                                                     \
	{                                                                      \
		.kind = OPTION_FLAG, .letter = c, .name = word, __VA_ARGS__    \
	}
#define TEXT(c, word, what, ...)                                               \
	{                                                                      \
		.kind = OPTION_TEXT, .letter = c, .name = word,                \
		.argument = what, __VA_ARGS__                                  \
	}
#define FILE_NAME(c, word, what, ...)                                          \
	{                                                                      \
		.kind = OPTION_FILE, .letter = c, .name = word,                \
		.argument = what, __VA_ARGS__                                  \
	}
#define ROWS_END                                                               \
	{                                                                      \
		.kind = OPTION_FLAG                                            \
	}

#endif
