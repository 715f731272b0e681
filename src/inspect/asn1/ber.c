/*
 * inspect/asn1/ber.c - see ber.h.
 *
 *   identifier: class 2, constructed 1, number 5; all ones: the number follows in base 128
 *   length:     0xxxxxxx, or 1000nnnn and n octets
 */
#include "ber.h"

#define NUMBER_HIGH   31 /* the number is in the next octets */
#define NUMBER_OCTETS 4
#define CONSTRUCTED   0x20
#define LENGTH_LONG   0x80
#define LENGTH_OCTETS 4 /* that may be other than zero */
#define LENGTH_MOST   8 /* octets, zeros in front of it included */

static bool read_number(struct cursor *c, uint8_t id, uint32_t *ret)
{
	uint32_t number = id & NUMBER_HIGH;
	if (number == NUMBER_HIGH) {
		uint8_t octet = LENGTH_LONG;
		number = 0;
		for (unsigned i = 0; i < NUMBER_OCTETS && octet & LENGTH_LONG; i++) {
			octet = cursor_u8(c);
			number = number << 7 | (octet & 0x7f);
		}
		if (octet & LENGTH_LONG)
			return false;
	}
	*ret = number;
	return cursor_ok(c);
}

/* False where the octets are not all there, or say what no message of ours may. */
static bool read_length(struct cursor *c, uint32_t *ret, bool *ret_bad)
{
	uint8_t first = cursor_u8(c);
	unsigned octets = first & 0x7f;
	uint64_t len = 0;

	*ret_bad = false;
	if (!(first & LENGTH_LONG)) {
		*ret = first;
		return cursor_ok(c);
	}
	if (octets == 0 || octets > LENGTH_MOST) {
		*ret_bad = true;
		return false;
	}
	for (unsigned i = 0; i < octets; i++) {
		if (len >> (8 * (LENGTH_OCTETS - 1)))
			*ret_bad = true;
		len = len << 8 | cursor_u8(c);
	}
	*ret = (uint32_t)len;
	return cursor_ok(c) && !*ret_bad;
}

static bool read_head(struct cursor *c, struct ber *ret, bool *ret_bad)
{
	*ret_bad = false;
	ret->id = cursor_u8(c);
	if (!read_number(c, ret->id, &ret->number)) {
		*ret_bad = cursor_ok(c);
		return false;
	}
	return read_length(c, &ret->len, ret_bad);
}

void ber_begin(struct ber_level *level, const void *data, size_t len, bool is_cut)
{
	*level = (struct ber_level){ .in = cursor_make(data, len), .is_cut = is_cut };
}

bool ber_next(struct ber_level *level, struct ber *ret)
{
	*ret = (struct ber){ .depth = level->depth };
	if (level->is_broken || cursor_left(&level->in) == 0)
		return false;
	bool is_bad;
	struct cursor c = level->in;
	if (!read_head(&c, ret, &is_bad)) {
		/* a head that was cut off is nobody's fault, and tells nothing */
		level->is_broken = is_bad || !level->is_cut;
		cursor_skip(&level->in, cursor_left(&level->in));
		return false;
	}
	size_t len = ret->len;
	if (len > cursor_left(&c)) {
		if (!level->is_cut) {
			level->is_broken = true;
			return false;
		}
		ret->is_cut = true;
		len = cursor_left(&c);
	}
	ret->body = cursor_sub(&c, len);
	level->in = c;
	return true;
}

bool ber_take(struct ber_level *level, uint8_t id, struct ber *ret)
{
	struct cursor peek = level->in;
	if (level->is_broken || cursor_left(&peek) == 0 || cursor_u8(&peek) != id)
		return false;
	return ber_next(level, ret);
}

bool ber_enter(const struct ber *e, struct ber_level *ret)
{
	if (!(e->id & CONSTRUCTED) || e->depth + 1 >= BER_DEPTH_MAX)
		return false;
	*ret = (struct ber_level){ .in = e->body,
				   .depth = (uint8_t)(e->depth + 1),
				   .is_cut = e->is_cut };
	return true;
}

bool ber_open(struct ber_level *level, uint8_t id, struct ber_level *ret)
{
	struct ber e;
	return ber_take(level, id, &e) && ber_enter(&e, ret);
}

bool ber_at_end(const struct ber_level *level)
{
	return !level->is_broken && cursor_left(&level->in) == 0;
}

bool ber_integer(const struct ber *e, int64_t *ret)
{
	struct cursor c = e->body;
	size_t len = cursor_left(&c);
	if (len == 0 || len > sizeof(*ret) || e->is_cut)
		return false;
	uint8_t first = cursor_u8(&c);
	uint64_t value = first & 0x80 ? UINT64_MAX : 0;
	value = value << 8 | first;
	while (cursor_left(&c))
		value = value << 8 | cursor_u8(&c);
	*ret = (int64_t)value;
	return true;
}

bool ber_take_integer(struct ber_level *level, uint8_t id, int64_t *ret)
{
	struct ber e;
	return ber_take(level, id, &e) && ber_integer(&e, ret);
}

size_t ber_whole(const void *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	struct ber e;
	bool is_bad;
	if (!read_head(&c, &e, &is_bad))
		return is_bad ? BER_NONE : 0;
	return cursor_offset(&c) + (size_t)e.len;
}
