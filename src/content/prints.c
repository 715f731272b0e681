/*
 * content/prints.c - a text becomes marks and cells, in any portions.
 *
 * Winnowing (Schleimer, Wilkerson, Aiken 2003): of each PRINT_WINDOW runs in a row the one of the
 * smallest rank is a mark, the last one of equals.  What a portion needs of the one before is the
 * PRINT_CARRY bytes that its first window reaches back, so that it does not matter where a text is
 * cut.
 */
#include "prints.h"

#include <string.h>

#include "exfild/base/hash.h"

#define CHUNK 1024u
#define FULL  (PRINT_CARRY + CHUNK + 2)

enum { PART, ESCAPED, SLASHED }; /* what is no letter of a word */

enum { ESCAPE_NONE, ESCAPE_PERCENT, ESCAPE_NIBBLE, ESCAPE_SLASH };

struct reading {
	size_t len, breaks;
	size_t old, old_breaks; /* of them from the portion before */
	uint8_t text[FULL];
	uint16_t brk[PRINT_WORDS + FULL];
	uint64_t sum[FULL + 1]; /* polynomial over all before */
};

/* Small letters and digits as they count; bytes of other alphabets are letters. */
static uint8_t letter_of(uint8_t b)
{
	if (b >= 'A' && b <= 'Z')
		return b | 0x20;
	if ((b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b >= 0x80)
		return b;
	return b == '%' ? ESCAPED : b == '\\' ? SLASHED : PART;
}

void print_keys_make(const struct content_key *key, struct print_keys *ret)
{
	ret->key = *key;
	ret->base = siphash(key, "base", 4) | 1;
	ret->secret = siphash(key, "secret", 6);
	for (unsigned b = 0; b < sizeof(ret->letter); b++)
		ret->letter[b] = letter_of((uint8_t)b);
	ret->power[0] = 1;
	for (unsigned i = 1; i <= PRINT_CELL_MAX; i++)
		ret->power[i] = ret->power[i - 1] * ret->base;
}

/* ---- reading ---- */

static void put_break(struct reading *r)
{
	if (!r->breaks || r->brk[r->breaks - 1] != r->len)
		r->brk[r->breaks++] = (uint16_t)r->len;
}

static void put_byte(struct prints_lane *l, struct reading *r, uint8_t b)
{
	uint8_t v = letter_of(b);
	if (v > SLASHED) {
		r->text[r->len++] = v;
	} else if (v == ESCAPED) {
		l->escape = ESCAPE_PERCENT; /* what comes of it may be a letter of the word */
	} else {
		put_break(r);
		l->escape = v == SLASHED ? ESCAPE_SLASH : ESCAPE_NONE;
	}
}

#define NO_NIBBLE 16u

static unsigned nibble(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10u : NO_NIBBLE;
}

/* Of the signs that JSON writes as a letter: they part words. */
static bool is_sign_of_json(uint8_t b)
{
	static const uint8_t all[] = { 'b', 'f', 'n', 'r', 't', 'u' };
	return memchr(all, b, sizeof(all)) != NULL;
}

/* Within %41 of forms and \n of JSON. */
static void go_on(struct prints_lane *l, struct reading *r, uint8_t b)
{
	uint8_t escape = l->escape;
	l->escape = ESCAPE_NONE;
	if (escape == ESCAPE_SLASH) {
		if (!is_sign_of_json(b))
			put_byte(l, r, b);
	} else if (escape == ESCAPE_PERCENT && nibble(b) != NO_NIBBLE) {
		l->escape = ESCAPE_NIBBLE;
		l->held = b;
	} else if (escape == ESCAPE_NIBBLE && nibble(b) != NO_NIBBLE) {
		uint8_t v = letter_of((uint8_t)(nibble(l->held) << 4 | nibble(b)));
		if (v > SLASHED)
			r->text[r->len++] = v;
		else
			put_break(r);
	} else {
		put_break(r);
		if (escape == ESCAPE_NIBBLE)
			put_byte(l, r, l->held);
		put_byte(l, r, b);
	}
}

static void read_bytes(struct prints_lane *l, struct reading *r, const struct print_keys *k,
		       const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t v = k->letter[data[i]];
		if (l->escape)
			go_on(l, r, data[i]);
		else if (v > SLASHED)
			r->text[r->len++] = v;
		else
			put_byte(l, r, data[i]);
	}
}

/* ---- what comes of it ---- */

static uint64_t slice(const struct reading *r, const struct print_keys *k, size_t from, size_t n)
{
	return r->sum[from + n] - r->sum[from] * k->power[n];
}

