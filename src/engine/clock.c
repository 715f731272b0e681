/*
 * engine/clock.c - see clock.h.
 */
#include "clock.h"

#include <stdlib.h>
#include <string.h>

#define JUMP_NS (3600ull * 1000000000ull)
#define AGREE   3

static struct clock_input *input_of(struct clock_law *c, uint32_t input)
{
	if (input >= c->input_count) {
		uint32_t count = (input + 64) & ~63u;
		struct clock_input *more = realloc(c->inputs, count * sizeof(*more));
		if (!more)
			return NULL;
		memset(more + c->input_count, 0, (count - c->input_count) * sizeof(*more));
		c->inputs = more;
		c->input_count = count;
	}
	return &c->inputs[input];
}

uint64_t clock_stamp(struct clock_law *c, uint32_t input, uint64_t time_ns, uint64_t *ret_leap)
{
	*ret_leap = 0;
	if (c->now_ns == 0)
		c->now_ns = time_ns;
	struct clock_input *in = input_of(c, input);
	if (time_ns <= c->now_ns + JUMP_NS) {
		if (in)
			in->claims = 0;
		if (time_ns < c->now_ns)
			c->late++;
		else
			c->now_ns = time_ns;
		return c->now_ns;
	}
	c->doubted++;
	if (!in)
		return c->now_ns;
	if (in->claims == 0 || time_ns < in->earliest)
		in->earliest = time_ns;
	if (++in->claims < AGREE)
		return c->now_ns;
	/* the three agree on at least this much */
	uint64_t target = time_ns - in->earliest <= JUMP_NS ? time_ns : in->earliest;
	in->claims = 0;
	c->leaps++;
	*ret_leap = target - c->now_ns;
	c->now_ns = target;
	return c->now_ns;
}

void clock_deinit(struct clock_law *c)
{
	free(c->inputs);
	memset(c, 0, sizeof(*c));
}
