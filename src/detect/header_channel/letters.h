/*
 * detect/header_channel/letters.h - runs of numbers that are nothing but letters.
 *
 * What: header_channel's measure.  A value of one, two or four bytes is text when all its bytes
 * are letters, or when its first or its last byte is one and the others are zero.  A run is what
 * came in a row in one of these forms; is it broken, it begins anew.
 * Ownership: values.  Threads: analysis plane.  Limits: a run counts to 65535 letters.
 */
#ifndef EXFILD_DETECT_HEADER_CHANNEL_LETTERS_H
#define EXFILD_DETECT_HEADER_CHANNEL_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#define LETTERS_SHOWN    16   /* letters that an alert shows: they are what was taken */
#define LETTERS_DISTINCT 8    /* different letters that a text has */
#define LETTERS_TURNS    0.25 /* share of values after which they go the other way */

enum letters_form { LETTERS_NONE, LETTERS_ALL, LETTERS_FIRST, LETTERS_LAST }; /* which bytes */

struct letters_run {
	uint64_t first_ns;
	uint64_t seen[2]; /* a bit a letter */
	uint32_t last;
	uint16_t values, letters, words; /* words: of A to Z */
	uint16_t turns, near;            /* near: hardly different from the value before */
	uint8_t form;                    /* enum letters_form */
	int8_t heading;                  /* of the last change */
	uint8_t told;                    /* for who tells of it */
	char text[LETTERS_SHOWN + 1];
};

/* bytes: 1, 2 or 4. */
enum letters_form letters_form(uint32_t value, unsigned bytes);
void letters_add(struct letters_run *r, uint32_t value, unsigned bytes, uint64_t now_ns);
unsigned letters_distinct(const struct letters_run *r);
/* Whether the run is a text of at least so many letters, and neither counts nor repeats. */
bool letters_are_text(const struct letters_run *r, unsigned bytes, uint64_t least);
/* Whether a field goes the other way now: *last and *heading are kept for it. */
bool letters_turn(uint32_t *last, int8_t *heading, uint32_t value);

#endif