static void try_print(const struct prints_lane *l, const struct print_job *job,
		      const struct reading *r, size_t from, size_t n, bool is_cell)
{
	uint64_t mixed = hash_mix(job->keys->secret ^ slice(r, job->keys, from, n), n);
	uint32_t filter = (uint32_t)(mixed >> 32);
	uint32_t bit = filter >> job->shift;
	if (job->bitmap && !(job->bitmap[bit >> 6] >> (bit & 63) & 1))
		return;
	struct print_found f = { .bytes = r->text + from,
				 .len = (uint32_t)n,
				 .filter = filter,
				 .is_cell = is_cell,
				 .at = l->passed - r->old + from + n };
	job->fn(job->arg, &f);
}

static void find_cells(const struct prints_lane *l, const struct print_job *job,
		       const struct reading *r)
{
	for (size_t i = r->old_breaks; i < r->breaks; i++)
		for (size_t words = 1; words <= PRINT_WORDS && words <= i; words++) {
			size_t from = r->brk[i - words], n = r->brk[i] - from;
			if (n > PRINT_CELL_MAX)
				break;
			if (n >= PRINT_CELL_MIN)
				try_print(l, job, r, from, n, true);
		}
}

static void find_marks(struct prints_lane *l, const struct print_job *job, const struct reading *r)
{
	uint64_t rank[FULL];
	size_t grams = r->len < PRINT_GRAM ? 0 : r->len - PRINT_GRAM + 1;
	size_t from = r->old < PRINT_GRAM ? 0 : r->old - PRINT_GRAM + 1; /* the first new one */
	size_t best = SIZE_MAX;
	for (size_t g = 0; g < grams; g++)
		rank[g] = slice(r, job->keys, g, PRINT_GRAM);
	for (size_t g = from < PRINT_WINDOW - 1 ? PRINT_WINDOW - 1 : from; g < grams; g++) {
		if (best == SIZE_MAX || best + PRINT_WINDOW <= g) {
			best = g;
			for (size_t i = g; i-- > g + 1 - PRINT_WINDOW;)
				best = rank[i] < rank[best] ? i : best;
		} else if (rank[g] <= rank[best]) {
			best = g;
		}
		uint64_t place = l->passed - r->old + best + 1;
		if (place == l->picked)
			continue;
		l->picked = place;
		try_print(l, job, r, best, PRINT_GRAM, false);
	}
}

/* ---- from portion to portion ---- */

static void take_up(const struct prints_lane *l, struct reading *r)
{
	memcpy(r->text, l->carry, l->carry_len);
	r->len = r->old = l->carry_len;
	if (!l->passed) /* a text begins with a word */
		r->brk[r->old_breaks++] = 0;
	for (unsigned i = l->break_count; l->passed && i-- > 0;)
		r->brk[r->old_breaks++] = (uint16_t)(r->len - l->breaks[i]);
	r->breaks = r->old_breaks;
}

static void put_down(struct prints_lane *l, const struct reading *r)
{
	size_t n = r->len < PRINT_CARRY ? r->len : PRINT_CARRY;
	l->passed += r->len - r->old;
	memcpy(l->carry, r->text + r->len - n, n);
	l->carry_len = (uint8_t)n;
	l->break_count = 0;
	for (size_t i = r->breaks; i-- > 0 && l->break_count < PRINT_WORDS;)
		if (r->len - r->brk[i] <= n)
			l->breaks[l->break_count++] = (uint8_t)(r->len - r->brk[i]);
}

static void take_portion(struct prints_lane *l, const struct print_job *job, const uint8_t *data,
			 size_t len, bool is_end)
{
	struct reading r;
	r.len = r.breaks = r.old = r.old_breaks = 0;
	take_up(l, &r);
	read_bytes(l, &r, job->keys, data, len);
	if (is_end)
		put_break(&r);
	r.sum[0] = 0;
	for (size_t i = 0; i < r.len; i++)
		r.sum[i + 1] = r.sum[i] * job->keys->base + r.text[i];
	if (job->wants & PRINTS_CELLS)
		find_cells(l, job, &r);
	if (job->wants & PRINTS_MARKS)
		find_marks(l, job, &r);
	put_down(l, &r);
}

void prints_take(struct prints_lane *l, const struct print_job *job, const uint8_t *data,
		 size_t len)
{
	for (size_t at = 0; at < len; at += CHUNK)
		take_portion(l, job, data + at, len - at < CHUNK ? len - at : CHUNK, false);
}

void prints_end(struct prints_lane *l, const struct print_job *job)
{
	take_portion(l, job, NULL, 0, true);
}
