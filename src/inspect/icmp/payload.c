/*
 * inspect/icmp/payload.c - which bytes of an echo its sender's tool explains.
 *
 * What ordinary tools send is letters, counting bytes or a fill, perhaps with a clock in front.
 * Bytes in the place of a clock are explained when they are near packet time, or when they moved on
 * from the last request as packet time did, whatever the host takes for its time.  A time that is
 * neither counts as the 7 bytes that it can carry: a tunnel that writes its data there is counted.
 */
#include "payload.h"

#include "exfild/base/cursor.h"

#define CLOCK_INFO     7 /* bytes in seconds of 32 bits and a fraction below 10^9, rounded up */
#define PERIOD_MAX     16
#define FILL_MIN       8  /* shorter fills are content */
#define WINDOWS_CYCLE  23 /* a to w */
#define DAY_S          86400u
#define CLOCK_SLACK_US 200000u

enum clock_form { CLOCK_64_64, CLOCK_32_32, CLOCK_US64, CLOCK_NS64, CLOCK_US32, CLOCK_MS32 };

static uint64_t read_word(struct cursor *c, size_t size, bool is_le)
{
	if (size == 8)
		return is_le ? cursor_le64(c) : cursor_be64(c);
	return is_le ? cursor_le32(c) : cursor_be32(c);
}

/* The bytes as microseconds of some clock; false when they cannot be of this form. */
static bool read_clock(const uint8_t *bytes, size_t len, enum clock_form form, bool is_le,
		       uint64_t *ret_us)
{
	struct cursor c = cursor_make(bytes, len);
	size_t word = form == CLOCK_64_64 || form == CLOCK_US64 || form == CLOCK_NS64 ? 8 : 4;
	uint64_t first = read_word(&c, word, is_le);

	if (form == CLOCK_64_64 || form == CLOCK_32_32) {
		uint64_t rest = read_word(&c, word, is_le);
		if (first > UINT32_MAX || rest >= 1000000000)
			return false;
		/* A fraction over a million is of nanoseconds. */
		first = first * 1000000 + (rest < 1000000 ? rest : rest / 1000);
	} else if (form == CLOCK_NS64) {
		first /= 1000;
	} else if (form == CLOCK_MS32) {
		first *= 1000;
	}
	*ret_us = first;
	return cursor_ok(&c);
}

static bool is_near(uint64_t a, uint64_t b, uint64_t slack)
{
	return a - b <= slack || b - a <= slack;
}

/* Did the clock move on as packet time did? */
static bool moved_on(const struct icmp_clock *last, const uint8_t *bytes, size_t len,
		     enum clock_form form, bool is_le, uint64_t time_ns)
{
	uint64_t before, now;

	if (last->len < len || !read_clock(last->bytes, len, form, is_le, &before) ||
	    !read_clock(bytes, len, form, is_le, &now))
		return false;
	uint64_t passed = (time_ns - last->time_ns) / 1000;
	uint64_t moved = now - before;
	if (form == CLOCK_US32)
		moved &= UINT32_MAX;
	return passed < DAY_S * 1000000ull && is_near(moved, passed, CLOCK_SLACK_US);
}

/* Bytes of a clock of `len` that it does not explain. */
static uint32_t clock_info(const struct icmp_clock *last, const uint8_t *bytes, size_t len,
			   uint64_t time_ns)
{
	static const struct {
		uint8_t len;
		enum clock_form form;
	} forms[] = { { 16, CLOCK_64_64 }, { 8, CLOCK_32_32 }, { 8, CLOCK_US64 },
		      { 8, CLOCK_NS64 },   { 4, CLOCK_US32 },  { 4, CLOCK_MS32 } };
	uint32_t info = (uint32_t)len;
	uint64_t us;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].len != len)
			continue;
		for (unsigned is_le = 0; is_le < 2; is_le++) {
			if (moved_on(last, bytes, len, forms[i].form, is_le, time_ns))
				return 0;
			if (forms[i].form > CLOCK_32_32 ||
			    !read_clock(bytes, len, forms[i].form, is_le, &us))
				continue;
			if (is_near(us / 1000000, time_ns / 1000000000, DAY_S))
				return 0;
			info = info < CLOCK_INFO ? info : CLOCK_INFO;
		}
	}
	return info;
}

