/*
 * detect/header_channel/letters.c - see letters.h
 *
 * A third of all bytes are letters here, so a random byte is one in three times, two bytes in a
 * ninth, four in a ninetieth.  A counter goes one way but for packets that overtake each other;
 * then it goes back by little, and its first byte stays.
 */
#include "letters.h"

#include <string.h>

#define WORDS     0.25 /* share of a text that is A to Z: of hexadecimal digits a third */
#define NEAR      2    /* places in the alphabet */
#define NEAR_MOST 0.5
#define STAY_MOST 0.25 /* of values whose first letter stays */

static bool is_word(uint8_t b)
{
	return (uint8_t)((b | 0x20) - 'a') < 26;
}

static bool is_letter(uint8_t b)
{
	/* a bit each: line feed, space !"#'()+,-./0-9:;=?@A-Z_a-z{} */
	static const uint64_t letters[4] = { 0xaffffb8f00000400ull, 0x2ffffffe87ffffffull };
	return (letters[b / 64] >> b % 64 & 1) != 0;
}

enum letters_form letters_form(uint32_t value, unsigned bytes)
{
	uint8_t first = (uint8_t)(value >> 8 * (bytes - 1)), last = (uint8_t)value;
	bool has_first = is_letter(first), has_last = is_letter(last);
	if (has_first && has_last)
		return bytes < 4 || (is_letter((uint8_t)(value >> 16)) &&
				     is_letter((uint8_t)(value >> 8))) ?
			       LETTERS_ALL :
			       LETTERS_NONE;
	if (has_last && value == last)
		return LETTERS_LAST;
	return has_first && value == (uint32_t)first << 8 * (bytes - 1) ? LETTERS_FIRST :
									  LETTERS_NONE;
}

bool letters_turn(uint32_t *last, int8_t *heading, uint32_t value)
{
	int8_t way = (int8_t)((value > *last) - (value < *last));
	bool is_turn = way && *heading && way != *heading;
	*last = value;
	*heading = way ? way : *heading;
	return is_turn;
}

static void add_letter(struct letters_run *r, uint8_t b)
{
	if (r->letters < LETTERS_SHOWN)
		r->text[r->letters] = b == '\n' ? ' ' : (char)b;
	r->seen[b / 64 % 2] |= 1ull << b % 64;
	r->words = (uint16_t)(r->words + is_word(b));
	r->letters++;
}

static bool is_near(const struct letters_run *r, uint32_t value, unsigned bytes)
{
	unsigned shift = r->form == LETTERS_LAST ? 0 : 8 * (bytes - 1);
	int step = (int)(uint8_t)(value >> shift) - (int)(uint8_t)(r->last >> shift);
	return r->form == LETTERS_ALL && bytes > 1 ? step == 0 : step >= -NEAR && step <= NEAR;
}

void letters_add(struct letters_run *r, uint32_t value, unsigned bytes, uint64_t now_ns)
{
	enum letters_form form = letters_form(value, bytes);
	if (form != (enum letters_form)r->form || r->letters > UINT16_MAX - 4) {
		memset(r, 0, sizeof(*r));
		r->form = (uint8_t)form;
		r->first_ns = now_ns;
	}
	if (form == LETTERS_NONE)
		return;
	r->near = (uint16_t)(r->near + (r->values && is_near(r, value, bytes)));
	r->turns = (uint16_t)(r->turns + letters_turn(&r->last, &r->heading, value));
	r->values++;
	for (unsigned i = bytes; i-- > 0;)
		if (form == LETTERS_ALL || (form == LETTERS_FIRST ? i == bytes - 1 : i == 0))
			add_letter(r, (uint8_t)(value >> 8 * i));
}

unsigned letters_distinct(const struct letters_run *r)
{
	return (unsigned)(__builtin_popcountll(r->seen[0]) + __builtin_popcountll(r->seen[1]));
}

bool letters_are_text(const struct letters_run *r, unsigned bytes, uint64_t least)
{
	bool is_all = r->form == LETTERS_ALL;
	unsigned values = bytes == 1 ? 16 : bytes == 4 && is_all ? 8 : 12;
	double near = is_all && bytes > 1 ? STAY_MOST : NEAR_MOST;
	return r->values >= values && r->letters >= least &&
	       letters_distinct(r) >= LETTERS_DISTINCT && r->words >= WORDS * r->letters &&
	       r->turns >= LETTERS_TURNS * r->values && r->near <= near * r->values;
}
