/* test_base64_portable.c - the same tests for the way without SSSE3. */
#define BASE64_PORTABLE
/* clang-format off */
#include "../../src/codec/base64.c"
#include "test_base64.c"
