/*
 * content/coded.c - undoes base64 and hex wherever they lie in a text.
 *
 * A run of 64 characters of the alphabet begins one; line ends belong to it, and what URL encoding
 * makes of + and /.  Where the first 64 are hexadecimal digits, it is hex.  A word of a path that
 * is that long is undone too, to no harm.
 */
#include <string.h>

#include "content.h"

#define RUN 64u
#define OUT 512u

/* Value of a character in base64 (RFC 4648, 4 and 5), 64: none. */
static const uint8_t sextets[256] = {
#define NONE16 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64
	NONE16, NONE16, 64,     64,     64,     64,     64,     64,     64, 64, 64, 64, 64, 62,
	64,     62,     64,     63,     52,     53,     54,     55,     56, 57, 58, 59, 60, 61,
	64,     64,     64,     64,     64,     64,     64,     0,      1,  2,  3,  4,  5,  6,
	7,      8,      9,      10,     11,     12,     13,     14,     15, 16, 17, 18, 19, 20,
	21,     22,     23,     24,     25,     64,     64,     64,     64, 63, 64, 26, 27, 28,
	29,     30,     31,     32,     33,     34,     35,     36,     37, 38, 39, 40, 41, 42,
	43,     44,     45,     46,     47,     48,     49,     50,     51, 64, 64, 64, 64, 64,
	NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16, NONE16,
#undef NONE16
};

static int nibble(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

struct out {
	uint8_t data[OUT];
	size_t len;
	coded_fn fn;
	void *arg;
};

static void flush(struct out *o)
{
	if (o->len)
		o->fn(o->arg, o->data, o->len);
	o->len = 0;
}

static void put(struct coded *c, struct out *o, uint8_t b)
{
	unsigned width = c->coding == CODING_HEX ? 4 : 6;
	c->carry = c->carry << width | (width == 4 ? (uint32_t)nibble(b) : sextets[b]);
	c->bits = (uint8_t)(c->bits + width);
	if (c->bits < 8)
		return;
	c->bits = (uint8_t)(c->bits - 8);
	o->data[o->len++] = (uint8_t)(c->carry >> c->bits);
	if (o->len == OUT)
		flush(o);
}

static void begin(struct coded *c, struct out *o)
{
	bool is_hex = true;
	for (unsigned i = 0; i < RUN && is_hex; i++)
		is_hex = nibble(c->start[i]) >= 0;
	c->coding = is_hex ? CODING_HEX : CODING_BASE64;
	c->escape = 0;
	c->bits = 0;
	c->line = 0;
	for (unsigned i = 0; i < RUN; i++)
		put(c, o, c->start[i]);
}

/* %2B and %2F within base64; true: the byte belongs to one. */
static bool take_escape(struct coded *c, struct out *o, uint8_t b)
{
	uint8_t low = b | 0x20;
	bool is_second = c->escape == 2 && (low == 'b' || low == 'f');
	if (is_second)
		put(c, o, low == 'b' ? '+' : '/');
	c->escape = b == '%' ? 1 : c->escape == 1 && b == '2' ? 2 : 0;
	return c->escape || is_second;
}

/* Uses bytes of the run that is under way. */
static size_t go_on(struct coded *c, struct out *o, const uint8_t *data, size_t len)
{
	size_t i = 0;
	for (; i < len; i++) {
		uint8_t b = data[i];
		if (b == '\r' || b == '\n')
			continue;
		if (c->coding == CODING_BASE64 && (b == '%' || c->escape) && take_escape(c, o, b))
			continue;
		if (c->coding == CODING_HEX ? nibble(b) < 0 : sextets[b] > 63) {
			flush(o);
			static const uint8_t apart = '\n';
			o->fn(o->arg, &apart, 1);
			c->coding = CODING_NONE;
			break;
		}
		put(c, o, b);
	}
	return i;
}

/*
 * Looks for the next run: at every 64th byte only, back from there to where the characters begin.
 * Returns the bytes used.
 */
static size_t search(struct coded *c, struct out *o, const uint8_t *data, size_t len)
{
	size_t from = 0; /* of the characters that may become a run */
	while (from < len) {
		size_t want = RUN - c->line, last = from + want - 1;
		if (last >= len)
			last = len - 1;
		size_t back = last + 1;
		while (back > from && sextets[data[back - 1]] < 64)
			back--;
		if (back > from) { /* a break: what may be a run begins behind it */
			c->line = 0;
			size_t n = last + 1 - back;
			memcpy(c->start, data + back, n);
			c->line = (uint32_t)n;
		} else {
			memcpy(c->start + c->line, data + from, last + 1 - from);
			c->line += (uint32_t)(last + 1 - from);
		}
		from = last + 1;
		if (c->line == RUN) {
			begin(c, o);
			return from;
		}
	}
	return len;
}

void coded_take(struct coded *c, const uint8_t *data, size_t len, coded_fn fn, void *arg)
{
	struct out o;
	o.len = 0;
	o.fn = fn;
	o.arg = arg;
	size_t at = 0;
	while (at < len)
		at += c->coding == CODING_NONE ? search(c, &o, data + at, len - at) :
						 go_on(c, &o, data + at, len - at);
	flush(&o);
}
