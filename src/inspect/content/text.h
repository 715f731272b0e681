/*
 * inspect/content/text.h - what a clear text speaks of.
 *
 * What: marks of event/content.h, by words and by their form; shares of base64 and hex; text that
 * lies in base64 within the text is looked at too.
 * Ownership: borrows the bytes.  Threads: any (values).
 * Limits: the first CONTENT_SPAN bytes; time linear in them for each of some sixty words.
 */
#ifndef EXFILD_INSPECT_CONTENT_TEXT_H
#define EXFILD_INSPECT_CONTENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/event/content.h"

#define CONTENT_SPAN 4096

/* Bits of enum content_mark. */
uint32_t content_marks(const uint8_t *data, size_t len);
/* Whether a value is a command line of an operating system; letters' case aside. */
bool content_is_command(const uint8_t *data, size_t len);

/* Of a run of text: percent of its bytes that lie in runs of 24 or more of an alphabet. */
struct content_shares {
	uint8_t base64, hex;
};
struct content_shares content_shares(const uint8_t *data, size_t len);

/*
 * Decodes base64 (RFC 4648, both alphabets; line ends and URL encoding of + / = passed over) until
 * the input ends, something else comes, or dst is full.  Returns the bytes written.
 */
size_t content_base64(uint8_t *dst, size_t size, const uint8_t *data, size_t len);

#endif
