/* scratch.h - a folder of the test's own, gone when the test is. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/disk.h"

static inline int scratch_remove_one(const char *path, const struct stat *st,
				     int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int scratch_make(void **state)
{
	static char path[64];

	strcpy(path, "/tmp/mailsend-test.XXXXXX");
	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
	return nftw(*state, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *scratch_path(void **state, const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", (char *)*state, name);
	return path[turn];
}

static inline void scratch_read(const char *path, struct buf *out)
{
	struct error f = ERROR_INIT;

	buf_reset(out);
	assert_int_equal(disk_read_file(path, out, false, &f), 0);
}

#endif
