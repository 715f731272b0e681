/*
 * base/utf16.h - text of Windows protocols as UTF-8.
 *
 * What: UTF-16LE (RFC 2781) and code pages of one byte to UTF-8.  What is no character (half a
 * pair, a byte that is not ASCII and whose page nobody tells) becomes U+FFFD.
 * Ownership: borrows.  Threads: any.
 * Limits: never cuts within a character; a last odd byte is left out.
 */
#ifndef EXFILD_BASE_UTF16_H
#define EXFILD_BASE_UTF16_H

#include <stddef.h>
#include <stdint.h>

/*
 * Up to `size` bytes of UTF-8, without a NUL at the end; returns how many.  *ret_full (may be
 * NULL): bytes that the whole would have been.
 */
size_t utf16_to_utf8(char *dst, size_t size, const uint8_t *src, size_t len, size_t *ret_full);
/* The same of one-byte characters. */
size_t oem_to_utf8(char *dst, size_t size, const uint8_t *src, size_t len, size_t *ret_full);

#endif
