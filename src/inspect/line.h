/*
 * inspect/line.h - lines of text protocols.
 *
 * What: cuts the front of a stream into lines that end with LF or CR LF, and reads the words of
 * one.  A line longer than LINE_MAX is cut there, and its rest is a line of its own.
 * Ownership: a line borrows the bytes that it was taken from.
 * Threads: any.
 */
#ifndef EXFILD_SRC_INSPECT_LINE_H
#define EXFILD_SRC_INSPECT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define LINE_MAX 1024u

struct inspection;

struct line { /* a run of bytes, not ended by zero */
	const uint8_t *data;
	uint32_t len;
};

/*
 * The line at the front, without its end; returns how many bytes it takes with it, 0 when its end
 * is not there yet.  is_last: nothing will follow, so what there is counts as a line.
 */
uint32_t line_take(const uint8_t *data, uint32_t len, bool is_last, struct line *ret);

/*
 * For inspectors of such protocols, as their on_gap: what stands on both sides of a gap does not
 * belong together, and the next line counts.
 */
void line_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing);

/* The next word, up to a space; moves past it and the spaces after it. len 0: none left. */
struct line line_word(struct line *l);

/* Letters' case aside (ASCII). */
bool line_is(const struct line *l, const char *text);
bool line_begins(const struct line *l, const char *text);
bool line_has(const struct line *l, const char *text);

/* A decimal number at the front, at most `max`; moves past it. False when there is none. */
bool line_number(struct line *l, uint32_t max, uint32_t *ret);

/* Base64 (RFC 4648, 4) into dst, at most size bytes; returns how many, 0 when it is none. */
uint32_t line_base64(const struct line *l, uint8_t *dst, uint32_t size);

#endif
