/*
 * base/utf16.c - text of Windows protocols as UTF-8.
 */
#include "exfild/base/utf16.h"

#include <stdbool.h>

#define NO_CHARACTER 0xfffdu

/* Text that is being written: once something did not fit, only its length is counted. */
struct text {
	char *dst;
	size_t size, len, full;
	bool is_cut;
};

static void put(struct text *t, uint32_t c)
{
	uint8_t b[4];
	size_t n = 0;
	if (c < 0x80) {
		b[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		b[n++] = (uint8_t)(0xc0 | c >> 6);
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (uint8_t)(0xe0 | c >> 12);
		b[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (uint8_t)(0xf0 | c >> 18);
		b[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	}
	t->full += n;
	t->is_cut = t->is_cut || n > t->size - t->len;
	if (t->is_cut)
		return;
	for (size_t i = 0; i < n; i++)
		t->dst[t->len++] = (char)b[i];
}

size_t utf16_to_utf8(char *dst, size_t size, const uint8_t *src, size_t len, size_t *ret_full)
{
	struct text t = { .dst = dst, .size = size };
	for (size_t i = 0; i + 1 < len; i += 2) {
		uint32_t c = (uint32_t)src[i] | (uint32_t)src[i + 1] << 8;
		if (c >= 0xd800 && c < 0xe000) {
			uint32_t low =
				i + 3 < len ? (uint32_t)src[i + 2] | (uint32_t)src[i + 3] << 8 : 0;
			if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			} else {
				c = NO_CHARACTER;
			}
		}
		put(&t, c);
	}
	if (ret_full)
		*ret_full = t.full;
	return t.len;
}

size_t oem_to_utf8(char *dst, size_t size, const uint8_t *src, size_t len, size_t *ret_full)
{
	struct text t = { .dst = dst, .size = size };
	for (size_t i = 0; i < len; i++)
		put(&t, src[i] < 0x80 ? src[i] : NO_CHARACTER);
	if (ret_full)
		*ret_full = t.full;
	return t.len;
}
