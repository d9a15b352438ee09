/* base64_slice.h - a slice as base64 in lines of 76, encoded as it is read.
 *
 * The same text as that of the sink (base64.h), but can start at any octet: all
 * lines but the last have the same length, so the position of each in the input
 * is known. */
#ifndef CODEC_BASE64_SLICE_H
#define CODEC_BASE64_SLICE_H

#include "flow/slice.h"

extern const struct encoder base64_encoder;

#endif