static bool is_fill(const uint8_t *p, size_t len)
{
	return memcmp(p, p + 1, len - 1) == 0;
}

static bool is_windows(const uint8_t *p, size_t len)
{
	uint8_t letter = 'a';

	for (size_t i = 0; i < len; i++) {
		if (p[i] != letter)
			return false;
		letter = letter == 'a' + WINDOWS_CYCLE - 1 ? 'a' : (uint8_t)(letter + 1);
	}
	return true;
}

static bool is_counting(const uint8_t *p, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (p[i] != (uint8_t)(p[i - 1] + 1))
			return false;
	return true;
}

/* The shortest period up to PERIOD_MAX that is seen at least twice; 0 for none. */
static size_t find_period(const uint8_t *p, size_t len)
{
	for (size_t period = 2; period <= PERIOD_MAX && 2 * period <= len; period++)
		if (memcmp(p, p + period, len - period) == 0)
			return period;
	return 0;
}

/* The pattern of len bytes that begin at `offset` of the payload; *ret_info: what it leaves. */
static enum icmp_pattern match(const uint8_t *p, size_t len, size_t offset, uint32_t *ret_info)
{
	*ret_info = 0;
	if (len == 0)
		return ICMP_PATTERN_EMPTY;
	if (len >= FILL_MIN && is_fill(p, len)) {
		*ret_info = p[0] != 0 && p[0] != 'X';
		return p[0] ? ICMP_PATTERN_FILL : ICMP_PATTERN_ZEROS;
	}
	if (is_windows(p, len) && (len >= FILL_MIN || offset == 0))
		return ICMP_PATTERN_WINDOWS;
	if (is_counting(p, len) && (len >= FILL_MIN || (offset > 4 && p[0] == offset))) {
		*ret_info = p[0] != (uint8_t)offset;
		if (*ret_info == 0 && offset == 16)
			return ICMP_PATTERN_LINUX;
		return *ret_info == 0 && offset == 8 ? ICMP_PATTERN_MACOS : ICMP_PATTERN_COUNTING;
	}
	*ret_info = (uint32_t)find_period(p, len);
	return *ret_info ? ICMP_PATTERN_PERIODIC : ICMP_PATTERN_NONE;
}

/* The pattern behind a clock of `clock` bytes; NONE when there is none, or no more than a clock. */
static struct icmp_content match_behind(const struct icmp_clock *last, const uint8_t *p, size_t len,
					size_t clock, uint64_t time_ns)
{
	struct icmp_content c = { .pattern = ICMP_PATTERN_NONE };

	if (clock > len || (clock == len && len < 8))
		return c;
	c.pattern = match(p + clock, len - clock, clock, &c.info);
	if (c.pattern == ICMP_PATTERN_NONE)
		return c;
	uint32_t unexplained = clock_info(last, p, clock, time_ns);
	if (c.pattern == ICMP_PATTERN_EMPTY) {
		c.pattern = clock == 16 ? ICMP_PATTERN_LINUX : ICMP_PATTERN_MACOS;
		if (unexplained)
			c.pattern = ICMP_PATTERN_NONE;
	}
	c.info += unexplained;
	c.skip = unexplained ? 0 : (uint32_t)clock;
	return c;
}

struct icmp_content icmp_explain(const struct icmp_clock *last, const uint8_t *payload, size_t len,
				 uint64_t time_ns)
{
	static const uint8_t clocks[] = { 16, 8, 4 };
	struct icmp_content best = { .info = 0 };

	best.pattern = match(payload, len, 0, &best.info);
	if (best.pattern == ICMP_PATTERN_NONE)
		best.info = (uint32_t)len;
	for (size_t i = 0; i < sizeof(clocks) && best.info > 0; i++) {
		struct icmp_content c = match_behind(last, payload, len, clocks[i], time_ns);
		if (c.pattern != ICMP_PATTERN_NONE && c.info < best.info)
			best = c;
	}
	return best;
}

void icmp_clock_keep(struct icmp_clock *clock, const uint8_t *payload, size_t len, uint64_t time_ns)
{
	struct cursor c = cursor_make(payload, len);

	clock->len = (uint8_t)(len < ICMP_CLOCK_MAX ? len : ICMP_CLOCK_MAX);
	if (clock->len)
		cursor_copy(&c, clock->bytes, clock->len);
	clock->time_ns = time_ns;
}
