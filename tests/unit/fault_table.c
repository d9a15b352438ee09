/* error_table.c - the table of causes and exit statuses, for tests that hold
 * the manual pages and the schemas against it: a line "EXIT NAME MEANING" for
 * each row. */
#include <stdio.h>

#include "base/error.h"

int main(void)
{
	for (const struct error_row *row = error_rows; row->name; row++)
		if (printf("%d %s %s\n", row->exit, row->name,
			   row->meaning ? row->meaning : "-") < 0)
			return 1;
	return 0;
}
