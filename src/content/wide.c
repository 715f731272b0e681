/*
 * content/wide.c - makes UTF-16 of Latin letters to single bytes.
 *
 * Documents and protocols of Windows hold text as UTF-16, in either order of bytes, often amid
 * others.  Where nearly every other byte is zero, the zeros are left out; that needs no place to
 * begin at and no order, so that portions may be cut anywhere.
 */
#include <string.h>

#include "content.h"

#define BLOCK      64u
#define BLOCK_MIN  8u /* a shorter one is as that before it */
#define ZERO_SHARE 30 /* percent of the bytes */
#define SIDE_SHARE 90 /* percent of the zeros, on one side */

static bool is_wide_block(const uint8_t *data, size_t len)
{
	unsigned zeros[2] = { 0, 0 };
	for (size_t i = 0; i < len; i++)
		zeros[i & 1] += data[i] == 0;
	unsigned all = zeros[0] + zeros[1], most = zeros[0] > zeros[1] ? zeros[0] : zeros[1];
	return all * 100 >= ZERO_SHARE * len && most * 100 >= SIDE_SHARE * all;
}

size_t wide_narrow(bool *is_wide, const uint8_t *data, size_t len, uint8_t *dst)
{
	size_t n = 0;
	for (size_t at = 0; at < len; at += BLOCK) {
		size_t block = len - at < BLOCK ? len - at : BLOCK;
		if (block >= BLOCK_MIN)
			*is_wide = memchr(data + at, 0, block) && is_wide_block(data + at, block);
		if (!*is_wide) {
			memcpy(dst + n, data + at, block);
			n += block;
			continue;
		}
		for (size_t i = at; i < at + block; i++)
			if (data[i])
				dst[n++] = data[i];
	}
	return n;
}
