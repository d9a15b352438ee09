/* test_block_portable.c - the same where there is no SSE2. */
#define BLOCK_PORTABLE
#include "test_block.c"
