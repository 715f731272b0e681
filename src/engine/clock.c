/*
 * engine/clock.c - see clock.h.
 */
#include "clock.h"

#include <stdlib.h>
#include <string.h>

#define JUMP_NS (3600ull * 1000000000ull)
#define BACK_NS (10ull * 1000000000ull)
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

/* The clock of this input was set back: from here on its times count from now. */
static void step_back(struct clock_law *c, struct clock_input *in, uint64_t time_ns)
{
	if (time_ns + BACK_NS >= c->now_ns) {
		in->behind = 0;
		return;
	}
	if (++in->behind < AGREE)
		return;
	in->behind = 0;
	c->ahead_ns += c->now_ns - time_ns;
	c->steps_back++;
}

/* What a leap ahead takes back of an earlier step back is no leap. */
static uint64_t without_step(struct clock_law *c, uint64_t leap_ns)
{
	uint64_t back = leap_ns < c->ahead_ns ? leap_ns : c->ahead_ns;
	c->ahead_ns -= back;
	return leap_ns - back;
}

uint64_t clock_stamp(struct clock_law *c, uint32_t input, uint64_t time_ns, uint64_t *ret_leap)
{
	*ret_leap = 0;
	time_ns += c->ahead_ns;
	if (c->now_ns == 0)
		c->now_ns = time_ns;
	struct clock_input *in = input_of(c, input);
	if (time_ns <= c->now_ns + JUMP_NS) {
		if (in)
			in->claims = 0;
		if (in && c->follows_back)
			step_back(c, in, time_ns);
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
	*ret_leap = without_step(c, target - c->now_ns);
	c->leaps += *ret_leap != 0;
	c->now_ns += *ret_leap;
	return c->now_ns;
}

void clock_follow(struct clock_law *c, uint64_t now_ns)
{
	if (now_ns > c->now_ns && (!c->now_ns || now_ns <= c->now_ns + JUMP_NS))
		c->now_ns = now_ns;
}

void clock_deinit(struct clock_law *c)
{
	free(c->inputs);
	memset(c, 0, sizeof(*c));
}
